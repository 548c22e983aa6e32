//! `[[offer]]`: what is offered to whom, in which words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::words;
use crate::filter::{self, Filter, Scope};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;
use crate::outbox::coupon::{self, OnEmpty};
use crate::outbox::survey::Words;
use crate::outbox::template::Codes;

/// What a customer is offered.
#[derive(Debug, Clone)]
pub struct Offer {
    /// For people and for `offer.name` in templates.
    pub name: String,
    /// Who gets it; none: whoever no offer before it fits.
    pub when: Option<Filter>,
    /// Key → words.
    words: BTreeMap<String, Words>,
    /// The code that goes with it.
    pub coupon: Option<Coupon>,
}

/// `coupon = { pool = "…", valid_for = "30d", on_empty = "hold" }`: a code of its own for each customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Which codes.
    pub pool: String,
    /// How long the customer is told it is good, from the day the message may go out; none: as long as the code is.
    pub days: Option<i32>,
    /// What happens when there is no code left.
    pub on_empty: OnEmpty,
}

impl Offer {
    /// What templates of a language get as `offer`.
    pub(super) fn in_language(&self, language: &str) -> Value {
        let texts = self.words.iter().map(|(key, words)| (key.clone(), words.nearest(language).1.into()));
        let mut all: Map<String, Value> = texts.collect();
        all.insert("name".into(), self.name.clone().into());
        Value::Object(all)
    }
}

/// Offers by name and language, as the statement takes them.
pub fn by_name(offers: &[Offer], languages: &BTreeSet<String>) -> Value {
    let worded =
        |offer: &Offer| languages.iter().map(|tag| (tag.clone(), offer.in_language(tag))).collect::<Map<_, _>>();
    if offers.is_empty() {
        return json!({ "": languages.iter().map(|tag| (tag.clone(), json!({}))).collect::<Map<_, _>>() });
    }
    offers.iter().map(|offer| (offer.name.clone(), Value::Object(worded(offer)))).collect::<Map<_, _>>().into()
}

/// The offers with coupons, as the statement takes them.
pub fn coupons(offers: &[Offer]) -> Value {
    let with = offers.iter().filter_map(|offer| offer.coupon.as_ref().map(|coupon| (offer, coupon)));
    with.map(|(offer, coupon)| {
        json!({ "offer": offer.name, "pool": coupon.pool, "days": coupon.days, "on_empty": coupon.on_empty.as_str() })
    })
    .collect()
}

/// Which messages carry a code.
pub fn codes(offers: &[Offer]) -> Codes {
    let coupons = || offers.iter().map(|offer| offer.coupon.as_ref());
    Codes {
        some: coupons().any(|coupon| coupon.is_some()),
        all: coupons().all(|coupon| coupon.is_some_and(|coupon| coupon.on_empty != OnEmpty::SendWithout)),
        expire: coupons().flatten().all(|coupon| coupon.days.is_some()),
    }
}

/// The part of the statement that takes their codes.
pub fn coupons_sql(offers: &[Offer]) -> &'static str {
    if offers.iter().any(|offer| offer.coupon.is_some()) { coupon::RESERVE } else { coupon::NONE }
}

/// The keys templates may use below `offer`.
pub fn keys(offers: &[Offer]) -> Vec<String> {
    let Some(first) = offers.first() else { return Vec::new() };
    std::iter::once("name".to_owned()).chain(first.words.keys().cloned()).collect()
}

/// Reads all `[[offer]]`. `languages` are those the templates have; none: they are not known.
pub fn read(file: &mut Reader<'_>, languages: &BTreeSet<String>, scope: &Scope<'_>) -> Option<Vec<Offer>> {
    let tables = file.tables("offer");
    let count = tables.len();
    let mut offers: Vec<Option<Offer>> = Vec::new();
    for (place, mut table) in tables.into_iter().enumerate() {
        let offer = read_one(&mut table, languages, scope);
        if !table.has("when") && place + 1 < count {
            let help = "only the last offer may do without `when`: it takes whoever is left";
            table.problem_here("the offers after this one would never be reached", Some(help.into()));
        }
        if let Some(offer) = &offer {
            compare(&table, offer, &offers);
        }
        offers.push(offer);
        table.finish();
    }
    offers.into_iter().collect()
}

fn read_one(table: &mut Reader<'_>, languages: &BTreeSet<String>, scope: &Scope<'_>) -> Option<Offer> {
    let name = table.required_string("name", "\"high\"");
    let before = table.problems();
    let when = if table.has("when") { filter::read(table, "when", scope) } else { None };
    let mut texts = BTreeMap::new();
    if let Some(mut set) = table.table("set") {
        for (key, span, node) in set.entries() {
            if key == "name" || !is_variable(key) {
                let help = "lower-case letters, digits and _, as in `gift`; `name` is the offer's own name";
                set.note(span, format!("{key:?} cannot be a variable of a template"), Some(help.into()));
            } else if let Some(text) = words::read(&set, key, node, languages, &[]) {
                texts.insert(key.to_owned(), text);
            }
        }
        set.finish();
    }
    let coupon = read_coupon(table);
    (table.problems() == before).then_some(Offer { name: name?, when, words: texts, coupon })
}

fn read_coupon(table: &mut Reader<'_>) -> Option<Coupon> {
    let mut coupon = table.table("coupon")?;
    let pool = coupon.required_string("pool", "\"bday-50\"");
    if let Some(pool) = pool.as_deref().filter(|pool| !coupon::is_pool(pool)) {
        let help = "lower-case letters, digits and -, as in \"bday-50\"; it is the name `tend coupons import` gives";
        coupon.problem("pool", format!("{pool:?} cannot be the name of a pool"), Some(help.into()));
    }
    let valid_for = coupon.duration("valid_for");
    let days = valid_for.and_then(Span::as_days).filter(|days| *days > 0);
    if valid_for.is_some() && days.is_none() {
        coupon.problem("valid_for", "`valid_for` is a number of whole days", Some("for example: \"30d\"".into()));
    }
    let on_empty = coupon.choice("on_empty", &OnEmpty::WORDS).unwrap_or(OnEmpty::Hold);
    coupon.finish();
    Some(Coupon { pool: pool?, days, on_empty })
}

/// Every offer has a name of its own and sets what the first one sets, since the templates are the same for all.
fn compare(table: &Reader<'_>, offer: &Offer, before: &[Option<Offer>]) {
    if before.iter().flatten().any(|other| other.name == offer.name) {
        table.problem("name", format!("there is an offer named {:?} already", offer.name), None);
    }
    let Some(first) = before.iter().flatten().next() else { return };
    for key in first.words.keys().filter(|key| !offer.words.contains_key(*key)) {
        let help = Some(format!(
            "every offer sets the same keys, because the template uses them for all; {:?} sets it",
            first.name
        ));
        table.problem("set", format!("this offer does not set `{key}`"), help);
    }
    for key in offer.words.keys().filter(|key| !first.words.contains_key(*key)) {
        let help = Some(format!("add it to {:?}, or leave it out here", first.name));
        table.problem("set", format!("`{key}` is not set by the first offer, {:?}", first.name), help);
    }
}

fn is_variable(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
