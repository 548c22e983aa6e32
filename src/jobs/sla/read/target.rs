//! Reads `targets` of a policy: `{ first_response = { within = "4h", channel = { chat = "10m" } } }`.

use super::super::clock::{Clock, Counted};
use super::super::policy::{Property, Rule, Shorter};
use super::policy::{LONGEST, in_order};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Reader, did_you_mean};

const COUNTED: [(&str, Counted); 2] = [("business", Counted::Business), ("elapsed", Counted::Elapsed)];
const EXAMPLE: &str = "{ first_response = { within = \"4h\" }, solution = { within = \"48h\", time = \"elapsed\" } }";

/// The targets, in the order in which clocks are shown.
pub(super) fn read_all(policy: &mut Reader<'_>) -> Vec<Rule> {
    if policy.required("targets", EXAMPLE).is_none() {
        return Vec::new();
    }
    let Some(mut targets) = policy.table("targets") else { return Vec::new() };
    let mut rules = Vec::new();
    let words = Clock::ALL.map(Clock::word);
    for key in targets.keys() {
        match Clock::of(key) {
            Some(clock) => {
                if let Some(table) = targets.table(key) {
                    rules.extend(one(table, clock));
                }
            }
            None => {
                targets.problem_with_key(key, format!("there is no clock {key:?}"), Some(did_you_mean(key, &words)));
                targets.pass(key);
            }
        }
    }
    if targets.keys().is_empty() {
        targets.problem_here("the policy promises nothing", Some(format!("for example: targets = {EXAMPLE}")));
    }
    rules.sort_by_key(|rule| Clock::ALL.iter().position(|clock| *clock == rule.clock));
    in_order(&targets, &rules);
    targets.finish();
    rules
}

fn one(mut table: Reader<'_>, clock: Clock) -> Option<Rule> {
    table.required("within", "\"4h\"");
    let within = length(&mut table, "within");
    let counted = table.choice("time", &COUNTED).unwrap_or(Counted::Business);
    let mut shorter = Vec::new();
    for (word, property) in Property::ALL {
        let Some(mut by) = table.table(word) else { continue };
        for value in by.keys() {
            let Some(span) = length(&mut by, value) else { continue };
            // longer ones are no mistake: a list by channel is the same whatever the urgency, and the smaller one counts
            shorter.push(Shorter { property, value: value.to_owned(), within: span });
        }
        if by.keys().is_empty() {
            by.problem_here(format!("`{word}` says nothing"), Some(format!("{word} = {{ chat = \"10m\" }}")));
        }
        by.finish();
    }
    table.finish();
    Some(Rule { clock, counted, within: within?, shorter })
}

fn length(table: &mut Reader<'_>, key: &str) -> Option<Span> {
    let span = table.duration(key)?;
    if span.as_seconds() == 0 || span > LONGEST {
        let help = "a clock that shall not run has no target: leave it out".to_owned();
        table.problem(key, "a target is longer than nothing and not longer than a year", Some(help));
        return None;
    }
    Some(span)
}
