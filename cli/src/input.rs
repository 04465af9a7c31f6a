//! Files that the user names, `-` being standard input. Every read has a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use haat_protocol::local::Problem;

/// Reads a whole file of at most `max_bytes` bytes.
///
/// # Errors
/// A usage problem when the file cannot be read or is too large.
pub(crate) fn read(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let shown = path.display().to_string();
    let unreadable = |e: &io::Error| {
        Problem::usage("input-file", &format!("cannot read {shown:?}"), e.to_string())
            .hint("name a file that can be read, or - for standard input")
    };
    let mut bytes = Vec::new();
    let limit = max_bytes as u64 + 1;
    if path.as_os_str() == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|e| unreadable(&e))?;
    }
    if bytes.len() > max_bytes {
        return Err(Problem::usage(
            "input-too-large",
            &format!("{shown:?} is too large"),
            format!("at most {} are read", crate::text::bytes(max_bytes as u64)),
        ));
    }
    Ok(bytes)
}

/// The passphrase that opens the node's keys: the file's first line, else HAAT_PASSPHRASE, else empty.
///
/// # Errors
/// A usage problem when the file cannot be read or is not text.
pub(crate) fn passphrase(file: Option<&Path>) -> Result<String, Problem> {
    /// Bytes of a passphrase file: a sentence fits many times.
    const PASSPHRASE_MAX_BYTES: usize = 4096;
    let Some(path) = file else {
        return Ok(std::env::var("HAAT_PASSPHRASE").unwrap_or_default());
    };
    let text = String::from_utf8(read(path, PASSPHRASE_MAX_BYTES)?)
        .map_err(|_| Problem::usage("input-file", "the passphrase file is not text", "it has bytes that are not UTF-8"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        std::fs::write(&path, "open sesame\r\nnot this").expect("written");
        assert_eq!(read(&path, 21).map(|b| b.len()), Ok(21));
        assert_eq!(read(&path, 20).map_err(|p| p.code), Err("input-too-large".to_owned()));
        assert_eq!(read(dir.path(), 20).map_err(|p| p.code), Err("input-file".to_owned()));
        assert_eq!(passphrase(Some(&path)), Ok("open sesame".to_owned()));
    }
}
