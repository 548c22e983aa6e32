//! Says who gets a message of a run, by which offer, channel and language, who does not and why, and who was never
//! meant: for `tend plan`, `tend run` and `--json`.
//!
//! People who look at a preview see names; nothing of it goes to a log.

mod coupons;
mod page;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::safety::Safety;
use crate::engine::door::{Explained, JobError, Run, Trigger};
use crate::jobs::audience::{self, Outside};
use crate::jobs::layout::{self, Align, clip, count, verb};

/// Messages and refused customers shown by way of example, each.
const SAMPLES: i64 = 5;
/// Widest name of a customer shown.
const NAME: usize = 24;

struct Group {
    step: String,
    offer: String,
    channel: String,
    locale: String,
    customers: i64,
}

struct Sample {
    step: String,
    customer_id: String,
    name: String,
    occurs_on: NaiveDate,
    offer: String,
    channel: String,
    locale: String,
    local_time: NaiveDateTime,
    zone: String,
}

struct Refused {
    reason: String,
    /// Which cap was full, which job went first.
    by: Option<String>,
    customers: i64,
    samples: Value,
}

impl Refused {
    fn words(&self) -> String {
        refusal_in_words(&self.reason, self.by.as_deref())
    }
}

/// A reason for no message, and which cap was full or which job went first.
pub fn refusal_in_words(reason: &str, by: Option<&str>) -> String {
    let words = in_words(reason);
    by.map_or_else(|| words.to_owned(), |by| format!("{words}: {by}"))
}

/// What a run of the job did.
pub struct Report<'r> {
    run: &'r Run,
    groups: Vec<Group>,
    samples: Vec<Sample>,
    refused: Vec<Refused>,
    outside: Vec<Outside>,
    had_before: i64,
    /// Why → how many of the messages wait at first.
    held: Vec<(String, i64)>,
    /// Why a run that is no preview would be stopped.
    stopped: Option<String>,
    coupons: Vec<coupons::Pool>,
    /// Condition → customers without a value for it.
    missing: Value,
}

/// Reads the rows of `run`; `days` are the occasions it looked at.
pub async fn report<'r>(
    conn: &mut PgConnection,
    run: &'r Run,
    days: &[NaiveDate],
    missing: Value,
    safety: &Safety,
) -> Result<Report<'r>, JobError> {
    let groups = groups(conn, run).await?;
    let queued = groups.iter().map(|group| group.customers).sum();
    Ok(Report {
        run,
        groups,
        held: held(conn, run).await?,
        stopped: if run.trigger == Trigger::Preview { safety.stops(conn, run, queued).await? } else { None },
        samples: samples(conn, run).await?,
        refused: refused(conn, run).await?,
        outside: audience::outside(conn, run.run_id).await?,
        had_before: had_before(conn, run, days).await?,
        coupons: coupons::pools(conn, run).await?,
        missing,
    })
}

async fn held(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select coalesce(state_reason, '') as "why!", count(*) as "messages!" from tend.outbox
           where run_id = $1 and state = 'held' group by 1 order by 1"#,
        run.run_id
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.why, row.messages)).collect())
}

async fn groups(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Vec<Group>> {
    sqlx::query_as!(
        Group,
        r#"select m.step, coalesce(m.data -> 'offer' ->> 'name', '') as "offer!", m.channel, m.locale, count(*) as "customers!"
           from tend.outbox m
           where m.run_id = $1
           group by 1, 2, 3, 4
           order by 5 desc, 1, 2, 3, 4"#,
        run.run_id
    )
    .fetch_all(conn)
    .await
}

async fn samples(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Vec<Sample>> {
    sqlx::query_as!(
        Sample,
        r#"select m.step, m.customer_id, coalesce(c.name, '') as "name!", o.occurs_on, coalesce(m.data -> 'offer' ->> 'name', '') as "offer!", m.channel, m.locale,
                  m.not_before at time zone coalesce(m.zone, $2) as "local_time!", coalesce(m.zone, $2) as "zone!"
           from (select *, row_number() over (partition by step, data -> 'offer' ->> 'name', channel
                                              order by customer_id collate "C") as place
                 from tend.outbox where run_id = $1) m
           join tend.occasion o
             on o.job = m.job and o.customer_id = m.customer_id and o.occasion = m.occasion and o.step = m.step
           left join crm.customer c on c.customer_id = m.customer_id
           order by m.place, m.message_id
           limit $3"#,
        run.run_id,
        run.timezone.name(),
        SAMPLES
    )
    .fetch_all(conn)
    .await
}

/// A decision holds over a stretch of as-ofs; the run's is within it. Who was served since is not refused.
async fn refused(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Vec<Refused>> {
    sqlx::query_as!(
        Refused,
        r#"select d.reason, d.by, count(*) as "customers!",
                  coalesce(jsonb_agg(d.detail || jsonb_build_object('customer_id', d.customer_id, 'occasion', d.occasion)
                                     order by d.customer_id collate "C") filter (where d.place <= $3), '[]') as "samples!"
           from (select d.*, b.by, row_number() over (partition by d.reason, b.by order by d.customer_id collate "C") as place
                 from tend.decision d
                 cross join lateral (select coalesce(d.detail ->> 'cap', d.detail ->> 'yields_to') as by) b
                 where d.job = $1 and d.last_at >= $2 and d.at <= $2
                   and (d.reason = 'already_had'
                        or not exists (select from tend.occasion o
                                       where o.job = d.job and o.customer_id = d.customer_id
                                         and o.occasion = d.occasion and o.step = d.step))) d
           group by d.reason, d.by
           order by 3 desc, 1, 2"#,
        run.job,
        run.as_of,
        SAMPLES
    )
    .fetch_all(conn)
    .await
}

async fn had_before(conn: &mut PgConnection, run: &Run, days: &[NaiveDate]) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from tend.occasion
           where job = $1 and step = '' and occurs_on = any($2) and run_id <> $3"#,
        run.job,
        days,
        run.run_id
    )
    .fetch_one(conn)
    .await
}

impl Report<'_> {
    fn queued(&self) -> i64 {
        self.groups.iter().map(|group| group.customers).sum()
    }

    /// For people and programs.
    ///
    /// # Errors
    /// When the page cannot be made.
    pub fn explained(&self) -> Result<Explained, JobError> {
        Ok(Explained { json: self.json(), text: self.text(), html: Some(self.page()?) })
    }

    fn json(&self) -> Value {
        let groups = self.groups.iter().map(|group| {
            json!({ "step": group.step, "offer": group.offer, "channel": group.channel, "locale": group.locale, "customers": group.customers })
        });
        let samples = self.samples.iter().map(|sample| {
            json!({
                "customer_id": sample.customer_id, "name": sample.name, "occurs_on": sample.occurs_on, "step": sample.step,
                "offer": sample.offer, "channel": sample.channel, "locale": sample.locale, "local_time": sample.local_time, "zone": sample.zone,
            })
        });
        let refused = self.refused.iter().map(
            |refused| json!({ "reason": refused.reason, "by": refused.by, "customers": refused.customers, "samples": refused.samples }),
        );
        json!({
            "job": self.run.job, "as_of": self.run.as_of, "business_date": self.run.business_date,
            "queued": { "customers": self.queued(), "by": groups.collect::<Vec<_>>(), "samples": samples.collect::<Vec<_>>() },
            "refused": refused.collect::<Vec<_>>(),
            "had_before": self.had_before,
            "held": self.held.iter().map(|(why, messages)| json!({ "why": why, "messages": messages })).collect::<Vec<_>>(),
            "stopped": self.stopped,
            "coupons": coupons::json(&self.coupons),
            "outside_audience": self.outside,
            "missing_values": self.missing,
        })
    }

    fn text(&self) -> String {
        let sections = [
            self.head(),
            self.by_offer(),
            coupons::text(&self.coupons),
            self.examples(),
            self.without(),
            self.left_out(),
        ];
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn head(&self) -> String {
        let refused: i64 = self.refused.iter().map(|refused| refused.customers).sum();
        let outside: i64 = self.outside.iter().map(|outside| outside.customers).sum();
        let title = format!("Messages of {} on {}", self.run.job, self.run.business_date);
        let parts = format!(
            "{} to be sent, {} refused, {} had before, {} not in the audience",
            count(self.queued()),
            count(refused),
            count(self.had_before),
            count(outside)
        );
        let lines = [vec![title, parts], self.waits()].concat();
        lines.iter().map(|line| layout::fold(line, 0)).collect()
    }

    /// What happens to the messages before they go.
    fn waits(&self) -> Vec<String> {
        let job = &self.run.job;
        let stopped = self.stopped.iter().map(|words| format!("The run would be stopped: {words}."));
        let held = self.held.iter().map(|(why, messages)| match why.as_str() {
            "approval" => {
                let (waits, them) = (verb(*messages, "waits", "wait"), verb(*messages, "it", "them"));
                format!("{} {waits} until another person approves {them}: `tend approve {job}`.", count(*messages))
            }
            "limit" => format!(
                "{} {}: too many messages of the job came back or were called spam. `tend approve {job}` lets it go on.",
                count(*messages),
                verb(*messages, "waits", "wait")
            ),
            "canary" => {
                let waits = verb(*messages, "waits", "wait");
                format!("{} {waits} until the others have been taken well.", count(*messages))
            }
            why => format!("{} {} held: {why}.", count(*messages), verb(*messages, "is", "are")),
        });
        stopped.chain(held).collect()
    }

    fn by_offer(&self) -> String {
        if self.groups.is_empty() {
            return String::new();
        }
        let head = ["customers", "offer", "channel", "language"].map(str::to_owned).to_vec();
        let rows = self.groups.iter().map(|group| {
            let what = what(&group.offer, &group.step);
            vec![count(group.customers), what, group.channel.clone(), group.locale.clone()]
        });
        let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
        format!("Who gets what\n{}", layout::table(&[Align::Right], &rows))
    }

    fn examples(&self) -> String {
        if self.samples.is_empty() {
            return String::new();
        }
        let rows = self.samples.iter().map(|sample| {
            let at = format!("{} {}", sample.local_time.format("%Y-%m-%d %H:%M"), sample.zone);
            let (name, day) = (clip(&sample.name, NAME), sample.occurs_on.to_string());
            vec![sample.customer_id.clone(), name, day, what(&sample.offer, &sample.step), sample.channel.clone(), at]
        });
        let head = ["customer", "name", "day", "offer", "channel", "not before"].map(str::to_owned).to_vec();
        let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
        format!("For example\n{}", layout::table(&[], &rows))
    }

    fn without(&self) -> String {
        if self.refused.is_empty() {
            return String::new();
        }
        let rows = self.refused.iter().map(|refused| {
            let samples = refused.samples.as_array().into_iter().flatten();
            let ids: Vec<_> = samples.filter_map(|sample| sample["customer_id"].as_str()).collect();
            vec![count(refused.customers), refused.words(), clip(&ids.join(", "), 40)]
        });
        format!("Who gets none, and why\n{}", layout::table(&[Align::Right], &rows.collect::<Vec<_>>()))
    }

    fn left_out(&self) -> String {
        let heading = "Who was not meant, and what is not known of customers";
        audience::left_out(heading, &self.outside, &self.missing)
    }
}

/// The offer of a message and the step it belongs to, in words.
fn what(offer: &str, step: &str) -> String {
    let offer = if offer.is_empty() { "none" } else { offer };
    if step.is_empty() { offer.to_owned() } else { format!("{offer} (step {step})") }
}

/// The reasons of `tend.decision`, each in words that fit behind any number of customers.
pub(super) const REASONS: &[(&str, &str)] = &[
    ("inactive", "not an active customer"),
    ("no_address", "no address for any channel of the job"),
    ("bad_address", "address that cannot be one"),
    ("suppressed", "address suppressed (it bounced, complained or unsubscribed)"),
    ("no_consent", "no consent on record"),
    ("unsubscribed", "unsubscribed from these messages"),
    ("consent_withdrawn", "consent refused or withdrawn"),
    ("same_address", "same address as another customer, who gets it"),
    ("already_had", "had one already not long before (a birthday: its day was corrected)"),
    ("no_offer", "no offer that fits"),
    ("no_coupon", "no coupon code left for the offer"),
    ("expired", "no hour left before it would be too late"),
    ("outside_window", "the hours of the day are over, and the file says not to wait"),
    ("capped", "as many messages as a cap allows"),
    ("conflict", "a message of another job, which goes first, is too near"),
    ("holdout", "held out on purpose, to see what the message changes"),
];

/// What a reason of `tend.decision` means, for people.
pub fn in_words(reason: &str) -> &str {
    REASONS.iter().find(|(known, _)| *known == reason).map_or(reason, |(_, words)| words)
}
