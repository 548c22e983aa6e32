//! What a message of the job looks like for somebody who has no occasion at the moment.

use serde_json::{Map, Value, json};

use super::Message;
use crate::engine::door::{MadeUp, Run};

/// The code shown where a real one would be taken from a pool.
const CODE: &str = "EXAMPLE-CODE";

/// Made of the wanted offer, else of the first; none when there is no such offer.
pub(super) fn made_up(message: &Message, run: &Run, offer: Option<&str>) -> Result<MadeUp, Vec<String>> {
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
    let coupon = found.and_then(|offer| offer.coupon.as_ref()).map(|coupon| {
        let until = run.business_date + chrono::Days::new(u64::try_from(coupon.days.unwrap_or(30)).unwrap_or(30));
        json!({ "code": CODE, "expires": until })
    });
    let mut data = Map::new();
    for language in message.languages() {
        let mut own = json!({
            "offer": found.map_or_else(|| json!({}), |offer| offer.in_language(&language)),
            "occasion": { "kind": "example", "date": run.business_date, "year": chrono::Datelike::year(&run.business_date) },
        });
        if offers.iter().any(|offer| offer.coupon.is_some()) {
            own["coupon"] = coupon.clone().unwrap_or_else(|| json!({}));
        }
        data.insert(language, own);
    }
    Ok(MadeUp {
        template: message.content.template.clone(),
        purpose: message.policy.purpose.as_str(),
        languages: message.content.locales.iter().map(|(sort, tags)| (sort.as_str(), tags.clone())).collect(),
        locale: message.locale.clone(),
        offer: found.map(|offer| offer.name.clone()),
        data: Value::Object(data),
    })
}
