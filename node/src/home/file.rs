//! Small private files: read whole under a cap, written so that a power cut leaves the old or the new, never half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use haat_protocol::local::Problem;
use zeroize::Zeroizing;

use super::{check_mode, damaged, io_problem};

/// Mode of files in the home.
pub(super) const MODE: u32 = 0o600;
/// What names of unfinished files hold; whoever finds one may delete it.
const UNFINISHED: &str = ".unfinished-";

/// Reads a file whole; none if it is not there.
pub(super) fn read(path: &Path, max: u64) -> Result<Option<Zeroizing<Vec<u8>>>, Problem> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(io_problem(path, &fault)),
    };
    let about = file.metadata().map_err(|fault| io_problem(path, &fault))?;
    check_mode(path, about.permissions().mode(), MODE)?;
    if !about.is_file() || about.len() > max {
        return Err(damaged(path, &format!("it is no file of at most {max} bytes")));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1));
    file.take(max).read_to_end(&mut bytes).map_err(|fault| io_problem(path, &fault))?;
    Ok(Some(bytes))
}

/// Replaces a file: written beside it, flushed, renamed, the directory flushed.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_naming(path, |_| bytes.to_vec())
}

/// The same with contents that depend on what the new file is called by the file system: its inode stays with the rename.
pub(super) fn write_naming(path: &Path, contents: impl FnOnce(&fs::Metadata) -> Vec<u8>) -> io::Result<()> {
    let (mut file, unfinished) = create_beside(path)?;
    let bytes = Zeroizing::new(contents(&file.metadata()?));
    let written = file.write_all(&bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&unfinished, path));
    if let Err(fault) = written {
        drop(fs::remove_file(&unfinished));
        return Err(fault);
    }
    File::open(directory(path))?.sync_all()
}

/// Deletes what a killed process left unfinished in a directory. Only for the holder of the home's lock.
pub(super) fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains(UNFINISHED) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Who files made in `dir` belong to: this user.
pub(super) fn own_uid(dir: &Path) -> io::Result<u32> {
    let (file, probe) = create_beside(&dir.join("probe"))?;
    let uid = file.metadata().map(|about| about.uid());
    fs::remove_file(probe)?;
    uid
}

fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(UNFINISHED);
    name.push(HEXLOWER.encode(&random));
    let beside = directory(path).join(name);
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&beside)?;
    Ok((file, beside))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
