//! Reads a message job from its file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Content, Message, caps, conflict, decided, delivery, experiment, goal, offer, safety, schema, step, survey, trigger,
};
use crate::engine::door::{Decision, Job};
use crate::filter::{self, Scope};
use crate::jobfile::kind::{Kind, Ladders, ReadContext, Segments, names_of};
use crate::jobfile::problem::Problems;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobs::audience;
use crate::outbox::channel::settings::Sort;
use crate::outbox::policy::{Policy, Purpose};
use crate::outbox::template::{Known, TemplateFolder};

/// What fits into a link (see `outbox::link`): whoever unsubscribes must say which topic.
const LONGEST_TOPIC: usize = 100;

/// The kind `message`.
#[derive(Debug, Clone, Copy)]
pub struct MessageKind;

impl Kind for MessageKind {
    fn name(&self) -> &'static str {
        "message"
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "trigger",
            "audience",
            "offer",
            "delivery",
            "step",
            "experiment",
            "goal",
            "conflict",
            "safety",
            "survey",
            "invitation",
        ]
    }

    fn gives_coupons(&self) -> bool {
        true
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        read(file, context).map(|message| Arc::new(message) as Arc<dyn Job>)
    }

    fn expect(&self, expect: &mut Reader<'_>, file: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        let mut names = |key| file.value(key).map(|node| names_of(node.get_ref())).unwrap_or_default();
        decided::expect(expect, &names("offer"), &names("step"))
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }

    fn check_policy(&self, segments: &Segments, ladders: &Ladders) -> Problems {
        caps::check(segments, ladders)
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        schema::schema(&filter::schema::reference())
    }
}

fn topic(own: &mut Reader<'_>) -> Option<String> {
    let topic = own.required_string("topic", "\"birthday\"")?;
    if topic.len() > LONGEST_TOPIC {
        let help = "the links in messages carry it: one or two words, such as \"birthday\"".to_owned();
        own.problem("topic", format!("a topic is at most {LONGEST_TOPIC} bytes long"), Some(help));
    }
    Some(topic)
}

fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Message> {
    let scope = Scope::of(context, None);
    let mut own = file.table("message")?;
    let topic = topic(&mut own);
    let template = own.required_string("template", "\"birthday\"");
    let policy = delivery::read(file, &mut own);
    let trigger = trigger::read(file, context);
    one_hour(file, trigger.as_deref(), policy.as_ref());
    let audience = audience::read(file, &scope);
    let conflict = conflict::read(file, context);
    let safety = safety::read(file);
    let caps = caps::of_job(&own, context);
    let purpose = policy.as_ref().map(|policy| policy.purpose);
    let experiment = experiment::read(file, purpose);
    let goal = goal::read(file, purpose);
    let folder = context.templates;
    let channels = policy.as_ref().map_or([].as_slice(), |policy| policy.channels.as_slice());
    let locales = locales(folder, template.as_deref(), channels);
    let steps = step::read(file, context, template.as_deref(), policy.as_ref(), &scope);
    let further = steps.iter().flatten().flat_map(|step| step.content.locales.values().flatten());
    let languages: BTreeSet<String> = locales.values().flatten().chain(further).cloned().collect();
    let offers = offer::read(file, &languages, &scope);
    let asks = survey::read(file, &languages);
    if let Some(offers) = &offers {
        let known =
            Known { asks: survey::asking(file), must_ask: true, ..known(trigger.as_deref(), offers, policy.as_ref()) };
        if let Some(Some(asks)) = &asks {
            survey::check(file, asks, &known);
        }
        if let Some(template) = &template {
            check(&own, context, template, channels, &known);
        }
        if let Some(steps) = &steps {
            let first = (template.as_deref(), channels);
            check_steps(file, context, steps, first, &Known { must_ask: false, ..known });
        }
    }
    let locale = locale(&mut own, &languages);
    let max_parts = own.integer("max_parts", 1..=10);
    own.finish();
    let template = template?;
    Some(Message {
        trigger: trigger?,
        audience: audience?,
        offers: offers?,
        caps: caps::counting(caps, policy.as_ref()?, topic.as_deref()?),
        policy: policy?,
        experiment,
        goal: goal?,
        conflict,
        safety: safety?,
        topic: topic?,
        locale: locale.or_else(|| languages.first().cloned())?,
        content: Content { files: folder.paths(&template), template, locales },
        steps: steps?,
        max_parts,
        asks: asks?,
    })
}

/// A trigger that says the hour itself leaves none for the file to say.
fn one_hour(file: &Reader<'_>, trigger: Option<&dyn trigger::Trigger>, policy: Option<&Policy>) {
    if trigger.is_some_and(trigger::Trigger::has_its_own_hour) && policy.is_some_and(|policy| policy.at.is_some()) {
        let help = "leave `at` out: it goes out `ahead` of the hour at which the customer buys".to_owned();
        file.problem("delivery", "a habit says itself at which hour it is sent", Some(help));
    }
}

/// The templates of steps that are not the first message's, or that go by channels it does not go by.
fn check_steps(
    file: &mut Reader<'_>,
    context: &ReadContext<'_>,
    steps: &[step::Further],
    (template, channels): (Option<&str>, &[Sort]),
    known: &Known,
) {
    for (mut table, step) in file.tables("step").into_iter().zip(steps) {
        let keys = table.keys();
        table.leave(&keys);
        let (other, sorts) = (&step.content.template, step.sorts(channels));
        if Some(other.as_str()) != template || sorts.iter().any(|sort| !channels.contains(sort)) {
            check(&table, context, other, &sorts, known);
        }
        table.finish();
    }
}

/// What the templates may use, and must have.
fn known(trigger: Option<&dyn trigger::Trigger>, offers: &[offer::Offer], policy: Option<&Policy>) -> Known {
    Known {
        offer: offer::keys(offers).into_iter().collect(),
        occasion: trigger.map(trigger::Trigger::variables).unwrap_or_default().into_iter().collect(),
        any_occasion: trigger.is_none(),
        coupon: offer::codes(offers),
        advertises: policy.is_some_and(|policy| policy.purpose == Purpose::Marketing),
        ..Known::default()
    }
}

pub(super) fn locales(
    folder: &TemplateFolder,
    template: Option<&str>,
    channels: &[Sort],
) -> BTreeMap<Sort, Vec<String>> {
    let Some(template) = template else { return BTreeMap::new() };
    channels.iter().map(|sort| (*sort, folder.locales(template, *sort))).collect()
}

/// The language of those whose own the templates do not have.
fn locale(own: &mut Reader<'_>, languages: &BTreeSet<String>) -> Option<String> {
    let locale = own.string("locale")?;
    if !languages.contains(&locale) && !languages.is_empty() {
        let known: Vec<&str> = languages.iter().map(String::as_str).collect();
        own.problem("locale", format!("the template has no language {locale:?}"), Some(did_you_mean(&locale, &known)));
        return None;
    }
    Some(locale)
}

/// What is wrong with a template is said at its place; that there is none, where the job file names it.
fn check(own: &Reader<'_>, context: &ReadContext<'_>, template: &str, channels: &[Sort], known: &Known) {
    for problem in context.templates.check(template, channels, known) {
        if problem.path.ends_with('/') {
            own.problem("template", problem.message, problem.help);
        } else {
            context.template_problem(own, problem);
        }
    }
}
