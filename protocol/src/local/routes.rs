//! Where each command and question lives under `/api/v1`. Node and command line read the same table.
//!
//! A command is a POST whose JSON body holds the command's fields; a question is a GET whose query holds the question's.

/// `(tag of the command, path)`.
pub const COMMANDS: &[(&str, &str)] = &[
    ("circle_create", "/circles"),
    ("circle_invite", "/circles/invite"),
    ("circle_join", "/circles/join"),
    ("circle_remove", "/circles/remove"),
    ("circle_leave", "/circles/leave"),
    ("circle_norms", "/circles/norms"),
    ("circle_approve", "/circles/approve"),
    ("circle_decline", "/circles/decline"),
    ("circle_role", "/circles/role"),
    ("circle_revoke_invite", "/circles/invites/revoke"),
    ("petname", "/people/petname"),
    ("block", "/people/block"),
    ("unblock", "/people/unblock"),
    ("mute", "/people/mute"),
    ("unmute", "/people/unmute"),
    ("vouch", "/vouches"),
    ("unvouch", "/vouches/withdraw"),
    ("shop_create", "/shops"),
    ("shop_share", "/shops/share"),
    ("shop_unshare", "/shops/unshare"),
    ("shop_desk", "/shops/desk"),
    ("shop_edit", "/shops/edit"),
    ("shop_undo", "/shops/undo"),
    ("listing_add", "/listings"),
    ("listing_import", "/listings/import"),
    ("listing_edit", "/listings/edit"),
    ("listing_stock", "/listings/stock"),
    ("listing_withdraw", "/listings/withdraw"),
    ("post", "/posts"),
    ("recommend", "/recommendations"),
    ("retract", "/entries/retract"),
    ("peer_add", "/peers"),
    ("order_decide", "/orders/decisions"),
    ("order_offer", "/orders"),
    ("order_purge", "/orders/purge"),
    ("order_act", "/orders/act"),
    ("review", "/reviews"),
    ("review_reply", "/reviews/reply"),
];

/// `(tag of the question, path)`.
pub const QUESTIONS: &[(&str, &str)] = &[
    ("status", "/status"),
    ("clock", "/clock"),
    ("me", "/me"),
    ("peers", "/peers"),
    ("circles", "/circles"),
    ("circle", "/circle"),
    ("norms", "/circle/norms"),
    ("requests", "/circle/requests"),
    ("invites", "/circle/invites"),
    ("people", "/people"),
    ("trust", "/trust"),
    ("shops", "/shops"),
    ("shop", "/shop"),
    ("catalogue", "/shop/catalogue"),
    ("listings", "/listings"),
    ("listing", "/listing"),
    ("feed", "/feed"),
    ("orders", "/orders"),
    ("order", "/order"),
    ("payment", "/order/payment"),
    ("notices", "/notices"),
    ("enclosed", "/order/enclosed"),
    ("evidence", "/order/evidence"),
    ("log_verify", "/log/verify"),
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
