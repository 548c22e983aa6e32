//! What is wrong with a template, found when the job files are read.

use std::collections::BTreeSet;
use std::ops::Range;

use super::compiled::describe;
use super::environment::{FILTERS, environment};
use super::scan::{self, Refused, Tag, Token};
use super::{Known, MAX_FILE, Part, TemplateFolder, mjml, part_of};
use crate::outbox::channel::settings::Sort;
use crate::spelling::nearest;

/// Something wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// File, below `templates/`; the folder of the template when it is about a missing file.
    pub path: String,
    /// Where in the file.
    pub range: Option<Range<usize>>,
    /// Line, from 1.
    pub line: Option<usize>,
    /// What.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

const FIXED: [&str; 13] = [
    "customer.id",
    "customer.name",
    "customer.locale",
    "customer.country",
    "customer.language",
    "occasion.date",
    "occasion.year",
    "occasion.kind",
    "company.name",
    "company.url",
    "company.address",
    "message.id",
    "loop",
];

pub(super) fn check(folder: &TemplateFolder, template: &str, sorts: &[Sort], known: &Known) -> Vec<TemplateProblem> {
    let mut found = Vec::new();
    if folder.paths(template).is_empty() {
        found.push(TemplateProblem {
            path: format!("{template}/"),
            range: None,
            line: None,
            message: format!("there is no template `{template}`"),
            help: nearest(template, folder.names()).map(|near| format!("did you mean `{near}`?")),
        });
        return found;
    }
    for sort in sorts {
        if folder.locales(template, *sort).is_empty() {
            let file = if *sort == Sort::Email { "email.LOCALE.mjml" } else { "sms.LOCALE.txt" };
            found.push(TemplateProblem {
                path: format!("{template}/"),
                range: None,
                line: None,
                message: format!("the template `{template}` has no {sort}: no file {file}"),
                help: Some(format!("add {} for the language of most customers", file.replace("LOCALE", "en"))),
            });
        }
    }
    let mails = folder.locales(template, Sort::Email);
    for (path, source) in folder.of(template) {
        let mut file = File { path, source, found: &mut found };
        match part_of(path) {
            None => file.say(
                None,
                "this file is not used",
                Some("files are called email.LOCALE.mjml, email.LOCALE.txt and sms.LOCALE.txt"),
            ),
            Some((Part::MailText, locale)) if !mails.iter().any(|mail| mail == locale) => {
                file.say(
                    None,
                    "there is no mail in this language",
                    Some("a text part belongs to an email.LOCALE.mjml"),
                );
            }
            Some((part, _)) => file.check(part, known),
        }
    }
    found
}

struct File<'a> {
    path: &'a str,
    source: &'a str,
    found: &'a mut Vec<TemplateProblem>,
}

impl File<'_> {
    fn say(&mut self, range: Option<Range<usize>>, message: impl Into<String>, help: Option<&str>) {
        let line = range.as_ref().map(|range| scan::line_of(self.source, range.start));
        self.found.push(TemplateProblem {
            path: self.path.into(),
            range,
            line,
            message: message.into(),
            help: help.map(Into::into),
        });
    }

    fn check(&mut self, part: Part, known: &Known) {
        if self.source.len() > MAX_FILE {
            return self.say(None, format!("the file is longer than {} kB", MAX_FILE / 1024), None);
        }
        let tags = scan::tags(self.source);
        let refused = scan::refused(self.source, &tags, FILTERS);
        let syntax = self.variables(&tags, known);
        for Refused { range, message, help } in &refused {
            self.say(Some(range.clone()), message.clone(), help.as_deref());
        }
        if !refused.is_empty() || !syntax {
            return;
        }
        match part {
            Part::Mjml => self.mjml(&tags),
            Part::Sms if self.source.trim().is_empty() => self.say(None, "the text message is empty", None),
            Part::Sms | Part::MailText => {}
        }
    }

    /// Unknown variables and syntax; false when the syntax is wrong.
    fn variables(&mut self, tags: &[Tag], known: &Known) -> bool {
        let mut env = environment();
        if let Err(error) = env.add_template_owned("t", self.source.to_owned()) {
            let range = error.range().or_else(|| error.line().and_then(|line| line_range(self.source, line)));
            self.say(range, describe(&error), None);
            return false;
        }
        let Ok(template) = env.get_template("t") else { return false };
        let used: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
        for name in used {
            if is_known(&name, known) {
                continue;
            }
            let places = places_of(self.source, tags, &name);
            let help = did_you_mean(&name, known);
            if places.is_empty() {
                self.say(None, format!("unknown variable `{name}`"), help.as_deref());
            }
            for place in places {
                self.say(Some(place), format!("unknown variable `{name}`"), help.as_deref());
            }
        }
        true
    }

    fn mjml(&mut self, tags: &[Tag]) {
        match mjml::content_of(self.source, "mj-title") {
            None => self.say(
                None,
                "there is no <mj-title>: it is the subject of the mail",
                Some("add <mj-head><mj-title>…</mj-title></mj-head>"),
            ),
            Some((title, at)) => {
                let mut env = environment();
                if title.trim().is_empty() {
                    self.say(Some(at..at + title.len()), "the <mj-title>, the subject of the mail, is empty", None);
                } else if env.add_template_owned("title", title.to_owned()).is_err() {
                    self.say(
                        Some(at..at + title.len()),
                        "a block that is opened in <mj-title> must be closed in it",
                        None,
                    );
                }
            }
        }
        // tags that make structure are taken out, so that only the frame is judged
        let frame = if mjml::compile_once(self.source, tags).is_ok_and(|once| once.is_some()) {
            return;
        } else {
            mjml::without_tags(self.source, tags)
        };
        if let Err(error) = mjml::to_html(&frame) {
            let place = error.position().map(|at| at.min(self.source.len())).map(|at| at..at);
            self.say(place, format!("MJML: {}", error.0), None);
        }
    }
}

fn is_known(name: &str, known: &Known) -> bool {
    match name.split_once('.') {
        Some(("offer", key)) => known.offer.contains(key.split('.').next().unwrap_or(key)),
        Some(("occasion", key)) if known.occasion.contains(key.split('.').next().unwrap_or(key)) => true,
        Some(("loop", _)) => true,
        Some(_) => FIXED.contains(&name),
        None => matches!(name, "offer" | "occasion" | "customer" | "company" | "message" | "loop"),
    }
}

fn did_you_mean(name: &str, known: &Known) -> Option<String> {
    let offered = known.offer.iter().map(|key| format!("offer.{key}"));
    let offered: Vec<String> = offered.chain(known.occasion.iter().map(|key| format!("occasion.{key}"))).collect();
    let all = || FIXED.iter().copied().chain(offered.iter().map(String::as_str));
    // Behind a first word that is right only the second counts: all of `offer.…` look alike.
    let start = name.split_once('.').map_or("", |(first, _)| &name[..=first.len()]);
    let same: Vec<&str> = all().filter(|known| !start.is_empty() && known.starts_with(start)).collect();
    let near = if same.is_empty() {
        nearest(name, all())?.to_owned()
    } else {
        let key = nearest(&name[start.len()..], same.iter().map(|known| &known[start.len()..]))?;
        format!("{start}{key}")
    };
    Some(format!("did you mean `{near}`?"))
}

/// Where the variable stands in tags.
fn places_of(source: &str, tags: &[Tag], name: &str) -> Vec<Range<usize>> {
    let words = tags.iter().flat_map(|tag| &tag.tokens).filter(|(token, _)| *token == Token::Word);
    words
        .filter(|(_, range)| {
            source[range.clone()].strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
        .map(|(_, range)| range.start..range.start + name.len())
        .collect()
}

fn line_range(source: &str, line: usize) -> Option<Range<usize>> {
    let mut start = 0;
    for (at, text) in source.split_inclusive('\n').enumerate() {
        if at + 1 == line {
            return Some(start..start + text.trim_end().len());
        }
        start += text.len();
    }
    None
}
