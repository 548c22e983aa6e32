//! What is known of one person: shown, forgotten, kept from being written to.
//!
//! # What it promises
//! * [`export`] gives everything that the company's tables and tend know of a customer, as one JSON document.
//! * [`forget`] takes the customer out of every table of tend, and out of the company's where tend made them (elsewhere
//!   it says that the company has to). Books stay balanced: what was sent, decided and said stays under a made-up name
//!   that leads nowhere. The addresses stay suppressed by their hash, so that a new import mails nobody again. It first
//!   shows what it would do.
//! * [`suppress`] stops messages to an address, all of them or those of a purpose, and lifts what staff stopped. What
//!   customers said themselves only they take back.
//! * Every table with a customer in it is dealt with: a test compares them with the database.

pub mod export;
pub mod forget;
pub mod suppress;
