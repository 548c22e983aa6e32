//! The one statement of a message run, composed for a run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Message, offer};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::{Composer, Filter, Frame, Requirements, Statement, compose};
use crate::outbox::policy::OutsideWindow;

/// The statement that plans a run.
pub fn plan(message: &Message, run: &Run) -> Result<Statement, OutOfRange> {
    let (trigger, policy) = (&message.trigger, &message.policy);
    let window = policy.window;
    let composer = trigger
        .bind(shared(trigger.plan(), run), run)?
        .set("job", run.job.clone())
        .set("spec_hash", run.spec_hash.clone())
        .set("run_id", run.run_id)
        .set("at", policy.at)
        .set("opens", window.map(|window| window.opens))
        .set("closes", window.map(|window| window.closes))
        .set("channels", policy.channels.iter().map(|sort| sort.as_str().to_owned()).collect::<Vec<_>>())
        .set("preferred_first", policy.preferred_first)
        .set("consent", policy.consent.as_str().to_owned())
        .set("purpose", policy.purpose.as_str().to_owned())
        .set("apart", trigger.apart())
        .set("drop", policy.outside_window == OutsideWindow::Drop)
        .set("holdout", message.experiment.as_ref().map_or(0, |experiment| experiment.of_ten_thousand))
        .set(
            "control",
            message.experiment.as_ref().map_or_else(|| run.job.clone(), |experiment| experiment.control(&run.job)),
        )
        .set("topic", message.topic.clone())
        .set("template", message.template.clone())
        .set("languages", languages(message))
        .set("locale", message.locale.clone())
        .set("offers", offer::by_name(&message.offers, &message.languages()))
        .set("priority", policy.priority)
        .set("on_unknown", policy.on_unknown.map(|word| word.as_str().to_owned()));
    let refusals: Vec<(Filter, String)> = message.conditions().into_iter().map(refusal).collect();
    let mut offers: Vec<_> = message.offers.iter().map(|offer| (offer.when.as_ref(), offer.name.as_str())).collect();
    if offers.is_empty() {
        offers.push((None, ""));
    }
    Ok(composer
        .first_of("refusal", refusals.iter().map(|(filter, words)| (Some(filter), words.as_str())))
        .first_of("offer", offers)
        .facts_each("facts", &Requirements::of(filters(message)))
        .finish())
}

/// The statement that counts, of those who have the occasion, for how many a value was missing in each condition.
pub fn missing(message: &Message, run: &Run) -> Result<Statement, OutOfRange> {
    let trigger = &message.trigger;
    Ok(trigger
        .bind(shared(trigger.missing(), run), run)?
        .missing("missing", filters(message))
        .facts_each("facts", &Requirements::of(filters(message)))
        .finish())
}

/// The opposite of a condition, with its words.
fn refusal(condition: Filter) -> (Filter, String) {
    let words = condition.describe();
    (Filter::None(vec![condition]), words)
}

/// A template about the occasions of a run, with what every trigger asks for.
fn shared(template: &'static str, run: &Run) -> Composer {
    compose(template, Frame { as_of: run.as_of, timezone: run.timezone, window: None })
        .set("as_of", run.as_of)
        .set("business_date", run.business_date)
        .set("zone", run.timezone.name().to_owned())
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
