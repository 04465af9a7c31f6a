//! Guides as tests: every command of a guide is typed by the person the guide names, and answers as the guide says.
//!
//! In a block marked `console`, `name$ COMMAND` is what somebody types into a shell whose `haat` is this one and works at the home of that
//! person, in a directory with the files beside the guide; the lines below it are what it prints. A word of eight hexadecimal digits, or
//! one that ends in `…`, stands for whatever is there and is remembered: later commands use the real thing. A lone `…` stands for any words
//! of its line, and on a line of its own for any lines. Spaces count as one. What only reads is asked again until it is so.
//!
//! A command must go well, unless the guide says otherwise: what it prints begins with `error:`, or `echo $?` comes next. Then it must be
//! refused, and what it prints is what it says on standard error.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::{Node, PATIENCE, Town, binary};

/// Between two tries of a command that only reads.
const TRY_EVERY: Duration = Duration::from_millis(100);
/// Who has no node in any guide.
const NODELESS: &str = "stranger";
/// Who runs a seed and no node in any guide.
const SEED: &str = "seed";
/// What asks a shell how the command before ended.
const ASKS_EXIT: &str = "echo $?";

/// One command of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Line of the guide, from 1.
    pub line: usize,
    /// Who types.
    pub who: String,
    /// What, as the shell reads it.
    pub command: String,
    /// What it prints.
    pub prints: Vec<String>,
    /// Whether it is to be refused.
    pub is_refused: bool,
}

/// Somebody of a guide.
struct Person<'a> {
    name: &'a str,
    node: Node,
    /// How the command before ended.
    exit: i32,
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
            match text.split_once("$ ") {
                Some((who, command)) if !who.is_empty() && who.chars().all(char::is_alphanumeric) => {
                    let asked = steps.last_mut().filter(|before| command == ASKS_EXIT && before.who == who);
                    asked.into_iter().for_each(|before| before.is_refused = true);
                    steps.push(Step { line, who: who.to_owned(), command: command.to_owned(), prints: Vec::new(), is_refused: false });
                }
                _ => {
                    let step = steps.last_mut().expect("a block begins with a command");
                    step.is_refused |= step.prints.is_empty() && text.starts_with("error:");
                    step.prints.push(text.to_owned());
                }
            }
        }
    }
    steps
}

/// Plays a guide from beginning to end, in a town whose directory holds the files beside it.
///
/// # Panics
/// At the first command that does not print what the guide says.
pub fn play(guide: &Path) {
    let text = std::fs::read_to_string(guide).expect("the guide is there");
    let town = Town::new();
    for file in std::fs::read_dir(guide.parent().expect("a guide lies in a directory")).expect("readable").flatten() {
        if file.path().extension().is_some_and(|extension| extension != "md") {
            std::fs::copy(file.path(), town.path(&file.file_name().to_string_lossy())).expect("copied");
        }
    }
    let (mut people, mut real) = (BTreeMap::new(), BTreeMap::new());
    let steps = steps(&text);
    for step in &steps {
        let person = people.entry(step.who.as_str()).or_insert_with_key(|name| {
            let mut node = town.node(name);
            match *name {
                NODELESS => {}
                SEED => node.seed(&["--listen", "/ip4/127.0.0.1/tcp/0"]),
                _ => node.up(&[]),
            }
            Person { name, node, exit: 0 }
        });
        take(guide, step, person, &town, &mut real);
    }
}

fn take(guide: &Path, step: &Step, person: &mut Person<'_>, town: &Town, real: &mut BTreeMap<String, String>) {
    let command = meant(&step.command, real);
    let end = Instant::now() + PATIENCE;
    loop {
        let output = typed(&command, person, town);
        let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let exit = output.status.code();
        let printed = if step.is_refused { &said } else { &told };
        let mut found = real.clone();
        let is_so = (exit == Some(0)) != step.is_refused && match_lines(&step.prints, &printed.lines().collect::<Vec<_>>(), &mut found);
        if let (true, Some(exit)) = (is_so, exit) {
            person.exit = exit;
            *real = found;
            return;
        }
        let place = format!("{}:{}", guide.display(), step.line);
        let wanted = step.prints.join("\n");
        assert!(
            only_reads(&step.command) && Instant::now() < end,
            "{place}: {}$ {command}\n{told}{said}({exit:?}) where the guide says\n{wanted}",
            person.name
        );
        thread::sleep(TRY_EVERY);
    }
}

/// Has a shell do what somebody types.
fn typed(command: &str, person: &Person<'_>, town: &Town) -> Output {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("(exit {}); {command}", person.exit)).current_dir(town.path("")).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HAAT_")) {
        shell.env_remove(name);
    }
    let folder = binary().parent().expect("a program lies in a directory").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).expect("directories of programs");
    shell.env("PATH", path).env("HAAT_HOME", person.node.home()).env("NO_COLOR", "1").env("COLUMNS", "200").env("LC_ALL", "C.UTF-8");
    shell.output().expect("there is a shell")
}

/// A command with the real things in place of the guide's.
fn meant(command: &str, real: &BTreeMap<String, String>) -> String {
    let mut names: Vec<(&String, &String)> = real.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.into_iter().fold(command.to_owned(), |command, (name, thing)| command.replace(name, thing))
}

fn only_reads(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let word = |at: usize| words.get(at).map_or("", |word| *word);
    let reads = matches!(word(1), "feed" | "notices" | "trust" | "people" | "status");
    word(0) == "haat" && (reads || matches!(word(2), "list" | "show" | "requests" | "invites"))
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
    let bare = |word: &str| word.trim_matches(['(', ')', '.', ':', ',', '"']).to_owned();
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
        assert_eq!((steps[0].who.as_str(), steps[0].line, steps[0].is_refused), ("ana", 4, false));
        assert_eq!(steps[0].command, "haat post Lane \"two words\"");
        assert_eq!(steps[0].prints, ["Posted (0123abcd).", "…"]);
        assert!(steps[1].prints.is_empty());
    }

    #[test]
    fn a_guide_says_what_is_refused() {
        let guide = "```console\nana$ haat a\nerror: no\nana$ haat b\nana$ echo $?\n3\nana$ haat c\nno error: here\nerror: there\n```\n";
        let refused: Vec<bool> = steps(guide).iter().map(|step| step.is_refused).collect();
        assert_eq!(refused, [true, true, false, false]);
    }

    #[test]
    fn a_command_is_typed_with_the_real_things() {
        let real = [("0123abcd", "ff"), ("u5…", "code"), ("x/u5…", "x/2")].map(|(name, thing)| (name.to_owned(), thing.to_owned()));
        assert_eq!(meant("haat a 0123abcd u5… \"x/u5…\"", &real.into()), "haat a ff code \"x/2\"");
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
