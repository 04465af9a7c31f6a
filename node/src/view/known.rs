//! What the protocol's door asks of the store.

use std::sync::Arc;

use haat_protocol::admit::{Head, View, Writer};
use haat_protocol::body::Body;
use haat_protocol::circle::{Role, Roster, Standing};
use haat_protocol::entry::{Entry, Header, LogId, Unverified};
use haat_protocol::id::{DeviceId, EntryId, IdentityId, SpaceId};
use haat_protocol::identity::{Chain, Identity};
use haat_protocol::money::Money;
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;

use super::{body, circle, fork, log_key, place_key};
use crate::myself::Myself;
use crate::store::{StoreError, Table, Tx, memo};

/// The role that the author of an entry had at its place in the order, by the roster that is known now.
#[must_use]
pub fn role_of(roster: Option<&Roster>, author: &IdentityId, header: &Header, id: &EntryId) -> Role {
    roster.map_or(Role::Member, |roster| roster.role_at(author, (header.lamport, *id)))
}

/// The store, as the door sees it.
#[derive(Debug)]
pub struct Known<'a, 's>(pub &'a Tx<'s>);

impl View for Known<'_, '_> {
    fn head(&self, log: &LogId) -> Option<Head> {
        self.0.load(Table::Head, &log_key(log))
    }

    fn at(&self, log: &LogId, seq: u64) -> Option<EntryId> {
        EntryId::from_slice(&self.0.get(Table::At, &place_key(log, seq))?)
    }

    fn header(&self, id: &EntryId) -> Option<Header> {
        header(self.0, id).map(|header| Header::clone(&header))
    }

    fn writer(&self, log: &LogId) -> Writer {
        *self.0.memo(memo::Sort::Writer, &log_key(log), || self.writer_now(log))
    }

    fn sort(&self, space: &SpaceId) -> Option<Sort> {
        inception(self.0, space).map(|begun| begun.sort)
    }

    fn prices(&self, version: &EntryId) -> Option<Vec<Money>> {
        match body(self.0, version)? {
            Body::Listing(listing) => Some(listing.variants.iter().map(|variant| variant.price).collect()),
            _ => None,
        }
    }

    fn shopkeeper(&self, shop: &SpaceId) -> Option<IdentityId> {
        inception(self.0, shop).filter(|begun| begun.sort == Sort::Shop).map(|begun| begun.creator)
    }

    fn created(&self, space: &SpaceId) -> Option<Millis> {
        inception(self.0, space).map(|begun| begun.created)
    }
}

impl Known<'_, '_> {
    fn writer_now(&self, log: &LogId) -> Writer {
        let Some(person) = person_of(self.0, &log.device) else { return Writer::Unknown };
        if let Some(roster) = circle::roster(self.0, &log.space) {
            let standing = roster.standing(&person, &log.device, log.number);
            let never_in = standing == Standing::Closed && !roster.removed.contains_key(&person);
            return if never_in { Writer::Unknown } else { Writer::Person(person, standing.and(fork::standing(self.0, &person, log))) };
        }
        match inception(self.0, &log.space) {
            // Before the entry that begins a circle is here, only its creator may write, and only that entry comes first.
            Some(begun) if begun.creator == person && (begun.sort == Sort::Shop || begun.device == log.device) => {
                Writer::Person(person, fork::standing(self.0, &person, log))
            }
            _ => Writer::Unknown,
        }
    }
}

/// Whom a held review is about. Only for showing: a review may come late and be taken back, so nothing else may hang on it.
#[must_use]
pub fn reviewed(tx: &Tx<'_>, review: &EntryId) -> Option<IdentityId> {
    let author = author(tx, entry(tx, review)?.header())?;
    match body(tx, review)? {
        Body::Review(review) if review.right.right.buyer == author => Some(review.right.right.seller),
        Body::Review(review) => Some(review.right.right.buyer),
        _ => None,
    }
}

/// A held entry. Its signature was checked when it was accepted, and is checked again by whoever audits the log.
/// It is held once it has its place: when views are derived again, what came later must not be seen early.
#[must_use]
pub fn entry(tx: &Tx<'_>, id: &EntryId) -> Option<Entry> {
    let entry = raw(tx, id)?.trusted().ok()?;
    let place = place_key(&entry.header().log_id(), entry.header().seq);
    (tx.get(Table::At, &place)? == id.0).then_some(entry)
}

/// The header of a held entry.
#[must_use]
pub fn header(tx: &Tx<'_>, id: &EntryId) -> Option<Arc<Header>> {
    let header = tx.memo(memo::Sort::Header, &id.0, || entry(tx, id).map(|entry| Arc::new(entry.header().clone())));
    Option::clone(&*header)
}

/// A held entry as it travels.
#[must_use]
pub fn raw(tx: &Tx<'_>, id: &EntryId) -> Option<Unverified> {
    tx.load(Table::Entry, &id.0)
}

/// What a space began with.
#[must_use]
pub fn inception(tx: &Tx<'_>, space: &SpaceId) -> Option<Inception> {
    tx.load(Table::Space, &space.0)
}

/// Whose device this is.
#[must_use]
pub fn person_of(tx: &Tx<'_>, device: &DeviceId) -> Option<IdentityId> {
    IdentityId::from_slice(&tx.get(Table::Device, &device.0)?)
}

/// For whom this device speaks now: a revoked one speaks for nobody.
#[must_use]
pub fn speaks_for(tx: &Tx<'_>, device: &DeviceId) -> Option<IdentityId> {
    person_of(tx, device).filter(|person| identity(tx, person).is_some_and(|identity| identity.devices().contains(device)))
}

/// Who wrote an entry.
#[must_use]
pub fn author(tx: &Tx<'_>, header: &Header) -> Option<IdentityId> {
    person_of(tx, &header.device)
}

/// The newest chain of a person.
#[must_use]
pub fn chain(tx: &Tx<'_>, person: &IdentityId) -> Option<Chain> {
    let (_, last): (u64, haat_protocol::id::Digest) = tx.load(Table::Identity, &person.0)?;
    tx.load(Table::Chain, &last.0)
}

/// This node's own chain: what was appended since the start included.
#[must_use]
pub fn own_chain(tx: &Tx<'_>, me: &Myself) -> Chain {
    chain(tx, &me.id()).unwrap_or_else(|| me.identity.chain().clone())
}

/// This node's person: what was appended since the start included.
#[must_use]
pub fn person(tx: &Tx<'_>, me: &Myself) -> Arc<Identity> {
    identity(tx, &me.id()).unwrap_or_else(|| Arc::new(me.identity.clone()))
}

/// A person's identity, from the newest chain held.
#[must_use]
pub fn identity(tx: &Tx<'_>, person: &IdentityId) -> Option<Arc<Identity>> {
    // It was verified when it was accepted, and is again by whoever audits the log.
    let identity = tx.memo(memo::Sort::Identity, &person.0, || chain(tx, person)?.trusted().ok().map(Arc::new));
    Option::clone(&*identity)
}

/// Whether an entry still counts, given the removals, revocations and forks known now.
#[must_use]
pub fn counts(tx: &Tx<'_>, header: &Header) -> bool {
    match Known(tx).writer(&header.log_id()) {
        Writer::Person(_, standing) => standing.counts(header.seq),
        Writer::Unknown => false,
    }
}

/// Turns a missing row into a fault of the store.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn must<T>(row: Option<T>, what: &str) -> Result<T, StoreError> {
    row.ok_or_else(|| StoreError::Damaged(format!("{what} is missing or damaged")))
}
