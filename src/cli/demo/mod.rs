//! `tend demo`: a made-up company, the shipped jobs for one day, and what came out, in a newcomer's words.
//!
//! The demo drives its own clock, so that a day passes in seconds and every call goes on with the next day. It runs on
//! the private Postgres, or on a database that holds nothing but the demo.

mod next;
mod story;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::args::{Arguments, DemoArgs};
use super::failure::Failure;
use super::{connect, folder, print};
use crate::clock::{Clock, wall_clock};
use crate::daemon;
use crate::db::Opened;
use crate::demo::{self, DemoError};
use crate::engine::Engine;
use crate::engine::preview::explain;
use crate::engine::replay::{execute_now, request_manual, slot_of_day};
use crate::engine::specs::Spec;
use crate::jobfile::folder::Folder;
use crate::jobfile::store::{self, Applying, Basis, apply_folder};
use crate::jobs::KINDS;
use crate::outbox::channel::settings::ChannelSettings;
use crate::progress::Progress;
use crate::settings::{Environment, Settings};

/// Days before the day shown on which the ladders are evaluated first. The last of them is what the moves are counted
/// from; the one before it is longer ago than the holds of the shipped ladders, so that customers can fall.
const BEFORE: [u64; 2] = [60, 30];

/// When the day of the demo is over for the dispatcher: late in the morning in the company's zone.
const SENT_BY: NaiveTime = NaiveTime::from_hms_opt(11, 0, 0).expect("a time of day");

/// Fills the company, runs the jobs for one day, shows what came out.
pub async fn run(arguments: &Arguments, command: &DemoArgs) -> Result<(), Failure> {
    let mut settings = connect::settings(arguments)?;
    if settings.environment == Environment::Production {
        return Err(Failure::Usage("the demo makes customers up; it does not run in production".to_owned()));
    }
    let daemons = std::mem::replace(&mut settings.time.source, Clock::Driven);
    settings.channels.retain(|_, channel| channel.is_recording());
    let folder = folder::read(arguments)?;
    let opened = connect::open_for_demo(&settings).await?;
    let stage = Stage { settings, daemons, folder, opened };
    let (day, first) = stage.day(command.date).await?;
    stage.fill(command, day).await?;
    let tiers = stage.ladders(day, first).await?;
    let tasks = stage.tasks(day).await?;
    let messages = stage.messages(day).await?;
    let sent = stage.send(day).await?;
    stage.apply().await?;
    let folders = sent.folders.iter().map(|(_, folder)| folder.clone()).collect();
    let call = next::Call { arguments, command, private: stage.private_dir(), folders };
    let next = call.next(day, day <= stage.today());
    let another_day = stage.another_day(day);
    let story = story::Story { day, first, tiers, tasks, messages, another_day, sent, next };
    if arguments.json { print::json(&story.json()) } else { print::text(story.text(&stage.opened).await?) }
}

/// The slot the schedule has on the day.
fn slot_on(spec: &Spec, day: NaiveDate) -> Option<DateTime<Utc>> {
    spec.schedule.as_ref().and_then(|schedule| schedule.slot_on(day))
}

struct Stage {
    settings: Settings,
    /// The time of a daemon on this database.
    daemons: Clock,
    folder: Folder,
    opened: Opened,
}

/// What a job of the demo did.
pub struct Did {
    /// The job.
    pub job: String,
    /// `Explained::json`.
    pub json: Value,
}

/// What the dispatcher did.
pub struct Delivered {
    /// Channel → messages handed over today.
    pub accepted: Vec<(String, i64)>,
    /// Messages that wait for the customer's own morning.
    pub waiting: i64,
    /// Messages whose end of life came today before the customer's own morning.
    pub late: i64,
    /// Where the files lie: channel, folder.
    pub folders: Vec<(String, PathBuf)>,
}

impl Stage {
    /// The day to show: the one that was asked for, else the day after the last one, else today; and whether nothing
    /// was shown before.
    async fn day(&self, asked: Option<NaiveDate>) -> Result<(NaiveDate, bool), Failure> {
        let last: Option<DateTime<Utc>> =
            sqlx::query_scalar("select instant from tend.driven_clock").fetch_optional(self.opened.db.pool()).await?;
        let last = last.map(|instant| instant.with_timezone(&self.zone()).date_naive());
        match (asked, last) {
            (Some(asked), Some(last)) if asked < last => Err(Failure::Usage(format!(
                "the demo has come to {last}; its ladders do not go back to {asked}; leave --date out to go on with the next day"
            ))),
            (Some(asked), last) => Ok((asked, last.is_none())),
            (None, Some(last)) => Ok((last + Days::new(1), false)),
            (None, None) => Ok((self.today(), true)),
        }
    }

    fn today(&self) -> NaiveDate {
        wall_clock().with_timezone(&self.zone()).date_naive()
    }

    fn zone(&self) -> Tz {
        self.settings.defaults.timezone
    }

    fn at(&self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let local = day.and_time(time);
        self.zone().from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |instant| instant.to_utc())
    }

    async fn drive(&self, to: DateTime<Utc>) -> Result<(), Failure> {
        Ok(Clock::drive(&mut *self.opened.db.pool().acquire().await?, to).await?)
    }

    async fn fill(&self, command: &DemoArgs, day: NaiveDate) -> Result<(), Failure> {
        let show = |what: &'static str| Progress::start(format!("Making up {what}"), None);
        let told = |error| match error {
            DemoError::NotEmpty(_) | DemoError::OtherSeed { .. } | DemoError::TooEarly { .. } => {
                Failure::Usage(error.to_string())
            }
            other => Failure::Failed(other.into()),
        };
        demo::fill(&self.opened.db, command.customers, command.seed, day, show).await.map_err(told)?;
        let pools: BTreeSet<String> = self.enabled("message").flat_map(|spec| spec.code.coupon_pools()).collect();
        let pools: Vec<String> = pools.into_iter().collect();
        demo::pools(&self.opened.db, &pools, command.customers, day).await.map_err(told)
    }

    /// Evaluates the ladders: on the first day also for a month and two months before, so that there are moves.
    async fn ladders(&self, day: NaiveDate, first: bool) -> Result<Vec<Did>, Failure> {
        self.keep(day).await?;
        if first {
            for days in BEFORE {
                self.run_kind("retier", day - Days::new(days)).await?;
            }
        }
        self.run_kind("retier", day).await
    }

    /// Stores the specs that the runs name.
    async fn keep(&self, day: NaiveDate) -> Result<(), Failure> {
        let mut conn = self.opened.db.pool().acquire().await?;
        for job in self.folder.jobs.values() {
            store::keep(&mut conn, &self.folder, job, self.at(day, NaiveTime::MIN)).await?;
        }
        Ok(())
    }

    /// Puts the folder in force, from now on in the daemon's own time: the day of the demo may be any, and a daemon
    /// shall neither catch up since then nor find its plan ahead of the clock.
    async fn apply(&self) -> Result<(), Failure> {
        let applying = Applying { who: "tend demo", basis: Basis::Forced, clock: self.daemons, kinds: KINDS };
        apply_folder(&self.opened.db, &self.folder, applying).await?;
        Ok(())
    }

    async fn messages(&self, day: NaiveDate) -> Result<Vec<Did>, Failure> {
        self.run_kind("message", day).await
    }

    /// What people have to do: who is to be called.
    async fn tasks(&self, day: NaiveDate) -> Result<Vec<Did>, Failure> {
        let mut did = self.run_kind("rescue", day).await?;
        did.extend(self.run_kind("callbacks", day).await?);
        Ok(did)
    }

    /// Runs the enabled jobs of a kind in the order of their slots; message jobs only when the day is one of theirs.
    async fn run_kind(&self, kind: &str, day: NaiveDate) -> Result<Vec<Did>, Failure> {
        let engine = Arc::new(daemon::engine(&self.opened.db, &self.settings));
        let mut due: Vec<(DateTime<Utc>, Spec)> = self
            .enabled(kind)
            .filter(|spec| kind != "message" || slot_on(spec, day).is_some())
            .filter_map(|spec| Some((slot_of_day(&spec, day)?, spec)))
            .collect();
        due.sort_by_key(|(slot, _)| *slot);
        let mut did = Vec::new();
        for (_, spec) in due {
            let progress = Progress::start(format!("Running {} for {day}", spec.job), None);
            did.push(self.run_job(&engine, &spec, day).await?);
            progress.finish();
        }
        Ok(did)
    }

    fn enabled(&self, kind: &str) -> impl Iterator<Item = Spec> {
        self.folder.jobs.values().filter(move |job| job.kind == kind && job.head.enabled).map(|job| job.to_spec())
    }

    /// Message jobs whose schedule leaves the day out, each with the next day it names.
    fn another_day(&self, day: NaiveDate) -> Vec<(String, NaiveDate)> {
        let rest = self.enabled("message").filter(|spec| slot_on(spec, day).is_none());
        rest.filter_map(|spec| {
            Some((spec.job.clone(), day.iter_days().take(400).find(|on| slot_on(&spec, *on).is_some())?))
        })
        .collect()
    }

    async fn run_job(&self, engine: &Engine, spec: &Spec, day: NaiveDate) -> Result<Did, Failure> {
        let slot = slot_of_day(spec, day).ok_or_else(|| Failure::Usage(format!("{} has no {day}", spec.timezone)))?;
        self.drive(slot).await?;
        let requested = request_manual(engine, spec, slot, &format!("demo {}", engine.instance())).await?;
        let standing = execute_now(engine, requested.run_id, &tokio_util::sync::CancellationToken::new()).await?;
        if standing.state != "succeeded" {
            let error: Option<String> = sqlx::query_scalar("select error from tend.job_run where run_id = $1")
                .bind(requested.run_id)
                .fetch_one(self.opened.db.pool())
                .await?;
            return Err(Failure::Failed(anyhow::anyhow!(
                "{} {}: {}",
                spec.job,
                standing.state,
                error.unwrap_or_default()
            )));
        }
        let explained = explain(engine, requested.run_id).await.map_err(Failure::failed)?;
        Ok(Did { job: spec.job.clone(), json: explained.map_or_else(|| json!({}), |explained| explained.json) })
    }

    /// Lets the dispatcher pay what is owed by late morning.
    async fn send(&self, day: NaiveDate) -> Result<Delivered, Failure> {
        let from = self.at(day, NaiveTime::MIN);
        self.drive(self.at(day, SENT_BY)).await?;
        let dispatcher = daemon::dispatcher(
            &self.opened.db,
            &self.settings,
            daemon::links(&self.opened.db, &self.settings).await?,
            Clock::Driven,
        )?;
        dispatcher.drain_once().await?;
        let pool = self.opened.db.pool();
        let accepted = sqlx::query_as(
            "select channel, count(*) from tend.outbox where state in ('accepted', 'delivered') and state_at >= $1 group by channel order by channel",
        )
        .bind(from)
        .fetch_all(pool)
        .await?;
        let waiting =
            sqlx::query_scalar("select count(*) from tend.outbox where state = 'planned'").fetch_one(pool).await?;
        let late = sqlx::query_scalar("select count(*) from tend.outbox where state = 'expired' and state_at >= $1")
            .bind(from)
            .fetch_one(pool)
            .await?;
        let folders = self.settings.channels.values().filter_map(|channel| match channel {
            ChannelSettings::Recording(recording) => Some((recording.sort.to_string(), recording.folder.clone())),
            _ => None,
        });
        Ok(Delivered { accepted, waiting, late, folders: folders.collect() })
    }

    fn private_dir(&self) -> Option<PathBuf> {
        self.opened.private.as_ref().map(|_| self.settings.database.private_dir.clone())
    }
}
