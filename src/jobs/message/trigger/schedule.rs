//! No occasion but the schedule itself: everybody in the audience, at most once in a while.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{Statements, Trigger, lead};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// Every slot of the job.
#[derive(Debug, Clone)]
struct Schedule {
    /// Days that lie between two messages to a customer, at least.
    apart: i32,
    /// How long it may be sent from the day on.
    expire_after: Span,
}

/// Reads the keys of `on = "schedule"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let apart = super::inactivity::days(trigger, "again_after", 36_500).unwrap_or(1);
    let expire_after = lead::expire_after(trigger, lead::FURTHEST).unwrap_or(Span::days(1));
    (trigger.problems() == before).then(|| Box::new(Schedule { apart, expire_after }) as Box<dyn Trigger>)
}

impl Trigger for Schedule {
    fn statements(&self) -> Statements {
        statements!("schedule.sql")
    }

    fn bind(&self, composer: Composer, _: &Run) -> Result<Composer, OutOfRange> {
        Ok(composer.set("between", self.apart).set("life", super::interval(self.expire_after)))
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        let before = u64::try_from(self.apart - 1).unwrap_or(0).min(3_650);
        super::stretch(run.business_date - Days::new(before), run.business_date)
    }

    fn apart(&self) -> i32 {
        self.apart
    }

    fn example(&self, _: NaiveDate) -> Value {
        json!({ "times": 1 })
    }

    fn is_of_everybody(&self, _: &Run) -> bool {
        true
    }
}
