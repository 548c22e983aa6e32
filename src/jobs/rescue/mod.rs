//! The kind `rescue`: who has just come to a level of a ladder (churn risk) is called, by default by a supervisor within 24
//! hours (mission M27). Once for each time a customer comes to it; a first level is no move and makes no task.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::engine::door::{Decision, Job};
use crate::filter::{Composer, Scope};
use crate::jobfile::checks::is_level;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobs::audience;
use crate::jobs::work::{self, Order, Source, Statements, Work, decided};

/// Within which time, where the file does not say it.
const DUE: Span = Span::hours(24);
const TO: &str = "supervisor";

/// The kind `rescue`.
#[derive(Debug, Clone, Copy)]
pub struct RescueKind;

impl Kind for RescueKind {
    fn name(&self) -> &'static str {
        "rescue"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["audience"]
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        let mut own = file.table("rescue")?;
        let order = Order::read(&mut own, context, "rescue", TO, DUE);
        let entered = entered(&mut own, context);
        own.finish();
        let audience = audience::read(file, &Scope::of(context, None));
        Some(Arc::new(Work { source: Box::new(entered?), order: order?, audience: audience? }))
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        decided::expect(expect)
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        let what = "Somebody calls a customer who has just come to a level, such as churn risk";
        let text = |description: &str| json!({ "description": description, "type": "string", "minLength": 1 });
        let ladder = "The job that keeps the ladder. Put it into `after`, so that tonight's moves are acted on today";
        let own = [("ladder", text(ladder)), ("entered", text("Who comes to this level is called"))];
        work::tables(("rescue", what), (TO, DUE), own, &["title", "ladder", "entered"])
    }
}

/// Customers come to a level.
#[derive(Debug)]
struct Entered {
    ladder: String,
    level: String,
}

fn entered(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Entered> {
    let ladder = own.required_string("ladder", "\"churn-risk\"");
    let level = own.required_string("entered", "\"at-risk\"");
    let (ladder, level) = (ladder?, level?);
    let Some(levels) = context.ladders.levels(&ladder) else {
        let help = did_you_mean(&ladder, &context.ladders.names());
        own.problem("ladder", format!("there is no ladder {ladder:?}"), Some(help));
        return None;
    };
    is_level(own, "entered", &level, levels).then_some(Entered { ladder, level })
}

impl Source for Entered {
    fn statements(&self) -> Statements {
        work::statements!("entered.sql")
    }

    fn bind(&self, composer: Composer) -> Composer {
        composer.set("ladder", self.ladder.clone()).set("entered", self.level.clone())
    }
}
