//! The decoders of `protocol/tests/decoders`, by name: the very functions that the ordinary tests mutate. Nothing is decided here.

#![forbid(unsafe_code)]

#[path = "../../../protocol/tests/decoders/decoder.rs"]
mod decoder;

/// Runs one decoder; it panics when its law is broken.
pub fn run(name: &str, data: &[u8]) {
    decoder::run(name, data);
}

/// Runs the decoder of one kind's bodies, which the first byte picks.
pub fn run_body(data: &[u8]) {
    let all = decoder::all();
    let bodies: Vec<_> = all.iter().filter(|(name, _)| name.starts_with("body/")).collect();
    if let Some((first, rest)) = data.split_first() {
        let (name, run) = bodies[usize::from(*first) % bodies.len()];
        run(name, rest);
    }
}
