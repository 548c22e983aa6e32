//! Any bytes as a call of a provider.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/it/returned/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    anything::call(bytes);
});
