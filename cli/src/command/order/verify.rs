//! `haat order verify`: checks an evidence file. Needs no home, no node and no network.

use std::path::Path;

use haat_protocol::id::{Digest, IdentityId, OrderId};
use haat_protocol::limits::EVIDENCE_MAX_BYTES;
use haat_protocol::local::Problem;
use haat_protocol::order::evidence;
use haat_protocol::order::terms::Terms;
use haat_protocol::order::{Role, State};
use serde::Serialize;

use crate::context::Context;
use crate::error::Failure;
use crate::input;
use crate::say::{say, word};

/// What a file shows.
#[derive(Debug, Clone, Serialize)]
struct Shown {
    valid: bool,
    order: Option<OrderId>,
    /// Where its events leave the order.
    state: Option<&'static str>,
    /// What both signed, under its hash.
    agreed_terms: Option<Agreed>,
    buyer: Option<IdentityId>,
    seller: Option<IdentityId>,
    /// Which party's copy it is.
    exporter: Option<Role>,
    /// The first thing that is wrong, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_fault: Option<String>,
}

/// Terms that both signed.
#[derive(Debug, Clone, Serialize)]
struct Agreed {
    hash: Digest,
    terms: Terms,
}

fn check(bytes: &[u8]) -> Shown {
    let verdict = evidence::verify(bytes);
    Shown {
        valid: verdict.valid,
        order: verdict.order,
        state: verdict.state.map(State::name),
        agreed_terms: verdict.agreed_terms.map(|(hash, terms)| Agreed { hash, terms }),
        buyer: verdict.parties.map(|(buyer, _)| buyer),
        seller: verdict.parties.map(|(_, seller)| seller),
        exporter: verdict.exporter,
        first_fault: verdict.first_fault.map(|(position, fault)| format!("{position}: {fault}")),
    }
}

/// Tells what a file shows; one that does not hold is refused.
///
/// # Errors
/// The file cannot be read, or does not hold.
pub(super) fn run(cx: &Context, file: &Path) -> Result<(), Failure> {
    let shown = check(&input::read(file, EVIDENCE_MAX_BYTES)?);
    let state = word(shown.state.unwrap_or("unknown"));
    let told = if shown.valid { say!("evidence-valid", state = state) } else { say!("evidence-not-valid") };
    cx.own(&shown, &told)?;
    match shown.first_fault {
        _ if shown.valid => Ok(()),
        fault => Err(Problem::refused("evidence-invalid", "the evidence does not hold", fault.unwrap_or_default())
            .hint("ask the other party for their copy")
            .into()),
    }
}
