//! Deciding a dispute: a resolver whom the terms name reads one party's evidence and signs a word, which either party brings into
//! its chain. The resolver needs neither of the two to be there, and holds nothing of the order.

use data_encoding::BASE64;
use haat_protocol::codec::{decode, encode};
use haat_protocol::limits::{EVIDENCE_MAX_BYTES, HEADER_MAX_BYTES};
use haat_protocol::local::Problem;
use haat_protocol::money::Money;
use haat_protocol::order::{Act, Decision, SignedDecision, State, evidence};
use serde_json::{Value, json};

use super::super::shop::amount;
use super::super::work::Work;

/// Room for the signature around a decision.
const ENVELOPE_BYTES: usize = 128;

impl Work<'_, '_> {
    /// The resolver's word about the order in an evidence file.
    pub(in crate::engine) fn order_decide(&mut self, data: &str, refund: &str, reason: String) -> Result<Value, Problem> {
        let refused = |code, why: &str| Problem::refused(code, "nothing is decided", why);
        let file =
            BASE64.decode(data.as_bytes()).map_err(|_| Problem::usage("bad-value", "the evidence cannot be read", "it is not base64"))?;
        if file.len() > EVIDENCE_MAX_BYTES {
            return Err(Problem::usage("oversize", "the evidence cannot be read", "it is larger than evidence may be"));
        }
        let verdict = evidence::verify(&file);
        if let Some((place, fault)) = &verdict.first_fault {
            return Err(refused("bad-evidence", &format!("the evidence does not hold: {place}: {fault}")));
        }
        let (Some(order), Some((_, terms))) = (verdict.order, &verdict.agreed_terms) else {
            return Err(refused("bad-evidence", "the evidence shows no agreement"));
        };
        let is_me = terms.resolver.is_some_and(|resolver| (resolver.identity, resolver.device) == (self.me.id(), self.me.device()));
        if !is_me {
            return Err(refused("other-resolver", "the terms do not name you as the one who decides"));
        }
        if verdict.state != Some(State::Disputed) {
            return Err(refused("wrong-state", "by this evidence the two do not disagree"));
        }
        let refund: Money = amount("--refund", refund, terms.currency())?;
        if refund.minor > verdict.refund_left {
            let most = Money { minor: verdict.refund_left, ..refund };
            return Err(refused("too-much", &format!("by this evidence {most} can go back, and no more")));
        }
        let decision = Decision::new(order, verdict.heads, refund, reason, self.me.device());
        decision.check().map_err(super::refused)?;
        let word = BASE64.encode(&encode(&decision.sign(&self.me.pair)));
        Ok(json!({"order": order, "refund": refund, "word": word}))
    }
}

/// The act by which a party brings the resolver's word in.
pub(super) fn brought(word: Option<&str>) -> Result<Act, Problem> {
    let word = word.ok_or_else(|| {
        Problem::usage("word-needed", "a word is missing", "a party brings the resolver's word in, and decides nothing itself")
            .hint("the resolver: haat order decide EVIDENCE-FILE --refund P --reason R; a party: haat order decide ORDER --word WORD")
    })?;
    let bytes = BASE64.decode(word.trim().as_bytes()).ok();
    let decision = bytes.and_then(|bytes| decode::<SignedDecision>(&bytes, HEADER_MAX_BYTES + ENVELOPE_BYTES).ok());
    let decision = decision.ok_or_else(|| Problem::usage("bad-value", "the word cannot be read", "it is no resolver's word"))?;
    Ok(Act::Decide { decision })
}
