//! Golden vectors: bytes with what they mean, or with the reason for which they are refused, as files that any program can check.
//!
//! Each maker fills one sheet with fixed keys; this program's decoders must say of every vector what the sheet says, and the files under
//! `tests/vectors` must hold just these bytes. `HAAT_BLESS=1 cargo test -p haat-protocol --test vectors` writes them anew. The second
//! reader of the files is `tests/vectors/verify.py`.

#![allow(clippy::disallowed_methods, reason = "a test reads files and its surroundings")]

mod admission;
mod bodies;
mod branches;
mod chains;
mod codes;
mod compared;
mod crypto;
mod deals;
mod door;
mod entries;
mod epochs;
mod evidence;
mod folds;
mod form;
mod hands;
mod histories;
mod holder;
mod house;
mod judge;
mod keyring;
mod kit;
mod late;
mod orders;
mod pages;
mod people;
mod problems;
mod reader;
mod rings;
mod rosters;
mod runs;
mod sheet;
mod shops;
mod shown;
mod story;
mod terms;
mod trade;
mod wire;

use std::collections::BTreeSet;

use sheet::Sheet;

/// At least so many vectors stand in the files.
const VECTORS_MIN: usize = 150;

fn sheets() -> Vec<Sheet> {
    vec![
        form::sheet(),
        crypto::sheet(),
        entries::sheet(),
        bodies::sheet(),
        people::sheet(),
        chains::sheet(),
        rosters::sheet(),
        admission::sheet(),
        histories::sheet(),
        branches::sheet(),
        epochs::sheet(),
        shops::sheet(),
        terms::sheet(),
        wire::sheet(),
        compared::sheet(),
        runs::sheet(),
        orders::sheet(),
        folds::sheet(),
        evidence::sheet(),
    ]
}

#[test]
fn files_hold_what_is_made() {
    let faults: Vec<String> = sheets().iter().filter_map(|sheet| sheet.settle().err()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rosters_do_not_depend_on_the_order_of_arrival() {
    let sheet = rosters::sheet();
    assert_eq!(rosters::differing(sheet.vectors()), Vec::<String>::new());
}

#[test]
fn there_are_enough_and_no_others() {
    let sheets = sheets();
    let all: usize = sheets.iter().map(|sheet| sheet.vectors().len()).sum();
    assert!(all >= VECTORS_MIN, "{all} vectors");
    let made: BTreeSet<String> = sheets.iter().map(|sheet| format!("{}.json", sheet.name())).collect();
    let held = std::fs::read_dir(sheet::folder()).expect("the folder is there").flatten().map(|file| file.file_name());
    let held: BTreeSet<String> = held.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".json")).collect();
    assert_eq!(held, made, "a file that no maker makes");
}

#[test]
fn every_code_is_in_the_document() {
    let page = std::fs::read_to_string(sheet::folder().join("../../docs/protocol.md")).expect("the page is there");
    let orders = std::fs::read_to_string(sheet::folder().join("../../docs/orders.md")).expect("the page is there");
    for sheet in sheets() {
        for code in sheet.vectors().iter().filter_map(sheet::Vector::refusal) {
            let code = code.rsplit(": ").next().expect("what stands behind the place");
            assert!(page.contains(&format!("`{code}`")) || orders.contains(&format!("`{code}`")), "{code} is in no list");
        }
    }
}
