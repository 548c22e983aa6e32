//! Habits: the time of the week at which a customer usually buys, computed from the orders.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Statements, Trigger};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// How far back orders count, where the file does not say it.
const WITHIN: Span = Span::days(180);
/// How many orders make a habit, where the file does not say it.
const MIN_ORDERS: i64 = 4;

/// A customer usually buys at this time of the week.
#[derive(Debug, Clone)]
struct Habit {
    products: Option<Vec<String>>,
    /// Orders at that time, at least.
    min_orders: i64,
    /// Of all orders that count, at least.
    share: Decimal,
    /// How far back orders count.
    within: Span,
    /// So long before the usual hour it is sent.
    ahead: Span,
    again_after: Option<Span>,
}

/// Reads the keys of `on = "habit"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let products = super::words(trigger, "product", "\"P001\"");
    let min_orders = trigger.integer("min_orders", 2..=1_000).unwrap_or(MIN_ORDERS);
    let share = trigger.percent("share").unwrap_or(Decimal::new(5, 1));
    let within = trigger.duration("within").unwrap_or(WITHIN);
    if within < Span::days(28) || within > Span::days(730) {
        let help = "a length of time from \"28d\" to \"730d\"".to_owned();
        trigger.problem("within", "a habit shows over weeks, and not over years", Some(help));
    }
    if !trigger.has("ahead") {
        trigger.missing("ahead", "\"2h\"");
    }
    let ahead = trigger.duration("ahead");
    if ahead.is_some_and(|ahead| ahead.as_seconds() < 3_600 || ahead > Span::hours(24)) {
        let help = "a length of time from \"1h\" to \"24h\"".to_owned();
        trigger.problem("ahead", "it is sent a while before the usual hour", Some(help));
    }
    let again_after = trigger.duration("again_after");
    let habit = Habit { products, min_orders, share, within, ahead: ahead?, again_after };
    (trigger.problems() == before).then(|| Box::new(habit) as Box<dyn Trigger>)
}

impl Habit {
    /// The days on which a customer may be about to buy, in whatever zone.
    fn ahead_of(run: &Run) -> Vec<NaiveDate> {
        super::stretch(run.business_date - Days::new(1), run.business_date + Days::new(3))
    }

    /// The hours that may be told of by a run, as they were in each of the weeks before: a habit begins after the run, and
    /// is told at most a day later; two hours count as one, and clocks differ from what they were by their summer time.
    fn weeks(&self, run: &Run) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        const CLOCKS: TimeDelta = TimeDelta::hours(4);
        let weeks = i64::from(super::whole_days(self.within)) / 7 + 1;
        let (from, until) = (run.as_of - CLOCKS, run.as_of + TimeDelta::hours(24 + 2) + self.ahead.as_delta() + CLOCKS);
        (1..=weeks).map(move |week| (from - TimeDelta::weeks(week), until - TimeDelta::weeks(week)))
    }
}

impl Trigger for Habit {
    fn statements(&self) -> Statements {
        statements!("habit.sql")
    }

    fn bind(&self, composer: Composer, run: &Run) -> Result<Composer, OutOfRange> {
        let days = Self::ahead_of(run);
        let (from, until): (Vec<_>, Vec<_>) = self.weeks(run).unzip();
        Ok(composer
            .set("days", days)
            .set("from_instants", from)
            .set("until_instants", until)
            .set("within", super::interval(self.within))
            .set("products", self.products.clone())
            .set("min_orders", self.min_orders)
            .set("share", self.share)
            .set("ahead", super::interval(self.ahead)))
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        Self::ahead_of(run)
    }

    fn apart(&self) -> i32 {
        self.again_after.map_or(1, super::whole_days).max(1)
    }

    fn example(&self, day: NaiveDate) -> Value {
        json!({ "hour": 10, "weekday": day.weekday().number_from_monday(), "orders": self.min_orders, "of": self.min_orders })
    }

    fn has_its_own_hour(&self) -> bool {
        true
    }
}
