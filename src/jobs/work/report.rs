//! Says which tasks a run made and for whom, what it found overdue, who was left out and why: for `tend plan`, `tend run`
//! and `--json`. People who look at it see names; nothing of it goes to a log.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::clock::shown;
use crate::engine::door::{Explained, Run};
use crate::jobs::audience::{self, Outside};
use crate::jobs::layout::{self, Align, clip, count};

/// Tasks shown by way of example.
const SAMPLES: i64 = 10;
/// Widest name shown.
const NAME: usize = 20;

/// How many tasks somebody gets.
#[derive(Debug, Serialize)]
struct Load {
    assignee_id: Option<String>,
    name: String,
    tasks: i64,
}

/// A task.
#[derive(Debug, Serialize)]
struct Sample {
    task_id: i64,
    customer_id: String,
    name: String,
    ticket_id: Option<String>,
    round: i16,
    assignee_id: Option<String>,
    due_at: DateTime<Utc>,
}

/// What a run of the job did.
#[derive(Debug)]
pub(super) struct Report<'r> {
    run: &'r Run,
    by: Vec<Load>,
    samples: Vec<Sample>,
    /// What happened to tasks of earlier runs: cancelled, opened, escalated → how many.
    happened: Vec<(String, i64)>,
    /// Open or planned now, those of this run too; of these overdue, and of nobody.
    open: (i64, i64, i64),
    outside: Vec<Outside>,
    missing: Value,
}

/// Reads the rows of `run`.
pub(super) async fn report<'r>(conn: &mut PgConnection, run: &'r Run, missing: Value) -> sqlx::Result<Report<'r>> {
    let by = sqlx::query_as!(
        Load,
        r#"select t.assignee_id, coalesce(s.name, '') as "name!", count(*) as "tasks!"
           from tend.task t left join crm.staff s on s.staff_id = t.assignee_id
           where t.run_id = $1 and t.job = $2 group by 1, 2 order by 3 desc, 1"#,
        run.run_id,
        run.job
    );
    let by = by.fetch_all(&mut *conn).await?;
    let samples = sqlx::query_as!(
        Sample,
        r#"select t.task_id, t.customer_id, coalesce(c.name, '') as "name!", t.ticket_id, t.round, t.assignee_id, t.due_at
           from tend.task t left join crm.customer c on c.customer_id = t.customer_id
           where t.run_id = $1 and t.job = $2 order by t.due_at, t.task_id limit $3"#,
        run.run_id,
        run.job,
        SAMPLES
    );
    let samples = samples.fetch_all(&mut *conn).await?;
    let happened = sqlx::query!(
        r#"select e.what, count(*) as "tasks!" from tend.task_event e join tend.task t on t.task_id = e.task_id
           where t.job = $1 and e.at = $2 and e.by is null and e.what in ('cancelled', 'opened', 'escalated')
           group by 1 order by 1"#,
        run.job,
        run.as_of
    );
    let happened = happened.fetch_all(&mut *conn).await?.into_iter().map(|row| (row.what, row.tasks)).collect();
    let open = sqlx::query!(
        r#"select count(*) as "open!", count(*) filter (where due_at < $2) as "overdue!",
                  count(*) filter (where assignee_id is null) as "nobody!"
           from tend.task where job = $1 and state in ('planned', 'open')"#,
        run.job,
        run.as_of
    );
    let open = open.fetch_one(&mut *conn).await?;
    let outside = audience::outside(conn, run.run_id).await?;
    Ok(Report { run, by, samples, happened, open: (open.open, open.overdue, open.nobody), outside, missing })
}

impl Report<'_> {
    fn tasks(&self) -> i64 {
        self.by.iter().map(|load| load.tasks).sum()
    }

    fn happened(&self, what: &str) -> i64 {
        self.happened.iter().find(|(known, _)| known == what).map_or(0, |(_, tasks)| *tasks)
    }

    /// For people and programs.
    pub fn explained(&self) -> Explained {
        let (open, overdue, nobody) = self.open;
        let json = json!({
            "job": self.run.job, "as_of": self.run.as_of, "business_date": self.run.business_date,
            "tasks": { "made": self.tasks(), "by": self.by, "samples": self.samples },
            "cancelled": self.happened("cancelled"), "opened": self.happened("opened"), "escalated": self.happened("escalated"),
            "open": open, "overdue": overdue, "unassigned": nobody,
            "outside_audience": self.outside, "missing_values": self.missing,
        });
        Explained { json, text: self.text(), html: None }
    }

    fn text(&self) -> String {
        let sections = [self.head(), self.by_person(), self.examples(), self.left_out()];
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn head(&self) -> String {
        let outside: i64 = self.outside.iter().map(|outside| outside.customers).sum();
        let (open, overdue, nobody) = self.open;
        let mut lines = vec![
            format!("Tasks of {} on {}", self.run.job, self.run.business_date),
            format!(
                "{} to be done, {} cancelled, {} not in the audience; {} open in all, {} of them overdue",
                count(self.tasks()),
                count(self.happened("cancelled")),
                count(outside),
                count(open),
                count(overdue)
            ),
        ];
        let escalated = self.happened("escalated");
        if escalated > 0 {
            lines.push(format!("{} overdue since the last run: the supervisor has them now.", count(escalated)));
        }
        if nobody > 0 {
            lines.push(format!(
                "{} with nobody to do them: no owner, assignee, member of a team or supervisor is there. `tend task list --unassigned` shows them.",
                count(nobody)
            ));
        }
        lines.iter().map(|line| layout::fold(line, 0)).collect()
    }

    fn by_person(&self) -> String {
        if self.by.is_empty() {
            return String::new();
        }
        let head = ["tasks", "who", "name"].map(str::to_owned).to_vec();
        let rows = self.by.iter().map(|load| {
            vec![count(load.tasks), load.assignee_id.clone().unwrap_or_else(|| "nobody".into()), clip(&load.name, NAME)]
        });
        let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
        format!("Who has to do them\n{}", layout::table(&[Align::Right], &rows))
    }

    fn examples(&self) -> String {
        if self.samples.is_empty() {
            return String::new();
        }
        let rows = self.samples.iter().map(|sample| {
            vec![
                sample.customer_id.clone(),
                clip(&sample.name, NAME),
                sample.ticket_id.clone().unwrap_or_default(),
                sample.round.to_string(),
                sample.assignee_id.clone().unwrap_or_else(|| "nobody".into()),
                shown(sample.due_at, self.run.timezone),
            ]
        });
        let head = ["customer", "name", "ticket", "round", "who", "due"].map(str::to_owned).to_vec();
        let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
        format!("The most urgent\n{}", layout::table(&[], &rows))
    }

    fn left_out(&self) -> String {
        audience::left_out("Who was left out, and why", &self.outside, &self.missing)
    }
}
