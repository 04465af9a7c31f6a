//! `haat demo` with real nodes: the day comes true, and nobody is left behind, however it ends.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{haat, home, output, refused};

/// How long the whole day may take.
const DAY: Duration = Duration::from_secs(45);
/// How long a node may take to go.
const GOING: Duration = Duration::from_secs(15);

/// The homes in a town's directory.
fn homes(town: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(town).expect("the town is there").map(|e| e.expect("readable").path());
    entries.filter(|path| path.join("identity").is_file()).collect()
}

/// Whether no process holds this home.
fn is_free(home: &Path) -> bool {
    File::open(home.join("lock")).expect("a node was here").try_lock().is_ok()
}

#[test]
fn the_day_comes_true_and_nobody_is_left_behind() {
    let dir = home();
    let town = dir.path().join("town");
    let place = town.to_str().expect("UTF-8");
    let began = Instant::now();
    let out = output(dir.path(), &["demo", "--headless", "--json", "--keep", place]);
    let took = began.elapsed();
    assert_eq!(
        (out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()),
        (Some(0), ""),
        "{}",
        String::from_utf8_lossy(&out.stdout)
    );
    assert!(took < DAY, "{took:?}");
    let told: Value = serde_json::from_slice(&out.stdout).expect("exactly one document");
    let steps = told["steps"].as_array().expect("a list");
    assert!(told["ok"] == true && steps.iter().all(|s| s["ok"] == true && s["ms"].is_u64()), "{told}");
    let names: BTreeSet<&str> = steps.iter().filter_map(|s| s["name"].as_str()).collect();
    for name in [
        "catalogue-import",
        "recommendation-two-hops",
        "bargain-counter-offer",
        "bargain-cash-confirmed",
        "parcel-shipped",
        "review-read-by-a-third",
        "spammer-cannot-read",
        "spammer-cannot-post",
        "logs-verify",
    ] {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
    let homes = homes(&town);
    assert_eq!(homes.len(), 5);
    for home in &homes {
        assert!(is_free(home), "{} is still held", home.display());
        let verified = output(home, &["--json", "log", "verify"]);
        let log: Value = serde_json::from_slice(&verified.stdout).expect("one document");
        assert!(log["ok"] == true && log["entries"].as_u64().is_some_and(|n| n > 20), "{log}");
    }
    let proof = town.join("bargain-chen.haat");
    let verified = output(dir.path(), &["--json", "order", "verify", proof.to_str().expect("UTF-8")]);
    let shown: Value = serde_json::from_slice(&verified.stdout).expect("one document");
    assert_eq!((&shown["valid"], &shown["state"]), (&true.into(), &"completed".into()));
    assert_eq!(refused(dir.path(), &["demo", "--headless", "--keep", place], 2)["code"], "demo-keep", "a town is not built over another");
}

#[test]
fn the_town_runs_until_somebody_says_q_and_is_then_gone() {
    let dir = home();
    let mut demo =
        haat(dir.path(), &["demo", "--nodes", "3", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("haat runs");
    let mut line = String::new();
    BufReader::new(demo.stdout.take().expect("piped")).read_line(&mut line).expect("a document");
    let told: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let neighbours = told["neighbours"].as_array().expect("a list");
    assert_eq!((&told["ok"], neighbours.len()), (&true.into(), 3));
    let address = |n: &Value| n["api"].as_str().and_then(|api| api.strip_prefix("http://")).expect("an address").to_owned();
    for neighbour in neighbours {
        let home = Path::new(neighbour["home"].as_str().expect("a home"));
        let status = output(home, &["--json", "status"]);
        let status: Value = serde_json::from_slice(&status.stdout).expect("the town runs");
        assert_eq!(status["name"], neighbour["name"]);
    }
    demo.stdin.take().expect("piped").write_all(b"what is this?\nq\n").expect("it listens");
    assert_eq!(demo.wait().expect("it ends").code(), Some(0));
    for neighbour in neighbours {
        assert!(!Path::new(neighbour["home"].as_str().expect("a home")).exists(), "a home is left");
        assert!(TcpStream::connect(address(neighbour)).is_err(), "a node is left");
    }
}

#[test]
fn a_node_that_is_tied_to_its_starter_goes_when_the_starter_does() {
    let dir = home();
    let home = dir.path().join("home");
    let words = ["--json", "up", "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0", "--no-mdns", "--until-eof"];
    let mut node = haat(&home, &words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("haat runs");
    let mut line = String::new();
    BufReader::new(node.stdout.take().expect("piped")).read_line(&mut line).expect("a ready line");
    assert!(line.starts_with("{\"ready\":true"), "{line}");
    assert!(!is_free(&home), "it holds its home");
    drop(node.stdin.take());
    let end = Instant::now() + GOING;
    while node.try_wait().expect("a child").is_none() && Instant::now() < end {
        sleep(Duration::from_millis(20));
    }
    let ended = node.try_wait().expect("a child");
    if ended.is_none() {
        node.kill().expect("killed");
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
    assert!(is_free(&home));
}
