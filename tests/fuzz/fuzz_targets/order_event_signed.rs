//! The decoder `order_event_signed` under chance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    haat_fuzz::run("order_event_signed", data);
});
