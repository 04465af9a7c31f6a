//! Tests of answers: a small town whose entries, all really signed, are taken in by one viewer's node.

mod blocked;
mod said;
mod sold;
mod town;
