//! Files that the user names to be written: whole or not there, readable by their owner only.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use haat_protocol::local::Problem;
use tempfile::NamedTempFile;

use crate::error::Failure;

/// Writes a file.
///
/// # Errors
/// A usage problem when it cannot be written.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |e: io::Error| {
        Problem::usage("output-file", &format!("cannot write {:?}", file.display().to_string()), e.to_string())
            .hint("name a file in a directory that you may write to")
    };
    Ok(replace(file, bytes).map_err(wrong)?)
}

/// Replaces an ordinary file at once; anything else (a pipe, a device) is written into.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(file) {
        Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => return fs::OpenOptions::new().write(true).open(file)?.write_all(bytes),
        _ => {}
    }
    // A link stays a link: what it leads to is replaced.
    let file = &if file.is_symlink() { fs::canonicalize(file)? } else { file.to_owned() };
    let dir = file.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Created 0600; the rename makes it appear whole.
    let mut new = NamedTempFile::new_in(dir)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("proof");
        fs::write(&file, "an older and longer proof").expect("written");
        replace(&file, b"new").expect("written");
        assert_eq!(fs::read(&file).expect("there"), b"new");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("there").permissions()) & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left over");
        assert!(replace(dir.path(), b"new").is_err());
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("proof", &link).expect("made");
        replace(&link, b"newer").expect("written");
        assert!(link.is_symlink() && fs::read(&file).expect("there") == b"newer", "a link leads on");
        assert!(replace(&dir.path().join("no/such"), b"new").is_err());
    }
}
