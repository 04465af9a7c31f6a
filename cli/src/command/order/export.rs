//! `haat order export`: the evidence of an order as a file that is whole or not there, readable by its owner only.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use data_encoding::BASE64;
use haat_protocol::local::{Problem, ProblemKind, Question};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::{output, text};

/// Writes the evidence of an order.
///
/// # Errors
/// The node's problem, or why the file cannot be written.
pub(super) fn run(cx: &Context, order: String, file: &Path, personal: bool) -> Result<(), Failure> {
    let value = cx.ask(&Question::Evidence { order: order.clone(), with: personal.then(|| "personal".to_owned()) })?;
    let bytes = BASE64
        .decode(field(&value, "data").as_bytes())
        .map_err(|e| Problem::new(ProblemKind::Internal, "strange-answer", "the node's answer makes no sense", e.to_string()))?;
    if file.as_os_str() == "-" {
        return output::raw(&bytes);
    }
    write(file, &bytes).map_err(|e| {
        Problem::usage("output-file", &format!("cannot write {:?}", file.display().to_string()), e.to_string())
            .hint("name a file in a directory that you may write to")
    })?;
    let told = format!("Wrote {} ({}).", file.display(), text::bytes(bytes.len() as u64));
    cx.own(&json!({"order": order, "file": file.display().to_string(), "bytes": bytes.len()}), &told)?;
    cx.next(&format!("haat order verify {}", text::quoted(&file.display().to_string())));
    Ok(())
}

/// Replaces an ordinary file at once; anything else (a pipe, a device) is written into.
pub(super) fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(file) {
        Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => return fs::OpenOptions::new().write(true).open(file)?.write_all(bytes),
        _ => {}
    }
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
        write(&file, b"new").expect("written");
        assert_eq!(fs::read(&file).expect("there"), b"new");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("there").permissions()) & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left over");
        assert!(write(dir.path(), b"new").is_err());
        assert!(write(&dir.path().join("no/such"), b"new").is_err());
    }
}
