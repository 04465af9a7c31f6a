//! Shops and what stands on their shelves: which circles a shop is shared into, which version of a listing is current.

use haat_protocol::body::{Share, ShopCreate};
use haat_protocol::id::{EntryId, IdentityId, SpaceId};
use haat_protocol::listing::Listing;
use serde::{Deserialize, Serialize};

use super::{Cx, Said};
use crate::store::{Table, Tx};

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopRow {
    /// The entry that opens it.
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

pub(super) fn share(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &Share) {
    let (circle, shop) = (said.entry.header().space, body.inception.id());
    cx.tx.save(Table::Space, &shop.0, &body.inception);
    cx.tx.put(Table::ShopCircle, &[shop.0, circle.0].concat(), said.entry.id().0.to_vec());
    cx.tx.put(Table::CircleShop, &[circle.0, shop.0].concat(), said.entry.id().0.to_vec());
}

pub(super) fn open(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &ShopCreate) {
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
    cx.tx.put(Table::ShopListing, &[shop.0, lineage.0].concat(), Vec::new());
}

pub(super) fn withdraw(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, lineage: &EntryId) {
    let shop = said.entry.header().space;
    if let Some(mut row) = row(cx.tx, lineage).filter(|row| row.shop == shop) {
        row.withdrawn = row.withdrawn.max(Some(said.entry.header().lamport));
        cx.tx.save(Table::Listing, &lineage.0, &row);
    }
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

/// Circles that a shop is shared into.
#[must_use]
pub fn circles(tx: &Tx<'_>, shop: &SpaceId) -> Vec<SpaceId> {
    tx.prefix(Table::ShopCircle, &shop.0).iter().filter_map(|(key, _)| SpaceId::from_slice(&key[32..])).collect()
}

/// Shops that are shared into a circle.
#[must_use]
pub fn shared_into(tx: &Tx<'_>, circle: &SpaceId) -> Vec<SpaceId> {
    tx.prefix(Table::CircleShop, &circle.0).iter().filter_map(|(key, _)| SpaceId::from_slice(&key[32..])).collect()
}
