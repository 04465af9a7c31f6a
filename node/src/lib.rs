//! The Haat node: it performs what the protocol wishes for.

#![forbid(unsafe_code)]

pub mod api;
pub mod ask;
pub mod catalogue;
pub mod daemon;
pub mod docket;
pub mod duty;
pub mod engine;
pub mod entropy;
pub mod fact;
pub mod hear;
pub mod home;
pub mod intake;
pub mod keyring;
pub mod language;
pub mod ledger;
pub mod myself;
pub mod name;
pub mod net;
mod payment;
pub mod presence;
pub mod secret;
pub mod service;
pub mod store;
pub mod token;
pub mod vault;
pub mod view;
pub mod witness;
