//! Haat's protocol, as data and pure functions: what is said, what it means, who may say it.
//!
//! Facts in, wishes out. Time, chance and storage are arguments; nothing here waits, stores, sends or asks the clock. From the
//! bottom: ids and limits; the one encoding and its signatures; identities, records, spaces and entries; what entries say (`kind`,
//! `body`) and who may say it (`circle`, `admit`); orders; trust; how nodes compare and hand over (`wire`, `sync`); and the
//! vocabulary of the local API (`local`).

#![forbid(unsafe_code)]

pub mod admit;
pub mod body;
pub mod circle;
pub mod codec;
pub mod crypto;
pub mod entry;
pub mod epoch;
pub mod fork;
pub mod id;
pub mod identity;
pub mod invite;
pub mod kind;
pub mod limits;
pub mod listing;
pub mod local;
pub mod meet;
pub mod money;
pub mod norms;
pub mod order;
pub mod record;
pub mod space;
pub mod sync;
pub mod time;
pub mod trust;
pub mod wire;
