//! The read keys of a shop: who may read the newest one, and when the next generation is due. What was readable before stays
//! readable to those who had it; nothing new is written under a key that somebody holds who should not.

use std::sync::Arc;

use haat_protocol::body::{Body, Share, Unshare};
use haat_protocol::circle::Roster;
use haat_protocol::epoch::is_exposed;
use haat_protocol::id::{KeyId, SpaceId};
use haat_protocol::limits::SHOP_KEYS_EARLIER_MAX;
use haat_protocol::local::Problem;
use haat_protocol::local::done::Signed;
use haat_protocol::space::Inception;
use serde_bytes::ByteArray;
use serde_json::{Value, json};

use super::super::work::Work;
use crate::keyring::Keyring;
use crate::view::{circle, known, shelf};
use crate::{name, secret};

impl Work<'_, '_> {
    /// Takes a shop back from a circle: the circles that remain get the next generation of its read key.
    pub(in crate::engine) fn shop_unshare(&mut self, shop: &str, circle: &str) -> Result<Value, Problem> {
        let (shop, _) = self.own_shop(shop)?;
        let circle = name::circle(&self.tx, self.me, circle)?;
        let roster = circle::roster(&self.tx, &circle).filter(|roster| shelf::is_shared(&self.tx, roster, &shop));
        if roster.is_none() {
            return Err(Problem::refused("not-shared", "nothing is changed", "the shop is not shared into this circle")
                .hint("`haat shop show SHOP` tells where it is shared"));
        }
        let entry = self.author(circle, &Body::Unshare(Unshare { shop }))?;
        self.renew_shop(shop)?;
        Ok(json!(Signed { entry }))
    }

    /// The own shop's newest read key is one that only those hold who may read on; and every circle that has the shop has it.
    pub(in crate::engine) fn renew_shop(&mut self, shop: SpaceId) -> Result<(), Problem> {
        let Some(inception) = known::inception(&self.tx, &shop).filter(|begun| begun.creator == self.me.id()) else { return Ok(()) };
        let Some((mut key, generation, _)) = secret::shop(&self.tx, self.me, &shop) else { return Ok(()) };
        let rosters: Vec<Arc<Roster>> =
            shelf::ever_in(&self.tx, &shop).iter().filter_map(|space| circle::roster(&self.tx, space)).collect();
        if rosters.iter().any(|roster| self.is_exposed(roster, &shop, &key)) {
            let fresh = self.entropy.fresh();
            secret::save_shop(&mut self.tx, self.me, &shop, generation.saturating_add(1), fresh);
            key = secret::shop_key_id(&shop, &fresh);
        }
        for roster in rosters.iter().filter(|roster| shelf::is_shared(&self.tx, roster, &shop)).collect::<Vec<_>>() {
            if !shelf::words(&self.tx, &roster.space, &shop).iter().any(|(_, word)| word.key == Some(key)) {
                // A circle whose keys are not here gets it at the next occasion. Who may not sell there any more takes the shop back,
                // so that nobody takes shelves for whole on which what is new cannot be read.
                let _ = if self.may_sell(roster) {
                    self.hand_key(&inception, roster.space)
                } else {
                    self.author(roster.space, &Body::Unshare(Unshare { shop }))
                };
            }
        }
        Ok(())
    }

    /// Whether the norms that hold in a circle now let this person share a shop there.
    pub(super) fn may_sell(&self, roster: &Roster) -> bool {
        roster.members.get(&self.me.id()).is_some_and(|me| me.role >= roster.norms_now().sell)
    }

    /// Hands a circle the newest read key, and those before it: what was listed under them is still on the shelf.
    pub(super) fn hand_key(&mut self, inception: &Inception, circle: SpaceId) -> Result<haat_protocol::id::EntryId, Problem> {
        let shop = inception.id();
        let mut keys = secret::shop_keys(&self.tx, self.me, &shop).into_iter().map(|(_, generation, secret)| (generation, secret));
        let (generation, secret) = keys.next().ok_or_else(super::super::work::no_key)?;
        let earlier = keys.take(SHOP_KEYS_EARLIER_MAX).map(|(generation, secret)| (generation, ByteArray::new(secret))).collect();
        self.author(circle, &Body::Share(Share { inception: inception.clone(), generation, secret, earlier }))
    }

    /// Whether somebody of a circle holds a read key who may not read on: the shop was taken back there, or the key was told under
    /// an epoch that somebody holds who is out since.
    fn is_exposed(&self, roster: &Roster, shop: &SpaceId, key: &KeyId) -> bool {
        let told = shelf::words(&self.tx, &roster.space, shop).into_iter().filter(|(_, word)| word.key == Some(*key));
        let mut under = told.filter_map(|(entry, _)| known::entry(&self.tx, &entry)).map(|entry| entry.header().key).peekable();
        if under.peek().is_none() {
            return false;
        }
        let ring = Keyring::of(&self.tx, self.me, roster);
        is_exposed(shelf::is_shared(&self.tx, roster, shop), under, |epoch| ring.covers_all(epoch))
    }

    /// The desk keeps the keys of its shops young although nothing is written.
    pub(in crate::engine) fn tend_shops(&mut self) {
        for shop in shelf::kept_by(&self.tx, &self.me.id()) {
            if self.is_desk(&shop) {
                // What fails now is tried again.
                let _ = self.renew_shop(shop);
            }
        }
    }
}
