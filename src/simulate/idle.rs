//! Jobs that look at deadlines every minute: while nothing can come about their slots are passed over, since nobody changes
//! a ticket during a simulation. What they would find, they find at the same minute.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// Those that have nothing to look at, and until when.
#[derive(Debug, Default)]
pub(super) struct Idle(Vec<(String, DateTime<Utc>)>);

impl Idle {
    /// As the copy stands at `now`. Each wakes once a day in any case.
    pub(super) async fn read(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Self> {
        let rows = sqlx::query!(
            r#"select j.job, least((select min(k.next_at) from tend.sla_clock k where k.job = j.job and k.next_at is not null),
                                   (select min(a.not_before) from tend.sla_alert a where a.job = j.job and a.state = 'held'),
                                   (select min(n.not_before) from tend.sla_change n where n.job = j.job),
                                   j.as_of + interval '1 day') as "wakes_at!"
               from tend.sla_job j
               where j.basis is not null and j.rebuilt_to is null
                 and not exists (select from tend.sla_change n where n.job = j.job and n.not_before = '-infinity')"#
        );
        let rows = rows.fetch_all(conn).await?;
        let idle = rows.into_iter().filter(|row| row.wakes_at > now);
        Ok(Self(idle.map(|row| (row.job, row.wakes_at)).collect()))
    }

    /// Their names.
    pub(super) fn jobs(&self) -> Vec<String> {
        self.0.iter().map(|(job, _)| job.clone()).collect()
    }

    /// When the first of them wakes.
    pub(super) fn wakes_at(&self) -> Option<DateTime<Utc>> {
        self.0.iter().map(|(_, at)| *at).min()
    }

    /// Lets their slots up to now go by; of one that wakes, those before.
    pub(super) async fn pass_over(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
        let before = |wakes_at: DateTime<Utc>| if wakes_at <= now { now - TimeDelta::seconds(1) } else { now };
        let (jobs, to): (Vec<_>, Vec<_>) =
            self.0.iter().map(|(job, wakes_at)| (job.clone(), before(*wakes_at))).unzip();
        if jobs.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "update tend.job j set planned_to = n.planned_to from unnest($1::text[], $2::timestamptz[]) as n (job, planned_to)
             where j.job = n.job and j.planned_to < n.planned_to",
            &jobs,
            &to
        )
        .execute(conn)
        .await
        .map(drop)
    }
}
