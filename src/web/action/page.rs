//! The page of a figure that missed its target, in the language of who looks at it.

use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};

use super::ActionDesk;
use crate::action::{LONGEST, Listed};
use crate::web::Shared;
use crate::web::form::Form;
use crate::web::page::Said;
use crate::web::visitor::Visitor;

/// What is wrong with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What is to be done?
    NoWords,
    /// By whom?
    NoOwner,
    /// Until when?
    NoDay,
    /// That day cannot be meant.
    BadDay,
    /// Too many words.
    TooLong,
    /// Dropped, but why?
    NoReason,
    /// Somebody else was quicker.
    Over,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// An action of this number was decided.
    Given(i64),
    /// It is done.
    Done,
    /// It is no longer wanted.
    Dropped,
}

/// What stands in the forms already.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    what: String,
    owner: String,
    due: Option<String>,
    /// The action whose end is being told, and the words for it.
    id: Option<i64>,
    note: String,
}

impl Filled {
    /// What was sent and could not be taken.
    pub fn of(form: &Form) -> Self {
        let text = |name: &'static str| form.first(name).unwrap_or_default();
        let words = |name: &'static str| text(name).chars().take(LONGEST * 2).collect();
        Self {
            what: words("what"),
            owner: text("owner").to_owned(),
            due: form.first("due").map(|due| due.chars().take(10).collect()),
            id: text("id").parse().ok(),
            note: words("note"),
        }
    }
}

/// The pages of one figure.
pub struct Page<'s> {
    desk: &'s ActionDesk,
    said: Said<'s>,
}

impl<'s> Page<'s> {
    pub fn new(shared: &'s Shared, desk: &'s ActionDesk, visitor: &Visitor) -> Self {
        Self { desk, said: Said::to(shared, desk.reads.as_deref(), visitor) }
    }

    /// It is not our form.
    pub fn garbled(&self) -> Response {
        self.said.note("bad_request", StatusCode::BAD_REQUEST)
    }

    /// The figure, what is done about it, and a form for more.
    pub fn form(&self, status: StatusCode, filled: &Filled, fault: Option<Fault>) -> Response {
        let fault = fault.map(|fault| {
            self.said.words(match fault {
                Fault::NoWords => "action_no_words",
                Fault::NoOwner => "action_no_owner",
                Fault::NoDay => "action_no_day",
                Fault::BadDay => "action_bad_day",
                Fault::TooLong => "action_too_long",
                Fault::NoReason => "action_no_reason",
                Fault::Over => "action_over",
            })
        });
        let fields = self.fields(filled);
        self.show(status, Some(filled), context! { fault, form => fields })
    }

    /// It was recorded.
    pub fn recorded(&self, what: Recorded) -> Response {
        let recorded = match what {
            Recorded::Given(id) => match self.desk.actions.iter().find(|one| one.action_id == id) {
                Some(one) => {
                    let when = one.due_on.to_string();
                    self.said.with("action_recorded", &[("who", one.owner_shown()), ("when", &when)])
                }
                // an old form, of what was dropped meanwhile
                None => self.said.words("action_recorded_dropped"),
            },
            Recorded::Done => self.said.words("action_recorded_done"),
            Recorded::Dropped => self.said.words("action_recorded_dropped"),
        };
        self.show(StatusCode::OK, None, context! { recorded, back => self.said.words("action_back") })
    }

    /// `filled`: none leaves the forms out.
    fn show(&self, status: StatusCode, filled: Option<&Filled>, values: Value) -> Response {
        let actions: Vec<Value> = self.desk.actions.iter().map(|one| self.action(one, filled)).collect();
        let values = context! {
            title => self.desk.figure.title(self.said.language()), facts => self.facts(), actions,
            actions_title => self.said.words("action_there_title"), ..values
        };
        self.said.page("action.html", status, values)
    }

    fn action(&self, one: &Listed, filled: Option<&Filled>) -> Value {
        let state = match (one.state.as_str(), one.overdue) {
            ("open", true) => "action_is_overdue",
            ("open", false) => "action_is_open",
            _ => "action_is_done",
        };
        let since =
            (one.period != self.desk.review.period).then(|| self.said.with("action_since", &[("when", &one.period)]));
        let end = filled.filter(|_| one.state == "open").map(|filled| {
            let note = if filled.id == Some(one.action_id) { filled.note.as_str() } else { "" };
            context! { id => one.action_id, note, on => filled.id == Some(one.action_id) }
        });
        context! {
            what => one.what.as_str(), state => self.said.words(state), overdue => one.overdue, since, note => one.note.as_deref(), end,
            who => self.said.with("action_who_when", &[("who", one.owner_shown()), ("when", &one.due_on.to_string())]),
        }
    }

    fn fields(&self, filled: &Filled) -> Value {
        let colleagues = self.desk.colleagues.iter().map(|one| {
            let same = self.desk.colleagues.iter().filter(|other| other.name == one.name).count();
            let name = match (one.name.as_str(), same) {
                ("", _) => one.staff_id.clone(),
                (name, 1) => name.to_owned(),
                (name, _) => format!("{name} ({})", one.staff_id),
            };
            context! { id => one.staff_id.as_str(), name, on => one.staff_id == filled.owner }
        });
        let usual = self.desk.review.usual_day(self.desk.now).map(|day| day.to_string());
        context! {
            title => self.said.words("action_give_title"), what_title => self.said.words("action_what_title"), what => filled.what.as_str(),
            most => LONGEST, owner_title => self.said.words("action_owner_title"), choose => self.said.words("action_choose"),
            colleagues => colleagues.collect::<Vec<_>>(), due_title => self.said.words("action_due_title"),
            due => filled.due.clone().or(usual), first => self.desk.review.today(self.desk.now).to_string(),
            give => self.said.words("action_give_button"), end_title => self.said.words("action_end_title"),
            note_title => self.said.words("action_note_title"), done => self.said.words("action_done_button"),
            drop => self.said.words("action_drop_button"), submit_note => self.said.words("action_submit_note"),
        }
    }

    /// The figure as it was in the review.
    fn facts(&self) -> Vec<Value> {
        let (review, figure) = (&self.desk.review, &self.desk.figure);
        let (value, before) = figure.shown(self.said.language());
        let mut facts = vec![("review", format!("{} · {}", review.title, review.period))];
        if !review.team.is_empty() {
            facts.push(("team", review.team.clone()));
        }
        facts.push(("value", value));
        facts.extend(figure.target(self.said.language()).map(|target| ("target", target)));
        facts.push(("before", before));
        facts.push(("cases", figure.cases().to_string()));
        facts
            .into_iter()
            .map(|(key, value)| context! { name => self.said.words(&format!("action_{key}")), value })
            .collect()
    }
}
