//! A made-up but lifelike company, for people who want to see tend at work before they have data.
//!
//! Promises: the same seed makes the same company on every machine; a later day adds to what is there and changes
//! nothing else; it takes the way of the company's own files (`import`), so what it shows is what an import gives; it
//! refuses a database that holds anybody else's customers. Addresses are of domains and number ranges nobody has.

mod birthdays;
mod cases;
mod deeds;
mod dice;
mod lines;
mod people;
mod pools;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, Utc};

use crate::db::Database;
use crate::import::{ImportError, Kind, Options, Report, Source, import};
use crate::progress::Progress;
use lines::Lines;
pub use pools::pools;

/// Days between the founding of the company and the day it is first looked at: three years.
pub const HISTORY_DAYS: u64 = 1_095;

/// What a company is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Company {
    /// Customers it has.
    pub customers: u32,
    /// Another number makes another company.
    pub seed: u64,
    /// The day its history begins.
    founded: NaiveDate,
}

/// What was filled in.
#[derive(Debug, Clone)]
pub struct Filled {
    /// Staff, customers, orders, interactions, tickets, product views.
    pub reports: Vec<Report>,
    /// Addresses nothing may be sent to.
    pub suppressed: u64,
}

/// Why there is no company.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Somebody else's data.
    #[error(
        "this database holds customers that are not the demo's ({0} of them); the demo needs a database of its own: \
         without TEND__DATABASE__URL it takes a private one"
    )]
    NotEmpty(i64),
    /// Another demo.
    #[error(
        "this database holds the demo of --seed {found}, not of {asked}; name that seed, or begin anew with another database (`make demo-clean` removes the private one)"
    )]
    OtherSeed {
        /// The seed of what is there.
        found: u64,
        /// The seed that was asked for.
        asked: u64,
    },
    /// Before the company was founded.
    #[error("the company of this demo was founded on {founded}; --date must lie after {founded}")]
    TooEarly {
        /// The day its history begins.
        founded: NaiveDate,
    },
    /// The import failed.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The database refuses.
    #[error("the demo could not be filled in: {0}")]
    Database(#[from] sqlx::Error),
}

/// Fills the company in as it stands at the beginning of `date` in Shanghai. A second time, for the same day, nothing
/// changes; for a later day, what happened since is added. `show` makes the progress of each part.
///
/// # Errors
/// When the database holds something else, or refuses.
pub async fn fill(
    db: &Database,
    customers: u32,
    seed: u64,
    date: NaiveDate,
    show: impl Fn(&'static str) -> Progress,
) -> Result<Filled, DemoError> {
    let company = Company { customers, seed, founded: founded(db, seed, date).await? };
    if date <= company.founded {
        return Err(DemoError::TooEarly { founded: company.founded });
    }
    let take = async |kind: Kind, what: &'static str, reader: Box<dyn std::io::Read + Send>| {
        let options = Options {
            strict: true,
            rejects: std::env::temp_dir().join(format!("tend-demo-{}.rejects.csv", std::process::id())),
            now: beginning(date),
        };
        let progress = show(what);
        import(db, kind, Source { name: what.to_owned(), size: None, reader }, &options, &progress).await
    };
    let many = u64::from(customers);
    let mut reports = Vec::new();
    let staff = Lines::new(people::STAFF_HEADER, people::STAFF, move |n, out| people::staff(&company, n, out));
    reports.push(take(Kind::Staff, "staff", Box::new(staff)).await?);
    let away = Lines::new(people::ABSENCE_HEADER, people::ABSENCES, move |n, out| people::absence(&company, n, out));
    take(Kind::Absences, "absences", Box::new(away)).await?;
    let rows = Lines::new(people::CUSTOMER_HEADER, many, move |n, out| people::customer(&company, n, date, out));
    reports.push(take(Kind::Customers, "customers", Box::new(rows)).await?);
    let rows = Lines::new(people::WITHDRAWAL_HEADER, many, move |n, out| people::withdrawal(&company, n, date, out));
    take(Kind::Customers, "consents", Box::new(rows)).await?;
    let rows = Lines::new(deeds::ORDER_HEADER, many, move |n, out| deeds::orders(&company, n, date, out));
    reports.push(take(Kind::Orders, "orders", Box::new(rows)).await?);
    let rows = Lines::new(deeds::INTERACTION_HEADER, many, move |n, out| {
        deeds::interactions(&company, n, date, out);
        deeds::troubles(&company, n, date, out);
        deeds::wishes(&company, n, date, out);
    });
    reports.push(take(Kind::Interactions, "interactions", Box::new(rows)).await?);
    let rows = Lines::new(deeds::TICKET_HEADER, many, move |n, out| deeds::tickets(&company, n, date, out));
    reports.push(take(Kind::Tickets, "tickets", Box::new(rows)).await?);
    let rows = Lines::new(deeds::TICKET_EVENT_HEADER, many, move |n, out| deeds::ticket_events(&company, n, date, out));
    take(Kind::TicketEvents, "ticket events", Box::new(rows)).await?;
    let rows = Lines::new(deeds::VIEW_HEADER, many, move |n, out| deeds::views(&company, n, date, out));
    reports.push(take(Kind::ProductViews, "product views", Box::new(rows)).await?);
    let suppressed = suppress(db, beginning(date)).await?;
    sqlx::raw_sql("analyze crm.customer; analyze crm.orders; analyze crm.consent; analyze crm.product_view; analyze crm.ticket; analyze crm.ticket_event")
        .execute(db.pool())
        .await?;
    Ok(Filled { reports, suppressed })
}

/// The beginning of that day in Shanghai, where the company is.
fn beginning(date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    let shanghai = FixedOffset::east_opt(8 * 3_600).and_then(|zone| midnight.and_local_timezone(zone).single());
    shanghai.map_or_else(|| midnight.and_utc(), |midnight| midnight.to_utc())
}

/// The founding day of what is there, else three years before the day.
async fn founded(db: &Database, seed: u64, date: NaiveDate) -> Result<NaiveDate, DemoError> {
    let strangers: i64 = sqlx::query_scalar(
        "select count(*) from (select from crm.customer where customer_id !~ '^D[0-9]{7}$' limit 1000) s",
    )
    .fetch_one(db.pool())
    .await?;
    if strangers > 0 {
        return Err(DemoError::NotEmpty(strangers));
    }
    let first: Option<(NaiveDate, Option<String>)> = sqlx::query_as(
        "select (created_at at time zone 'Asia/Shanghai')::date, attributes ->> 'demo_seed'
         from crm.customer where customer_id = 'D0000001'",
    )
    .fetch_optional(db.pool())
    .await?;
    let Some((founded, found)) = first else { return Ok(date - Days::new(HISTORY_DAYS)) };
    match found.as_deref().and_then(|found| found.parse::<u64>().ok()) {
        Some(found) if found != seed => Err(DemoError::OtherSeed { found, asked: seed }),
        Some(_) => Ok(founded),
        None => Err(DemoError::NotEmpty(1)),
    }
}

/// One address in seventy or so: it bounced, or its owner unsubscribed.
async fn suppress(db: &Database, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into tend.suppression (channel, address_key, reason, customer_id, recorded_at)
         select 'email', tend.address_key('email', c.email),
                case when right(c.customer_id, 1) < '5' then 'bounced' else 'unsubscribed' end, c.customer_id, $1
         from crm.customer c
         where c.email is not null and (right(c.customer_id, 2)::int % 67 = 21 or c.customer_id = 'D0000010')
         on conflict (channel, address_key) do nothing",
    )
    .bind(now)
    .execute(db.pool())
    .await?;
    Ok(done.rows_affected())
}
