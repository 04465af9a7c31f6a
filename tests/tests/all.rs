//! The one integration test binary: everything that is checked from outside the crates is a module of it, so that the
//! workspace is linked once.

mod e2e;
mod sim;
mod tidy;
mod transcripts;
