//! Whose a task is and by when: the keys that kinds about people's work share.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::calendar::business::{Calendar, Trouble};
use crate::engine::door::Run;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::Reader;
use crate::task::NewTask;

/// Shorter nobody can do anything; longer it is no task.
const SHORTEST_DUE: Span = Span::hours(0);
const LONGEST_DUE: Span = Span::days(90);
/// What began longer ago than this before a run found it makes no task, where the file does not say it.
const LIFE: Span = Span::days(7);
const LONGEST_LIFE: Span = Span::days(90);
/// Longest line on a page and in a list, characters.
const LONGEST_TITLE: usize = 120;

/// What a file says about each task.
#[derive(Debug, Clone)]
pub struct Order {
    /// callback or rescue.
    kind: &'static str,
    /// assignee, owner, supervisor or a team.
    to: String,
    /// Team that has it when none of those can.
    backup: Option<String>,
    /// One line.
    title: String,
    /// By when, from the beginning on.
    due: Span,
    /// What began longer before the run makes no task.
    pub life: Span,
    /// The calendar of the hours in which people work; none: any hour.
    pub calendar: Option<String>,
    /// Whether `due` counts only its hours.
    business: bool,
    /// Who is told by mail.
    pub mail: Mail,
}

/// Who is told by mail, apart from the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    /// Who gets a task.
    All,
    /// Supervisors, of what is overdue.
    Overdue,
    /// Nobody.
    Nobody,
}

const MAILS: [(&str, Mail); 3] = [("all", Mail::All), ("overdue", Mail::Overdue), ("none", Mail::Nobody)];
const TIMES: [(&str, bool); 2] = [("elapsed", false), ("business", true)];

/// What a task is about.
#[derive(Debug, Clone)]
pub struct About {
    /// The customer.
    pub customer_id: String,
    /// Names the task.
    pub origin: String,
    /// The ticket, if it is about one.
    pub ticket_id: Option<String>,
    /// When it began: from then on the time runs.
    pub since: DateTime<Utc>,
    /// Which round.
    pub round: i16,
    /// What it rests on.
    pub detail: Value,
    /// In other words than those of the file.
    pub title: Option<String>,
    /// For somebody else than the file says.
    pub to: Option<String>,
}

impl Order {
    /// Reads the shared keys; none when something is wrong.
    pub fn read(
        own: &mut Reader<'_>,
        context: &ReadContext<'_>,
        kind: &'static str,
        to: &str,
        due: Span,
    ) -> Option<Self> {
        let before = own.problems();
        let to = word(own, "to").unwrap_or_else(|| to.to_owned());
        let backup = word(own, "backup");
        let title = own.required_string("title", "\"回访 · Call back\"");
        if title.as_ref().is_some_and(|title| title.chars().count() > LONGEST_TITLE) {
            let help = format!("one line of at most {LONGEST_TITLE} characters");
            own.problem("title", "the title is too long for a list", Some(help));
        }
        let due = length(own, "due", due, LONGEST_DUE);
        let life = length(own, "within", LIFE, LONGEST_LIFE);
        let calendar = context.calendars.read(own, "calendar");
        let business = own.choice("time", &TIMES).unwrap_or(false);
        if business && !own.has("calendar") {
            let help = "name one: calendar = \"cn\"".to_owned();
            own.problem("time", "business time needs a calendar to count by", Some(help));
        }
        let mail = own.choice("mail", &MAILS).unwrap_or(Mail::Overdue);
        if own.problems() > before {
            return None;
        }
        Some(Self { kind, to, backup, title: title?, due, life, calendar, business, mail })
    }

    /// The same for another time of the same things.
    #[must_use]
    pub fn due_in(&self, due: Span) -> Self {
        Self { due, ..self.clone() }
    }

    /// By when it has to be done, from the beginning on.
    #[must_use]
    pub fn due(&self) -> Span {
        self.due
    }

    /// The task, as a run finds it. It opens when people work; what is found late, or opens late, has at least a quarter of
    /// the time from then on: nobody is to be late before the task is there.
    ///
    /// # Errors
    /// Beyond what the calendar knows.
    pub fn task(&self, run: &Run, calendar: Option<&Calendar>, about: About) -> Result<NewTask, Trouble> {
        let found = run.as_of.max(about.since);
        let secs = self.due.as_seconds();
        let opens_at = calendar.map_or(Ok(found), |calendar| calendar.next_open(found))?;
        let due_at = match calendar.filter(|_| self.business) {
            Some(calendar) => calendar.add(about.since, secs, &[])?.max(calendar.add(opens_at, secs / 4, &[])?),
            None => (about.since + self.due.as_delta()).max(opens_at + self.due.as_delta() / 4),
        };
        let detail: Map<String, Value> = about.detail.as_object().cloned().unwrap_or_default();
        Ok(NewTask {
            kind: self.kind,
            origin: about.origin,
            job: run.job.clone(),
            customer_id: about.customer_id,
            ticket_id: about.ticket_id,
            title: about.title.unwrap_or_else(|| self.title.clone()),
            team: Some(about.to.unwrap_or_else(|| self.to.clone())),
            backup: self.backup.clone(),
            assignee_id: None,
            opens_at,
            due_at,
            round: about.round,
            on_day: None,
            starts: None,
            zone: run.timezone.name(),
            run_id: run.run_id,
            guarded: true,
            detail,
        })
    }
}

/// A length of time that makes sense.
pub fn length(own: &mut Reader<'_>, key: &str, default: Span, longest: Span) -> Span {
    let span = own.duration(key).unwrap_or(default);
    if span <= SHORTEST_DUE || span > longest {
        let help = format!("a length of time from \"1m\" to \"{longest}\"; default {default}");
        own.problem(key, format!("`{key}` is no time anybody could work with"), Some(help));
    }
    span
}

/// A word that is not empty.
fn word(own: &mut Reader<'_>, key: &str) -> Option<String> {
    let word = own.string(key)?;
    if word.trim().is_empty() {
        own.problem(key, format!("`{key}` names nobody"), Some("for example: \"owner\", or a team of yours".into()));
    }
    Some(word.trim().to_owned())
}

/// JSON schema of the tables of a kind that makes tasks: its own, with the shared keys and those it adds, and the audience.
pub fn tables<const N: usize>(
    (name, description): (&'static str, &str),
    (to, due): (&str, Span),
    own: [(&str, Value); N],
    required: &[&str],
) -> Vec<(&'static str, Value)> {
    let mut keys = schema(to, due);
    keys.extend(own.map(|(key, schema)| (key.to_owned(), schema)));
    let own = json!({
        "description": description, "type": "object", "additionalProperties": false, "required": required, "properties": keys,
    });
    vec![(name, own), ("audience", crate::filter::schema::reference())]
}

/// JSON schema of the shared keys.
fn schema(to: &str, due: Span) -> Map<String, Value> {
    let text = |description: String| json!({ "description": description, "type": "string", "minLength": 1 });
    let keys = json!({
        "to": text(format!("Whose it is: assignee (who had the ticket, else the owner), owner, supervisor, or a team of the company; default {to}")),
        "backup": text("Team that has it when none of those can; default: the team of the owner, or of who had the ticket".into()),
        "title": { "description": "One line that says what is to be done", "type": "string", "minLength": 1, "maxLength": LONGEST_TITLE },
        "due": span(&format!("By when it has to be done, from the beginning on; default {due}")),
        "calendar": text("The calendar of the hours in which people work: tasks open, and overdue ones are told, within them; default: at any hour".into()),
        "time": { "description": "Whether `due` counts all hours (elapsed, default) or those of the calendar (business)", "enum": ["elapsed", "business"] },
        "mail": { "description": "Who is told by mail at once: supervisors of what is overdue (default), whoever gets a task as well (all), or nobody (none)", "enum": ["all", "overdue", "none"] },
        "within": span(&format!("What began longer ago when a run finds it makes no task; default {LIFE}")),
    });
    keys.as_object().cloned().unwrap_or_default()
}

/// JSON schema of a length of time.
pub fn span(description: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": "^[0-9]+[smhdw]$" })
}
