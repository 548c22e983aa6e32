//! Checks of reviews: what figures come to.

use serde_json::{Map, Value, json};

use super::catalogue::all;
use super::review::Review;
use crate::engine::door::{Decided, Decision};
use crate::jobfile::reader::Reader;

/// What a figure without a value is called.
const NOTHING: &str = "-";

/// The figures of all, by name, as the review shows them.
pub(super) fn decided(review: Option<&Review>) -> Decided {
    let mut what = Decision::new();
    let Some(review) = review else {
        return Decided { what, why: "no review was made".to_owned() };
    };
    for figure in review.figures().filter(|figure| figure.of.is_none()) {
        let Some(entry) = all().iter().find(|entry| entry.name == figure.name) else { continue };
        let shown = figure.now.value.map_or_else(|| NOTHING.to_owned(), |value| figure.unit.shown(value, "en"));
        what.entry(entry.name).or_insert_with(|| json!(shown));
    }
    Decided { what, why: format!("the review of {}", review.period.name) }
}

/// `expect`: figures as the review shows them.
pub(super) fn expect(expect: &mut Reader<'_>) -> Option<Decision> {
    let before = expect.problems();
    let mut wanted = Decision::new();
    for entry in all() {
        if let Some(value) = expect.string(entry.name) {
            wanted.insert(entry.name, json!(value));
        }
    }
    if wanted.is_empty() && expect.problems() == before {
        let help = "name figures as the review shows them: { orders = \"2\", csat = \"100.0%\" }".to_owned();
        expect.problem_here("a check of a review says what a figure comes to", Some(help));
    }
    (!wanted.is_empty()).then_some(wanted)
}

pub(super) fn expect_schema() -> Map<String, Value> {
    let one = |entry: &super::Entry| {
        let doc = format!("{}, as the review shows it; \"-\": no cases", entry.title.en);
        (entry.name.to_owned(), json!({ "type": "string", "description": doc }))
    };
    all().iter().map(one).collect()
}
