//! `haat listing export`: a shop's listings as a file that spreadsheets and other shops read.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use haat_protocol::local::Question;
use serde_json::json;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::output;
use crate::say::say;

/// Write a shop's listings to a file; importing it again changes nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat listing export --shop Hill > hill.csv
  haat listing export --shop Hill --format shopify --file hill.csv")]
pub(crate) struct Export {
    /// Of which shop
    #[arg(long)]
    shop: String,
    /// How the file is written: haat (a table) and json say everything, shopify what it has columns for
    #[arg(long, default_value = "haat")]
    format: Format,
    /// Where to; standard output unless given
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Haat,
    Json,
    Shopify,
}

impl Export {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let format = match self.format {
            Format::Haat => "haat",
            Format::Json => "json",
            Format::Shopify => "shopify",
        };
        let value = cx.ask(&Question::Catalogue { shop: self.shop, format: format.to_owned() })?;
        let Some(file) = self.file else {
            return if cx.json { output::line(&value.to_string()) } else { output::raw(field(&value, "text").as_bytes()) };
        };
        let text = field(&value, "text");
        output::file::write(&file, text.as_bytes())?;
        let shown = json!({"shop": value["shop"], "format": format, "file": file.display().to_string(), "bytes": text.len()});
        cx.own(&shown, &say!("wrote-file", file = file.display().to_string()))
    }
}
