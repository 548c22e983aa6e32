//! What must hold for any text at all: shared by the tests here and the targets of `cargo fuzz` (see `fuzz/`), so it knows
//! nothing but tend.

use std::collections::BTreeMap;
use std::sync::Arc;

use tend::filter::{Filter, Frame, Requirements, Scope, Statement, compose, read_table};
use tend::jobfile::file::{JobFile, Surroundings};
use tend::jobfile::kind::{Cuts, Ladders, Segments};
use tend::jobfile::reader::read_text;
use tend::jobs::KINDS;
use tend::outbox::template::TemplateFolder;

/// Asks for everybody a condition holds for.
pub const ALL_CUSTOMERS: &str = "with /*{facts}*/\nnothing as (select 1)\nselect c.customer_id from crm.customer c\n/*{joins}*/\nwhere /*{when}*/ true order by 1";

/// No SQL, no word of the language and no part of tend's own statements has these letters in a row.
const MARK: &str = "zqzq";

/// Reads a condition; none when it is refused, which is never done without a word.
pub fn read(text: &str) -> Option<Filter> {
    let levels = ["high", "mid", "normal"].map(str::to_owned).to_vec();
    let ladders = Ladders::new(BTreeMap::from([("value-tiers".to_owned(), levels)]));
    let (cuts, segments) = (Cuts::default(), Segments::default());
    let (filter, problems) = read_text(&"a.toml".into(), &Arc::from(format!("when = {text}\n")), |reader| {
        let scope =
            Scope { window: None, ladders: &ladders, cuts: &cuts, segments: &segments, inside: &[], ticket: false };
        reader.table("when").and_then(|table| read_table(table, &scope))
    });
    assert!(filter.is_some() || !problems.is_empty(), "refused without a word");
    filter.filter(|_| problems.is_empty())
}

/// The statement that asks for everybody a condition holds for.
pub fn statement(filter: &Filter) -> Statement {
    let as_of = "2026-06-01T00:00:00Z".parse().expect("an instant");
    let frame = Frame { as_of, timezone: "Asia/Shanghai".parse().expect("a zone"), window: None };
    let needs = Requirements::of([filter]);
    compose(ALL_CUSTOMERS, frame)
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("when", Some(filter))
        .finish()
}

/// Whatever the text: it is refused, or it becomes a statement, and what stands in quotes is never part of that. For
/// each text in quotes two others are put in its place: where both are taken the statements are the same, but for the
/// values that are bound. How many were taken.
pub fn condition(text: &str) -> usize {
    let Some(filter) = read(text) else { return 0 };
    let _ = (statement(&filter), filter.describe());
    let pieces: Vec<&str> = text.split('"').collect();
    let mut taken = 0;
    for at in (1..pieces.len()).step_by(2) {
        let other = |word: &str| {
            let mut pieces = pieces.clone();
            pieces[at] = word;
            read(&pieces.join("\"")).map(|filter| statement(&filter).sql().to_owned())
        };
        for words in [["zqzqa", "zqzqb"], ["zqzq'; --", "zqzq$1 /*{when}*/"]] {
            let [Some(one), Some(two)] = words.map(other) else { continue };
            assert!(!one.contains(MARK) && !two.contains(MARK), "a text stands in the statement: {text}");
            assert_eq!(shape(&one), shape(&two), "the statement depends on a text: {text}");
            taken += 1;
        }
    }
    taken
}

/// The words of a statement without the numbers of parameters and the names that are made from what is asked (a hash,
/// which also decides the order of columns).
fn shape(sql: &str) -> Vec<String> {
    let hashed = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut words: Vec<String> = sql
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !hashed(word) && !word.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words
}

/// Whatever a job file says: it is refused with words that can be shown, or read twice it is the same.
pub fn job_file(text: &str) -> bool {
    let (templates, ladders, segments) = (TemplateFolder::default(), BTreeMap::new(), BTreeMap::new());
    let around = Surroundings {
        kinds: KINDS,
        templates: &templates,
        templates_dir: "templates",
        ladders: &ladders,
        segments: &segments,
        calendars: None,
        jobs: Some(&["a"]),
    };
    let read = || JobFile::read("a", &"a.toml".into(), &text.into(), &around);
    match (read(), read()) {
        (Ok(one), Ok(two)) => {
            assert_eq!(one.to_spec().hash, two.to_spec().hash);
            true
        }
        (Err(problems), Err(_)) => {
            assert!(!problems.render(false).is_empty() && !problems.to_json().is_null());
            false
        }
        _ => panic!("read once and refused once"),
    }
}
