//! The node's event stream (`text/event-stream`), line by line. An event that is too long ends the stream.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use haat_protocol::limits::HAPPENING_MAX_BYTES;
use haat_protocol::local::Happening;

/// Kind of the happening that stands for events which the node no longer remembers: whatever was derived is asked for again.
pub(crate) const GAP: &str = "gap";

/// Kind of the happening that tells how many of a shop's listings are written.
pub(crate) const PROGRESS: &str = "progress";

/// Reads happenings off a stream of server-sent events.
#[derive(Debug)]
pub(crate) struct Happenings<R> {
    source: R,
}

impl<R: BufRead> Happenings<R> {
    /// Begins to read.
    pub(crate) fn new(source: R) -> Self {
        Self { source }
    }

    /// The next happening; none when the node ended the stream. Events that tell something else are passed over.
    ///
    /// # Errors
    /// When the stream breaks.
    pub(crate) fn next(&mut self) -> io::Result<Option<Happening>> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let read = (&mut self.source).take(HAPPENING_MAX_BYTES).read_line(&mut line)?;
            if read == 0 {
                return Ok(None);
            }
            if !line.ends_with('\n') || data.len() as u64 > HAPPENING_MAX_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "an event is too long"));
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some(words) = line.strip_prefix("event:") {
                words.trim().clone_into(&mut name);
            } else if let Some(words) = line.strip_prefix("data:") {
                data.push_str(words.strip_prefix(' ').unwrap_or(words));
                data.push('\n');
            } else if line.is_empty() {
                if name == GAP {
                    return Ok(Some(Happening { kind: GAP.to_owned(), subject: String::new(), more: BTreeMap::new() }));
                }
                if let Ok(happening) = serde_json::from_str(&data) {
                    return Ok(Some(happening));
                }
                name.clear();
                data.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_foreign_events_are_passed_over() {
        let stream = ": hello\n\nid: 1\nevent: entry\ndata: {\"kind\":\"entry\",\ndata: \"subject\":\"ab\"}\n\ndata: later\n\n:\n\nid: 2\r\ndata:{\"kind\":\"order\",\"subject\":\"cd\"}\r\n\r\nevent: gap\ndata: {\"after\":7}\n\n";
        let mut happenings = Happenings::new(stream.as_bytes());
        assert_eq!(happenings.next().expect("readable").map(|h| h.subject), Some("ab".to_owned()));
        assert_eq!(happenings.next().expect("readable").map(|h| h.kind), Some("order".to_owned()));
        assert_eq!(happenings.next().expect("readable").map(|h| h.kind), Some(GAP.to_owned()));
        assert_eq!(happenings.next().expect("readable"), None);
    }

    #[test]
    fn an_endless_line_is_an_error_and_not_memory() {
        let mut happenings = Happenings::new(io::BufReader::new(io::repeat(b'x')));
        assert!(happenings.next().is_err());
    }
}
