//! Something the user wants to know.

use serde::{Deserialize, Serialize};

use super::window::Window;

/// Something the user wants to know. Changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    /// How the node is.
    Status,
    /// What the clock shows, and what others claim.
    Clock,
    /// Who I am.
    Me,
    /// Known and connected peers.
    Peers(Window),
    /// My circles.
    Circles,
    /// One circle.
    Circle {
        /// Which.
        circle: String,
    },
    /// The norms of a circle.
    Norms {
        /// Which.
        circle: String,
    },
    /// Who waits for approval in a circle.
    Requests {
        /// Which.
        circle: String,
        /// Which part of the list.
        #[serde(flatten)]
        window: Window,
    },
    /// The invites of a circle.
    Invites {
        /// Which.
        circle: String,
        /// Which part of the list.
        #[serde(flatten)]
        window: Window,
    },
    /// People I share a circle with.
    People {
        /// Only this circle.
        circle: Option<String>,
        /// Which part of the list.
        #[serde(flatten)]
        window: Window,
    },
    /// Whether and why to trust a person or the seller of a listing.
    Trust {
        /// A person or a listing.
        subject: String,
    },
    /// Shops I know.
    Shops(Window),
    /// One shop.
    Shop {
        /// Which.
        shop: String,
    },
    /// Listings.
    Listings {
        /// Only those shared into this circle.
        circle: Option<String>,
        /// Only those of this shop.
        shop: Option<String>,
        /// Which part of the list.
        #[serde(flatten)]
        window: Window,
    },
    /// One listing.
    Listing {
        /// Which.
        listing: String,
    },
    /// What people said, newest first.
    Feed {
        /// Only this circle.
        circle: Option<String>,
        /// Items at most; 50 unless given.
        limit: Option<usize>,
        /// Cursor of the page before.
        after: Option<String>,
    },
    /// My orders: first those in which I have to act, the nearest deadline first.
    Orders {
        /// Only in this state.
        state: Option<String>,
        /// Only as `buyer` or `seller`.
        role: Option<String>,
        /// Which part of the list.
        #[serde(flatten)]
        window: Window,
    },
    /// One order.
    Order {
        /// Which.
        order: String,
    },
    /// What the buyer of an order has to pay now.
    Payment {
        /// Which.
        order: String,
    },
    /// Everything that needs an answer from me, the nearest deadline first.
    Notices(Window),
    /// The evidence file of an order; answered as `{"data": base64}`.
    Evidence {
        /// Which.
        order: String,
        /// `personal` for the address as well, if it is here.
        with: Option<String>,
    },
    /// A shop's listings as a catalogue file; answered as `{"shop", "format", "text"}`.
    Catalogue {
        /// Which shop, one of this person's.
        shop: String,
        /// `haat`, `json` or `shopify`.
        format: String,
    },
    /// What is enclosed with an order; answered as `{"order", "name"?, "data": base64}`.
    Enclosed {
        /// Which order.
        order: String,
        /// `address`, or `file` for the goods.
        what: String,
    },
    /// The tokens that were made for other programs.
    Tokens,
    /// Re-check the trust log.
    LogVerify,
}
