//! The decoder `meet_request` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("meet_request", data);
});
