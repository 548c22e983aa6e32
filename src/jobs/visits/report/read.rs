//! Reads what a run of visits did from its rows.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Did, Missed, Report, Tier, Waiting, Week};
use crate::engine::door::{JobError, Run};
use crate::jobs::visits::Visits;
use chrono::NaiveDate;
use serde::Deserialize;

/// Customers named who wait.
const NAMED: i64 = 20;

/// `tend.visit_run.figures`.
#[derive(Debug, Deserialize)]
struct Kept {
    tiers: Vec<Tier>,
    did: Did,
    calendar_ends: Option<NaiveDate>,
}

pub(super) async fn read<'r>(
    visits: &'r Visits,
    run: &'r Run,
    conn: &mut PgConnection,
) -> Result<Report<'r>, JobError> {
    let kept = sqlx::query!(
        r#"select first_day, until_day, figures as "figures: Json<Kept>" from tend.visit_run where run_id = $1"#,
        run.run_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(kept) = kept else {
        let (tiers, weeks, waiting, missed) = Default::default();
        return Ok(Report {
            visits,
            run,
            days: None,
            tiers,
            did: Did::default(),
            calendar_ends: None,
            weeks,
            waiting,
            missed,
        });
    };
    let days = (kept.first_day, kept.until_day);
    let Json(Kept { tiers, did, calendar_ends }) = kept.figures;
    Ok(Report {
        visits,
        run,
        days: Some(days),
        tiers,
        did,
        calendar_ends,
        weeks: weeks(run, days, conn).await?,
        waiting: waiting(visits, run, conn).await?,
        missed: missed(run, conn).await?,
    })
}

async fn weeks(run: &Run, (from, until): (NaiveDate, NaiveDate), conn: &mut PgConnection) -> sqlx::Result<Vec<Week>> {
    sqlx::query_as!(
        Week,
        r#"select coalesce(d.staff_id, '') as "staff_id!", coalesce(s.name, '') as "name!",
                  date_trunc('week', d.on_day)::date as "monday!", sum(d.visits)::bigint as "visits!",
                  max(d.visits) as "most!", min(d.visits) as "least!"
           from (select assignee_id as staff_id, on_day, count(*) as visits from tend.task
                 where job = $1 and kind = 'visit' and state <> 'cancelled' and on_day between $2 and $3
                 group by 1, 2) d
           left join crm.staff s on s.staff_id = d.staff_id
           group by 1, 2, 3 order by 1, 3"#,
        run.job,
        from,
        until
    )
    .fetch_all(conn)
    .await
}

async fn waiting(visits: &Visits, run: &Run, conn: &mut PgConnection) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"select v.customer_id, coalesce(c.name, '') as "name!", v.level, v.staff_id, v.last_on, v.short,
                  coalesce(v.short_cycle, '') as "cycle!", coalesce(v.short_why, '') as "why!"
           from tend.visit_customer v
           left join crm.customer c on c.customer_id = v.customer_id
           where v.job = $1 and v.short > 0
           order by array_position($2::text[], v.level), v.last_on nulls first, v.customer_id collate "C"
           limit $3"#,
        run.job,
        &visits.levels(),
        NAMED
    )
    .fetch_all(conn)
    .await
}

async fn missed(run: &Run, conn: &mut PgConnection) -> sqlx::Result<Vec<Missed>> {
    sqlx::query_as!(
        Missed,
        r#"select t.task_id, t.on_day as "on_day!", t.customer_id, t.assignee_id as staff_id, e.staff_id as supervisor
           from tend.task t
           left join lateral (select staff_id from tend.task_event e where e.task_id = t.task_id and e.what = 'escalated'
                              order by e.event_id desc limit 1) e on true
           where t.job = $1 and t.kind = 'visit' and t.state = 'missed' and t.state_at = $2
           order by e.staff_id, t.assignee_id, t.on_day, t.task_id"#,
        run.job,
        run.as_of
    )
    .fetch_all(conn)
    .await
}
