//! What is wrong with a template, found when the job files are read.

use std::collections::BTreeSet;
use std::ops::Range;

use super::compiled::describe;
use super::environment::{FILTERS, environment};
use super::scan::{self, Refused, Tag, Token};
use super::sms::SmsFile;
use super::{Asking, Codes, Known, MAX_FILE, Part, TemplateFolder, lint, mjml, part_of};
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

const FORM: &str = "for example: template = \"SMS_123456789\", signature = \"…\", text = \"… ${name} …\" and [params] name = \"{{ customer.name }}\"";

const FIXED: [&str; 15] = [
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
    "links.unsubscribe",
    "links.preferences",
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
                Some("files are called email.LOCALE.mjml, email.LOCALE.txt, sms.LOCALE.txt and sms.LOCALE.toml"),
            ),
            Some((Part::MailText, locale)) if !mails.iter().any(|mail| mail == locale) => {
                file.say(
                    None,
                    "there is no mail in this language",
                    Some("a text part belongs to an email.LOCALE.mjml"),
                );
            }
            Some((Part::SmsForm, locale)) if folder.text(&format!("{template}/sms.{locale}.txt")).is_some() => {
                file.say(None, format!("there is a sms.{locale}.txt too"), Some("keep one of them"));
            }
            Some((Part::SmsForm, locale)) => file.form(locale, known),
            Some((part, locale)) => file.check(part, locale, known),
        }
    }
    found
}

/// Syntax and variables of a line that is no file of its own.
pub(super) fn of_line(source: &str, tags: &[Tag], known: &Known) -> Vec<TemplateProblem> {
    let mut found = Vec::new();
    File { path: "", source, found: &mut found }.variables(tags, known);
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

    fn check(&mut self, part: Part, locale: &str, known: &Known) {
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
        self.answerable(&tags, known);
        match part {
            Part::Mjml => {
                for (range, message, help) in lint::markup(self.source, &tags, known.letter) {
                    self.say(Some(range), message, help);
                }
                if known.advertises {
                    self.advertising_mail(&tags, true);
                }
                self.mjml(&tags);
            }
            Part::MailText if known.advertises => self.advertising_mail(&tags, false),
            Part::Sms if self.source.trim().is_empty() => self.say(None, "the text message is empty", None),
            Part::Sms if known.advertises => {
                self.advertising_text(locale, &mjml::without_tags(self.source, &tags), false);
            }
            Part::Sms | Part::SmsForm | Part::MailText => {}
        }
    }

    /// Gmail and Yahoo ask for a link that is seen, people for a preheader.
    fn advertising_mail(&mut self, tags: &[Tag], is_mjml: bool) {
        if !lint::shows(self.source, tags, "links.unsubscribe") {
            let help = "add <a href=\"{{ links.unsubscribe }}\">Unsubscribe</a> at its foot";
            let help = if is_mjml { help } else { "add {{ links.unsubscribe }} at its foot" };
            self.say(None, "an advertising mail must show how to unsubscribe", Some(help));
        }
        if is_mjml && mjml::content_of(self.source, "mj-preview").is_none_or(|(text, _)| text.trim().is_empty()) {
            let help = "add <mj-preview>…</mj-preview> to <mj-head>: the line shown behind the subject";
            self.say(None, "the mail has no preheader", Some(help));
        }
    }

    fn answerable(&mut self, tags: &[Tag], known: &Known) {
        if let Some((message, help)) = known.asks.unanswerable(self.source, tags).filter(|_| known.must_ask) {
            self.say(None, message, Some(help));
        }
    }

    fn advertising_text(&mut self, locale: &str, words: &str, signed: bool) {
        for (message, help) in lint::advertising_text(locale, words, signed) {
            self.say(None, message, Some(help));
        }
    }

    /// A template of the gateway.
    fn form(&mut self, locale: &str, known: &Known) {
        if self.source.len() > MAX_FILE {
            return self.say(None, format!("the file is longer than {} kB", MAX_FILE / 1024), None);
        }
        let file = match SmsFile::read(self.source) {
            Ok(file) => file,
            Err((message, range)) => return self.say(range, message, Some(FORM)),
        };
        for (range, message) in file.problems() {
            self.say(Some(range), message, None);
        }
        if file.signature.get_ref().trim().is_empty() {
            self.say(Some(file.signature.span()), "the signature is empty", Some(FORM));
        }
        for (_, value) in &file.params {
            let mut found = Vec::new();
            let mut inner = File { path: self.path, source: value.get_ref(), found: &mut found };
            let tags = scan::tags(value.get_ref());
            for refused in scan::refused(value.get_ref(), &tags, FILTERS) {
                inner.say(None, refused.message, refused.help.as_deref());
            }
            inner.variables(&tags, known);
            for problem in found {
                self.say(Some(value.span()), problem.message, problem.help.as_deref());
            }
        }
        let shows = |value: &str| known.asks.unanswerable(value, &scan::tags(value)).is_none();
        if !file.params.iter().any(|(_, value)| shows(value.get_ref())) {
            self.answerable(&[], known);
        }
        if known.advertises {
            self.advertising_text(locale, file.text.get_ref(), true);
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
            let help = known.asks.help(&name).map(str::to_owned).or_else(|| did_you_mean(&name, known));
            if places.is_empty() {
                self.say(None, format!("unknown variable `{name}`"), help.as_deref());
            }
            for place in places {
                self.say(Some(place), format!("unknown variable `{name}`"), help.as_deref());
            }
        }
        if known.coupon.some {
            self.coupons(tags, known.coupon);
        }
        true
    }

    /// A message without a code must not say that there is one.
    fn coupons(&mut self, tags: &[Tag], codes: Codes) {
        for (place, guarded) in scan::guarded(self.source, tags, "coupon") {
            let name = self.source[place.clone()].to_owned();
            if name == "coupon.expires" && !codes.expire {
                let help = "give every coupon of the job file a valid_for, such as valid_for = \"30d\"";
                self.say(
                    Some(place),
                    "`coupon.expires` may be empty: a coupon of the job has no `valid_for`",
                    Some(help),
                );
            } else if !guarded && !codes.all {
                let help = "write it as {% if coupon.code %}…{{ coupon.code }}…{% endif %}";
                self.say(
                    Some(place),
                    format!("some messages of the job have no code, so `{name}` may be empty"),
                    Some(help),
                );
            }
        }
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

const RECIPIENT: [&str; 4] = ["id", "name", "locale", "language"];
const COUPON: [&str; 2] = ["coupon.code", "coupon.expires"];

fn is_known(name: &str, known: &Known) -> bool {
    match name.split_once('.') {
        Some(("coupon", _)) => known.coupon.some && COUPON.contains(&name),
        Some(("offer", key)) => known.offer.contains(key.split('.').next().unwrap_or(key)),
        Some(("occasion", _)) if known.any_occasion => true,
        Some(("occasion", key)) if known.occasion.contains(key.split('.').next().unwrap_or(key)) => true,
        Some(("loop", _)) => true,
        Some(("survey" | "invitation", _)) => known.asks.variables().contains(&name),
        Some(("recipient", key)) => known.letter && RECIPIENT.contains(&key),
        Some(("customer" | "links", _)) if known.letter => false,
        Some(_) => FIXED.contains(&name),
        None if matches!(name, "survey" | "invitation") => known.asks != Asking::Nothing,
        None if known.letter => matches!(name, "occasion" | "recipient" | "company" | "message" | "loop"),
        None => matches!(name, "offer" | "occasion" | "customer" | "company" | "message" | "links" | "loop"),
    }
}

fn did_you_mean(name: &str, known: &Known) -> Option<String> {
    let offered = known.offer.iter().map(|key| format!("offer.{key}"));
    let offered: Vec<String> = offered.chain(known.occasion.iter().map(|key| format!("occasion.{key}"))).collect();
    let codes = if known.coupon.some { COUPON.as_slice() } else { &[] };
    let all =
        || FIXED.iter().chain(codes).chain(known.asks.variables()).copied().chain(offered.iter().map(String::as_str));
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
