//! Reminders: shortly before a deadline that this person has to meet, listeners are told once, also across restarts.
//!
//! When that is follows from the order. Nothing is done in a person's place.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::id::OrderId;
use haat_protocol::local::Happening;
use haat_protocol::time::Millis;

use super::super::Effect;
use super::super::work::Work;
use crate::duty::{self, Duty};
use crate::store::Table;
use crate::view::order as orders;

/// When which order is to be looked at.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Reminders {
    due: BTreeSet<(Millis, OrderId)>,
    at: BTreeMap<OrderId, Millis>,
    /// Whether all orders were looked at since the start.
    is_known: bool,
}

impl Reminders {
    fn plan(&mut self, order: OrderId, at: Option<Millis>) {
        if let Some(before) = self.at.remove(&order) {
            self.due.remove(&(before, order));
        }
        if let Some(at) = at {
            self.at.insert(order, at);
            self.due.insert((at, order));
        }
    }
}

impl Work<'_, '_> {
    /// Tells of the deadlines that have come near.
    pub(in crate::engine) fn remind(&mut self) {
        if !std::mem::replace(&mut self.passing.reminders.is_known, true) {
            orders::all(&self.tx).into_iter().for_each(|order| self.plan_reminder(order));
        }
        while let Some(&(at, order)) = self.passing.reminders.due.first() {
            if at > self.now {
                return;
            }
            if let Some((by, duty)) = self.to_remind(&order).filter(|(by, duty)| duty.is_urgent(self.now) && *by > self.now) {
                self.tx.put(Table::Reminded, &reminded_key(&order, by), Vec::new());
                let more = [("kind".to_owned(), duty.kind.to_owned()), ("deadline".to_owned(), by.0.to_string())].into();
                self.out.push(Effect::Happened(Happening { kind: "reminder".to_owned(), subject: order.to_string(), more }));
            }
            self.passing.reminders.plan(order, None);
        }
    }

    /// Orders in which something happened are looked at again.
    pub(in crate::engine) fn plan_reminders(&mut self) {
        if !self.passing.reminders.is_known {
            return;
        }
        let rows = self.tx.changes().range((Table::OrderSet, Vec::new())..).take_while(|((table, _), _)| *table == Table::OrderSet);
        let changed: BTreeSet<OrderId> = rows.filter_map(|((_, key), _)| OrderId::from_slice(key.get(..32)?)).collect();
        changed.into_iter().for_each(|order| self.plan_reminder(order));
    }

    fn plan_reminder(&mut self, order: OrderId) {
        let duty = self.to_remind(&order);
        let by = duty.map(|(by, _)| by);
        // Of deadlines that are no more nothing needs to be known.
        for (key, _) in self.tx.prefix(Table::Reminded, &order.0) {
            if by.is_none_or(|by| key != reminded_key(&order, by)) {
                self.tx.remove(Table::Reminded, &key);
            }
        }
        let is_told = by.is_some_and(|by| self.tx.has(Table::Reminded, &reminded_key(&order, by)));
        let at = duty.filter(|(by, _)| !is_told && *by > self.now).and_then(|(_, duty)| duty.reminder());
        self.passing.reminders.plan(order, at);
    }

    /// The deadline that this person has to meet in an order.
    fn to_remind(&self, id: &OrderId) -> Option<(Millis, Duty)> {
        let mine = orders::row(&self.tx, id).filter(|row| row.own == self.me.device())?.mine;
        let (set, order) = orders::folded(&self.tx, id)?;
        let duty = duty::of(&set, &order, mine, self.now)?;
        duty.by.map(|by| (by, duty))
    }
}

fn reminded_key(order: &OrderId, by: Millis) -> Vec<u8> {
    [order.0.as_slice(), &by.0.to_be_bytes()].concat()
}
