//! A terminal that a person sits at: commands are run with it, what they show is read, and answers are typed. Nothing here knows what a
//! command should say.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::PATIENCE;

/// Pieces of what is shown that may wait to be read.
const PIECES_MAX: usize = 1024;
/// What Ctrl-D sends.
pub const END: &str = "\u{4}";

/// A terminal with so many columns.
#[derive(Debug)]
pub struct Terminal {
    person: File,
    program: OwnedFd,
}

impl Terminal {
    /// Opens one.
    ///
    /// # Panics
    /// When the system has none.
    #[must_use]
    pub fn wide(columns: u16) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("the system has terminals");
        grantpt(&person).and_then(|()| unlockpt(&person)).expect("it is ours");
        let name = ptsname(&person, Vec::new()).expect("it has a name");
        let program = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).expect("it can be opened");
        tcsetwinsize(&program, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("it has a size");
        Self { person: person.into(), program }
    }

    /// The side of the program, for one of its three streams.
    ///
    /// # Panics
    /// When there are too many open files.
    #[must_use]
    pub fn side(&self) -> Stdio {
        self.program.try_clone().expect("a handle is free").into()
    }

    /// Runs a command with what it was given of this terminal.
    ///
    /// # Panics
    /// When it cannot be run.
    #[must_use]
    pub fn run(self, mut command: Command) -> Session {
        let child = command.spawn().expect("haat can be run");
        // Only the program holds its side from here on, so that its end is seen.
        drop((command, self.program));
        let (tell, pieces) = sync_channel(PIECES_MAX);
        let mut shown = self.person.try_clone().expect("a handle is free");
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = shown.read(&mut piece) {
                if tell.send(piece[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Session { child, person: self.person, pieces, shown: Vec::new() }
    }
}

/// A command at work at a terminal.
#[derive(Debug)]
pub struct Session {
    child: Child,
    person: File,
    pieces: Receiver<Vec<u8>>,
    shown: Vec<u8>,
}

impl Session {
    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads until this is shown.
    ///
    /// # Panics
    /// When it is not within the usual patience.
    pub fn until(&mut self, words: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.text().contains(words) {
            let left = end.saturating_duration_since(Instant::now());
            let piece = self.pieces.recv_timeout(left);
            self.shown.extend(piece.unwrap_or_else(|_| panic!("{words:?} is not shown: {:?}", self.text())));
        }
    }

    /// Types something.
    ///
    /// # Panics
    /// When nobody is at the other side.
    pub fn types(&mut self, words: &str) {
        self.person.write_all(words.as_bytes()).expect("somebody reads");
    }

    /// Waits for its end, and tells all that was shown.
    ///
    /// # Panics
    /// When it does not end within the usual patience.
    #[must_use]
    pub fn end(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        while let Ok(piece) = self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.shown.extend(piece);
        }
        if Instant::now() >= end {
            let _ = self.child.kill();
            panic!("it does not end: {:?}", self.text());
        }
        let status = self.child.wait().expect("it ends");
        (status, self.text())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }
}

/// Without colours and other signs for the terminal.
#[must_use]
pub fn plain(shown: &str) -> String {
    let mut text = String::new();
    let mut letters = shown.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => drop(letters.by_ref().skip(1).find(|sign| sign.is_ascii_alphabetic())),
            '\r' => {}
            _ => text.push(letter),
        }
    }
    text
}

/// How many columns a line takes; Chinese, Japanese and Korean letters take two.
#[must_use]
pub fn columns(line: &str) -> usize {
    let wide = |letter: char| {
        matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}')
    };
    line.chars().map(|letter| if wide(letter) { 2 } else { 1 }).sum()
}
