//! Shops and what stands on their shelves: which circles a shop is shared into, which version of a listing is current.

use haat_protocol::body::{Body, Share, ShopCreate};
use haat_protocol::circle::Roster;
use haat_protocol::entry::{Entry, Header, LogId};
use haat_protocol::id::{DeviceId, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::listing::Listing;
use serde::{Deserialize, Serialize};

use super::{Cx, Said, circle, fork, known};
use crate::secret::shop_key_id;
use crate::store::{Table, Tx};

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopRow {
    /// The entry that opens it, or says its terms last.
    pub entry: EntryId,
    /// Who keeps it.
    pub keeper: IdentityId,
    /// What it opens with.
    pub body: ShopCreate,
}

/// A listing with all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingRow {
    /// Its shop.
    pub shop: SpaceId,
    /// Versions by lamport time, then id: the last is current.
    pub versions: Vec<(u64, EntryId)>,
    /// Lamport time of the last withdrawal.
    pub withdrawn: Option<u64>,
}

impl ListingRow {
    /// The current version.
    #[must_use]
    pub fn current(&self) -> Option<EntryId> {
        self.versions.last().map(|(_, id)| *id)
    }

    /// Whether it was taken off the shelf after its last version.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some_and(|at| self.versions.last().is_none_or(|(version, _)| at > *version))
    }
}

/// Sharing a shop, or taking it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareWord {
    /// Whose word it is; only the keeper's counts.
    pub author: IdentityId,
    /// Device and log of the entry.
    pub log: (DeviceId, u64),
    /// Its place there.
    pub seq: u64,
    /// The read key that is handed over; none takes the shop back.
    pub key: Option<KeyId>,
}

pub(super) fn share(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &Share) {
    let shop = body.inception.id();
    if !cx.tx.has(Table::Space, &shop.0) {
        cx.tx.save(Table::Space, &shop.0, &body.inception);
        super::again::came(cx, &shop.0);
    }
    note(cx, said, &shop, Some(shop_key_id(&shop, &body.secret)));
}

pub(super) fn note(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, shop: &SpaceId, key: Option<KeyId>) {
    let header = said.entry.header();
    let circle = header.space;
    let word = ShareWord { author: said.author, log: (header.device, header.log), seq: header.seq, key };
    cx.tx.save(Table::ShopWord, &word_key(header, &said.entry.id(), shop), &word);
    cx.tx.put(Table::ShopCircle, &[shop.0, circle.0].concat(), Vec::new());
    cx.tx.put(Table::CircleShop, &[circle.0, shop.0].concat(), Vec::new());
}

/// A word about sharing a shop has lost its place.
pub(super) fn forget(cx: &mut Cx<'_, '_, '_>, header: &Header, id: &EntryId, shop: &SpaceId) {
    cx.tx.remove(Table::ShopWord, &word_key(header, id, shop));
}

fn word_key(header: &Header, id: &EntryId, shop: &SpaceId) -> Vec<u8> {
    [header.space.0.as_slice(), &shop.0, &header.lamport.to_be_bytes(), &id.0].concat()
}

/// What stands on the shelves of a shop follows again from its entries that count.
pub(super) fn fill_again(cx: &mut Cx<'_, '_, '_>, shop: &SpaceId) {
    for lineage in listings(cx.tx, shop) {
        cx.tx.remove(Table::Listing, &lineage.0);
        cx.tx.remove(Table::ShopListing, &[shop.0, lineage.0].concat());
    }
    cx.tx.remove(Table::Shop, &shop.0);
    for (key, _) in cx.tx.prefix(Table::ShopDesk, &shop.0) {
        cx.tx.remove(Table::ShopDesk, &key);
    }
    let entries = cx.tx.prefix(Table::At, &shop.0).into_iter().filter_map(|(_, id)| known::entry(cx.tx, &EntryId::from_slice(&id)?));
    let mut entries: Vec<Entry> = entries.collect();
    entries.retain(|entry| known::counts(cx.tx, entry.header()));
    // Listings before what takes them off the shelf.
    entries.sort_by_key(|entry| (entry.header().kind, entry.header().lamport, entry.id()));
    for entry in &entries {
        let Some(author) = known::author(cx.tx, entry.header()) else { continue };
        let said = Said { entry, author };
        match super::body(cx.tx, &entry.id()) {
            Some(Body::ShopCreate(body)) => open(cx, &said, &body),
            Some(Body::Listing(body)) => list(cx, &said, &body),
            Some(Body::ListingWithdraw(body)) => withdraw(cx, &said, &body.listing),
            Some(Body::ShopDesk(body)) => move_desk(cx, &said, &body.device),
            _ => {}
        }
    }
}

/// A shop is opened, or its keeper says its terms anew: the last one counts, by lamport time and entry, in whatever order they come.
pub(super) fn open(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &ShopCreate) {
    let known = shop(cx.tx, &said.entry.header().space).and_then(|row| known::entry(cx.tx, &row.entry));
    if known.is_some_and(|known| (known.header().lamport, known.id()) > (said.entry.header().lamport, said.entry.id())) {
        return;
    }
    let row = ShopRow { entry: said.entry.id(), keeper: said.author, body: body.clone() };
    cx.tx.save(Table::Shop, &said.entry.header().space.0, &row);
}

pub(super) fn list(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &Listing) {
    let (shop, id) = (said.entry.header().space, said.entry.id());
    let lineage = body.lineage.unwrap_or(id);
    let mut row = row(cx.tx, &lineage).unwrap_or(ListingRow { shop, versions: Vec::new(), withdrawn: None });
    if row.shop != shop {
        return;
    }
    row.versions.push((said.entry.header().lamport, id));
    row.versions.sort();
    cx.tx.save(Table::Listing, &lineage.0, &row);
    super::again::came(cx, &id.0);
    cx.tx.put(Table::ShopListing, &[shop.0, lineage.0].concat(), Vec::new());
}

pub(super) fn withdraw(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, lineage: &EntryId) {
    let shop = said.entry.header().space;
    if let Some(mut row) = row(cx.tx, lineage).filter(|row| row.shop == shop) {
        row.withdrawn = row.withdrawn.max(Some(said.entry.header().lamport));
        cx.tx.save(Table::Listing, &lineage.0, &row);
    }
}

pub(super) fn move_desk(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, device: &DeviceId) {
    let header = said.entry.header();
    let key = [header.space.0.as_slice(), &header.lamport.to_be_bytes(), &said.entry.id().0].concat();
    cx.tx.put(Table::ShopDesk, &key, device.0.to_vec());
}

/// The device that holds a shop's stock and answers its orders: the last one that was named, by lamport time and entry, and speaks for
/// the keeper now; without any, the one that opened the shop.
#[must_use]
pub fn desk(tx: &Tx<'_>, shop: &SpaceId) -> Option<DeviceId> {
    let begun = known::inception(tx, shop)?;
    let named = tx.prefix(Table::ShopDesk, &shop.0).into_iter().rev();
    let mut named = named.filter_map(|(_, device)| DeviceId::from_slice(&device));
    Some(named.find(|device| known::speaks_for(tx, device) == Some(begun.creator)).unwrap_or(begun.device))
}

/// A listing with its versions.
#[must_use]
pub fn row(tx: &Tx<'_>, lineage: &EntryId) -> Option<ListingRow> {
    tx.load(Table::Listing, &lineage.0)
}

/// A shop that was opened and can be read here.
#[must_use]
pub fn shop(tx: &Tx<'_>, shop: &SpaceId) -> Option<ShopRow> {
    tx.load(Table::Shop, &shop.0)
}

/// Listings of a shop, in order of their ids.
#[must_use]
pub fn listings(tx: &Tx<'_>, shop: &SpaceId) -> Vec<EntryId> {
    tx.prefix(Table::ShopListing, &shop.0).iter().filter_map(|(key, _)| EntryId::from_slice(&key[32..])).collect()
}

/// Shops that a person keeps and that can be read here.
#[must_use]
pub fn kept_by(tx: &Tx<'_>, keeper: &IdentityId) -> Vec<SpaceId> {
    let rows = tx.prefix(Table::Shop, &[]);
    let kept = rows.iter().filter(|(_, row)| tx.decoded::<ShopRow>(Table::Shop, row).is_some_and(|row| row.keeper == *keeper));
    kept.filter_map(|(shop, _)| SpaceId::from_slice(shop)).collect()
}

/// What the keeper said about sharing a shop into a circle, oldest first.
#[must_use]
pub fn words(tx: &Tx<'_>, circle: &SpaceId, shop: &SpaceId) -> Vec<(EntryId, ShareWord)> {
    let Some(begun) = known::inception(tx, shop) else { return Vec::new() };
    let rows = tx.prefix(Table::ShopWord, &[circle.0, shop.0].concat());
    let words = rows.iter().filter_map(|(key, row)| Some((EntryId::from_slice(&key[72..])?, tx.decoded(Table::ShopWord, row)?)));
    words.filter(|(_, word): &(EntryId, ShareWord)| word.author == begun.creator).collect()
}

/// Read keys of shops that were told in a circle by entries that took effect: shop, key and entry.
#[must_use]
pub fn told_in(tx: &Tx<'_>, circle: &SpaceId) -> Vec<(SpaceId, KeyId, EntryId)> {
    let rows = tx.prefix(Table::ShopWord, &circle.0);
    let told = rows.iter().filter_map(|(key, row)| {
        let word: ShareWord = tx.decoded(Table::ShopWord, row)?;
        Some((SpaceId::from_slice(&key[32..64])?, word.key?, EntryId::from_slice(&key[72..])?))
    });
    told.collect()
}

/// Whether a shop is shared into a circle now: its keeper is a member there, and did not take it back.
#[must_use]
pub fn is_shared(tx: &Tx<'_>, roster: &Roster, shop: &SpaceId) -> bool {
    let counts = |word: &ShareWord| {
        let log = LogId { space: roster.space, device: word.log.0, number: word.log.1 };
        fork::in_circle(tx, roster, &word.author, &log).counts(word.seq)
    };
    let last = words(tx, &roster.space, shop).into_iter().rev().find(|(_, word)| counts(word));
    last.is_some_and(|(_, word)| word.key.is_some() && roster.has(&word.author))
}

/// Circles that a shop was ever shared into.
#[must_use]
pub fn ever_in(tx: &Tx<'_>, shop: &SpaceId) -> Vec<SpaceId> {
    tx.prefix(Table::ShopCircle, &shop.0).iter().filter_map(|(key, _)| SpaceId::from_slice(&key[32..])).collect()
}

/// Circles that a shop is shared into.
#[must_use]
pub fn circles(tx: &Tx<'_>, shop: &SpaceId) -> Vec<SpaceId> {
    let shared = |circle: &SpaceId| circle::roster(tx, circle).is_some_and(|roster| is_shared(tx, &roster, shop));
    ever_in(tx, shop).into_iter().filter(shared).collect()
}

/// Shops that are shared into a circle.
#[must_use]
pub fn shared_into(tx: &Tx<'_>, circle: &SpaceId) -> Vec<SpaceId> {
    let Some(roster) = circle::roster(tx, circle) else { return Vec::new() };
    let ever = tx.prefix(Table::CircleShop, &circle.0);
    let shops = ever.iter().filter_map(|(key, _)| SpaceId::from_slice(&key[32..]));
    shops.filter(|shop| is_shared(tx, &roster, shop)).collect()
}
