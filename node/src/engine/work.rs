//! One group of inputs at work: the transaction, the wishes gathered so far, and the making of own entries.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::admit::{self, Opened, Verdict, View, Writer};
use haat_protocol::body::Body;
use haat_protocol::circle::Standing;
use haat_protocol::codec::encode;
use haat_protocol::entry::{Draft, Entry, Header, LogId, NORMS_EXTENSION, Unverified};
use haat_protocol::id::{EntryId, KeyId, SpaceId};
use haat_protocol::kind::{Kind, Secrecy};
use haat_protocol::limits::{GOSSIP_MAX_BYTES, LAMPORT_FOLLOWED_MAX, REFS_MAX};
use haat_protocol::local::{Happening, Problem, ProblemKind};
use haat_protocol::time::Millis;
use haat_protocol::wire::Item;

use serde_bytes::ByteBuf;

use super::partner::Due;
use super::{Conduct, Effect, Passing};
use crate::entropy::Entropy;
use crate::intake::{self, Taken};
use crate::keyring;
use crate::ledger::{Link, Sort};
use crate::myself::Myself;
use crate::net::NetCommand;
use crate::secret;
use crate::store::{Range, Table, Tx};
use crate::view::known::{self, Known};
use crate::view::{Cx, circle, feed, shelf};

/// How long own entries are left to gossip before members are asked whether they have them, in milliseconds.
const GOSSIP_GRACE_MS: u64 = 700;
/// Entries of one group up to which listeners are told of each.
const TOLD_EACH_MAX: usize = 64;

/// What is written under: the id of a key and the key, or nothing.
pub(super) type Under = (Option<KeyId>, Option<[u8; 32]>);

/// A group of inputs at work.
pub(super) struct Work<'w, 's> {
    pub(super) tx: Tx<'s>,
    pub(super) me: &'w Myself,
    pub(super) entropy: &'w mut dyn Entropy,
    pub(super) now: Millis,
    pub(super) conduct: Conduct,
    pub(super) passing: &'w mut Passing,
    /// Entries of the input at hand whose signatures were checked before.
    pub(super) checked: BTreeMap<EntryId, Entry>,
    /// The position of the trust log at which this group begins.
    pub(super) log_from: u64,
    pub(super) out: Vec<Effect>,
}

impl<'w, 's> Work<'w, 's> {
    /// What taking in and deriving work with.
    pub(super) fn cx(&mut self) -> Cx<'_, 's, 'w> {
        Cx { tx: &mut self.tx, me: self.me, at: self.now }
    }

    pub(super) fn send(&mut self, command: NetCommand) {
        self.out.push(Effect::Net(command));
    }

    pub(super) fn happened(&mut self, kind: &str, subject: impl ToString) {
        let happening = Happening { kind: kind.to_owned(), subject: subject.to_string(), more: BTreeMap::new() };
        self.out.push(Effect::Happened(happening));
    }

    /// Makes an entry of one's own and takes it in by the same door as everybody's; then it is offered to the others.
    pub(super) fn author(&mut self, space: SpaceId, body: &Body) -> Result<EntryId, Problem> {
        self.begin_anew(space);
        match body.kind().secrecy() {
            Secrecy::Clear => {}
            Secrecy::Control | Secrecy::Content => self.renew_keys(space)?,
            Secrecy::Shop => self.renew_shop(space)?,
        }
        let entry = self.write(space, body)?;
        self.announce(&entry);
        Ok(entry.id())
    }

    /// Makes an entry of one's own and takes it in, and tells nobody: whoever writes many at once tells of them together.
    pub(super) fn write(&mut self, space: SpaceId, body: &Body) -> Result<Entry, Problem> {
        let under = self.writing_key(&space, body.kind().secrecy())?;
        self.write_under(space, body, under)
    }

    /// The same under a key that is given.
    pub(super) fn write_under(&mut self, space: SpaceId, body: &Body, (key, secret): Under) -> Result<Entry, Problem> {
        let header = self.next_header(space, body, key)?;
        let fresh = self.entropy.fresh();
        let draft = Draft { header, body: body.encode() };
        let entry = draft
            .sign(&self.me.pair, secret.as_ref(), &fresh)
            .map_err(|fault| Problem::refused("too-large", "the entry cannot be made", fault.to_string()))?;
        self.dry_run(&entry, body)?;
        match intake::entry(&mut self.cx(), &entry) {
            Taken::Kept => self.passing.guard.signed(entry.header().log_id(), entry.id()),
            other => return Err(internal(&format!("an own entry was not kept: {other:?}"))),
        }
        Ok(entry)
    }

    /// Asks the door before anything is kept, so that what would be void is refused instead.
    fn dry_run(&self, entry: &Entry, body: &Body) -> Result<(), Problem> {
        let view = Known(&self.tx);
        let head = match admit::header(&view, entry, self.now) {
            Verdict::Admitted(head) => head,
            Verdict::Refused(refusal) => return Err(Problem::refused("not-admitted", "the entry is refused", refusal.to_string())),
            other => return Err(internal(&format!("an own entry was not admitted: {other:?}"))),
        };
        let roster = circle::roster(&self.tx, &entry.header().space);
        let (header, author) = (entry.header(), self.me.id());
        let role = known::role_of(roster.as_deref(), &author, header, &entry.id());
        let opened = Opened { header, author, role, head: &head, norms: roster.as_deref().map(|roster| &roster.norms) };
        admit::body(&view, &opened, body).map_err(|void| Problem::refused("rule", "a rule says no", void.to_string()))
    }

    fn writing_key(&self, space: &SpaceId, secrecy: Secrecy) -> Result<Under, Problem> {
        match secrecy {
            Secrecy::Clear => Ok((None, None)),
            Secrecy::Control | Secrecy::Content => {
                let (id, keys) = keyring::current(&self.tx, self.me, space).ok_or_else(no_key)?;
                Ok((Some(id), Some(*keys.key(secrecy).ok_or_else(no_key)?)))
            }
            Secrecy::Shop => secret::shop(&self.tx, self.me, space).map(|(id, _, key)| (Some(id), Some(key))).ok_or_else(no_key),
        }
    }

    /// Whether a log of this device takes an entry at this place.
    pub(super) fn takes(&self, log: &LogId, seq: u64) -> bool {
        matches!(Known(&self.tx).writer(log), Writer::Person(_, standing) if standing != Standing::Closed && standing.counts(seq))
    }

    fn next_header(&mut self, space: SpaceId, body: &Body, key: Option<KeyId>) -> Result<Header, Problem> {
        let log = self.own_log(space)?;
        let view = Known(&self.tx);
        let head = view.head(&log);
        let cited = circle::roster(&self.tx, &space).map_or(0, |roster| roster.norms_now().version);
        let cited = cited.max(head.as_ref().map_or(0, |head| head.norms));
        let (refs, newest) = self.tips(&log, head.as_ref().map_or(0, |head| head.lamport));
        Ok(Header {
            device: log.device,
            space,
            log: log.number,
            seq: head.as_ref().map_or(0, |head| head.seq + 1),
            prev: head.as_ref().map(|head| head.id),
            kind: body.kind().code(),
            flags: 0,
            lamport: newest + 1,
            at: self.now,
            refs,
            key,
            payload_bytes: 0,
            payload_hash: None,
            extensions: if cited > 0 { [(NORMS_EXTENSION.to_owned(), ByteBuf::from(cited.to_be_bytes()))].into() } else { BTreeMap::new() },
        })
    }

    /// The newest entries of other logs of the space that follow this log's end, sorted; and the greatest lamport time.
    fn tips(&self, log: &LogId, own_lamport: u64) -> (Vec<EntryId>, u64) {
        let own_key = crate::view::log_key(log);
        let rows = self.tx.prefix(Table::Head, &log.space.0);
        let others = rows.iter().filter(|(key, _)| *key != own_key);
        let heads =
            others.filter_map(|(key, row)| Some((crate::view::fork::log_of(key)?, self.tx.decoded::<admit::Head>(Table::Head, row)?)));
        // What lies beyond a cut is not held by everybody.
        let counts = |log: &LogId, seq| matches!(Known(&self.tx).writer(log), Writer::Person(_, standing) if standing.counts(seq));
        let heads = heads.filter(|(log, head)| counts(log, head.seq)).map(|(_, head)| head);
        let mut newer: Vec<(u64, EntryId)> =
            heads.filter(|head| (own_lamport..LAMPORT_FOLLOWED_MAX).contains(&head.lamport)).map(|head| (head.lamport, head.id)).collect();
        newer.sort_by(|a, b| b.cmp(a));
        newer.truncate(REFS_MAX);
        let newest = newer.first().map_or(own_lamport, |(lamport, _)| *lamport).max(own_lamport);
        let mut refs: Vec<EntryId> = newer.into_iter().map(|(_, id)| id).collect();
        refs.sort();
        (refs, newest)
    }

    /// What this group added to the trust log, however it came in: members and keys may have changed, listeners want to know.
    pub(super) fn notice_news(&mut self) {
        if self.tx.changes().is_empty() {
            return;
        }
        let (from, known) = (self.log_from.to_be_bytes(), |sort| matches!(sort, Sort::Entry | Sort::Sealed | Sort::Opened));
        let rows = self.tx.scan(Table::Log, Range { from: &from, to: None, reverse: false, limit: usize::MAX });
        let links: Vec<Link> = rows.iter().filter_map(|(_, row)| self.tx.decoded(Table::Log, row)).collect();
        let mut news: Vec<EntryId> = links.into_iter().filter(|link| known(link.sort)).map(|link| EntryId(link.item.0)).collect();
        let steers = |id: &EntryId| Known(&self.tx).header(id).is_some_and(|header| header.kind < 32);
        self.passing.is_stale |= news.iter().any(steers);
        let logged: BTreeSet<EntryId> = news.iter().copied().collect();
        news.extend(self.shown_anew().into_iter().filter(|id| !logged.contains(id)));
        // Of very many, such as an import, only the last is told: whoever listens reads again anyway.
        let told = if news.len() > TOLD_EACH_MAX { &news[news.len() - 1..] } else { &news };
        for id in told {
            self.happened("entry", id);
        }
    }

    /// What the feed shows from now on although nothing about it came into the trust log: what waits for earlier entries of its log, and
    /// what was judged again and takes effect.
    fn shown_anew(&self) -> Vec<EntryId> {
        let changed = |table| self.tx.changes().range((table, Vec::new())..).take_while(move |((other, _), _)| *other == table);
        let listed =
            changed(Table::FeedAll).filter(|(_, row)| row.is_some()).filter_map(|((_, key), _)| EntryId::from_slice(key.get(8..)?));
        let parked = changed(Table::Parked).filter_map(|(_, row)| self.tx.decoded::<Unverified>(Table::Parked, row.as_ref()?));
        let parked = parked.filter_map(|raw| raw.trusted().ok());
        let waiting = parked.filter(|entry| feed::is_said(entry.header().kind) && known::author(&self.tx, entry.header()).is_some());
        listed.chain(waiting.map(|entry| entry.id())).collect()
    }

    /// Offers an entry to the others: by gossip at once, and by a comparison with connected members soon.
    pub(super) fn announce(&mut self, entry: &Entry) {
        let data = encode(&Item::Entry(entry.raw().clone()));
        for circle in self.circles_of(&entry.header().space) {
            // New keys are for those who remain; on the topic of before, whoever was removed may still listen.
            if self.conduct.gossip
                && !matches!(Kind::from_code(entry.header().kind), Some(Kind::Epoch | Kind::EpochBoxes))
                && data.len() <= GOSSIP_MAX_BYTES
                && let Some(topic) = self.passing.topics.get(&circle).cloned()
            {
                self.send(NetCommand::Publish { topic, data: data.clone() });
            }
            self.compare_soon(circle, None);
        }
    }

    /// The circles under which a space travels: itself, or those that a shop is shared into.
    pub(super) fn circles_of(&self, space: &SpaceId) -> Vec<SpaceId> {
        if circle::roster(&self.tx, space).is_some() { vec![*space] } else { shelf::circles(&self.tx, space) }
    }

    /// Wants a circle compared with connected members but one, shortly: there is news.
    pub(super) fn compare_soon(&mut self, circle: SpaceId, except: Option<haat_protocol::id::DeviceId>) {
        let grace = if self.conduct.gossip { GOSSIP_GRACE_MS } else { 0 };
        let due = Due { at: self.now.plus(grace), except, all: false };
        self.passing.due.entry(circle).and_modify(|due| due.except = None).or_insert(due);
    }
}

/// Keys that are needed are not here.
pub(super) fn no_key() -> Problem {
    Problem::refused("no-key", "nothing can be said there now", "the keys of this circle or shop are not here yet")
        .hint("wait until another member is online, then try again")
}

/// A fault of ours.
pub(super) fn internal(what: &str) -> Problem {
    Problem::new(ProblemKind::Internal, "internal", "an internal fault", what).hint("please report this")
}
