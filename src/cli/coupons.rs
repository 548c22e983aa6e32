//! `tend coupons`: pools of codes.

use chrono::NaiveDate;
use serde_json::json;

use super::args::{Arguments, CouponsAction};
use super::failure::Failure;
use super::{connect, print};
use crate::import::Source;
use crate::import::coupons::{self, Options};
use crate::jobs::layout::{Align, count, counted, table, verb};
use crate::outbox::coupon::{self, Pool};
use crate::progress::Progress;

/// Imports codes, or shows how the pools stand.
pub async fn run(arguments: &Arguments, action: &CouponsAction) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let CouponsAction::Import { pool, file, expires, low_water } = action else {
        let opened = connect::ready(&settings).await?;
        let mut conn = opened.db.pool().acquire().await?;
        let now = settings.time.source.now(&mut conn).await?;
        return list(arguments, &coupon::pools(&mut conn, now).await?);
    };
    if !coupon::is_pool(pool) {
        let help = "lower-case letters, digits and -, as in bday-50, the name job files give";
        return Err(Failure::Usage(format!("{pool:?} cannot be the name of a pool: {help}")));
    }
    let source = Source::open(file).map_err(Failure::failed)?;
    let opened = connect::ready(&settings).await?;
    let now = settings.time.source.now(&mut *opened.db.pool().acquire().await?).await?;
    let options = Options { pool: pool.clone(), expires: *expires, low_water: *low_water, now };
    let progress = Progress::start(format!("Importing {}", source.name), source.size);
    let mut filled = 0;
    let report = coupons::import(&opened.db, source, &options, &progress, async |conn| {
        filled = coupon::fill(conn, now).await?;
        Ok(())
    })
    .await;
    progress.finish();
    let report = report.map_err(Failure::failed)?;
    if arguments.json {
        return print::json(&json!({ "import": report, "messages_released": filled }));
    }
    let mut said = format!("{pool}: {} read, {} new", count_of(report.read), count_of(report.inserted));
    if report.known > 0 {
        said += &format!(", {} were there already", count_of(report.known));
    }
    if filled > 0 {
        let (waited, are) = (counted(filled, "message"), verb(filled, "is", "are"));
        said += &format!("; {waited} that waited for a code {are} owed now");
    }
    print::text(said)
}

fn count_of(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn list(arguments: &Arguments, pools: &[Pool]) -> Result<(), Failure> {
    if arguments.json {
        return print::json(&pools);
    }
    if pools.is_empty() {
        return print::text("There are no coupon pools; `tend coupons import POOL FILE` makes one.");
    }
    let head = ["pool", "left", "reserved", "ended unused", "alarm below", "messages waiting", "next end"];
    let rows = pools.iter().map(|pool| {
        vec![
            pool.pool.clone(),
            count(pool.left),
            count(pool.reserved),
            count(pool.expired),
            count(pool.low_water.into()),
            count(pool.waiting),
            pool.next_end.as_ref().map_or_else(String::new, NaiveDate::to_string),
        ]
    });
    let rows: Vec<_> = std::iter::once(head.map(str::to_owned).to_vec()).chain(rows).collect();
    let right = Align::Right;
    print::text(table(&[Align::Left, right, right, right, right, right], &rows))
}
