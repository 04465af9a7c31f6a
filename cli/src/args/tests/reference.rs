//! The pages docs/reference/cli.md and config.md are what the grammar and the table of settings say.
//!
//! `HAAT_BLESS=1 cargo test --workspace --bin haat reference` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::super::Cli;
use crate::config::{Kind, SETTINGS, Setting, Value};

/// How a page is written anew.
const BLESS: &str = "HAAT_BLESS=1 cargo test --workspace --bin haat reference";

/// A page in docs/reference is this one, or becomes it.
fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(name);
    if std::env::var_os("HAAT_BLESS").is_some() {
        std::fs::write(&path, page).expect("it can be written");
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    let first = held.lines().zip(page.lines()).find(|(held, wanted)| held != wanted);
    assert!(held == page, "docs/reference/{name} is another, first at {first:?}: {BLESS}");
}

fn grammar() -> Command {
    let mut grammar = Cli::command();
    grammar.build();
    grammar
}

fn children(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|child| !child.is_hide_set() && child.get_name() != "help")
}

fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
}

/// Words of a help, on one line.
fn one_line(words: Option<&StyledStr>) -> String {
    words.map(ToString::to_string).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a cell of a table may hold.
fn cell(words: &str) -> String {
    prose(words).replace('|', "\\|")
}

/// Words outside code in which nothing is markup.
fn prose(words: &str) -> String {
    let parts = words.split('`').enumerate();
    let part = |(at, part): (usize, &str)| if at % 2 == 0 { part.replace('<', "&lt;").replace('*', "\\*") } else { format!("`{part}`") };
    parts.map(part).collect()
}

/// An argument as it is typed.
fn typed(arg: &Arg) -> String {
    let names = arg.get_value_names().map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    let value = names.unwrap_or_else(|| arg.get_id().as_str().to_uppercase());
    if arg.is_positional() {
        return format!("`{value}`");
    }
    let value = if arg.get_action().takes_values() { format!(" {value}") } else { String::new() };
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    format!("{short}`--{}{value}`", arg.get_long().unwrap_or_default())
}

/// What an argument means, and all that holds of it.
fn meaning(arg: &Arg) -> String {
    let mut parts = vec![cell(&one_line(arg.get_help()))];
    let values: Vec<_> = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set()).collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        let told = values.iter().map(|value| match one_line(value.get_help()) {
            help if help.is_empty() => format!("`{}`", value.get_name()),
            help => format!("`{}` ({})", value.get_name(), cell(&help)),
        });
        parts.push(format!("One of {}", told.collect::<Vec<_>>().join(", ")));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        parts.push(format!("Unless given: {}", defaults.join(", ")));
    }
    if let Some(name) = arg.get_env() {
        parts.push(format!("Else from `{}`", name.to_string_lossy()));
    }
    let many = matches!(arg.get_action(), ArgAction::Append) || arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    if many && !parts[0].contains("several") {
        parts.push("Several may be given".to_owned());
    }
    parts.into_iter().filter(|part| !part.is_empty()).map(|part| format!("{part}.")).collect::<Vec<_>>().join(" ")
}

fn table(args: &[&Arg]) -> String {
    let mut table = "\n| argument | | what it is |\n|---|---|---|\n".to_owned();
    for arg in args {
        let needed = if arg.is_required_set() { "needed" } else { "" };
        writeln!(table, "| {} | {needed} | {} |", typed(arg), meaning(arg)).expect("a string");
    }
    table
}

/// What stands below a help: its examples, and whatever else it says.
fn after(command: &Command) -> (Vec<String>, Vec<String>) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (mut examples, mut more) = (Vec::new(), Vec::new());
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        match paragraph.strip_prefix("Examples:\n").or_else(|| paragraph.strip_prefix("Example:\n")) {
            Some(lines) => examples.extend(lines.lines().map(|line| line.trim().to_owned())),
            None => more.push(paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")),
        }
    }
    (examples, more)
}

/// Whether a command of an example is this one.
fn is_of(example: &str, name: &str) -> bool {
    let name: Vec<&str> = name.split(' ').collect();
    lines(example).into_iter().any(|mut words| {
        if words.get(1).is_some_and(|word| word == "--home") {
            words.drain(1..3);
        }
        words.len() >= name.len() && words.iter().zip(&name).all(|(word, wanted)| word == wanted)
    })
}

/// The section of a command, and of all below it. `handed` are examples that stand with the command above.
fn section(command: &Command, name: &str, handed: &[String], page: &mut String) {
    let name = format!("{name} {}", command.get_name());
    let (own, more) = after(command);
    let verbs: Vec<&Command> = children(command).collect();
    let of_verbs = |line: &String| verbs.iter().any(|verb| is_of(line, &format!("{name} {}", verb.get_name())));
    let handed = handed.iter().filter(|line| is_of(line, &name) && !own.contains(line));
    let (below, own): (Vec<String>, Vec<String>) = handed.chain(&own).cloned().partition(of_verbs);
    let depth = if name.split(' ').count() > 2 { "###" } else { "##" };
    let about = one_line(command.get_long_about().or_else(|| command.get_about()));
    write!(page, "\n{depth} {name}\n\n{}.\n", prose(&about)).expect("a string");
    for alias in command.get_visible_aliases() {
        write!(page, "\nAlso `{}`.\n", name.replace(&format!(" {}", command.get_name()), &format!(" {alias}"))).expect("a string");
    }
    let of_its_own = |arg: &&Arg| !arg.is_global_set();
    let (places, options): (Vec<&Arg>, Vec<&Arg>) = arguments(command).filter(of_its_own).partition(|arg| arg.is_positional());
    if verbs.is_empty() {
        let usage = command.clone().render_usage().to_string();
        write!(page, "\n    {}\n", usage.trim_start_matches("Usage: ")).expect("a string");
        if !places.is_empty() || !options.is_empty() {
            *page += &table(&[places, options].concat());
        }
        assert!(!own.is_empty(), "{name} has no example: give it one in its after_help");
    }
    more.iter().for_each(|words| write!(page, "\n{}\n", prose(words)).expect("a string"));
    if !own.is_empty() {
        write!(page, "\n```sh\n{}\n```\n", own.join("\n")).expect("a string");
    }
    verbs.into_iter().for_each(|verb| section(verb, &name, &below, page));
}

/// Where a heading is found.
fn anchor(name: &str) -> String {
    name.replace(' ', "-")
}

fn commands() -> String {
    let grammar = grammar();
    let mut page = format!(
        "# The command line\n\nEvery command of `haat`, as `haat COMMAND --help` tells it. What a program has to know of answers, exit codes and \
        pages is in [scripts and programs](../guide/scripting.md), what an error means in [codes of problems](errors.md).\n\nThis page is \
        written by `{BLESS}` from the grammar in [`cli/src`](../../cli/src/args.rs).\n\n| command | what it does |\n|---|---|\n"
    );
    for noun in children(&grammar) {
        let name = format!("haat {}", noun.get_name());
        let verbs: Vec<String> =
            children(noun).map(|verb| format!("[{}](#{})", verb.get_name(), anchor(&format!("{name} {}", verb.get_name())))).collect();
        let verbs = if verbs.is_empty() { String::new() } else { format!(": {}", verbs.join(", ")) };
        let about = cell(&one_line(noun.get_about()));
        writeln!(page, "| [`{name}`](#{}) | {about}{verbs} |", anchor(&name)).expect("a string");
    }
    page += "\n## For every command\n";
    page += &table(&arguments(&grammar).collect::<Vec<_>>());
    let more = after(&grammar).1;
    more.iter().for_each(|words| write!(page, "\n{}\n", prose(words)).expect("a string"));
    children(&grammar).for_each(|noun| section(noun, "haat", &[], &mut page));
    page
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Name => "text",
        Kind::Address => "text: an address and a port",
        Kind::Multiaddrs => "list of texts, each a multiaddr",
        Kind::Flag => "`true` or `false`",
        Kind::Color => "`\"auto\"`, `\"always\"` or `\"never\"`",
        Kind::Language => "`\"auto\"`, `\"en\"` or `\"zh-Hans\"`",
    }
}

/// The option of `haat up`, or of every command, that says the same.
fn option(setting: &Setting) -> String {
    let grammar = grammar();
    let up = grammar.find_subcommand("up").expect("a command");
    let name = setting.key.replace('_', "-");
    let names = [name.clone(), format!("no-{name}")];
    let found = arguments(up).find(|arg| arg.get_long().is_some_and(|long| names.iter().any(|name| name == long)));
    found.map(|arg| format!("`--{}`", arg.get_long().unwrap_or_default())).unwrap_or_default()
}

fn settings() -> String {
    let mut page = format!(
        "# Settings\n\n`config.toml` in the home says what is always so; `haat config path` tells where that is. The first start writes one in \
        which every setting is explained and none is made. `haat config set KEY VALUE` makes one, `haat config show --origin` tells which holds \
        and why ([every day](../guide/everyday.md)).\n\nAn option of the command line comes before a variable of the environment, that before \
        the file, and the file before what is usual. An empty variable says nothing. In a variable, and after `haat config set`, several texts \
        are parted by commas. A key that is not known and a value of another kind are errors (exit 2).\n\nThis page is written by `{BLESS}` from \
        the table in [`setting.rs`](../../cli/src/config/setting.rs).\n\n\
        | key | takes | unless made | what it does | as it stands in the file | variable | option |\n|---|---|---|---|---|---|---|\n"
    );
    for setting in &SETTINGS {
        let usual = match (setting.default)() {
            Value::None => "nothing".to_owned(),
            Value::Texts(texts) if texts.is_empty() => "none".to_owned(),
            value => format!("`{}`", value.toml()),
        };
        let (key, env, about, example) = (setting.key, setting.env, cell(setting.about), setting.example);
        let option = Some(option(setting)).filter(|option| !option.is_empty()).unwrap_or_else(|| "none".to_owned());
        writeln!(page, "| `{key}` | {} | {usual} | {about} | `{key} = {example}` | `{env}` | {option} |", kind(setting.kind))
            .expect("a string");
    }
    page += "\nThese are variables and no settings, for they are needed before a file can be read:\n\n| variable | what it does |\n|---|---|\n\
        | `HAAT_HOME` | Where the node lives, unless `--home` says it. |\n\
        | `HAAT_PASSPHRASE` | Opens the keys of the home, unless `--passphrase-file` names a file. |\n\
        | `NO_COLOR` | When it is not empty, colours are left out wherever `auto` decides. |\n";
    page
}

#[test]
fn the_reference_shows_every_command() {
    check("cli.md", &commands());
}

#[test]
fn the_reference_shows_every_setting() {
    check("config.md", &settings());
}

/// The commands of a line of a shell: what stands between `|`, `&&` and `;`, without where the output goes.
fn lines(example: &str) -> Vec<Vec<String>> {
    let bare = example.split("  ").next().unwrap_or_default();
    let mut words = Vec::new();
    for (at, part) in bare.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    let commands = words.split(|word| ["|", "&&", ";"].contains(&word.as_str()));
    commands.map(|command| command.iter().take_while(|word| !word.starts_with('>')).cloned().collect()).collect()
}

#[test]
fn every_example_is_understood() {
    fn examples(command: &Command, found: &mut Vec<String>) {
        found.extend(after(command).0);
        children(command).for_each(|child| examples(child, found));
    }
    let mut found = Vec::new();
    examples(&grammar(), &mut found);
    let all: Vec<Vec<String>> = found.iter().flat_map(|example| lines(example)).filter(|words| words[0] == "haat").collect();
    assert!(all.len() > 100, "{}", all.len());
    for words in all {
        assert!(Cli::command().try_get_matches_from(&words).is_ok(), "{words:?} is not understood");
    }
}
