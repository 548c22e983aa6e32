//! Events as relations: one aggregate for each table of events, one column for each thing a condition looks at.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Event, Happened};
use crate::filter::emit::Emit;

/// What is asked of each table of events.
pub(in crate::filter) type Asked = BTreeMap<&'static str, BTreeMap<String, Happened>>;

impl Happened {
    /// Names its column: the same for the same things, whoever asks.
    pub(in crate::filter) fn column(&self) -> String {
        let mut digest = Sha256::new();
        let window = self.window.map_or_else(|| "ever".to_owned(), |window| window.to_string());
        let only = self.only.iter().flat_map(|(which, values)| {
            std::iter::once(which.key).chain(values.iter().map(String::as_str)).chain([""])
        });
        for part in [self.event.name, self.measure.key, &window].into_iter().chain(only) {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let name: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{}_{name}", self.measure.key)
    }

    /// The value, over the relation of [`join`] or [`lateral`].
    pub(in crate::filter) fn value(&self) -> String {
        let column = format!("{}.{}", aliased(self.event), self.column());
        if self.measure.zero { format!("coalesce({column}, 0)") } else { column }
    }

    /// For a surge: the value of the window before.
    pub(in crate::filter) fn value_before(&self) -> String {
        format!("coalesce({}.{}_before, 0)", aliased(self.event), self.column())
    }

    /// Its column as an aggregate over `e`.
    fn aggregate(&self, emit: &mut Emit) -> String {
        let mut which = Vec::new();
        let replaced = self.only.iter().any(|(only, _)| Some(only.key) == self.event.instead);
        if !replaced && self.event.counts != "true" {
            which.push(self.event.counts.to_owned());
        }
        for (only, values) in &self.only {
            let value = if only.sql.contains("{as_of}") {
                only.sql.replace("{as_of}", &emit.as_of())
            } else {
                only.sql.to_owned()
            };
            which.push(format!("{value} = any({})", emit.texts(values.clone())));
        }
        let what = self.measure.sql.replace("{at}", self.event.at);
        let what = what.replace("{amount}", self.event.amount.unwrap_or("null::numeric"));
        let column = self.column();
        let Some(window) = self.window else {
            return format!("{what}{} as {column}", filtered(&which));
        };
        let start = emit.instant(emit.frame.as_of - window.as_delta());
        let within: Vec<_> = which.iter().cloned().chain([format!("{} >= {start}", self.event.at)]).collect();
        let mut sql = format!("{what}{} as {column}", filtered(&within));
        if self.is_surge() {
            let before = emit.instant(emit.frame.as_of - window.as_delta() - window.as_delta());
            which.extend([format!("{} >= {before}", self.event.at), format!("{} < {start}", self.event.at)]);
            let _ = write!(sql, ", {what}{} as {column}_before", filtered(&which));
        }
        sql
    }
}

fn filtered(which: &[String]) -> String {
    if which.is_empty() { String::new() } else { format!(" filter (where {})", which.join(" and ")) }
}

/// Alias of a table's aggregate in slots.
fn aliased(event: &Event) -> String {
    format!("e_{}", event.name)
}

/// What is aggregated, and out of which rows.
fn parts(emit: &mut Emit, event: &Event, asked: &BTreeMap<String, Happened>) -> (String, String) {
    let columns: Vec<_> = asked.values().map(|happened| happened.aggregate(emit)).collect();
    let mut from = format!("from {} e where {} < {}", event.table, event.at, emit.as_of());
    let reach: Option<Vec<_>> = asked.values().map(Happened::reach).collect();
    if let Some(longest) = reach.and_then(|reach| reach.into_iter().max()) {
        let start = emit.instant(emit.frame.as_of - longest.as_delta());
        let _ = write!(from, " and {} >= {start}", event.at);
    }
    (columns.join(",\n           "), from)
}

fn each(asked: &Asked) -> impl Iterator<Item = (&'static Event, &BTreeMap<String, Happened>)> {
    asked.iter().filter_map(|(name, columns)| Some((super::find(name)?, columns)))
}

/// The events of all customers as CTEs, each ended by a comma.
pub(in crate::filter) fn cte(emit: &mut Emit, asked: &Asked) -> String {
    let mut sql = String::new();
    for (event, columns) in each(asked) {
        let (columns, from) = parts(emit, event, columns);
        let _ = write!(
            sql,
            "event_{} as (\n    select e.customer_id, {columns}\n    {from}\n    group by e.customer_id\n),\n",
            event.name
        );
    }
    sql
}

/// Joins of `c` to the events of [`cte`].
pub(in crate::filter) fn join(asked: &Asked) -> String {
    let joins = each(asked).map(|(event, _)| {
        let alias = aliased(event);
        format!("left join event_{} {alias} on {alias}.customer_id = c.customer_id", event.name)
    });
    joins.collect::<Vec<_>>().join("\n")
}

/// Joins of `c` to the events of a few customers, looked up by key.
pub(in crate::filter) fn lateral(emit: &mut Emit, asked: &Asked) -> String {
    let joins = each(asked).map(|(event, columns)| {
        let (columns, from) = parts(emit, event, columns);
        let alias = aliased(event);
        format!(
            "left join lateral (\n    select {columns}\n    {from} and e.customer_id = c.customer_id\n) {alias} on true"
        )
    });
    joins.collect::<Vec<_>>().join("\n")
}
