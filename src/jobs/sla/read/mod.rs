//! Reads `[sla]`, `[[policy]]` and `[[escalate]]`.

mod policy;
pub mod schema;
mod step;
mod target;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::clock::States;
use super::decided;
use super::{Sla, policy::Policy};
use crate::engine::door::{Decision, Job};
use crate::filter::{self, Filter, Scope};
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::outbox::channel::settings::Sort;

/// The kind `sla`.
#[derive(Debug, Clone, Copy)]
pub struct SlaKind;

/// States in which a ticket waits for the customer, where the file names none.
const WAITING: [&str; 1] = ["pending"];
/// States that say there is a plan.
const PLANNED: [&str; 1] = ["planned"];
/// States in which nothing has to be done any more.
const OVER: [&str; 3] = ["solved", "closed", "merged"];
/// Later than this an alert is old news.
const STALE: Span = Span::hours(1);

impl Kind for SlaKind {
    fn name(&self) -> &'static str {
        "sla"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["policy", "escalate"]
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        read(file, context).map(|sla| Arc::new(sla) as Arc<dyn Job>)
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        schema::schema()
    }

    fn expect(&self, expect: &mut Reader<'_>, file: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        let policies = file.value("policy").map(|node| crate::jobfile::kind::names_of(node.get_ref()));
        decided::expect(expect, &policies.unwrap_or_default())
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }
}

/// Reads a job; none when something is wrong, which is noted.
pub fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Sla> {
    let before = file.problems();
    let scope = Scope::of(context, None).with_ticket();
    let mut own = file.table("sla")?;
    let calendar = calendar(&mut own, context);
    let when = condition(&mut own, &scope);
    let states = states(&mut own);
    let stale_after = stale_after(&mut own);
    let letters = template(&mut own, context);
    own.finish();
    let steps = step::read_all(file, "escalate");
    let policies = policy::read_all(file, &scope, &steps);
    if file.problems() > before {
        return None;
    }
    let files = context.templates.paths(&letters.as_ref()?.0);
    Some(Sla {
        calendar: calendar?,
        when,
        states,
        stale_after,
        template: letters.as_ref()?.0.clone(),
        locale: letters?.1,
        files,
        policies: policies.into_iter().collect::<Option<Vec<Policy>>>()?,
    })
}

fn calendar(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<String> {
    own.required("calendar", "\"cn\"")?;
    context.calendars.read(own, "calendar")
}

/// The template of letters, and the language of those whose own it does not have.
fn template(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<(String, String)> {
    let template = own.required_string("template", "\"sla-alert\"");
    let locale = own.string("locale");
    let template = template?;
    let languages = context.templates.locales(&template, Sort::Email);
    let Some(first) = languages.first() else {
        let help = format!("{}/sla-alert comes with tend: template = \"sla-alert\"", context.templates_dir);
        own.problem("template", format!("there is no template {template:?} for mail"), Some(help));
        return None;
    };
    if let Some(locale) = locale.as_ref().filter(|locale| !languages.contains(locale)) {
        let known: Vec<&str> = languages.iter().map(String::as_str).collect();
        own.problem("locale", format!("the template has no language {locale:?}"), Some(did_you_mean(locale, &known)));
    }
    Some((template, locale.unwrap_or_else(|| first.clone())))
}

/// `when`; what has to rank all customers cannot be asked every minute.
fn condition(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Filter> {
    if !reader.has("when") {
        return None;
    }
    let when = filter::read(reader, "when", scope)?;
    let ranked = when
        .requirements()
        .windows
        .values()
        .any(|needs| needs.contribution || !needs.ranks.is_empty() || !needs.scores.is_empty());
    if ranked {
        let help =
            "let a ladder rank them every night, and ask for its level: { ladder = \"value-tiers\", is = \"high\" }";
        reader.problem("when", "what ranks all customers cannot be asked for every ticket", Some(help.into()));
    }
    Some(when)
}

fn states(own: &mut Reader<'_>) -> States {
    let mut words = |key: &str, usual: &[&str]| match own.has(key) {
        true => own.strings(key).unwrap_or_default(),
        false => usual.iter().map(|word| (*word).to_owned()).collect(),
    };
    let (pause, planned, over) = (words("waiting", &WAITING), words("planned", &PLANNED), words("over", &OVER));
    if own.has("over") && over.is_empty() {
        own.problem("over", "no ticket would ever come to an end", Some("over = [\"solved\", \"closed\"]".into()));
    }
    if let Some(both) = pause.iter().find(|state| over.contains(state)) {
        let help = "`waiting`: the customer has to do something; `over`: nobody has".to_owned();
        own.problem("waiting", format!("{both:?} stands in `waiting` and in `over`"), Some(help));
    }
    States { pause, planned, over }
}

fn stale_after(own: &mut Reader<'_>) -> Span {
    let stale = own.duration("stale_after").unwrap_or(STALE);
    if stale.as_seconds() < 300 {
        let help = "at least \"5m\"; an hour when it is left out".to_owned();
        own.problem("stale_after", "every alert would be old news", Some(help));
    }
    stale
}
