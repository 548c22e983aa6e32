//! Any bytes as a mail that came back.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/it/returned/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    anything::mail(bytes);
});
