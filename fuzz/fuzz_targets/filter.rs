//! Any text as a condition.
#![no_main]

#[path = "../../tests/it/filter/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|text: &str| {
    anything::condition(text);
});
