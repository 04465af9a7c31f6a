//! Answers of the local API: JSON documents, and problems as RFC 9457 has them. Must never say more than the problem does.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use haat_protocol::local::{Problem, ProblemKind, Scope};
use hyper::body::Bytes;
use serde_json::{Value, json};

/// Media type of answers.
const JSON: &str = "application/json";
/// Media type of problems.
const PROBLEM_JSON: &str = "application/problem+json";
/// Headers of every response: nothing is guessed, kept, run, framed or told to other sites.
const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// A whole answer: what is kept for a repeated key and sent any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// The document.
    pub(super) body: Bytes,
}

impl Answer {
    /// The answer to what the service said.
    pub(super) fn of(result: Result<Value, Problem>) -> Self {
        match result {
            Ok(value) => Self { status: 200, body: bytes(&value) },
            Err(problem) => {
                let status = problem.kind.codes().1;
                Self { status, body: document(status, &problem) }
            }
        }
    }

    /// The answer as a response.
    pub(super) fn respond(self) -> Response {
        let media = if self.status < 400 { JSON } else { PROBLEM_JSON };
        plain(self.status, media, self.body)
    }
}

/// A no of the HTTP layer, whose status is not the one of its kind.
#[derive(Debug)]
pub(super) struct No {
    status: u16,
    problem: Problem,
    header: Option<(HeaderName, HeaderValue)>,
}

impl No {
    /// A no with its status, stable code, what happened and why.
    pub(super) fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        let kind = match status {
            401 | 403 | 421 => ProblemKind::Permission,
            404 => ProblemKind::NotFound,
            500 => ProblemKind::Internal,
            503 => ProblemKind::Unknown,
            _ => ProblemKind::Usage,
        };
        Self { status, problem: Problem::new(kind, code, title, detail), header: None }
    }

    /// A problem of the service, before anything was asked of it.
    pub(super) fn of(problem: Problem) -> Self {
        Self { status: problem.kind.codes().1, problem, header: None }
    }

    /// The same no with what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problem = self.problem.hint(hint);
        self
    }

    /// The token is missing or wrong.
    pub(super) fn unauthorized() -> Self {
        let mut no = Self::new(401, "token", "no valid token was shown", "every request carries `Authorization: Bearer TOKEN`")
            .hint("the token is in the file api-token of the home; haat token create makes others");
        no.header = Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"haat\"")));
        no
    }

    /// The token is good, but not for that.
    pub(super) fn scope(needed: Scope, held: Scope, what: &str) -> Self {
        let (needed, held) = (needed.text(), held.text());
        Self::new(403, "token-scope", "the token does not reach that far", format!("{what} needs the scope {needed}, the token has {held}"))
            .hint(format!("make another: haat token create NAME --scope {needed}"))
    }

    /// The path exists, the method does not.
    pub(super) fn method(method: &str, allowed: &'static str) -> Self {
        let mut no = Self::new(405, "method", "this path has no such method", format!("{method} is not among: {allowed}"));
        no.header = Some((ALLOW, HeaderValue::from_static(allowed)));
        no
    }

    /// The words of a body or a query are wrong.
    pub(super) fn words(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(400, code, title, detail)
    }

    /// The no as a response.
    pub(super) fn respond(self) -> Response {
        let mut response = plain(self.status, PROBLEM_JSON, document(self.status, &self.problem));
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A response of one media type.
pub(super) fn plain(status: u16, media: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// Puts the headers of every response in place, over whatever stood there.
pub(super) fn harden(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// The problem as a document: its own keys, and `type` and `status` as RFC 9457 wants them.
fn document(status: u16, problem: &Problem) -> Bytes {
    let mut document = json!(problem);
    document["type"] = json!(format!("urn:haat:problem:{}", problem.code));
    document["status"] = json!(status);
    bytes(&document)
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
