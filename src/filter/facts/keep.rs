//! Keeping facts: `tend.fact` follows the orders without a look at those that did not change.
//!
//! Promises: what is kept for a window is what a count over all orders would give at the instant it stands at. A run
//! brings its windows to its as-of, forwards or backwards. Counted anew are the customers whose orders were inserted,
//! changed or deleted since (noted by triggers, in the writer's own transaction). For the others the orders are what
//! they were, so those that the end of the window passed over are added and those its beginning passed over taken off;
//! backwards they are counted anew, too. Every week all orders are counted, and a difference is an alarm.
//!
//! Where changes are not noted (`crm` is views) the promise is less: counted anew are the customers with an order, now or
//! when it was last counted, from [`OVERLAP`] before the last as-of on, and those with an order the beginning of the
//! window has passed over. What happens to an order that lies further back is seen when all orders are counted, every
//! week; that it differs then is expected, and logged. Facts of a time in which nothing was noted are not trusted
//! afterwards, nor the other way round: all orders are counted.
//!
//! A run holds one lock to its end ([`super::watch`]), so that facts, changes and levels are those of one moment for it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::watch::{Watch, register};
use super::{aggregates, counted};
use crate::filter::compose::{Composer, Frame, Statement, compose};
use crate::jobfile::duration::Span;

/// After this long (by as-of) all orders are counted again.
pub const RECOUNT_AFTER: TimeDelta = TimeDelta::days(7);

/// So far before the last as-of orders are read again where changes are not noted: what came late, or was changed,
/// cancelled or deleted within so long of being placed, is seen by the next run. `tend status` and `tend check` name it.
pub const OVERLAP: TimeDelta = TimeDelta::days(7);

/// From one in so many of the kept customers on, one pass over all orders is cheaper than looking them up.
const ONE_IN: i64 = 5;

/// Writes what was found of customers, where it differs from what is kept.
const WRITTEN: &str = include_str!("written.sql");

/// What bringing windows up to an as-of took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refreshed {
    /// All orders were counted.
    pub recounted: bool,
    /// Customers whose facts a weekly count corrected. Where changes are noted there should be none.
    pub corrected: i64,
}

/// What a count over all orders may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Differing {
    /// Anything: what is kept is not trusted.
    Untrusted,
    /// What came late, or was changed long after it was placed.
    Unnoted,
    /// Nothing: a difference is an alarm.
    Never,
}

/// Brings the facts of the windows to an as-of. The caller holds [`super::watch::lock`].
///
/// # Errors
/// When the database refuses.
pub async fn bring_up(
    windows: &[Span],
    frame: Frame,
    run_id: i64,
    watch: &Watch,
    conn: &mut PgConnection,
) -> sqlx::Result<Refreshed> {
    let mut keepers = Vec::with_capacity(windows.len());
    for window in windows {
        let is_new = register(&format!("facts {window}"), &["orders".to_owned()], &[], watch, conn).await?;
        keepers.push(Keeper { window: *window, frame, run_id, is_new, is_watched: watch.is_on() });
    }
    sqlx::query_file!("src/filter/facts/distribute.sql").execute(&mut *conn).await?;
    let mut all = Refreshed::default();
    for keeper in keepers {
        let one = keeper.bring_up(conn).await?;
        all.recounted |= one.recounted;
        all.corrected += one.corrected;
    }
    Ok(all)
}

/// One window on its way to an as-of.
struct Keeper {
    window: Span,
    frame: Frame,
    run_id: i64,
    /// What is kept of it is not known to be what it should be.
    is_new: bool,
    /// Changes are noted.
    is_watched: bool,
}

impl Keeper {
    async fn bring_up(&self, conn: &mut PgConnection) -> sqlx::Result<Refreshed> {
        let span = self.window.to_string();
        let stands = sqlx::query!("select as_of, recounted_at from tend.fact_window where span = $1", span)
            .fetch_optional(&mut *conn)
            .await?;
        let refreshed = match stands {
            Some(stands) if !self.is_new && self.follow(stands.as_of, conn).await? => {
                let is_due = (self.frame.as_of - stands.recounted_at).abs() >= RECOUNT_AFTER;
                let differing = if self.is_watched { Differing::Never } else { Differing::Unnoted };
                if is_due { self.recount(differing, conn).await? } else { Refreshed::default() }
            }
            _ => self.recount(Differing::Untrusted, conn).await?,
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
        if !self.is_watched || to < from {
            // backwards: who ordered before the last order is known from all their orders alone
            let overlap = if self.is_watched { TimeDelta::zero() } else { OVERLAP };
            let (first, last) = (from.min(to), from.max(to));
            sqlx::query_file!(
                "src/filter/facts/reread.sql",
                span,
                first - overlap,
                last,
                first - length,
                last - length
            )
            .execute(&mut *conn)
            .await?;
        }
        let many = sqlx::query_file_scalar!("src/filter/facts/many.sql", span, ONE_IN).fetch_one(&mut *conn).await?;
        if many {
            return Ok(false);
        }
        if self.is_watched && from < to {
            let (left, begun) = (from - length, to - length);
            let bind = |composer: Composer| composer.bind(span.clone()).bind(from).bind(to).bind(left).bind(begun);
            bind(compose(include_str!("passed.sql"), self.frame))
                .fill_with("counted", counted)
                .fragment("written", WRITTEN)
                .finish()
                .query()
                .execute(&mut *conn)
                .await?;
        }
        self.statement(include_str!("refresh.sql"), |composer| composer.bind(span).fragment("written", WRITTEN))
            .query()
            .execute(conn)
            .await?;
        Ok(true)
    }

    /// Counts all orders.
    async fn recount(&self, differing: Differing, conn: &mut PgConnection) -> sqlx::Result<Refreshed> {
        let span = self.window.to_string();
        sqlx::query!("delete from tend.touched where reader = 'facts ' || $1::text", span).execute(&mut *conn).await?;
        let statement = self.statement(include_str!("recount.sql"), |composer| {
            composer.bind(span).bind(self.run_id).bind(self.frame.as_of).bind(differing == Differing::Never)
        });
        let (corrected, wrong): (i64, Option<Vec<String>>) = statement.query_as().fetch_one(conn).await?;
        match differing {
            Differing::Untrusted => return Ok(Refreshed { recounted: true, corrected: 0 }),
            Differing::Unnoted => tracing::info!(
                run.id = self.run_id,
                window = %self.window,
                customers = corrected,
                "all orders were counted; what came late or was changed long after it was placed has corrected facts of so many customers"
            ),
            Differing::Never if corrected > 0 => tracing::error!(
                run.id = self.run_id,
                window = %self.window,
                customers = corrected,
                "kept facts differed from a count over all orders and were corrected: {}",
                wrong.unwrap_or_default().join(", ")
            ),
            Differing::Never => {}
        }
        Ok(Refreshed { recounted: true, corrected })
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
