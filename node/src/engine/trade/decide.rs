//! Deciding a dispute: a resolver whom the terms name is laid one party's evidence before, by the party's node or as a file, and signs
//! a word, which goes to both. The resolver needs neither of the two to be there, and holds nothing of the order but that evidence.

use data_encoding::BASE64;
use haat_protocol::codec::{decode, encode};
use haat_protocol::id::{DeviceId, IdentityId, OrderId};
use haat_protocol::limits::{CASES_MAX, CASES_PER_PERSON_MAX, EVIDENCE_MAX_BYTES, HEADER_MAX_BYTES};
use haat_protocol::local::Problem;
use haat_protocol::local::done::OrderDecided;
use haat_protocol::money::Money;
use haat_protocol::order::evidence::{self, Verdict};
use haat_protocol::order::{Act, Decision, Refusal, Role, SignedDecision, State, Terms};
use haat_protocol::wire::{DirectRequest, DirectResponse};
use serde_json::{Value, json};

use super::super::What;
use super::super::guard::WAITS;
use super::super::guard::chains::IN_DOUBT;
use super::super::shop::amount;
use super::super::work::Work;
use crate::docket::{self, Case};
use crate::net::Channel;
use crate::view::circle;
use crate::{ask, name};

/// Room for the signature around a decision.
const ENVELOPE_BYTES: usize = 128;
/// How long the other side is left to hear the word from the one that has it, in milliseconds: else both would bring it in at once.
const SECOND_WORD_MS: u64 = 10_000;
/// Refusals of a word that may be none later: the party's node has not heard of the order, or does not sign in it yet.
const NOT_NOW: [&str; 3] = ["unknown-order", WAITS, IN_DOUBT];

impl Work<'_, '_> {
    /// A party lays a dispute before this node.
    pub(in crate::engine) fn case_laid(&mut self, device: &DeviceId, id: OrderId, file: Vec<u8>) -> DirectResponse {
        match self.take_case(device, id, file) {
            Ok(()) => DirectResponse::Stored { receipts: Vec::new() },
            Err(code) => DirectResponse::Refused { code: code.to_owned() },
        }
    }

    fn take_case(&mut self, device: &DeviceId, id: OrderId, file: Vec<u8>) -> Result<(), &'static str> {
        let verdict = evidence::verify(&file);
        let (Some(order), Some((_, terms))) = (verdict.order, &verdict.agreed_terms) else { return Err("bad-evidence") };
        if !verdict.valid || order != id {
            return Err("bad-evidence");
        }
        if !self.is_resolver(terms) {
            return Err("other-resolver");
        }
        if verdict.state != Some(State::Disputed) {
            return Err(Refusal::WrongState.code());
        }
        let case = verdict.exporter.map(|by| Case::open(file, by, self.now)).ok_or("bad-evidence")?;
        let (_, folded) = case.order().ok_or("bad-evidence")?;
        if folded.device(case.by) != *device {
            return Err(Refusal::WrongSigner.code());
        }
        let Some(held) = docket::case(&self.tx, &id) else {
            self.check_docket(&terms.party(case.by).identity)?;
            docket::keep(&mut self.tx, &id, &case);
            self.happened("case", id);
            return Ok(());
        };
        let had = held.order().map_or(0, |(_, order)| order.history.len());
        // Whoever asks has not got the word, whatever was said before.
        let mut told = held.told;
        told[case.by as usize] &= held.word.is_none();
        let (evidence, by) = if folded.history.len() > had { (case.evidence, case.by) } else { (held.evidence, held.by) };
        docket::keep(&mut self.tx, &id, &Case { evidence, by, at: self.now, word: held.word, told });
        self.remember_words();
        Ok(())
    }

    fn is_resolver(&self, terms: &Terms) -> bool {
        terms.resolver.is_some_and(|resolver| (resolver.identity, resolver.device) == (self.me.id(), self.me.device()))
    }

    /// Cases come from people whom this person knows, few of each.
    fn check_docket(&self, person: &IdentityId) -> Result<(), &'static str> {
        let rosters = circle::all(&self.tx).into_iter().filter_map(|space| circle::roster(&self.tx, &space));
        if !rosters.into_iter().any(|roster| roster.has(person) && roster.has(&self.me.id())) {
            return Err("stranger");
        }
        let cases = docket::all(&self.tx);
        let is_theirs = |case: &Case| case.order().is_some_and(|(_, order)| order.terms.party(case.by).identity == *person);
        if cases.len() >= CASES_MAX || cases.iter().filter(|(_, case)| is_theirs(case)).count() >= CASES_PER_PERSON_MAX {
            return Err("too-many-cases");
        }
        Ok(())
    }

    /// The resolver's word about an order, on what a party's node laid before this one, or on the file a party gave.
    pub(in crate::engine) fn order_decide(
        &mut self,
        order: Option<&str>,
        data: Option<&str>,
        refund: &str,
        reason: String,
    ) -> Result<Value, Problem> {
        let case = match (order, data) {
            (Some(order), None) => {
                let id = name::order(&self.tx, self.me, order)?;
                docket::case(&self.tx, &id).ok_or_else(|| {
                    refused("other-resolver", "it is not yours to decide")
                        .hint("bring the resolver's word in: haat order decide ORDER --word WORD")
                })?
            }
            (None, Some(data)) => self.case_of_file(data)?,
            _ => return Err(Problem::usage("bad-value", "nothing is decided", "either an order or an evidence file is decided about")),
        };
        let verdict = evidence::verify(&case.evidence);
        let id = self.check_case(&verdict)?;
        if docket::case(&self.tx, &id).is_some_and(|held| held.word.is_some()) {
            return Err(refused("wrong-state", "you have decided it already"));
        }
        let (_, order) = case.order().ok_or_else(|| super::super::work::internal("evidence that holds has no order"))?;
        let refund: Money = amount("--refund", refund, order.terms.currency())?;
        if refund.minor > verdict.refund_left {
            let most = Money { minor: verdict.refund_left, ..refund };
            return Err(refused("too-much", &format!("by this evidence {most} can go back, and no more")));
        }
        let decision = Decision::new(id, verdict.heads, refund, reason, self.me.device());
        decision.check().map_err(super::refused)?;
        let word = decision.sign(&self.me.pair);
        docket::keep(&mut self.tx, &id, &Case { word: Some(word.clone()), told: [false; 2], ..case });
        self.remember_words();
        self.tell_words();
        let order = ask::order_row(&self.tx, self.me, self.now, &id)?;
        Ok(json!(OrderDecided { order, refund, word: BASE64.encode(&encode(&word)) }))
    }

    fn case_of_file(&self, data: &str) -> Result<Case, Problem> {
        let file =
            BASE64.decode(data.as_bytes()).map_err(|_| Problem::usage("bad-value", "the evidence cannot be read", "it is not base64"))?;
        if file.len() > EVIDENCE_MAX_BYTES {
            return Err(Problem::usage("oversize", "the evidence cannot be read", "it is larger than evidence may be"));
        }
        let by = evidence::verify(&file).exporter.unwrap_or(Role::Buyer);
        Ok(Case::open(file, by, self.now))
    }

    /// Whether evidence shows a dispute that this person is to decide; of which order.
    fn check_case(&self, verdict: &Verdict) -> Result<OrderId, Problem> {
        if let Some((place, fault)) = &verdict.first_fault {
            return Err(refused("bad-evidence", &format!("the evidence does not hold: {place}: {fault}")));
        }
        let (Some(order), Some((_, terms))) = (verdict.order, &verdict.agreed_terms) else {
            return Err(refused("bad-evidence", "the evidence shows no agreement"));
        };
        if !self.is_resolver(terms) {
            return Err(refused("other-resolver", "the terms do not name you as the one who decides"));
        }
        if verdict.state != Some(State::Disputed) {
            return Err(refused("wrong-state", "by this evidence the two do not disagree"));
        }
        Ok(order)
    }

    /// Words that a side is not known to have are to be told.
    pub(super) fn remember_words(&mut self) {
        for (id, case) in docket::all(&self.tx).into_iter().filter(|(_, case)| case.word.is_some()) {
            let sides = [Role::Buyer, Role::Seller].into_iter().filter(|side| !case.told[*side as usize]);
            for side in sides {
                self.passing.cases.words.entry((id, side)).or_default();
            }
        }
    }

    /// Tells the parties what was decided, as far as they are there.
    pub(super) fn tell_words(&mut self) {
        let now = self.now;
        let due: Vec<(OrderId, Role)> =
            self.passing.cases.words.iter().filter(|(_, retry)| retry.is_due(now)).map(|(key, _)| *key).collect();
        for (id, side) in due {
            let found = docket::case(&self.tx, &id).and_then(|case| Some((case.order()?.1, case.by, case.word?)));
            let Some((order, first, decision)) = found else {
                self.passing.cases.words.remove(&(id, side));
                continue;
            };
            let connected = &self.passing.presence.connected;
            let is_first_asked = self.passing.cases.words.get(&(id, first)).is_some_and(|retry| retry.pause_ms == 0);
            if side != first && is_first_asked && connected.contains_key(&order.device(first)) {
                continue;
            }
            let device = order.device(side);
            if !connected.contains_key(&device) {
                self.dial(device);
                continue;
            }
            if let Some(retry) = self.passing.cases.words.get_mut(&(id, side)) {
                retry.under_way = true;
            }
            self.request(device, Channel::Direct, What::Decision(id, side), DirectRequest::Decision { order: id, decision }.to_bytes());
        }
    }

    /// A party has the word, has no use for it, or gave no answer.
    pub(in crate::engine) fn decision_answered(&mut self, id: OrderId, side: Role, answer: Option<&DirectResponse>) {
        let now = self.now;
        let code = match answer {
            Some(DirectResponse::Stored { .. }) => None,
            Some(DirectResponse::Refused { code }) if !NOT_NOW.contains(&code.as_str()) => Some(code.as_str()),
            _ => {
                if let Some(retry) = self.passing.cases.words.get_mut(&(id, side)) {
                    retry.fail(now);
                }
                return;
            }
        };
        self.passing.cases.words.remove(&(id, side));
        if let Some(other) = self.passing.cases.words.get_mut(&(id, side.other())).filter(|_| code.is_none()) {
            other.next = now.plus(SECOND_WORD_MS);
        }
        let Some(mut case) = docket::case(&self.tx, &id) else { return };
        if code == Some(Refusal::TooMuch.code()) {
            // Money went back meanwhile: the word cannot count, and another one may.
            (case.word, case.told) = (None, [false; 2]);
        } else {
            case.told[side as usize] = true;
        }
        docket::keep(&mut self.tx, &id, &case);
        self.happened("case", id);
    }
}

fn refused(code: &'static str, why: &str) -> Problem {
    Problem::refused(code, "nothing is decided", why)
}

/// The act by which a party brings the resolver's word in.
pub(super) fn brought(word: Option<&str>) -> Result<Act, Problem> {
    let word = word.ok_or_else(|| {
        Problem::usage("word-needed", "a word is missing", "a party brings the resolver's word in, and decides nothing itself")
            .hint("the resolver: haat order decide ORDER --refund P --reason R; a party: haat order decide ORDER --word WORD")
    })?;
    let bytes = BASE64.decode(word.trim().as_bytes()).ok();
    let decision = bytes.and_then(|bytes| decode::<SignedDecision>(&bytes, HEADER_MAX_BYTES + ENVELOPE_BYTES).ok());
    let decision = decision.ok_or_else(|| Problem::usage("bad-value", "the word cannot be read", "it is no resolver's word"))?;
    Ok(Act::Decide { decision })
}
