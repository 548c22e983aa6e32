//! The promises under fire: real processes, a real Postgres, a real SMTP server, killed at random moments.
//!
//! The forms here are short enough for every test run; `make soak` runs them longer by `TEND_SOAK` (a factor).

mod company;
mod downtime;
mod faults;
mod mail;
pub mod office;
mod year;
mod zombie;

/// How many times longer than the short form to run.
pub fn factor() -> u32 {
    std::env::var("TEND_SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A small generator of pseudo-random numbers, so that a failing run can be repeated (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// Other numbers in every run; prints the seed, and takes it from `TEND_SEED` to repeat a run.
    pub fn any(test: &str) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        let given = std::env::var("TEND_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        eprintln!("{test}: TEND_SEED={seed} repeats this run");
        Self::new(seed)
    }

    /// A number in `0..below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }
}
