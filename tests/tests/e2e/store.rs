//! A changed byte in the store: whatever stored item it hits, the check of a stopped node finds it.
//!
//! A database file keeps old copies of its pages for a while. So that a change surely hits what is stored, the same byte is
//! changed in every copy of an entry that the file has.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use data_encoding::HEXLOWER;
use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{assert_log_whole, post};
use haat_tests::daemon::{Node, Town};

/// Bytes behind the author's key in which no two entries of a test are alike: space, numbers, what came before, time.
const ENTRY_TELLS: Range<usize> = 0..140;
/// Where entries are changed, counted from the author's key: the key, the space, numbers, hashes, the signature.
const OFFSETS: [usize; 10] = [0, 31, 40, 66, 75, 90, 110, 130, 160, 200];

fn places(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect()
}

/// Where the entries of a device in a space lie: all copies of each.
fn entries(bytes: &[u8], device: &[u8], space: &[u8]) -> Vec<Vec<usize>> {
    // A header names the device, then the space, each as a string of 32 bytes.
    let opening = [device, &[0x58, 0x20], space].concat();
    let mut found: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for at in places(bytes, &opening) {
        if let Some(tells) = bytes.get(at + ENTRY_TELLS.start..at + ENTRY_TELLS.end) {
            found.entry(tells).or_default().push(at);
        }
    }
    found.into_values().collect()
}

/// Changes a byte at every place and has the stopped node check itself; puts the file back.
fn assert_found(node: &mut Node, file: &Path, sound: &[u8], places: &[usize]) {
    let mut changed = sound.to_vec();
    for at in places {
        changed[*at] ^= 0x20;
    }
    std::fs::write(file, changed).expect("written");
    let problem = node.no(&["log", "verify"], &[6]);
    let words = problem.words();
    assert!(words.contains("position") || words.contains("view "), "bytes {places:?}: it is not said where: {words}");
    std::fs::write(file, sound).expect("written");
}

#[test]
fn a_changed_byte_in_the_store() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    let space = told(&node.ok(&["circle", "create", "Lane 12"])["circle"]);
    let posts: Vec<String> = (0..8).map(|n| post(&node, "Lane 12", &format!("A thing worth keeping, number {n}"))).collect();
    let device = told(&node.ok(&["id"])["device"]);
    node.stop();
    assert_log_whole(&node);

    let file = node.home().join("haat.redb");
    let sound = std::fs::read(&file).expect("the store");
    let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).expect("ids are hexadecimal");
    let entries = entries(&sound, &bytes(&device), &bytes(&space));
    assert!(entries.len() >= posts.len(), "only {} entries are seen in the file", entries.len());
    for (n, offset) in OFFSETS.into_iter().enumerate() {
        let copies: Vec<usize> = entries[n % entries.len()].iter().map(|at| at + offset).collect();
        assert_found(&mut node, &file, &sound, &copies);
    }
    for entry in &posts[..3] {
        let copies: Vec<usize> = places(&sound, &bytes(entry)).iter().map(|at| at + 7).collect();
        assert!(copies.len() >= 2, "the log and the entry are two places");
        assert_found(&mut node, &file, &sound, &copies);
    }
    assert_log_whole(&node);
    node.up(&[]);
    assert_log_whole(&node);
}
