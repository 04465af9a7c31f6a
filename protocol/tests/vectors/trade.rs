//! What this program makes of order events, receipts, sets of them and evidence files.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use haat_protocol::codec::{decode, encode};
use haat_protocol::id::{EventId, OrderId};
use haat_protocol::order::evidence::{self, Fault};
use haat_protocol::order::{Closing, Event, OrderSet, Refusal, Role, SignedEvent, SignedNack, SignedReceipt, fold};

use crate::codes::Coded;
use crate::shown::shown;

const ANY: usize = usize::MAX;

impl Coded for Refusal {
    fn code(&self) -> String {
        match self {
            Self::Malformed | Self::NotCanonical => "form".to_owned(),
            other => Self::code(*other).to_owned(),
        }
    }
}

impl Coded for Fault {
    fn code(&self) -> String {
        match self {
            Self::NotEvidence => "not_evidence",
            Self::OtherProtocol => "other_protocol",
            Self::Seal => "seal",
            Self::ForeignDevice => "foreign_device",
            Self::Unsorted => "unsorted",
            Self::StrayReceipt => "stray_receipt",
            Self::OtherPersonal => "other_personal",
            Self::Form(fault) => return fault.code(),
            Self::Identity(fault) => return fault.code(),
            Self::Refused(refusal) => return Coded::code(refusal),
        }
        .to_owned()
    }
}

#[derive(Serialize, Deserialize)]
struct Pile {
    order: OrderId,
    events: Vec<SignedEvent>,
    receipts: Vec<SignedReceipt>,
}

/// The checks of orders; none for other checks.
pub(crate) fn judge(check: &str, input: &[u8]) -> Option<Result<Value, String>> {
    Some(match check {
        "order_event" => event(input),
        "receipt" => signed::<SignedReceipt>(input, |signed| signed.read().map(|content| encode(&content))),
        "nack" => signed::<SignedNack>(input, |signed| signed.read().map(|content| encode(&content))),
        "order" => order(input),
        "evidence" => file(input),
        _ => return None,
    })
}

fn event(input: &[u8]) -> Result<Value, String> {
    let signed: SignedEvent = decode(input, ANY).map_err(|fault| fault.code())?;
    let event = Event::read(signed).map_err(|refusal| Coded::code(&refusal))?;
    Ok(json!({"id": event.id(), "order": event.order(), "body": shown(&event.signed().bytes)}))
}

fn signed<T: Serialize + serde::de::DeserializeOwned>(
    input: &[u8],
    read: impl Fn(&T) -> Result<Vec<u8>, Refusal>,
) -> Result<Value, String> {
    let signed: T = decode(input, ANY).map_err(|fault| fault.code())?;
    read(&signed).map(|content| json!({"value": shown(&content)})).map_err(|refusal| Coded::code(&refusal))
}

fn order(input: &[u8]) -> Result<Value, String> {
    let refuse = |refusal: Refusal| Coded::code(&refusal);
    let pile: Pile = decode(input, ANY).map_err(|fault| fault.code())?;
    let mut set = OrderSet::new(pile.order);
    for signed in pile.events {
        set.insert(Event::read(signed).map_err(refuse)?).map_err(refuse)?;
    }
    for receipt in pile.receipts {
        set.receive(receipt).map_err(refuse)?;
    }
    let order = fold(&set).map_err(refuse)?;
    Ok(json!({
        "state": order.state, "turn": order.turn, "rounds": order.rounds, "claimed": order.paid_claimed,
        "confirmed": order.paid_confirmed, "refunds": order.refunds, "stock": order.stock, "since": order.since,
        "contested": order.contested, "accepted": order.accepted, "agreed": order.agreed, "history": order.history,
        "refused": reasons(&order.refused), "pending": order.pending, "shipped": order.shipped, "personal": order.personal,
        "asked": order.asked.map(|asked| json!([asked.what, asked.by])), "decided": order.dispute.decided, "settled": order.settled,
        "closing": closing(order.closing), "devices": [order.device(Role::Buyer), order.device(Role::Seller)],
    }))
}

/// How it was closed, in one word and who defaulted.
fn closing(closing: Option<Closing>) -> Value {
    match closing {
        Some(Closing::Defaulted(role)) => json!(["defaulted", role]),
        Some(other) => json!([other]),
        None => Value::Null,
    }
}

fn reasons(refused: &[(EventId, Refusal)]) -> Map<String, Value> {
    refused.iter().map(|(id, why)| (id.to_string(), Coded::code(why).into())).collect()
}

fn file(input: &[u8]) -> Result<Value, String> {
    let verdict = evidence::verify(input);
    if let Some((place, fault)) = verdict.first_fault {
        return Err(format!("{place}: {}", fault.code()));
    }
    let (buyer, seller) = verdict.parties.expect("it is valid");
    Ok(json!({
        "order": verdict.order, "state": verdict.state, "agreed": verdict.agreed_terms.map(|(hash, _)| hash), "buyer": buyer,
        "seller": seller, "exporter": verdict.exporter, "contested": verdict.contested,
        "without_effect": reasons(&verdict.without_effect),
    }))
}
