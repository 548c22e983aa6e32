//! Letters of a run: to people of the house, once each.

use chrono::{Datelike as _, NaiveDate};
use sqlx::PgConnection;

use crate::engine::door::Run;
use crate::outbox::letter::{self, Writer};
pub use crate::outbox::letter::{Letter, LinkTo, Recipient, link};

const DAYS: [(&str, &str); 7] = [
    ("Monday", "周一"),
    ("Tuesday", "周二"),
    ("Wednesday", "周三"),
    ("Thursday", "周四"),
    ("Friday", "周五"),
    ("Saturday", "周六"),
    ("Sunday", "周日"),
];

/// The name of the weekday in a language; English where none is known.
#[must_use]
pub fn weekday(day: NaiveDate, locale: &str) -> &'static str {
    let (english, chinese) = DAYS[day.weekday().num_days_from_monday() as usize];
    if locale.starts_with("zh") { chinese } else { english }
}

/// Where the owner of the job is written to, who hears of what concerns nobody else; none: the file does not say it.
///
/// # Errors
/// When the database refuses.
pub async fn owner(run: &Run, conn: &mut PgConnection) -> sqlx::Result<Option<String>> {
    let owner = sqlx::query_scalar!("select owner from tend.spec where hash = $1", run.spec_hash);
    Ok(owner.fetch_optional(conn).await?.flatten())
}

/// Writes the letters of a run; how many were new.
///
/// # Errors
/// When the database refuses.
pub async fn write(conn: &mut PgConnection, run: &Run, letters: &[Letter]) -> sqlx::Result<i64> {
    let writer = Writer { run_id: run.run_id, job: &run.job, spec_hash: &run.spec_hash, at: run.as_of };
    letter::write(conn, writer, letters).await
}
