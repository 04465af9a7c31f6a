//! The witness as a file in the home: records behind each other, each whole or not there, flushed before they count.
//!
//! The first record says which file it is, by device and inode of the file system: in a copied home it says another. It must never
//! be part of a backup. Layout of a record: length (4 bytes, big-endian), the first 16 bytes of BLAKE3 over what follows,
//! canonical CBOR.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use haat_protocol::codec::{decode_own, encode};
use haat_protocol::entry::LogId;
use haat_protocol::id::OrderId;
use haat_protocol::limits::WITNESS_MAX_BYTES;
use serde::{Deserialize, Serialize};

use super::{Known, Last, Note, OrderLast, Redo, Witness};
use crate::home::WitnessPlace;
use crate::store::StoreError;

/// Bytes of the hash that a record begins with.
const CHECK_BYTES: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
enum Record {
    /// Device and inode of the file that holds this record.
    Place(u64, u64),
    Note(Note),
}

/// The file.
#[derive(Debug)]
pub struct FileWitness {
    path: PathBuf,
    file: File,
    size: u64,
    /// Bytes when it was last written anew.
    fresh: u64,
    known: Known,
    is_copy: bool,
}

impl FileWitness {
    /// Opens the witness of a home, or begins it. Only for the holder of the home's lock.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or written.
    pub fn open(place: &WitnessPlace) -> Result<Self, StoreError> {
        let path = place.path().to_owned();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(fault) => return Err(failed(&fault)),
        };
        let mut records = records(&bytes).into_iter();
        let is_copy = match records.next() {
            Some(Record::Place(device, inode)) => {
                let about = std::fs::metadata(&path).map_err(|fault| failed(&fault))?;
                (device, inode) != (about.dev(), about.ino())
            }
            // A file that does not begin like one tells nothing: what the store holds is not gone on with either.
            _ => !bytes.is_empty(),
        };
        let mut known = Known::default();
        for record in records {
            if let Record::Note(note) = record {
                known.add(note);
            }
        }
        if is_copy {
            known.share();
        }
        let (file, size) = begin(&path, &known).map_err(|fault| failed(&fault))?;
        Ok(Self { path, file, size, fresh: size, known, is_copy })
    }

    fn write(&mut self, note: &Note) -> io::Result<()> {
        if self.size > self.fresh + WITNESS_MAX_BYTES {
            (self.file, self.size) = begin(&self.path, &self.known)?;
            self.fresh = self.size;
        }
        let bytes = framed(&Record::Note(note.clone()));
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.size += bytes.len() as u64;
        Ok(())
    }
}

impl Witness for FileWitness {
    fn lasts(&self) -> BTreeMap<LogId, Last> {
        self.known.lasts.clone()
    }

    fn orders(&self) -> BTreeMap<OrderId, OrderLast> {
        self.known.orders.clone()
    }

    fn redo(&self) -> Option<Redo> {
        self.known.redo.clone()
    }

    fn is_copy(&self) -> bool {
        self.is_copy
    }

    fn note(&mut self, note: Note) -> Result<(), StoreError> {
        self.write(&note).map_err(|fault| failed(&fault))?;
        self.known.add(note);
        Ok(())
    }
}

/// A new file with what is known, in the place of the old one: half a record at the old one's end must not hide later ones.
fn begin(path: &Path, known: &Known) -> io::Result<(File, u64)> {
    let lasts = known.lasts.iter().map(|(log, last)| (*log, Some(*last))).collect();
    let orders = known.orders.iter().map(|(order, last)| (*order, Some(*last))).collect();
    let note = Record::Note(Note { lasts, orders, redo: known.redo.clone() });
    crate::home::replace(path, |about| [framed(&Record::Place(about.dev(), about.ino())), framed(&note)].concat())?;
    let file = OpenOptions::new().append(true).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn framed(record: &Record) -> Vec<u8> {
    let body = encode(record);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    [length.as_slice(), &blake3::hash(&body).as_bytes()[..CHECK_BYTES], &body].concat()
}

/// The whole records at the beginning; half a one was never counted on.
fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut found = Vec::new();
    while let Some((record, rest)) = record(bytes) {
        found.push(record);
        bytes = rest;
    }
    found
}

fn record(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (check, rest) = rest.split_at_checked(CHECK_BYTES)?;
    let (body, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let whole = blake3::hash(body).as_bytes()[..CHECK_BYTES] == *check;
    Some((decode_own(body).ok().filter(|_| whole)?, rest))
}

fn failed(fault: &io::Error) -> StoreError {
    StoreError::Io(format!("the witness: {fault}"))
}

#[cfg(test)]
mod tests {
    use haat_protocol::id::{DeviceId, Digest, EntryId, EventId, SpaceId};

    use super::*;
    use crate::home::Home;
    use crate::store::{Batch, Table};

    fn log(number: u64) -> LogId {
        LogId { space: SpaceId([1; 32]), device: DeviceId([2; 32]), number }
    }

    fn note(number: u64, seq: u64) -> Note {
        let batch: Batch = [((Table::Meta, b"k".to_vec()), Some(vec![1])), ((Table::Meta, b"l".to_vec()), None)].into();
        let orders = vec![(OrderId([5; 32]), Some(OrderLast { id: EventId([seq.to_le_bytes()[0]; 32]), shared: false }))];
        Note { lasts: vec![(log(number), Some((seq, EntryId([3; 32]))))], orders, redo: Some(Redo::of((seq, Digest([4; 32])), &batch)) }
    }

    fn home(dir: &tempfile::TempDir) -> Home {
        Home::open_or_create(&dir.path().join("home")).expect("a home")
    }

    fn open(home: &Home) -> FileWitness {
        FileWitness::open(&home.witness()).expect("opens")
    }

    #[test]
    fn what_was_noted_is_there_after_a_restart_and_half_a_record_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let home = home(&dir);
        let mut witness = open(&home);
        assert!(!witness.is_copy() && witness.lasts().is_empty());
        for seq in 0..3 {
            witness.note(note(seq % 2, seq)).expect("written");
        }
        let again = open(&home);
        assert_eq!(again.lasts(), [(log(0), (2, EntryId([3; 32]))), (log(1), (1, EntryId([3; 32])))].into());
        assert_eq!(again.redo(), note(0, 2).redo);
        assert_eq!(again.orders(), [(OrderId([5; 32]), OrderLast { id: EventId([2; 32]), shared: false })].into());
        assert!(again.redo().and_then(|redo| redo.batch()).is_some_and(|batch| batch.len() == 2));
        assert!(!again.is_copy());
        drop(again);
        let path = home.witness().path().to_owned();
        let whole = std::fs::read(&path).expect("read");
        for cut in 1..40 {
            std::fs::write(&path, [whole.as_slice(), &framed(&Record::Note(note(0, 9)))[..cut]].concat()).expect("written");
            let mut torn = open(&home);
            assert_eq!(torn.lasts()[&log(0)].0, 2, "cut after {cut}");
            torn.note(note(0, 3)).expect("written");
            assert_eq!(open(&home).lasts()[&log(0)].0, 3, "what follows half a record counts");
        }
    }

    #[test]
    fn a_copied_home_is_noticed() {
        let dir = tempfile::tempdir().expect("a directory");
        let home = home(&dir);
        open(&home).note(note(0, 5)).expect("written");
        let copy = Home::open_or_create(&dir.path().join("copy")).expect("a home");
        std::fs::copy(home.witness().path(), copy.witness().path()).expect("copied");
        let copied = open(&copy);
        assert!(copied.is_copy() && copied.lasts()[&log(0)].0 == 5);
        drop(copied);
        assert!(!open(&copy).is_copy(), "it is said once: from then on it is a home of its own");
        assert!(open(&copy).orders().values().all(|last| last.shared), "an order of before is not its own for ever");
        assert!(!open(&home).is_copy() && open(&home).orders().values().all(|last| !last.shared));
    }

    #[test]
    fn a_long_life_does_not_make_a_long_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let home = home(&dir);
        let mut witness = open(&home);
        for seq in 0..5_000 {
            witness.note(note(0, seq)).expect("written");
        }
        let size = std::fs::metadata(home.witness().path()).expect("there").len();
        assert!(size < 2 * WITNESS_MAX_BYTES, "{size} bytes");
        assert_eq!(open(&home).lasts()[&log(0)].0, 4_999);
    }
}
