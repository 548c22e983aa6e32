//! Where "now" comes from.
//!
//! There is one provider of time for planning, messages and everything that is written down: Postgres, because
//! replicas' clocks differ. Tests and simulations drive it: then the time is the one row of `tend.driven_clock`, which
//! every process on that database shares. Leases are the exception, on purpose: they use the database's own clock
//! (`clock_timestamp()`), since processes die in real time. Waiting and local deadlines use the monotonic
//! [`std::time::Instant`], which nobody may set.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

/// The provider of time of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The clock of the database server.
    Database,
    /// The row of `tend.driven_clock`; refused in production.
    Driven,
    /// The same, remembered by the only process that drives it, which asks for it a thousand times a simulated day.
    Led(Hand),
}

/// Where the time of [`Clock::Led`] stands.
#[derive(Debug, Clone, Copy)]
pub struct Hand(&'static AtomicI64);

impl PartialEq for Hand {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Hand {}

impl Clock {
    /// The current instant.
    ///
    /// # Errors
    /// When the database cannot be asked, or when the time is driven and nobody has set it yet.
    pub async fn now(self, conn: &mut PgConnection) -> sqlx::Result<DateTime<Utc>> {
        match self {
            Self::Database => sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(conn).await,
            Self::Driven => sqlx::query_scalar!("select instant from tend.driven_clock").fetch_one(conn).await,
            Self::Led(Hand(micros)) => {
                let instant = DateTime::from_timestamp_micros(micros.load(Ordering::Relaxed));
                instant.ok_or_else(|| sqlx::Error::Protocol("the driven time is beyond all calendars".to_owned()))
            }
        }
    }

    /// Whether somebody drives the time.
    #[must_use]
    pub fn is_driven(self) -> bool {
        self != Self::Database
    }

    /// Sets the driven time, for tests and simulations.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn drive(conn: &mut PgConnection, to: DateTime<Utc>) -> sqlx::Result<()> {
        sqlx::query!(
            "insert into tend.driven_clock (instant) values ($1) on conflict (only_row) do update set instant = excluded.instant",
            to
        )
        .execute(conn)
        .await
        .map(drop)
    }
}

impl Hand {
    /// A driven time that this process alone leads, and its first instant. The few bytes it takes are never given back.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn begin(conn: &mut PgConnection, from: DateTime<Utc>) -> sqlx::Result<Self> {
        let hand = Self(Box::leak(Box::new(AtomicI64::new(0))));
        hand.lead(conn, from).await?;
        Ok(hand)
    }

    /// Sets the time, here and for whoever asks the database.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn lead(self, conn: &mut PgConnection, to: DateTime<Utc>) -> sqlx::Result<()> {
        Clock::drive(conn, to).await?;
        self.0.store(to.timestamp_micros(), Ordering::Relaxed);
        Ok(())
    }
}

/// An instant for a person: `2026-06-01 02:00 +08:00`, with seconds where there are any.
#[must_use]
pub fn shown(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    let time = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    local.format(&format!("%Y-%m-%d {time} %:z")).to_string()
}

/// The clock of this machine, for commands that only print when something would be due and ask no database. Nothing
/// that is written down may come from it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place outside the database that asks for the time")]
pub fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}
