//! Many entries of a shop at once: checked whole before the first is made, so that either all are published or none.

use haat_protocol::admit::{Head, View};
use haat_protocol::body::Body;
use haat_protocol::entry::LogId;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::limits::SHOP_ENTRIES_PER_DAY_MAX;
use haat_protocol::listing::Listing;
use haat_protocol::local::Problem;

use super::super::work::{Work, internal};
use super::check_listing;
use super::undo::{Step, Touched, What};
use crate::catalogue::Plan;
use crate::secret;
use crate::view::known::Known;
use crate::view::shelf;

/// Entries of one batch up to which each is told of by itself; more are left to the comparison that follows.
const TOLD_EACH_MAX: usize = 64;

impl Work<'_, '_> {
    /// Everything by which an entry could be refused, asked before the first of `wanted` entries is made.
    pub(super) fn check_room(&self, shop: &SpaceId, listings: &[&Listing], wanted: usize) -> Result<(), Problem> {
        for listing in listings {
            check_listing(listing)?;
            self.counts_here(shop, listing)?;
        }
        if secret::shop(&self.tx, self.me, shop).is_none() {
            return Err(Problem::refused("no-key", "nothing is published", "the shop's key is not on this device"));
        }
        let head = Known(&self.tx).head(&LogId { space: *shop, device: self.me.device(), number: 0 });
        let today = |head: &Head| if head.day >= self.now.day() { head.day_entries } else { 0 };
        let used = head.as_ref().map_or(0, today);
        if used + wanted as u64 > SHOP_ENTRIES_PER_DAY_MAX {
            let detail = format!("a shop makes {SHOP_ENTRIES_PER_DAY_MAX} entries a day at most; {used} were made, {wanted} are wanted");
            return Err(Problem::refused("day-quota", "nothing is published", detail).hint("do it in parts, and go on tomorrow"));
        }
        Ok(())
    }

    /// Publishes what was planned and checked, and keeps what is needed to take it back.
    pub(super) fn list_all(&mut self, shop: SpaceId, plan: Plan, what: What) -> Result<Step, Problem> {
        let current = |lineage: &EntryId| shelf::row(&self.tx, lineage).and_then(|row| row.current());
        let before: Vec<Option<(EntryId, EntryId)>> =
            plan.create.iter().map(|_| None).chain(plan.update.iter().map(|(lineage, _)| Some((*lineage, current(lineage)?)))).collect();
        let listings = plan.create.into_iter().chain(plan.update.into_iter().map(|(_, listing)| listing));
        let made = self.publish(shop, &listings.map(Body::Listing).collect::<Vec<_>>())?;
        let touched = before.into_iter().zip(made).map(|(known, after)| match known {
            None => Touched { listing: after, before: None, after },
            Some((listing, before)) => Touched { listing, before: Some(before), after },
        });
        let step = Step { what, listings: touched.collect() };
        self.keep_step(&shop, &step);
        Ok(step)
    }

    /// Writes bodies that were checked: a few are told of one by one, after many the circles are compared.
    pub(super) fn publish(&mut self, shop: SpaceId, bodies: &[Body]) -> Result<Vec<EntryId>, Problem> {
        if bodies.is_empty() {
            return Ok(Vec::new());
        }
        self.renew_shop(shop)?;
        let each = bodies.len() <= TOLD_EACH_MAX;
        let mut made = Vec::with_capacity(bodies.len());
        for (done, body) in (1..).zip(bodies) {
            let entry = if each { self.author(shop, body) } else { self.write(shop, body).map(|entry| entry.id()) };
            // Everything was checked before, so what fails here is ours.
            made.push(entry.map_err(|problem| internal(&format!("a batch broke off: {}: {}", problem.code, problem.detail)))?);
            self.passing.teller.tell(&shop, done, bodies.len());
        }
        if !each {
            for circle in self.circles_of(&shop) {
                self.compare_soon(circle, None);
            }
        }
        Ok(made)
    }
}
