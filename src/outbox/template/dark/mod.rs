//! What a mail looks like on a screen that is set to dark.
//!
//! A mail program that is left alone turns colours round by rules of its own, and some of it comes out unreadable. So each mail
//! says that it knows both, and brings the dark colours along: light paper becomes dark, writing on it as light as it has to be
//! to be read as well as before, thin lines follow the paper. What is dark already or has a strong colour of its own (a banner, a
//! button) stays, with what is written on it. A mail that says itself what it looks like in the dark (`prefers-color-scheme` in an
//! `mj-style`) is left as it is.
//!
//! Promises: the light mail does not change; whatever could be read on its paper can be read on the dark one (WCAG: as much
//! contrast as before, but no more than 10, and no less than 4.5 where there was that much).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markup::{attribute, tag_end, tag_name};

mod colour;

use colour::Colour;

/// Elements without a closing tag.
const VOID: [&str; 8] = ["area", "br", "col", "hr", "img", "input", "meta", "link"];
/// Says that the mail knows both.
const SCHEMES: &str =
    "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">";

/// The HTML with its dark colours.
pub fn dressed(html: &str) -> String {
    let (Some(head), Some(body)) = (html.find("</head>"), html.find("<body")) else { return html.to_owned() };
    if html.contains("prefers-color-scheme") || body < head {
        return html.to_owned();
    }
    let mut wardrobe = Wardrobe::default();
    let dressed = wardrobe.body(&html[body..]);
    format!("{}{SCHEMES}{}{}{dressed}", &html[..head], wardrobe.style(), &html[head..body])
}

/// A sheet of paper: its colour in the light and in the dark.
#[derive(Debug, Clone, Copy)]
struct Paper {
    light: Colour,
    dark: Colour,
}

impl Paper {
    fn of(light: Colour, around: Colour) -> Self {
        Self { light, dark: if light.is_paper() { light.darkened(around) } else { light } }
    }

    fn turns(&self) -> bool {
        self.light != self.dark
    }
}

/// What the elements put on in the dark.
#[derive(Debug, Default)]
struct Wardrobe {
    /// What a class says → its number.
    classes: BTreeMap<String, usize>,
    /// Open elements, with the paper below them where they lay one.
    open: Vec<(String, Option<Paper>)>,
}

impl Wardrobe {
    /// The body with a class where something changes.
    fn body(&mut self, html: &str) -> String {
        let mut out = String::with_capacity(html.len() + html.len() / 16);
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = if rest.starts_with("<!--") { rest.find("-->").map(|end| end + 2) } else { tag_end(rest) };
            let Some(end) = end else { break };
            let tag = &rest[..=end];
            rest = &rest[end + 1..];
            if tag.starts_with("<!") {
                out.push_str(tag);
            } else if let Some(name) = tag.strip_prefix("</") {
                self.close(&tag_name(name.trim_end_matches('>')));
                out.push_str(tag);
            } else {
                self.element(tag, &mut out);
            }
        }
        out + rest
    }

    fn close(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|(open, _)| open == name) {
            self.open.truncate(at);
        }
    }

    fn element(&mut self, tag: &str, out: &mut String) {
        let inner = &tag[1..tag.len() - 1];
        let name = tag_name(inner);
        let style = attribute(inner, "style").unwrap_or_default();
        let around = self.open.iter().rev().find_map(|(_, paper)| *paper);
        let around = around.unwrap_or_else(|| Paper::of(Colour::WHITE, Colour::WHITE));
        // a paper laid twice, by an element and by what is in it, is the same one
        let laid = declared(style, &["background-color", "background"])
            .map(|light| if light == around.light { around } else { Paper::of(light, around.light) });
        let below = laid.unwrap_or(around);
        if !VOID.contains(&name.as_str()) && !inner.ends_with('/') {
            self.open.push((name, laid));
        }
        let says = says(style, laid, below);
        if says.is_empty() {
            out.push_str(tag);
            return;
        }
        let classes: Vec<String> = says.into_iter().map(|says| format!("tend-{}", self.number(says))).collect();
        out.push_str(&with_classes(tag, &classes.join(" ")));
    }

    fn number(&mut self, says: String) -> usize {
        let next = self.classes.len() + 1;
        *self.classes.entry(says).or_insert(next)
    }

    /// What the classes mean where it is dark.
    fn style(&self) -> String {
        let mut out = String::from(
            "<style type=\"text/css\">:root { color-scheme: light dark; supported-color-schemes: light dark; } ",
        );
        out.push_str("@media (prefers-color-scheme: dark) {");
        for (says, number) in &self.classes {
            let _ = write!(out, " .tend-{number} {{ {says} }}");
        }
        out + " }</style>"
    }
}

/// What an element is to say in the dark: its paper, its writing, its lines.
fn says(style: &str, laid: Option<Paper>, below: Paper) -> Vec<String> {
    let mut says = Vec::new();
    if let Some(paper) = laid.filter(Paper::turns) {
        says.push(format!("background: {0} !important; background-color: {0} !important;", paper.dark));
    }
    if !below.turns() {
        return says;
    }
    if let Some(ink) = declared(style, &["color"]) {
        let lighter = ink.readable(below.light, below.dark);
        if lighter != ink {
            says.push(format!("color: {lighter} !important;"));
        }
    }
    for edge in ["border", "border-top", "border-right", "border-bottom", "border-left"] {
        if let Some(line) = declared(style, &[edge]).filter(|line| line.is_faint()) {
            says.push(format!("{edge}-color: {} !important;", line.as_line_on(below.dark)));
        }
    }
    says
}

/// The colour that one of these properties names; what comes last in a style wins.
fn declared(style: &str, properties: &[&str]) -> Option<Colour> {
    let declarations = style.split(';').filter_map(|part| part.split_once(':'));
    let named = declarations.filter(|(property, _)| properties.contains(&property.trim()));
    named.filter_map(|(_, value)| value.split_whitespace().find_map(Colour::read)).next_back()
}

/// The tag with more classes.
fn with_classes(tag: &str, more: &str) -> String {
    if let Some(own) = attribute(&tag[1..tag.len() - 1], "class") {
        let at = own.as_ptr() as usize - tag.as_ptr() as usize + own.len();
        return format!("{} {more}{}", &tag[..at], &tag[at..]);
    }
    let name = 1 + tag[1..].find(|c: char| c.is_whitespace() || c == '/' || c == '>').unwrap_or(tag.len() - 2);
    format!("{} class=\"{more}\"{}", &tag[..name], &tag[name..])
}

#[cfg(test)]
mod tests {
    use super::dressed;

    fn mail(body: &str) -> String {
        dressed(&format!("<html><head><title>x</title></head>{body}</html>"))
    }

    #[test]
    fn paper_turns_dark_and_what_is_written_on_it_light() {
        let html = mail(
            "<body style=\"background-color:#f7f1ea;\"><!--[if mso]><table style=\"background:#ffffff\"><![endif]-->\
             <div class=\"wide\" style=\"background:#fff;background-color:#ffffff;border-top:1px solid #eeeeee\"><br>\
             <p style=\"color:#3d2c29;\">dark</p><p style='color: #3d2c29'>again</p></div></body>",
        );
        assert!(html.contains("<meta name=\"color-scheme\" content=\"light dark\">"), "{html}");
        assert!(
            html.contains("<!--[if mso]><table style=\"background:#ffffff\"><![endif]-->"),
            "Outlook has its own: {html}"
        );
        assert!(html.contains("<div class=\"wide tend-"), "{html}");
        let ink = html.split("<p class=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(html.matches(&format!("<p class=\"{ink}\"")).count(), 2, "the same colour, the same class: {html}");
        assert_eq!(html.matches(" !important; }").count(), 4, "page, card with line, ink: {html}");
    }

    #[test]
    fn banners_and_buttons_keep_their_colours_and_those_on_them() {
        let banner = "<td style=\"background:#b6402f\"><p style=\"color:#ffffff\">white</p><b style=\"color:#3d2c29\">x</b></td>";
        let html = mail(&format!("<body>{banner}<p style=\"color:#b6402f\">outside</p></body>"));
        assert!(html.contains(banner), "{html}");
        assert!(html.contains("<p class=\"tend-1\" style=\"color:#b6402f\">outside"), "{html}");
    }

    #[test]
    fn a_mail_that_says_it_itself_is_left_alone() {
        let own = "<html><head><style>@media (prefers-color-scheme: dark) { .x { color: red } }</style></head><body style=\"background:#fff\"></body></html>";
        assert_eq!(dressed(own), own);
        for odd in ["", "<body>", "plain", "<head></head><body style=\"color:#000"] {
            dressed(odd);
        }
    }
}
