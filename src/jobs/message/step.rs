//! `[[step]]`: further messages of the same occasion, each some days after the first.
//!
//! Steps are judged anew on the day they are due: the audience and their own condition must hold, and the policy applies
//! as it does to the first message. Only who had the first message gets them; a step never overtakes a message of the
//! occasion that still waits, and of several that are due at once only the last one is sent.

use serde_json::{Value, json};

use crate::figures::counted;
use crate::filter::{self, Composer, Filter, Scope};
use crate::jobfile::duration::Span;
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::Reader;
use crate::outbox::channel::settings::Sort;
use crate::outbox::policy::Policy;

use super::schema::{length, table, text};
use super::{Content, delivery, kind, trigger};

/// How long a step may be sent from the day it is due, where the file does not say it.
const LIFE: Span = Span::days(3);
/// Later than this after the first message it is another story.
const FURTHEST: i32 = 365;

/// A further message of an occasion.
#[derive(Debug, Clone)]
pub struct Further {
    /// Its name, unique in the file; `step` in the ledger and the outbox.
    pub name: String,
    /// Days from the day of the first message to the day it is due.
    pub after: i32,
    /// How long it may be sent from then on.
    pub expire_after: Span,
    /// What must hold on that day besides the audience.
    pub only_if: Option<Filter>,
    /// Channels, best first; none: those of the file.
    channels: Option<(Vec<Sort>, bool)>,
    /// What it says.
    pub content: Content,
}

impl Further {
    /// The file's policy with the channels of the step.
    pub fn policy(&self, file: &Policy) -> Policy {
        let mut policy = file.clone();
        if let Some((channels, preferred_first)) = &self.channels {
            policy.channels.clone_from(channels);
            policy.preferred_first = *preferred_first;
        }
        policy
    }

    /// Its channels, where `file` are those of the file.
    pub fn sorts(&self, file: &[Sort]) -> Vec<Sort> {
        self.channels.as_ref().map_or_else(|| file.to_vec(), |(sorts, _)| sorts.clone())
    }

    /// Binds what its head asks for; `behind` is the step after it.
    pub(super) fn bind(&self, composer: Composer, behind: Option<&Self>) -> Composer {
        composer
            .set("after", self.after)
            .set("until", behind.map(|behind| behind.after))
            .set("life", trigger::interval(self.expire_after))
    }
}

/// Reads all `[[step]]`; `template` and `policy` are those of the first message.
pub fn read(
    file: &mut Reader<'_>,
    context: &ReadContext<'_>,
    template: Option<&str>,
    policy: Option<&Policy>,
    scope: &Scope<'_>,
) -> Option<Vec<Further>> {
    let mut steps: Vec<Option<Further>> = Vec::new();
    for mut table in file.tables("step") {
        let before = table.problems();
        let step = read_one(&mut table, context, template, policy, scope);
        if let Some(step) = &step {
            compare(&table, step, &steps);
        }
        let whole = table.problems() == before;
        table.finish();
        steps.push(step.filter(|_| whole));
    }
    steps.into_iter().collect()
}

fn read_one(
    table: &mut Reader<'_>,
    context: &ReadContext<'_>,
    template: Option<&str>,
    policy: Option<&Policy>,
    scope: &Scope<'_>,
) -> Option<Further> {
    let name = table.required_string("name", "\"reminder\"").filter(|name| is_name(table, name));
    let after = after(table);
    let expire_after = table.duration("expire_after").unwrap_or(LIFE);
    if expire_after.as_seconds() == 0 || expire_after > Span::days(60) {
        let help = "a length of time from \"1h\" to \"60d\"".to_owned();
        table.problem("expire_after", "nothing could be sent, or for far too long", Some(help));
    }
    let only_if = if table.has("only_if") { filter::read(table, "only_if", scope) } else { None };
    let channels = if table.has("channels") { delivery::channels(table) } else { None };
    let own = table.string("template");
    let template = own.as_deref().or(template)?.to_owned();
    let sorts =
        channels.as_ref().map(|(sorts, _)| sorts.as_slice()).or(policy.map(|policy| policy.channels.as_slice()));
    let locales = kind::locales(context.templates, Some(&template), sorts.unwrap_or_default());
    Some(Further {
        name: name?,
        after: after?,
        expire_after,
        only_if,
        channels,
        content: Content { files: context.templates.paths(&template), template, locales },
    })
}

fn is_name(table: &Reader<'_>, name: &str) -> bool {
    let fits = !name.is_empty()
        && name.len() <= 40
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits {
        let help = "lower-case letters, digits and hyphens, such as \"reminder\"".to_owned();
        table.problem("name", format!("{name:?} cannot be the name of a step"), Some(help));
    }
    fits
}

fn after(table: &mut Reader<'_>) -> Option<i32> {
    if !table.has("after") {
        table.missing("after", "\"7d\"");
    }
    let span = table.duration("after")?;
    let days = span.as_days().filter(|days| (1..=FURTHEST).contains(days));
    if days.is_none() {
        let help = "counted from the day of the first message, such as \"7d\"".to_owned();
        table.problem("after", format!("`after` must be whole days, from \"1d\" to \"{FURTHEST}d\""), Some(help));
    }
    days
}

/// Every step has a name of its own and comes after the one before.
fn compare(table: &Reader<'_>, step: &Further, before: &[Option<Further>]) {
    if before.iter().flatten().any(|other| other.name == step.name) {
        table.problem("name", format!("there is a step named {:?} already", step.name), None);
    }
    if let Some(last) = before.iter().flatten().last().filter(|last| last.after >= step.after) {
        let message = format!(
            "this step does not come after {:?}, which is {} after the first",
            last.name,
            counted(last.after, "day")
        );
        table.problem("after", message, Some("all steps count from the day of the first message".into()));
    }
}

/// The JSON schema of `[[step]]`.
pub fn schema(condition: &Value, channels: &Value) -> Value {
    let step = table(
        "A further message of the same occasion, for those who had the first",
        &["name", "after"],
        json!({
            "name": { "description": "Its name, lower-case", "type": "string", "pattern": "^[a-z0-9-]{1,40}$" },
            "after": length("When it is due, counted from the day of the first message: \"7d\""),
            "expire_after": length("How long it may be sent from then on; default 3d"),
            "only_if": condition,
            "channels": channels,
            "template": text("Folder below templates/; default: the template of the first message"),
        }),
    );
    json!({ "description": "Further messages of the same occasion, in order; the audience and the policy are asked again on the day", "type": "array", "items": step })
}
