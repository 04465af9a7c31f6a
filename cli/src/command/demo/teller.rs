//! Tells the story as it happens, or keeps quiet. It knows nothing about what it tells.

use std::cell::RefCell;

use anstyle::{AnsiColor, Color, Style};

use crate::error::Failure;
use crate::{output, text};

/// Tells, unless it is to be quiet.
#[derive(Debug)]
pub(super) struct Teller {
    is_quiet: bool,
    broken: RefCell<Option<Failure>>,
    /// Who came up so far; the place decides the colour.
    names: RefCell<Vec<String>>,
}

impl Teller {
    pub(super) const fn new(is_quiet: bool) -> Self {
        Self { is_quiet, broken: RefCell::new(None), names: RefCell::new(Vec::new()) }
    }

    fn line(&self, words: &str) {
        if self.is_quiet || self.broken.borrow().is_some() {
            return;
        }
        if let Err(failure) = output::line(words) {
            *self.broken.borrow_mut() = Some(failure);
        }
    }

    /// Why nothing can be told any more, once.
    pub(super) fn take_broken(&self) -> Option<Failure> {
        self.broken.borrow_mut().take()
    }

    /// Something as it is.
    pub(super) fn plain(&self, words: &str) {
        self.line(words);
    }

    /// A new part of the day.
    pub(super) fn chapter(&self, title: &str) {
        self.line(&format!("\n{}", output::bold(&format!("== {title} =="))));
    }

    /// Somebody does something.
    pub(super) fn does(&self, who: &str, what: &str) {
        self.line(&format!("  {} {what}", self.named(who)));
    }

    /// Somebody says something.
    pub(super) fn says(&self, who: &str, words: &str) {
        self.line(&format!("  {}: “{}”", self.named(who), text::one_line(words)));
    }

    /// Somebody reads on their own node what another wrote.
    pub(super) fn sees(&self, who: &str, what: &str) {
        self.line(&format!("      {} {} {}", output::dim("↳"), self.named(who), text::one_line(what)));
    }

    /// What it means.
    pub(super) fn means(&self, what: &str) {
        self.line(&format!("      {}", output::dim(what)));
    }

    /// A part of the day is over.
    pub(super) fn over(&self, steps: usize, ms: u64) {
        let what = if steps == 1 { "step" } else { "steps" };
        self.line(&format!("  {}", output::dim(&format!("{steps} {what} in {}.{} s", ms / 1000, ms % 1000 / 100))));
    }

    /// A name in its own colour, the same all day.
    fn named(&self, name: &str) -> String {
        const COLOURS: [AnsiColor; 5] = [AnsiColor::Cyan, AnsiColor::Green, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Blue];
        let mut names = self.names.borrow_mut();
        let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        let style = Style::new().fg_color(Some(Color::Ansi(COLOURS[place % COLOURS.len()]))).bold();
        format!("{style}{}{style:#}", text::one_line(name))
    }
}
