//! What a job brings about: those who were to have its messages against those held out of them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::Period;
use super::interval::{Difference, Share, Sums, means, shares};
use crate::jobs::message::{Event, Goal, Judged};

/// Groups of fewer customers are marked: one customer more or less changes the picture.
pub const FEW: i64 = 30;
/// The groups had the occasion equally often, give or take this share, or the comparison says so.
const UNEVEN: f64 = 0.1;

/// One of the two groups.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Customers whose windows are over; each counts once.
    pub customers: i64,
    /// Their occasions.
    pub occasions: i64,
    /// Occasions that are left out because their windows are not over.
    pub open: i64,
    /// Customers who bought in a window, whichever job the order is credited to.
    pub buyers: i64,
    /// Their orders.
    pub orders: i64,
    /// Customers who got in touch in a window; only where that is the goal.
    pub in_touch: i64,
    /// Their money.
    pub money: Sums,
}

impl Group {
    /// Who bought, of all.
    #[must_use]
    pub fn bought(&self) -> Share {
        Share { hits: self.buyers, of: self.customers }
    }

    /// Who got in touch, of all.
    #[must_use]
    pub fn got_in_touch(&self) -> Share {
        Share { hits: self.in_touch, of: self.customers }
    }

    fn occasions_each(&self) -> f64 {
        if self.customers == 0 { 0.0 } else { self.occasions as f64 / self.customers as f64 }
    }
}

/// The comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Lift {
    /// Who was to have a message, whether it arrived or not.
    pub messaged: Group,
    /// Who was held out.
    pub held_out: Group,
    /// The share that is held out, 0 to 1.
    pub share: f64,
    /// The group that several jobs share; none: the job's own.
    pub shared: Option<String>,
    /// The first run with this hold-out; runs before it in the period are left out.
    pub since: DateTime<Utc>,
    /// Whether there were such runs.
    pub changed: bool,
    /// Share of buyers, messaged less held out.
    pub bought: Option<Difference>,
    /// Share of those who got in touch; only where that is the goal.
    pub in_touch: Option<Difference>,
    /// Money a customer; only where the goal counts money.
    pub money: Option<Difference>,
    /// Whether a group is so small that one customer changes the picture.
    pub is_small: bool,
    /// Whether the groups had the occasion differently often: then messages change who has the next one.
    pub is_uneven: bool,
}

/// A hold-out as the specs of runs describe it.
struct Design {
    specs: Vec<String>,
    of_ten_thousand: i64,
    group: Option<String>,
    since: DateTime<Utc>,
    changed: bool,
}

/// Compares the groups of the last hold-out of the period; none when there was none.
pub(super) async fn ask(
    conn: &mut PgConnection,
    job: &str,
    period: &Period,
    goal: &Goal,
) -> sqlx::Result<Option<Lift>> {
    let Some(design) = design(conn, job, period).await? else { return Ok(None) };
    let rows = sqlx::query_file!(
        "src/jobs/effects/lift.sql",
        job,
        period.from,
        period.to,
        period.as_of,
        goal.within.as_duration().as_secs_f64(),
        &design.specs,
        goal.event == Event::Interaction
    )
    .fetch_all(conn)
    .await?;
    let group = |is_messaged: bool| -> sqlx::Result<Group> {
        let row = rows.iter().find(|row| row.is_messaged == is_messaged).ok_or(sqlx::Error::RowNotFound)?;
        Ok(Group {
            customers: row.customers,
            occasions: row.occasions,
            open: row.open,
            buyers: row.buyers,
            orders: row.orders,
            in_touch: row.in_touch,
            money: Sums {
                of: row.customers,
                above: row.with_money,
                sum: row.sum,
                squares: row.squares,
                cubes: row.cubes,
            },
        })
    };
    Ok(Some(Lift::of(group(true)?, group(false)?, goal, design)))
}

/// The hold-out of the last run of the period that has one, and the specs that have the same.
async fn design(conn: &mut PgConnection, job: &str, period: &Period) -> sqlx::Result<Option<Design>> {
    let specs = sqlx::query!(
        r#"select s.hash, s.body, min(r.slot) as "first!", max(r.slot) as "last!"
           from tend.job_run r
           join tend.spec s on s.hash = r.spec_hash
           where r.job = $1 and r.slot >= $2 and r.slot < $3
             and r.business_date between ($2::timestamptz at time zone 'UTC')::date - 1 and ($3::timestamptz at time zone 'UTC')::date + 1
           group by s.hash, s.body
           order by max(r.slot) desc, s.hash"#,
        job,
        period.from,
        period.to
    )
    .fetch_all(conn)
    .await?;
    let known: Vec<_> = specs.into_iter().map(|spec| (Judged::by(&spec.body).holdout, spec)).collect();
    let Some(judged) = known.iter().find_map(|(holdout, _)| holdout.clone()) else { return Ok(None) };
    let (same, others): (Vec<_>, Vec<_>) = known.iter().partition(|(holdout, _)| holdout.as_ref() == Some(&judged));
    let since = same.iter().map(|(_, spec)| spec.first).min().unwrap_or(period.from);
    Ok(Some(Design {
        specs: same.iter().map(|(_, spec)| spec.hash.clone()).collect(),
        of_ten_thousand: judged.0,
        group: judged.1.filter(|group| group != job),
        since,
        changed: !others.is_empty(),
    }))
}

impl Lift {
    fn of(messaged: Group, held_out: Group, goal: &Goal, design: Design) -> Self {
        let (each, held) = (messaged.occasions_each(), held_out.occasions_each());
        let is_small = messaged.customers.min(held_out.customers) < FEW;
        Self {
            share: design.of_ten_thousand as f64 / 10_000.0,
            shared: design.group,
            since: design.since,
            changed: design.changed,
            bought: shares(messaged.bought(), held_out.bought()),
            in_touch: shares(messaged.got_in_touch(), held_out.got_in_touch())
                .filter(|_| goal.event == Event::Interaction),
            money: means(&messaged.money, &held_out.money).filter(|_| goal.money),
            is_small,
            is_uneven: !is_small && (each - held).abs() > UNEVEN * held,
            messaged,
            held_out,
        }
    }
}
