//! Evidence: one party's copy of an order as a file that anybody can check, without a node, a store or a network.
//!
//! The file is a magic and one canonical object; the exporter's device signs all of it, so no byte can change unnoticed.
//! Somebody who edits it and computes every hash anew still fails at a signature of the other party.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::crypto::{Keypair, Label, Sig, verify as verify_sig};
use crate::id::{DeviceId, Digest, EventId, IdentityId, OrderId};
use crate::identity::{Chain, ChainError, Identity};
use crate::limits::{EVIDENCE_MAX_BYTES, NETWORK, WIRE_VERSION};
use crate::order::enclosure::Enclosure;
use crate::order::event::{Event, SignedEvent};
use crate::order::fold::fold;
use crate::order::receipt::SignedReceipt;
use crate::order::refusal::Refusal;
use crate::order::set::OrderSet;
use crate::order::terms::Terms;
use crate::order::{Order, Role, State};
use crate::time::Millis;

/// How every evidence file begins.
pub const MAGIC: &[u8; 16] = b"haat evidence 0\n";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Bundle {
    pub(crate) version: u64,
    pub(crate) network: String,
    pub(crate) order: OrderId,
    pub(crate) events: Vec<SignedEvent>,
    pub(crate) receipts: Vec<SignedReceipt>,
    pub(crate) buyer: Chain,
    pub(crate) seller: Chain,
    pub(crate) personal: Option<Enclosure>,
    pub(crate) at: Millis,
    pub(crate) exporter: DeviceId,
}

#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    #[serde(with = "serde_bytes")]
    bundle: Vec<u8>,
    sig: Sig,
}

/// Where in a file a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The file as a whole.
    File,
    /// A party's identity chain.
    Identity(Role),
    /// An event by its place in the file, from 0.
    Event(usize),
    /// A receipt by its place in the file, from 0.
    Receipt(usize),
    /// The personal data.
    Personal,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Identity(Role::Buyer) => f.write_str("buyer's identity"),
            Self::Identity(Role::Seller) => f.write_str("seller's identity"),
            Self::Event(place) => write!(f, "event {place}"),
            Self::Receipt(place) => write!(f, "receipt {place}"),
            Self::Personal => f.write_str("personal data"),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not begin as evidence does.
    #[error("this is no evidence file")]
    NotEvidence,
    /// Its form is wrong.
    #[error(transparent)]
    Form(#[from] CodecError),
    /// It was made for another version or network.
    #[error("it was made for another version of the protocol or another network")]
    OtherProtocol,
    /// The exporter's signature over the whole does not hold, or the exporter is not a party.
    #[error("the file was changed after a party exported it, or no party did")]
    Seal,
    /// An identity chain does not hold.
    #[error(transparent)]
    Identity(#[from] ChainError),
    /// An identity chain is not that of the party, or never had the party's device.
    #[error("the identity is not that of the party, or the device is not one of its devices")]
    ForeignDevice,
    /// An event or a receipt is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Events or receipts are not in the order of their ids, or are there twice.
    #[error("it stands twice, or in the wrong place of the file")]
    Unsorted,
    /// A receipt for an event that is not in the file, or by nobody who could give it.
    #[error("it is a receipt for an event that is not in the file, or not by the other party")]
    StrayReceipt,
    /// The personal data are not those that the terms commit to.
    #[error("the terms commit to other personal data")]
    OtherPersonal,
}

/// What a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether nothing is wrong with it.
    pub valid: bool,
    /// The order.
    pub order: Option<OrderId>,
    /// Where the events in the file leave it.
    pub state: Option<State>,
    /// What both signed, and its hash.
    pub agreed_terms: Option<(Digest, Terms)>,
    /// Buyer and seller.
    pub parties: Option<(IdentityId, IdentityId)>,
    /// The last events of buyer and seller that count in it.
    pub heads: [Option<EventId>; 2],
    /// Minor units that were paid and not paid back.
    pub refund_left: i64,
    /// Who exported it, as which side.
    pub exporter: Option<Role>,
    /// A party that signed two events at one place.
    pub contested: Option<Role>,
    /// Events in the file that have no effect, and why.
    pub without_effect: Vec<(EventId, Refusal)>,
    /// The first thing that is wrong.
    pub first_fault: Option<(Position, Fault)>,
}

type Found<T> = Result<T, (Position, Fault)>;

/// Packs an order into evidence, signed by the exporting party's device. Events that wait for others, events by strangers
/// and receipts for what is not in the file are left out. `people` are the identity chains of buyer and seller.
///
/// # Errors
/// The order has no beginning, or the device is not a party's.
pub fn export(set: &OrderSet, people: [&Chain; 2], personal: Option<Enclosure>, device: &Keypair, now: Millis) -> Result<Vec<u8>, Refusal> {
    let order = fold(set)?;
    order.role(&device.public()).ok_or(Refusal::WrongSigner)?;
    let is_kept = |event: &&Event| order.role(&event.body().author).is_some() && !order.pending.contains(&event.id());
    let kept: Vec<&Event> = set.events().filter(is_kept).collect();
    let is_told = |id: &EventId| kept.iter().any(|event| event.id() == *id);
    let receipts = set.receipts().filter(|(_, content)| is_told(&content.event) && content.own_head.is_none_or(|head| is_told(&head)));
    let bundle = Bundle {
        version: WIRE_VERSION,
        network: NETWORK.to_owned(),
        order: order.id,
        events: kept.iter().map(|event| event.signed().clone()).collect(),
        receipts: receipts.filter(|(_, content)| order.role(&content.device).is_some()).map(|(signed, _)| signed.clone()).collect(),
        buyer: people[0].clone(),
        seller: people[1].clone(),
        personal,
        at: now,
        exporter: device.public(),
    };
    Ok(seal(&bundle, device))
}

/// The file of a bundle.
pub(crate) fn seal(bundle: &Bundle, device: &Keypair) -> Vec<u8> {
    let bundle = encode(bundle);
    let sig = device.sign(Label::Evidence, &bundle);
    let mut file = MAGIC.to_vec();
    file.extend(encode(&Sealed { bundle, sig }));
    file
}

/// Checks a file from one party.
#[must_use]
pub fn verify(file: &[u8]) -> Verdict {
    let mut verdict = Verdict {
        valid: false,
        order: None,
        state: None,
        agreed_terms: None,
        parties: None,
        heads: [None, None],
        refund_left: 0,
        exporter: None,
        contested: None,
        without_effect: Vec::new(),
        first_fault: None,
    };
    verdict.first_fault = examine(file, &mut verdict).err();
    verdict.valid = verdict.first_fault.is_none();
    verdict
}

/// The events and receipts of a file, when nothing is wrong with it.
#[must_use]
pub fn contents(file: &[u8]) -> Option<OrderSet> {
    verify(file).valid.then_some(())?;
    let sealed: Sealed = decode(file.strip_prefix(MAGIC)?, EVIDENCE_MAX_BYTES).ok()?;
    let bundle: Bundle = decode(&sealed.bundle, EVIDENCE_MAX_BYTES).ok()?;
    let set = read_events(&bundle).ok()?;
    let order = fold(&set).ok()?;
    read_receipts(&bundle, set, &order).ok()
}

fn examine(file: &[u8], verdict: &mut Verdict) -> Found<()> {
    let whole = |fault: Fault| (Position::File, fault);
    let sealed = file.strip_prefix(MAGIC).ok_or_else(|| whole(Fault::NotEvidence))?;
    let sealed: Sealed = decode(sealed, EVIDENCE_MAX_BYTES).map_err(|fault| whole(fault.into()))?;
    let bundle: Bundle = decode(&sealed.bundle, EVIDENCE_MAX_BYTES).map_err(|fault| whole(fault.into()))?;
    if bundle.version != WIRE_VERSION || bundle.network != NETWORK {
        return Err(whole(Fault::OtherProtocol));
    }
    let set = read_events(&bundle)?;
    let order = fold(&set).map_err(|refusal| whole(refusal.into()))?;
    let set = read_receipts(&bundle, set, &order)?;
    let order = fold(&set).map_err(|refusal| whole(refusal.into()))?;
    check_person(&bundle.buyer, &order, Role::Buyer)?;
    check_person(&bundle.seller, &order, Role::Seller)?;
    if bundle.personal.as_ref().is_some_and(|personal| Some(personal.commitment()) != order.personal) {
        return Err((Position::Personal, Fault::OtherPersonal));
    }
    let exporter = order.role(&bundle.exporter).ok_or_else(|| whole(Fault::Seal))?;
    let held = verify_sig(&bundle.exporter, Label::Evidence, &sealed.bundle, &sealed.sig);
    check_places(&bundle, &set, &order, exporter)?;
    held.map_err(|_| whole(Fault::Seal))?;
    verdict.order = Some(order.id);
    verdict.state = Some(order.state);
    verdict.parties = Some((order.terms.buyer.identity, order.terms.seller.identity));
    verdict.exporter = Some(exporter);
    verdict.heads = [order.head(Role::Buyer), order.head(Role::Seller)];
    verdict.refund_left = order.refund_left();
    verdict.contested = order.contested;
    verdict.agreed_terms = order.agreed.map(|terms| (terms, order.terms));
    verdict.without_effect = order.refused;
    Ok(())
}

fn read_events(bundle: &Bundle) -> Found<OrderSet> {
    let mut set = OrderSet::new(bundle.order);
    let mut last: Option<EventId> = None;
    for (place, signed) in bundle.events.iter().enumerate() {
        let refused = |refusal: Refusal| (Position::Event(place), Fault::Refused(refusal));
        let event = Event::read(signed.clone()).map_err(refused)?;
        if last.is_some_and(|last| event.id() <= last) {
            return Err((Position::Event(place), Fault::Unsorted));
        }
        last = Some(event.id());
        set.insert(event).map_err(refused)?;
    }
    Ok(set)
}

fn read_receipts(bundle: &Bundle, mut set: OrderSet, order: &Order) -> Found<OrderSet> {
    for (place, signed) in bundle.receipts.iter().enumerate() {
        let at = |fault: Fault| (Position::Receipt(place), fault);
        if place > 0 && bundle.receipts[place - 1] >= *signed {
            return Err(at(Fault::Unsorted));
        }
        let receipt = signed.read().map_err(|refusal| at(refusal.into()))?;
        let author = set.event(&receipt.event).and_then(|event| order.role(&event.body().author));
        let signer = order.role(&receipt.device);
        if author.is_none() || signer.is_none() || author == signer {
            return Err(at(Fault::StrayReceipt));
        }
        set.receive(signed.clone()).map_err(|refusal| at(refusal.into()))?;
    }
    Ok(set)
}

/// The identity is the party's and once had all devices of the party's chain. Whether one was revoked later does not undo what it
/// signed; the times in the chain are claims.
fn check_person(chain: &Chain, order: &Order, role: Role) -> Found<()> {
    let at = |fault: Fault| (Position::Identity(role), fault);
    let identity: Identity = chain.clone().verify().map_err(|fault| at(fault.into()))?;
    let had = |device: &DeviceId| identity.ever().any(|known| known == *device);
    let is_party = identity.id() == order.terms.party(role).identity && order.chain(role).devices.iter().all(had);
    if is_party { Ok(()) } else { Err(at(Fault::ForeignDevice)) }
}

/// Every event has its predecessors and is legal where it stands. A move that was overtaken is no fault, nor one by a device whose
/// chain went over to another. Nor is, once there
/// was an acceptance, a move of the other party without effect: else one bad event could spoil the exporter's evidence.
fn check_places(bundle: &Bundle, set: &OrderSet, order: &Order, exporter: Role) -> Found<()> {
    for (place, signed) in bundle.events.iter().enumerate() {
        let id = crate::order::event::event_id(&signed.bytes);
        let at = |refusal: Refusal| Err((Position::Event(place), Fault::Refused(refusal)));
        if order.pending.contains(&id) {
            return at(Refusal::Missing);
        }
        let author = set.event(&id).and_then(|event| order.role(&event.body().author));
        let why = order.refused.iter().find(|(refused, _)| *refused == id).map(|(_, why)| *why);
        let Some(why) = why.filter(|why| ![Refusal::Overtaken, Refusal::HandedOver].contains(why)) else { continue };
        if author.is_none_or(|author| author == exporter) || !order.accepted {
            return at(why);
        }
    }
    Ok(())
}
