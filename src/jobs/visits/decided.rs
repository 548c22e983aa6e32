//! What a run decided about one customer: for checks.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::Visits;
use super::cycle::Cycle;
use crate::engine::door::{Decided, Decision, JobError, Run};
use crate::jobfile::reader::Reader;

const VISITS: &str = "visits";
const SHORT: &str = "short";
const STAFF: &str = "staff";
const WEEKDAY: &str = "weekday";
/// The words of weekdays.
const WEEKDAYS: [(&str, &str); 7] =
    [("mon", "mon"), ("tue", "tue"), ("wed", "wed"), ("thu", "thu"), ("fri", "fri"), ("sat", "sat"), ("sun", "sun")];

/// Visits of the cycle the run's day lies in: those made and those with a day.
pub(super) async fn decided(
    visits: &Visits,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> Result<Decided, JobError> {
    let known = sqlx::query!(
        "select level, staff_id, short, short_cycle, short_why from tend.visit_customer where job = $1 and customer_id = $2",
        run.job,
        customer
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(known) = known else {
        let what = [(VISITS, json!(0)), (SHORT, json!(0)), (STAFF, Value::Null), (WEEKDAY, Value::Null)];
        let why = "not in the audience, or on no level that is visited".to_owned();
        return Ok(Decided { what: Decision::from(what), why });
    };
    let tier = visits.tier(&known.level).unwrap_or(0);
    let cycle: Cycle = visits.tiers[tier].cadence.per.of(run.business_date);
    let days: Vec<NaiveDate> = sqlx::query_scalar!(
        r#"select on_day as "on_day!" from tend.task
           where customer_id = $1 and job = $2 and kind = 'visit' and state <> 'cancelled' and on_day between $3 and $4
           order by on_day"#,
        customer,
        run.job,
        cycle.first,
        cycle.last()
    )
    .fetch_all(conn)
    .await?;
    let next = days.iter().find(|day| **day >= run.business_date);
    let weekday = next.map(|day| day.format("%a").to_string().to_lowercase());
    let shown: Vec<String> = days.iter().map(|day| day.format("%Y-%m-%d %a").to_string()).collect();
    let mut why = format!("{}: {}; in {}: {}", known.level, visits.cadence(tier), cycle.name(), shown.join(", "));
    if let (Some(short), Some(reason)) = (known.short_cycle, known.short_why) {
        why.push_str(&format!("; {} short from {short} on: {}", known.short, super::report::why_short(&reason)));
    }
    let what = [
        (VISITS, json!(days.len())),
        (SHORT, json!(known.short)),
        (STAFF, json!(known.staff_id)),
        (WEEKDAY, json!(weekday)),
    ];
    Ok(Decided { what: Decision::from(what), why })
}

/// Reads `expect` of a check: `{ visits = 2 }`, `{ visits = 0 }`, `{ visits = 1, staff = "S01", weekday = "tue" }`.
pub(super) fn expect(expect: &mut Reader<'_>) -> Option<Decision> {
    expect.required(VISITS, "2");
    let visits = expect.integer(VISITS, 0..=1_000);
    let mut expected = Decision::new();
    expected.extend(expect.integer(SHORT, 0..=1_000).map(|short| (SHORT, json!(short))));
    expected.extend(expect.string(STAFF).map(|staff| (STAFF, json!(staff))));
    expected.extend(expect.choice(WEEKDAY, &WEEKDAYS).map(|weekday| (WEEKDAY, json!(weekday))));
    expected.insert(VISITS, json!(visits?));
    Some(expected)
}

/// The JSON schema of the same.
pub(super) fn expect_schema() -> Map<String, Value> {
    let keys = json!({
        VISITS: { "type": "integer", "minimum": 0, "description": "Visits in the cycle of the check's day, made or with a day" },
        SHORT: { "type": "integer", "minimum": 0, "description": "Visits that are owed and have no day" },
        STAFF: { "type": "string", "description": "Who visits" },
        WEEKDAY: { "enum": WEEKDAYS.map(|(word, _)| word), "description": "The weekday of the next visit" },
    });
    keys.as_object().cloned().unwrap_or_default()
}
