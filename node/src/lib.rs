//! The Haat node.

pub mod api;
pub mod home;
pub mod service;
