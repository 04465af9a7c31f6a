//! The Haat node: it performs what the protocol wishes for.

#![forbid(unsafe_code)]

pub mod catalogue;
pub mod net;
pub mod service;
pub mod store;
