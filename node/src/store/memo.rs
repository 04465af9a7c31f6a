//! Memos: what was derived from rows and is asked for again and again, kept until one of those rows changes.
//!
//! While a memo is made, the transaction notes which rows are looked at; a change to any of them, committed or not, ends it. So a memo
//! is what deriving anew would give, whatever is derived. It must never hold what follows from more than rows: no clock, no presence.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use haat_protocol::limits::MEMOS_MAX;

use super::{Range, Table};

/// What is remembered; with a key that says of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The circles known here.
    Circles,
    /// A circle's roster.
    Roster,
    /// A person, by the newest chain held.
    Identity,
    /// A circle's topic secrets.
    Topics,
    /// Who may write a log.
    Writer,
    /// The header of an entry that has its place.
    Header,
    /// The end of the trust log.
    End,
    /// How far a log is held.
    Log,
    /// What is held of a scope.
    Streams,
    /// Whom adds of a circle name who is not and was not in it.
    Vain,
    /// Whether a newcomer's proof holds, by all that it is checked with: it follows from no row and stays true.
    Proof,
}

/// How many sorts there are.
const SORTS: usize = Sort::Proof as usize + 1;

/// Rows are told apart by their table and one byte that their key is boiled down to, ranges by the first byte of their keys: coarse, so
/// that noting and comparing are cheap. A change to another row of the same cell ends a memo early, which costs time and nothing else.
type Cell = u16;

/// What a key is boiled down to, and how many first bytes there are.
const BYTES: usize = 256;
/// Cells of a table: for each row, for each first byte, and one for all of it.
const CELLS_PER_TABLE: usize = 2 * BYTES + 1;

/// The cell of one row.
fn cell_of_row(table: Table, key: &[u8]) -> Cell {
    let mix = |sum: u64, part: &[u8]| {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        (sum.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let [byte, ..] = key.chunks(8).fold(0, mix).to_be_bytes();
    place(table, usize::from(byte))
}

/// The cell of all rows whose keys begin so.
fn cell_of_first(table: Table, first: u8) -> Cell {
    place(table, BYTES + usize::from(first))
}

/// The cell that every change of a table touches.
fn whole(table: Table) -> Cell {
    place(table, CELLS_PER_TABLE - 1)
}

fn place(table: Table, within: usize) -> Cell {
    Cell::try_from(table as usize * CELLS_PER_TABLE + within).expect("fewer than 127 tables have cells below 65,536")
}

/// The cell in which a whole range lies.
fn cell_of_range(table: Table, range: &Range<'_>) -> Cell {
    let first = range.from.first().copied().unwrap_or(0);
    let last = match range.to {
        // The end is not part of the range: of [4, 7) up to [5) all begins with 4.
        Some([last]) => last.saturating_sub(1),
        Some([last, ..]) => *last,
        Some([]) | None => u8::MAX,
    };
    if first == last { cell_of_first(table, first) } else { whole(table) }
}

struct Memo {
    /// How many changes there had been when it was made, or was last found to hold.
    at: u64,
    /// What was looked at.
    reads: Arc<[Cell]>,
    value: Arc<dyn Any + Send + Sync>,
}

/// What is remembered over one store. Its owner is the one who changes the store.
pub struct Memos {
    inner: RefCell<Inner>,
}

struct Inner {
    changes: u64,
    /// By cell: which change was the last one.
    changed: Vec<u64>,
    /// By sort and key. Never gone through: their order differs from run to run.
    kept: [HashMap<Vec<u8>, Memo>; SORTS],
    /// What the memos being made have looked at so far, the innermost last.
    reading: Vec<Reading>,
    is_doubted: bool,
}

/// Cells that were looked at, each once.
struct Reading {
    cells: Vec<Cell>,
    /// A bit for each cell.
    seen: Vec<u64>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { cells: Vec::new(), seen: vec![0; (Table::ALL.len() * CELLS_PER_TABLE).div_ceil(64)] }
    }
}

impl Reading {
    fn add(&mut self, cell: Cell) {
        let (word, bit) = (usize::from(cell >> 6), 1 << (cell & 63));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.cells.push(cell);
        }
    }
}

impl fmt::Debug for Memos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memos({} kept)", self.inner.borrow().count())
    }
}

impl Default for Memos {
    fn default() -> Self {
        let changed = vec![0; Table::ALL.len() * CELLS_PER_TABLE];
        Self { inner: RefCell::new(Inner { changes: 0, changed, kept: Default::default(), reading: Vec::new(), is_doubted: cfg!(test) }) }
    }
}

impl Memos {
    /// A row was looked at.
    pub(super) fn looked_at(&self, table: Table, key: &[u8]) {
        self.inner.borrow_mut().read(cell_of_row(table, key));
    }

    /// A range was looked at.
    pub(super) fn looked_through(&self, table: Table, range: &Range<'_>) {
        self.inner.borrow_mut().read(cell_of_range(table, range));
    }

    /// A row is another now, or will be.
    pub(super) fn changed(&self, table: Table, key: &[u8]) {
        let mut inner = self.inner.borrow_mut();
        inner.changes += 1;
        let now = inner.changes;
        let first = key.first().copied().unwrap_or(0);
        for cell in [cell_of_row(table, key), cell_of_first(table, first), whole(table)] {
            inner.changed[usize::from(cell)] = now;
        }
    }

    /// From now on whatever is remembered is derived anew as well, and has to be the same: for tests.
    pub fn doubt(&mut self) {
        self.inner.get_mut().is_doubted = true;
    }

    pub(super) fn is_doubted(&self) -> bool {
        self.inner.borrow().is_doubted
    }

    /// Forgets everything: what was changed did not last.
    pub fn clear(&self) {
        self.inner.borrow_mut().forget();
    }

    /// What is remembered, when nothing it follows from has changed.
    pub(super) fn recall<T: Send + Sync + 'static>(&self, sort: Sort, key: &[u8]) -> Option<Arc<T>> {
        let inner = &mut *self.inner.borrow_mut();
        let memo = inner.kept[sort as usize].get_mut(key)?;
        if memo.at < inner.changes {
            if memo.reads.iter().any(|cell| inner.changed[usize::from(*cell)] > memo.at) {
                return None;
            }
            // It holds after all changes so far, which need not be looked at again.
            memo.at = inner.changes;
        }
        if let Some(outer) = inner.reading.last_mut() {
            memo.reads.iter().for_each(|cell| outer.add(*cell));
        }
        Arc::clone(&memo.value).downcast().ok()
    }

    /// From here on, what is looked at is noted.
    pub(super) fn begin(&self) {
        self.inner.borrow_mut().reading.push(Reading::default());
    }

    /// What was derived since [`Self::begin`]; kept when all that it follows from could be read.
    pub(super) fn end<T: Send + Sync + 'static>(&self, sort: Sort, key: &[u8], value: &Arc<T>, is_sound: bool) {
        let inner = &mut *self.inner.borrow_mut();
        let reads = inner.reading.pop().unwrap_or_default().cells;
        if let Some(outer) = inner.reading.last_mut() {
            reads.iter().for_each(|cell| outer.add(*cell));
        }
        if inner.count() >= MEMOS_MAX {
            inner.forget();
        }
        if is_sound {
            let value: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(value);
            inner.kept[sort as usize].insert(key.to_vec(), Memo { at: inner.changes, reads: reads.into(), value });
        }
    }
}

impl Inner {
    fn count(&self) -> usize {
        self.kept.iter().map(HashMap::len).sum()
    }

    fn forget(&mut self) {
        self.kept.iter_mut().for_each(HashMap::clear);
    }

    fn read(&mut self, cell: Cell) {
        if let Some(reads) = self.reading.last_mut() {
            reads.add(cell);
        }
    }
}
