//! Haat's protocol, as data and pure functions.

#![forbid(unsafe_code)]

pub mod codec;
pub mod crypto;
pub mod id;
pub mod identity;
pub mod limits;
pub mod listing;
pub mod local;
pub mod money;
pub mod order;
pub mod time;
