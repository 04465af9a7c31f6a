//! Guides as tests: every command of a guide is typed by the person the guide names, and answers as the guide says.
//!
//! In a block marked `console`, `name$ haat …` is a command; the lines below it are what it prints. A word of eight hexadecimal digits,
//! or one that ends in `…`, stands for whatever is there and is remembered: later commands use the real thing. A lone `…` stands for any
//! words of its line, and on a line of its own for any lines. Spaces count as one. What only reads is asked again until it is so.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::{Node, PATIENCE, Town, binary};

/// Between two tries of a command that only reads.
const TRY_EVERY: Duration = Duration::from_millis(100);
/// Who has no node in any guide.
const NODELESS: &str = "stranger";
/// Who runs a seed and no node in any guide.
const SEED: &str = "seed";

/// One command of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Line of the guide, from 1.
    pub line: usize,
    /// Who types.
    pub who: String,
    /// What, as words.
    pub words: Vec<String>,
    /// What it prints.
    pub prints: Vec<String>,
}

/// The commands of a guide, in order.
#[must_use]
pub fn steps(guide: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_console = false;
    for (line, text) in (1..).zip(guide.lines()) {
        if text.starts_with("```") {
            is_console = !is_console && text == "```console";
        } else if is_console {
            match text.split_once("$ haat ") {
                Some((who, command)) if who.chars().all(char::is_alphanumeric) => {
                    steps.push(Step { line, who: who.to_owned(), words: split(command), prints: Vec::new() });
                }
                _ => steps.last_mut().expect("a block begins with a command").prints.push(text.to_owned()),
            }
        }
    }
    steps
}

/// Words of a command line; double quotes hold several together.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Plays a guide from beginning to end, in a town whose directory holds the files beside it.
///
/// # Panics
/// At the first command that does not print what the guide says.
pub fn play(guide: &Path) {
    let text = std::fs::read_to_string(guide).expect("the guide is there");
    let town = Town::new();
    for file in std::fs::read_dir(guide.parent().expect("a guide lies in a directory")).expect("readable").flatten() {
        if file.path().extension().is_some_and(|extension| extension == "csv") {
            std::fs::copy(file.path(), town.path(&file.file_name().to_string_lossy())).expect("copied");
        }
    }
    let (mut nodes, mut real) = (BTreeMap::new(), BTreeMap::new());
    for step in steps(&text) {
        let node = nodes.entry(step.who.clone()).or_insert_with(|| {
            let mut node = town.node(&step.who);
            match step.who.as_str() {
                NODELESS => {}
                SEED => node.seed(&["--listen", "/ip4/127.0.0.1/tcp/0"]),
                _ => node.up(&[]),
            }
            node
        });
        take(guide, &step, node, &town, &mut real);
    }
}

fn take(guide: &Path, step: &Step, node: &Node, town: &Town, real: &mut BTreeMap<String, String>) {
    let words: Vec<&str> = step.words.iter().map(|word| real.get(word).map_or(word.as_str(), String::as_str)).collect();
    let end = Instant::now() + PATIENCE;
    loop {
        let mut command = Command::new(binary());
        command.arg("--home").arg(node.home()).args(&words).current_dir(town.path("")).env("NO_COLOR", "1").env("COLUMNS", "200");
        let output = command.env_remove("HAAT_HOME").output().expect("haat can be run");
        let printed = String::from_utf8(output.stdout).expect("answers are text");
        let lines: Vec<&str> = printed.lines().collect();
        let mut found = real.clone();
        if output.status.success() && match_lines(&step.prints, &lines, &mut found) {
            *real = found;
            return;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let place = format!("{}:{}", guide.display(), step.line);
        let wanted = step.prints.join("\n");
        assert!(
            only_reads(&step.words) && Instant::now() < end,
            "{place}: {}$ haat {}\n{printed}{said}\nwhere the guide says\n{wanted}",
            step.who,
            step.words.join(" ")
        );
        thread::sleep(TRY_EVERY);
    }
}

fn only_reads(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    matches!(word(0), "feed" | "notices" | "trust" | "people" | "status") || matches!(word(1), "list" | "show")
}

fn match_lines(wanted: &[String], printed: &[&str], real: &mut BTreeMap<String, String>) -> bool {
    match wanted.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == "…" => (0..=printed.len()).any(|skip| match_lines(rest, &printed[skip..], real)),
        Some((first, rest)) => {
            let wanted: Vec<&str> = first.split_whitespace().collect();
            let matches = |line: &&str| match_words(&wanted, &line.split_whitespace().collect::<Vec<_>>(), &mut *real);
            printed.first().is_some_and(matches) && match_lines(rest, &printed[1..], real)
        }
    }
}

fn match_words(wanted: &[&str], printed: &[&str], real: &mut BTreeMap<String, String>) -> bool {
    match wanted.split_first() {
        None => printed.is_empty(),
        Some((&"…", rest)) => (0..=printed.len()).any(|skip| match_words(rest, &printed[skip..], real)),
        Some((first, rest)) => printed.first().is_some_and(|word| match_word(first, word, real)) && match_words(rest, &printed[1..], real),
    }
}

fn match_word(wanted: &str, printed: &str, real: &mut BTreeMap<String, String>) -> bool {
    let bare = |word: &str| word.trim_matches(['(', ')', '.']).to_owned();
    let name = bare(wanted);
    let is_id = name.len() == 8 && name.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_id && !name.ends_with('…') {
        return wanted == printed;
    }
    let printed = bare(printed);
    real.get(&name).is_none_or(|known| *known == printed) && {
        real.insert(name, printed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guide_is_read_as_commands_and_what_they_print() {
        let guide =
            "Text.\n\n```console\nana$ haat post Lane \"two words\"\nPosted (0123abcd).\n…\nben$ haat feed\n```\n\n```sh\nhaat x\n```\n";
        let steps = steps(guide);
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].who.as_str(), steps[0].line), ("ana", 4));
        assert_eq!(steps[0].words, ["post", "Lane", "two words"]);
        assert_eq!(steps[0].prints, ["Posted (0123abcd).", "…"]);
        assert!(steps[1].prints.is_empty());
    }

    #[test]
    fn ids_are_remembered_and_must_stay_the_same() {
        let mut real = BTreeMap::new();
        let wanted = ["Posted (0123abcd).".to_owned(), "…".to_owned(), "again 0123abcd  end".to_owned()];
        assert!(match_lines(&wanted, &["Posted (ffffffff).", "x", "again ffffffff end"], &mut real));
        assert_eq!(real["0123abcd"], "ffffffff");
        assert!(!match_lines(&wanted, &["Posted (eeeeeeee).", "again eeeeeeee end"], &mut real), "another id");
        assert!(!match_lines(&wanted, &["Poster (ffffffff).", "again ffffffff end"], &mut real), "another word");
        assert!(!match_lines(&wanted, &["Posted (ffffffff).", "again ffffffff end", "more"], &mut real), "a line too many");
    }
}
