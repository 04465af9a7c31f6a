//! Haat.

pub mod catalogue;
