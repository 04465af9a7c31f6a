//! The decoder `wants_rows` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("wants_rows", data);
});
