//! tend looks after a company's customers on schedule, on the company's own Postgres.

pub mod calendar;
pub mod clock;
pub mod db;
pub mod demo;
pub mod engine;
pub mod filter;
pub mod import;
pub mod jobfile;
pub mod jobs;
pub mod outbox;
pub mod progress;
pub mod settings;
pub mod telemetry;
