//! What a simulation counts of visits, tasks, alerts and letters: it is what the rows say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use tend::simulate::Stretch;

use super::{Company, count, drive};
use crate::support::process::Bench;

#[derive(FromRow)]
struct Task {
    job: String,
    kind: String,
    state: String,
    customer_id: String,
    assignee_id: Option<String>,
    on_day: Option<NaiveDate>,
    created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Alert {
    job: String,
    ticket_id: String,
    state: String,
    noticed_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Letter {
    job: String,
    channel: String,
    recipient: String,
    state_at: DateTime<Utc>,
}

/// What a day, a week or a person adds up to.
#[derive(Default)]
struct Sum {
    count: usize,
    customers: BTreeSet<String>,
    people: BTreeSet<String>,
    nobody: usize,
    days: BTreeMap<NaiveDate, usize>,
}

impl Sum {
    fn add(&mut self, day: NaiveDate, person: Option<&str>, customer: &str) {
        self.count += 1;
        self.customers.insert(customer.to_owned());
        match person {
            Some(person) => drop(self.people.insert(person.to_owned())),
            None => self.nobody += 1,
        }
        *self.days.entry(day).or_default() += 1;
    }

    fn most(&self) -> usize {
        self.days.values().copied().max().unwrap_or_default()
    }

    /// The first day with most.
    fn peak(&self) -> Option<NaiveDate> {
        self.days.iter().find(|(_, count)| **count == self.most()).map(|(day, _)| *day)
    }
}

type Sums<'r, const N: usize> = BTreeMap<[&'r str; N], Sum>;

fn day(stretch: &Stretch, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&stretch.zone).date_naive()
}

/// The rows of a section, in any order; each section here must have some.
fn same(report: &Value, section: &str, expected: impl Iterator<Item = Value>) {
    let sorted = |rows: Vec<String>| rows.into_iter().collect::<BTreeSet<_>>();
    let shown = report[section].as_array().unwrap_or_else(|| panic!("no section {section}"));
    let shown: Vec<String> = shown.iter().map(Value::to_string).collect();
    let expected: Vec<String> = expected.map(|row| row.to_string()).collect();
    assert_eq!(shown.len(), expected.len(), "{section}");
    assert_eq!(sorted(shown), sorted(expected), "{section}");
}

fn visits(report: &Value, tasks: &[Task], stretch: &Stretch) {
    let (first, last) = stretch.days();
    let (mut weeks, mut people) = (BTreeMap::<(&str, NaiveDate), Sum>::new(), Sums::<2>::new());
    for task in tasks.iter().filter(|task| task.kind == "visit" && task.state != "cancelled") {
        let Some(day) = task.on_day.filter(|day| (first..=last).contains(day)) else { continue };
        let monday = day - Days::new(day.weekday().num_days_from_monday().into());
        let person = task.assignee_id.as_deref();
        weeks.entry((&task.job, monday)).or_default().add(day, person, &task.customer_id);
        people.entry([&task.job, person.unwrap_or_default()]).or_default().add(day, person, &task.customer_id);
    }
    assert!(weeks.keys().any(|(job, _)| *job == "visits") && weeks.keys().any(|(job, _)| *job == "earlier"));
    let rows = weeks.iter().map(|((job, monday), sum)| {
        json!({"job": job, "week": monday, "visits": sum.count, "people": sum.people.len(), "customers": sum.customers.len()})
    });
    same(report, "visits", rows);
    let rows = people.iter().map(|([job, person], sum)| {
        json!({"job": job, "staff_id": person, "visits": sum.count, "days": sum.days.len(), "most": sum.most()})
    });
    same(report, "visits_by_person", rows);
}

fn tasks_made(report: &Value, tasks: &[Task], stretch: &Stretch) {
    let mut jobs = Sums::<2>::new();
    for task in tasks.iter().filter(|task| (stretch.from..stretch.to).contains(&task.created_at)) {
        let day = task.on_day.unwrap_or_else(|| day(stretch, task.created_at));
        jobs.entry([&task.job, &task.kind]).or_default().add(day, task.assignee_id.as_deref(), &task.customer_id);
    }
    let rows = jobs.iter().map(|([job, kind], sum)| {
        json!({"job": job, "kind": kind, "tasks": sum.count, "people": sum.people.len(), "nobody": sum.nobody,
               "most": sum.most(), "peak": sum.peak()})
    });
    same(report, "tasks", rows);
}

fn alerts(report: &Value, alerts: &[Alert], stretch: &Stretch) {
    let mut days = BTreeMap::<(NaiveDate, &str), (BTreeSet<&str>, [usize; 2])>::new();
    for alert in alerts {
        let (tickets, [told, dropped]) = days.entry((day(stretch, alert.noticed_at), &alert.job)).or_default();
        tickets.insert(&alert.ticket_id);
        match alert.state.as_str() {
            "told" | "summed" => *told += 1,
            "dropped" => *dropped += 1,
            _ => {}
        }
    }
    let rows = days.iter().map(|((day, job), (tickets, [told, dropped]))| {
        json!({"day": day, "job": job, "told": told, "tickets": tickets.len(), "not_needed": dropped})
    });
    same(report, "alerts", rows);
}

fn letters(report: &Value, letters: &[Letter], stretch: &Stretch) {
    let mut jobs = Sums::<2>::new();
    for letter in letters {
        let day = day(stretch, letter.state_at);
        jobs.entry([&letter.job, &letter.channel]).or_default().add(day, Some(&letter.recipient), "");
    }
    assert!(jobs.keys().any(|[job, _]| *job == "staff-agenda"));
    let rows = jobs.iter().map(|([job, channel], sum)| {
        json!({"job": job, "channel": channel, "letters": sum.count, "people": sum.people.len(), "most": sum.most(),
               "peak": sum.peak()})
    });
    same(report, "letters", rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_visits_tasks_alerts_and_letters_are_what_the_rows_say() {
    let company = Company::shipped(120, "2026-06-01").await;
    let stretch = company.stretch("2026-05-31T16:00:00Z", "2026-06-03T16:00:00Z");
    // planned before: yesterday, today, on the last day, behind it, and one that was called off
    company
        .world
        .sql(
            "insert into tend.task (kind, origin, job, customer_id, title, assignee_id, opens_at, due_at, state, state_at, created_at, on_day, zone)
             select 'visit', 'earlier:' || n, 'earlier', c.customer_id, 'Visit', 'S0' || n % 2, d, d + interval '1 day',
                    case n when 4 then 'cancelled' else 'planned' end, '2026-05-20Z', '2026-05-20Z', (d at time zone 'Asia/Shanghai')::date, 'Asia/Shanghai'
             from (values (0, '2026-05-30T16:00Z'::timestamptz), (1, '2026-05-31T16:00Z'), (2, '2026-06-02T16:00Z'), (3, '2026-06-03T16:00Z'),
                          (4, '2026-06-01T16:00Z')) x (n, d),
                  lateral (select customer_id from crm.customer order by 1 offset n limit 1) c",
        )
        .await;
    drive(&company.world, stretch.from).await;
    let copy = company.copy().await;
    let simulated = company.simulate(&copy, stretch).await;
    let (report, pool) = (simulated.json(), copy.db().pool());
    let tasks: Vec<Task> =
        sqlx::query_as("select job, kind, state, customer_id, assignee_id, on_day, created_at from tend.task")
            .fetch_all(pool)
            .await
            .unwrap();
    visits(&report, &tasks, &stretch);
    tasks_made(&report, &tasks, &stretch);
    let told: Vec<Alert> =
        sqlx::query_as("select job, ticket_id, state, noticed_at from tend.sla_alert").fetch_all(pool).await.unwrap();
    alerts(&report, &told, &stretch);
    let sent: Vec<Letter> = sqlx::query_as(
        "select job, channel, recipient, state_at from tend.outbox where recipient is not null and state = 'accepted'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    letters(&report, &sent, &stretch);
    // letters are no messages to customers
    let to_customers = "select count(*) from tend.outbox where customer_id <> '' and state = 'accepted'";
    assert_eq!(simulated.messages(), count(copy.db(), to_customers).await);
    for section in ["busiest", "sends"] {
        let rows = report[section].as_array().unwrap();
        assert!(rows.iter().all(|row| row["customer_id"] != "" && row["job"] != "staff-agenda"), "{section}: {rows:?}");
    }
    copy.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_that_are_passed_over_before_the_end_are_no_trouble() {
    let bench = Bench::new("");
    bench.only(&["sla", "value-tiers"]);
    let company = Company::with(&bench.path().join("jobs")).await;
    let stretch = company.stretch("2026-06-01T00:00:00Z", "2026-06-01T02:00:00Z");
    drive(&company.world, stretch.from).await;
    let copy = company.copy().await;
    let report = company.simulate(&copy, stretch).await.json();
    assert!(report["trouble"].is_null(), "{}", report["trouble"]);
    let sweeps = report["runs"].as_array().unwrap().iter().find(|row| row["job"] == "sla").unwrap();
    assert!(sweeps["slots"].as_i64() < Some(10) && sweeps["slots"] == sweeps["succeeded"], "{sweeps}");
    copy.close().await;
}
