//! Errors as people and programs read them: "what happened - why - what to do", or one JSON object on one line.
//!
//! Nothing here prints on standard output, and no error is longer than [`LINES_MAX`] lines.

use std::io::{self, Write};

use clap::error::ErrorKind;
use haat_protocol::local::explain::explain;
use haat_protocol::local::{ImportReport, Problem, ProblemKind};

use crate::say::{Language, language, say};
use crate::{output, text};

/// Lines of one error: more is not read.
const LINES_MAX: usize = 8;
/// Refused rows of an import that are told to people.
const ROWS_MAX: usize = 4;
/// Characters of one line of an error.
const LINE_MAX_CHARS: usize = 400;

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something is told to the user.
    #[error("{}", .0.title)]
    Problem(Box<Problem>),
    /// Whoever read the answer has gone away. No error.
    #[error("the reader of standard output went away")]
    ClosedPipe,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Failure {
    /// A failure to write the answer.
    pub(crate) fn from_output(e: &io::Error) -> Self {
        if e.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Problem::new(ProblemKind::Internal, "output", "cannot write the answer", e.to_string()).into()
    }
}

/// Tells a problem on standard error. A closed standard error is nobody's fault and is not told.
pub(crate) fn tell(problem: &Problem, json: bool) {
    let mut err = anstream::stderr().lock();
    let _ = if json {
        writeln!(err, "{}", serde_json::to_string(problem).unwrap_or_else(|_| r#"{"code":"internal"}"#.to_owned()))
    } else {
        write!(err, "{}", for_people(problem))
    };
}

/// The problem in at most [`LINES_MAX`] lines.
fn for_people(problem: &Problem) -> String {
    let problem = &spoken(problem, language());
    let mut head = vec![format!("{} {}", output::red(&say!("error")), one(&problem.title))];
    let rows = problem.import.as_deref().map(refused_rows).unwrap_or_default();
    if !problem.detail.is_empty() {
        head.push(format!("  {}", one(&problem.detail)));
    }
    let hint = problem.hint.as_deref().map(|h| format!("  {} {}", output::bold(&say!("hint")), one(h)));
    let room = LINES_MAX - head.len() - usize::from(hint.is_some());
    let mut lines = head;
    lines.extend(rows.into_iter().take(room));
    lines.extend(hint);
    lines.join("\n") + "\n"
}

/// The problem in the words of a language: what the code means, and below it what exactly happened here, as it was told.
fn spoken(problem: &Problem, language: Language) -> Problem {
    let mut spoken = problem.clone();
    let code = explain(&problem.code).map_or("unknown", |row| row.code);
    let part = |part: &str| language.message(&format!("problem-{code}{part}"), &[]);
    if let Some(title) = part("") {
        spoken.detail =
            [problem.title.as_str(), problem.detail.as_str()].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": ");
        spoken.title = title;
        spoken.hint = part(".advice").map(|advice| problem.hint.as_ref().map_or(advice.clone(), |hint| format!("{advice} ({hint})")));
    }
    spoken
}

/// One line, whatever came in.
fn one(words: &str) -> String {
    text::shortened(&text::one_line(words), LINE_MAX_CHARS)
}

fn refused_rows(report: &ImportReport) -> Vec<String> {
    let told = |row: &haat_protocol::local::ImportRow| {
        let value = text::shortened(&text::one_line(&row.value), 40);
        format!(
            "  {} {}",
            say!("error-row", row = row.row, column = one(&row.column), reason = one(&row.reason)),
            output::dim(&format!("({value})"))
        )
    };
    let mut lines: Vec<String> = report.refused.iter().take(ROWS_MAX).map(told).collect();
    let left = report.refused.len().saturating_sub(ROWS_MAX);
    if left > 0 {
        lines.push(format!("  {}", say!("error-rows-more", count = left)));
    }
    lines
}

/// An error of the command line itself: the parser's own words, in the three parts of every problem.
pub(crate) fn from_clap(e: &clap::Error) -> Problem {
    let plain = e.render().to_string();
    let mut paragraphs = plain.split("\n\n").map(|p| p.lines().map(str::trim).collect::<Vec<_>>());
    let first = paragraphs.next().unwrap_or_default();
    let head = first.first().map_or("wrong usage", |l| l.trim_start_matches("error: ")).trim_end_matches(':');
    // "invalid value 'x' for '--y': why"
    let (title, why) = head.split_once("': ").map_or((head.to_owned(), ""), |(what, why)| (format!("{what}'"), why));
    let more = first.get(1..).unwrap_or_default().join(", ");
    let detail = match (why, more.trim_matches(['[', ']']), e.kind()) {
        ("", "", ErrorKind::InvalidSubcommand) => "there is no command of that name",
        ("", "", ErrorKind::UnknownArgument) => "the command does not take it",
        ("", "", _) => "the command line cannot be understood",
        ("", more, _) => more,
        (why, _, _) => why,
    };
    let mut tips: Vec<String> = Vec::new();
    for line in paragraphs.flatten() {
        if let Some(tip) = line.strip_prefix("tip: ") {
            tips.push(tip.to_owned());
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            // An option that came from the surroundings is none that the user has to type.
            tips.push(format!("usage: {}", usage.replace(" --home <DIR>", "")));
        }
    }
    let help = if tips.is_empty() { "the same command with --help".to_owned() } else { tips.join("; ") };
    Problem::usage("usage", &title, detail).hint(help)
}

#[cfg(test)]
mod tests {
    use haat_protocol::local::ImportRow;

    use super::*;
    use crate::args::Cli;
    use clap::Parser;

    fn plain(problem: &Problem) -> String {
        anstream::adapter::strip_str(&for_people(problem)).to_string()
    }

    #[test]
    fn never_more_than_eight_lines_and_no_control_characters() {
        let row =
            |n| ImportRow { row: n, column: "Variant\nPrice".into(), value: "x\u{1b}[2J".repeat(50), reason: "not an\namount".into() };
        let mut problem = Problem::refused("import", "3 rows\nare wrong", "a\nb\nc\nd\ne\nf\ng\nh\u{1b}[31m").hint("mend\nthem");
        problem.import = Some(Box::new(ImportReport { refused: (2..40).map(row).collect(), ..ImportReport::default() }));
        let told = plain(&problem);
        assert!(told.lines().count() <= 8, "{told}");
        assert!(told.contains("row 2, Variant Price: not an amount") && told.contains("and 34 more; --json lists all"), "{told}");
        assert!(told.lines().last().is_some_and(|l| l.contains("hint: mend them")), "{told}");
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }

    #[test]
    fn a_few_refused_rows_are_all_told() {
        let row = |n| ImportRow { row: n, column: "Title".into(), value: String::new(), reason: "empty".into() };
        let mut problem = Problem::refused("import", "2 rows are wrong", "nothing was taken in");
        problem.import = Some(Box::new(ImportReport { refused: vec![row(2), row(7)], ..ImportReport::default() }));
        let told = plain(&problem);
        assert!(told.contains("row 7, Title: empty") && !told.contains("more"), "{told}");
    }

    #[test]
    fn usage_errors_become_problems_with_what_to_do() {
        let of = |line: &[&str]| from_clap(&Cli::try_parse_from(line).expect_err("a wrong line"));
        let typo = of(&["haat", "oder", "list"]);
        assert_eq!((typo.kind, typo.code.as_str()), (ProblemKind::Usage, "usage"));
        assert!(typo.title.contains("'oder'") && typo.hint.as_deref().is_some_and(|h| h.contains("'order'")), "{typo:?}");
        let missing = of(&["haat", "shop", "create", "Hill"]);
        assert!(missing.detail.contains("--currency") && missing.detail.contains("--returns"), "{missing:?}");
        let verb = of(&["haat", "order"]);
        assert!(verb.detail.contains("offer") && plain(&verb).lines().count() <= 8, "{verb:?}");
        for line in
            [&["haat", "--json"][..], &["haat", "review", "o", "--rating", "6", "--text", "x"], &["haat", "feed", "--limit", "many"]]
        {
            let problem = of(line);
            assert!(!problem.title.is_empty() && !problem.detail.is_empty() && problem.hint.is_some(), "{problem:?}");
        }
    }
}
