//! The decoder `fork` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("fork", data);
});
