//! One node per home: an advisory lock on the file `lock`, which also tells where the node's API is.
//!
//! The system frees the lock when the process ends, however it ends; so what the file says counts only while it is held.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use haat_protocol::limits::{HOME_FILE_MAX_BYTES, HOME_LOCK_ATTEMPTS, HOME_LOCK_PAUSE_MS};
use haat_protocol::local::Problem;
use serde::{Deserialize, Serialize};

use super::{file, io_problem};

/// The node that holds a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningNode {
    /// Its process.
    pub pid: u32,
    /// URL of its local API, such as `http://127.0.0.1:4180`; none while it starts.
    pub api: Option<String>,
}

/// A home taken by this process.
#[derive(Debug)]
pub struct HomeLock {
    file: File,
    path: PathBuf,
}

impl HomeLock {
    pub(super) fn take(home: &Path) -> Result<Self, Problem> {
        let path = home.join("lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(file::MODE).open(&path);
        let file = file.map_err(|fault| io_problem(&path, &fault))?;
        let mut attempt = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(fault)) => return Err(io_problem(&path, &fault)),
                Err(TryLockError::WouldBlock) if attempt == HOME_LOCK_ATTEMPTS => return Err(in_use(home)),
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(HOME_LOCK_PAUSE_MS)),
            }
            attempt += 1;
        }
        let lock = Self { file, path };
        lock.say(None)?;
        file::sweep(home).map_err(|fault| io_problem(home, &fault))?;
        Ok(lock)
    }

    /// Tells where the node's local API is, once it is bound.
    ///
    /// # Errors
    /// A store problem when the file cannot be written.
    pub fn announce(&self, api: &str) -> Result<(), Problem> {
        self.say(Some(api.to_owned()))
    }

    /// The lock sits on the file itself, so it is written in place and not replaced.
    fn say(&self, api: Option<String>) -> Result<(), Problem> {
        let text = serde_json::json!(RunningNode { pid: std::process::id(), api }).to_string();
        let written = self.file.write_all_at(text.as_bytes(), 0).and_then(|()| self.file.set_len(text.len() as u64));
        written.map_err(|fault| io_problem(&self.path, &fault))
    }
}

impl Drop for HomeLock {
    /// An empty file tells everybody at a glance that no node runs.
    fn drop(&mut self) {
        if let Err(fault) = self.file.set_len(0) {
            tracing::debug!(%fault, "the lock file was not emptied");
        }
    }
}

/// Who holds the lock of this home now.
pub(super) fn running(home: &Path) -> Result<Option<RunningNode>, Problem> {
    let path = home.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(io_problem(&path, &fault)),
    };
    if file.metadata().map_err(|fault| io_problem(&path, &fault))?.len() == 0 {
        return Ok(None);
    }
    match file.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(fault)) => return Err(io_problem(&path, &fault)),
    }
    let mut text = String::new();
    file.take(HOME_FILE_MAX_BYTES).read_to_string(&mut text).map_err(|fault| io_problem(&path, &fault))?;
    Ok(Some(serde_json::from_str(&text).unwrap_or(RunningNode { pid: 0, api: None })))
}

fn in_use(home: &Path) -> Problem {
    Problem::refused("in-use", "the home is in use: a node runs in it", format!("another process holds {}", home.join("lock").display()))
        .hint("use it as it is, stop it with `haat down`, or name another home with --home DIR")
}
