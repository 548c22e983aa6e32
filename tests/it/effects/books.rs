//! What jobs, dispatcher and shop would have written, row by row, so that the sums can be done by hand.

use chrono::{DateTime, TimeDelta, Utc};
use tend::jobs::effects::{Effects, Goals, Period, of_job};

use crate::support::{World, instant};

/// The rows of a company.
pub struct Books {
    pub world: World,
}

/// What became of a message, besides the usual.
#[derive(Clone, Copy)]
pub struct Fate<'f> {
    pub step: &'f str,
    pub offer: &'f str,
    pub channel: &'f str,
    pub state: &'f str,
}

pub const ARRIVED: Fate<'static> = Fate { step: "", offer: "a", channel: "email", state: "accepted" };

impl Books {
    pub async fn new() -> Self {
        Self { world: World::new().await }
    }

    /// A job whose file says this besides `[message]`; a version of its own for each text.
    pub async fn job(&self, job: &str, says: &str) {
        let body = format!("title = \"The {job}\"\n[message]\npurpose = \"marketing\"\n{says}\n").replace('\'', "''");
        self.world
            .sql(&format!(
                "insert into tend.spec (hash, job, kind, body)
                 select encode(sha256(convert_to('{job} {body}', 'UTF8')), 'hex'), '{job}', 'message', '{body}' on conflict do nothing;
                 insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash)
                 select '{job}', 'message', encode(sha256(convert_to('{job} {body}', 'UTF8')), 'hex'), 1, true, '2026-01-01Z', '2026-01-01Z', ''
                 on conflict (job) do update set spec_hash = excluded.spec_hash",
            ))
            .await;
    }

    /// A job that sells within 21 days.
    pub async fn selling(&self, job: &str) {
        self.job(job, "[goal]\nevent = \"order\"\nwithin = \"21d\"").await;
    }

    /// A run of the job as it is now, for that instant.
    pub async fn run(&self, job: &str, slot: &str) -> Ran<'_> {
        let statement = format!(
            "insert into tend.job_run (job, trigger, slot, business_date, business_key, request_id, state, run_after, spec_hash, created_at, finished_at)
             select '{job}', 'manual', '{slot}', ('{slot}'::timestamptz at time zone 'Asia/Shanghai')::date, '{slot}',
                    (select count(*) from tend.job_run)::text, 'succeeded', '{slot}', j.spec_hash, '{slot}', '{slot}'
             from tend.job j where j.job = '{job}'"
        );
        self.world.sql(&statement).await;
        let id = self.world.value("select max(run_id) from tend.job_run").await;
        Ran { books: self, job: job.to_owned(), slot: slot.to_owned(), id }
    }

    pub async fn order(&self, customer: &str, at: &str, amount: &str, status: &str) {
        self.world
            .sql(&format!(
                "insert into crm.orders (customer_id, order_id, placed_at, amount, status)
                 select '{customer}', 'o' || (select count(*) from crm.orders), '{at}', {amount}, '{status}'"
            ))
            .await;
    }

    /// The effects of a job over June and July, as of August.
    pub async fn effects(&self, job: &str) -> Effects {
        self.asked(job, period("2026-06-01T00:00:00Z", "2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z")).await
    }

    pub async fn asked(&self, job: &str, period: Period) -> Effects {
        let mut tx = self.world.pool().begin().await.unwrap();
        let goals = Goals::in_force(&mut tx).await.unwrap();
        of_job(&mut tx, job, &period, &goals).await.unwrap()
    }
}

pub fn period(from: &str, to: &str, as_of: &str) -> Period {
    Period { from: instant(from), to: instant(to), as_of: instant(as_of), timezone: chrono_tz::Asia::Shanghai }
}

/// Orders credited to a job, and their money.
pub fn credit(effects: &Effects) -> (i64, String) {
    let all = [&effects.over.figures, &effects.open.figures];
    (
        all.iter().map(|figures| figures.orders).sum(),
        all.iter().map(|figures| figures.money).sum::<rust_decimal::Decimal>().to_string(),
    )
}

/// A run that was made.
pub struct Ran<'b> {
    books: &'b Books,
    job: String,
    slot: String,
    id: String,
}

impl Ran<'_> {
    /// A message that was handed over then, and arrived.
    pub async fn reached(&self, customer: &str, contact: &str) -> &Self {
        self.sent(customer, contact, ARRIVED).await
    }

    pub async fn sent(&self, customer: &str, contact: &str, fate: Fate<'_>) -> &Self {
        let Self { job, slot, id, .. } = self;
        let Fate { step, offer, channel, state } = fate;
        let later = instant(contact) + TimeDelta::seconds(90);
        self.books
            .world
            .sql(&format!(
                "with m as (
                     insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, step, purpose, topic, channel, template, locale, data,
                                              not_before, not_after, due_at, state, state_at, attempts, created_at)
                     values ({id}, '{job}', '', '{customer}', 'run {id}', '{step}', 'marketing', 't', '{channel}', 't', 'en',
                             jsonb_build_object('offer', jsonb_build_object('name', '{offer}')),
                             '{contact}', '2030-01-01Z', '{contact}', '{state}', '{later}', 1, '{slot}')
                     returning message_id
                 )
                 insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
                 select message_id, 1, gen_random_uuid(), '{contact}', '{later}', 'accepted', 'accepted' from m where '{state}' <> 'planned'"
            ))
            .await;
        self
    }

    pub async fn held_out(&self, customer: &str, due: &str) -> &Self {
        let Self { job, slot, id, .. } = self;
        self.books
            .world
            .sql(&format!(
                "insert into tend.holdout (job, customer_id, occasion, control, share, occurs_on, channel, offer, run_id, held_out_at, due_at)
                 values ('{job}', '{customer}', 'run {id}', '{job}', 0.1, '{due}', 'email', 'a', {id}, '{slot}', '{due}')"
            ))
            .await;
        self
    }
}

/// So many days after an instant.
pub fn after(at: &str, days: i64, seconds: i64) -> String {
    let later: DateTime<Utc> = instant(at) + TimeDelta::days(days) + TimeDelta::seconds(seconds);
    later.to_rfc3339()
}
