//! The Haat node.

pub mod service;
