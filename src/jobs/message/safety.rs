//! `[safety]`: who must look before a run's messages go, and what stops a run or the rest of it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::limit::{self, Limit};
use super::schema;
use crate::engine::door::{JobError, Run, Trigger};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;
use crate::jobs::layout::{count, counted};

/// Runs that the next one is compared with.
const RUNS: i64 = 7;
/// Fewer runs than this say nothing about what is usual.
const ENOUGH: usize = 3;
/// A difference of fewer customers than this is none, whatever its share.
const FEW: i64 = 20;
/// A canary nobody has answered by then tells nothing more.
const LONGEST_WAIT: Span = Span::days(7);
/// What stops the rest behind a canary, in words for the schema.
const STOPS: [(&str, &str); 3] = [
    ("rejected", "Share of messages refused for good when they were sent"),
    ("bounce", "Share of messages that came back"),
    ("complaint", "Share of messages that customers called spam"),
];
const APPROVALS: [(&str, Approval); 2] = [("required", Approval::Required), ("first_run", Approval::FirstRun)];

/// What must be approved by another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// The messages of every run.
    Required,
    /// Those of the first runs of each version of the file, until one is approved.
    FirstRun,
}

/// A share that goes first.
#[derive(Debug, Clone)]
pub struct Canary {
    /// How many of ten thousand.
    pub of_ten_thousand: i64,
    /// How long the rest waits when all of the share have their answer.
    pub wait: Span,
    /// What → the share of answers at which the rest is stopped.
    pub stop_if: Value,
}

/// What keeps a mistake small.
#[derive(Debug, Clone, Default)]
pub struct Safety {
    /// What must be approved.
    pub approval: Option<Approval>,
    /// What goes first.
    pub canary: Option<Canary>,
    /// What of all its messages may come back.
    limit: Option<Limit>,
    max_recipients: Option<i64>,
    max_change: Option<Decimal>,
}

/// Reads `[safety]`.
pub fn read(file: &mut Reader<'_>) -> Option<Safety> {
    let Some(mut table) = file.table("safety") else { return Some(Safety::default()) };
    let before = table.problems();
    let approval = table.choice("approval", &APPROVALS);
    let max_recipients = table.integer("max_recipients", 1..=1_000_000_000);
    let max_change = table.percent("max_change");
    if max_change.is_some_and(|share| share.is_zero()) {
        table.problem(
            "max_change",
            "no run is quite like those before it",
            Some("for example: max_change = \"50%\"".into()),
        );
    }
    let canary = table.table("canary").and_then(canary);
    let limit = table.table("limit").and_then(limit::read);
    let whole = table.problems() == before;
    table.finish();
    whole.then_some(Safety { approval, canary, limit, max_recipients, max_change })
}

/// `{ share = "1%", wait = "1h", stop_if = { rejected = "3%", bounce = "3%", complaint = "0.1%" } }`
fn canary(mut table: Reader<'_>) -> Option<Canary> {
    table.required("share", "\"1%\"");
    let parts = table.percent("share").and_then(|share| (share * Decimal::from(10_000)).round().to_i64());
    if parts.is_some_and(|parts| parts == 0 || parts >= 10_000) {
        table.problem("share", "nobody would go first, or everybody", Some("for example: share = \"1%\"".into()));
    }
    table.required("wait", "\"1h\"");
    let wait = table.duration("wait");
    if wait.is_some_and(|wait| wait > LONGEST_WAIT) {
        table.problem("wait", format!("`wait` is at most \"{LONGEST_WAIT}\""), None);
    }
    table.required("stop_if", "{ rejected = \"3%\", bounce = \"3%\" }");
    let mut limits = table.table("stop_if")?;
    let before = limits.problems();
    let mut stop_if = Map::new();
    for (key, _) in STOPS {
        if let Some(share) = limits.percent(key) {
            stop_if.insert(key.to_owned(), json!(share.to_f64()?));
        }
    }
    if stop_if.is_empty() && limits.problems() == before {
        let all = STOPS.map(|(key, _)| format!("`{key}`")).join(", ");
        limits.problem_here(format!("nothing would stop the rest; give one or more of {all}"), None);
    }
    limits.finish();
    table.finish();
    Some(Canary { of_ten_thousand: parts?, wait: wait?, stop_if: Value::Object(stop_if) })
}

impl Safety {
    /// Why the messages of a run are held at first: `approval`, `limit`, `canary`; none: they are not.
    pub async fn holds(&self, conn: &mut PgConnection, run: &Run) -> sqlx::Result<Option<&'static str>> {
        let limited = limit::written(self.limit.as_ref(), conn, run).await?;
        let canary = self.canary.as_ref().map(|_| "canary");
        let approved = match self.approval {
            None => true,
            Some(Approval::Required) => false,
            Some(Approval::FirstRun) => {
                sqlx::query_scalar!(
                    r#"select exists (select from tend.hold
                                      where job = $1 and spec_hash = $2 and reason = 'approval' and state = 'released') as "approved!""#,
                    run.job,
                    run.spec_hash
                )
                .fetch_one(conn)
                .await?
            }
        };
        Ok(match (approved, limited) {
            (false, _) => Some("approval"),
            (true, true) => Some("limit"),
            (true, false) => canary,
        })
    }

    /// Stops a run that would write to more customers than the file allows, or far more or fewer than usual, before anything
    /// is queued. A preview is not stopped: it shows the words.
    ///
    /// # Errors
    /// The words, as a failure that trying again would not mend.
    pub async fn guard(&self, conn: &mut PgConnection, run: &Run, queued: i64) -> Result<(), JobError> {
        if run.trigger == Trigger::Preview {
            return Ok(());
        }
        match self.stops(conn, run, queued).await? {
            None => Ok(()),
            Some(words) => Err(JobError::fail(anyhow::anyhow!("{words}"))),
        }
    }

    /// Why a run that would queue so many is stopped, and what to do; none: it is not.
    pub async fn stops(&self, conn: &mut PgConnection, run: &Run, queued: i64) -> sqlx::Result<Option<String>> {
        let what_now = |key: &str| {
            format!(
                "Nothing was queued. `tend plan {job} --at {day}` shows who; if it is right, change `{key}` in {job}.toml, then `tend run {job} --at {day}`",
                job = run.job,
                day = run.business_date,
            )
        };
        if let Some(most) = self.max_recipients.filter(|most| queued > *most) {
            return Ok(Some(format!(
                "the run would write to {}, and `max_recipients` is {}. {}",
                counted(queued, "customer"),
                count(most),
                what_now("max_recipients")
            )));
        }
        let Some(share) = self.max_change else { return Ok(None) };
        let Some(usual) = usual(conn, run).await? else { return Ok(None) };
        let differs =
            Decimal::from((queued - usual).abs()) > Decimal::from(usual) * share && (queued - usual).abs() >= FEW;
        // a run by hand after that of the morning finds few left to write to: nothing is wrong with that
        if !differs || (queued < usual && !run.trigger.is_planned() && run.trigger != Trigger::Preview) {
            return Ok(None);
        }
        Ok(Some(format!(
            "the run would write to {}, the last ones wrote to {} (the middle one), and `max_change` is {}%. {}",
            counted(queued, "customer"),
            count(usual),
            (share * Decimal::ONE_HUNDRED).normalize(),
            what_now("max_change")
        )))
    }
}

/// To how many the last planned runs wrote: the middle one; none while there are too few.
async fn usual(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Option<i64>> {
    let mut queued = sqlx::query_scalar!(
        r#"select coalesce((progress ->> 'queued')::bigint, 0) as "queued!"
           from tend.job_run
           where job = $1 and run_id <> $2 and state = 'succeeded' and trigger in ('schedule', 'catchup') and slot < $3
           order by slot desc limit $4"#,
        run.job,
        run.run_id,
        run.as_of,
        RUNS
    )
    .fetch_all(conn)
    .await?;
    queued.sort_unstable();
    Ok(if queued.len() < ENOUGH { None } else { queued.get(queued.len() / 2).copied() })
}

/// JSON schema of `[safety]`.
pub fn schema() -> Value {
    let share = |description: &str| json!({ "description": description, "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?[%％]$" });
    let stops = STOPS.map(|(key, words)| (key.to_owned(), share(words)));
    let limits = schema::table("What stops the rest: one or more of these", &[], Value::Object(Map::from_iter(stops)));
    let canary = schema::table(
        "A share is sent first; the rest waits, and is stopped when too many of the share go wrong",
        &["share", "wait", "stop_if"],
        json!({
            "share": share("How many go first"),
            "wait": schema::length("How long the rest waits when all of the share have their answer"),
            "stop_if": limits,
        }),
    );
    schema::table(
        "What keeps a mistake small",
        &[],
        json!({
            "approval": schema::words(
                "required: the messages of every run wait until another person approves them; first_run: those of a changed file, until one run of it is approved (`tend approve`)",
                &["required", "first_run"],
            ),
            "max_recipients": { "description": "A run that would write to more is stopped before anything is queued", "type": "integer", "minimum": 1 },
            "max_change": share("So is one that differs by more than this from the middle one of the last seven runs"),
            "canary": canary,
            "limit": limit::schema(&share),
        }),
    )
}
