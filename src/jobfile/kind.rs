//! The door between job files and the kinds: all that either knows of the other.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::calendars::NamedCalendars;
use super::checks::Check;
use super::problem::Problems;
use super::reader::{Reader, did_you_mean};
use crate::engine::door::{Decision, Job};
use crate::outbox::template::{TemplateFolder, TemplateProblem};

/// A kind of job: it reads its own table of a job file and makes the job out of it. Implemented in `jobs/<kind>`,
/// listed in `jobs::KINDS`.
pub trait Kind: Sync {
    /// Its name; the table of a job file that bears it makes the file one of this kind.
    fn name(&self) -> &'static str;

    /// Other top-level keys it owns, such as `offer` for `[[offer]]`.
    fn keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reads its keys from the top-level table; the common keys are read elsewhere. Notes everything that is wrong;
    /// none when no job can be made of it.
    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>>;

    /// JSON schema of its top-level keys, its own table first. Conditions are `filter::schema::reference()`.
    fn schema(&self) -> Vec<(&'static str, Value)>;

    /// Reads the segments of a folder with their checks, those too that no job uses. One kind does it for all.
    fn read_segments(&self, segments: &Segments, ladders: &Ladders) -> (Vec<SegmentFile>, Problems) {
        let _ = (segments, ladders);
        (Vec::new(), Problems::default())
    }

    /// Checks what `jobs/policy/` says to all jobs. One kind does it for all.
    fn check_policy(&self, segments: &Segments, ladders: &Ladders) -> Problems {
        let _ = (segments, ladders);
        Problems::default()
    }

    /// The levels of the ladder its table describes, from the top; none when it describes none. Looks only: what is
    /// wrong is said by [`Self::read`].
    fn levels(&self, own: &DeTable<'_>) -> Option<Vec<String>> {
        let _ = own;
        None
    }

    /// Reads `expect` of a `[[check]]`: what a run shall have decided about the customer, in the words of
    /// [`Job::decided`]. `file` is the file it stands in, `levels` are those of [`Self::levels`]. None: what is wrong
    /// with it was noted.
    fn expect(&self, expect: &mut Reader<'_>, file: &mut Reader<'_>, levels: &[String]) -> Option<Decision> {
        let _ = (file, levels);
        expect.leave(&expect.keys());
        let help = "leave [[check]] out of this file".to_owned();
        expect.problem_here(format!("there are no checks for jobs of the kind [{}]", self.name()), Some(help));
        None
    }

    /// Whether its checks say how many codes are left in coupon pools.
    fn gives_coupons(&self) -> bool {
        false
    }

    /// JSON schema of the keys of `expect`.
    fn expect_schema(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// The texts of a list of tables' `name`s, as far as they are there: `[[retier.level]]` → high, mid, normal.
#[must_use]
pub fn names_in(table: &DeTable<'_>, list: &str) -> Vec<String> {
    table.get(list).map(|node| names_of(node.get_ref())).unwrap_or_default()
}

/// The same for the list itself.
#[must_use]
pub fn names_of(list: &DeValue<'_>) -> Vec<String> {
    let Some(elements) = list.as_array() else { return Vec::new() };
    let tables = elements.iter().filter_map(|element| element.get_ref().as_table());
    tables.filter_map(|table| table.get("name")?.get_ref().as_str().map(str::to_owned)).collect()
}

/// What a kind may look at while it reads a file.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext<'a> {
    /// The job's name: the file's stem.
    pub job: &'a str,
    /// The job's zone.
    pub timezone: Tz,
    /// The template files.
    pub templates: &'a TemplateFolder,
    /// Where they lie, as messages name it.
    pub templates_dir: &'a str,
    /// The ladders of the folder.
    pub ladders: &'a Ladders,
    /// Where ranks begin, when a check of the file says it.
    pub cuts: &'a Cuts,
    /// The segments of the folder.
    pub segments: &'a Segments,
    /// The business calendars.
    pub calendars: &'a NamedCalendars,
    /// The names of the folder's jobs; none when they are not known.
    pub jobs: Option<&'a [&'a str]>,
}

/// Reads a list of names of other jobs: what `key` says this job does with them stands in `does` ("wait for").
/// `others` are those of the folder; none when they are not known.
pub fn jobs_named(file: &mut Reader<'_>, key: &str, does: &str, job: &str, others: Option<&[&str]>) -> Vec<String> {
    let Some(list) = file.list(key, "[\"value-tiers\"]") else { return Vec::new() };
    let mut named: Vec<String> = Vec::new();
    for node in list {
        let Some(name) = node.get_ref().as_str() else {
            file.note(node.span(), format!("`{key}` lists names of jobs, in quotes"), None);
            continue;
        };
        let unknown = others.is_some_and(|others| !others.contains(&name));
        if name == job {
            file.note(node.span(), format!("a job cannot {does} itself"), Some(format!("take it out of `{key}`")));
        } else if unknown {
            let mut known: Vec<_> = others.unwrap_or_default().to_vec();
            known.retain(|known| *known != job);
            file.note(node.span(), format!("there is no job {name:?} to {does}"), Some(did_you_mean(name, &known)));
        } else if named.iter().any(|known| known == name) {
            file.note(node.span(), format!("{name:?} is listed twice"), None);
        } else {
            named.push(name.to_owned());
        }
    }
    named
}

impl ReadContext<'_> {
    /// Notes what is wrong with a template, in the template's own file.
    pub fn template_problem(&self, reader: &Reader<'_>, problem: TemplateProblem) {
        let file = format!("{}/{}", self.templates_dir, problem.path);
        let text = self.templates.text(&problem.path).unwrap_or_default();
        reader.problem_elsewhere(&file, text, problem.range, problem.message, problem.help);
    }
}

/// The ladders of a folder with their levels from the top. It remembers which ones were asked for: a spec depends on
/// the levels of those, and they are stored with it.
#[derive(Debug, Clone, Default)]
pub struct Ladders {
    levels: BTreeMap<String, Vec<String>>,
    asked: RefCell<BTreeSet<String>>,
}

impl Ladders {
    /// Ladder → levels from the top.
    #[must_use]
    pub fn new(levels: BTreeMap<String, Vec<String>>) -> Self {
        Self { levels, asked: RefCell::default() }
    }

    /// The levels of a ladder, from the top.
    #[must_use]
    pub fn levels(&self, ladder: &str) -> Option<&[String]> {
        let levels = self.levels.get(ladder)?;
        self.asked.borrow_mut().insert(ladder.to_owned());
        Some(levels)
    }

    /// The same for whoever does not decide anything by it: it does not count as asked for.
    #[must_use]
    pub fn look_up(&self, ladder: &str) -> Option<&[String]> {
        self.levels.get(ladder).map(Vec::as_slice)
    }

    /// All ladders.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.levels.keys().map(String::as_str).collect()
    }

    /// Those that were asked for, with their levels.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<String, Vec<String>> {
        let asked = self.asked.borrow();
        self.levels
            .iter()
            .filter(|(name, _)| asked.contains(*name))
            .map(|(name, levels)| (name.clone(), levels.clone()))
            .collect()
    }
}

/// Where the ranks of a file begin, as one of its checks says it instead of ranking a population. It remembers which
/// ones were asked for, so that a cut too many or too few is found.
#[derive(Debug, Clone, Default)]
pub struct Cuts {
    given: BTreeMap<(String, String), Decimal>,
    asked: RefCell<BTreeSet<(String, String)>>,
}

impl Cuts {
    /// (Figure, share) → the lowest value that is still in: ("spend", "20%") → 5,000.
    #[must_use]
    pub fn new(given: BTreeMap<(String, String), Decimal>) -> Self {
        Self { given, asked: RefCell::default() }
    }

    /// The cut of a figure, in the words of previews: "spend", "spend in 90d"; "20%", "20% of all customers".
    #[must_use]
    pub fn at(&self, figure: &str, share: &str) -> Option<Decimal> {
        let key = (figure.to_owned(), share.to_owned());
        let cut = self.given.get(&key).copied();
        self.asked.borrow_mut().insert(key);
        cut
    }

    /// Those that were asked for.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<(String, String)> {
        self.asked.borrow().clone()
    }
}

/// A file of `jobs/segments/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentSource {
    /// The file as messages name it.
    pub file: Arc<str>,
    /// What it says.
    pub text: Arc<str>,
}

/// A segment that is right.
#[derive(Debug, Clone)]
pub struct SegmentFile {
    /// Its name: the file's stem.
    pub name: String,
    /// The file.
    pub source: SegmentSource,
    /// Whose days are meant where nobody else says it: in its checks and by `tend plan`.
    pub timezone: Option<Tz>,
    /// A job that changes nothing and decides who is in it.
    pub code: Arc<dyn Job>,
    /// What it says about itself with examples.
    pub checks: Vec<Check>,
}

/// The caps among the files that jobs depend on, `jobs/policy/caps.toml`; no segment can be named so.
pub const CAPS: &str = "policy/caps";

/// The segments of a folder, as texts: what they mean is known to those who read conditions. It remembers which ones
/// were opened: a spec depends on those, and they are stored with it.
#[derive(Debug, Clone, Default)]
pub struct Segments {
    sources: BTreeMap<String, SegmentSource>,
    asked: RefCell<BTreeSet<String>>,
    opened: Cell<usize>,
}

impl Segments {
    /// Name → file.
    #[must_use]
    pub fn new(sources: BTreeMap<String, SegmentSource>) -> Self {
        Self { sources, ..Self::default() }
    }

    /// The file of a segment.
    #[must_use]
    pub fn open(&self, name: &str) -> Option<&SegmentSource> {
        let source = self.sources.get(name)?;
        self.asked.borrow_mut().insert(name.to_owned());
        self.opened.set(self.opened.get() + 1);
        Some(source)
    }

    /// How often one was opened.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.opened.get()
    }

    /// Begins to count and to remember anew.
    pub fn forget(&self) {
        self.opened.set(0);
        self.asked.borrow_mut().clear();
    }

    /// The company's caps, when it has any.
    #[must_use]
    pub fn caps(&self) -> Option<&SegmentSource> {
        self.open(CAPS)
    }

    /// All segments.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.sources.keys().map(String::as_str).filter(|name| *name != CAPS).collect()
    }

    /// Those that were opened, with their texts.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<String, String> {
        let asked = self.asked.borrow();
        let used = self.sources.iter().filter(|(name, _)| asked.contains(*name));
        used.map(|(name, source)| (name.clone(), source.text.to_string())).collect()
    }
}
