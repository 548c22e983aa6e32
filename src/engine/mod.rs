//! When, and exactly once: schedules, the ledger of slots, claims, leases, steps.
//!
//! ```text
//!            planner                    claim                      last step's fence
//!   slot ──────────────▶ due ───────────────────────▶ running ─────────────────────────▶ succeeded
//!     │                  │ ▲                             │
//!     │                  │ │  retry (backoff)            ├──▶ failed     JobError::Fail, attempts used up,
//!     │                  │ ├─────────────────────────────┤               third rescue
//!     │                  │ │  hand-back (stop)           │
//!     │                  │ ├─────────────────────────────┼──▶ cancelled  somebody cancelled it
//!     │                  │ │  takeover (dead owner)      │
//!     │                  │ └─────────────────────────────┘
//!     ├──────────────────┴──▶ skipped   missed, paused, too late, disabled; always with the reason
//! ```
//!
//! What it promises, each held by a test in `tests/it/engine/`:
//!
//! - Every slot that became due is a row of `tend.job_run`, or is named on the row that stands for it.
//! - One slot, one row, one execution, over any number of replicas, crashes and clocks. Unique keys decide; there is no
//!   leader, and locks only save work.
//! - Two runs of one job never overlap, and its planned runs start in the order of their slots.
//! - A step commits only while its run is owned by whoever does it (the fence), and moves cursor, progress and work
//!   together. A crash at any point loses at most the step at work, which is done again.
//! - A dead owner is noticed within the lease; its backend in Postgres is ended before its run is given to another.
//! - A preview leaves nothing behind and keeps no run waiting.
//!
//! The engine knows jobs through [`door`] only, and specs through the reading function it is given.

mod backoff;
mod claim;
pub mod control;
mod cycle;
pub mod door;
pub mod doorbell;
mod ending;
mod lease;
pub mod planner;
pub mod preview;
pub mod replay;
mod replica;
mod rewind;
mod runner;
pub mod schedule;
mod slots;
pub mod specs;
pub mod status;
mod step;
mod stretch;
mod takeover;
mod unreadable;
mod waits;
pub mod watchdog;

pub use cycle::{Engine, Pass};
pub use runner::Outcome;
pub use slots::ON_TIME;
pub use takeover::RESCUES;
