//! What an order keeps beside its state while the two are not of one mind: questions, returns, disputes, and how they ended.

use serde::{Deserialize, Serialize};

use crate::id::EventId;
use crate::order::{Role, State};

/// What one side asks the other, and the other answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// To call it off.
    Cancel,
    /// To take the goods back.
    Return,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub what: Question,
    /// By whom.
    pub by: Role,
}

/// How an order was closed that did not simply go well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// The two settled it.
    Settled,
    /// A resolver decided, and it was done.
    Performed,
    /// This side did not do its part in time.
    Defaulted(Role),
    /// Both spoke and found no end.
    Unresolved,
}

/// An offer to settle a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// The event that made it.
    pub event: EventId,
    /// Minor units to pay back.
    pub minor: i64,
    /// Whether it was not answered yet.
    stands: bool,
}

/// A dispute, as far as it has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dispute {
    /// Whether the buyer, and the seller, said what they claim or offered a settlement.
    spoken: [bool; 2],
    /// Whether the buyer, and the seller, made a claim.
    claimed: [bool; 2],
    /// The settlement that the buyer, and the seller, offered last.
    offers: [Option<Settlement>; 2],
    /// Minor units that go back by the resolver's word.
    pub decided: Option<i64>,
}

const fn place(role: Role) -> usize {
    match role {
        Role::Buyer => 0,
        Role::Seller => 1,
    }
}

impl Dispute {
    /// Whether this side said anything in the dispute.
    #[must_use]
    pub const fn has_spoken(&self, role: Role) -> bool {
        self.spoken[place(role)]
    }

    /// Whether this side made a claim.
    #[must_use]
    pub const fn has_claimed(&self, role: Role) -> bool {
        self.claimed[place(role)]
    }

    /// The settlement that this side offers and that nobody answered yet.
    #[must_use]
    pub fn offer(&self, role: Role) -> Option<Settlement> {
        self.offers[place(role)].filter(|offer| offer.stands)
    }

    /// A claim; says whether it is the side's first word.
    pub(crate) const fn claim(&mut self, role: Role) -> bool {
        self.claimed[place(role)] = true;
        self.speak(role)
    }

    /// An offer to settle; says whether it is the side's first word or first offer.
    pub(crate) const fn settle(&mut self, role: Role, event: EventId, minor: i64) -> bool {
        let is_first = self.offers[place(role)].is_none();
        self.offers[place(role)] = Some(Settlement { event, minor, stands: true });
        self.speak(role) || is_first
    }

    /// An offer of this side was answered with no. That it was made stays known, so that a new one does not begin the wait anew.
    pub(crate) const fn refuse(&mut self, role: Role) {
        if let Some(offer) = &mut self.offers[place(role)] {
            offer.stands = false;
        }
    }

    const fn speak(&mut self, role: Role) -> bool {
        !std::mem::replace(&mut self.spoken[place(role)], true)
    }

    /// How it ends when nobody goes on: against who was silent, else open.
    #[must_use]
    pub const fn closing(&self) -> Closing {
        match self.spoken {
            [true, false] => Closing::Defaulted(Role::Seller),
            [false, true] => Closing::Defaulted(Role::Buyer),
            _ => Closing::Unresolved,
        }
    }
}

/// Goods that are to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returning {
    /// The state to go back to when they may not.
    pub back: State,
    /// Whether the seller said yes.
    pub agreed: bool,
}
