//! One neighbour: a home, perhaps a running node in it, and the commands that are given there.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{PATIENCE, Problem, answer, binary, shape};

/// How long a single command may take.
const COMMAND_WAIT: Duration = Duration::from_secs(120);
/// Lines that a node may print on standard output: one is expected.
const LINES_MAX: usize = 16;

/// A neighbour.
#[derive(Debug)]
pub struct Node {
    name: String,
    home: PathBuf,
    notes: PathBuf,
    /// What every command of theirs is begun with: where it happens, if that is another network.
    place: Vec<String>,
    running: Option<Running>,
    given: Cell<u32>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    lines: Receiver<String>,
    ready: Value,
}

impl Node {
    pub(super) fn new(town: &Path, name: &str) -> Self {
        let (home, notes) = (town.join(name), town.join(format!("{name}.err")));
        Self { name: name.to_owned(), home, notes, place: Vec::new(), running: None, given: Cell::new(0) }
    }

    /// Moves them: every command from here on is run by these words.
    pub fn live_in(&mut self, place: Vec<String>) {
        self.place = place;
    }

    /// The name they go by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the node lives.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The node's process.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the node runs").child.id()
    }

    /// The ready line.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn ready(&self) -> &Value {
        &self.running.as_ref().expect("the node runs").ready
    }

    /// Where the local API is, as `127.0.0.1:PORT`.
    #[must_use]
    pub fn api(&self) -> String {
        told(&self.ready()["api"]).trim_start_matches("http://").to_owned()
    }

    /// The first address that is listened on.
    #[must_use]
    pub fn address(&self) -> String {
        told(&self.ready()["listen"][0])
    }

    /// What the node says about itself at id.
    #[must_use]
    pub fn identity(&self) -> String {
        told(&self.ready()["identity"])
    }

    /// How many commands were given here with [`Node::ok`].
    #[must_use]
    pub fn given(&self) -> u32 {
        self.given.get()
    }

    /// The command line that starts a node here.
    #[must_use]
    pub fn up_command(&self, more: &[&str]) -> Command {
        let mut command = self.command(&["up", "--name", &self.name, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"]);
        command.arg("--no-mdns").args(more);
        command
    }

    /// Starts the node and waits for its ready line.
    ///
    /// # Panics
    /// When there is none.
    pub fn up(&mut self, more: &[&str]) {
        let command = self.up_command(more);
        self.start(command);
    }

    /// Starts a seed here and waits for its ready line.
    ///
    /// # Panics
    /// When there is none.
    pub fn seed(&mut self, more: &[&str]) {
        let mut command = self.command(&["seed", "--api", "127.0.0.1:0"]);
        command.args(more);
        self.start(command);
    }

    fn start(&mut self, mut command: Command) {
        assert!(self.running.is_none(), "{} runs already", self.name);
        let notes = File::options().create(true).append(true).open(&self.notes).expect("a file for what the node says");
        let child = command.stdout(Stdio::piped()).stderr(notes).spawn().expect("haat can be run");
        let (mut child, (tell, lines)) = (child, sync_channel(LINES_MAX));
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        thread::spawn(move || out.lines().map_while(Result::ok).take(LINES_MAX).all(|line| tell.send(line).is_ok()));
        self.running = Some(Running { child, lines, ready: Value::Null });
        let running = self.running.as_mut().expect("it was just put there");
        let first = running.lines.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{}: no ready line: {e}", self.name));
        running.ready = serde_json::from_str(&first).unwrap_or_else(|e| panic!("{}: {e}: {first}", self.name));
        assert_eq!(running.ready["ready"], true, "{}: {first}", self.name);
    }

    /// Gives a command that should go well and has one JSON document as its answer.
    ///
    /// # Panics
    /// When it does not.
    pub fn ok(&self, words: &[&str]) -> Value {
        self.given.set(self.given.get() + 1);
        self.told(words, &self.run(words, None))
    }

    /// The same with something on standard input.
    ///
    /// # Panics
    /// When it does not go well.
    pub fn ok_reading(&self, words: &[&str], input: &[u8]) -> Value {
        self.told(words, &self.run(words, Some(input)))
    }

    /// The one document of a command, which looks as it should.
    fn told(&self, words: &[&str], output: &Output) -> Value {
        let document = answer::document(&self.line(words), output);
        shape::check(words, &document);
        document
    }

    /// Looks without counting it as a command; null when there is nothing to see yet.
    #[must_use]
    pub fn see(&self, words: &[&str]) -> Value {
        let output = self.run(words, None);
        if output.status.success() { self.told(words, &output) } else { Value::Null }
    }

    /// Gives a command that is to be refused with one of these exit codes; what runs goes on running.
    ///
    /// # Panics
    /// When it is not refused, or not as it should be.
    pub fn no(&mut self, words: &[&str], exits: &[i32]) -> Problem {
        let problem = answer::problem(&self.line(words), &self.run(words, None), exits);
        self.assert_unharmed(&self.line(words));
        problem
    }

    /// The same once more without `--json`, for what people read.
    ///
    /// # Panics
    /// As [`Node::no`].
    pub fn no_in_words(&mut self, words: &[&str], exits: &[i32]) -> Problem {
        answer::plainly_refused(&self.line(words), &finish(self.begin(false).args(words), None), exits);
        self.no(words, exits)
    }

    /// Looks at what people are told, without `--json`; empty when it is refused.
    #[must_use]
    pub fn run_plain(&self, words: &[&str]) -> String {
        let output = finish(self.begin(false).args(words), None);
        if output.status.success() { String::from_utf8_lossy(&output.stdout).into_owned() } else { String::new() }
    }

    /// A node that runs answers still.
    ///
    /// # Panics
    /// When it does not.
    pub fn assert_unharmed(&mut self, after: &str) {
        let Some(running) = self.running.as_mut() else { return };
        assert!(matches!(running.child.try_wait(), Ok(None)), "{after}: the node is gone");
        let health = super::raw::http(&self.api(), "GET", "/healthz", &[], b"");
        assert_eq!(health.status, 200, "{after}: the node does not answer");
    }

    /// Gives a command and takes whatever comes.
    #[must_use]
    pub fn run(&self, words: &[&str], input: Option<&[u8]>) -> Output {
        finish(&mut self.command(words), input)
    }

    /// Ends the node as a power cut does.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill9(&mut self) {
        let mut running = self.running.take().expect("the node runs");
        running.child.kill().expect("it can be killed");
        running.child.wait().expect("it ends");
    }

    /// Ends the node with SIGTERM and waits until it is gone.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn stop(&mut self) {
        signal("TERM", self.pid());
        self.gone();
    }

    /// Waits until the node, told to stop, has ended well without having said anything more on standard output.
    ///
    /// # Panics
    /// When it does not.
    pub fn gone(&mut self) {
        let mut running = self.running.take().expect("the node runs");
        let more = running.lines.recv_timeout(PATIENCE);
        if more == Err(RecvTimeoutError::Timeout) {
            running.child.kill().expect("it can be killed");
        }
        let status = running.child.wait().expect("it ends");
        assert_eq!(more, Err(RecvTimeoutError::Disconnected), "{}: it said more than the ready line", self.name);
        assert!(status.success(), "{}: it ended with {status}", self.name);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.begin(true);
        command.args(words);
        command
    }

    /// A command of theirs that is still without words: for programs, or for people.
    #[must_use]
    pub fn begin(&self, json: bool) -> Command {
        let mut command = match self.place.split_first() {
            None => Command::new(binary()),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary());
                command
            }
        };
        command.arg("--home").arg(&self.home).args(json.then_some("--json"));
        clean(&mut command);
        command
    }

    fn line(&self, words: &[&str]) -> String {
        let line: String = words.join(" ").chars().take(120).collect();
        format!("{}: haat {line}", self.name)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        if thread::panicking() {
            let notes = std::fs::read_to_string(&self.notes).unwrap_or_default();
            let lines: Vec<&str> = notes.lines().collect();
            eprintln!("-- {} said last:\n{}", self.name, lines[lines.len().saturating_sub(8)..].join("\n"));
        }
    }
}

/// A value that is text.
///
/// # Panics
/// When it is not.
#[must_use]
pub fn told(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// What the surroundings say about Haat must not reach a test.
pub fn clean(command: &mut Command) -> &mut Command {
    let settings = ["HAAT_NAME", "HAAT_LISTEN", "HAAT_API", "HAAT_SEED_PEER", "HAAT_MDNS", "HAAT_COLOR", "HAAT_LANGUAGE"];
    for name in ["HAAT_HOME", "HAAT_PASSPHRASE", "RUST_LOG", "NO_COLOR"].into_iter().chain(settings) {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null())
}

/// Runs a command to its end, within [`COMMAND_WAIT`].
///
/// # Panics
/// When it does not end.
pub fn finish(command: &mut Command, input: Option<&[u8]>) -> Output {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("haat can be run");
    if let (Some(bytes), Some(mut pipe)) = (input, child.stdin.take()) {
        // Whoever refuses early does not read to the end.
        let _ = pipe.write_all(bytes);
    }
    ended(child, &format!("{command:?}"))
}

/// What a command that runs said, once it has ended, within [`COMMAND_WAIT`].
///
/// # Panics
/// When it does not end.
#[must_use]
pub fn ended(child: Child, what: &str) -> Output {
    let pid = child.id();
    let (tell, end) = sync_channel(1);
    thread::spawn(move || tell.send(child.wait_with_output()));
    match end.recv_timeout(COMMAND_WAIT) {
        Ok(output) => output.expect("it ends"),
        Err(_) => {
            signal("KILL", pid);
            panic!("no end within {} s: {what}", COMMAND_WAIT.as_secs());
        }
    }
}

/// Sends a signal by its name.
///
/// # Panics
/// When it cannot be sent.
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().expect("kill is there");
    assert!(sent.success(), "{name} cannot be sent to {pid}");
}
