//! MJML to HTML, once per template where that gives the same as once per message.
//!
//! The compiler takes most of the time a mail costs. It is run with a mark in place of every tag; the HTML it makes is
//! then a template itself. That is sound when no tag touches the structure: every tag stands inside an element whose
//! content the compiler passes on as it is (`mj-text`, `mj-button` …) with its blocks closed in the same element, or is
//! an expression in an attribute that is copied (`href`, `src` …). Otherwise the mail is compiled for each message.

use std::borrow::Cow;

use mrml::prelude::parser::ParserOptions;
use mrml::prelude::render::RenderOptions;

use super::dark;
use super::markup::{tag_end, tag_name};
use super::scan::{Tag, TagKind};

/// A mark is plain ASCII letters: the compiler writes attributes in Rust's debug form, which rewrites anything unusual.
const OPEN: &str = "tendQmark";
const CLOSE: &str = "Zq";
/// Elements whose content is copied.
const COPIED: [&str; 11] = [
    "mj-text",
    "mj-button",
    "mj-table",
    "mj-raw",
    "mj-title",
    "mj-preview",
    "mj-navbar-link",
    "mj-accordion-title",
    "mj-accordion-text",
    "mj-social-element",
    "mj-style",
];
/// Attributes whose value is copied.
const COPIED_ATTRIBUTES: [&str; 7] = ["href", "src", "alt", "title", "name", "rel", "target"];

/// What the compiler did not like, without the text of the template.
#[derive(Debug)]
pub struct MjmlError(pub String);

impl MjmlError {
    /// Where, when the compiler says it: `… at position 12:20`, `… at position 12`.
    pub fn position(&self) -> Option<usize> {
        let after = self.0.rsplit("position ").next()?;
        after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

/// MJML to HTML, with what it looks like in the dark. No web fonts: they would tell a third party who reads the mail.
pub fn to_html(mjml: &str) -> Result<String, MjmlError> {
    let parsed = mrml::parse_with_options(printable(mjml), &ParserOptions::default())
        .map_err(|error| MjmlError(error.to_string()))?;
    let options = RenderOptions { fonts: std::collections::HashMap::new(), ..RenderOptions::default() };
    let html = parsed.element.render(&options).map_err(|error| MjmlError(error.to_string()))?;
    Ok(dark::dressed(&html))
}

/// Joiners and variation selectors of emoji as references: the compiler would spoil them in attributes.
fn printable(mjml: &str) -> Cow<'_, str> {
    let unusual = |c: char| !c.is_ascii() && c.escape_debug().len() > 1;
    if !mjml.contains(unusual) {
        return Cow::Borrowed(mjml);
    }
    Cow::Owned(mjml.chars().fold(String::with_capacity(mjml.len() + 64), |mut out, c| {
        if unusual(c) {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
        out
    }))
}

/// The HTML as a template, when that is sound.
pub fn compile_once(source: &str, tags: &[Tag]) -> Result<Option<String>, MjmlError> {
    let marked = mark(source, tags);
    if source.contains(OPEN) || !is_sound(&marked, source, tags) {
        return Ok(None);
    }
    Ok(unmark(&to_html(&marked)?, source, tags))
}

/// The source with a mark for every tag.
pub fn mark(source: &str, tags: &[Tag]) -> String {
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for (index, tag) in tags.iter().enumerate() {
        out.push_str(&source[at..tag.range.start]);
        out.push_str(&format!("{OPEN}{index}{CLOSE}"));
        at = tag.range.end;
    }
    out.push_str(&source[at..]);
    out
}

/// The source with spaces in place of the tags, so that places stay what they are.
pub fn without_tags(source: &str, tags: &[Tag]) -> String {
    let mut out = source.to_owned();
    for tag in tags {
        out.replace_range(tag.range.clone(), &" ".repeat(tag.range.len()));
    }
    out
}

/// The tags back in place of the marks; none when the compiler lost or cut one.
pub fn unmark(text: &str, source: &str, tags: &[Tag]) -> Option<String> {
    let (out, seen) = restore(text, source, tags)?;
    let lost = seen.iter().zip(tags).any(|(seen, tag)| !seen && tag.kind != TagKind::Comment);
    (!lost).then_some(out)
}

/// The tags back in place of the marks, for a text that leaves parts of the mail out.
pub fn unmark_some(text: &str, source: &str, tags: &[Tag]) -> Option<String> {
    restore(text, source, tags).map(|(out, _)| out)
}

fn restore(text: &str, source: &str, tags: &[Tag]) -> Option<(String, Vec<bool>)> {
    let mut seen = vec![false; tags.len()];
    let mut out = String::with_capacity(text.len() + source.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        out.push_str(&rest[..at]);
        let after = &rest[at + OPEN.len()..];
        let end = after.find(CLOSE)?;
        let index: usize = after[..end].parse().ok()?;
        out.push_str(&source[tags.get(index)?.range.clone()]);
        *seen.get_mut(index)? = true;
        rest = &after[end + CLOSE.len()..];
    }
    out.push_str(rest);
    Some((out, seen))
}

/// Where the walk through the MJML is.
struct Walk<'a> {
    source: &'a str,
    tags: &'a [Tag],
    /// The copied element it is in, with the depth of open blocks.
    copied: Option<(String, i32)>,
}

fn is_sound(marked: &str, source: &str, tags: &[Tag]) -> bool {
    let mut walk = Walk { source, tags, copied: None };
    let mut rest = marked;
    while let Some(at) = [rest.find('<'), rest.find(OPEN)].into_iter().flatten().min() {
        rest = &rest[at..];
        let sound = if let Some(after) = rest.strip_prefix(OPEN) {
            let Some((tag, behind)) = walk.marked(after) else { return false };
            rest = behind;
            walk.in_text(tag)
        } else if let Some(after) = rest.strip_prefix("<!--") {
            let Some(end) = after.find("-->") else { return false };
            let comment = &after[..end];
            rest = &after[end + 3..];
            !comment.contains(OPEN)
        } else {
            let Some(end) = tag_end(rest) else { return false };
            let element = &rest[1..end];
            rest = &rest[end + 1..];
            walk.element(element)
        };
        if !sound {
            return false;
        }
    }
    true
}

impl<'a> Walk<'a> {
    fn marked<'r>(&self, after: &'r str) -> Option<(&'a Tag, &'r str)> {
        let end = after.find(CLOSE)?;
        let tag = self.tags.get(after[..end].parse::<usize>().ok()?)?;
        Some((tag, &after[end + CLOSE.len()..]))
    }

    /// A tag between elements.
    fn in_text(&mut self, tag: &Tag) -> bool {
        if tag.kind == TagKind::Comment {
            return true;
        }
        let Some((_, depth)) = &mut self.copied else { return false };
        match tag.keyword(self.source) {
            Some("if" | "for") => *depth += 1,
            Some("endif" | "endfor") => *depth -= 1,
            // a variable set in one element would be unknown in a copy of another
            Some("set") => return false,
            _ => {}
        }
        *depth >= 0
    }

    /// An element, opening, closing or empty.
    fn element(&mut self, element: &str) -> bool {
        let name = tag_name(element);
        let closing = element.starts_with('/');
        if !self.attributes_are_sound(element) {
            return false;
        }
        match &self.copied {
            Some((open, depth)) if closing && *open == name => {
                let balanced = *depth == 0;
                self.copied = None;
                balanced
            }
            None if !closing && !element.ends_with('/') && COPIED.contains(&name.as_str()) => {
                self.copied = Some((name, 0));
                true
            }
            _ => true,
        }
    }

    fn attributes_are_sound(&self, element: &str) -> bool {
        let mut at = 0;
        while let Some(found) = element[at..].find(OPEN).map(|found| at + found) {
            let Some((tag, behind)) = self.marked(&element[found + OPEN.len()..]) else { return false };
            let name = attribute_at(element, found);
            let copied = name.is_some_and(|name| self.copied.is_some() || COPIED_ATTRIBUTES.contains(&name));
            if tag.kind != TagKind::Expression || !copied {
                return false;
            }
            at = element.len() - behind.len();
        }
        true
    }
}

/// The attribute in whose quoted value the offset lies.
fn attribute_at(element: &str, offset: usize) -> Option<&str> {
    let mut open: Option<(char, usize)> = None;
    for (at, c) in element[..offset].char_indices() {
        match open {
            Some((quote, _)) if c == quote => open = None,
            None if c == '"' || c == '\'' => open = Some((c, at)),
            _ => {}
        }
    }
    let (_, start) = open?;
    let before = element[..start].trim_end().strip_suffix('=')?.trim_end();
    Some(before.rsplit(char::is_whitespace).next().unwrap_or(before))
}

/// The text between `<element>` and `</element>`, with its place.
pub fn content_of<'s>(source: &'s str, element: &str) -> Option<(&'s str, usize)> {
    let start = source.find(&format!("<{element}>"))? + element.len() + 2;
    let end = source[start..].find(&format!("</{element}>"))? + start;
    Some((&source[start..end], start))
}
