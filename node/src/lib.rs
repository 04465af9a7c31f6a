//! Haat.
