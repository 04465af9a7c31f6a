//! The one door. Own or foreign, live or synced, every entry comes through here, in two stages.
//!
//! The header stage decides whether an entry is kept in its chain; the body stage whether it has any effect. Neither changes
//! anything: what is known is asked of a [`View`], what follows is returned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::body::{Body, BodyError, Interest};
use crate::circle::{NormsState, Standing};
use crate::entry::{Entry, FLAG_CRITICAL, Header, LogId};
use crate::id::{EntryId, IdentityId, SpaceId};
use crate::kind::{Kind, Quota, Secrecy};
use crate::limits::{
    CLOCK_SKEW_MS, ENTRIES_PER_DAY_MAX, EPOCHS_PER_DAY_MAX, LOG_NUMBERS_PER_DAY, NORMS_GRACE_MS, NORMS_PER_DAY_MAX,
    SHOP_ENTRIES_PER_DAY_MAX,
};
use crate::money::Money;
use crate::norms::{Disclosure, Norms, Role};
use crate::space::Sort;
use crate::time::Millis;

/// The end of a log, with what the quotas count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last entry.
    pub id: EntryId,
    /// Its sequence.
    pub seq: u64,
    /// Its lamport time.
    pub lamport: u64,
    /// Greatest claimed day so far.
    pub day: u64,
    /// Entries in that day.
    pub day_entries: u64,
    /// Entries in that day by kind.
    pub day_kinds: BTreeMap<String, u64>,
    /// Greatest version of the norms cited so far.
    pub norms: u64,
    /// Sequence of an entry that must be understood and is not; what follows it has no effect.
    pub stopped: Option<u64>,
}

/// Who may write a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A person whose log stands so.
    Person(IdentityId, Standing),
    /// Nobody that is known here yet.
    Unknown,
}

/// What the door asks of whoever holds the entries.
pub trait View {
    /// The end of a log.
    fn head(&self, log: &LogId) -> Option<Head>;
    /// The entry at a place of a log.
    fn at(&self, log: &LogId, seq: u64) -> Option<EntryId>;
    /// The header of a held entry.
    fn header(&self, id: &EntryId) -> Option<Header>;
    /// Who writes this log, and how it stands.
    fn writer(&self, log: &LogId) -> Writer;
    /// Circle or shop; none when the space is not known here.
    fn sort(&self, space: &SpaceId) -> Option<Sort>;
    /// Who keeps a shop.
    fn shopkeeper(&self, shop: &SpaceId) -> Option<IdentityId>;
    /// When a space says that it was begun; none when it is not known here.
    fn created(&self, space: &SpaceId) -> Option<Millis>;
    /// The prices of a version of a listing; none when it is not held or cannot be read.
    fn prices(&self, version: &EntryId) -> Option<Vec<Money>>;
}

/// What an entry waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Earlier entries of its log.
    Predecessor,
    /// The entry that admits its writer, or its space.
    Writer,
    /// Its own claimed time.
    Time(Millis),
}

/// What the header stage says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Kept; the log ends here now.
    Admitted(Head),
    /// Held already.
    Known,
    /// Perhaps later.
    Waiting(Missing),
    /// Not kept.
    Refused(Refusal),
}

/// Why a header is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another entry stands at this place of the log.
    #[error("another entry stands at this place of the log")]
    Fork(EntryId),
    /// It names another predecessor than the one before it.
    #[error("it does not follow the entry before")]
    Unlinked,
    /// Its log was cut before it.
    #[error("its writer was removed before it")]
    BeyondCut,
    /// A log of a number that comes free on a later day.
    #[error("its log has a number that is not free that day")]
    LogNumber,
    /// More than a log may have in a day.
    #[error("its log has too many entries that day")]
    DayQuota,
    /// A circle's log in a space that is a shop, or the other way round.
    #[error("a kind that this space does not have")]
    WrongSpace,
    /// Without the payload, although nobody can take an entry of its kind back: another holder has it whole.
    #[error("its payload is missing")]
    Hollow,
}

/// Why an opened entry has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Void {
    /// The body breaks a rule that holds everywhere.
    #[error("{0}")]
    Body(#[from] BodyError),
    /// It follows something that had to be understood and was not.
    #[error("it follows an entry that a newer program made")]
    Stopped,
    /// Its lamport time is not one more than what it follows.
    #[error("its place in the order of things is not one more than what it follows")]
    Lamport,
    /// More of its sort than the circle's norms allow in a day.
    #[error("more in a day than the circle's norms allow")]
    Norms,
    /// More epochs than a log may begin in a day.
    #[error("more epochs in a day than a log may begin")]
    Epochs,
    /// It cites norms that nobody could cite there.
    #[error("it cites other norms than the entries before it")]
    NormsCited,
    /// It cites norms that are not held here; it is judged again when they come.
    #[error("the norms it cites are not here yet")]
    NormsMissing,
    /// It cites norms that were replaced long before.
    #[error("it cites norms that were replaced long before")]
    NormsOver,
    /// The norms give it no place.
    #[error("the circle's norms have no place for it")]
    Denied,
    /// What is recommended costs less or more than the norms allow.
    #[error("what it recommends is outside the circle's price band")]
    Price,
    /// Who shares it has a lesser role than who sells there.
    #[error("the circle's norms let nobody below {} sell", .0.text())]
    Seller(Role),
    /// About something that is not the author's.
    #[error("{0}")]
    NotTheirs(&'static str),
    /// A seller who recommends without saying so.
    #[error("a seller who recommends an own listing says so")]
    Undisclosed,
}

/// First stage: signature and form were checked when the entry was made; here chain, writer, time and the constant quota.
pub fn header(view: &impl View, entry: &Entry, now: Millis) -> Verdict {
    let header = entry.header();
    let log = header.log_id();
    let head = view.head(&log);
    if let Some(held) = head.as_ref().filter(|head| header.seq <= head.seq).and_then(|_| view.at(&log, header.seq)) {
        return if held == entry.id() { Verdict::Known } else { Verdict::Refused(Refusal::Fork(held)) };
    }
    if header.at > now.plus(CLOCK_SKEW_MS) {
        return Verdict::Waiting(Missing::Time(Millis(header.at.0 - CLOCK_SKEW_MS)));
    }
    match view.writer(&log) {
        Writer::Unknown => return Verdict::Waiting(Missing::Writer),
        Writer::Person(_, standing) if !standing.keeps(header.seq) => return Verdict::Refused(Refusal::BeyondCut),
        Writer::Person(..) => {}
    }
    if header.seq != head.as_ref().map_or(0, |head| head.seq + 1) {
        return Verdict::Waiting(Missing::Predecessor);
    }
    if header.prev != head.as_ref().map(|head| head.id) {
        return Verdict::Refused(Refusal::Unlinked);
    }
    let Some(sort) = view.sort(&header.space) else { return Verdict::Waiting(Missing::Writer) };
    if !belongs(header.kind, sort) {
        return Verdict::Refused(Refusal::WrongSpace);
    }
    if header.seq == 0 && header.log >= view.created(&header.space).map_or(LOG_NUMBERS_PER_DAY, |created| free_numbers(created, header.at))
    {
        return Verdict::Refused(Refusal::LogNumber);
    }
    let stays = Kind::from_code(header.kind).is_some_and(|kind| kind.secrecy() != Secrecy::Content);
    if stays && entry.raw().payload.is_none() {
        return Verdict::Refused(Refusal::Hollow);
    }
    let next = follow(head.as_ref(), entry);
    let most = if sort == Sort::Shop { SHOP_ENTRIES_PER_DAY_MAX } else { ENTRIES_PER_DAY_MAX };
    if next.day_entries > most { Verdict::Refused(Refusal::DayQuota) } else { Verdict::Admitted(next) }
}

/// The numbers below this one are free for logs that begin then, in a space that was begun at `created`.
#[must_use]
pub const fn free_numbers(created: Millis, at: Millis) -> u64 {
    LOG_NUMBERS_PER_DAY.saturating_mul(at.day().saturating_sub(created.day()).saturating_add(1))
}

/// Whether a kind, also one of a newer version, may stand in this sort of space.
fn belongs(kind: u64, sort: Sort) -> bool {
    (sort == Sort::Shop) == (64..96).contains(&kind)
}

/// The end of a log once this entry is kept behind that head.
#[must_use]
pub fn follow(head: Option<&Head>, entry: &Entry) -> Head {
    let header = entry.header();
    let day = header.at.day().max(head.map_or(0, |head| head.day));
    let same_day = head.filter(|head| head.day == day);
    let mut day_kinds = same_day.map(|head| head.day_kinds.clone()).unwrap_or_default();
    *day_kinds.entry(header.kind.to_string()).or_default() += 1;
    let unknown = Kind::from_code(header.kind).is_none() && header.flags & FLAG_CRITICAL != 0;
    let stops = unknown || header.has_unknown_critical_extension();
    Head {
        id: entry.id(),
        seq: header.seq,
        lamport: header.lamport,
        day,
        day_entries: same_day.map_or(0, |head| head.day_entries) + 1,
        day_kinds,
        norms: head.map_or(0, |head| head.norms).max(header.norms().unwrap_or(0)),
        stopped: head.and_then(|head| head.stopped).or(stops.then_some(header.seq)),
    }
}

/// What the body stage knows of the entry besides its body.
#[derive(Debug)]
pub struct Opened<'a> {
    /// Its header.
    pub header: &'a Header,
    /// Who wrote it.
    pub author: IdentityId,
    /// The role that the author had at its place in the order; member where nothing says otherwise.
    pub role: Role,
    /// The end of its log once it is kept, as the header stage returned it.
    pub head: &'a Head,
    /// The norms of the circle by version, as far as they are known; a shop has none.
    pub norms: Option<&'a BTreeMap<u64, NormsState>>,
}

/// Second stage: kind rules and norms of an opened body. What fails here stays in the chain, without effect.
///
/// # Errors
/// [`Void`] says why it has no effect.
pub fn body(view: &impl View, opened: &Opened<'_>, body: &Body) -> Result<(), Void> {
    if opened.head.stopped.is_some_and(|seq| seq <= opened.header.seq) {
        return Err(Void::Stopped);
    }
    check_lamport(view, opened.header)?;
    body.check()?;
    if matches!(body, Body::Epoch(_)) && counted(opened.head, |kind| kind == Kind::Epoch) > EPOCHS_PER_DAY_MAX {
        return Err(Void::Epochs);
    }
    if let Some(norms) = opened.norms.filter(|_| Norms::judge(body.kind())) {
        let norms = cited(opened, norms)?;
        check_quota(norms, opened.head, body.kind().quota())?;
        check_norms(view, norms, body)?;
        if matches!(body, Body::Share(_)) && opened.role < norms.sell {
            return Err(Void::Seller(norms.sell));
        }
    }
    if matches!(body, Body::Norms(_)) && counted(opened.head, |kind| kind == Kind::Norms) > NORMS_PER_DAY_MAX {
        return Err(Void::Norms);
    }
    check_author(view, opened, body)
}

fn check_lamport(view: &impl View, header: &Header) -> Result<(), Void> {
    let times: Vec<Option<u64>> = header.prev.iter().chain(&header.refs).map(|id| view.header(id).map(|h| h.lamport)).collect();
    let greatest = times.iter().flatten().max().copied().unwrap_or(0);
    let all_held = times.iter().all(Option::is_some);
    let right = if all_held { header.lamport == greatest + 1 } else { header.lamport > greatest };
    if right { Ok(()) } else { Err(Void::Lamport) }
}

/// The norms that an entry cites: held, not older than those cited before it in its log, and not long superseded.
fn cited<'a>(opened: &Opened<'_>, norms: &'a BTreeMap<u64, NormsState>) -> Result<&'a Norms, Void> {
    let version = opened.header.norms().ok_or(Void::NormsCited)?;
    if version < opened.head.norms {
        return Err(Void::NormsCited);
    }
    let state = norms.get(&version).ok_or(Void::NormsMissing)?;
    let is_over = norms.get(&(version + 1)).is_some_and(|next| opened.header.at > next.at.plus(NORMS_GRACE_MS));
    if is_over { Err(Void::NormsOver) } else { Ok(&state.norms) }
}

fn check_norms(view: &impl View, norms: &Norms, body: &Body) -> Result<(), Void> {
    if norms.denied.contains(&body.kind().code()) {
        return Err(Void::Denied);
    }
    let Body::Recommend(body) = body else { return Ok(()) };
    if norms.interest == Disclosure::None && body.interest != Interest::None {
        return Err(Void::Denied);
    }
    let prices = view.prices(&body.listing.version).unwrap_or_default();
    if prices.iter().all(|price| norms.allows_price(price)) { Ok(()) } else { Err(Void::Price) }
}

fn check_quota(norms: &Norms, head: &Head, quota: Quota) -> Result<(), Void> {
    if quota == Quota::Free {
        return Ok(());
    }
    if counted(head, |kind| kind.quota() == quota) > norms.allows(quota) { Err(Void::Norms) } else { Ok(()) }
}

/// Entries of these kinds in the day of the log's end.
fn counted(head: &Head, of: impl Fn(Kind) -> bool) -> u64 {
    Kind::ALL.iter().filter(|kind| of(**kind)).filter_map(|kind| head.day_kinds.get(&kind.code().to_string())).sum()
}

fn check_author(view: &impl View, opened: &Opened<'_>, body: &Body) -> Result<(), Void> {
    let author = opened.author;
    let same_author = |id: &EntryId| {
        let log = view.header(id)?.log_id();
        let same_space = log.space == opened.header.space;
        Some(same_space && matches!(view.writer(&log), Writer::Person(person, _) if person == author))
    };
    match body {
        Body::Vouch(b) if b.identity == author => Err(Void::NotTheirs("nobody vouches for themselves")),
        Body::Retract(b) if same_author(&b.entry) == Some(false) => Err(Void::NotTheirs("only the author takes an entry back")),
        Body::Review(b) if ![b.right.right.buyer, b.right.right.seller].contains(&author) => {
            Err(Void::NotTheirs("only a party of the order reviews it"))
        }
        Body::Recommend(b) if b.interest != Interest::Seller && view.shopkeeper(&b.listing.shop) == Some(author) => Err(Void::Undisclosed),
        Body::Share(b) if b.inception.creator != author => Err(Void::NotTheirs("only its keeper shares a shop")),
        Body::Unshare(b) if view.shopkeeper(&b.shop).is_some_and(|keeper| keeper != author) => {
            Err(Void::NotTheirs("only its keeper takes a shop back"))
        }
        Body::CircleCreate(b) if b.inception.id() != opened.header.space || b.inception.creator != author => {
            Err(Void::NotTheirs("the inception is another circle's"))
        }
        Body::ShopCreate(b) if b.inception.id() != opened.header.space || b.inception.creator != author => {
            Err(Void::NotTheirs("the inception is another shop's"))
        }
        _ => Ok(()),
    }
}
