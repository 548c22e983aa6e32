//! The statements of a message run, one for the first message and one for each step, composed for a run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::trigger::{self, Statements};
use super::{Content, Message, Stage, offer, pressure};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::{Composer, Filter, Frame, Requirements, Statement, compose};
use crate::outbox::coupon;
use crate::outbox::policy::OutsideWindow;

/// The statement that plans the messages of a stage.
pub fn plan(
    message: &Message,
    stage: Stage<'_>,
    run: &Run,
    hold: Option<&'static str>,
) -> Result<Statement, OutOfRange> {
    let composer = decide(statements(message, stage).plan, message, stage, run, hold)?;
    Ok(composer.fragment("due", "due").fragment("coupons", offer::coupons_sql(&message.offers)).finish())
}

/// The statement that says whether a run has anything to plan; none where it is not worth asking.
pub fn anybody(message: &Message, stage: Stage<'_>, run: &Run) -> Result<Option<Statement>, OutOfRange> {
    if !(matches!(stage, Stage::First) && message.trigger.is_rare()) {
        return Ok(None);
    }
    let composer = bound(statements(message, stage).anybody, message, stage, run)?;
    Ok(Some(composer.fragment("facts_of_all", "").finish()))
}

/// The statement that keeps the places of a day ahead, for the run of that day; none where nobody knows what will be due.
pub fn ahead(message: &Message, run: &Run) -> Result<Option<Statement>, OutOfRange> {
    if !message.trigger.foresees() {
        return Ok(None);
    }
    let composer = decide(statements(message, Stage::First).ahead, message, Stage::First, run, None)?;
    // a place is kept, but no code is taken before its day
    Ok(Some(composer.fragment("due", "due_ahead").fragment("coupons", coupon::NONE).finish()))
}

fn decide(
    template: &'static str,
    message: &Message,
    stage: Stage<'_>,
    run: &Run,
    hold: Option<&'static str>,
) -> Result<Composer, OutOfRange> {
    let (policy, content) = match stage {
        Stage::First => (Cow::Borrowed(&message.policy), &message.content),
        Stage::Further(step, _) => (Cow::Owned(step.policy(&message.policy)), &step.content),
    };
    let window = policy.window;
    let composer = bound(template, message, stage, run)?
        .set("spec_hash", run.spec_hash.clone())
        .set("run_id", run.run_id)
        .set("keeps_detail", !message.steps.is_empty() && matches!(stage, Stage::First))
        .set("at", policy.at)
        .set("opens", window.map(|window| window.opens))
        .set("closes", window.map(|window| window.closes))
        .set("channels", policy.channels.iter().map(|sort| sort.as_str().to_owned()).collect::<Vec<_>>())
        .set("preferred_first", policy.preferred_first)
        .set("consent", policy.consent.as_str().to_owned())
        .set("purpose", policy.purpose.as_str().to_owned())
        .set("apart", message.trigger.apart())
        .set("each", message.trigger.tells_each())
        .set("drop", policy.outside_window == OutsideWindow::Drop)
        .set("holdout", message.experiment.as_ref().map_or(0, |experiment| experiment.of_ten_thousand))
        .set(
            "control",
            message.experiment.as_ref().map_or_else(|| run.job.clone(), |experiment| experiment.control(&run.job)),
        )
        .set("topic", message.topic.clone())
        .set("template", content.template.clone())
        .set("languages", languages(content))
        .set("locale", message.locale.clone())
        .set("offers", offer::by_name(&message.offers, &message.languages()))
        .set("limits", message.max_parts.map_or_else(|| json!({}), |parts| json!({ "max_parts": parts })))
        .set("coupons", offer::coupons(&message.offers))
        .set("priority", policy.priority)
        .set("on_unknown", policy.on_unknown.map(|word| word.as_str().to_owned()));
    let refusals: Vec<(Filter, String)> = conditions(message, stage).into_iter().map(refusal).collect();
    let mut offers: Vec<_> = message.offers.iter().map(|offer| (offer.when.as_ref(), offer.name.as_str())).collect();
    if offers.is_empty() {
        offers.push((None, ""));
    }
    let composer = held(composer, message, hold);
    let composer = pressure::bind(composer, &message.caps, message.conflict.as_ref());
    let composer = composer
        .first_of("refusal", refusals.iter().map(|(filter, words)| (Some(filter), words.as_str())))
        .first_of("offer", offers);
    Ok(facts(composer, message, stage, run))
}

/// Why the messages wait at first, and what goes before the others.
fn held(composer: Composer, message: &Message, hold: Option<&'static str>) -> Composer {
    let canary = message.safety.canary.as_ref();
    composer
        .set("hold", hold.map(str::to_owned))
        .set("canary_share", canary.map(|canary| Decimal::new(canary.of_ten_thousand, 4)))
        .set("canary_wait", canary.map(|canary| canary.wait.as_seconds()))
        .set("stop_if", canary.map(|canary| canary.stop_if.clone()))
}

/// The statement that counts, of those who have the occasion, for how many a value was missing in each condition.
pub fn missing(message: &Message, stage: Stage<'_>, run: &Run) -> Result<Statement, OutOfRange> {
    let composer = bound(statements(message, stage).missing, message, stage, run)?;
    let composer = composer.missing("missing", filters(message, stage));
    Ok(facts(composer, message, stage, run).finish())
}

/// Adds the missing values of a stage to those of the stages before.
pub fn add(sums: &mut Map<String, Value>, counts: Value) {
    let Value::Object(counts) = counts else { return };
    for (condition, count) in counts {
        let before = sums.get(&condition).and_then(Value::as_i64).unwrap_or(0);
        sums.insert(condition, (before + count.as_i64().unwrap_or(0)).into());
    }
}

fn statements(message: &Message, stage: Stage<'_>) -> Statements {
    match stage {
        Stage::First => message.trigger.statements(),
        Stage::Further(..) => trigger::FURTHER,
    }
}

/// What the head asks for.
fn bound(template: &'static str, message: &Message, stage: Stage<'_>, run: &Run) -> Result<Composer, OutOfRange> {
    let composer = compose(template, Frame { as_of: run.as_of, timezone: run.timezone, window: None })
        .set("as_of", run.as_of)
        .set("business_date", run.business_date)
        .set("zone", run.timezone.name().to_owned())
        .set("job", run.job.clone());
    match stage {
        Stage::First => message.trigger.bind(composer.set("step", String::new()), run),
        Stage::Further(step, behind) => Ok(step.bind(composer.set("step", step.name.clone()), behind)),
    }
}

/// Facts of the few customers who have the occasion, or of everybody where everybody has it.
fn facts(composer: Composer, message: &Message, stage: Stage<'_>, run: &Run) -> Composer {
    let needs = Requirements::of(filters(message, stage));
    if matches!(stage, Stage::First) && message.trigger.is_of_everybody(run) {
        composer.facts("facts_of_all", &needs).fact_joins("facts", &needs)
    } else {
        composer.fragment("facts_of_all", "").facts_each("facts", &needs)
    }
}

/// The opposite of a condition, with its words.
fn refusal(condition: Filter) -> (Filter, String) {
    let words = condition.describe();
    (Filter::None(vec![condition]), words)
}

/// What must hold, one by one.
fn conditions(message: &Message, stage: Stage<'_>) -> Vec<Filter> {
    let mut conditions = message.conditions();
    if let Stage::Further(step, _) = stage {
        conditions.extend(step.only_if.iter().flat_map(Filter::parts));
    }
    conditions
}

fn filters<'m>(message: &'m Message, stage: Stage<'m>) -> impl Iterator<Item = &'m Filter> {
    let only_if = match stage {
        Stage::First => None,
        Stage::Further(step, _) => step.only_if.as_ref(),
    };
    std::iter::once(&message.audience)
        .chain(only_if)
        .chain(message.offers.iter().filter_map(|offer| offer.when.as_ref()))
}

/// Channel → languages of its templates.
fn languages(content: &Content) -> Value {
    let by_channel: BTreeMap<&str, &Vec<String>> =
        content.locales.iter().map(|(sort, tags)| (sort.as_str(), tags)).collect();
    json!(by_channel)
}
