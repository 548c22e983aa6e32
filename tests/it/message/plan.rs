//! Plans messages in tests: reads a job file, runs it for a day, tells what came out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use tend::engine::door::{Explained, Job, JobError, Run, Step, Stepped, Trigger, Tx};
use tend::jobfile::kind::{CAPS, Cuts, Kind, Ladders, ReadContext, SegmentSource, Segments};
use tend::jobfile::problem::Problems;
use tend::jobfile::reader::read_text;
use tend::jobs::message::MessageKind;
use tend::outbox::template::TemplateFolder;
use tokio_util::sync::CancellationToken;

use crate::support::World;

pub const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

/// The shipped file.
pub fn shipped() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/birthday.toml")).unwrap()
}

/// The shipped file with one piece of text replaced by another.
pub fn changed(from: &str, to: &str) -> String {
    let text = shipped();
    assert!(text.contains(from), "{from:?} is not in the shipped file");
    text.replacen(from, to, 1)
}

/// The shipped file with another trigger.
pub fn with_trigger(keys: &str) -> String {
    let text = shipped();
    let (from, to) = (text.find("[trigger]").unwrap(), text.find("[audience]").unwrap());
    format!("{}[trigger]\n{keys}\n{}", &text[..from], &text[to..])
}

/// What is said about a file with that trigger, one line.
pub fn said_of(trigger: &str) -> String {
    let (_, problems) = read(&with_trigger(trigger), SHANGHAI);
    let said = |problem: &tend::jobfile::problem::Problem| {
        format!("{} ({})", problem.message, problem.help.as_deref().unwrap_or("-"))
    };
    problems.iter().map(said).collect::<Vec<_>>().join("; ")
}

/// The shipped templates.
pub fn templates() -> TemplateFolder {
    TemplateFolder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).unwrap()
}

/// Reads a job file, and what is wrong with it.
pub fn read(text: &str, timezone: Tz) -> (Option<Arc<dyn Job>>, Problems) {
    read_under("birthday", text, timezone, None)
}

/// Reads the file of a job of that name under the company's caps.
pub fn read_under(job: &str, text: &str, timezone: Tz, caps: Option<&str>) -> (Option<Arc<dyn Job>>, Problems) {
    let ladders = Ladders::new(BTreeMap::from([(
        "value-tiers".to_owned(),
        ["high", "mid", "normal"].map(String::from).to_vec(),
    )]));
    let (templates, cuts) = (templates(), Cuts::default());
    let caps = caps.map(|text| (CAPS.to_owned(), SegmentSource { file: "policy/caps.toml".into(), text: text.into() }));
    let segments = Segments::new(caps.into_iter().collect());
    let context = ReadContext {
        job,
        timezone,
        templates: &templates,
        templates_dir: "templates",
        ladders: &ladders,
        cuts: &cuts,
        segments: &segments,
        calendars: &Default::default(),
        jobs: None,
    };
    read_text(&format!("{job}.toml").into(), &text.into(), |top| {
        top.leave(&["title", "description", "owner", "after", "schedule", "check"]);
        MessageKind.read(top, &context)
    })
}

/// A job that is run by hand, without the engine.
pub struct Plan {
    pub job: Arc<dyn Job>,
    pub timezone: Tz,
    name: String,
    runs: AtomicI64,
}

impl Plan {
    /// The shipped file.
    pub fn shipped() -> Self {
        Self::file(&shipped())
    }

    /// Any file; it must be right.
    pub fn file(text: &str) -> Self {
        Self::in_zone(text, SHANGHAI)
    }

    pub fn in_zone(text: &str, timezone: Tz) -> Self {
        Self::made("birthday", read(text, timezone), timezone, 100)
    }

    /// A job of another name, under the company's caps.
    pub fn named(name: &str, text: &str, caps: &str) -> Self {
        static JOBS: AtomicI64 = AtomicI64::new(1);
        let first = 1_000 * JOBS.fetch_add(1, Ordering::SeqCst);
        Self::made(name, read_under(name, text, SHANGHAI, Some(caps)), SHANGHAI, first)
    }

    /// The same file under another name: another job.
    pub fn under(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    fn made(name: &str, (job, problems): (Option<Arc<dyn Job>>, Problems), timezone: Tz, first: i64) -> Self {
        let said: Vec<_> = problems.iter().map(|problem| problem.message.clone()).collect();
        assert!(said.is_empty(), "{said:?}");
        Self { job: job.expect("a job without problems"), timezone, name: name.to_owned(), runs: AtomicI64::new(first) }
    }

    /// Runs it for eight o'clock of a day.
    pub async fn on(&self, world: &World, day: &str) -> Stepped {
        self.try_at(world, self.eight(day)).await.unwrap()
    }

    /// Runs it for an instant and commits.
    pub async fn try_at(&self, world: &World, as_of: DateTime<Utc>) -> Result<Stepped, JobError> {
        let run = self.run(as_of, Trigger::Manual);
        let mut tx = world.pool().begin().await.unwrap();
        let stepped = step(self.job.as_ref(), &run, &mut tx).await?;
        tx.commit().await.unwrap();
        Ok(stepped)
    }

    /// Runs it, explains the run, and keeps it or rolls it back.
    pub async fn explained(&self, world: &World, day: &str, keep: bool) -> Explained {
        let run = self.run(self.eight(day), if keep { Trigger::Manual } else { Trigger::Preview });
        let mut tx = world.pool().begin().await.unwrap();
        step(self.job.as_ref(), &run, &mut tx).await.unwrap();
        let explained = self.job.explain(&run, &mut Tx::lend(&mut tx)).await.unwrap();
        if keep {
            tx.commit().await.unwrap()
        } else {
            tx.rollback().await.unwrap()
        }
        explained
    }

    /// Runs it in a transaction of the caller's.
    pub async fn step_in(&self, conn: &mut sqlx::PgConnection, day: &str) -> Stepped {
        step(self.job.as_ref(), &self.run(self.eight(day), Trigger::Manual), conn).await.unwrap()
    }

    /// The same without a look at the days ahead, which asks the same head seven times more.
    pub async fn step_of_that_day(&self, conn: &mut sqlx::PgConnection, day: &str) -> Stepped {
        step(self.job.as_ref(), &self.run(self.eight(day), Trigger::Backfill), conn).await.unwrap()
    }

    fn eight(&self, day: &str) -> DateTime<Utc> {
        let day: NaiveDate = day.parse().unwrap();
        day.and_hms_opt(8, 0, 0).unwrap().and_local_timezone(self.timezone).unwrap().to_utc()
    }

    fn run(&self, as_of: DateTime<Utc>, trigger: Trigger) -> Run {
        Run {
            run_id: self.runs.fetch_add(1, Ordering::SeqCst),
            job: self.name.clone(),
            spec_hash: "0".repeat(64),
            as_of,
            business_date: as_of.with_timezone(&self.timezone).date_naive(),
            timezone: self.timezone,
            trigger,
        }
    }
}

pub async fn step(job: &dyn Job, run: &Run, conn: &mut sqlx::PgConnection) -> Result<Stepped, JobError> {
    let mut step = Step { run, tx: Tx::lend(conn), cursor: None, cancelled: CancellationToken::new() };
    job.step(&mut step).await
}
