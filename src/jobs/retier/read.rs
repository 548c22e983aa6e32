//! `[retier]` of a job file.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use toml::de::DeTable;

use super::{Ladder, Level, Stability, stability};
use crate::engine::door::{Decision, Job};
use crate::filter::{self, Scope, schema};
use crate::jobfile::checks::is_level;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Kind, Ladders, ReadContext, SegmentFile, Segments, names_in};
use crate::jobfile::problem::Problems;
use crate::jobfile::reader::Reader;
use crate::jobs::segment;

/// The kind of jobs that keep a ladder.
#[derive(Debug, Clone, Copy)]
pub struct Retier;

const LEVEL: &str = "level";

impl Kind for Retier {
    fn name(&self) -> &'static str {
        "retier"
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        read(file, context).map(|ladder| Arc::new(ladder) as Arc<dyn Job>)
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        let level = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "minLength": 1, "description": "The word other job files use for the level", "examples": ["high"] },
                "title": { "type": "string", "description": "The words reports use; the name when it is left out" },
                "when": schema::reference(),
                "keep": schema::reference(),
            },
        });
        let table = json!({
            "type": "object",
            "title": "A ladder",
            "description": "Puts every customer on the first level, from the top, whose conditions hold.",
            "additionalProperties": false,
            "required": ["window", LEVEL],
            "properties": {
                "window": { "$ref": "#/$defs/duration", "description": "What spend, orders and the like look back over", "examples": ["365d"] },
                "stability": stability::schema(),
                LEVEL: { "type": "array", "minItems": 2, "items": level, "description": "From the top; the last has no `when` and takes everyone else" },
            },
        });
        vec![(self.name(), table)]
    }

    fn read_segments(&self, segments: &Segments, ladders: &Ladders) -> (Vec<SegmentFile>, Problems) {
        segment::read_all(segments, ladders)
    }

    fn levels(&self, own: &DeTable<'_>) -> Option<Vec<String>> {
        Some(names_in(own, LEVEL))
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, levels: &[String]) -> Option<Decision> {
        let level = expect.required_string(LEVEL, "\"normal\"")?;
        is_level(expect, LEVEL, &level, levels).then(|| Decision::from([(LEVEL, level.into())]))
    }

    fn expect_schema(&self) -> Map<String, Value> {
        let level = json!({ "type": "string", "description": "The level on this ladder", "examples": ["normal"] });
        Map::from_iter([(LEVEL.to_owned(), level)])
    }
}

/// Reads `[retier]`; none when something is wrong with it, which is noted.
pub fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Ladder> {
    let before = file.problems();
    // the head of the file is read, and its mistakes are told, elsewhere
    let title = file.value("title").and_then(|title| title.get_ref().as_str()).unwrap_or_default().trim().to_owned();
    let mut own = file.table("retier")?;
    let window = window(&mut own);
    let scope = Scope::of(context, window);
    let stability = stability::read(&mut own);
    let tables = own.tables(LEVEL);
    if !own.has(LEVEL) {
        own.missing(LEVEL, "[{ name = \"high\", when = { … } }, { name = \"normal\" }]");
    } else if tables.len() == 1 {
        let help = "add a [[retier.level]] above it, with a `when`".to_owned();
        own.problem(LEVEL, "a ladder of one level sorts nobody", Some(help));
    }
    let count = tables.len();
    let mut levels: Vec<Level> = Vec::with_capacity(count);
    for (at, table) in tables.into_iter().enumerate() {
        let known: Vec<&str> = levels.iter().map(|level| level.name.as_str()).collect();
        levels.extend(level(table, at + 1 == count, &known, &scope, &stability));
    }
    own.finish();
    let is_whole = file.problems() == before && levels.len() == count;
    is_whole.then_some(Ladder { title, window: window?, levels, stability })
}

fn window(own: &mut Reader<'_>) -> Option<Span> {
    own.required("window", "\"365d\"")?;
    let window = own.duration("window")?;
    if window.as_seconds() == 0 {
        own.problem("window", "a window of no length holds no orders", Some("for example: window = \"365d\"".into()));
        return None;
    }
    Some(window)
}

fn level(
    mut table: Reader<'_>,
    is_last: bool,
    known: &[&str],
    scope: &Scope<'_>,
    stability: &Stability,
) -> Option<Level> {
    let name = table.required_string("name", "\"high\"");
    if let Some(name) = name.as_deref().filter(|name| known.contains(name)) {
        let help = "every level has a name of its own".to_owned();
        table.problem("name", format!("there is a level {name:?} already"), Some(help));
    }
    let title = table.string("title");
    let has_when = table.has("when");
    let when = filter::read(&mut table, "when", scope);
    if is_last && has_when {
        let help = "the last level takes everyone else: leave `when` out, or add a level below it".to_owned();
        table.problem_with_key("when", "the last level cannot have conditions", Some(help));
    }
    if !is_last && !has_when {
        table.missing("when", "{ field = \"spend\", at_least = 1000 }");
    }
    let keep = filter::read(&mut table, "keep", scope);
    if is_last && table.has("keep") {
        let help = "nobody falls from the last level: leave `keep` out".to_owned();
        table.problem_with_key("keep", "the last level cannot have a `keep`", Some(help));
    }
    table.finish();
    let name = name?;
    let nearly = stability.margin.and_then(|margin| Some(when.as_ref()?.relaxed(margin)));
    Some(Level { title: title.unwrap_or_else(|| name.clone()), name, when, keep, nearly })
}
