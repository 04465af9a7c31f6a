//! The body of an entry of any kind; the first byte picks the kind.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run_body(data);
});
