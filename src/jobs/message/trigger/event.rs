//! Events: something happened to a customer, or several times, and no purchase came of it.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Statements, Trigger, lead, local_day};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// How long an event is told of, where the file does not say it.
const LIFE: Span = Span::days(3);
/// Longer ago than this it was another need.
const FURTHEST: i32 = 60;

const EVENTS: [(&str, Event); 5] = [
    ("view", Event { name: "view", has_kind: false, has_product: true }),
    ("interaction", Event { name: "interaction", has_kind: true, has_product: false }),
    ("order", Event { name: "order", has_kind: false, has_product: true }),
    ("ticket_solved", Event { name: "ticket_solved", has_kind: true, has_product: false }),
    ("ticket_opened", Event { name: "ticket_opened", has_kind: true, has_product: false }),
];

/// What can be said about an event.
#[derive(Debug, Clone, Copy)]
struct Event {
    name: &'static str,
    has_kind: bool,
    has_product: bool,
}

/// Something happened.
#[derive(Debug, Clone)]
struct Happened {
    event: Event,
    kinds: Option<Vec<String>>,
    products: Option<Vec<String>>,
    /// So often.
    count: i64,
    /// So long before the last of them.
    within: Span,
    /// Each product by itself.
    by_product: bool,
    /// What was followed by one of these does not count.
    without: Option<&'static str>,
    expire_after: Span,
    again_after: Option<Span>,
}

/// Reads the keys of `on = "event"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let event = super::required(trigger, "event", &EVENTS);
    let kinds = super::words(trigger, "kind", "\"complaint\"");
    let products = super::words(trigger, "product", "\"P001\"");
    let count = trigger.integer("count", 1..=1_000).unwrap_or(1);
    let within = trigger.duration("within");
    if within.is_none() && count > 1 && !trigger.has("within") {
        trigger.missing("within", "\"7d\"");
    }
    if within.is_some_and(|within| within.as_seconds() == 0 || within > Span::days(FURTHEST)) {
        let help = format!("a length of time from \"1h\" to \"{FURTHEST}d\"");
        trigger.problem("within", "nothing happens in no time, and long ago it was another need", Some(help));
    }
    let same = trigger.choice("same", &[("product", ())]);
    let without = without(trigger);
    let expire_after = lead::expire_after(trigger, FURTHEST).unwrap_or(LIFE);
    let again_after = trigger.duration("again_after");
    let event = event?;
    refuse(trigger, event, same.is_some(), without);
    let happened = Happened {
        event,
        kinds,
        products,
        count,
        within: within.unwrap_or(Span::days(0)),
        by_product: same.is_some(),
        without,
        expire_after,
        again_after,
    };
    (trigger.problems() == before).then(|| Box::new(happened) as Box<dyn Trigger>)
}

/// What cannot be said of this event.
fn refuse(trigger: &Reader<'_>, event: Event, same: bool, without: Option<&str>) {
    if trigger.has("kind") && !event.has_kind {
        let help = "`kind` goes with interaction, ticket_opened and ticket_solved".to_owned();
        trigger.problem_with_key("kind", format!("events of {:?} have no kind", event.name), Some(help));
    }
    for key in ["product", "same"].into_iter().filter(|key| trigger.has(key)) {
        if !event.has_product && (key != "same" || same) {
            let help = "products go with view and order".to_owned();
            trigger.problem_with_key(key, format!("events of {:?} have no product", event.name), Some(help));
        }
    }
    if without == Some(event.name) {
        trigger.problem_with_key("without", format!("{:?} without itself never happens", event.name), None);
    }
}

/// `without = { event = "order" }`
fn without(trigger: &mut Reader<'_>) -> Option<&'static str> {
    let mut table = trigger.table("without")?;
    let event = super::required(&mut table, "event", &[("order", "order"), ("interaction", "interaction")]);
    table.finish();
    event
}

impl Trigger for Happened {
    fn statements(&self) -> Statements {
        statements!("event.sql")
    }

    fn bind(&self, composer: Composer, _: &Run) -> Result<Composer, OutOfRange> {
        Ok(composer
            .set("event", self.event.name.to_owned())
            .set("kinds", self.kinds.clone())
            .set("products", self.products.clone())
            .set("count", self.count)
            .set("within", super::interval(self.within))
            .set("by_product", self.by_product)
            .set("without", self.without.map(str::to_owned))
            .set("life", super::interval(self.expire_after)))
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        super::stretch(local_day(run, run.as_of - self.expire_after.as_delta()), local_day(run, run.as_of))
    }

    /// At least the stretch in which they are counted: one that goes on is not told again.
    fn apart(&self) -> i32 {
        super::whole_days(self.again_after.unwrap_or(self.within)).max(1)
    }

    fn example(&self, day: NaiveDate) -> Value {
        let product = self.products.as_ref().and_then(|products| products.first().cloned());
        let product = product.or_else(|| self.by_product.then(|| "P001".to_owned()));
        json!({ "count": self.count, "since": day.pred_opt(), "product": product })
    }
}
