//! The decoder `heights_rows` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("heights_rows", data);
});
