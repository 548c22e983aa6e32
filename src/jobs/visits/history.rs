//! Why a customer has these visits: `tend why`.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Visits;
use super::report::why_short;
use super::wish::Weekdays;
use crate::clock::shown;
use crate::engine::door::{Explained, Run};
use crate::jobs::layout::{count, counted, fold, hang};

/// Visits told.
const NAMED: i64 = 30;
/// Width of headings.
const HEADING: usize = 10;

/// A visit.
#[derive(Debug, Serialize)]
struct Visit {
    task_id: i64,
    on_day: Option<NaiveDate>,
    starts: Option<NaiveTime>,
    state: String,
    staff_id: Option<String>,
    cycle: Option<String>,
    number: Option<i32>,
    dropped: Option<String>,
    changed_at: Option<DateTime<Utc>>,
    changed: Option<String>,
}

/// What the visits rest on.
struct Basis {
    level: String,
    since: Option<DateTime<Utc>>,
    staff_id: Option<String>,
    last_on: Option<NaiveDate>,
    short: i16,
    short_cycle: Option<String>,
    short_why: Option<String>,
    weekday: Option<Value>,
    time: Option<Value>,
    room: Option<i16>,
    /// Visits of the same person ahead, and on how many days.
    ahead: i64,
    days: i64,
}

/// The customer's visits up to the run's as-of and ahead; none where there are none and the job does not look after the
/// customer.
pub(super) async fn history(
    visits: &Visits,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> sqlx::Result<Option<Explained>> {
    let basis = basis(visits, run, customer, conn).await?;
    let known = known(run, customer, conn).await?;
    if basis.is_none() && known.is_empty() {
        return Ok(None);
    }
    let mut lines = basis.as_ref().map_or_else(
        || vec![("tier", "not in the audience, or on no level that is visited, as of the last run".to_owned())],
        |basis| basis.lines(visits, run),
    );
    if known.is_empty() {
        lines.push(("visits", "none".to_owned()));
    }
    let mut text: String = lines.iter().map(|(heading, line)| hang(heading, line, 0, HEADING)).collect();
    text.extend(known.iter().map(|visit| fold(&visit.words(run), 2)));
    let json = json!({
        "customer_id": customer, "visits": known,
        "rests_on": lines.iter().map(|(heading, line)| json!({ "what": heading, "words": line })).collect::<Vec<_>>(),
    });
    Ok(Some(Explained { json, text, html: None }))
}

async fn basis(visits: &Visits, run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Option<Basis>> {
    sqlx::query_as!(
        Basis,
        r#"select v.level, k.since as "since?", v.staff_id, v.last_on, v.short, v.short_cycle, v.short_why,
                  c.attributes -> $4::text as weekday, c.attributes -> $5::text as time, s.daily_visits as "room?",
                  w.visits as "ahead!", w.days as "days!"
           from tend.visit_customer v
           left join crm.customer c on c.customer_id = v.customer_id
           left join tend.ladder_state k on k.customer_id = v.customer_id and k.ladder = $3
           left join crm.staff s on s.staff_id = v.staff_id
           cross join lateral (select count(*) as visits, count(distinct on_day) as days from tend.task t
                               where t.assignee_id = v.staff_id and t.job = v.job and t.kind = 'visit'
                                 and t.state in ('planned', 'open') and t.on_day >= $6) w
           where v.job = $1 and v.customer_id = $2"#,
        run.job,
        customer,
        visits.ladder,
        visits.wish.weekday.as_deref(),
        visits.wish.time.as_deref(),
        run.business_date
    )
    .fetch_optional(conn)
    .await
}

async fn known(run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Vec<Visit>> {
    sqlx::query_as!(
        Visit,
        r#"select t.task_id, t.on_day, t.starts, t.state, t.assignee_id as staff_id, t.detail ->> 'cycle' as cycle,
                  (t.detail ->> 'number')::integer as number, t.detail ->> 'dropped' as dropped,
                  e.at as "changed_at?", e.what as "changed?"
           from (select * from tend.task
                 where customer_id = $1 and job = $2 and kind = 'visit' and created_at <= $3
                 order by on_day desc, task_id desc limit $4) t
           left join lateral (select at, what from tend.task_event e
                              where e.task_id = t.task_id and e.at <= $3 and e.what <> 'created'
                              order by e.event_id desc limit 1) e on true
           order by t.on_day, t.task_id"#,
        customer,
        run.job,
        run.as_of,
        NAMED
    )
    .fetch_all(conn)
    .await
}

impl Basis {
    fn lines(&self, visits: &Visits, run: &Run) -> Vec<(&'static str, String)> {
        let since = self.since.map_or_else(String::new, |since| format!(" since {}", shown(since, run.timezone)));
        let cadence = visits.tier(&self.level).map_or_else(|| "not visited".to_owned(), |tier| visits.cadence(tier));
        let mut lines = vec![("tier", format!("{} on {}{since}: {cadence}", self.level, visits.ladder))];
        let room = self.room.map_or(i64::from(visits.capacity), i64::from);
        lines.push((
            "who",
            match &self.staff_id {
                Some(staff_id) => format!(
                    "{staff_id}, who can make {} a day and has {} ahead on {}",
                    counted(room, "visit"),
                    count(self.ahead),
                    counted(self.days, "day")
                ),
                None => "nobody can go: no owner who is there, and nobody of the team".to_owned(),
            },
        ));
        let last = self.last_on.map_or_else(|| "not as far as is known".to_owned(), |day| day.to_string());
        lines.push(("last", last));
        let weekdays = self.weekday.as_ref().map(Weekdays::read).unwrap_or_default();
        let time = self.time.as_ref().and_then(super::wish::time).map(|time| time.format("%H:%M").to_string());
        let wish: Vec<String> = (!weekdays.is_empty()).then(|| weekdays.words()).into_iter().chain(time).collect();
        lines.push(("wish", if wish.is_empty() { "none".to_owned() } else { wish.join(", ") }));
        if let (Some(cycle), Some(why)) = (&self.short_cycle, &self.short_why) {
            lines.push(("short", format!("{} from {cycle} on: {}", self.short, why_short(why))));
        }
        lines
    }
}

impl Visit {
    /// "2026-06-09 Tue 14:00  planned, with S01, 2026-06 no. 1, moved 2026-06-02 06:00 +08:00"
    fn words(&self, run: &Run) -> String {
        let day = self.on_day.map_or_else(|| "some day".to_owned(), |day| day.format("%Y-%m-%d %a").to_string());
        let time = self.starts.map_or_else(String::new, |time| time.format(" %H:%M").to_string());
        let mut parts = vec![format!("{day}{time}  {}", self.state)];
        parts.extend(self.staff_id.as_ref().map(|staff_id| format!("with {staff_id}")));
        if let (Some(cycle), Some(number)) = (&self.cycle, self.number) {
            parts.push(format!("{cycle} no. {number}"));
        }
        parts.extend(self.dropped.as_deref().map(|why| match why {
            "surplus" => "no longer owed".to_owned(),
            "audience" => "the customer left the audience".to_owned(),
            _ => "no other day could be found".to_owned(),
        }));
        if let (Some(at), Some(what)) = (self.changed_at, &self.changed) {
            parts.push(format!("{what} {}", shown(at, run.timezone)));
        }
        parts.join(", ")
    }
}
