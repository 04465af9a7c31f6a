//! What goes with an order beside its chain: where the goods go, and a file that is the goods.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use data_encoding::BASE64;
use haat_protocol::limits::{CONTENT_MAX_BYTES, PERSONAL_MAX_BYTES};
use haat_protocol::local::{Command, OrderWords, Problem, ProblemKind, Question};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Which, act};
use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::{input, output, text};

/// Addresses and files of an order.
#[derive(Debug, Subcommand)]
pub(crate) enum Enclosed {
    /// Show where the goods go; with a file, say it: the seller alone is told
    #[command(after_help = "Example:\n  haat order address 3fa9 --file address.txt")]
    Address {
        #[command(flatten)]
        order: Which,
        /// A file with address and telephone; - for standard input
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Hand over a file that is the goods
    #[command(after_help = "Example:\n  haat order deliver-digital 3fa9 --file notes.pdf")]
    DeliverDigital {
        #[command(flatten)]
        order: Which,
        /// The file, at most 48 KiB; - for standard input
        #[arg(long)]
        file: PathBuf,
    },
    /// Destroy address and files of an order that is over; what the other side wrote down stays
    #[command(after_help = "Example:\n  haat order purge 3fa9")]
    Purge(Which),
    /// Write the file that was handed over to you
    #[command(after_help = "Example:\n  haat order save 3fa9 notes.pdf")]
    Save {
        #[command(flatten)]
        order: Which,
        /// Where to; - for standard output
        file: PathBuf,
    },
}

/// What came of destroying.
#[derive(Debug, Deserialize)]
struct Purged {
    purged: bool,
}

impl Enclosed {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let none = OrderWords::default();
        match self {
            Self::Purge(Which { order }) => {
                let answer = cx.call(&Command::OrderPurge { order })?;
                cx.answer(answer, |gone: Purged| if gone.purged { say!("personal-destroyed") } else { say!("personal-none") })
            }
            Self::Address { order, file: Some(file) } => {
                let data = Some(BASE64.encode(&input::read(&file, PERSONAL_MAX_BYTES)?));
                act(cx, order, "address", OrderWords { data, ..none })
            }
            Self::Address { order: Which { order }, file: None } => {
                let value = cx.ask(&Question::Enclosed { order, what: "address".to_owned() })?;
                let address = String::from_utf8_lossy(&data(&value)?).into_owned();
                let shown = json!({"order": value["order"], "address": address});
                cx.own(&shown, &text::clean(&address))
            }
            Self::DeliverDigital { order, file } => {
                let name = file.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
                let data = Some(BASE64.encode(&input::read(&file, CONTENT_MAX_BYTES)?));
                act(cx, order, "deliver-digital", OrderWords { data, file_name: Some(name), ..none })
            }
            Self::Save { order: Which { order }, file } => save(cx, order, &file),
        }
    }
}

fn data(value: &Value) -> Result<Vec<u8>, Failure> {
    let strange = |e: data_encoding::DecodeError| {
        Problem::new(ProblemKind::Internal, "strange-answer", "the node's answer makes no sense", e.to_string())
    };
    Ok(BASE64.decode(field(value, "data").as_bytes()).map_err(strange)?)
}

fn save(cx: &Context, order: String, file: &Path) -> Result<(), Failure> {
    let value = cx.ask(&Question::Enclosed { order, what: "file".to_owned() })?;
    let bytes = data(&value)?;
    if file.as_os_str() == "-" {
        return output::raw(&bytes);
    }
    output::file::write(file, &bytes)?;
    let shown = json!({"order": value["order"], "name": value["name"], "file": file.display().to_string(), "bytes": bytes.len()});
    cx.own(&shown, &say!("wrote-bytes", file = file.display().to_string(), size = text::bytes(bytes.len() as u64)))
}
