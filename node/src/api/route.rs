//! Which path with which method is which command or question: the table of the protocol crate, looked up. Must never act.

use axum::http::Method;
use haat_protocol::limits::{API_BODY_MAX_BYTES, API_IMPORT_MAX_BYTES};
use haat_protocol::local::Scope;
use haat_protocol::local::routes::{BASE, COMMANDS, EVENTS, QUESTIONS, REBUILD, Row, SPEC, STOP};

use super::problem::No;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// A command, by its tag.
    Command(&'static str),
    /// The event stream.
    Events,
    /// Whether the process lives.
    Health,
    /// A question, by its tag.
    Question(&'static str),
    /// Whether the node is ready.
    Ready,
    /// Derive all views again.
    Rebuild,
    /// The description of all routes.
    Spec,
    /// Stop the node.
    Stop,
}

impl Route {
    /// Bytes its body may have.
    pub(super) fn body_max(self) -> usize {
        if self.is_import() { API_IMPORT_MAX_BYTES } else { API_BODY_MAX_BYTES }
    }

    /// How far a token must reach to come here; none for what is open to everyone.
    pub(super) fn scope(self) -> Option<Scope> {
        match self {
            Self::Command(tag) => Some(of(COMMANDS, tag)),
            Self::Question(tag) => Some(of(QUESTIONS, tag)),
            Self::Events | Self::Spec => Some(Scope::Read),
            Self::Rebuild | Self::Stop => Some(Scope::Admin),
            Self::Health | Self::Ready => None,
        }
    }

    /// Whether its body may be large.
    pub(super) fn is_import(self) -> bool {
        self == Self::Command("listing_import")
    }
}

/// Whether this path is served without a token, whatever the method.
pub(super) fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Finds what a method and a path ask for.
///
/// # Errors
/// 404 for an unknown path, 405 for a known path without this method.
pub(super) fn find(method: &Method, path: &str) -> Result<Route, No> {
    let (get, post) = methods(path);
    let allowed = match (get, post) {
        (None, None) => return Err(No::new(404, "no-route", "there is nothing at this path", "the path is not part of the local API")),
        (Some(_), None) => "GET",
        (None, Some(_)) => "POST",
        (Some(_), Some(_)) => "GET, POST",
    };
    let route = match *method {
        Method::GET => get,
        Method::POST => post,
        _ => None,
    };
    route.ok_or_else(|| No::method(method.as_str(), allowed))
}

/// What GET and POST mean at a path.
fn methods(path: &str) -> (Option<Route>, Option<Route>) {
    match path {
        "/healthz" => return (Some(Route::Health), None),
        "/readyz" => return (Some(Route::Ready), None),
        _ => {}
    }
    let Some(path) = path.strip_prefix(BASE) else { return (None, None) };
    match path {
        EVENTS => (Some(Route::Events), None),
        SPEC => (Some(Route::Spec), None),
        REBUILD => (None, Some(Route::Rebuild)),
        STOP => (None, Some(Route::Stop)),
        _ => (tag(QUESTIONS, path).map(Route::Question), tag(COMMANDS, path).map(Route::Command)),
    }
}

fn tag(table: &[Row], path: &str) -> Option<&'static str> {
    table.iter().find(|(_, at, _)| *at == path).map(|(tag, ..)| *tag)
}

/// The scope in the row of a tag. Whatever had no row would be for nobody but the owner.
fn of(table: &[Row], tag: &str) -> Scope {
    table.iter().find(|(known, ..)| *known == tag).map_or(Scope::Admin, |(.., scope)| *scope)
}
