//! `haat shop watch`: looks at a catalogue file, tells what would change whenever the file changes, and publishes it when told to.
//!
//! What is published is what was shown, byte for byte. It looks as long as the command runs and never by itself.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use data_encoding::BASE64;
use haat_protocol::limits::{CATALOGUE_MAX_BYTES, WATCH_EVERY_MS};
use haat_protocol::local::{Command, ImportReport};
use serde_json::{Value, json};

use crate::command::listing::{Format, imported};
use crate::context::{Context, parsed};
use crate::error::{self, Failure};
use crate::interrupt::Interrupt;
use crate::say::say;
use crate::{ask, input, output};

/// Lines that may be typed ahead.
const LINES_MAX: usize = 16;

/// Watch a catalogue file: tell what would change whenever it does, and publish it on Enter
///
/// It ends with Ctrl-C. What was published by mistake is taken back with `haat shop undo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat shop watch products.csv --shop Hill
  haat shop watch products.csv --shop Hill --yes

Enter or y publishes what is shown, n leaves it until the file changes again.")]
pub(crate) struct Watch {
    /// The file
    file: PathBuf,
    /// Name or id of the shop
    #[arg(long)]
    shop: String,
    /// How the file is written
    #[arg(long, default_value = "auto")]
    format: Format,
    /// Currency of the prices; the shop's unless given
    #[arg(long, value_name = "CUR")]
    currency: Option<String>,
    /// Publish at once, without asking
    #[arg(long)]
    yes: bool,
}

/// How a file looks from outside: when that has changed and then holds still, it is read.
type Look = Option<(u64, SystemTime)>;

impl Watch {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        // Who names a file that is not there is told at once; later it may go and come.
        input::read(&self.file, CATALOGUE_MAX_BYTES)?;
        let interrupt = Interrupt::watch()?;
        let lines = if self.yes { None } else { Some(typed()) };
        let (mut last, mut read, mut shown): (Look, Look, Option<Vec<u8>>) = (None, None, None);
        let mut asked: Option<Vec<u8>> = None;
        cx.next(&say!("next-ctrl-c"));
        while !interrupt.came() {
            let look = self.look();
            if look.is_some() && look == last && look != read {
                read = look;
                if let Some(bytes) = input::read(&self.file, CATALOGUE_MAX_BYTES).ok().filter(|bytes| Some(bytes) != shown.as_ref()) {
                    asked = self.show(cx, &bytes)?;
                    shown = Some(bytes);
                }
            }
            last = look;
            match (&lines, asked.is_some()) {
                (None, true) => self.publish(cx, asked.take().unwrap_or_default())?,
                (None, false) => thread::sleep(Duration::from_millis(WATCH_EVERY_MS)),
                (Some(lines), _) => {
                    if let Some(line) = next(lines) {
                        let bytes = asked.take();
                        if let Some(bytes) = bytes.filter(|_| line.trim().is_empty() || ask::is_yes(&line)) {
                            self.publish(cx, bytes)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn look(&self) -> Look {
        let about = std::fs::metadata(&self.file).ok()?;
        Some((about.len(), about.modified().ok()?))
    }

    fn command(&self, bytes: &[u8], dry_run: bool) -> Command {
        Command::ListingImport {
            shop: self.shop.clone(),
            data: BASE64.encode(bytes),
            format: Some(self.format.text()),
            encoding: None,
            currency: self.currency.clone(),
            dry_run,
            partial: false,
        }
    }

    /// Tells what would change; answers the bytes when there is something to publish. A file that is refused is told of and watched on.
    fn show(&self, cx: &Context, bytes: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let Some(answer) = self.done(cx, bytes, true)? else { return Ok(None) };
        let report: ImportReport = parsed(answer.clone())?;
        if report.created.is_empty() && report.updated.is_empty() {
            cx.answer(told(answer, false), |_: Value| say!("nothing-would-change"))?;
            return Ok(None);
        }
        cx.answer(told(answer, false), |report| imported(report, true))?;
        if !self.yes && !cx.json {
            output::aside(&say!("ask-publish-watched"));
        }
        Ok(Some(bytes.to_vec()))
    }

    fn publish(&self, cx: &Context, bytes: Vec<u8>) -> Result<(), Failure> {
        match self.done(cx, &bytes, false)? {
            Some(answer) => cx.answer(told(answer, true), |report| imported(report, false)),
            None => Ok(()),
        }
    }

    /// Has the node do it; none when it refused, which is told. Each time it is a command of its own.
    fn done(&self, cx: &Context, bytes: &[u8], dry_run: bool) -> Result<Option<Value>, Failure> {
        match cx.preview(&self.command(bytes, dry_run)) {
            Ok(answer) => Ok(Some(answer)),
            Err(Failure::Problem(problem))
                if matches!(problem.code.as_str(), "bad-file" | "rows-refused" | "day-quota" | "not-the-desk") =>
            {
                error::tell(&problem, cx.json);
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// A report, and whether it tells what was published or only what would be.
fn told(mut report: Value, published: bool) -> Value {
    report["published"] = json!(published);
    report
}

/// The lines that are typed. The thread may wait for one for ever; the process ends without it.
fn typed() -> Receiver<String> {
    let (tell, lines) = sync_channel(LINES_MAX);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// The next line, if there is one before it is time to look again.
fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(Duration::from_millis(WATCH_EVERY_MS)) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            thread::sleep(Duration::from_millis(WATCH_EVERY_MS));
            None
        }
    }
}
