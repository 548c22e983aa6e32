//! Reads `[surge]`.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Surge;
use crate::engine::door::{Decision, Job};
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::Reader;
use crate::jobs::letter::Paper;
use crate::jobs::readers;

/// Whom a surge can be told to.
const READERS: [readers::Sort; 2] = [readers::Sort::Role, readers::Sort::Robot];

/// What its template may use as `occasion.…`.
const KNOWN: [&str; 6] = ["type", "count", "usual", "days", "before", "day"];

/// The kind `surge`.
#[derive(Debug, Clone, Copy)]
pub struct SurgeKind;

/// What checks call what came out.
pub(super) const SURGES: &str = "surges";

impl Kind for SurgeKind {
    fn name(&self) -> &'static str {
        "surge"
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        read(file, context).map(|surge| Arc::new(surge) as Arc<dyn Job>)
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        let duration = |doc: &str| json!({ "$ref": "#/$defs/duration", "description": doc });
        let table = json!({
            "type": "object", "title": "A surge", "description": "Tickets of a type that come much more often than usual: told once.",
            "additionalProperties": false, "required": ["within", "usual_over", "times", "at_least", "to", "template"],
            "properties": {
                "about": { "type": "string", "minLength": 1, "description": "Kind of the tickets that are counted, by type; complaint when left out" },
                "within": duration("The last days that are looked at"),
                "usual_over": duration("So long before that is what is usual; at least twice as long"),
                "times": { "type": ["number", "string"], "description": "So many times as many as usual" },
                "at_least": { "type": "integer", "minimum": 1, "description": "And at least so many" },
                "to": readers::schema(&READERS, "Who is told"),
                "template": { "type": "string", "minLength": 1, "description": "Folder below templates/", "examples": ["surge"] },
                "locale": { "type": "string", "description": "Language of people whose own the template does not have" },
            },
        });
        vec![(self.name(), table)]
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        expect.required(SURGES, "[\"product\"]");
        let mut types = expect.strings(SURGES)?;
        types.sort_unstable();
        Some(Decision::from([(SURGES, json!(types))]))
    }

    fn expect_schema(&self) -> Map<String, Value> {
        let list = json!({ "type": "array", "items": { "type": "string" }, "description": "The types of which there is a surge" });
        Map::from_iter([(SURGES.to_owned(), list)])
    }
}

fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Surge> {
    let before = file.problems();
    let mut own = file.table("surge")?;
    let about = own.string("about").unwrap_or_else(|| "complaint".to_owned());
    let (within, usual_over) = (length(&mut own, "within", "\"7d\""), length(&mut own, "usual_over", "\"56d\""));
    if let (Some(within), Some(over)) = (within, usual_over)
        && over < within.twice()
    {
        let help = format!("at least twice as long as `within`: \"{}\"", within.twice());
        own.problem("usual_over", "one stretch before says nothing about what is usual", Some(help));
    }
    own.required("times", "2");
    let times = own.decimal("times");
    if times.is_some_and(|times| times <= Decimal::ONE) {
        own.problem("times", "as many as usual is no surge", Some("more than 1: times = 2".into()));
    }
    own.required("at_least", "5");
    let at_least = own.integer("at_least", 1..=1_000_000);
    own.required("to", "\"role:manager\"");
    let to = readers::read(&mut own, "to", &READERS);
    let paper = Paper::read(&mut own, context, "surge", &KNOWN);
    own.finish();
    if file.problems() > before {
        return None;
    }
    Some(Surge {
        about,
        within: within?,
        usual_over: usual_over?,
        times: times?,
        at_least: at_least?,
        to: to?,
        paper: paper?,
    })
}

fn length(own: &mut Reader<'_>, key: &str, example: &str) -> Option<Span> {
    own.required(key, example)?;
    let span = own.duration(key)?;
    if span < Span::days(1) || span > Span::days(366) {
        own.problem(key, format!("`{key}` goes from a day to a year"), Some(format!("for example: {key} = {example}")));
        return None;
    }
    Some(span)
}
