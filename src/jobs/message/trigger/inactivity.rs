//! Silence: a customer who bought, asked or looked has not done so for a long time.
//!
//! A silence is an occasion once, when it has lasted long enough; the next sign of life ends it, and what follows is
//! another. Only who crossed the line lately is told, on the first night as on any: there is no blast on day one.

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::lead::FURTHEST;
use super::{Statements, Trigger};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Reader, did_you_mean};

/// What counts as a sign of life.
const SIGNS: [&str; 4] = ["order", "interaction", "ticket", "view"];
/// How long the beginning of a silence is told of, where the file does not say it.
const FIRST_SEEN: i32 = 14;

/// A customer fell silent.
#[derive(Debug, Clone)]
struct Inactivity {
    /// What ends a silence.
    of: Vec<String>,
    /// Days it must have lasted.
    after: i32,
    /// Days from then on within which it is told.
    first_seen: i32,
}

/// Reads the keys of `on = "inactivity"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let of = signs(trigger);
    if !trigger.has("after") {
        trigger.missing("after", "\"180d\"");
    }
    let after = days(trigger, "after", 3_650);
    let first_seen = days(trigger, "first_seen", FURTHEST).unwrap_or(FIRST_SEEN);
    if after.is_some_and(|after| first_seen >= after) {
        let help = "the next silence may begin that early; make it shorter than `after`".to_owned();
        trigger.problem("first_seen", "a silence would be told of for as long as it takes to begin", Some(help));
    }
    let whole = trigger.problems() == before;
    let inactivity = Inactivity { of: of?, after: after?, first_seen };
    whole.then(|| Box::new(inactivity) as Box<dyn Trigger>)
}

fn signs(trigger: &mut Reader<'_>) -> Option<Vec<String>> {
    if !trigger.has("of") {
        trigger.missing("of", "[\"order\"]");
    }
    let of = trigger.strings("of")?;
    for word in of.iter().filter(|word| !SIGNS.contains(&word.as_str())) {
        trigger.problem("of", format!("{word:?} is no sign of life"), Some(did_you_mean(word, &SIGNS)));
    }
    if of.is_empty() {
        trigger.problem("of", "silence of what?", Some("for example: of = [\"order\", \"interaction\"]".into()));
    }
    Some(of)
}

/// Whole days, from one.
pub(super) fn days(trigger: &mut Reader<'_>, key: &str, most: i32) -> Option<i32> {
    let span = trigger.duration(key)?;
    let days = span.as_days().filter(|days| (1..=most).contains(days));
    if days.is_none() {
        let message = format!("`{key}` must be whole days, from 1 to {most}, but it is {span}");
        trigger.problem(key, message, Some(format!("for example: {key} = \"{}\"", Span::days(most.min(14)))));
    }
    days
}

impl Trigger for Inactivity {
    fn statements(&self) -> Statements {
        statements!("inactivity.sql")
    }

    fn bind(&self, composer: Composer, _: &Run) -> Result<Composer, OutOfRange> {
        Ok(composer.set("of", self.of.clone()).set("after", self.after).set("first_seen", self.first_seen))
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        let first = run.business_date - Days::new(u64::try_from(self.first_seen).unwrap_or(0));
        super::stretch(first, run.business_date + Days::new(1))
    }

    /// Two silences begin at least that far from each other; nearer, it is one whose last sign of life was corrected.
    fn apart(&self) -> i32 {
        self.after
    }

    fn example(&self, day: NaiveDate) -> Value {
        json!({ "days": self.after, "since": day - TimeDelta::days(i64::from(self.after)) })
    }
}
