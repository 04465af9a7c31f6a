//! Who may speak to the local API, judged by the head of a request alone: before any route is looked up or body is read.
//!
//! A web page of another site can make a browser send requests here, and can make a name of its own point here; it can
//! not choose `Host`, `Origin` and `Sec-Fetch-Site`. Other users of this machine can choose everything but the token.

use std::net::SocketAddr;

use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use haat_protocol::local::{Problem, ProblemKind, Scope};
use subtle::ConstantTimeEq as _;

use super::problem::No;
use crate::service::Service;
use crate::token::{self, TokenHash};

/// What a browser says about the page that asks.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who was let in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guest {
    /// How far their token reaches.
    pub(super) scope: Scope,
    /// The token, unless it is the one of the home: it may be taken back.
    pub(super) lent: Option<TokenHash>,
}

impl Guest {
    /// Lets through what the token reaches.
    ///
    /// # Errors
    /// 403 that names the scope that is needed for `what`.
    pub(super) fn needs(&self, scope: Scope, what: &str) -> Result<(), No> {
        if scope <= self.scope { Ok(()) } else { Err(No::scope(scope, self.scope, what)) }
    }
}

/// The names this listener goes by, and the token.
pub(super) struct Gate {
    token: String,
    port: String,
    bound: String,
}

impl Gate {
    /// A gate for the listener at `addr`.
    ///
    /// # Errors
    /// An internal problem when there is no token: an empty one would let everyone in.
    pub(super) fn new(addr: SocketAddr, token: String) -> Result<Self, Problem> {
        if token.is_empty() {
            return Err(Problem::new(
                ProblemKind::Internal,
                "no-token",
                "the local API has no token",
                "an empty token would admit everyone",
            ));
        }
        Ok(Self { token, port: format!(":{}", addr.port()), bound: addr.to_string() })
    }

    /// Whether the request came by a name of ours and from no foreign page.
    ///
    /// # Errors
    /// 421 for the host, then 403 for the page.
    pub(super) fn admit(&self, head: &Parts) -> Result<(), No> {
        let target_is_ours = head.uri.authority().is_none_or(|authority| self.is_ours(authority.as_str()));
        let host_is_ours = matches!(only(head, &HOST), Ok(Some(host)) if self.is_ours(host));
        if !(target_is_ours && host_is_ours) {
            return Err(No::new(421, "host", "this host name is not served here", "the Host header must be a loopback name with our port")
                .hint(format!("use 127.0.0.1{0}, localhost{0}, [::1]{0} or NAME.localhost{0}", self.port)));
        }
        let page = match only(head, &ORIGIN) {
            Ok(None) => true,
            Ok(Some(origin)) => origin.strip_prefix("http://").is_some_and(|host| self.is_ours(host)),
            Err(Unclear) => false,
        };
        let site = matches!(only(head, &SEC_FETCH_SITE), Ok(None | Some("same-origin" | "none")));
        if page && site {
            return Ok(());
        }
        Err(No::new(403, "cross-site", "requests of other sites are refused", "Origin or Sec-Fetch-Site names another site"))
    }

    /// What the token that the request shows is good for: everything, when it is the one of the home.
    ///
    /// # Errors
    /// 401; 507 when the service cannot look.
    pub(super) fn known<S: Service>(&self, head: &Parts, service: &S) -> Result<Guest, No> {
        let Ok(Some(shown)) = only(head, &AUTHORIZATION) else { return Err(No::unauthorized()) };
        let token = match shown.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(No::unauthorized()),
        };
        if self.is_token(token) {
            return Ok(Guest { scope: Scope::Admin, lent: None });
        }
        let hash = token::hash(token);
        let pass = service.pass(&hash).map_err(No::of)?.ok_or_else(No::unauthorized)?;
        Ok(Guest { scope: pass.scope, lent: Some(hash) })
    }

    /// Compares in a time that does not tell how much was right.
    fn is_token(&self, shown: &str) -> bool {
        shown.as_bytes().ct_eq(self.token.as_bytes()).into()
    }

    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let Some(name) = host.strip_suffix(&self.port) else { return false };
        matches!(name, "127.0.0.1" | "localhost" | "[::1]") || host == self.bound || name.strip_suffix(".localhost").is_some_and(is_label)
    }
}

/// A label of a host name: letters, digits and inner hyphens, 63 at most.
fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

/// A header that is there twice, or is no plain text.
pub(super) struct Unclear;

/// The one value of a header, if there is one.
pub(super) fn only<'a>(head: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, Unclear> {
    let mut values = head.headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Unclear);
    }
    first.to_str().map(Some).map_err(|_| Unclear)
}
