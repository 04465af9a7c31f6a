//! Homes that are not as they were left, and nodes that do not answer as they should: each is told by its own code, and nothing is
//! made worse.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use haat_tests::daemon::node::{clean, ended, finish};
use haat_tests::daemon::{Problem, Town, answer, binary};
use serde_json::json;

/// `haat` for programs, with a home.
fn haat(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    clean(command.arg("--json").arg("--home").arg(home).args(words));
    command
}

fn refused(what: &str, output: &Output, exit: i32, code: &str) -> Problem {
    let problem = answer::problem(what, output, &[exit]);
    assert_eq!(problem.code, code, "{what}: {}", problem.words());
    problem
}

/// Words that start a node where nobody is disturbed.
const UP: [&str; 6] = ["up", "--no-mdns", "--api", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"];

#[test]
fn keys_that_do_not_open() {
    let town = Town::new();
    let mut chen = town.node("chen");
    chen.up(&[]);
    let before = chen.identity();
    chen.stop();
    let (home, keys) = (chen.home().to_owned(), chen.home().join("identity"));
    let whole = fs::read(&keys).expect("there are keys");
    let up = |passphrase: &str| finish(haat(&home, &UP).env("HAAT_PASSPHRASE", passphrase), None);

    refused("a passphrase where there is none", &up("tea"), 7, "wrong-passphrase");
    let forged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut forged = whole[..whole.len() - 32].to_vec();
        change(&mut forged);
        forged.extend_from_slice(blake3::hash(&forged).as_bytes());
        fs::write(&keys, &forged).expect("written");
    };
    let mut bent = whole.clone();
    *bent.last_mut().expect("it is not empty") ^= 1;
    fs::write(&keys, &bent).expect("written");
    refused("a changed byte", &up(""), 6, "damaged-keys");
    forged(&|keys| keys[8..12].copy_from_slice(&u32::MAX.to_be_bytes()));
    refused("work without end", &up(""), 6, "costly-keys");

    fs::write(&keys, &whole).expect("written");
    chen.up(&[]);
    assert_eq!(chen.identity(), before, "the keys of before still open");
}

#[test]
fn doors_that_do_not_open() {
    let town = Town::new();
    let home = town.path("chen");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let there = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().expect("bound").port());
    let up = finish(&mut haat(&home, &["up", "--no-mdns", "--api", "127.0.0.1:0", "--listen", &there]), None);
    refused("a taken port", &up, 3, "cannot-listen");
    let tape = town.path("nowhere/tape").display().to_string();
    let seed = town.path("seed");
    refused("a tape in no folder", &finish(&mut haat(&seed, &["seed", "--api", "127.0.0.1:0", "--tape", &tape]), None), 2, "bad-tape");
    let mut demo = haat(&home, &["demo", "--headless"]);
    refused("no place for a town", &finish(demo.env("TMPDIR", town.path("nowhere")), None), 1, "demo-place");
}

/// A home whose lock is held here, by a node that is none.
struct Strange {
    listener: TcpListener,
    lock: File,
}

impl Strange {
    fn new(home: &Path) -> Self {
        fs::create_dir_all(home).expect("a home");
        fs::write(home.join("api-token"), "x").expect("written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let lock = File::create(home.join("lock")).expect("a lock");
        lock.lock().expect("held");
        let it = Self { listener, lock };
        it.say(&format!("http://{}", it.listener.local_addr().expect("bound")));
        it
    }

    /// Where it claims to listen.
    fn say(&self, api: &str) {
        self.lock.set_len(0).expect("emptied");
        self.lock.write_all_at(json!({"pid": 1, "api": api}).to_string().as_bytes(), 0).expect("written");
    }

    /// Answers what comes next with these bytes, and hangs up.
    fn answer(&self, whole: &'static str) -> thread::JoinHandle<()> {
        let listener = self.listener.try_clone().expect("one more of it");
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("somebody comes");
            read_request(&stream);
            (&stream).write_all(whole.as_bytes()).expect("they listen");
            let _ = stream.shutdown(Shutdown::Both);
        })
    }
}

fn read_request(stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
}

#[test]
fn nodes_that_answer_strangely() {
    let town = Town::new();
    let home = town.path("chen");
    let strange = Strange::new(&home);
    let asked = strange.answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>hello");
    refused("a page", &finish(&mut haat(&home, &["status"]), None), 1, "strange-answer");
    asked.join().expect("it was asked");

    let asked = strange.answer("");
    refused("nothing at all", &finish(&mut haat(&home, &["mute", "lin"]), None), 5, "outcome-unknown");
    asked.join().expect("it was asked");

    let asked = strange.answer("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
    refused("a bare refusal", &finish(&mut haat(&home, &["status"]), None), 1, "http-500");
    asked.join().expect("it was asked");

    let asked = strange
        .answer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\nConnection: close\r\n\r\n{\"stopping\":true}");
    refused("it stays", &finish(&mut haat(&home, &["down"]), None), 5, "still-running");
    asked.join().expect("it was asked");

    strange.say("http://192.0.2.7:80");
    refused("another machine", &finish(&mut haat(&home, &["status"]), None), 7, "api-address");
}

#[test]
fn homes_that_cannot_be_read_or_written() {
    let mut nowhere = Command::new(binary());
    clean(nowhere.args(["--json", "status"])).env_remove("HOME").env_remove("XDG_DATA_HOME");
    refused("no home is known", &finish(&mut nowhere, None), 2, "no-home");
    let write = &mut haat(Path::new("/proc/haat"), &["config", "set", "color", "never"]);
    refused("a home where nothing is written", &finish(write, None), 6, "config-write");
    let town = Town::new();
    let home = town.path("chen");
    fs::create_dir_all(&home).expect("a home");
    std::os::unix::fs::symlink("lock", home.join("lock")).expect("a link to itself");
    refused("a lock that leads to itself", &finish(&mut haat(&home, &["status"]), None), 6, "home-unreadable");
}

#[test]
fn a_feed_that_is_followed_to_the_end_of_the_node() {
    let town = Town::new();
    let mut chen = town.node("chen");
    chen.up(&[]);
    chen.ok(&["circle", "create", "Lane 12"]);
    chen.ok(&["post", "Lane 12", "Tea tomorrow"]);
    let mut follow = haat(chen.home(), &["feed", "--follow"]);
    let mut child = follow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("haat can be run");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    assert!(lines.next().is_some_and(|line| line.is_ok_and(|line| line.contains("Tea tomorrow"))), "what is there is told first");
    chen.kill9();
    assert!(lines.next().is_none(), "nothing more is told");
    refused("the node is gone", &ended(child, "feed --follow"), 8, "stream-ended");
}
