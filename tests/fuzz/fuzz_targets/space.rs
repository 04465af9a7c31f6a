//! The decoder `space` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("space", data);
});
