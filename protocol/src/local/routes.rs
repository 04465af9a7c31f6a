//! Where each command and question lives under `/api/v1`, and how far a token must reach for it. Node and command line read the same
//! table.
//!
//! A command is a POST whose JSON body holds the command's fields; a question is a GET whose query holds the question's.

use super::scope::Scope::{self, Admin, Read, Sell};

/// `(tag, path, the least scope of a token that may come here)`.
pub type Row = (&'static str, &'static str, Scope);

/// The commands. The two about orders are for the seller's side alone unless the token reaches further: see
/// [`Command::side`](super::Command::side).
pub const COMMANDS: &[Row] = &[
    ("circle_create", "/circles", Admin),
    ("circle_invite", "/circles/invite", Admin),
    ("circle_join", "/circles/join", Admin),
    ("circle_remove", "/circles/remove", Admin),
    ("circle_leave", "/circles/leave", Admin),
    ("circle_norms", "/circles/norms", Admin),
    ("circle_approve", "/circles/approve", Admin),
    ("circle_decline", "/circles/decline", Admin),
    ("circle_role", "/circles/role", Admin),
    ("circle_revoke_invite", "/circles/invites/revoke", Admin),
    ("petname", "/people/petname", Admin),
    ("block", "/people/block", Admin),
    ("unblock", "/people/unblock", Admin),
    ("mute", "/people/mute", Admin),
    ("unmute", "/people/unmute", Admin),
    ("vouch", "/vouches", Admin),
    ("unvouch", "/vouches/withdraw", Admin),
    ("shop_create", "/shops", Sell),
    ("shop_share", "/shops/share", Sell),
    ("shop_unshare", "/shops/unshare", Sell),
    ("shop_desk", "/shops/desk", Admin),
    ("shop_edit", "/shops/edit", Sell),
    ("shop_undo", "/shops/undo", Sell),
    ("listing_add", "/listings", Sell),
    ("listing_import", "/listings/import", Sell),
    ("listing_edit", "/listings/edit", Sell),
    ("listing_stock", "/listings/stock", Sell),
    ("listing_withdraw", "/listings/withdraw", Sell),
    ("post", "/posts", Sell),
    ("recommend", "/recommendations", Sell),
    ("retract", "/entries/retract", Admin),
    ("peer_add", "/peers", Admin),
    ("order_decide", "/orders/decisions", Admin),
    ("order_offer", "/orders", Sell),
    ("order_purge", "/orders/purge", Admin),
    ("order_act", "/orders/act", Sell),
    ("token_create", "/tokens", Admin),
    ("token_revoke", "/tokens/revoke", Admin),
    ("review", "/reviews", Admin),
    ("review_reply", "/reviews/reply", Sell),
];

/// The questions.
pub const QUESTIONS: &[Row] = &[
    ("status", "/status", Read),
    ("clock", "/clock", Read),
    ("me", "/me", Read),
    ("peers", "/peers", Read),
    ("circles", "/circles", Read),
    ("circle", "/circle", Read),
    ("norms", "/circle/norms", Read),
    ("requests", "/circle/requests", Read),
    ("invites", "/circle/invites", Read),
    ("people", "/people", Read),
    ("trust", "/trust", Read),
    ("shops", "/shops", Read),
    ("shop", "/shop", Read),
    ("catalogue", "/shop/catalogue", Read),
    ("listings", "/listings", Read),
    ("listing", "/listing", Read),
    ("feed", "/feed", Read),
    ("orders", "/orders", Read),
    ("order", "/order", Read),
    ("payment", "/order/payment", Read),
    ("notices", "/notices", Read),
    ("enclosed", "/order/enclosed", Read),
    ("evidence", "/order/evidence", Read),
    ("tokens", "/tokens", Admin),
    ("log_verify", "/log/verify", Read),
];

/// Stops the node gracefully: a POST without fields.
pub const STOP: &str = "/node/stop";
/// Derives all views again: a POST without fields.
pub const REBUILD: &str = "/log/rebuild";
/// The event stream: a GET, `text/event-stream`.
pub const EVENTS: &str = "/events";
/// The description of all routes, in OpenAPI: a GET.
pub const SPEC: &str = "/openapi.json";
/// What all paths of the API begin with.
pub const BASE: &str = "/api/v1";
