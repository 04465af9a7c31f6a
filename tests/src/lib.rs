//! What the checks of Haat share. Nothing here ships: no crate may depend on this one.

pub mod actor;
pub mod daemon;
pub mod fault;
pub mod forge;
pub mod invariant;
pub mod qr;
pub mod telling;
pub mod transcript;
pub mod world;
