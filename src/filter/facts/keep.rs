//! Keeping facts: `tend.fact` follows the orders without a look at those that did not change.
//!
//! Promises: what is kept for a window is what a count over all orders would give at the instant it stands at. A run
//! brings its windows to its as-of, forwards or backwards. Counted anew are the customers whose orders were inserted,
//! changed or deleted since (noted by triggers, in the writer's own transaction). For the others the orders are what
//! they were, so those that the end of the window passed over are added and those its beginning passed over taken off;
//! backwards they are counted anew, too. Every week all orders are counted, and a difference is an alarm.
//!
//! A run holds one lock to its end, so that facts, changes and levels are those of one moment for it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{aggregates, counted};
use crate::filter::compose::{Composer, Frame, Statement, compose};
use crate::jobfile::duration::Span;

/// After this long (by as-of) all orders are counted again.
pub const RECOUNT_AFTER: TimeDelta = TimeDelta::days(7);

/// From one in so many of the kept customers on, one pass over all orders is cheaper than looking them up.
const ONE_IN: i64 = 5;

/// What bringing a window up to an as-of took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refreshed {
    /// All orders were counted.
    pub recounted: bool,
    /// Customers whose facts were wrong before a recount that should have found nothing; the first of them.
    pub wrong: Vec<String>,
    /// How many those are.
    pub wrong_count: i64,
}

/// Whether every change in `crm` is noted. Over views it is not, and facts cannot be kept.
///
/// # Errors
/// When the database refuses.
pub async fn captures_changes(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select tend.captures_changes() as "captures!""#).fetch_one(conn).await
}

/// Takes the lock of those who read changes, until the transaction ends.
///
/// # Errors
/// When the database refuses, or the wait took longer than the session allows.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('tend:facts', 0))").execute(conn).await.map(drop)
}

/// Has a reader told of changes from now on; true when it was not told of all of them before. `needs`: the windows whose
/// kept facts it looks at; one nobody needs is let go (`tend.tidy_changes`).
///
/// # Errors
/// When the database refuses.
pub async fn register(reader: &str, about: &[String], needs: &[String], conn: &mut PgConnection) -> sqlx::Result<bool> {
    let known = sqlx::query_scalar!(
        r#"select $2::text[] <@ about as "all!" from tend.change_reader where reader = $1"#,
        reader,
        about
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into tend.change_reader as r (reader, about, needs) values ($1, $2, $3)
         on conflict (reader) do update set about = excluded.about, needs = excluded.needs
         where (r.about, r.needs) is distinct from (excluded.about, excluded.needs)",
        reader,
        about,
        needs
    )
    .execute(conn)
    .await?;
    Ok(known != Some(true))
}

/// Brings the facts of the windows to an as-of. The caller holds [`lock`].
///
/// # Errors
/// When the database refuses.
pub async fn bring_up(windows: &[Span], frame: Frame, run_id: i64, conn: &mut PgConnection) -> sqlx::Result<Refreshed> {
    for window in windows {
        register(&format!("facts {window}"), &["orders".to_owned()], &[], conn).await?;
    }
    sqlx::query_file!("src/filter/facts/distribute.sql").execute(&mut *conn).await?;
    let mut all = Refreshed::default();
    for window in windows {
        let one = Keeper { window: *window, frame, run_id }.bring_up(conn).await?;
        all.recounted |= one.recounted;
        all.wrong_count += one.wrong_count;
        all.wrong.extend(one.wrong);
    }
    Ok(all)
}

/// One window on its way to an as-of.
struct Keeper {
    window: Span,
    frame: Frame,
    run_id: i64,
}

impl Keeper {
    async fn bring_up(&self, conn: &mut PgConnection) -> sqlx::Result<Refreshed> {
        let span = self.window.to_string();
        let stands = sqlx::query!("select as_of, recounted_at from tend.fact_window where span = $1", span)
            .fetch_optional(&mut *conn)
            .await?;
        let refreshed = match stands {
            Some(stands) if self.follow(stands.as_of, conn).await? => {
                let due = (self.frame.as_of - stands.recounted_at).abs() >= RECOUNT_AFTER;
                if due { self.recount(true, conn).await? } else { Refreshed::default() }
            }
            _ => self.recount(false, conn).await?,
        };
        sqlx::query!(
            "insert into tend.fact_window as w (span, as_of, recounted_at) values ($1, $2, $2)
             on conflict (span) do update
             set as_of = excluded.as_of, recounted_at = case when $3 then excluded.as_of else w.recounted_at end",
            span,
            self.frame.as_of,
            refreshed.recounted
        )
        .execute(conn)
        .await?;
        Ok(refreshed)
    }

    /// Counts anew who was touched; false when these are so many, or unknown, that all orders must be counted.
    async fn follow(&self, from: DateTime<Utc>, conn: &mut PgConnection) -> sqlx::Result<bool> {
        let to = self.frame.as_of;
        let length = self.window.as_delta();
        let span = self.window.to_string();
        if to < from {
            // who ordered before the last order is known from all their orders alone
            sqlx::query_file!("src/filter/facts/entered.sql", span, to, from, to - length, from - length)
                .execute(&mut *conn)
                .await?;
        }
        let many = sqlx::query_file_scalar!("src/filter/facts/many.sql", span, ONE_IN).fetch_one(&mut *conn).await?;
        if many {
            return Ok(false);
        }
        if from < to {
            let (left, begun) = (from - length, to - length);
            let bind = |composer: Composer| composer.bind(span.clone()).bind(from).bind(to).bind(left).bind(begun);
            bind(compose(include_str!("passed.sql"), self.frame))
                .fill_with("counted", counted)
                .finish()
                .query()
                .execute(&mut *conn)
                .await?;
        }
        self.statement(include_str!("refresh.sql"), |composer| composer.bind(span)).query().execute(conn).await?;
        Ok(true)
    }

    /// Counts all orders. A difference is noted when there should be none.
    async fn recount(&self, must_agree: bool, conn: &mut PgConnection) -> sqlx::Result<Refreshed> {
        let span = self.window.to_string();
        sqlx::query!("delete from tend.touched where reader = 'facts ' || $1::text", span).execute(&mut *conn).await?;
        let statement = self.statement(include_str!("recount.sql"), |composer| {
            composer.bind(span).bind(self.run_id).bind(self.frame.as_of).bind(must_agree)
        });
        let (wrong_count, wrong): (i64, Option<Vec<String>>) = statement.query_as().fetch_one(conn).await?;
        let wrong = wrong.unwrap_or_default();
        if wrong_count > 0 {
            tracing::error!(
                run.id = self.run_id,
                window = %self.window,
                customers = wrong_count,
                "kept facts differed from a count over all orders and were corrected: {}",
                wrong.join(", ")
            );
        }
        Ok(Refreshed { recounted: true, wrong, wrong_count })
    }

    /// The definition of the facts, in a statement that keeps them.
    fn statement(&self, template: &'static str, bind: impl FnOnce(Composer) -> Composer) -> Statement {
        let window = self.window;
        let composer = bind(compose(template, self.frame))
            .fill_with("aggregates", |emit| aggregates(emit, &[Some(window)]))
            .fill_with("counted", counted)
            .fill_with("orders", |_| format!("orders_{window}"));
        composer.fill_with("spend", |_| format!("spend_{window}")).finish()
    }
}
