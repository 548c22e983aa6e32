//! `[goal]`: what a message is meant to bring about, and how long after it that counts. A run does nothing with it; it is
//! what `tend effects` counts by.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{experiment, schema};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Reader, read_text};
use crate::outbox::policy::Purpose;

/// Where the file does not say it.
const WITHIN: Span = Span::days(14);
/// Sooner than this nobody has read the message.
const SHORTEST: Span = Span::hours(1);
/// Longer after a message, what a customer does has other reasons.
const LONGEST: Span = Span::days(365);
/// Below this share of the messages that arrived a campaign is flagged for change (mission M19).
const PARTICIPATION: Decimal = Decimal::from_parts(2, 0, 0, false, 1);
const EVENTS: [(&str, Event); 3] =
    [("order", Event::Order), ("interaction", Event::Interaction), ("answer", Event::Answer)];
const VALUES: [(&str, bool); 2] = [("amount", true), ("count", false)];

/// What the customer is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// Buy: a paid order. Only messages with this goal are credited with orders.
    Order,
    /// Get in touch in any way.
    Interaction,
    /// Answer, accept, take part; buying is not asked for.
    Answer,
}

impl Event {
    /// As job files write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        EVENTS.iter().find(|(_, event)| *event == self).map_or("order", |(word, _)| word)
    }
}

/// What a message is meant to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// What the customer is to do.
    pub event: Event,
    /// How long after the message it counts.
    #[serde(serialize_with = "as_written")]
    pub within: Span,
    /// Whether the money of the orders counts, or only how many there are.
    pub money: bool,
    /// The share of the messages that arrived, 0 to 1, below which the job is flagged.
    pub participation: Decimal,
    /// Whether a file says so; else it is what is taken where none does.
    pub written: bool,
}

impl Goal {
    /// Where a file has no `[goal]`: marketing is to sell, within 14 days; other messages are to be answered in that time.
    #[must_use]
    pub fn default_for(purpose: Option<Purpose>) -> Self {
        let event = match purpose {
            Some(Purpose::Service | Purpose::Transactional) => Event::Answer,
            Some(Purpose::Marketing) | None => Event::Order,
        };
        Self { event, within: WITHIN, money: event == Event::Order, participation: PARTICIPATION, written: false }
    }
}

fn as_written<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(span)
}

/// What a stored job file says about how it is judged. Looks only, also at files of an older or a newer version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its title; none where the text has none.
    pub title: Option<String>,
    /// Its goal.
    pub goal: Goal,
    /// How many of ten thousand are held out, and the group that several jobs share, if they do.
    pub holdout: Option<(i64, Option<String>)>,
    /// What its messages are for; none where the text does not say it.
    pub purpose: Option<Purpose>,
}

impl Judged {
    /// By this goal; nothing else is known.
    #[must_use]
    pub fn by_goal(goal: Goal) -> Self {
        Self { title: None, goal, holdout: None, purpose: None }
    }

    /// Reads it from the text of a job file.
    #[must_use]
    pub fn by(text: &str) -> Self {
        let (judged, _) = read_text(&"".into(), &text.into(), |file| {
            let purpose = file.table("message").and_then(|mut own| {
                let keys = own.keys();
                own.leave(&keys);
                own.choice("purpose", &Purpose::WORDS)
            });
            let goal = read(file, purpose).unwrap_or_else(|| Goal::default_for(purpose));
            let experiment = experiment::read(file, purpose);
            let title = file.string("title");
            let holdout = experiment.map(|experiment| (experiment.of_ten_thousand, experiment.group));
            Self { title, goal, holdout, purpose }
        });
        judged
    }
}

/// Reads `[goal]`; what counts without it when there is none.
pub fn read(file: &mut Reader<'_>, purpose: Option<Purpose>) -> Option<Goal> {
    let default = Goal::default_for(purpose);
    let Some(mut table) = file.table("goal") else { return (!file.has("goal")).then_some(default) };
    let before = table.problems();
    table.required("event", "\"order\"");
    table.required("within", "\"21d\"");
    let event = table.choice("event", &EVENTS);
    let within = table.duration("within");
    if within.is_some_and(|within| within < SHORTEST || within > LONGEST) {
        let help = format!("a length of time from \"{SHORTEST}\" to \"{LONGEST}\"");
        table.problem("within", "nothing could be counted, or for far too long", Some(help));
    }
    let money = table.choice("value", &VALUES);
    if money.is_some() && event.is_some_and(|event| event != Event::Order) {
        let help = "leave `value` out, or write event = \"order\"".to_owned();
        table.problem("value", "only orders have a value", Some(help));
    }
    let participation = table.percent("participation");
    if participation.is_some_and(|share| share.is_zero()) {
        let help = "for example: participation = \"20%\", which is what counts without it".to_owned();
        table.problem("participation", "no job could ever be flagged", Some(help));
    }
    let whole = table.problems() == before;
    table.finish();
    whole.then_some(Goal {
        event: event?,
        within: within?,
        money: event == Some(Event::Order) && money.unwrap_or(true),
        participation: participation.unwrap_or(PARTICIPATION),
        written: true,
    })
}

/// JSON schema of `[goal]`.
pub fn schema() -> Value {
    schema::table(
        "What the message is to bring about: what `tend effects` counts by. Without it marketing is to bring orders within 14 days, other messages answers",
        &["event", "within"],
        json!({
            "event": schema::words(
                "order: a paid order (only these jobs are credited with orders); interaction: the customer gets in touch; answer: the customer answers, accepts or takes part",
                &["order", "interaction", "answer"],
            ),
            "within": schema::length("How long after the message it counts, from 1h to 365d"),
            "value": schema::words("Of orders: amount counts their money too (default), count only how many there are", &["amount", "count"]),
            "participation": { "description": "The job is flagged when a smaller share of those it reached takes part; default 20%", "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?[%％]$" },
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_file_says_how_it_is_judged_whatever_else_it_says() {
        let written = "[message]\npurpose = \"marketing\"\nnew_key = 1\n[goal]\nevent = \"order\"\nwithin = \"21d\"\nvalue = \"count\"\nparticipation = \"5%\"\n[experiment]\nholdout = \"10%\"\ngroup = \"all\"\n[new]\n";
        let judged = Judged::by(written);
        let goal = Goal {
            event: Event::Order,
            within: Span::days(21),
            money: false,
            participation: Decimal::new(5, 2),
            written: true,
        };
        let (holdout, purpose) = (Some((1000, Some("all".into()))), Some(Purpose::Marketing));
        assert_eq!(judged, Judged { title: None, goal, holdout, purpose });
        let service = Judged::by("[message]\npurpose = \"service\"\n");
        assert_eq!((service.goal.event, service.goal.written, service.holdout), (Event::Answer, false, None));
        let broken = Judged::by("[message\n");
        assert_eq!(broken.goal, Goal::default_for(None));
        assert_eq!(broken.goal.within, Span::days(14));
    }
}
