//! placeholder until merged
use crate::id::*;
use serde::{Deserialize, Serialize};
/// x
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// x
    pub buyer: IdentityId,
    /// x
    pub seller: IdentityId,
}
/// x
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRight {
    /// x
    pub right: Right,
}
impl ReviewRight {
    /// x
    pub fn verify(&self) -> Result<(), ()> {
        Ok(())
    }
}
