//! The Haat node.

pub mod daemon;
pub mod service;
