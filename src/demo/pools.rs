//! Coupon codes for the pools that the jobs name: a code for every tenth customer.

use chrono::NaiveDate;

use super::lines::Lines;
use super::{DemoError, beginning};
use crate::db::Database;
use crate::import::Source;
use crate::import::coupons::{self, Options};
use crate::progress::Progress;

/// Fewest codes of a pool.
const FEWEST: u64 = 50;

/// Fills each pool, made up for so many customers, as of the beginning of `date`. A second time changes nothing.
///
/// # Errors
/// When a code is somebody else's, or the database refuses.
pub async fn pools(db: &Database, names: &[String], customers: u32, date: NaiveDate) -> Result<(), DemoError> {
    let codes = FEWEST.max(u64::from(customers) / 10);
    for name in names {
        let stem = name.to_uppercase();
        let lines =
            Lines::new("code", codes, move |n, out| out.push_str(&format!("{stem}-{:06}\n", n * 7_919 % 999_983)));
        let source = Source { name: format!("codes of {name}"), size: None, reader: Box::new(lines) };
        let options = Options { pool: name.clone(), expires: None, low_water: None, now: beginning(date) };
        coupons::import(db, source, &options, &Progress::silent(), async |_| Ok(())).await?;
    }
    Ok(())
}
