//! The `haat` command.

#![forbid(unsafe_code)]

fn main() {}
