//! The feed: what people said, newest first, and why to believe it.

mod waiting;

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use haat_protocol::body::{Body, Interest, ListingRef};
use haat_protocol::entry::Entry;
use haat_protocol::id::{EntryId, IdentityId, SpaceId};
use haat_protocol::kind::Kind;
use haat_protocol::limits::{FEED_PAGE_ITEMS, FEED_PAGE_ITEMS_MAX};
use haat_protocol::local::{FeedItem, Page, Problem, WhyReason};
use haat_protocol::trust::{Graph, Reason, Vouch};

use super::{Ask, window};
use crate::name;
use crate::store::{Range, Table};
use crate::view::{self, known, shelf};
use waiting::Waiting;

/// Bytes of a key of the feed of all circles: claimed time, entry.
const ALL_KEY_BYTES: usize = 8 + 32;
/// Bytes of a key of the feed of one circle: circle, lamport time, claimed time, entry.
const CIRCLE_KEY_BYTES: usize = 32 + 8 + 8 + 32;
/// Reasons to trust a seller that stand beside an item.
const SELLER_REASONS: usize = 2;

/// What the reasons of one page follow from, gathered once.
struct Ground {
    vouches: Vec<Vouch>,
    graph: Graph,
    authors: BTreeMap<IdentityId, Option<WhyReason>>,
    sellers: BTreeMap<IdentityId, Vec<WhyReason>>,
}

/// A page while it is written.
struct Sheet {
    limit: usize,
    items: Vec<FeedItem>,
    last: Option<Vec<u8>>,
}

impl Sheet {
    /// Writes one more item; says whether there was room.
    fn write(&mut self, key: Vec<u8>, item: FeedItem) -> bool {
        let has_room = self.items.len() < self.limit;
        if has_room {
            self.items.push(item);
            self.last = Some(key);
        }
        has_room
    }

    fn page(self, has_next: bool) -> Page<FeedItem> {
        let next = self.last.filter(|_| has_next).map(|key| BASE64URL_NOPAD.encode(&key));
        Page { items: self.items, next }
    }
}

impl Ask<'_, '_> {
    /// A page of the feed, of one circle by its own order, of all by claimed time.
    pub(super) fn feed(&self, circle: Option<SpaceId>, limit: Option<usize>, after: Option<&str>) -> Result<Page<FeedItem>, Problem> {
        let limit = limit.unwrap_or(FEED_PAGE_ITEMS).clamp(1, FEED_PAGE_ITEMS_MAX);
        let (table, from) = circle.map_or((Table::FeedAll, Vec::new()), |circle| (Table::FeedCircle, circle.0.to_vec()));
        let mut to = match after {
            Some(cursor) => Some(position(cursor, circle.as_ref())?),
            None => circle.map(|circle| [circle.0.as_slice(), &[0xff; CIRCLE_KEY_BYTES - 31]].concat()),
        };
        let mut ground = self.ground();
        let mut waiting = self.waiting(circle, to.as_deref());
        let mut sheet = Sheet { limit, items: Vec::new(), last: None };
        loop {
            let rows = self.tx.scan(table, Range { from: &from, to: to.as_deref(), reverse: true, limit: limit + 1 });
            let is_end = rows.is_empty();
            to = rows.last().map(|(end, _)| end.clone());
            for (key, _) in rows {
                if !self.write_waiting(&mut sheet, &mut waiting, &key) {
                    return Ok(sheet.page(true));
                }
                let item = EntryId::from_slice(&key[key.len() - 32..]).and_then(|id| self.item(&id, &mut ground));
                if item.is_some_and(|item| !sheet.write(key, item)) {
                    return Ok(sheet.page(true));
                }
            }
            if is_end {
                let is_whole = self.write_waiting(&mut sheet, &mut waiting, &[]);
                return Ok(sheet.page(!is_whole));
            }
        }
    }

    /// Writes what waits and stands above the key; says whether it fitted.
    fn write_waiting(&self, sheet: &mut Sheet, waiting: &mut Vec<Waiting>, above: &[u8]) -> bool {
        while let Some((key, entry)) = waiting.pop_if(|(key, _)| key.as_slice() > above) {
            if self.waiting_item(&entry).is_some_and(|item| !sheet.write(key, item)) {
                return false;
            }
        }
        true
    }

    fn ground(&self) -> Ground {
        let vouches = self.vouches();
        let graph = Graph::new(self.me.id(), &vouches, &self.blocked);
        Ground { vouches, graph, authors: BTreeMap::new(), sellers: BTreeMap::new() }
    }

    /// One item; none when it has no effect, was taken back, or lies beyond the removal of its author.
    fn item(&self, id: &EntryId, ground: &mut Ground) -> Option<FeedItem> {
        let entry = known::entry(self.tx, id)?;
        if !self.counts(entry.header()) || self.tx.has(Table::Void, &id.0) {
            return None;
        }
        let author = known::author(self.tx, entry.header()).filter(|author| self.is_heard(author))?;
        let item = match Kind::from_code(entry.header().kind) {
            None => FeedItem { text: "this was made by a newer version of Haat".to_owned(), ..self.blank(&entry, &author, "unknown") },
            Some(kind) => {
                let body = view::body(self.tx, id)?;
                let answers = if let Body::ReviewReply(reply) = &body { known::reviewed(self.tx, &reply.review) } else { None };
                if answers.is_some_and(|about| about != author) {
                    return None;
                }
                self.filled(self.blank(&entry, &author, kind.text()), &body)?
            }
        };
        // A review says itself how it went with the seller; it names no version.
        let why = self.why(&author, item.listing.as_ref().filter(|_| item.version.is_some()), ground);
        Some(FeedItem { why, ..item })
    }

    /// Whether what a person says is shown.
    fn is_heard(&self, author: &IdentityId) -> bool {
        !self.blocked.contains(author) && !self.muted.contains(author)
    }

    fn blank(&self, entry: &Entry, author: &IdentityId, kind: &str) -> FeedItem {
        FeedItem {
            entry: entry.id(),
            kind: kind.to_owned(),
            author: self.people.author(author),
            circle: entry.header().space,
            text: String::new(),
            at: entry.header().at,
            listing: None,
            version: None,
            title: None,
            interest: None,
            rating: None,
            outcome: None,
            reply_to: None,
            pending: false,
            why: Vec::new(),
        }
    }

    fn filled(&self, item: FeedItem, body: &Body) -> Option<FeedItem> {
        let item = match name::points_at(body) {
            Some(target) => FeedItem { listing: Some(target.listing), version: Some(target.version), title: self.title_of(target), ..item },
            None => item,
        };
        Some(match body {
            Body::Post(body) | Body::Reply(body) => FeedItem { text: body.text.clone(), reply_to: body.reply_to, ..item },
            Body::Recommend(body) => FeedItem { text: body.text.clone(), interest: Some(interest(body.interest).to_owned()), ..item },
            Body::Review(body) => {
                let listing = body.right.right.listing;
                let row = shelf::row(self.tx, &listing).filter(|row| self.may_show(&row.shop).is_ok());
                let title = row.and_then(|row| row.current()).and_then(|version| name::title(self.tx, &version));
                let (rating, outcome) = (u8::try_from(body.rating).ok(), Some(body.outcome));
                FeedItem { text: body.text.clone(), rating, outcome, listing: Some(listing), title, ..item }
            }
            Body::ReviewReply(body) => FeedItem { text: body.text.clone(), reply_to: Some(body.review), ..item },
            _ => return None,
        })
    }

    /// Title of the version that was pointed at, if it is here and one of that listing.
    fn title_of(&self, target: &ListingRef) -> Option<String> {
        let row = shelf::row(self.tx, &target.listing).filter(|row| self.may_show(&row.shop).is_ok())?;
        row.versions.iter().any(|(_, version)| *version == target.version).then(|| name::title(self.tx, &target.version))?
    }

    /// Why to believe it: how I come to know the author, and what is known of the seller.
    fn why(&self, author: &IdentityId, listing: Option<&EntryId>, ground: &mut Ground) -> Vec<WhyReason> {
        let me = self.me.id();
        if *author == me {
            return Vec::new();
        }
        let introduced =
            ground.authors.entry(*author).or_insert_with(|| ground.graph.introduction(author).map(|reason| self.because(&reason, author)));
        let mut why: Vec<WhyReason> = introduced.iter().cloned().collect();
        why.extend(self.fork_warning(author).map(|text| WhyReason { text, via: Vec::new(), proofs: Vec::new() }));
        if let Some(seller) = listing.and_then(|listing| self.seller(listing)).filter(|seller| *seller != me) {
            let vouches = &ground.vouches;
            let reasons = ground.sellers.entry(seller).or_insert_with(|| {
                let answer = self.judged(&seller, vouches);
                answer.reasons.iter().take(SELLER_REASONS).map(|reason| self.because(reason, &seller)).collect()
            });
            for reason in reasons {
                if !why.contains(reason) {
                    why.push(reason.clone());
                }
            }
        }
        why
    }

    fn because(&self, reason: &Reason, subject: &IdentityId) -> WhyReason {
        WhyReason { text: self.sentence(reason, subject), via: self.names(&reason.via), proofs: reason.proofs.clone() }
    }
}

/// The key that a cursor stands for.
fn position(cursor: &str, circle: Option<&SpaceId>) -> Result<Vec<u8>, Problem> {
    let key = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
    let fits = |key: &Vec<u8>| match circle {
        Some(circle) => key.len() == CIRCLE_KEY_BYTES && key.starts_with(&circle.0),
        None => key.len() == ALL_KEY_BYTES,
    };
    key.filter(fits).ok_or_else(|| window::bad_cursor(cursor))
}

const fn interest(interest: Interest) -> &'static str {
    match interest {
        Interest::None => "none",
        Interest::Gift => "gift",
        Interest::Commission => "commission",
        Interest::Seller => "seller",
        Interest::Employee => "employee",
    }
}
