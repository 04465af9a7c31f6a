//! A notice: one thing that needs an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Something that needs an answer from me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeRow {
    /// What sort: of an order `offer`, `question`, `pay`, `payment`, `goods`, `receive`, `complete`, `return`, `refund`, `dispute`,
    /// `decision`, `right`, `message` or `refused`; else `request`, `removed`, `declined` or `fork`.
    pub kind: String,
    /// What is to be done, in a sentence.
    pub text: String,
    /// Since when it waits.
    pub at: Millis,
    /// The order, circle or device that it is about.
    #[serde(rename = "ref")]
    pub about: String,
    /// Until when it is to be answered; none when no deadline runs.
    pub deadline: Option<Millis>,
    /// Whether that is near.
    pub urgent: bool,
}
