//! The `haat` command.

fn main() {}
