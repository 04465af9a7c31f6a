//! Checking and deriving again: every link, every signature, every view.
//!
//! The audit derives into memory what the items say, and compares; `rebuild` puts the same rows in the place of those held. Neither
//! changes anything that is not a view.

use haat_protocol::admit::{self, Head, Verdict};
use haat_protocol::entry::Entry;
use haat_protocol::fork::ForkProof;
use haat_protocol::id::{Digest, EntryId, EventId};
use haat_protocol::identity::Chain;
use haat_protocol::order::{Event, SignedReceipt};

use super::{Link, Sort, link};
use crate::fact::Fact;
use crate::intake::order as intake_order;
use crate::myself::Myself;
use crate::secret;
use crate::store::memo::Memos;
use crate::store::{Batch, Range, Snapshot, StoreError, Table, Tx, table};
use crate::view::{self, Cx, known};

/// Positions derived before the changes are folded into the derived rows: bounds memory of one overlay.
const CHUNK: u64 = 1024;

/// A sound log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Positions.
    pub entries: u64,
    /// The last link.
    pub head: Digest,
    /// Entries whose payload is gone, by the author's wish.
    pub holes: u64,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// An item of the log.
    #[error("position {position}: {what}")]
    Item {
        /// Where.
        position: u64,
        /// What.
        what: String,
    },
    /// A derived row.
    #[error("view {view}: {what}")]
    View {
        /// Which table.
        view: &'static str,
        /// What.
        what: String,
    },
    /// The store itself.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The truth of a store with views of its own beside it.
struct Derived<'a> {
    base: &'a dyn Snapshot,
    views: crate::store::memory::MemoryStore,
}

struct Layer<'a> {
    base: &'a dyn Snapshot,
    views: Box<dyn Snapshot>,
}

impl Layer<'_> {
    fn of(&self, table: Table) -> &dyn Snapshot {
        if table.sort() == table::Sort::View { &*self.views } else { self.base }
    }
}

impl Snapshot for Layer<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.of(table).get(table, key)
    }

    fn scan(&self, table: Table, range: Range<'_>) -> Result<Vec<crate::store::Pair>, StoreError> {
        self.of(table).scan(table, range)
    }
}

/// Checks chain, signatures and views of a store.
///
/// # Errors
/// [`Unsound`] names the first fault and its position.
pub fn verify(base: &dyn Snapshot, me: &Myself) -> Result<Sound, Unsound> {
    let (sound, derived) = derive(base, me)?;
    for table in Table::ALL.iter().filter(|table| table.sort() == table::Sort::View) {
        let all = Range { from: &[], to: None, reverse: false, limit: usize::MAX };
        let (held, again) = (base.scan(*table, all)?, derived.views.snapshot_rows(*table));
        if let Some(what) = difference(&held, &again) {
            return Err(Unsound::View { view: table.text(), what });
        }
    }
    Ok(sound)
}

/// Derives all views again: the changes that put them in the place of those held.
///
/// # Errors
/// [`Unsound`] when the log itself is not sound; then nothing may be changed.
pub fn rebuild(base: &dyn Snapshot, me: &Myself) -> Result<(Sound, Batch), Unsound> {
    let (sound, derived) = derive(base, me)?;
    let mut batch = Batch::new();
    for table in Table::ALL.iter().filter(|table| table.sort() == table::Sort::View) {
        let all = Range { from: &[], to: None, reverse: false, limit: usize::MAX };
        batch.extend(base.scan(*table, all)?.into_iter().map(|(key, _)| ((*table, key), None)));
        batch.extend(derived.views.snapshot_rows(*table).into_iter().map(|(key, row)| ((*table, key), Some(row))));
    }
    Ok((sound, batch))
}

fn difference(held: &[crate::store::Pair], again: &[crate::store::Pair]) -> Option<String> {
    let at = held.iter().zip(again).position(|(a, b)| a != b);
    let short = |pair: Option<&crate::store::Pair>| {
        pair.map_or_else(|| "nothing".to_owned(), |(key, _)| data_encoding::HEXLOWER.encode(&key[..key.len().min(8)]))
    };
    match at {
        Some(at) => Some(format!("row {at} differs: held {}, derived {}", short(held.get(at)), short(again.get(at)))),
        None if held.len() != again.len() => Some(format!("{} rows held, {} derived", held.len(), again.len())),
        None => None,
    }
}

fn derive<'a>(base: &'a dyn Snapshot, me: &Myself) -> Result<(Sound, Derived<'a>), Unsound> {
    let mut derived = Derived { base, views: crate::store::memory::MemoryStore::default() };
    let mut sound = Sound { entries: 0, head: Digest([0; 32]), holes: 0 };
    let memos = Memos::default();
    loop {
        // Of what the last overlay changed only views were kept.
        memos.clear();
        let layer = Layer { base: derived.base, views: crate::store::Store::snapshot(&derived.views)? };
        let mut tx = Tx::with_memos(&layer, &memos);
        let from = sound.entries.to_be_bytes();
        let rows = tx.scan(Table::Log, Range { from: &from, to: None, reverse: false, limit: CHUNK as usize });
        if rows.is_empty() {
            tx.finish()?;
            return Ok((sound, derived));
        }
        for (key, row) in rows {
            let position = sound.entries;
            let fail = |what: String| Unsound::Item { position, what };
            if key != position.to_be_bytes() {
                return Err(fail("this position is missing".into()));
            }
            let held: Link = tx.decoded(Table::Log, &row).ok_or_else(|| fail("the link is damaged".into()))?;
            if held.link != link(&sound.head, position, held.at, held.sort, &held.item) {
                return Err(fail("the link does not follow from what came before".into()));
            }
            let mut cx = Cx { tx: &mut tx, me, at: held.at };
            sound.holes += u64::from(replay(&mut cx, &held).map_err(fail)?);
            sound.entries += 1;
            sound.head = held.link;
        }
        let batch = tx.finish()?;
        // Replaying drops payloads that are gone already; only views are kept of what it changes.
        let views = batch.into_iter().filter(|((table, _), _)| table.sort() == table::Sort::View).collect();
        crate::store::Store::commit(&mut derived.views, views)?;
    }
}

/// Derives from one item what was derived when it was accepted; says whether its payload is gone.
fn replay(cx: &mut Cx<'_, '_, '_>, held: &Link) -> Result<bool, String> {
    let item = held.item;
    match held.sort {
        Sort::Entry | Sort::Sealed => {
            let entry = verified(cx, &EntryId(item.0))?;
            let Verdict::Admitted(head) = admit::header(&known::Known(cx.tx), &entry, held.at) else {
                return Err("the entry would not be admitted here".into());
            };
            view::keep(cx, &entry, &head);
            if held.sort == Sort::Sealed {
                view::seal(cx, &entry, &head);
                return Ok(false);
            }
            open(cx, &entry, &head)
        }
        Sort::Opened => {
            let entry = verified(cx, &EntryId(item.0))?;
            let head: Option<Head> = cx.tx.load(Table::Sealed, &view::sealed_key(&entry));
            open(cx, &entry, &head.ok_or("the entry was not waiting to be opened")?)
        }
        Sort::Chain => {
            let chain: Chain = row(cx, Table::Chain, &item)?;
            let identity = chain.verify().map_err(|fault| fault.to_string())?;
            if identity.head().1 != item {
                return Err("the identity chain is another".into());
            }
            view::identity(cx, &identity);
            Ok(false)
        }
        Sort::OrderEvent => {
            let event = Event::read(row(cx, Table::OrderEvent, &item)?).map_err(|fault| fault.to_string())?;
            if event.id() != EventId(item.0) {
                return Err("the order event is another".into());
            }
            view::order::event(cx, &event);
            Ok(false)
        }
        Sort::Receipt => {
            let signed: SignedReceipt = row(cx, Table::Receipt, &item)?;
            let receipt = signed.read().map_err(|fault| fault.to_string())?;
            if intake_order::id(&signed) != item {
                return Err("the receipt is another".into());
            }
            view::order::receipt(cx, &item, &receipt);
            Ok(false)
        }
        Sort::Fork => {
            let proof: ForkProof = row(cx, Table::Fork, &item)?;
            let fork = proof.verify().map_err(|fault| fault.to_string())?;
            if fork.id() != item {
                return Err("the proof is another".into());
            }
            view::fork::note(cx, &fork);
            Ok(false)
        }
        Sort::Fact => {
            let fact: Fact = row(cx, Table::Fact, &item)?;
            if fact.id() != item {
                return Err("the fact is another".into());
            }
            view::fact(cx, &fact);
            Ok(false)
        }
    }
}

fn row<T: serde::de::DeserializeOwned>(cx: &Cx<'_, '_, '_>, table: Table, item: &Digest) -> Result<T, String> {
    let bytes = cx.tx.get(table, &item.0).ok_or_else(|| format!("the {} is missing", table.text()))?;
    haat_protocol::codec::decode_own(&bytes).map_err(|fault| format!("the {} is damaged: {fault}", table.text()))
}

fn verified(cx: &Cx<'_, '_, '_>, id: &EntryId) -> Result<Entry, String> {
    let raw: haat_protocol::entry::Unverified = row(cx, Table::Entry, &Digest(id.0))?;
    let entry = raw.verify().map_err(|fault| format!("the entry is damaged: {fault}"))?;
    if entry.id() == *id { Ok(entry) } else { Err("the entry is another".into()) }
}

fn open(cx: &mut Cx<'_, '_, '_>, entry: &Entry, head: &Head) -> Result<bool, String> {
    if entry.raw().payload.is_none() {
        view::hollow(cx, entry);
        return Ok(true);
    }
    let key = secret::for_header(cx.tx, cx.me, entry.header());
    let bytes = entry.open(key.as_ref()).map_err(|_| "the payload does not open any more")?;
    view::open(cx, entry, head, &bytes);
    Ok(false)
}
