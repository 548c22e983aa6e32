//! `[trigger]`: what makes an occasion, and from when to when it may be told.
//!
//! A trigger is a head of the message statement, one file a trigger: it ends in the relation `due` (see `candidate.sql`).
//! `begin.sql` before it and `candidate.sql` behind it are the same for all, and so is the count of missing values, which
//! asks the same head. Promises: a head finds its customers by an index (an occasion of everybody reads the customers
//! once); an occasion has the same name whatever is corrected afterwards, so that nothing is sent twice.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::postgres::types::PgInterval;

/// The statements of a head, which may be of several files.
macro_rules! statements {
    ($($head:literal),+) => {
        $crate::jobs::message::trigger::Statements {
            plan: statements!([$($head),+] "../queue.sql"),
            ahead: statements!([$($head,)+ "ahead.sql"] "../reserve.sql"),
            missing: concat!(include_str!("begin.sql"), $(include_str!($head),)+ include_str!("missing.sql")),
            anybody: concat!(include_str!("begin.sql"), $(include_str!($head),)+ include_str!("anybody.sql")),
        }
    };
    ([$($head:literal),+] $end:literal) => {
        concat!(
            include_str!("begin.sql"),
            $(include_str!($head),)+
            include_str!("candidate.sql"),
            include_str!("../../../outbox/policy/hours.sql"),
            include_str!("../../../outbox/policy/contacts.sql"),
            include_str!("../../../outbox/policy/ways.sql"),
            include_str!("../../../outbox/policy/caps.sql"),
            include_str!("../../../outbox/policy/policy.sql"),
            "/*{coupons}*/\n",
            include_str!($end)
        )
    };
}

mod anniversary;
mod dated;
mod event;
mod habit;
mod holiday;
mod inactivity;
mod lead;
mod level;
mod schedule;
mod schema;
mod ticket;

pub use schema::schema;

use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::Reader;

/// The statements about the occasions that a head finds, with slots.
#[derive(Debug, Clone, Copy)]
pub struct Statements {
    /// Plans a run: the head with policy and queue behind it.
    pub plan: &'static str,
    /// Keeps the places of those who would have a message: the head with the policy, for a day ahead.
    pub ahead: &'static str,
    /// Counts, of those who have the occasion, for how many a value was missing.
    pub missing: &'static str,
    /// Whether anybody has the occasion.
    pub anybody: &'static str,
}

/// The statements about who is due for a further message.
pub(super) const FURTHER: Statements = statements!("step.sql");

/// When there is an occasion.
pub trait Trigger: fmt::Debug + Send + Sync {
    /// The statements of a run.
    fn statements(&self) -> Statements;

    /// Whether it can tell who will have the occasion in the days ahead.
    fn foresees(&self) -> bool {
        false
    }

    /// Whether nobody has the occasion on the day of a run, which is known without a look at any table.
    fn is_of_nobody(&self, _: &Run) -> bool {
        false
    }

    /// Binds what its head asks for beyond what all share.
    ///
    /// # Errors
    /// Beyond the years the calendar knows.
    fn bind(&self, composer: Composer, run: &Run) -> Result<Composer, OutOfRange>;

    /// The days whose occasions a run looks at.
    fn days(&self, run: &Run) -> Vec<NaiveDate>;

    /// Nearer than so many days to one the customer has had, an occasion counts as had.
    fn apart(&self) -> i32;

    /// What its statement writes as `detail` of an occasion on `day`, for one made up: an object with every key that
    /// templates get as `occasion.…` beyond kind, date and year.
    fn example(&self, day: NaiveDate) -> Value;

    /// The day of the occasion made up by a run on `day`.
    fn example_day(&self, day: NaiveDate) -> NaiveDate {
        day
    }

    /// What templates get as `occasion.…` beyond kind, date and year.
    fn variables(&self) -> Vec<String> {
        let example = self.example(NaiveDate::default());
        // the title is chosen by the language of the message
        let told = |key: &String| if key == "titles" { "title".to_owned() } else { key.clone() };
        example.as_object().map(|detail| detail.keys().map(told).collect()).unwrap_or_default()
    }

    /// Whether it is asked many times a day and mostly finds nobody.
    fn is_rare(&self) -> bool {
        false
    }

    /// Whether everybody has the occasion, so that what conditions need is counted for all at once.
    fn is_of_everybody(&self, _: &Run) -> bool {
        false
    }

    /// Whether each occasion is told, though several of a customer are of one day.
    fn tells_each(&self) -> bool {
        false
    }

    /// Whether it says the hour at which a message goes out, so that the file cannot.
    fn has_its_own_hour(&self) -> bool {
        false
    }
}

type Read = fn(&mut Reader<'_>, &ReadContext<'_>) -> Option<Box<dyn Trigger>>;

const KINDS: [(&str, Read); 8] = [
    ("anniversary", |trigger, _| anniversary::read(trigger)),
    ("inactivity", |trigger, _| inactivity::read(trigger)),
    ("holiday", |trigger, _| holiday::read(trigger)),
    ("event", |trigger, _| event::read(trigger)),
    ("habit", |trigger, _| habit::read(trigger)),
    ("schedule", |trigger, _| schedule::read(trigger)),
    ("level", level::read),
    ("ticket", |trigger, _| ticket::read(trigger)),
];

/// Reads `[trigger]`.
pub fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Box<dyn Trigger>> {
    let Some(mut trigger) = file.table("trigger") else {
        if !file.has("trigger") {
            file.missing("trigger", "{ on = \"anniversary\", field = \"birthday\", offset = \"-3d\" }");
        }
        return None;
    };
    let read = match required(&mut trigger, "on", &KINDS) {
        Some(read) => read(&mut trigger, context),
        None => {
            // what it takes depends on it
            let keys = trigger.keys();
            trigger.leave(&keys);
            None
        }
    };
    trigger.finish();
    read
}

fn required<T: Copy>(trigger: &mut Reader<'_>, key: &str, choices: &[(&str, T)]) -> Option<T> {
    if !trigger.has(key) {
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        trigger.missing(key, &words.join(" or "));
    }
    trigger.choice(key, choices)
}

/// One word or a list of them; none when the key is not there.
fn words(trigger: &mut Reader<'_>, key: &str, example: &str) -> Option<Vec<String>> {
    let is_list = trigger.value(key)?.get_ref().as_array().is_some();
    let words = if is_list { trigger.strings(key)? } else { vec![trigger.required_string(key, example)?] };
    if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
        trigger.problem(key, format!("`{key}` names nothing"), Some(format!("for example: {key} = {example}")));
        return None;
    }
    Some(words)
}

pub(super) fn interval(span: Span) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: span.as_seconds() * 1_000_000 }
}

/// All days from the first to the last.
fn stretch(first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
    first.iter_days().take_while(|day| *day <= last).collect()
}

/// The day of an instant in the job's zone.
fn local_day(run: &Run, instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&run.timezone).date_naive()
}

/// Days, rounded up.
fn whole_days(span: Span) -> i32 {
    i32::try_from(-(-span.as_seconds()).div_euclid(86_400)).unwrap_or(i32::MAX)
}
