//! One neighbour: a process of this very program that runs `up` in a home of its own. It never outlives this value.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use haat_protocol::local::routes::STOP;
use haat_protocol::local::{Problem, ProblemKind};
use serde::Deserialize;

use super::cast::Who;
use crate::client::Client;

/// What a neighbour's node prints when it is up.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ready {
    /// Its owner.
    pub(super) identity: String,
    /// Address of its local API.
    pub(super) api: String,
    /// Address of its pages, if it has any.
    pub(super) ui: Option<String>,
}

/// A process that is on its way up.
#[derive(Debug)]
pub(super) struct Rising {
    who: Who,
    home: PathBuf,
    log: PathBuf,
    life: Life,
    line: Receiver<String>,
}

/// A neighbour whose node is up.
#[derive(Debug)]
pub(super) struct Neighbour {
    /// Who it is.
    pub(super) who: Who,
    /// Where the node lives.
    pub(super) home: PathBuf,
    /// What it said when it came up.
    pub(super) ready: Ready,
    life: Life,
}

/// A child process, ended when this goes. It also ends by itself when its standard input closes, so that even a killed
/// parent leaves nobody behind.
#[derive(Debug)]
struct Life {
    child: Child,
    _tie: Option<ChildStdin>,
}

impl Drop for Life {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Rising {
    /// Starts the process. `town` is the directory of all homes.
    ///
    /// # Errors
    /// When the home or the process cannot be made.
    pub(super) fn start(who: Who, town: &Path) -> Result<Self, Problem> {
        let home = town.join(who.directory());
        let log = home.join("logs").join("stderr.log");
        let fault = |e: std::io::Error| {
            Problem::new(ProblemKind::Internal, "demo-start", &format!("{} cannot move in", who.name()), format!("{}: {e}", home.display()))
        };
        private_directory(&home).and_then(|()| private_directory(&home.join("logs"))).map_err(fault)?;
        let program = std::env::current_exe().map_err(fault)?;
        let mut up = Process::new(program);
        up.arg("--home").arg(&home).args(["--json", "up", "--name", who.name()]);
        up.args(["--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--no-mdns", "--until-eof"]);
        up.env_remove("HAAT_HOME").env_remove("HAAT_PASSPHRASE");
        up.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log).map_err(fault)?);
        let mut child = up.spawn().map_err(fault)?;
        let (tie, said) = (child.stdin.take(), child.stdout.take());
        let life = Life { child, _tie: tie };
        let (out, line) = sync_channel(1);
        // Reading may take for ever, waiting may not.
        thread::spawn(move || {
            let mut words = String::new();
            if let Some(Ok(_)) = said.map(|said| BufReader::new(said).read_line(&mut words)) {
                let _ = out.send(words);
            }
        });
        Ok(Self { who, home, log, life, line })
    }

    /// Waits until the node says that it is up.
    ///
    /// # Errors
    /// When it ends, says something else or says nothing until `end`.
    pub(super) fn ready(mut self, end: Instant) -> Result<Neighbour, Problem> {
        let said = self.line.recv_timeout(end.saturating_duration_since(Instant::now()));
        let why = match said {
            Ok(words) => match serde_json::from_str(&words) {
                Ok(ready) => return Ok(Neighbour { who: self.who, home: self.home, ready, life: self.life }),
                Err(_) if words.trim().is_empty() => self.last_words(),
                Err(e) => format!("it said {:?}: {e}", words.trim()),
            },
            Err(RecvTimeoutError::Timeout) => "it does not say that it is up".to_owned(),
            Err(RecvTimeoutError::Disconnected) => self.last_words(),
        };
        let title = format!("the node of {} did not come up", self.who.name());
        Err(Problem::new(ProblemKind::Internal, "demo-start", &title, why).hint("try again; --keep DIR keeps the logs"))
    }

    /// What a process that ended left in its log.
    fn last_words(&mut self) -> String {
        let _ = self.life.child.wait();
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().last().unwrap_or("it ended without a word").to_owned()
    }
}

impl Neighbour {
    /// A way to its node. Each has a fresh name for one command.
    ///
    /// # Errors
    /// When the node does not run any more.
    pub(super) fn client(&self) -> Result<Client, Problem> {
        Client::find(&self.home, None)
    }

    /// Asks the node to stop. Whether it does is told by [`Neighbour::is_gone`].
    pub(super) fn ask_to_stop(&self) {
        // Whoever is gone already cannot be asked, and need not be.
        let _ = self.client().and_then(|client| client.tell(STOP));
    }

    /// Whether the process has ended.
    pub(super) fn is_gone(&mut self) -> bool {
        matches!(self.life.child.try_wait(), Ok(Some(_)))
    }

    /// Number of the process.
    pub(super) fn process(&self) -> u32 {
        self.life.child.id()
    }
}

/// How long all nodes together may take to come up.
pub(super) const RISE_WAIT: Duration = Duration::from_secs(30);

/// Makes a directory for its owner only.
pub(super) fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
