//! `[[offer]]`: what is offered to whom, in which words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::filter::{self, Filter, Scope};
use crate::jobfile::reader::{Node, Reader};

/// What a customer is offered.
#[derive(Debug, Clone)]
pub struct Offer {
    /// For people and for `offer.name` in templates.
    pub name: String,
    /// Who gets it; none: whoever no offer before it fits.
    pub when: Option<Filter>,
    /// Key → words.
    words: BTreeMap<String, Words>,
}

#[derive(Debug, Clone, PartialEq)]
enum Words {
    /// The same in every language.
    Same(String),
    /// Language → text.
    ByLanguage(BTreeMap<String, String>),
}

impl Offer {
    /// What templates of a language get as `offer`.
    fn in_language(&self, language: &str) -> Value {
        let text = |words: &Words| match words {
            Words::Same(text) => text.clone(),
            Words::ByLanguage(texts) => texts.get(language).cloned().unwrap_or_default(),
        };
        let mut all: Map<String, Value> =
            self.words.iter().map(|(key, words)| (key.clone(), text(words).into())).collect();
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
    let mut words = BTreeMap::new();
    if let Some(mut set) = table.table("set") {
        for (key, span, node) in set.entries() {
            if key == "name" || !is_variable(key) {
                let help = "lower-case letters, digits and _, as in `gift`; `name` is the offer's own name";
                set.note(span, format!("{key:?} cannot be a variable of a template"), Some(help.into()));
            } else if let Some(text) = read_words(&set, key, node, languages) {
                words.insert(key.to_owned(), text);
            }
        }
        set.finish();
    }
    (table.problems() == before).then_some(Offer { name: name?, when, words })
}

/// `gift = "…"` or `gift = { zh-CN = "…", en = "…" }`.
fn read_words(set: &Reader<'_>, key: &str, node: &Node<'_>, languages: &BTreeSet<String>) -> Option<Words> {
    if let Some(text) = node.get_ref().as_str() {
        return Some(Words::Same(text.to_owned()));
    }
    let Some(table) = node.get_ref().as_table() else {
        let help = "gift = \"…\", or gift = { zh-CN = \"…\", en = \"…\" }";
        set.note(node.span(), format!("`{key}` must be a text, or a text for each language"), Some(help.into()));
        return None;
    };
    let mut texts = BTreeMap::new();
    for (tag, value) in table.iter() {
        match value.get_ref().as_str() {
            Some(text) if languages.contains(&**tag.get_ref()) => {
                drop(texts.insert(tag.get_ref().to_string(), text.to_owned()))
            }
            Some(_) if languages.is_empty() => {}
            Some(_) => {
                set.note(tag.span(), format!("the template has no language `{}`", tag.get_ref()), Some(list(languages)))
            }
            None => set.note(value.span(), format!("`{key}.{}` must be a text in quotes", tag.get_ref()), None),
        }
    }
    let missing: Vec<_> = languages.iter().filter(|tag| !table.contains_key(tag.as_str())).collect();
    for tag in &missing {
        set.note(node.span(), format!("`{key}` has no words in `{tag}`"), Some(list(languages)));
    }
    missing.is_empty().then_some(Words::ByLanguage(texts))
}

fn list(languages: &BTreeSet<String>) -> String {
    let all: Vec<_> = languages.iter().map(|tag| format!("`{tag}`")).collect();
    format!("the languages of the template are {}", all.join(", "))
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
