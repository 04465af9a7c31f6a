//! What ends a command before its time: Ctrl-C, a request of the system, or a `q` on standard input. Nothing here tells of it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use haat_protocol::local::{Problem, ProblemKind};
use tokio::runtime::Runtime;

/// Code of the problem that a command was to end.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// Watches for signals from the moment it is made.
#[derive(Debug)]
pub(crate) struct Interrupt {
    came: Arc<AtomicBool>,
    wake: SyncSender<()>,
    woken: Receiver<()>,
    /// Where signals are awaited.
    runtime: Runtime,
}

impl Interrupt {
    /// Begins to watch.
    ///
    /// # Errors
    /// When signals cannot be handled here.
    pub(crate) fn watch() -> Result<Self, Problem> {
        let fault = |e: io::Error| Problem::new(ProblemKind::Internal, "no-signals", "signals cannot be handled", e.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(fault)?;
        let (wake, woken) = sync_channel(1);
        let came = Arc::new(AtomicBool::new(false));
        let (flag, bell) = (Arc::clone(&came), wake.clone());
        let signal = {
            let _inside = runtime.enter();
            Asked::listen().map_err(fault)?
        };
        runtime.spawn(async move {
            signal.comes().await;
            flag.store(true, Ordering::Relaxed);
            let _ = bell.try_send(());
        });
        Ok(Self { came, wake, woken, runtime })
    }

    /// Whether somebody wants the command to end.
    pub(crate) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }

    /// Does something in a thread of its own until it is done, or somebody wants the command to end: then there is no outcome, and the
    /// thread ends with the process.
    pub(crate) fn unless<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (tell, told) = sync_channel(1);
        let bell = self.wake.clone();
        thread::spawn(move || {
            let _ = tell.send(act());
            let _ = bell.try_send(());
        });
        let _ = self.woken.recv();
        told.try_recv().ok()
    }

    /// Waits for a line `q`, the end of standard input, or a signal.
    pub(crate) fn wait(self) {
        let bell = self.wake.clone();
        // This thread may wait for a line for ever; the process ends without it.
        thread::spawn(move || {
            for line in io::stdin().lines() {
                if line.is_ok_and(|line| line.trim().eq_ignore_ascii_case("q")) {
                    break;
                }
            }
            let _ = bell.try_send(());
        });
        let _ = self.woken.recv();
        self.runtime.shutdown_background();
    }
}

/// The signals that ask a process to end.
struct Asked {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Asked {
    /// From now on a signal no longer ends the process by itself.
    fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?] })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn comes(self) {
        #[cfg(unix)]
        {
            let [mut interrupt, mut terminate, mut hangup] = self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
