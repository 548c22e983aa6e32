//! `[agenda]` of a job file.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Agenda, decided};
use crate::engine::door::{Decision, Job};
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobs::letter::Paper;
use crate::jobs::message::schema::{table, text};

/// The kind `agenda`.
#[derive(Debug, Clone, Copy)]
pub struct AgendaKind;

/// What its template may use as `occasion.…`.
const KNOWN: [&str; 12] = [
    "date",
    "weekday",
    "feed",
    "overdue",
    "overdue_count",
    "overdue_more",
    "today",
    "today_count",
    "today_more",
    "week",
    "week_count",
    "week_more",
];

impl Kind for AgendaKind {
    fn name(&self) -> &'static str {
        "agenda"
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        let mut own = file.table(self.name())?;
        let calendar = match own.has("calendar") {
            true => context.calendars.read(&mut own, "calendar"),
            false => {
                own.missing("calendar", "\"cn\"");
                None
            }
        };
        let ahead = own.integer("days_ahead", 0..=31).unwrap_or(6);
        let most = own.integer("at_most", 1..=200).unwrap_or(40);
        let empty = own.bool("empty").unwrap_or(false);
        let feed = own.bool("feed").unwrap_or(true);
        let ladders = ladders(&mut own, context);
        let paper = Paper::read(&mut own, context, "agenda", &KNOWN);
        own.finish();
        Some(Arc::new(Agenda {
            calendar: calendar?,
            ahead: i32::try_from(ahead).ok()?,
            most,
            empty,
            feed,
            ladders,
            paper: paper?,
        }))
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        decided::expect(expect)
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        let agenda = table(
            "A mail to each member of staff: what to do today, what is overdue, what comes",
            &["calendar", "template"],
            json!({
                "calendar": text("Working days of those who have no calendar of their own"),
                "days_ahead": { "description": "Days after today that are told; default 6", "type": "integer", "minimum": 0, "maximum": 31 },
                "at_most": { "description": "Tasks told in a section, the others are counted; default 40", "type": "integer", "minimum": 1, "maximum": 200 },
                "empty": { "description": "Whether who has nothing to do gets a mail that says so; default false", "type": "boolean" },
                "feed": { "description": "Whether the mail has the address of the person's calendar feed; default true", "type": "boolean" },
                "ladders": { "description": "Ladders whose levels are told of each customer", "type": "array", "items": { "type": "string" } },
                "template": text("Folder below templates/, with email.LOCALE.mjml"),
                "locale": text("Language of staff whose own is not known; default: the first of the template"),
            }),
        );
        vec![(self.name(), agenda)]
    }
}

/// The ladders whose levels are told; those nobody has are a mistake.
fn ladders(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Vec<String> {
    let named = own.strings("ladders").unwrap_or_default();
    for name in &named {
        if context.jobs.is_some_and(|jobs| !jobs.contains(&name.as_str())) {
            let known = context.jobs.unwrap_or_default();
            own.problem("ladders", format!("there is no ladder {name:?}"), Some(did_you_mean(name, known)));
        }
    }
    named
}
