//! The decoder `meet_response` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("meet_response", data);
});
