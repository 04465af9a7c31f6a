//! What was said in entries that wait here for earlier ones of their log: shown while a node catches up, and marked.
//!
//! Signature, payload and author hold; the chain is not closed yet, so nothing else may build on them. What the chain proves wrong
//! is let go and not shown any more.

use haat_protocol::body::{Body, Interest};
use haat_protocol::entry::{Entry, Unverified};
use haat_protocol::id::SpaceId;
use haat_protocol::kind::Kind;
use haat_protocol::limits::{CLOCK_SKEW_MS, FEED_WAITING_MAX};
use haat_protocol::local::FeedItem;

use super::Ask;
use crate::secret;
use crate::store::Table;
use crate::view::{feed, known};

/// A key of the feed, and the entry that will stand there.
pub(super) type Waiting = (Vec<u8>, Entry);

impl Ask<'_, '_> {
    /// Entries that wait and would stand in this feed before the key, the newest last.
    pub(super) fn waiting(&self, circle: Option<SpaceId>, to: Option<&[u8]>) -> Vec<Waiting> {
        let prefix = circle.map_or(Vec::new(), |circle| circle.0.to_vec());
        let rows = self.tx.prefix(Table::Parked, &prefix);
        let mut waiting: Vec<Waiting> = rows
            .iter()
            .filter_map(|(_, row)| self.tx.decoded::<Unverified>(Table::Parked, row)?.trusted().ok())
            .filter(|entry| self.may_be_shown(entry))
            .map(|entry| (if circle.is_some() { feed::circle_key(&entry) } else { feed::all_key(&entry) }, entry))
            .filter(|(key, _)| to.is_none_or(|to| key.as_slice() < to))
            .collect();
        waiting.sort_by(|a, b| a.0.cmp(&b.0));
        waiting.drain(..waiting.len().saturating_sub(FEED_WAITING_MAX));
        waiting
    }

    fn may_be_shown(&self, entry: &Entry) -> bool {
        let header = entry.header();
        feed::is_said(header.kind)
            && header.at <= self.facts.now.plus(CLOCK_SKEW_MS)
            && self.counts(header)
            && !feed::is_retracted(self.tx, entry)
    }

    /// The item of an entry that waits; none when it cannot be opened or breaks a rule.
    pub(super) fn waiting_item(&self, entry: &Entry) -> Option<FeedItem> {
        let header = entry.header();
        let author = known::author(self.tx, header).filter(|author| self.is_heard(author))?;
        let (author, kind) = (author, Kind::from_code(header.kind)?);
        let body = Body::decode(kind, &entry.open(secret::for_header(self.tx, self.me, header).as_ref()).ok()?).ok()?;
        body.check().ok()?;
        if let Body::Recommend(body) = &body
            && body.interest != Interest::Seller
            && self.seller(&body.listing.listing) == Some(author)
        {
            return None;
        }
        self.filled(FeedItem { pending: true, ..self.blank(entry, &author, kind.text()) }, &body)
    }
}
