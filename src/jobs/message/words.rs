//! A text of a job file, the same in every language or one for each language of the templates.

use std::collections::{BTreeMap, BTreeSet};

use crate::jobfile::reader::{Node, Reader};
use crate::outbox::survey::{ANY_LANGUAGE, Words};

/// Reads `key = "…"` or `key = { zh-CN = "…", en = "…" }`. `languages` are those the templates have; none: they are not
/// known. `others` are keys beside the languages.
pub(in crate::jobs) fn read(
    table: &Reader<'_>,
    key: &str,
    node: &Node<'_>,
    languages: &BTreeSet<String>,
    others: &[&str],
) -> Option<Words> {
    if let Some(text) = node.get_ref().as_str() {
        return Some(Words(BTreeMap::from([(ANY_LANGUAGE.to_owned(), text.to_owned())])));
    }
    let Some(entries) = node.get_ref().as_table() else {
        let help = format!("{key} = \"…\", or {key} = {{ zh-CN = \"…\", en = \"…\" }}");
        table.note(node.span(), format!("`{key}` must be a text, or a text for each language"), Some(help));
        return None;
    };
    let mut texts = BTreeMap::new();
    for (tag, value) in entries.iter().filter(|(tag, _)| !others.contains(&&**tag.get_ref())) {
        match value.get_ref().as_str() {
            Some(text) if languages.is_empty() || languages.contains(&**tag.get_ref()) => {
                texts.insert(tag.get_ref().to_string(), text.to_owned());
            }
            Some(_) => {
                let help = Some(list(languages));
                table.note(tag.span(), format!("the template has no language `{}`", tag.get_ref()), help);
            }
            None => table.note(value.span(), format!("`{key}.{}` must be a text in quotes", tag.get_ref()), None),
        }
    }
    let missing: Vec<_> = languages.iter().filter(|tag| !entries.contains_key(tag.as_str())).collect();
    for tag in &missing {
        table.note(node.span(), format!("`{key}` has no words in `{tag}`"), Some(list(languages)));
    }
    missing.is_empty().then_some(Words(texts))
}

/// The same for what customers must read something in: an empty text is a mistake.
pub(in crate::jobs) fn required(
    table: &Reader<'_>,
    key: &str,
    node: &Node<'_>,
    languages: &BTreeSet<String>,
    others: &[&str],
) -> Option<Words> {
    let words = read(table, key, node, languages, others)?;
    let empty = words.0.iter().find(|(_, text)| text.trim().is_empty());
    let Some((tag, _)) = empty else { return Some(words) };
    let span = node.get_ref().as_table().and_then(|entries| entries.get(tag.as_str())).map_or(node.span(), Node::span);
    let help = format!("for example: {key} = {{ zh-CN = \"…\", en = \"…\" }}");
    table.note(span, format!("`{key}` is empty"), Some(help));
    None
}

fn list(languages: &BTreeSet<String>) -> String {
    let all: Vec<_> = languages.iter().map(|tag| format!("`{tag}`")).collect();
    format!("the languages of the template are {}", all.join(", "))
}
