//! Any text as a job file.
#![no_main]

#[path = "../../tests/it/filter/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|text: &str| {
    anything::job_file(text);
});
