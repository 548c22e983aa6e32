//! What a mail or text message must not do, and what an advertising one must have: found when the job files are read.
//!
//! Sources: List-Unsubscribe and a visible link (Gmail's and Yahoo's rules for bulk mail), a way to refuse in each
//! commercial text message (MIIT 2015; CTIA), a signature in front of Chinese ones (carriers), no tracking or mixed
//! content by way of images over plain HTTP, words instead of images that are not loaded.

use std::ops::Range;

use super::asks::loop_links;
use super::markup::{attribute, tag_end, tag_name};
use super::scan::{Tag, TagKind, Token};

/// Something to be said at a place.
pub type Found = (Range<usize>, String, Option<&'static str>);

/// Variables that are addresses as a whole.
const ADDRESSES: [&str; 5] = ["links", "company", "offer", "survey", "invitation"];
/// Variables that are safe inside an address as they are.
const SAFE_IN_ADDRESSES: [&str; 6] =
    ["message.id", "coupon.code", "occasion.year", "occasion.date", "links.unsubscribe", "links.preferences"];
/// What goes with the mail (RFC 2392).
const ATTACHED: &str = "cid:{{";
/// Wordings by which a Chinese text message may be refused, and one in any other language.
const REFUSALS_ZH: [&str; 4] = ["回复R", "回R", "回复TD", "退订"];
const REFUSALS: [&str; 2] = ["STOP", "退订"];

/// Images come over HTTPS, those of letters with the mail, and have words; values in addresses are escaped.
pub fn markup(source: &str, tags: &[Tag], letter: bool) -> Vec<Found> {
    let masked = masked(source, tags);
    let images: &[&str] = if letter { &["https://", ATTACHED] } else { &["https://"] };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = masked[at..].find('<').map(|found| at + found) {
        let rest = &masked[open..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(masked.len(), |end| open + end + 3);
            continue;
        }
        let Some(end) = tag_end(rest) else { break };
        element(source, tags, (&masked, images), open + 1..open + end, &mut found);
        at = open + end + 1;
    }
    found
}

fn element(source: &str, tags: &[Tag], (masked, images): (&str, &[&str]), inner: Range<usize>, found: &mut Vec<Found>) {
    let text = &masked[inner.clone()];
    if text.starts_with('/') {
        return;
    }
    let name = tag_name(text);
    let place = |value: &str| {
        let start = inner.start + (value.as_ptr() as usize - text.as_ptr() as usize);
        start..start + value.len()
    };
    let is_image = matches!(name.as_str(), "mj-image" | "img" | "mj-carousel-image");
    for key in ["src", "background-url", "href", "action"] {
        let Some(value) = attribute(text, key).map(place) else { continue };
        if key != "href" && key != "action" && !has_scheme(&source[value.clone()], images) {
            let help = "an image is loaded by its address: https://… (it is not put into the mail)";
            found.push((value.clone(), "images come over https only".into(), Some(help)));
        }
        if key == "href" && !has_scheme(&source[value.clone()], &["https://", "mailto:", "tel:", "#", "http://"]) {
            let help = "https://…, mailto:…, tel:… or a variable such as {{ company.url }}";
            found.push((value.clone(), "this is no address to go to".into(), Some(help)));
        }
        expressions(source, tags, &value, found);
    }
    if is_image && attribute(text, "alt").is_none_or(|alt| alt.trim().is_empty()) {
        let help = "add alt=\"…\": many people see the words first, some only them";
        found.push((inner, format!("the image <{name}> has no words for those who do not see it"), Some(help)));
    }
}

fn has_scheme(value: &str, schemes: &[&str]) -> bool {
    let value = value.trim();
    value.starts_with("{{")
        || schemes
            .iter()
            .any(|scheme| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// An expression that begins an address must be one; any other is escaped for addresses.
fn expressions(source: &str, tags: &[Tag], value: &Range<usize>, found: &mut Vec<Found>) {
    // no address but the name of a picture, which tend made
    let attached = source[value.clone()].trim_start().starts_with(ATTACHED);
    let inside = tags
        .iter()
        .filter(|tag| tag.kind == TagKind::Expression && value.start <= tag.range.start && tag.range.end <= value.end);
    for tag in inside {
        let words: Vec<&str> = tag
            .tokens
            .iter()
            .filter(|(token, _)| *token == Token::Word)
            .map(|(_, range)| &source[range.clone()])
            .collect();
        let Some(first) = words.first() else { continue };
        let begins = source[value.start..tag.range.start].trim().is_empty();
        let root = first.split('.').next().unwrap_or_default();
        // what letters call so is signed by the dispatcher
        let signed = first.ends_with(".link") || *first == "occasion.feed";
        if begins && !signed && !ADDRESSES.contains(&root) && !loop_links(source, tags).contains(&root) {
            let help = "an address begins with https://…, {{ company.url }}, {{ links.… }} or {{ offer.… }}";
            found.push((tag.range.clone(), format!("`{first}` cannot be an address"), Some(help)));
        } else if !begins && !attached && !words.contains(&"urlencode") && !SAFE_IN_ADDRESSES.contains(first) {
            let help = "write it as {{ …|urlencode }}";
            found.push((
                tag.range.clone(),
                format!("`{first}` may hold characters that break the address"),
                Some(help),
            ));
        }
    }
}

/// The source with the tags blotted out, byte by byte, so that places stay and quotes in tags are no quotes.
fn masked(source: &str, tags: &[Tag]) -> String {
    let mut out = source.to_owned();
    for tag in tags {
        out.replace_range(tag.range.clone(), &"x".repeat(tag.range.len()));
    }
    out
}

/// Whether a variable is shown somewhere.
pub fn shows(source: &str, tags: &[Tag], variable: &str) -> bool {
    let expressions = tags.iter().filter(|tag| tag.kind == TagKind::Expression);
    let mut words = expressions.flat_map(|tag| &tag.tokens).filter(|(token, _)| *token == Token::Word);
    words.any(|(_, range)| &source[range.clone()] == variable)
}

/// What an advertising text message lacks. `words` is the text without its tags, `signed` whether the gateway signs it.
pub fn advertising_text(locale: &str, words: &str, signed: bool) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let chinese = locale == "zh" || locale.starts_with("zh-");
    let words = words.trim();
    if chinese && !signed && !(words.starts_with('【') && words.contains('】')) {
        found.push((
            "the message does not begin with a signature".to_owned(),
            "carriers want the sender in front: 【{{ company.name }}】…",
        ));
    }
    let refusals: &[&str] = if chinese { &REFUSALS_ZH } else { &REFUSALS };
    let last: String = words.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
    if !refusals.iter().any(|refusal| last.contains(refusal)) {
        let help = if chinese { "end it with 拒收请回复R" } else { "end it with: Reply STOP to opt out" };
        found.push(("an advertising text message must end with how to refuse it".to_owned(), help));
    }
    found
}
