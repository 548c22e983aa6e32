//! tend looks after a company's customers on schedule, on the company's own Postgres.
//!
//! # Bird's eye
//!
//! A person writes job files (`jobs/*.toml`: what, when, for whom). tend reads them strictly, stores them by content
//! hash, computes the instants at which each job is due and writes a row for every one of them. A replica claims a row,
//! runs the job in a transaction it lends it, and ends that transaction with a fence. A job only reads and writes
//! tables: it moves customers on ladders, and it puts messages it owes into the outbox. The dispatcher pays the outbox
//! over mail and SMS providers, and writes down every hand-over before it makes it.
//!
//! ```text
//!   jobs/*.toml ──jobfile──▶ specs ──engine──▶ runs ──jobs──▶ ladders, occasions, outbox ──outbox::dispatch──▶ people
//!                                    (planner, claim, fence)                              (claimed, handed off, …)
//! ```
//!
//! # The rooms
//!
//! | room | what it is |
//! |---|---|
//! | [`engine`] | when, and exactly once: schedules, the ledger of slots, claims, leases, steps, replay. Knows jobs only through [`engine::door`] |
//! | [`jobs`] | the kinds of jobs (ladders, messages, visits), a folder each with its SQL beside it, and the one registry |
//! | [`jobfile`] | job files: TOML into typed specs, all errors at once; the folder in force |
//! | [`checks`] | the examples in job files, tried out in a scratch database |
//! | [`filter`] | the condition language of job files, segments, and the SQL it becomes; the facts that are kept and whom a change concerns |
//! | [`calendar`] | lunar dates and anniversaries; the time in which a company works; pure |
//! | [`chart`] | line charts as pictures, with a font of their own; pure |
//! | [`outbox`] | messages owed, to customers and to staff: policy, templates, dispatcher, channels. Knows neither jobs nor engine |
//! | [`web`] | what customers reach from outside: unsubscribing, preferences, answering what a message asks; what providers post; pages of tasks for people of the house |
//! | [`task`] | what people have to do: making tasks, finding who does them, changing them |
//! | [`action`] | what is decided in reviews: actions for figures, with somebody who sees to them and a day |
//! | [`person`] | one customer: exported, forgotten, kept from being written to |
//! | [`import`] | the company's data from CSV files |
//! | [`demo`] | a made-up company |
//! | [`simulate`] | what a job folder will do over the next months, run on a copy |
//! | [`db`] | pools, named transactions, migrations, the schema gate, the private Postgres of development |
//! | [`settings`] | layered settings, and what each environment forbids |
//! | [`clock`] | where "now" comes from |
//! | [`telemetry`], [`progress`] | logging; how far long work is |
//! | [`spelling`], [`figures`] | the word that was meant by a misspelt one; numbers as people read them |
//!
//! `cli` and `daemon` wire them and are known by nobody. Who may know whom is a table in `tests/it/architecture.rs`.
//!
//! # Invariants
//!
//! - **A job is a function of (database, as-of instant, spec, code).** No room below `engine` asks for "now": the
//!   linter bans the calls, a test bans them in job SQL. A job never sends and never commits. So a preview is the real
//!   run, rolled back; there is no `dry_run` anywhere.
//! - **Every due slot becomes a row** of `tend.job_run`: succeeded, failed, or skipped with the reason.
//! - **One slot runs once**, over any number of replicas, crashes and clocks: unique keys in Postgres decide. A step
//!   whose lease was lost cannot commit.
//! - **One occasion, one message**: the ledger `tend.occasion` decides. A message whose fate is unknown is `in_doubt`,
//!   never guessed.
//! - **Every decision about a customer has its reason on record**: `tend.ladder_move`, `tend.outbox`, `tend.decision`.
//! - **Nothing a job file says reaches SQL as text**: `filter` binds values and takes names from its own tables.
//! - **No address, name or body in logs, in `tend.outbox` or in errors**: ids and counts only.
//! - **Nothing is stored twice as truth**: next runs and ranks are computed when they are asked for. Facts are kept, so that
//!   a night costs what the day's changes cost, but the orders are the truth: a weekly recount must find no difference.
//!
//! # Where to start
//!
//! To follow one night: `engine::planner` → `engine::claim` → [`engine::door`] → `jobs::retier` → `jobs::message` →
//! `outbox::dispatch`. To add a kind of job: a folder below `jobs/` that implements the door and the reader, and one
//! line in the registry [`jobs`]. To add an operator to the conditions: one entry in [`filter::operator`].

pub mod action;
pub mod calendar;
pub mod chart;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod daemon;
pub mod db;
pub mod demo;
pub mod engine;
pub mod figures;
pub mod filter;
pub mod import;
pub mod jobfile;
pub mod jobs;
pub mod outbox;
pub mod person;
pub mod progress;
pub mod settings;
pub mod simulate;
pub mod spelling;
pub mod task;
pub mod telemetry;
pub mod web;
