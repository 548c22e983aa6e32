//! The JSON schema of job files, so that an editor completes and checks them: `tend schema`.

use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::{checks, head};

/// The whole schema, draft 2020-12. `definitions` are those the kinds refer to: `filter::schema::definitions()`.
#[must_use]
pub fn schema(kinds: &[&dyn Kind], definitions: Map<String, Value>) -> Value {
    let mut properties: Map<String, Value> = Map::new();
    for (key, value) in head::schema() {
        properties.insert(key.into(), value);
    }
    properties.insert("check".into(), checks::schema::schema(kinds));
    let mut one_kind = Vec::new();
    for kind in kinds {
        let keys = kind.schema();
        let foreign: Vec<_> = kinds.iter().filter(|other| other.name() != kind.name()).collect();
        let not: Map<String, Value> =
            foreign.iter().map(|other| (other.name().to_owned(), Value::Bool(false))).collect();
        one_kind.push(json!({ "required": [kind.name()], "properties": not }));
        for (key, value) in keys {
            // two kinds that own the same key may each mean their own
            match properties.get_mut(key) {
                Some(known) if *known != value => *known = json!({ "anyOf": [known.clone(), value] }),
                Some(_) => {}
                None => drop(properties.insert(key.into(), value)),
            }
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A job of tend",
        "description": "One file is one job; its name is the file's name. The table of its kind says what it does.",
        "type": "object",
        "additionalProperties": false,
        "required": ["title"],
        "properties": properties,
        "oneOf": one_kind,
        "$defs": definitions,
    })
}
