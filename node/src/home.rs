//! The home directory: where a node keeps everything, for one user's eyes only.
//!
//! Directories are 0700 and files 0600; wider ones are refused, never quietly narrowed: who could read them has read them.
//! This place must never interpret the store, nor open anything outside the home.

mod file;
pub mod keyfile;
pub mod lock;
mod remembered;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use haat_protocol::limits::HOME_FILE_MAX_BYTES;
use haat_protocol::local::{Problem, ProblemKind};
use zeroize::Zeroizing;

pub use lock::{HomeLock, RunningNode};
pub use remembered::Remembered;

/// Mode of directories in the home.
const DIR_MODE: u32 = 0o700;
/// Files of the home that must be the user's alone.
const FILES: &[&str] = &["api-token", "config.toml", "haat.redb", "identity", "lock", "remembered.json", "witness"];
/// Directories of the home that must be the user's alone.
const DIRS: &[&str] = &["blobs", "logs"];
/// Characters of an API token: 32 bytes in base64url.
const TOKEN_CHARS: usize = 43;

/// A home directory whose permissions were found good.
#[derive(Debug, Clone)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// Where the home is unless the user says otherwise: `$XDG_DATA_HOME/haat`, else `~/.local/share/haat`.
    ///
    /// # Errors
    /// A usage problem when the environment names no home.
    pub fn default_path() -> Result<PathBuf, Problem> {
        path_from(std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
            .ok_or_else(|| Problem::usage("no-home", "there is no place for the home", "HOME is not set").hint("name one with --home DIR"))
    }

    /// Opens a home that exists.
    ///
    /// # Errors
    /// Not found; or a permission problem when others could read it.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let home = Self { path: path.to_owned() };
        home.check()?;
        Ok(home)
    }

    /// Opens a home, or makes an empty one, and sees that it is this user's own.
    ///
    /// # Errors
    /// A permission problem when others could read it or own it; a store problem when it cannot be made.
    pub fn open_or_create(path: &Path) -> Result<Self, Problem> {
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(path).map_err(|fault| match fault.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => no_directory(path),
            _ => io_problem(path, &fault),
        })?;
        let home = Self::open(path)?;
        let owner = fs::metadata(path).map_err(|fault| io_problem(path, &fault))?.uid();
        let me = file::own_uid(path).map_err(|fault| io_problem(path, &fault))?;
        if owner != me {
            return Err(not_ours(path));
        }
        for name in DIRS {
            let path = home.path.join(name);
            match DirBuilder::new().mode(DIR_MODE).create(&path) {
                Err(fault) if fault.kind() != ErrorKind::AlreadyExists => return Err(io_problem(&path, &fault)),
                _ => {}
            }
        }
        Ok(home)
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sealed keys.
    #[must_use]
    pub fn identity_path(&self) -> PathBuf {
        self.path.join("identity")
    }

    /// The store.
    #[must_use]
    pub fn store_path(&self) -> PathBuf {
        self.path.join("haat.redb")
    }

    /// The witness of what was signed.
    #[must_use]
    pub fn witness(&self) -> WitnessPlace {
        WitnessPlace(self.path.join("witness"))
    }

    /// Directory of the blobs.
    #[must_use]
    pub fn blobs_path(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// Directory of the logs.
    #[must_use]
    pub fn logs_path(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// Takes the home for this process. Held until the lock is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// Refused as `in-use` while another node holds it, which is not disturbed.
    pub fn lock(&self) -> Result<HomeLock, Problem> {
        HomeLock::take(&self.path)
    }

    /// The node that holds this home now, if one does. What a killed node left behind does not count.
    ///
    /// # Errors
    /// A store problem when the lock file is there but cannot be read.
    pub fn running(&self) -> Result<Option<RunningNode>, Problem> {
        lock::running(&self.path)
    }

    /// The token of the local API, if one was made.
    ///
    /// # Errors
    /// A permission or store problem when the file cannot be used.
    pub fn api_token(&self) -> Result<Option<String>, Problem> {
        let path = self.path.join("api-token");
        let Some(bytes) = file::read(&path, HOME_FILE_MAX_BYTES)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let token = text.trim();
        if token.len() == TOKEN_CHARS && BASE64URL_NOPAD.decode(token.as_bytes()).is_ok() {
            return Ok(Some(token.to_owned()));
        }
        Err(damaged(&path, "it does not hold a token").hint(format!("delete it, the next start makes another: rm {}", path.display())))
    }

    /// The token of the local API, made if there is none. Call it with the lock held.
    ///
    /// # Errors
    /// As [`Home::api_token`]; or a store problem when it cannot be written.
    pub fn make_api_token(&self) -> Result<String, Problem> {
        if let Some(token) = self.api_token()? {
            return Ok(token);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|fault| no_chance(&fault))?;
        let token = BASE64URL_NOPAD.encode(bytes.as_ref());
        let path = self.path.join("api-token");
        file::write(&path, token.as_bytes()).map_err(|fault| io_problem(&path, &fault))?;
        Ok(token)
    }

    /// What earlier runs asked to be remembered.
    ///
    /// # Errors
    /// A permission or store problem when the file cannot be used.
    pub fn remembered(&self) -> Result<Remembered, Problem> {
        Remembered::load(&self.path.join("remembered.json"))
    }

    /// Keeps what later runs should know. Call it with the lock held.
    ///
    /// # Errors
    /// A store problem when it cannot be written.
    pub fn remember(&self, remembered: &Remembered) -> Result<(), Problem> {
        remembered.save(&self.path.join("remembered.json"))
    }

    /// Refuses whatever others could read.
    fn check(&self) -> Result<(), Problem> {
        let about = fs::metadata(&self.path).map_err(|fault| match fault.kind() {
            ErrorKind::NotFound => Problem::not_found("home", &self.path.display().to_string()).hint("make one with `haat up`"),
            _ => io_problem(&self.path, &fault),
        })?;
        if !about.is_dir() {
            return Err(no_directory(&self.path));
        }
        check_mode(&self.path, about.permissions().mode(), DIR_MODE)?;
        for (names, mode) in [(FILES, file::MODE), (DIRS, DIR_MODE)] {
            for path in names.iter().map(|name| self.path.join(name)) {
                match fs::symlink_metadata(&path) {
                    Ok(found) if found.uid() != about.uid() => return Err(not_ours(&path)),
                    Ok(found) if found.is_symlink() || found.is_dir() != (mode == DIR_MODE) => {
                        return Err(damaged(&path, "it is not the kind of file that is expected"));
                    }
                    Ok(found) => check_mode(&path, found.permissions().mode(), mode)?,
                    Err(fault) if fault.kind() == ErrorKind::NotFound => {}
                    Err(fault) => return Err(io_problem(&path, &fault)),
                }
            }
        }
        Ok(())
    }
}

/// Where the witness of a home lies. Only a home whose permissions were found good has one.
#[derive(Debug, Clone)]
pub struct WitnessPlace(PathBuf);

impl WitnessPlace {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Replaces a small private file by one whose contents may name the file itself.
///
/// # Errors
/// What the file system says; the old file stays then.
pub(crate) fn replace(path: &Path, contents: impl FnOnce(&fs::Metadata) -> Vec<u8>) -> std::io::Result<()> {
    file::write_naming(path, contents)
}

/// The home for these values of `XDG_DATA_HOME` and `HOME`; relative paths do not count.
fn path_from(data: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    data.and_then(absolute).or_else(|| Some(home.and_then(absolute)?.join(".local/share"))).map(|base| base.join("haat"))
}

/// Whether a mode leaves others nothing.
fn is_private(mode: u32) -> bool {
    mode & 0o077 == 0
}

fn check_mode(path: &Path, found: u32, wanted: u32) -> Result<(), Problem> {
    if is_private(found) {
        return Ok(());
    }
    let detail = format!("{} has mode {:04o}, at most {wanted:04o} is allowed", path.display(), found & 0o7777);
    Err(Problem::new(ProblemKind::Permission, "too-wide", "other users could read the home", detail)
        .hint(format!("chmod {wanted:o} {}", path.display())))
}

fn no_directory(path: &Path) -> Problem {
    Problem::usage("no-directory", "the home is not a directory", path.display().to_string()).hint("name another with --home DIR")
}

fn not_ours(path: &Path) -> Problem {
    let detail = format!("{} does not belong to the user who runs this", path.display());
    Problem::new(ProblemKind::Permission, "not-ours", "the home belongs to another user", detail)
        .hint("run as its owner, or name another with --home DIR")
}

fn damaged(path: &Path, why: &str) -> Problem {
    Problem::new(ProblemKind::Store, "damaged-file", "a file of the home cannot be used", format!("{}: {why}", path.display()))
}

fn no_chance(fault: &getrandom::Error) -> Problem {
    Problem::new(ProblemKind::Internal, "no-randomness", "the system gave no random bytes", fault.to_string())
}

fn io_problem(path: &Path, fault: &std::io::Error) -> Problem {
    let detail = format!("{}: {fault}", path.display());
    match fault.kind() {
        ErrorKind::PermissionDenied => Problem::new(ProblemKind::Permission, "home-forbidden", "the home may not be used", detail)
            .hint("run as its owner, or name another with --home DIR"),
        _ => Problem::new(ProblemKind::Store, "home-unusable", "the home cannot be used", detail)
            .hint("look at the disk, or name another with --home DIR"),
    }
}
