//! What a person sees who waits: after a moment a spinner with the time that has passed, or how much of it is done, on standard error
//! and only if that is a terminal.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::say::say;
use indicatif::{ProgressBar, ProgressStyle};

/// What takes no longer than this is not worth a word.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// Does something that may take long, and says so meanwhile.
pub(crate) fn during<T>(act: impl FnOnce() -> T) -> T {
    watched(|_| (), act)
}

/// So many listings of so many, whenever somebody tells.
#[derive(Debug, Clone)]
pub(crate) struct Counter(ProgressBar);

impl Counter {
    /// Shows how many are done.
    pub(crate) fn tell(&self, done: u64, of: u64) {
        let style = ProgressStyle::with_template("{spinner} {wide_bar} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        self.0.set_style(style);
        self.0.set_length(of);
        self.0.set_position(done);
        self.0.set_message(say!("listings-written", done = done.to_string(), of = of.to_string()));
    }
}

/// The same for what can be counted: `watch` is told where to tell of it, when somebody looks at all.
pub(crate) fn watched<T>(watch: impl FnOnce(Counter), act: impl FnOnce() -> T) -> T {
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        return act();
    }
    watch(Counter(bar.clone()));
    bar.set_style(
        ProgressStyle::with_template(&format!("{{spinner}} {}", say!("node-at-work", elapsed = "{elapsed}")))
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    let (done, ended) = mpsc::sync_channel::<()>(1);
    thread::scope(|scope| {
        scope.spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                bar.enable_steady_tick(TURN);
                let _ = ended.recv();
            }
            bar.finish_and_clear();
        });
        let answer = act();
        drop(done);
        answer
    })
}
