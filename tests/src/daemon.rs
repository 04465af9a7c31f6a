//! Real processes of the real binary, driven through its command line as a person or a script would.
//!
//! Every node has a home of its own in a directory of its own and asks for port 0. Every process that is begun here is ended
//! here, by its own handle, and nothing is left behind. Nothing here may look into a node by another way than its doors.

pub mod answer;
pub mod nat;
pub mod node;
pub mod raw;
pub mod shape;
pub mod still;
pub mod story;
pub mod terminal;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use answer::{Problem, items};
pub use node::Node;

/// How long anything may take that is waited for. Long, because a small machine runs several towns at once.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether it has happened.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// Towns that live at the same time: more of them only wait for the processor.
const TOWNS_AT_ONCE: usize = 3;

static FREE: Mutex<usize> = Mutex::new(TOWNS_AT_ONCE);
static FREED: Condvar = Condvar::new();

/// The binary, built from the sources as they are.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let exe = std::env::current_exe().expect("a test knows where it is");
    let profile_dir = exe.parent().and_then(Path::parent).expect("tests live in target/PROFILE/deps");
    let target = profile_dir.parent().expect("a profile has a directory in the target directory");
    let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "haat", "--locked", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .expect("cargo can be run");
    assert!(built.success(), "haat does not build");
    profile_dir.join(format!("haat{}", std::env::consts::EXE_SUFFIX))
});

/// The binary under test.
#[must_use]
pub fn binary() -> &'static Path {
    &BINARY
}

/// A directory in which the homes of a few neighbours lie; gone when the test ends.
#[derive(Debug)]
pub struct Town {
    dir: tempfile::TempDir,
}

impl Town {
    /// Waits for its turn and begins a town.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it waits")]
    pub fn new() -> Self {
        LazyLock::force(&BINARY);
        let mut free = free();
        while *free == 0 {
            free = FREED.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Self { dir: tempfile::Builder::new().prefix("haat-town-").tempdir().expect("a temporary directory") }
    }

    /// A neighbour who has not started a node yet.
    #[must_use]
    pub fn node(&self, name: &str) -> Node {
        Node::new(self.dir.path(), name)
    }

    /// A place for a file.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and says where it is.
    #[must_use]
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("written");
        text(&path)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        *free() += 1;
        FREED.notify_one();
    }
}

fn free() -> MutexGuard<'static, usize> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A path as an argument.
#[must_use]
pub fn text(path: &Path) -> String {
    path.to_str().expect("temporary paths are text").to_owned()
}

/// Asks until there is an answer.
///
/// # Panics
/// When there is none within [`PATIENCE`].
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {} s", PATIENCE.as_secs());
        thread::sleep(ASK_EVERY);
    }
}

/// Asks until it is so.
///
/// # Panics
/// When it is not within [`PATIENCE`].
pub fn until_so(what: &str, mut ask: impl FnMut() -> bool) {
    until(what, || ask().then_some(()));
}
