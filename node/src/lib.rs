//! Haat.

pub mod net;
