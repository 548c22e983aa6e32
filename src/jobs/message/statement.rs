//! The one statement of a message run, composed for a run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Message, offer};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::{Filter, Frame, Requirements, Statement, compose};

/// The statement that plans a run.
pub fn plan(message: &Message, run: &Run) -> Result<Statement, OutOfRange> {
    let (trigger, policy) = (&message.trigger, &message.policy);
    let window = policy.window;
    let composer = compose(trigger.plan(), frame(run))
        .bind(run.job.clone())
        .bind(run.spec_hash.clone())
        .bind(run.run_id)
        .bind(run.as_of)
        .bind(run.business_date)
        .bind(run.timezone.name().to_owned())
        .bind(policy.at)
        .bind(window.map(|window| window.opens))
        .bind(window.map(|window| window.closes))
        .bind(policy.channels.iter().map(|sort| sort.as_str().to_owned()).collect::<Vec<_>>())
        .bind(policy.preferred_first)
        .bind(policy.consent.as_str().to_owned())
        .bind(policy.purpose.as_str().to_owned())
        .bind(trigger.apart())
        .bind(message.topic.clone())
        .bind(message.template.clone())
        .bind(languages(message))
        .bind(message.locale.clone())
        .bind(offer::by_name(&message.offers, &message.languages()))
        .bind(policy.priority)
        .bind(policy.on_unknown.map(|word| word.as_str().to_owned()));
    let refusals: Vec<(Filter, String)> = message.conditions().into_iter().map(refusal).collect();
    let mut offers: Vec<_> = message.offers.iter().map(|offer| (offer.when.as_ref(), offer.name.as_str())).collect();
    if offers.is_empty() {
        offers.push((None, ""));
    }
    Ok(trigger
        .bind(composer, run)?
        .first_of("refusal", refusals.iter().map(|(filter, words)| (Some(filter), words.as_str())))
        .first_of("offer", offers)
        .facts_each("facts", &Requirements::of(filters(message)))
        .finish())
}

/// The statement that counts, of those who have the occasion, for how many a value was missing in each condition.
pub fn missing(message: &Message, run: &Run) -> Result<Statement, OutOfRange> {
    let trigger = &message.trigger;
    Ok(trigger
        .bind_missing(compose(trigger.missing(), frame(run)), run)?
        .missing("missing", filters(message))
        .facts_each("facts", &Requirements::of(filters(message)))
        .finish())
}

/// The opposite of a condition, with its words.
fn refusal(condition: Filter) -> (Filter, String) {
    let words = condition.describe();
    (Filter::None(vec![condition]), words)
}

fn frame(run: &Run) -> Frame {
    Frame { as_of: run.as_of, timezone: run.timezone, window: None }
}

fn filters(message: &Message) -> impl Iterator<Item = &Filter> {
    std::iter::once(&message.audience).chain(message.offers.iter().filter_map(|offer| offer.when.as_ref()))
}

/// Channel → languages of its templates.
fn languages(message: &Message) -> Value {
    let by_channel: BTreeMap<&str, &Vec<String>> =
        message.locales.iter().map(|(sort, tags)| (sort.as_str(), tags)).collect();
    json!(by_channel)
}
