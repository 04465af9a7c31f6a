//! Evening: the evidence of the day holds without any node, and every node's own record is whole.

use std::fs;

use data_encoding::BASE64;
use haat_protocol::local::{OrderRow, Problem, Question};
use haat_protocol::order::State;
use haat_protocol::order::evidence;
use serde_json::Value;

use crate::command::demo::cast::Who;
use crate::command::demo::day::{Day, failed};
use crate::context::field;

/// Both orders are exported from both sides, checked as a stranger would, and one changed byte is found.
pub(super) fn proves(day: &Day<'_>) -> Result<(), Problem> {
    let baker = day.first(&[Who::Rosa, Who::Chen]);
    let bargainer = day.first(&[Who::Wang, Who::Mei]);
    for (name, buyer, seller) in [("bargain", bargainer, Who::Chen), ("parcel", Who::Mei, baker)] {
        let order = day.recall(name)?;
        let row: OrderRow = day.asks(seller, &Question::Order { order: order.clone() })?;
        let mut shown = None;
        for side in [buyer, seller] {
            let bytes = holds(day, side, &order, &row.state)?;
            shown = Some((format!("{name}-{}.haat", side.directory()), bytes));
        }
        if let Some((file, bytes)) = shown {
            let path = day.town.place().join(&file);
            fs::write(&path, bytes).map_err(|e| failed("the evidence cannot be written", &e.to_string()))?;
            day.teller.does(seller.name(), &format!("exports the evidence of the {name}: valid, {}.", row.state));
        }
    }
    day.teller.means("Either copy alone proves it, with no node and no network; one changed byte and it fails.");
    Ok(())
}

/// The evidence of one side holds and says what the other side's node says.
fn holds(day: &Day<'_>, side: Who, order: &str, state: &str) -> Result<Vec<u8>, Problem> {
    let answer: Value = day.asks(side, &Question::Evidence { order: order.to_owned(), with: None })?;
    let bytes = BASE64.decode(field(&answer, "data").as_bytes()).map_err(|e| failed("the evidence is no base64", &e.to_string()))?;
    let verdict = evidence::verify(&bytes);
    if !verdict.valid || verdict.state.map(State::name) != Some(state) {
        let fault = verdict.first_fault.map(|(at, fault)| format!("{at}: {fault}")).unwrap_or_default();
        return Err(failed(&format!("the evidence of {} does not hold", side.name()), &fault));
    }
    let mut edited = bytes.clone();
    let middle = edited.len() / 2;
    edited[middle] ^= 1;
    if evidence::verify(&edited).valid {
        return Err(failed("changed evidence holds", &format!("byte {middle}")));
    }
    Ok(bytes)
}

/// Every node re-checks its own record.
pub(super) fn checks(day: &Day<'_>) -> Result<(), Problem> {
    let mut items = 0;
    for who in day.all_but(&[]) {
        let answer: Value = day.asks(who, &Question::LogVerify)?;
        if answer["ok"] != true {
            return Err(failed(&format!("the log of {} does not hold", who.name()), &answer.to_string()));
        }
        items += answer["entries"].as_u64().unwrap_or_default();
    }
    day.teller.means(&format!("Every node checked its own log again: {items} items in all, every hash and signature right."));
    Ok(())
}
