//! How checks came out, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::CheckError;
use crate::engine::door::{Decided, Decision};
use crate::jobfile::checks::Check;
use crate::jobfile::file::JobFile;
use crate::jobfile::problem::{Problem, Problems};

/// How one check came out.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The job it belongs to.
    pub job: String,
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
    problem: Problem,
    text: Arc<str>,
}

impl Outcome {
    pub(super) fn new(job: &JobFile, check: &Check, tried: Result<Decided, CheckError>) -> Self {
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
            file: job.file.clone(),
            span: Some(check.span.clone()),
            message,
            help: (!why.is_empty()).then(|| format!("the reason on record: {why}")),
        };
        Self {
            job: job.job.clone(),
            name: check.name.clone(),
            expected,
            got,
            why,
            passed,
            problem,
            text: job.text.clone(),
        }
    }

    fn json(&self) -> Value {
        let mut place = Problems::default();
        place.add(self.problem.clone(), &self.text);
        let place = &place.to_json()[0];
        json!({
            "job": self.job, "check": self.name, "passed": self.passed, "expected": self.expected, "got": self.got,
            "why": self.why, "file": place["file"], "line": place["line"], "column": place["column"],
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

    /// A list of `{job, check, passed, expected, got, why, file, line, column}`.
    #[must_use]
    pub fn json(&self) -> Value {
        self.outcomes.iter().map(Outcome::json).collect()
    }

    /// For people: what failed with its place, then a count per job. `colour` for a terminal.
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
            let (passed, all) = jobs.entry(&outcome.job).or_default();
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
