//! Haat.

#![forbid(unsafe_code)]
