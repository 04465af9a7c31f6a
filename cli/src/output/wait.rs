//! What a person sees who waits: after a moment a spinner with the time that has passed, on standard error and only if that is a terminal.

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
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        return act();
    }
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
