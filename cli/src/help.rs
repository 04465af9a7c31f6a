//! The help of every command in the language of the reader. English stands in the grammar itself; other languages translate it
//! here, name by name, and what they leave out stays English.

use clap::builder::{Resettable, StyledStr};
use clap::{Arg, Command};

use crate::say::{Language, language, say};

/// The grammar with its help in the language of this command.
pub(crate) fn spoken(grammar: Command) -> Command {
    let language = language();
    if language == Language::English { grammar } else { translated(grammar, language, "help") }
}

/// One command and all below it. `key` names the message of the command above.
fn translated(command: Command, language: Language, key: &str) -> Command {
    let key = format!("{key}-{}", command.get_name());
    // The root's own name is no part of the names below it.
    let below = if key == "help-haat" { "help" } else { &key }.to_owned();
    let part = |part: &str| language.message(&format!("{key}.{part}"), &[]);
    let after = part("examples").or_else(|| command.get_after_help().map(|after| with_heading(&after.to_string(), &say!("help-examples"))));
    let arguments: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    let children: Vec<String> = command.get_subcommands().map(|child| child.get_name().to_owned()).collect();
    let usage = say!("help-usage");
    let mut command = command
        .help_template(format!("{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}{{after-help}}"))
        .subcommand_help_heading(say!("help-commands"));
    if let Some(about) = language.message(&key, &[]) {
        // What `--help` says beyond the first line is either translated too or left out: two languages in one help help nobody.
        let long = part("long").map(|long| StyledStr::from(format!("{about}\n\n{long}")));
        let long = long.map_or(Resettable::Reset, Resettable::Value);
        command = command.about(about).long_about(long);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    for id in arguments {
        let help = part(&id);
        command = command.mut_arg(id, |argument| argument_in(argument, help));
    }
    for child in children {
        command = command.mut_subcommand(child, |child| translated(child, language, &below));
    }
    command
}

/// Examples under the heading of another language.
fn with_heading(after: &str, heading: &str) -> String {
    let examples = ["Examples:", "Example:"].into_iter().find_map(|english| after.strip_prefix(english));
    examples.map_or_else(|| after.to_owned(), |examples| format!("{heading}{examples}"))
}

fn argument_in(argument: Arg, help: Option<String>) -> Arg {
    let heading = if argument.is_positional() { say!("help-arguments") } else { say!("help-options") };
    let argument = argument.help_heading(heading);
    match help {
        Some(help) => argument.help(help),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    /// Names of all commands and arguments that have a help.
    fn named(command: &Command, key: &str, names: &mut BTreeSet<String>) {
        let key = format!("{key}-{}", command.get_name());
        let is_root = key == "help-haat";
        names.insert(key.clone());
        let own = command.get_arguments().filter(|argument| argument.get_help().is_some() && (is_root || !argument.is_global_set()));
        names.extend(own.map(|argument| format!("{key}.{}", argument.get_id())));
        let below = if is_root { "help" } else { &key };
        command.get_subcommands().for_each(|child| named(child, below, names));
    }

    #[test]
    fn every_help_is_there_in_chinese() {
        let mut names = BTreeSet::new();
        named(&Cli::command(), "help", &mut names);
        assert!(names.len() > 200, "{}", names.len());
        let missing: Vec<&String> = names.iter().filter(|name| Language::Chinese.message(name, &[]).is_none()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn the_grammar_is_sound_in_chinese() {
        let grammar = translated(Cli::command(), Language::Chinese, "help");
        grammar.clone().debug_assert();
        let mut circle = grammar.find_subcommand("circle").expect("a command").clone();
        let told = circle.render_help().to_string();
        assert!(told.contains("圈子"), "{told}");
        for word in ["Begin a circle", "One circle", "Who asks"] {
            assert!(!told.contains(word), "{word}: {told}");
        }
        assert_eq!(with_heading("Example:\n  haat id --json", "例："), "例：\n  haat id --json");
    }
}
