//! `[conflict]`: jobs whose messages go first when both come near each other.

use serde_json::{Value, json};

use super::schema;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{ReadContext, jobs_named};
use crate::jobfile::reader::Reader;

/// Further apart nobody takes two messages for too many.
const LONGEST: Span = Span::days(60);

/// When a message gives way.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// Jobs that go first.
    pub yields_to: Vec<String>,
    /// How near is too near, before and behind.
    pub within: Span,
    /// It moves behind them, as long as it lives; else the customer gets none.
    pub shift: bool,
}

/// Reads `[conflict]`.
pub fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Conflict> {
    let mut table = file.table("conflict")?;
    table.required("yields_to", "[\"birthday\"]");
    let yields_to = jobs_named(&mut table, "yields_to", "yield to", context.job, context.jobs);
    table.required("within", "\"7d\"");
    let within = table.duration("within");
    if within.is_some_and(|within| within.as_seconds() == 0 || within > LONGEST) {
        let help = format!("a length of time from \"1h\" to \"{LONGEST}\"");
        table.problem("within", "nothing would be near, or everything", Some(help));
    }
    table.required("then", "\"skip\"");
    let shift = table.choice("then", &[("skip", false), ("shift", true)]);
    table.finish();
    Some(Conflict { yields_to, within: within?, shift: shift? })
}

/// JSON schema of `[conflict]`.
pub fn schema() -> Value {
    schema::table(
        "Jobs whose messages go first when both come near each other",
        &["yields_to", "within", "then"],
        json!({
            "yields_to": { "description": "The jobs that go first", "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string" } },
            "within": schema::length("How near is too near, before and behind"),
            "then": schema::words("skip: the customer gets none of this one; shift: it moves behind the other, as long as it lives", &["skip", "shift"]),
        }),
    )
}
