//! The town: all neighbours with their homes. Where it stands is gone with it, unless it is to be kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use haat_protocol::limits::STOP_WAIT_MS;
use haat_protocol::local::{Problem, ProblemKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cast::Who;
use super::neighbour::{Neighbour, RISE_WAIT, Rising, private_directory};
use crate::{table, text};

/// Pause between two looks at whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where the homes are. Declared after the neighbours in [`Town`], so that it goes after them.
#[derive(Debug)]
enum Ground {
    Borrowed(TempDir),
    Kept(PathBuf),
}

/// All neighbours.
#[derive(Debug)]
pub(super) struct Town {
    neighbours: Vec<Neighbour>,
    ground: Ground,
}

impl Town {
    /// Starts all nodes at once and waits until each is up.
    ///
    /// # Errors
    /// When there is no place for the homes, or a node does not come up. Nothing is left running then.
    pub(super) fn start(cast: &[Who], keep: Option<&Path>) -> Result<Self, Problem> {
        let ground = match keep {
            Some(path) => Ground::Kept(empty_directory(path)?),
            None => Ground::Borrowed(borrowed()?),
        };
        let mut town = Self { neighbours: Vec::new(), ground };
        let rising = cast.iter().map(|who| Rising::start(*who, town.place())).collect::<Result<Vec<_>, _>>()?;
        let end = Instant::now() + RISE_WAIT;
        for neighbour in rising {
            town.neighbours.push(neighbour.ready(end)?);
        }
        Ok(town)
    }

    /// The directory of all homes.
    pub(super) fn place(&self) -> &Path {
        match &self.ground {
            Ground::Borrowed(dir) => dir.path(),
            Ground::Kept(path) => path,
        }
    }

    /// Whether the homes stay when the town ends.
    pub(super) const fn is_kept(&self) -> bool {
        matches!(self.ground, Ground::Kept(_))
    }

    /// All neighbours, in the order in which they are told.
    pub(super) fn neighbours(&self) -> &[Neighbour] {
        &self.neighbours
    }

    /// One neighbour; none when the town is too small for them.
    pub(super) fn neighbour(&self, who: Who) -> Option<&Neighbour> {
        self.neighbours.iter().find(|n| n.who == who)
    }

    /// The neighbours as people read them.
    pub(super) fn told(&self) -> String {
        let has_pages = self.neighbours.iter().any(|n| n.ready.ui.is_some());
        let row = |n: &Neighbour| {
            let door = n.ready.ui.clone().unwrap_or_else(|| n.ready.api.clone());
            [n.who.name().to_owned(), text::short(&n.ready.identity).to_owned(), door, n.home.display().to_string()]
        };
        let heading = ["neighbour", "identity", if has_pages { "page" } else { "api" }, "home"];
        table::table(heading, self.neighbours.iter().map(row).collect(), "Nobody lives here.")
    }

    /// The neighbours as programs read them.
    pub(super) fn document(&self) -> Value {
        let row = |n: &Neighbour| {
            json!({
                "name": n.who.name(), "identity": n.ready.identity, "home": n.home.display().to_string(),
                "api": n.ready.api, "ui": n.ready.ui, "process": n.process(),
            })
        };
        self.neighbours.iter().map(row).collect()
    }

    /// Asks all nodes to stop and waits for them. Who is not gone by then is ended when the town goes.
    pub(super) fn stop(mut self) {
        thread::scope(|scope| {
            for neighbour in &self.neighbours {
                scope.spawn(|| neighbour.ask_to_stop());
            }
        });
        let end = Instant::now() + Duration::from_millis(STOP_WAIT_MS);
        while Instant::now() < end && !self.neighbours.iter_mut().all(Neighbour::is_gone) {
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// A directory that goes with the town.
fn borrowed() -> Result<TempDir, Problem> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("haat-demo-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().map_err(|e| {
        Problem::new(ProblemKind::Internal, "demo-place", "there is no place for the town", e.to_string()).hint("name one with --keep DIR")
    })
}

/// A directory that is to be kept: made now, or there and empty.
fn empty_directory(path: &Path) -> Result<PathBuf, Problem> {
    let fault = |why: String| {
        Problem::usage("demo-keep", &format!("the town cannot be built in {:?}", path.display().to_string()), why)
            .hint("name an empty or a new directory with --keep DIR")
    };
    private_directory(path).map_err(|e| fault(e.to_string()))?;
    let mut inside = fs::read_dir(path).map_err(|e| fault(e.to_string()))?;
    if inside.next().is_some() {
        return Err(fault("it is not empty".to_owned()));
    }
    path.canonicalize().map_err(|e| fault(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_town_is_not_built_over_something_else() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(empty_directory(&dir.path().join("new/town")).is_ok());
        assert_eq!(empty_directory(dir.path()).map_err(|p| p.kind), Err(ProblemKind::Usage), "something is there");
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(empty_directory(file.path()).map_err(|p| p.code), Err("demo-keep".to_owned()));
    }
}
