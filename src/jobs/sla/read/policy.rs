//! Reads `[[policy]]`.

use super::super::clock::{At, Clock};
use super::super::policy::{Policy, Rule, Step};
use super::{condition, step, target};
use crate::filter::Scope;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// All policies, in the order of the file; those that name no steps have the file's.
pub(super) fn read_all(file: &mut Reader<'_>, scope: &Scope<'_>, shared: &[Step]) -> Vec<Option<Policy>> {
    if !file.has("policy") {
        file.missing("policy", "[{ name = \"all\", targets = { solution = { within = \"48h\" } } }]");
        return Vec::new();
    }
    let tables = file.tables("policy");
    let count = tables.len();
    let mut names: Vec<String> = Vec::new();
    let mut read = Vec::new();
    for (place, mut table) in (1..).zip(tables) {
        let policy = one(&mut table, scope, shared);
        if place < count && !table.has("when") {
            let help = "put it last, or say in `when` which tickets it is for".to_owned();
            table.problem_here("this policy takes every ticket, so those below it are never reached", Some(help));
        }
        if let Some(policy) = &policy {
            if names.contains(&policy.name) {
                table.problem("name", format!("there is a policy {:?} already", policy.name), None);
            }
            names.push(policy.name.clone());
        }
        table.finish();
        read.push(policy);
    }
    read
}

fn one(table: &mut Reader<'_>, scope: &Scope<'_>, shared: &[Step]) -> Option<Policy> {
    let name = table.required_string("name", "\"urgent\"");
    let when = condition(table, scope);
    let rules = target::read_all(table);
    let own = step::read_all(table, "escalate");
    let round_the_clock = table.bool("round_the_clock").unwrap_or(false);
    let has_own = table.has("escalate");
    let steps = if has_own { own } else { shared.to_vec() };
    if has_own {
        fits(table, &rules, &steps);
    }
    Some(Policy { name: name?, when, rules, steps, round_the_clock })
}

/// A policy's own steps are about clocks it has, and can come about.
fn fits(table: &Reader<'_>, rules: &[Rule], steps: &[Step]) {
    for step in steps {
        for clock in step.clocks.iter().filter(|clock| !rules.iter().any(|rule| rule.clock == **clock)) {
            let help = format!("give it one in `targets`: {} = {{ within = \"4h\" }}", clock.word());
            table.problem("escalate", format!("the policy has no target for {:?}", clock.word()), Some(help));
        }
        let longest = rules.iter().filter(|rule| step.is_about(rule.clock)).map(|rule| rule.range().1).max();
        if let (At::Before(secs), Some(longest)) = (step.at, longest)
            && secs >= longest.as_seconds()
        {
            let help = format!("the longest target is {longest}; a share fits them all: at = \"80%\"");
            table.problem(
                "escalate",
                format!("the step {:?} would come before the clock starts", step.name),
                Some(help),
            );
        }
    }
}

/// The first answer is not promised later than the solution.
pub(super) fn in_order(table: &Reader<'_>, rules: &[Rule]) {
    let of = |clock: Clock| rules.iter().find(|rule| rule.clock == clock);
    let Some(solution) = of(Clock::Solution) else { return };
    for clock in [Clock::FirstResponse, Clock::NextResponse, Clock::Inform, Clock::Register, Clock::Plan] {
        let Some(rule) = of(clock).filter(|rule| rule.counted == solution.counted) else { continue };
        if rule.within > solution.within {
            let message =
                format!("{} ({}) is promised later than the solution ({})", clock.word(), rule.within, solution.within);
            table.problem(clock.word(), message, Some("the shorter one first, or count both alike with `time`".into()));
        }
    }
}

/// So long that it can only be a slip of the keyboard.
pub(super) const LONGEST: Span = Span::days(366);
