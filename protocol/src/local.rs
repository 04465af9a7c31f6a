//! What the local API speaks: commands that change something, questions that do not, and the problems both can end in.
//!
//! Shared by the node and the command line; never sent to another node. Whoever is meant is written as a person would:
//! a petname, a name, an id or any unique prefix of one.

pub mod command;
pub mod done;
pub mod edit;
pub mod explain;
pub mod notice;
pub mod payment;
pub mod problem;
pub mod question;
pub mod routes;
pub mod rows;
pub mod scope;
pub mod typo;
pub mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use command::{Command, NewListing, NewOffer, NewShop, OrderWords};
pub use edit::{EditReport, ListingEdit, ShopEdit, UndoReport};
pub use notice::NoticeRow;
pub use payment::{PaymentCode, PaymentView};
pub use problem::{Problem, ProblemKind};
pub use question::Question;
pub use rows::*;
pub use scope::{Scope, Side, TokenRow};
pub use window::Window;

/// Something that happened, as the event stream tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// `entry`, `order`, `order_refused`, `reminder` (of an order, with `kind` and `deadline`), `circle`, `peer`, `fork`, `token` (one was
    /// made or revoked; told to nobody whose own token does not reach that far). And `progress`, which has no number and is not
    /// remembered: of the shop's listings that are being published `done` are, `of` so many; none is before all are.
    pub kind: String,
    /// Id of what it is about.
    pub subject: String,
    /// More, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<String, String>,
}
