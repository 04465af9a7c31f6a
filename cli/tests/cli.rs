//! The built `haat` at its edges: bad input, no node, a node that answers strangely. Only the demo's tests need real nodes.

#[path = "cli/demo.rs"]
mod demo;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tempfile::TempDir;

fn haat(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
    command.env_clear().env("NO_COLOR", "1").arg("--home").arg(home).args(words).stdin(Stdio::null());
    command
}

fn output(home: &Path, words: &[&str]) -> Output {
    haat(home, words).output().expect("haat runs")
}

/// Runs a line that must be refused, for people and for programs; answers the problem.
fn refused(home: &Path, words: &[&str], exit: i32) -> Value {
    let people = output(home, words);
    let told = String::from_utf8(people.stderr).expect("UTF-8");
    assert_eq!(people.status.code(), Some(exit), "{words:?}: {told}");
    assert!(told.starts_with("error: ") && (2..=8).contains(&told.lines().count()), "{words:?}: {told}");
    assert!(!told.contains("panicked") && !told.contains("RUST_BACKTRACE"), "{told}");
    let program = haat(home, words).arg("--json").output().expect("haat runs");
    assert_eq!(program.status.code(), Some(exit), "{words:?}");
    let told = String::from_utf8(program.stderr).expect("UTF-8");
    assert_eq!(told.lines().count(), 1, "{words:?}: one object on one line: {told}");
    let problem: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{words:?}: {e}: {told}"));
    for key in ["code", "title", "detail", "hint"] {
        assert!(problem[key].as_str().is_some_and(|t| !t.is_empty()), "{words:?}: {key} in {problem}");
    }
    problem
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn wrong_lines_are_usage_problems() {
    let home = home();
    for (words, said) in [
        (&["oder", "list"][..], "order"),
        (&["order", "acept", "O"], "accept"),
        (&["order"], "offer"),
        (&["shop", "create", "Hill"], "--returns"),
        (&["circle", "invite", "C", "--expires", "soon"], "30m"),
        (&["circle", "invite", "C", "--expires", "0d"], "at once"),
        (&["review", "O", "--rating", "9", "--text", "T"], "9"),
        (&["recommend", "L", "--circle", "C", "--text", "T", "--interest", "money"], "commission"),
        (&["status", "--jsn"], "--json"),
        (&["up", "--api", "localhost"], "127.0.0.1:0"),
        (&["listing", "import", "f", "--shop", "S", "--format", "xml"], "shopify"),
        (&["post", "C"], "TEXT"),
        (&["demo", "--nodes", "2"], "3..=12"),
    ] {
        let problem = refused(home.path(), words, 2);
        assert_eq!(problem["code"], "usage");
        assert!(problem.to_string().contains(said), "{words:?} does not say {said:?}: {problem}");
    }
}

#[test]
fn without_a_node_every_door_says_so() {
    let home = home();
    fs::write(home.path().join("lock"), r#"{"pid":1,"api":"http://127.0.0.1:9"}"#).expect("a lock left behind");
    for words in [
        &["status"][..],
        &["down"],
        &["circle", "list"],
        &["post", "C", "hello"],
        &["order", "accept", "ab"],
        &["feed", "--follow"],
        &["peer", "list"],
    ] {
        let problem = refused(home.path(), words, 8);
        assert!(problem["hint"].as_str().is_some_and(|h| h.contains("haat up")), "{problem}");
    }
    assert_eq!(refused(&home.path().join("nowhere"), &["log", "verify"], 4)["code"], "no-home");
}

#[test]
fn bad_files_are_named() {
    let home = home();
    let file = home.path().join("file");
    fs::write(&file, "no home").expect("written");
    assert_eq!(refused(&file, &["status"], 2)["code"], "home-not-directory");
    let missing = refused(home.path(), &["listing", "import", "/no/such/file.csv", "--shop", "S"], 2);
    assert!(missing.to_string().contains("/no/such/file.csv"), "{missing}");
    assert_eq!(refused(home.path(), &["listing", "import", home.path().to_str().expect("UTF-8"), "--shop", "S"], 2)["code"], "input-file");
    assert_eq!(refused(home.path(), &["order", "verify", "/no/such/proof"], 2)["code"], "input-file");
    assert_eq!(refused(home.path(), &["up", "--passphrase-file", "/no/such/file"], 2)["code"], "input-file");
}

#[test]
fn garbage_is_no_evidence_and_needs_no_home() {
    let dir = home();
    let file = dir.path().join("garbage");
    fs::write(&file, [0xff; 300]).expect("written");
    let run = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_haat"))
            .env_clear()
            .args(words)
            .stdin(File::open(&file).expect("there"))
            .output()
            .expect("haat runs")
    };
    for name in [file.to_str().expect("UTF-8"), "-"] {
        let out = run(&["--json", "order", "verify", name]);
        assert_eq!(out.status.code(), Some(3));
        let shown: Value = serde_json::from_slice(&out.stdout).expect("one document");
        assert_eq!(shown["valid"], false);
        assert!(shown["first_fault"].as_str().is_some_and(|f| !f.is_empty()), "{shown}");
        let problem: Value = serde_json::from_slice(&out.stderr).expect("one problem");
        assert_eq!(problem["code"], "evidence-invalid");
    }
    assert_eq!(run(&["status"]).status.code(), Some(2), "no home is known");
}

#[test]
fn help_is_an_answer_and_nothing_is_a_question() {
    let home = home();
    for words in [&["--help"][..], &["-h"], &["order", "offer", "--help"], &["help", "circle"], &["--version"]] {
        let out = output(home.path(), words);
        assert!(out.status.success() && !out.stdout.is_empty() && out.stderr.is_empty(), "{words:?}");
        assert!(!out.stdout.contains(&0x1b), "no colours in a pipe");
    }
    let bare = Command::new(env!("CARGO_BIN_EXE_haat")).output().expect("haat runs");
    assert_eq!(bare.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bare.stderr).contains("Examples:"));
    let coloured = output(home.path(), &["--color", "always", "--help"]);
    assert!(coloured.status.success());
}

/// A node of one answer: holds the lock as a node does, takes one request and tells what it got.
struct OneAnswer {
    home: TempDir,
    _lock: File,
    request: JoinHandle<(String, Value)>,
}

impl OneAnswer {
    fn new(answer: &'static str) -> Self {
        let home = home();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let path: PathBuf = home.path().join("lock");
        fs::write(&path, format!(r#"{{"pid":1,"api":"http://{}"}}"#, listener.local_addr().expect("bound"))).expect("written");
        fs::write(home.path().join("api-token"), "sesame\n").expect("written");
        let lock = File::open(&path).expect("there");
        lock.try_lock().expect("nobody else has it");
        let request = thread::spawn(move || serve(&listener.accept().expect("haat calls").0, answer));
        Self { home, _lock: lock, request }
    }
}

fn serve(mut stream: &TcpStream, answer: &str) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a head");
        if line.trim().is_empty() {
            break;
        }
        if let Some(count) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = count.trim().parse().expect("a number");
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    stream.write_all(answer.as_bytes()).expect("haat reads");
    (head.to_ascii_lowercase(), serde_json::from_slice(&body).unwrap_or_default())
}

#[test]
fn a_command_goes_to_the_node_and_its_answer_comes_out() {
    let node = OneAnswer::new("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"name\":\"Lane 12\",\"circle\":\"ab\",\"later\":1}");
    let out = output(node.home.path(), &["--json", "circle", "create", "Lane 12", "--key", "k7"]);
    let (head, body) = node.request.join().expect("served");
    assert!(head.starts_with("post /api/v1/circles http/1.1"), "{head}");
    for line in ["authorization: bearer sesame", "idempotency-key: k7", "content-type: application/json"] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert_eq!(body, serde_json::json!({"name": "Lane 12"}));
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let told = String::from_utf8(out.stdout).expect("UTF-8");
    assert_eq!(told, "{\"circle\":\"ab\",\"later\":1,\"name\":\"Lane 12\"}\n", "as it came, keys sorted");
}

#[test]
fn a_refusal_of_the_node_comes_out_with_its_exit_code() {
    let answer = "HTTP/1.1 409 Conflict\r\nconnection: close\r\n\r\n{\"kind\":\"refused\",\"code\":\"own-listing\",\"title\":\"no\",\"detail\":\"it is \\u001b[31myours\",\"status\":409}";
    let node = OneAnswer::new(answer);
    let out = output(node.home.path(), &["order", "offer", "Tea"]);
    assert_eq!(out.status.code(), Some(3));
    assert!(out.stdout.is_empty());
    assert_eq!(String::from_utf8_lossy(&out.stderr), "error: no\n  it is [31myours\n");
    drop(node.request.join().expect("served"));
}

#[test]
fn a_refused_import_names_rows_in_eight_lines_and_all_of_them_under_json() {
    let rows: Vec<Value> =
        (2..32).map(|n| serde_json::json!({"row": n, "column": "Variant Price", "value": "1,50", "reason": "not an amount"})).collect();
    let problem = serde_json::json!({
        "kind": "refused", "code": "import", "title": "30 rows are refused", "detail": "nothing was taken in", "hint": "mend them, or --partial",
        "created": [], "updated": [], "unchanged": [], "refused": rows, "warnings": [], "changes": [],
    });
    let answer: &'static str = format!("HTTP/1.1 409 Conflict\r\nconnection: close\r\n\r\n{problem}").leak();
    for json in [false, true] {
        let node = OneAnswer::new(answer);
        let mut import = haat(node.home.path(), &["listing", "import", "-", "--shop", "Hill", "--partial"]);
        import.args(json.then_some("--json")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = import.spawn().expect("haat runs");
        child.stdin.take().expect("piped").write_all(b"Handle,Title\n").expect("haat reads");
        let out = child.wait_with_output().expect("it ends");
        let (_, body) = node.request.join().expect("served");
        assert_eq!((&body["data"], &body["partial"]), (&"SGFuZGxlLFRpdGxlCg==".into(), &true.into()));
        let told = String::from_utf8(out.stderr).expect("UTF-8");
        assert_eq!((out.status.code(), out.stdout.len()), (Some(3), 0), "{told}");
        if json {
            let problem: Value = serde_json::from_str(&told).expect("one problem");
            assert_eq!(problem["refused"].as_array().map(Vec::len), Some(30), "beside the other keys");
        } else {
            assert!(told.lines().count() <= 8 && told.contains("row 2, Variant Price") && told.contains("more; --json"), "{told}");
        }
    }
}

#[test]
fn a_lost_answer_is_an_unknown_outcome_with_a_safe_way_to_try_again() {
    let node = OneAnswer::new("");
    let out = output(node.home.path(), &["--json", "post", "C", "hello", "--key", "k9"]);
    let problem: Value = serde_json::from_slice(&out.stderr).expect("one problem");
    assert_eq!((out.status.code(), &problem["code"]), (Some(5), &Value::from("outcome-unknown")));
    assert!(problem["hint"].as_str().is_some_and(|h| h.contains("--key k9")), "{problem}");
    drop(node.request.join().expect("served"));
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let node = OneAnswer::new("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"items\":[],\"next\":null}");
    let mut child = haat(node.home.path(), &["order", "list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("haat runs");
    drop(child.stdout.take());
    let out = child.wait_with_output().expect("it ends");
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()), (Some(0), ""));
    drop(node.request.join().expect("served"));
}

#[test]
fn following_the_feed_prints_what_was_and_what_comes() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let path = home.path().join("lock");
    fs::write(&path, format!(r#"{{"pid":1,"api":"http://{}"}}"#, listener.local_addr().expect("bound"))).expect("written");
    fs::write(home.path().join("api-token"), "sesame").expect("written");
    let lock = File::open(&path).expect("there");
    lock.try_lock().expect("nobody else has it");
    let node = thread::spawn(move || {
        let accept = || listener.accept().expect("haat calls").0;
        let page = |entries: &[&str]| {
            let items: Vec<Value> = entries.iter().map(|e| serde_json::json!({"entry": e})).collect();
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", serde_json::json!({"items": items, "next": null}))
        };
        let mut events = accept();
        let (head, _) = serve(&events, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n: alive\n\n");
        assert!(head.starts_with("get /api/v1/events "), "listens before it reads: {head}");
        let (head, _) = serve(&accept(), &page(&["b", "a"]));
        assert!(head.starts_with("get /api/v1/feed?circle=lane%2012&limit=5 "), "{head}");
        events.write_all(b"id: 1\nevent: peer\ndata: {\"kind\":\"peer\",\"subject\":\"p\"}\n\n").expect("haat reads");
        events.write_all(b"id: 2\nevent: entry\ndata: {\"kind\":\"entry\",\"subject\":\"c\"}\n\n").expect("haat reads");
        serve(&accept(), &page(&["d", "c", "b"]));
    });
    let out = output(home.path(), &["feed", "--follow", "--json", "--circle", "Lane 12", "--limit", "5"]);
    node.join().expect("served");
    let told = String::from_utf8(out.stdout).expect("UTF-8");
    let entries: Vec<&str> = told.lines().collect();
    assert_eq!(entries, [r#"{"entry":"a"}"#, r#"{"entry":"b"}"#, r#"{"entry":"c"}"#, r#"{"entry":"d"}"#]);
    assert_eq!(out.status.code(), Some(8), "the node went away");
}

#[test]
fn only_what_the_node_reads_waits_for_its_next_start() {
    let home = home();
    let hint = |words: &[&str]| String::from_utf8(output(home.path(), words).stderr).expect("UTF-8");
    assert!(hint(&["config", "set", "mdns", "false"]).contains("starts the next time"));
    for words in [["config", "set", "color", "never"], ["config", "set", "language", "en"]] {
        assert_eq!(hint(&words), "", "{words:?} holds at once");
    }
}
