//! Both stores answer alike, and a transaction sees its own changes.

use proptest::prelude::*;

use super::disk::DiskStore;
use super::memory::MemoryStore;
use super::*;

fn both(check: impl Fn(&mut dyn Store)) {
    check(&mut MemoryStore::default());
    let folder = tempfile::tempdir().expect("a folder");
    check(&mut DiskStore::open(&folder.path().join("haat.redb")).expect("opens"));
}

fn batch(pairs: &[(Table, &str, Option<&str>)]) -> Batch {
    pairs.iter().map(|(t, k, v)| ((*t, k.as_bytes().to_vec()), v.map(|v| v.as_bytes().to_vec()))).collect()
}

fn keys(pairs: &[Pair]) -> Vec<&str> {
    pairs.iter().map(|(k, _)| std::str::from_utf8(k).expect("text")).collect()
}

#[test]
fn ranges_stay_in_their_table_and_order() {
    both(|store| {
        let all = [
            (Table::Log, "z", Some("0")),
            (Table::Entry, "a1", Some("1")),
            (Table::Entry, "a2", Some("2")),
            (Table::Entry, "b", Some("3")),
        ];
        store.commit(batch(&all)).expect("commits");
        let snapshot = store.snapshot().expect("reads");
        let tx = Tx::new(&*snapshot);
        assert_eq!(keys(&tx.prefix(Table::Entry, b"a")), ["a1", "a2"]);
        assert_eq!(keys(&tx.prefix(Table::Entry, b"")), ["a1", "a2", "b"]);
        assert_eq!(tx.last(Table::Entry, b"a").map(|(_, v)| v), Some(b"2".to_vec()));
        assert_eq!(tx.last(Table::Chain, b""), None);
        let reverse = Range { from: b"a", to: None, reverse: true, limit: 2 };
        assert_eq!(keys(&tx.scan(Table::Entry, reverse)), ["b", "a2"]);
        assert_eq!(tx.finish(), Ok(Batch::new()));
    });
}

#[test]
fn a_transaction_sees_its_changes_and_snapshots_do_not() {
    both(|store| {
        store.commit(batch(&[(Table::Entry, "a", Some("1")), (Table::Entry, "b", Some("2"))])).expect("commits");
        let snapshot = store.snapshot().expect("reads");
        let mut tx = Tx::new(&*snapshot);
        tx.remove(Table::Entry, b"a");
        tx.put(Table::Entry, b"c", b"3".to_vec());
        assert_eq!(keys(&tx.prefix(Table::Entry, b"")), ["b", "c"]);
        assert_eq!(tx.last(Table::Entry, b"").map(|(k, _)| k), Some(b"c".to_vec()));
        assert!(!tx.has(Table::Entry, b"a") && tx.has(Table::Entry, b"c"));
        let changes = tx.finish().expect("sound");
        store.commit(changes).expect("commits");
        assert_eq!(snapshot.get(Table::Entry, b"a"), Ok(Some(b"1".to_vec())), "a snapshot stays as it was");
        assert_eq!(store.snapshot().expect("reads").get(Table::Entry, b"a"), Ok(None));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changes_lie_on_top_of_what_is_kept(
        kept in proptest::collection::vec(("[ab]{0,3}", any::<u8>()), 0..8),
        changed in proptest::collection::vec(("[ab]{0,3}", proptest::option::of(any::<u8>())), 0..8),
        (from, to) in ("[ab]{0,2}", proptest::option::of("[ab]{0,2}")),
        (reverse, limit) in (any::<bool>(), proptest::sample::select(vec![0, 1, 2, 3, usize::MAX])),
    ) {
        let mut store = MemoryStore::default();
        let base = kept.iter().map(|(key, value)| ((Table::Log, key.clone().into_bytes()), Some(vec![*value])));
        // Neighbouring tables are never looked into.
        let beside = [Table::Entry, Table::Head].map(|table| ((table, b"a".to_vec()), Some(vec![0])));
        store.commit(base.chain(beside.clone()).collect()).expect("commits");
        let snapshot = store.snapshot().expect("reads");
        let mut tx = Tx::new(&*snapshot);
        let mut model: std::collections::BTreeMap<Vec<u8>, Vec<u8>> = kept.iter().map(|(key, value)| (key.clone().into_bytes(), vec![*value])).collect();
        for (key, value) in &changed {
            match value {
                Some(value) => {
                    tx.put(Table::Log, key.as_bytes(), vec![*value]);
                    model.insert(key.clone().into_bytes(), vec![*value]);
                }
                None => {
                    tx.remove(Table::Log, key.as_bytes());
                    model.remove(key.as_bytes());
                }
            }
        }
        for ((table, key), value) in beside {
            tx.put(table, &key, value.expect("set"));
        }
        prop_assume!(to.as_ref().is_none_or(|to| from <= *to));
        let wanted = model.into_iter().filter(|(key, _)| key.as_slice() >= from.as_bytes() && to.as_ref().is_none_or(|to| key.as_slice() < to.as_bytes()));
        let mut wanted: Vec<Pair> = wanted.collect();
        if reverse {
            wanted.reverse();
        }
        wanted.truncate(limit);
        let range = Range { from: from.as_bytes(), to: to.as_deref().map(str::as_bytes), reverse, limit };
        prop_assert_eq!(tx.scan(Table::Log, range), wanted);
    }
}

#[test]
fn a_damaged_row_is_a_fault_that_nothing_is_built_on() {
    both(|store| {
        store.commit(batch(&[(Table::Head, "a", Some("\u{7f}not a row"))])).expect("commits");
        let snapshot = store.snapshot().expect("reads");
        let tx = Tx::new(&*snapshot);
        assert_eq!(tx.load::<Vec<u64>>(Table::Head, b"a"), None);
        assert!(matches!(tx.finish(), Err(StoreError::Damaged(_))));
    });
}

#[test]
fn a_memo_lasts_until_what_was_read_changes() {
    let (mut store, memos) = (MemoryStore::default(), memo::Memos::default());
    store.commit(batch(&[(Table::Head, "a1", Some("1")), (Table::Head, "b", Some("2"))])).expect("commits");
    let made = std::cell::Cell::new(0);
    let count = |tx: &Tx<'_>| {
        // One memo rests on another, of which it reads nothing itself.
        let inner = |tx: &Tx<'_>| tx.memo(memo::Sort::Roster, b"a", || tx.prefix(Table::Head, b"a").len());
        let outer = tx.memo_while(memo::Sort::Circles, b"", |(_, made_at)| *made_at == made.get(), || (*inner(tx), made.get()));
        outer.0
    };
    let snapshot = store.snapshot().expect("reads");
    let mut tx = Tx::with_memos(&*snapshot, &memos);
    assert_eq!(count(&tx), 1);
    tx.put(Table::Head, b"b", b"3".to_vec());
    tx.put(Table::At, b"a", b"3".to_vec());
    assert_eq!(count(&tx), 1, "derived anew by whoever doubts, and the same");
    let before = tx.savepoint();
    tx.put(Table::Head, b"a2", b"3".to_vec());
    assert_eq!(count(&tx), 2, "a change that is not committed yet");
    tx.roll_back(before);
    assert_eq!(count(&tx), 1, "a change that was taken back");
    tx.remove(Table::Head, b"a1");
    assert_eq!(count(&tx), 0);
    // Nothing of it is kept.
    drop(tx);
    memos.clear();
    assert_eq!(count(&Tx::with_memos(&*snapshot, &memos)), 1);
    made.set(1);
    assert_eq!(count(&Tx::with_memos(&*snapshot, &memos)), 1, "its time is over");
}

#[test]
fn ranges_and_rows_meet_in_their_cells() {
    let (store, memos) = (MemoryStore::default(), memo::Memos::default());
    let snapshot = store.snapshot().expect("reads");
    for (number, (from, to)) in
        [(&b""[..], None), (b"a", None), (b"a", Some(&b"b"[..])), (b"a1", Some(b"a2")), (b"a", Some(b"c"))].into_iter().enumerate()
    {
        let seen = |tx: &Tx<'_>| {
            *tx.memo(memo::Sort::Roster, &[number as u8], || tx.scan(Table::Head, Range { from, to, reverse: false, limit: 9 }).len())
        };
        let mut tx = Tx::with_memos(&*snapshot, &memos);
        assert_eq!(seen(&tx), 0);
        tx.put(Table::Head, b"a1x", Vec::new());
        assert_eq!(seen(&tx), 1, "{from:?} to {to:?}");
        tx.roll_back(Batch::new());
    }
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("haat.redb");
    let _first = DiskStore::open(&path).expect("opens");
    assert_eq!(DiskStore::open(&path).err(), Some(StoreError::InUse));
    std::fs::write(folder.path().join("other"), b"this is no database at all, only some text").expect("writes");
    assert!(matches!(DiskStore::open(&folder.path().join("other")), Err(StoreError::Damaged(_) | StoreError::Io(_))));
}

#[test]
fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("haat.redb");
    drop(DiskStore::open(&path).expect("opens"));
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
}
