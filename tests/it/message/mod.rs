//! Birthday messages: given customers, run at a day, expect who gets what and why others do not.

mod ahead;
mod calendar;
mod caps;
mod choices;
mod conflicts;
mod coupons;
mod crowds;
mod files;
mod holdout;
mod hours;
mod ledger;
mod limits;
mod moves;
mod offered;
mod offers;
pub mod path;
pub mod people;
mod plan;
mod policy;
mod preview;
mod safety;
mod scale;
mod shipped;
mod tickets;
mod triggers;
mod words;
