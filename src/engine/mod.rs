//! When, and exactly once: schedules, the ledger of slots, claims, leases, steps.
pub mod door;
pub mod schedule;
