//! stub
use crate::{myself::Myself, presence::Presence, store::Tx};
use haat_protocol::{
    local::{Problem, Question},
    time::Millis,
};
/// x
#[derive(Debug)]
pub struct NodeFacts {
    /// x
    pub store_bytes: u64,
    /// x
    pub started: Millis,
}
/// x
pub fn answer(_: &Tx, _: &Myself, _: &Presence, _: &NodeFacts, _: Millis, _: &Question) -> Result<serde_json::Value, Problem> {
    Err(Problem::not_found("x", "y"))
}
