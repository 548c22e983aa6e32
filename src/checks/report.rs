//! How checks came out, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CheckError, Subject};
use crate::engine::door::{Decided, Decision, Explained};
use crate::jobfile::checks::Check;
use crate::jobfile::problem::{Problem, Problems};

/// How one check came out.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The job or the segment it belongs to.
    pub of: String,
    /// Its name.
    pub name: String,
    /// What was expected, in words.
    pub expected: String,
    /// What came out, in words; none when the run failed.
    pub got: Option<String>,
    /// The reason the run gave, or what was in its way.
    pub why: String,
    /// As expected.
    pub passed: bool,
    /// How each condition came out, where it failed.
    pub conditions: Option<Explained>,
    /// "job" or "segment".
    kind: &'static str,
    problem: Problem,
    text: Arc<str>,
}

impl Outcome {
    pub(super) fn new(subject: Subject<'_>, check: &Check, tried: Result<Decided, CheckError>) -> Self {
        let (kind, of, file, text) = match subject {
            Subject::Job(job) => ("job", &job.job, &job.file, &job.text),
            Subject::Segment(segment) => ("segment", &segment.name, &segment.source.file, &segment.source.text),
        };
        let expected = in_words(&check.expect, &check.expect);
        let (passed, got, why) = match tried {
            Ok(Decided { what, why }) => {
                let passed = check.expect.iter().all(|(key, value)| what.get(key) == Some(value));
                (passed, Some(in_words(&what, &check.expect)), why)
            }
            Err(error) => (false, None, error.to_string()),
        };
        let message = match &got {
            Some(got) => format!("the check {:?} expects {expected}, but got {got}", check.name),
            None => format!("the check {:?} could not be run", check.name),
        };
        let problem = Problem {
            file: file.clone(),
            span: Some(check.span.clone()),
            message,
            help: (!why.is_empty()).then(|| format!("the reason on record: {why}")),
        };
        Self {
            of: of.clone(),
            name: check.name.clone(),
            expected,
            got,
            why,
            passed,
            conditions: None,
            kind,
            problem,
            text: text.clone(),
        }
    }

    /// Adds to what is told how each condition came out.
    pub(super) fn add_conditions(&mut self, conditions: Result<Option<Explained>, CheckError>) {
        let told = match &conditions {
            Ok(Some(conditions)) => {
                format!("how the conditions came out (+ holds, - does not):\n{}", conditions.text.trim_end())
            }
            Ok(None) => return,
            Err(error) => format!("how the conditions came out cannot be told: {error}"),
        };
        let why = self.problem.help.take().map_or_else(String::new, |why| why + "\n");
        self.problem.help = Some(why + &told);
        self.conditions = conditions.ok().flatten();
    }

    fn json(&self) -> Value {
        let mut place = Problems::default();
        place.add(self.problem.clone(), &self.text);
        let place = &place.to_json()[0];
        json!({
            self.kind: self.of, "check": self.name, "passed": self.passed, "expected": self.expected, "got": self.got,
            "why": self.why, "conditions": self.conditions.as_ref().map(|conditions| &conditions.json), "file": place["file"], "line": place["line"], "column": place["column"],
        })
    }
}

/// level "high"; of what was decided beyond what is expected, only what the expectation does not settle.
fn in_words(what: &Decision, expected: &Decision) -> String {
    let told = what.iter().filter(|(key, _)| expected.contains_key(*key) || !settled(what, expected));
    told.map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}

fn settled(what: &Decision, expected: &Decision) -> bool {
    expected.iter().all(|(key, value)| what.get(key) == Some(value))
}

/// How all checks of a folder came out.
#[derive(Debug, Clone)]
pub struct Report {
    /// In the order of jobs and files.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// Whether all came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.passed)
    }

    /// A list of `{job (or segment), check, passed, expected, got, why, conditions, file, line, column}`.
    #[must_use]
    pub fn json(&self) -> Value {
        self.outcomes.iter().map(Outcome::json).collect()
    }

    /// For people: what failed with its place, then a count per file. `colour` for a terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut failed = Problems::default();
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.passed) {
            failed.add(outcome.problem.clone(), &outcome.text);
        }
        let mut text = String::new();
        if !failed.is_empty() {
            text.push_str(&failed.render_each(colour));
            text.push_str("\n\n");
        }
        text + &self.counts()
    }

    fn counts(&self) -> String {
        let mut jobs: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for outcome in &self.outcomes {
            let (passed, all) = jobs.entry(&outcome.of).or_default();
            *passed += usize::from(outcome.passed);
            *all += 1;
        }
        let told = |passed: usize, all: usize| match all - passed {
            0 => format!("{all} {} passed", if all == 1 { "check" } else { "checks" }),
            failed => format!("{failed} of {all} {} failed", if all == 1 { "check" } else { "checks" }),
        };
        let lines = jobs.iter().map(|(job, (passed, all))| format!("{job}: {}\n", told(*passed, *all)));
        let lines: String = lines.collect();
        let passed = self.outcomes.iter().filter(|outcome| outcome.passed).count();
        if jobs.len() < 2 { lines } else { format!("{lines}{} in all\n", told(passed, self.outcomes.len())) }
    }
}

/// Without colours.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
