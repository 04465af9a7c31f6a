//! Names: turns what a person wrote into what is meant, and an id into what I call it.
//!
//! Order of meaning: petname, name, whole id, unique prefix of an id. It must never guess among several.

mod choose;
mod people;

use haat_protocol::body::{Body, ListingRef};
use haat_protocol::circle::{Request, Roster};
use haat_protocol::id::{EntryId, IdentityId, OrderId, SpaceId};
use haat_protocol::invite::Code;
use haat_protocol::kind::{Kind, Secrecy, secrecy_of};
pub(crate) use haat_protocol::local::typo::nearest;
use haat_protocol::local::{Problem, ProblemKind};

use crate::myself::Myself;
use crate::payment;
use crate::store::{Table, Tx};
use crate::view::{self, BodyRow, known, shelf};
use choose::{Candidate, choose, digits};
pub(crate) use people::People;

/// Something to buy, as it was pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offered {
    /// The listing.
    pub lineage: EntryId,
    /// The version that was seen.
    pub version: EntryId,
    /// The post or recommendation that led here.
    pub via: Option<EntryId>,
    /// Where that was said.
    pub circle: Option<SpaceId>,
}

/// The circle that is meant, whatever my state in it.
///
/// # Errors
/// None or several fit.
pub fn circle(tx: &Tx<'_>, me: &Myself, text: &str) -> Result<SpaceId, Problem> {
    let candidate = |space: &SpaceId| Candidate {
        id: space.0,
        names: circle_name(tx, space).into_iter().collect(),
        is_past: view::circle::roster(tx, space).is_some_and(|roster| !roster.has(&me.id())),
        ..Candidate::default()
    };
    choose("circle", text, &circles(tx).iter().map(candidate).collect::<Vec<_>>()).map(SpaceId)
}

/// All circles known here, by id; those included that I only asked to join, also in vain.
pub(crate) fn circles(tx: &Tx<'_>) -> Vec<SpaceId> {
    let mut all = view::circle::all(tx);
    let asked = [Table::Join, Table::Declined].map(|table| tx.prefix(table, &[]));
    all.extend(asked.iter().flatten().filter_map(|(key, _)| SpaceId::from_slice(key)));
    all.sort();
    all.dedup();
    all
}

/// The name of a circle: its own, else the one that its invite code hints at.
pub(crate) fn circle_name(tx: &Tx<'_>, space: &SpaceId) -> Option<String> {
    let hint = || Code::parse(&tx.load::<String>(Table::Join, &space.0)?).ok().map(|code| code.name);
    let hint = || hint().or_else(|| Some(view::circle::declined(tx, space)?.name));
    view::circle::roster(tx, space).map(|roster| roster.name.clone()).or_else(hint)
}

/// The person who is meant: anyone who is or was in a circle with me, or myself.
///
/// # Errors
/// None or several fit.
pub fn person(tx: &Tx<'_>, me: &Myself, text: &str) -> Result<IdentityId, Problem> {
    choose("person", text, &People::read(tx, me).candidates()).map(IdentityId)
}

/// The person who is meant among those who ask to be let in.
///
/// # Errors
/// None or several fit.
pub(crate) fn requester(roster: &Roster, text: &str) -> Result<IdentityId, Problem> {
    let candidate = |(person, request): (&IdentityId, &Request)| Candidate {
        id: person.0,
        names: vec![request.add.name.clone()],
        ..Candidate::default()
    };
    choose("request", text, &roster.requests.iter().map(candidate).collect::<Vec<_>>()).map(IdentityId)
}

/// What I call a person: a petname, else the name the person goes by, else a short id.
#[must_use]
pub fn display_name(tx: &Tx<'_>, me: &Myself, person: &IdentityId) -> String {
    People::read(tx, me).call(person)
}

/// The shop that is meant.
///
/// # Errors
/// None or several fit.
pub fn shop(tx: &Tx<'_>, _me: &Myself, text: &str) -> Result<SpaceId, Problem> {
    let candidate = |(key, row): &(Vec<u8>, Vec<u8>)| {
        let row: shelf::ShopRow = tx.decoded(Table::Shop, row)?;
        let is_past = view::block::is_blocked(tx, &row.keeper);
        Some(Candidate { id: key.as_slice().try_into().ok()?, names: vec![row.body.name], is_past, ..Candidate::default() })
    };
    choose("shop", text, &tx.prefix(Table::Shop, &[]).iter().filter_map(candidate).collect::<Vec<_>>()).map(SpaceId)
}

/// The listing that is meant, by its title, its id, or the id of any of its versions.
///
/// # Errors
/// None or several fit.
pub fn listing(tx: &Tx<'_>, _me: &Myself, text: &str) -> Result<EntryId, Problem> {
    if let Some(lineage) = lineage_of(tx, text) {
        return Ok(lineage);
    }
    let mut candidates = Vec::new();
    for (key, row) in tx.prefix(Table::Listing, &[]) {
        let (Some(lineage), Some(row)) = (EntryId::from_slice(&key), tx.decoded::<shelf::ListingRow>(Table::Listing, &row)) else {
            continue;
        };
        let title = row.current().and_then(|version| title(tx, &version));
        let is_past = row.is_withdrawn() || view::block::is_shop_blocked(tx, &row.shop);
        for (_, version) in row.versions.iter().filter(|(_, version)| *version != lineage) {
            candidates.push(Candidate { id: version.0, means: Some(lineage.0), is_past, ..Candidate::default() });
        }
        candidates.push(Candidate { id: lineage.0, names: title.into_iter().collect(), is_past, ..Candidate::default() });
    }
    choose("listing", text, &candidates).map(EntryId)
}

/// The listing with this whole id, or of the version with this whole id, without a look at all others.
fn lineage_of(tx: &Tx<'_>, text: &str) -> Option<EntryId> {
    let id: EntryId = text.trim().parse().ok()?;
    if shelf::row(tx, &id).is_some() {
        return Some(id);
    }
    let Some(Body::Listing(body)) = view::body(tx, &id) else { return None };
    let lineage = body.lineage?;
    shelf::row(tx, &lineage)?.versions.iter().any(|(_, version)| *version == id).then_some(lineage)
}

/// Title of a version of a listing.
pub(crate) fn title(tx: &Tx<'_>, version: &EntryId) -> Option<String> {
    match view::body(tx, version)? {
        Body::Listing(body) => Some(body.title),
        _ => None,
    }
}

/// The entry that is meant: something said, or a vouch.
///
/// # Errors
/// None or several fit.
pub fn entry(tx: &Tx<'_>, _me: &Myself, text: &str) -> Result<EntryId, Problem> {
    let is_said = |row: &[u8]| {
        let Some(BodyRow { kind, .. }) = tx.decoded(Table::Body, row) else { return false };
        kind == Kind::Vouch.code() || secrecy_of(kind) == Secrecy::Content && kind != Kind::Retract.code()
    };
    choose("entry", text, &by_prefix(tx, Table::Body, text, is_said)).map(EntryId)
}

/// The order that is meant, of this person's own or one to decide about, by its id or by the reference of its payment.
///
/// # Errors
/// None or several fit.
pub fn order(tx: &Tx<'_>, _me: &Myself, text: &str) -> Result<OrderId, Problem> {
    let text = payment::order_of(text).unwrap_or(text);
    let mut candidates = by_prefix(tx, Table::Order, text, |_| true);
    candidates.extend(by_prefix(tx, Table::Case, text, |_| true));
    choose("order", text, &candidates).map(OrderId)
}

/// Rows of a table whose key begins with these digits.
fn by_prefix(tx: &Tx<'_>, table: Table, text: &str, fits: impl Fn(&[u8]) -> bool) -> Vec<Candidate> {
    let Some(digits) = digits(text.trim()) else { return Vec::new() };
    // An odd last digit is left to who chooses.
    let whole = &digits.as_bytes()[..digits.len() & !1];
    let Ok(prefix) = data_encoding::HEXLOWER.decode(whole) else { return Vec::new() };
    let rows = tx.prefix(table, &prefix).into_iter().filter(|(_, row)| fits(row));
    rows.filter_map(|(key, _)| Some(Candidate { id: key.try_into().ok()?, ..Candidate::default() })).collect()
}

/// What is meant by who wants to buy: a listing, or a post or recommendation that points at one.
///
/// # Errors
/// None or several fit, or the listing has not come here.
pub fn offered(tx: &Tx<'_>, me: &Myself, text: &str) -> Result<Offered, Problem> {
    match (listing(tx, me, text), entry(tx, me, text)) {
        (Ok(lineage), Ok(entry)) if digits(text.trim()).is_some_and(|digits| lineage.to_string().starts_with(&digits)) => {
            let fits = format!("{text:?} may be the listing {} or the entry {}", lineage.short(), entry.short());
            Err(Problem::usage("ambiguous", "more than one thing fits", fits).hint("write more of the id"))
        }
        (Ok(lineage), _) => {
            let version = shelf::row(tx, &lineage).and_then(|row| row.current());
            let version = version.ok_or_else(|| Problem::not_found("listing", text))?;
            Ok(Offered { lineage, version, via: None, circle: None })
        }
        (Err(problem), Ok(via)) if problem.kind == ProblemKind::NotFound => pointed_at(tx, &via),
        (Err(problem), Err(other)) if problem.kind == ProblemKind::NotFound && other.kind != ProblemKind::NotFound => Err(other),
        (Err(problem), _) => Err(problem),
    }
}

fn pointed_at(tx: &Tx<'_>, via: &EntryId) -> Result<Offered, Problem> {
    let target = view::body(tx, via).as_ref().and_then(points_at).cloned();
    let target =
        target.ok_or_else(|| Problem::usage("no-listing", "there is nothing to buy", format!("{} points at no listing", via.short())))?;
    let held = shelf::row(tx, &target.listing).is_some_and(|row| row.versions.iter().any(|(_, version)| *version == target.version));
    let circle = known::entry(tx, via).map(|entry| entry.header().space);
    if held {
        return Ok(Offered { lineage: target.listing, version: target.version, via: Some(*via), circle });
    }
    Err(Problem::not_found("listing", &target.listing.to_string())
        .hint("it has not come here yet: wait until its seller or a friend is online"))
}

/// The listing that something said points at.
pub(crate) fn points_at(body: &Body) -> Option<&ListingRef> {
    match body {
        Body::Recommend(body) => Some(&body.listing),
        Body::Post(body) | Body::Reply(body) => body.listings.first(),
        _ => None,
    }
}
