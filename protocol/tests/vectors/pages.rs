//! The parts of `docs/orders.md` that are drawn from the table of the code: the rows, the line of races, and the picture of states.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use haat_protocol::order::table::{RACES, ROWS, Row};
use haat_protocol::order::{Kind, Refusal, State};

use crate::sheet::{BLESS, folder};

/// A part of the page: the name in the lines around it, and what is drawn there.
type Part = (&'static str, fn() -> String);

const PARTS: [Part; 4] =
    [("rows of the table", rows), ("line of races", races), ("states and what leads on", picture), ("reasons", reasons)];

fn from(row: &Row) -> String {
    let names: Vec<&str> = row.from.iter().map(|state| state.name()).collect();
    match names.len() {
        0 => "-".to_owned(),
        all if all == State::ALL.len() => "any".to_owned(),
        _ => names.join(", "),
    }
}

fn rows() -> String {
    let mut text = "| from | event | signer | condition | to |\n|---|---|---|---|---|\n".to_owned();
    for row in ROWS {
        let when: Vec<String> = row.when.iter().map(|condition| condition.text()).collect();
        let when = if when.is_empty() { "-".to_owned() } else { when.join("; ") };
        let kind = row.kind.name().to_uppercase();
        writeln!(text, "| {} | {kind} | {} | {when} | {} |", from(row), row.who.text(), row.to.text()).expect("a string");
    }
    text
}

fn races() -> String {
    let names: Vec<String> = RACES.iter().map(|kind| kind.name().to_uppercase()).collect();
    let mut text = String::new();
    for line in names.chunks(9) {
        writeln!(text, "{},", line.join(", ")).expect("a string");
    }
    format!("{}\n", text.trim_end().trim_end_matches(','))
}

/// A diagram that common viewers of Markdown draw. Moves that stay where they are, and those that fit any state, are left out.
fn picture() -> String {
    let mut arrows: Vec<(State, State, Vec<&str>)> = Vec::new();
    for row in ROWS.iter().filter(|row| row.from.len() < State::ALL.len()) {
        for from in row.from {
            for to in row.to.states(*from).into_iter().filter(|to| to != from) {
                match arrows.iter_mut().find(|(a, b, _)| (*a, *b) == (*from, to)) {
                    Some((_, _, kinds)) if kinds.contains(&row.kind.name()) => {}
                    Some((_, _, kinds)) => kinds.push(row.kind.name()),
                    None => arrows.push((*from, to, vec![row.kind.name()])),
                }
            }
        }
    }
    let mut text = "```mermaid\nstateDiagram-v2\n    [*] --> negotiating: offer\n".to_owned();
    for (from, to, kinds) in arrows {
        writeln!(text, "    {} --> {}: {}", from.name(), to.name(), kinds.join(", ")).expect("a string");
    }
    for state in State::ALL.iter().filter(|state| state.is_terminal()) {
        writeln!(text, "    {} --> [*]", state.name()).expect("a string");
    }
    text + "```\n"
}

fn reasons() -> String {
    let mut text = "| reason | meaning |\n|---|---|\n".to_owned();
    for refusal in Refusal::ALL {
        writeln!(text, "| `{}` | {refusal} |", refusal.code()).expect("a string");
    }
    text
}

#[test]
fn the_page_shows_the_table_of_the_code() {
    let path = folder().join("../../docs/orders.md");
    let before = std::fs::read_to_string(&path).expect("the page is there");
    let mut page = before.clone();
    for (name, draw) in PARTS {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
        let from = page.find(&begin).unwrap_or_else(|| panic!("{begin} is missing")) + begin.len();
        let to = page.find(&end).unwrap_or_else(|| panic!("{end} is missing"));
        page.replace_range(from..to, &format!("\n{}\n", draw()));
    }
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, &page).expect("it can be written");
    }
    assert!(page == before, "docs/orders.md shows another table: run {BLESS}=1 cargo test -p haat-protocol --test vectors");
}

#[test]
fn every_state_stands_in_the_picture_and_every_kind_in_the_table() {
    let picture = picture();
    let (table, races) = (rows(), races());
    State::ALL.iter().for_each(|state| assert!(picture.contains(&format!(" {}", state.name())), "{}", state.name()));
    Kind::ALL.iter().for_each(|kind| assert!(table.contains(&format!("| {} |", kind.name().to_uppercase())), "{}", kind.name()));
    assert_eq!(races.split(',').map(str::trim).collect::<BTreeSet<_>>().len(), Kind::ALL.len());
}
