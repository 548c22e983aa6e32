//! Word about a ticket: it has arrived, somebody has it, it moved, it takes longer, it is solved. Each is told once, also several on one
//! day; where a ticket took several steps between two runs, only the last.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Statements, Trigger, local_day};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Reader, did_you_mean};

/// What can be told.
pub(super) const NEWS: [&str; 5] = ["received", "assigned", "moved", "late", "solved"];
/// How long it is news, where the file does not say it.
const LIFE: Span = Span::days(1);
/// Older than this it is none.
const LONGEST: Span = Span::days(14);
/// A ticket that has been open for longer is talked about by people.
const OPEN_FOR: Span = Span::days(60);

/// Tickets take their steps.
#[derive(Debug, Clone)]
struct Ticket {
    tell: Vec<String>,
    kinds: Option<Vec<String>>,
    expire_after: Span,
}

/// Reads the keys of `on = "ticket"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let tell = tell(trigger);
    let kinds = super::words(trigger, "kind", "\"complaint\"");
    let expire_after = trigger.duration("expire_after").unwrap_or(LIFE);
    if expire_after.as_seconds() == 0 || expire_after > LONGEST {
        let help = format!("a length of time from \"1h\" to \"{LONGEST}\"");
        trigger.problem("expire_after", "nothing could be told, or old news", Some(help));
    }
    (trigger.problems() == before).then(|| Box::new(Ticket { tell, kinds, expire_after }) as Box<dyn Trigger>)
}

fn tell(trigger: &mut Reader<'_>) -> Vec<String> {
    if !trigger.has("tell") {
        // that it takes longer is told only where the file says so
        return NEWS.iter().filter(|news| **news != "late").map(|news| (*news).to_owned()).collect();
    }
    let words = super::words(trigger, "tell", "[\"received\", \"solved\"]").unwrap_or_default();
    for word in words.iter().filter(|word| !NEWS.contains(&word.as_str())) {
        trigger.problem("tell", format!("a ticket has no news {word:?}"), Some(did_you_mean(word, &NEWS)));
    }
    words
}

impl Trigger for Ticket {
    fn statements(&self) -> Statements {
        statements!("ticket.sql")
    }

    fn bind(&self, composer: Composer, _: &Run) -> Result<Composer, OutOfRange> {
        Ok(composer
            .set("tell", self.tell.clone())
            .set("kinds", self.kinds.clone())
            .set("life", super::interval(self.expire_after))
            .set("open_for", super::interval(OPEN_FOR)))
    }

    fn is_rare(&self) -> bool {
        true
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        super::stretch(local_day(run, run.as_of - self.expire_after.as_delta()), local_day(run, run.as_of))
    }

    /// The ledger alone decides: there may be several on one day.
    fn apart(&self) -> i32 {
        0
    }

    fn tells_each(&self) -> bool {
        true
    }

    fn example(&self, _: NaiveDate) -> Value {
        let news = self.tell.first().map_or("received", String::as_str);
        json!({ "news": news, "ticket": "T-1", "ticket_kind": "request", "state": "open", "topic": "delivery" })
    }
}
