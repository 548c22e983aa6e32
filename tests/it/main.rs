//! The one integration binary of tend: real Postgres always, time driven, never slept for.
#![allow(clippy::disallowed_methods, reason = "tests make their own environment, ids and times")]
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test that fails may panic; a table of cases may be long"
)]

mod support;

mod agenda;
mod architecture;
mod calendar;
mod checks;
mod circle;
mod cli;
mod database;
mod demo;
mod doorbell;
mod effects;
mod engine;
mod filter;
mod import;
mod jobfile;
mod message;
mod outbox;
mod person;
mod report;
mod retier;
mod returned;
mod schedule;
mod settings;
mod simulate;
mod sla;
mod soak;
mod task;
mod visits;
mod web;
