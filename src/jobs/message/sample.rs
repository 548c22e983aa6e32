//! Messages made to be looked at, without an occasion: `tend render` and `tend send-test` of somebody who has none.

use std::collections::BTreeSet;

use chrono::Datelike as _;
use serde_json::{Map, Value, json};

use super::offer::Offer;
use super::{Content, Message};
use crate::engine::door::{MadeUp, Run};

/// A code that no shop takes.
const CODE: &str = "EXAMPLE-CODE";

/// The first message and each step, of the wanted offer, else of the first; the names of the offers when there is no such
/// offer.
pub(super) fn made_up(message: &Message, run: &Run, offer: Option<&str>) -> Result<Vec<MadeUp>, Vec<String>> {
    let offers = &message.offers;
    let found = match offer {
        Some(wanted) => Some(
            offers
                .iter()
                .find(|offer| offer.name == wanted)
                .ok_or_else(|| offers.iter().map(|offer| offer.name.clone()).collect::<Vec<_>>())?,
        ),
        None => offers.first(),
    };
    let data = data(message, run, found);
    let stage = |step: &str, content: &Content| MadeUp {
        step: step.to_owned(),
        template: content.template.clone(),
        purpose: message.policy.purpose.as_str(),
        languages: content.locales.iter().map(|(sort, tags)| (sort.as_str(), tags.clone())).collect(),
        locale: message.locale.clone(),
        offer: found.map(|offer| offer.name.clone()),
        data: data.clone(),
    };
    let further = message.steps.iter().map(|step| stage(&step.name, &step.content));
    Ok(std::iter::once(stage("", &message.content)).chain(further).collect())
}

/// Language → what templates get besides the customer.
fn data(message: &Message, run: &Run, offer: Option<&Offer>) -> Value {
    let coupon = offer.and_then(|offer| offer.coupon.as_ref()).map(|coupon| {
        let until = run.business_date + chrono::Days::new(u64::try_from(coupon.days.unwrap_or(30)).unwrap_or(30));
        json!({ "code": CODE, "expires": until })
    });
    let languages: BTreeSet<String> = message.languages();
    let own = |language: &String| {
        let mut own = json!({
            "offer": offer.map_or_else(|| json!({}), |offer| offer.in_language(language)),
            "occasion": occasion(message, run, language),
        });
        if message.offers.iter().any(|offer| offer.coupon.is_some()) {
            own["coupon"] = coupon.clone().unwrap_or_else(|| json!({}));
        }
        own
    };
    languages.iter().map(|language| (language.clone(), own(language))).collect::<Map<_, _>>().into()
}

/// What the statement `queue.sql` tells templates of an occasion, of one made up for the day of the run.
fn occasion(message: &Message, run: &Run, language: &str) -> Value {
    let day = message.trigger.example_day(run.business_date);
    let mut told = message.trigger.example(day);
    if let Some(titles) = told.as_object_mut().and_then(|told| told.remove("titles")) {
        let base = language.split('-').next().unwrap_or(language);
        told["title"] = [language, base, "en"].iter().find_map(|tag| titles.get(*tag).cloned()).unwrap_or_default();
    }
    told["kind"] = json!("example");
    told["date"] = json!(day);
    told["year"] = json!(day.year());
    told
}
