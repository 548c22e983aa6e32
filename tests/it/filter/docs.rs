//! The page about conditions is the one that is printed, and every condition on it is one the reader takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use tend::filter::{Scope, docs::markdown, event, field, operator, read_table};
use tend::jobfile::kind::{Cuts, SegmentSource, Segments};
use tend::jobfile::reader::read_text;

const FILE: &str = "docs/filters.md";

#[test]
fn the_committed_page_is_the_one_that_is_printed() {
    let printed = markdown();
    if std::env::var_os("TEND_UPDATE_SCHEMA").is_some() {
        std::fs::write(FILE, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == printed,
        "{FILE} is not what `tend schema --markdown` prints; run the test with TEND_UPDATE_SCHEMA=1"
    );
}

#[test]
fn every_condition_on_the_page_is_read() {
    let at_risk =
        SegmentSource { file: "at-risk.toml".into(), text: "title = \"At risk\"\nwhen = { tag = \"x\" }\n".into() };
    let segments = Segments::new(BTreeMap::from([("at-risk".to_owned(), at_risk)]));
    let page = markdown().replace("\\|", "|");
    let spans: Vec<&str> = page.split('`').filter(|span| span.starts_with("{ ") && span.ends_with(" }")).collect();
    assert!(spans.len() > 100, "{}", spans.len());
    for span in spans {
        let (filter, problems) = read_text(&"page.toml".into(), &Arc::from(format!("when = {span}\n")), |reader| {
            let ladders = super::ladders();
            let scope = Scope {
                window: None,
                ladders: &ladders,
                segments: &segments,
                cuts: &Cuts::default(),
                inside: &[],
                ticket: true,
            };
            reader.table("when").and_then(|table| read_table(table, &scope))
        });
        assert!(problems.is_empty() && filter.is_some(), "{span}\n{problems}");
    }
}

#[test]
fn the_segment_on_the_page_is_one_and_has_every_key() {
    let page = markdown();
    let text = page.split("```").find_map(|block| block.strip_prefix("toml\n")).unwrap();
    let source = SegmentSource { file: "at-risk.toml".into(), text: text.into() };
    let segments = Segments::new(BTreeMap::from([("at-risk".to_owned(), source)]));
    let (files, problems) = tend::jobs::segment::read_all(&segments, &super::ladders());
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(files[0].checks.len(), 2);
    let schema = tend::jobs::segment::schema();
    let keys = |schema: &serde_json::Value| -> Vec<String> {
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let own = keys(&schema);
    for key in own.iter().filter(|key| *key != "$schema").chain(&keys(&schema["properties"]["check"]["items"])) {
        let cell = if key == "check" { "| `[[check]]` |".to_owned() } else { format!("| `{key}` |") };
        assert!(page.contains(&cell), "{key}");
    }
}

#[test]
fn the_page_names_every_field_operator_event_and_measure() {
    let page = markdown();
    let names = field::ALL.iter().map(|field| field.name).chain(operator::all().map(|operator| operator.name));
    let names = names.chain(event::ALL.iter().flat_map(|event| event.restrictions.iter().map(|only| only.key)));
    for name in names.chain(event::MEASURES.iter().map(|measure| measure.key)) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
