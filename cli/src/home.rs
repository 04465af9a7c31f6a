//! The home directory as the command line sees it: where it is, whether a node runs in it, how to reach that node.
//!
//! Nothing here writes: a home belongs to its node.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use haat_protocol::limits::STOP_WAIT_MS;
use haat_protocol::local::{Problem, ProblemKind};
use serde::Deserialize;

/// Pause between two looks at the lock.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a running node writes into its lock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Running {
    /// Its process.
    pub(crate) pid: u32,
    /// Where its API listens: `http://127.0.0.1:PORT`.
    pub(crate) api: String,
}

/// `haat` in the user's data directory.
///
/// # Errors
/// A usage problem when the surroundings name no such directory.
pub(crate) fn default_home() -> Result<PathBuf, Problem> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|h| h.join(".local/share"))).map(|data| data.join("haat")).ok_or_else(|| {
        Problem::usage("no-home", "no home directory is known", "neither HAAT_HOME nor HOME is set").hint("name one with --home DIR")
    })
}

/// The node that runs in this home; none when there is none.
///
/// # Errors
/// A problem when the home cannot be looked at, or the node does not say where it listens.
pub(crate) fn running(home: &Path) -> Result<Option<Running>, Problem> {
    let end = Instant::now() + Duration::from_millis(STOP_WAIT_MS);
    while is_locked(home)? {
        let told = fs::read(home.join("lock")).ok().and_then(|bytes| serde_json::from_slice::<Running>(&bytes).ok());
        match told {
            Some(running) if is_loopback(&running.api) => return Ok(Some(running)),
            Some(_) => {
                return Err(Problem::new(
                    ProblemKind::Permission,
                    "api-address",
                    "the node's address is not on this machine",
                    "the lock file was changed by someone else",
                )
                .hint("haat down, then haat up"));
            }
            // The node holds the lock a moment before it knows its port.
            None if Instant::now() < end => sleep(LOOK_EVERY),
            None => {
                return Err(Problem::new(
                    ProblemKind::Unknown,
                    "starting",
                    "the node does not say where it listens",
                    "it is still starting, or stopping",
                )
                .hint("try again in a moment"));
            }
        }
    }
    Ok(None)
}

/// Waits until no node runs in this home; false when it still does after [`STOP_WAIT_MS`].
///
/// # Errors
/// A problem when the home cannot be looked at.
pub(crate) fn wait_until_free(home: &Path) -> Result<bool, Problem> {
    let end = Instant::now() + Duration::from_millis(STOP_WAIT_MS);
    while is_locked(home)? {
        if Instant::now() >= end {
            return Ok(false);
        }
        sleep(LOOK_EVERY);
    }
    Ok(true)
}

/// The word that opens the local API.
///
/// # Errors
/// A problem when it cannot be read.
pub(crate) fn token(home: &Path) -> Result<String, Problem> {
    fs::read_to_string(home.join("api-token")).map(|t| t.trim().to_owned()).map_err(|e| unreadable(home, "api-token", &e))
}

/// Whether a node holds the lock. Shared, so that two commands at once do not take each other for a node.
fn is_locked(home: &Path) -> Result<bool, Problem> {
    let file = match File::open(home.join("lock")) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(unreadable(home, "lock", &e)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(unreadable(home, "lock", &e)),
    }
}

fn unreadable(home: &Path, name: &str, e: &io::Error) -> Problem {
    let home = home.display();
    match e.kind() {
        io::ErrorKind::NotADirectory => Problem::usage("home-not-directory", "the home is not a directory", format!("{home} is a file"))
            .hint("name a directory with --home DIR"),
        io::ErrorKind::PermissionDenied => {
            Problem::new(ProblemKind::Permission, "home-permission", &format!("may not read {name}"), format!("{home}: {e}"))
                .hint("a home belongs to one user: run haat as that user")
        }
        _ => Problem::new(ProblemKind::Store, "home-unreadable", &format!("cannot read {name}"), format!("{home}: {e}")),
    }
}

fn is_loopback(api: &str) -> bool {
    api.strip_prefix("http://").and_then(|a| a.parse::<SocketAddr>().ok()).is_some_and(|a| a.ip().is_loopback())
}

/// No node runs here.
pub(crate) fn not_running(home: &Path) -> Problem {
    Problem::new(ProblemKind::NotRunning, "not-running", "no node is running", format!("nothing holds the home {}", home.display()))
        .hint("haat up, in another terminal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_nobody_holds_is_no_node() {
        let home = tempfile::tempdir().expect("a directory");
        assert_eq!(running(home.path()), Ok(None));
        let path = home.path().join("lock");
        fs::write(&path, r#"{"pid":1,"api":"http://127.0.0.1:5"}"#).expect("written");
        assert_eq!(running(home.path()), Ok(None), "left behind by a node that was killed");
        let held = File::open(&path).expect("it is there");
        held.try_lock().expect("nobody else holds it");
        assert_eq!(running(home.path()), Ok(Some(Running { pid: 1, api: "http://127.0.0.1:5".into() })));
        fs::write(&path, r#"{"pid":1,"api":"http://192.0.2.7:5"}"#).expect("written");
        assert_eq!(running(home.path()).map_err(|p| p.kind), Err(ProblemKind::Permission), "the token stays on this machine");
        drop(held);
        assert_eq!(wait_until_free(home.path()), Ok(true));
    }

    #[test]
    fn a_file_is_no_home() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(running(file.path()).map_err(|p| p.kind), Err(ProblemKind::Usage));
    }
}
