//! The JSON schema: it is what is committed, it takes every shipped file and refuses what the reader refuses.

use serde_json::{Map, Value, json};
use tend::filter::schema::definitions;
use tend::jobfile::schema::schema;
use tend::jobs::message::caps_schema;
use tend::jobs::{KINDS, segment};

const FILE: &str = "docs/job.schema.json";
const SEGMENT_FILE: &str = "docs/segment.schema.json";
const CAPS_FILE: &str = "docs/caps.schema.json";

/// Enough of draft 2020-12 for what we print; a keyword it does not know fails the test.
fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let Value::Object(schema) = schema else {
        return if schema == &json!(true) { Ok(()) } else { Err("nothing is allowed here".into()) };
    };
    schema.iter().try_for_each(|(keyword, rule)| keyword_holds(value, keyword, rule, schema, root))
}

fn keyword_holds(
    value: &Value,
    keyword: &str,
    rule: &Value,
    schema: &Map<String, Value>,
    root: &Value,
) -> Result<(), String> {
    let holds = |condition: bool| if condition { Ok(()) } else { Err(format!("{value} against {keyword}: {rule}")) };
    let alternatives = || rule.as_array().unwrap().iter().map(|one| fits(value, one, root)).collect::<Vec<_>>();
    match keyword {
        "$schema" | "$defs" | "title" | "description" | "examples" | "default" | "format" => Ok(()),
        "$ref" => fits(value, root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(), root),
        "type" => holds(match rule {
            Value::Array(types) => types.iter().any(|one| is_of(value, one.as_str().unwrap())),
            one => is_of(value, one.as_str().unwrap()),
        }),
        "enum" => holds(rule.as_array().unwrap().contains(value)),
        "const" => holds(rule == value),
        "anyOf" => {
            let outcomes = alternatives();
            if outcomes.iter().any(Result::is_ok) { Ok(()) } else { outcomes.into_iter().next().unwrap() }
        }
        "oneOf" => holds(alternatives().iter().filter(|outcome| outcome.is_ok()).count() == 1),
        "allOf" => alternatives().into_iter().collect(),
        "required" => holds(
            value
                .as_object()
                .is_none_or(|map| rule.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))),
        ),
        "properties" => each(value, |key, inner| rule.get(key).map_or(Ok(()), |rule| fits(inner, rule, root))),
        "additionalProperties" => {
            each(value, |key, inner| match schema.get("properties").and_then(|known| known.get(key)) {
                Some(_) => Ok(()),
                None => fits(inner, rule, root).map_err(|error| format!("{key}: {error}")),
            })
        }
        "patternProperties" | "propertyNames" => Ok(()),
        "minProperties" => holds(value.as_object().is_none_or(|map| map.len() as u64 >= rule.as_u64().unwrap())),
        "maxProperties" => holds(value.as_object().is_none_or(|map| map.len() as u64 <= rule.as_u64().unwrap())),
        "items" => value.as_array().into_iter().flatten().try_for_each(|item| fits(item, rule, root)),
        "minItems" => holds(value.as_array().is_none_or(|list| list.len() as u64 >= rule.as_u64().unwrap())),
        "maxItems" => holds(value.as_array().is_none_or(|list| list.len() as u64 <= rule.as_u64().unwrap())),
        "uniqueItems" | "pattern" => Ok(()),
        "minLength" => holds(value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap())),
        "maxLength" => holds(value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap())),
        "minimum" => holds(value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap())),
        "maximum" => holds(value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap())),
        other => panic!("the schema uses {other}, which this test does not know"),
    }
}

fn each(value: &Value, check: impl Fn(&str, &Value) -> Result<(), String>) -> Result<(), String> {
    value.as_object().into_iter().flatten().try_for_each(|(key, inner)| check(key, inner))
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("type {other}"),
    }
}

fn as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn the_committed_schemas_are_those_that_are_printed() {
    for (file, schema, command) in [
        (FILE, schema(KINDS, definitions()), "tend schema"),
        (SEGMENT_FILE, segment::schema(), "tend schema --segments"),
        (CAPS_FILE, caps_schema(), "tend schema --caps"),
    ] {
        let printed = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("TEND_UPDATE_SCHEMA").is_some() {
            std::fs::create_dir_all("docs").unwrap();
            std::fs::write(file, &printed).unwrap();
        }
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        assert!(committed == printed, "{file} is not what `{command}` prints; run the test with TEND_UPDATE_SCHEMA=1");
    }
}

#[test]
fn every_shipped_file_names_the_schema_and_fits_it() {
    for (folder, first_line, schema) in [
        ("jobs", "#:schema ../docs/job.schema.json\n", schema(KINDS, definitions())),
        ("jobs/segments", "#:schema ../../docs/segment.schema.json\n", segment::schema()),
        ("jobs/policy", "#:schema ../../docs/caps.schema.json\n", caps_schema()),
    ] {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
        assert!(!files.is_empty(), "{folder}");
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(first_line), "{path:?}");
            fits(&as_json(&text), &schema, &schema).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        }
    }
}

#[test]
fn what_the_reader_refuses_about_keys_and_operators_an_editor_marks_too() {
    let schema = schema(KINDS, definitions());
    let good = super::ladder("Ladder", "0 2 * * *");
    fits(&as_json(&good), &schema, &schema).unwrap();
    for (from, to) in [
        ("cron", "corn"),
        ("at_least", "at_lest"),
        ("title", "titel"),
        ("\"spend\"", "\"spnd\""),
        ("at_least = 1000", "starts_with = \"1\""),
        ("at_least = 1000", "top = 20"),
        ("[retier]", "[retire]"),
    ] {
        let text = good
            .replacen(from, to, 1)
            .replace("[[retier.level]]", if to == "[retire]" { "[[retire.level]]" } else { "[[retier.level]]" });
        assert!(fits(&as_json(&text), &schema, &schema).is_err(), "{to}");
    }
}

#[test]
fn an_editor_marks_a_cap_that_the_reader_refuses() {
    let schema = caps_schema();
    let good = "[[cap]]\nname = \"a\"\npurpose = [\"marketing\"]\nat_most = 2\nwithin = \"7d\"";
    fits(&as_json(good), &schema, &schema).unwrap();
    for (from, to) in [
        ("[[cap]]", "[[caps]]"),
        ("purpose", "purposes"),
        ("purpose = [\"marketing\"]\n", ""),
        ("\"marketing\"", "\"marketting\""),
        ("at_most = 2", "at_most = 0"),
        ("within", "per"),
        ("within = \"7d\"", "within = \"7d\"\nper = \"day\""),
        ("within = \"7d\"", ""),
    ] {
        let text = good.replacen(from, to, 1);
        assert!(fits(&as_json(&text), &schema, &schema).is_err(), "{text}");
    }
}
