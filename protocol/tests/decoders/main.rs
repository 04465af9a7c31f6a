//! Every decoder that a stranger can reach, under the golden vectors, old findings and 20,000 mutations of them: none panics, takes
//! long, grabs memory, or takes bytes that it would not write itself. `HAAT_MUTATIONS=n` runs more, `HAAT_SEED=n` others.
//!
//! The longer runs of the same decoders are the targets under `tests/fuzz`.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test reads files, its surroundings and the clock")]

mod decoder;
mod mutation;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use decoder::Decoder;
use mutation::{Dice, mutate};

/// Mutations of the ordinary run, for each decoder.
const MUTATIONS: u64 = 20_000;
/// No input takes a decoder longer.
const SLOW: Duration = Duration::from_millis(100);
/// A slow input is tried so often again; the machine may have been busy.
const TRIES: usize = 5;
/// Kibibytes by which the process may grow at its peak.
const GROWTH_MAX_KIB: u64 = 256 * 1024;
/// Inputs beyond this size are replayed, not mutated.
const MUTATED_MAX_BYTES: usize = 24 * 1024;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(name)
}

fn bytes_of(hex: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(hex.as_str().expect("hexadecimal text").as_bytes()).expect("hexadecimal text")
}

/// The golden vectors: check, context, input.
fn vectors() -> Vec<(String, Value, Vec<u8>)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder("vectors")).expect("the folder is there").flatten().map(|f| f.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let sheet: Value = serde_json::from_slice(&std::fs::read(file).expect("it is there")).expect("it is JSON");
        for vector in sheet["vectors"].as_array().expect("vectors") {
            let input = match &vector["input"] {
                Value::String(_) => bytes_of(&vector["input"]),
                long => {
                    let mut bytes = bytes_of(&long["hex"]);
                    bytes.resize(bytes.len() + usize::try_from(long["zeros"].as_u64().expect("a number")).expect("small"), 0);
                    bytes
                }
            };
            found.push((vector["check"].as_str().expect("a check").to_owned(), vector["context"].clone(), input));
        }
    }
    found
}

/// What one check's inputs become for a decoder: themselves, or the signed bytes inside.
fn inputs(name: &str, vectors: &[(String, Value, Vec<u8>)]) -> Vec<Vec<u8>> {
    let inner = |field: &str, input: &[u8]| -> Option<Vec<u8>> {
        let at = input.windows(field.len()).position(|part| part == field.as_bytes())? + field.len();
        let (head, rest) = (input.get(at)?, input.get(at + 1..)?);
        let (size, skip) = match head {
            0x58 => (usize::from(*rest.first()?), 1),
            0x59 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), 2),
            _ => return None,
        };
        rest.get(skip..skip + size).map(<[u8]>::to_vec)
    };
    let (check, field) = match name {
        "header" => ("entry", Some("ah")),
        "payload" => ("payload", None),
        "chain" => ("identity", None),
        "operation" => ("identity", Some("ebytes")),
        "record_signed" => ("record", Some("ebytes")),
        "order_event_signed" => ("order_event", Some("ebytes")),
        other => (other.split('/').next().unwrap_or(other), None),
    };
    let kind = name.strip_prefix("body/").map(|kind| {
        let all = haat_protocol::kind::Kind::ALL;
        all.iter().find(|one| one.text() == kind).expect("a kind").code()
    });
    let mut found: Vec<Vec<u8>> = Vec::new();
    for (other, context, input) in vectors {
        let fits = match name {
            "sealed" => matches!(other.as_str(), "sealed" | "encrypted"),
            "review_right" => other == "body" && context["kind"] == 35,
            _ => other == check && (kind.is_none() || context["kind"].as_u64() == kind),
        };
        if !fits {
            continue;
        }
        let input = match (name, field) {
            ("review_right", _) => review_right(input),
            (_, Some(field)) => inner(field, input),
            _ => Some(input.clone()),
        };
        found.extend(input);
    }
    let kept = folder("fuzz/corpus").join(name.replace('/', "_"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(kept).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    found.extend(files.into_iter().map(|file| std::fs::read(file).expect("it is there")));
    found
}

/// The right inside the body of a review: the value of its first key.
fn review_right(input: &[u8]) -> Option<Vec<u8>> {
    let haat_protocol::body::Body::Review(review) = haat_protocol::body::Body::decode(haat_protocol::kind::Kind::Review, input).ok()?
    else {
        return None;
    };
    Some(haat_protocol::codec::encode(&review.right))
}

/// Runs an input, and again if it took long.
fn timed(run: &impl Fn() -> bool) -> (bool, Duration) {
    let once = || {
        let begun = Instant::now();
        let taken = run();
        (taken, begun.elapsed())
    };
    let (taken, time) = once();
    if time <= SLOW {
        return (taken, time);
    }
    let mut times: Vec<Duration> = (0..TRIES).map(|_| once().1).collect();
    times.sort();
    (taken, times[TRIES / 2])
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Kibibytes of memory that this process ever had; 0 where nobody says.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Replays and mutates for one decoder; says how many inputs it took.
fn try_out((name, run): &Decoder, corpus: &[Vec<u8>]) -> Result<(usize, u64), String> {
    let check = |input: &[u8], what: &str| {
        let outcome = std::panic::catch_unwind(|| timed(&|| run(name, input)));
        let told = || format!("{name}, {what}: {}", data_encoding::HEXLOWER.encode(input));
        match outcome {
            Err(_) => Err(format!("a panic in {}", told())),
            Ok((_, time)) if time > SLOW => Err(format!("{time:?} for {}", told())),
            Ok((taken, _)) => Ok(taken),
        }
    };
    let mut taken = 0;
    for input in corpus {
        taken += usize::from(check(input, "replayed")?);
    }
    let small: Vec<Vec<u8>> = corpus.iter().filter(|input| input.len() <= MUTATED_MAX_BYTES).cloned().collect();
    let seed = number("HAAT_SEED").unwrap_or(1);
    let mut dice = Dice(name.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))));
    let mut changed = 0;
    for _ in 0..number("HAAT_MUTATIONS").unwrap_or(MUTATIONS) {
        changed += u64::from(check(&mutate(&small, &mut dice), "mutated")?);
    }
    Ok((taken, changed))
}

#[test]
fn no_decoder_falls() {
    let (vectors, before) = (vectors(), peak_kib());
    let all = decoder::all();
    let halves = [0, 1].map(|half| all.iter().skip(half).step_by(2).collect::<Vec<_>>());
    let run = |decoders: &[&Decoder]| -> Vec<String> {
        decoders
            .iter()
            .filter_map(|decoder| {
                let corpus = inputs(&decoder.0, &vectors);
                let begun = Instant::now();
                match try_out(decoder, &corpus) {
                    Ok((0, _)) => {
                        Some(format!("{}: none of {} inputs is taken, so nothing behind the form is reached", decoder.0, corpus.len()))
                    }
                    Ok((taken, changed)) => {
                        println!(
                            "{:<24} {:4} inputs, {taken:4} taken, {changed:6} mutations taken, {:?}",
                            decoder.0,
                            corpus.len(),
                            begun.elapsed()
                        );
                        None
                    }
                    Err(fault) => Some(fault),
                }
            })
            .collect()
    };
    let faults: Vec<String> = std::thread::scope(|scope| {
        let threads = halves.each_ref().map(|half| scope.spawn(|| run(half)));
        threads.into_iter().flat_map(|thread| thread.join().expect("a run catches panics")).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let grown = peak_kib().saturating_sub(before);
    assert!(grown < GROWTH_MAX_KIB, "the process grew by {grown} KiB");
}

#[test]
fn each_decoder_can_be_run_by_name() {
    for (name, _) in decoder::all() {
        assert!(!decoder::run(&name, &[0xff]), "{name} takes a byte that is nothing");
    }
}
