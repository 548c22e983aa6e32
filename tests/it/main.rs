//! The one integration binary of tend: real Postgres always, time driven, never slept for.
#![allow(clippy::disallowed_methods, reason = "tests make their own environment, ids and times")]

mod support;

mod calendar;
mod database;
mod demo;
mod doorbell;
mod filter;
mod import;
mod message;
mod outbox;
mod retier;
mod schedule;
mod settings;
