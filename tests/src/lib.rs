//! What the checks of Haat share. Nothing here ships: no crate may depend on this one.

pub mod daemon;
pub mod transcript;
