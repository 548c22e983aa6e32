//! `jobs/policy/caps.toml`: how many messages a customer gets at most, over all jobs.
//!
//! Promises: a cap counts every message of its purposes, topics and channels, whatever job owes it, and holds for the jobs
//! it counts; `when` says for whom it is. The file is stored with the specs of the jobs that are under it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::schema;
use crate::filter::{self, Filter, Scope};
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Cuts, Ladders, ReadContext, Segments};
use crate::jobfile::problem::Problems;
use crate::jobfile::reader::{Reader, did_you_mean, read_text};
use crate::outbox::channel::settings::Sort;
use crate::outbox::policy::{Policy, Purpose};

/// Longer than this nobody remembers what came before.
const LONGEST: Span = Span::days(60);
/// More than this is no limit.
const MOST: i64 = 1_000;
const CHANNELS: [(&str, Sort); 2] = [("email", Sort::Email), ("sms", Sort::Sms)];

/// A cap as the file says it. Empty lists: all there are.
#[derive(Debug, Clone)]
pub struct Cap {
    /// What people call it.
    pub name: String,
    purposes: Vec<Purpose>,
    topics: Vec<String>,
    channels: Vec<Sort>,
    at_most: i64,
    /// Any stretch of time so long; none: each day of the customer's.
    pub within: Option<Span>,
    /// For whom it is; none: for everybody.
    pub when: Option<Filter>,
}

impl Cap {
    /// As `policy/contacts.sql` takes it.
    pub fn in_sql(&self, place: usize) -> Value {
        let list = |words: Vec<&str>| if words.is_empty() { Value::Null } else { json!(words) };
        json!({
            "place": place,
            "name": self.name,
            "purposes": list(self.purposes.iter().map(|purpose| purpose.as_str()).collect()),
            "topics": list(self.topics.iter().map(String::as_str).collect()),
            "channels": list(self.channels.iter().map(|sort| sort.as_str()).collect()),
            "at_most": self.at_most,
            "within": self.within.map(|within| format!("{} seconds", within.as_seconds())),
            "conditional": self.when.is_some(),
        })
    }

    fn counts(&self, policy: &Policy, topic: &str) -> bool {
        (self.purposes.is_empty() || self.purposes.contains(&policy.purpose))
            && (self.topics.is_empty() || self.topics.iter().any(|one| one == topic))
            && (self.channels.is_empty() || self.channels.iter().any(|sort| policy.channels.contains(sort)))
    }
}

/// The caps of the folder for a job, which asks for them by this; that they are wrong is said once more at the job only
/// when nobody checks the folder.
pub fn of_job(own: &Reader<'_>, context: &ReadContext<'_>) -> Vec<Cap> {
    let scope = Scope::of(context, None);
    let (caps, problems) = read(context.segments, &scope);
    if !problems.is_empty() {
        let help = "first put jobs/policy/caps.toml right".to_owned();
        own.problem_here("the caps that count the messages of this job are wrong themselves", Some(help));
    }
    caps
}

/// Those of them that count the messages of a job.
pub fn counting(mut caps: Vec<Cap>, policy: &Policy, topic: &str) -> Vec<Cap> {
    caps.retain(|cap| cap.counts(policy, topic));
    caps
}

/// Everything that is wrong with the file.
pub fn check(segments: &Segments, ladders: &Ladders) -> Problems {
    read(segments, &Scope { window: None, ladders, segments, cuts: &Cuts::default(), inside: &[], ticket: false }).1
}

fn read(segments: &Segments, scope: &Scope<'_>) -> (Vec<Cap>, Problems) {
    let Some(source) = segments.caps() else { return (Vec::new(), Problems::default()) };
    read_text(&source.file, &source.text, |file| {
        if !file.has("cap") {
            file.missing(
                "cap",
                "{ name = \"marketing-week\", purpose = [\"marketing\"], at_most = 2, within = \"7d\" }",
            );
        }
        let mut names = BTreeSet::new();
        let mut caps = Vec::new();
        for mut table in file.tables("cap") {
            let cap = read_one(&mut table, scope);
            if let Some(cap) = &cap
                && !names.insert(cap.name.clone())
            {
                table.problem("name", format!("there is a cap named {:?} already", cap.name), None);
            }
            table.finish();
            caps.extend(cap);
        }
        caps
    })
}

fn read_one(table: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Cap> {
    let before = table.problems();
    let name = table.required_string("name", "\"marketing-week\"");
    let purposes = some_of(table, "purpose", &Purpose::WORDS);
    let topics = if table.has("topic") { table.strings("topic").unwrap_or_default() } else { Vec::new() };
    let channels = some_of(table, "channel", &CHANNELS);
    if !["purpose", "topic", "channel"].iter().any(|key| table.has(key)) {
        let help = "add purpose = [\"marketing\"], topic = [\"…\"] or channel = [\"sms\"]".to_owned();
        table.problem_here("the cap does not say which messages it counts", Some(help));
    }
    table.required("at_most", "2");
    let at_most = table.integer("at_most", 1..=MOST);
    let within = within(table);
    let when = if table.has("when") { filter::read(table, "when", scope) } else { None };
    let whole = table.problems() == before;
    whole.then_some(Cap { name: name?, purposes, topics, channels, at_most: at_most?, within: within?, when })
}

/// `within = "7d"` or `per = "day"`; none within: a day of the customer's.
fn within(table: &mut Reader<'_>) -> Option<Option<Span>> {
    match (table.has("within"), table.has("per")) {
        (true, false) => {
            let within = table.duration("within")?;
            if within.as_seconds() == 0 || within > LONGEST {
                let help = format!("a length of time from \"1h\" to \"{LONGEST}\"");
                table.problem("within", "nothing could be counted, or for far too long", Some(help));
                return None;
            }
            Some(Some(within))
        }
        (false, true) => table.choice("per", &[("day", ())]).map(|()| None),
        (within, _) => {
            table.leave(&["within", "per"]);
            let message =
                if within { "`within` and `per` say different things" } else { "at most so many in which time?" };
            let help = "within = \"7d\" (any seven days), or per = \"day\" (a day where the customer lives)".to_owned();
            table.problem_here(message, Some(help));
            None
        }
    }
}

/// A list of known words; none of them: not said.
fn some_of<T: Copy>(table: &mut Reader<'_>, key: &str, words: &[(&str, T)]) -> Vec<T> {
    if !table.has(key) {
        return Vec::new();
    }
    let said = table.strings(key).unwrap_or_default();
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let mut found = Vec::new();
    for word in &said {
        match words.iter().find(|(known, _)| known == word) {
            Some((_, one)) => found.push(*one),
            None => table.problem(key, format!("`{key}` cannot be {word:?}"), Some(did_you_mean(word, &known))),
        }
    }
    if said.is_empty() {
        table.problem(
            key,
            format!("`{key}` is an empty list"),
            Some(format!("for example: {key} = [\"{}\"]", known[0])),
        );
    }
    found
}

/// The JSON schema of the file.
#[must_use]
pub fn schema() -> Value {
    let list = |description: &str, items: Value| json!({ "description": description, "type": "array", "minItems": 1, "items": items });
    let one_of = |words: Vec<&str>| json!({ "enum": words });
    let has = |key: &str| json!({ "required": [key] });
    let (what, time) = (["purpose", "topic", "channel"], ["within", "per"]);
    let cap = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "at_most"],
        "properties": {
            "name": schema::text("What people call it; `tend plan` says it where somebody gets no message because of it"),
            "purpose": list("Messages of these purposes count", one_of(Purpose::WORDS.map(|(word, _)| word).to_vec())),
            "topic": list("Messages about these topics count", json!({ "type": "string" })),
            "channel": list("Messages by these channels count", one_of(CHANNELS.map(|(word, _)| word).to_vec())),
            "at_most": { "description": "So many in that time", "type": "integer", "minimum": 1, "maximum": MOST },
            "within": schema::length("Any stretch of time so long, before and behind the message, such as \"7d\""),
            "per": schema::words("Each day, where the customer lives", &["day"]),
            "when": filter::schema::reference(),
        },
        "anyOf": what.map(has),
        "oneOf": time.map(has),
    });
    filter::schema::of_caps(&cap)
}
