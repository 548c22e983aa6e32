//! All figures there are: each is one `.sql` below `figures/` whose head says what it is, in what unit, which way is better,
//! by what it can be parted, and how it is defined. What readers see comes from there.

use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::words::Words;
pub use crate::figures::Unit;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The more the better.
    More,
    /// The less the better.
    Less,
    /// It says how things are.
    Neither,
}

/// How the cases of a figure become its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// The mean; of yes and no, the share.
    Mean,
    /// Half is above.
    Median,
    /// A tenth is above.
    P90,
    /// All together.
    Sum,
    /// How many.
    Count,
}

/// What a figure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Customers and their tickets, orders, tasks: conditions and teams apply.
    Customers,
    /// Something that is neither a customer's nor anybody's of the staff.
    All,
    /// Campaigns: counted by [`crate::jobs::effects`].
    Messages,
}

/// What the cases of a figure are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `crm.ticket.ticket_id`
    Ticket,
    /// `crm.orders.order_id`
    Order,
    /// `tend.task.task_id`
    Task,
    /// `tend.outbox.message_id`
    Message,
    /// `tend.answer.message_id`
    Answer,
}

/// A figure, as the head of its file says it.
#[derive(Debug)]
pub struct Entry {
    /// Its name, and its file's.
    pub name: &'static str,
    /// The statement, with slots; empty for campaigns.
    pub sql: &'static str,
    /// Which of the things the statement can tell; none: what it is named after.
    pub which: Option<&'static str>,
    /// The unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// How its value comes about.
    pub aggregate: Aggregate,
    /// By what it can be parted, the most telling first.
    pub by: Vec<&'static str>,
    /// What it is about.
    pub about: About,
    /// What its cases are and the column that names each, where they can be listed: those that are customers are not, a mail
    /// that was sent would go on naming a customer who was forgotten. What stands before the last U+0001 only tells them apart.
    pub row: Option<(Case, &'static str)>,
    /// Its name for people.
    pub title: Words,
    /// How it is defined.
    pub definition: Words,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("figures/", $name, ".sql")))),*] };
}

/// In the order of `docs/figures.md`.
static FILES: &[(&str, &str)] = files![
    "first_answer",
    "first_answer_p90",
    "solve_time",
    "sla_met",
    "overdue",
    "solve_rate",
    "complaints_solved",
    "reopen_rate",
    "handover",
    "repeat_rate",
    "tickets",
    "complaints",
    "complaint_surges",
    "csat",
    "csat_score",
    "nps",
    "retention",
    "churn",
    "tier_moves",
    "contacts",
    "repurchase",
    "reasons",
    "needs",
    "visits_planned",
    "visits_kept",
    "visits_late",
    "participation",
    "conversion",
    "lift",
    "messages_failed",
    "messages_in_doubt",
    "revenue",
    "orders",
    "active_customers",
];

static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| FILES.iter().map(|(name, text)| entry(name, text)).collect());

/// All of them.
#[must_use]
pub fn all() -> &'static [Entry] {
    &ALL
}

/// That of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

impl Entry {
    /// Whether a value of so many cases is a matter of chance: of counts and amounts none is, they are what they are.
    #[must_use]
    pub fn is_small(&self, cases: i64, few: i64) -> bool {
        !matches!(self.aggregate, Aggregate::Sum | Aggregate::Count) && cases > 0 && cases < few
    }

    /// Whether it is measured by the hours people work.
    #[must_use]
    pub fn in_working_time(&self) -> bool {
        self.sql.contains(":opens")
    }

    /// What no case at all comes to: nothing of a sum, and of a mean no value.
    #[must_use]
    pub fn of_nothing(&self) -> Option<Decimal> {
        matches!(self.aggregate, Aggregate::Sum | Aggregate::Count).then_some(Decimal::ZERO)
    }
}

/// Reads a file's head.
///
/// # Panics
/// When a head is wrong: a defect of the code that the first test finds.
fn entry(name: &'static str, text: &'static str) -> Entry {
    let lines = || text.lines().map_while(|line| line.strip_prefix("-- "));
    let said = |key: &str| {
        lines().flat_map(|line| line.split("; ")).find_map(|said| said.strip_prefix(key)?.strip_prefix(": "))
    };
    let must = |key: &str| said(key).unwrap_or_else(|| panic!("figures/{name}.sql does not say `{key}`"));
    assert_eq!(must("figure"), name, "figures/{name}.sql");
    let like = said("as");
    let base = like
        .map(|like| FILES.iter().find(|(name, _)| *name == like).unwrap_or_else(|| panic!("{name}: no figure {like}")));
    let by = said("by").or_else(|| base.map(|(name, text)| list_of(name, text))).unwrap_or_else(|| must("by"));
    let sql = base.map_or(text, |(_, text)| text);
    let row = |text: &'static str| {
        let (case, column) = text.lines().find_map(|line| line.strip_prefix("-- row: "))?.split_once(' ')?;
        Some((one_of(name, case, &CASES), column))
    };
    let words = |language: &str| {
        let prefix = format!("{language}: ");
        let line =
            lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{name}: no {language}"));
        line.split_once(" | ").unwrap_or_else(|| panic!("{name}: `{language}: title | definition`"))
    };
    let ((title, definition), (title_zh, definition_zh)) = (words("en"), words("zh-CN"));
    Entry {
        name,
        sql: sql.find("\nwith ").map_or("", |at| &sql[at + 1..]),
        which: said("which"),
        unit: one_of(name, must("unit"), &Unit::WORDS),
        better: one_of(name, must("better"), &BETTERS),
        aggregate: one_of(name, must("aggregate"), &AGGREGATES),
        by: by.split_whitespace().collect(),
        row: row(base.map_or(text, |(_, text)| text)),
        about: said("of").map_or(About::Customers, |word| one_of(name, word, &ABOUTS)),
        title: Words::new(title, title_zh),
        definition: Words::new(definition, definition_zh),
    }
}

const BETTERS: [(&str, Better); 3] = [("more", Better::More), ("less", Better::Less), ("neither", Better::Neither)];
const AGGREGATES: [(&str, Aggregate); 5] = [
    ("mean", Aggregate::Mean),
    ("median", Aggregate::Median),
    ("p90", Aggregate::P90),
    ("sum", Aggregate::Sum),
    ("count", Aggregate::Count),
];
const CASES: [(&str, Case); 5] = [
    ("ticket", Case::Ticket),
    ("order", Case::Order),
    ("task", Case::Task),
    ("message", Case::Message),
    ("answer", Case::Answer),
];
const ABOUTS: [(&str, About); 2] = [("all", About::All), ("messages", About::Messages)];

fn one_of<T: Copy>(name: &str, word: &str, words: &[(&str, T)]) -> T {
    let found = words.iter().find(|(known, _)| *known == word);
    found.unwrap_or_else(|| panic!("figures/{name}.sql: nothing is called {word:?}")).1
}

/// What another figure can be parted by.
fn list_of(name: &'static str, text: &'static str) -> &'static str {
    let mut said = text.lines().map_while(|line| line.strip_prefix("-- ")).flat_map(|line| line.split("; "));
    said.find_map(|said| said.strip_prefix("by: ")).unwrap_or_else(|| panic!("figures/{name}.sql does not say `by`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_says_all_about_itself() {
        for entry in all() {
            assert_eq!(entry.sql.is_empty(), entry.about == About::Messages, "{}", entry.name);
            assert!(!entry.by.is_empty(), "{}", entry.name);
            assert_eq!(entry.row.is_some(), entry.sql.contains("/*{row}*/"), "{}", entry.name);
            for by in entry.by.iter().filter(|_| !entry.sql.is_empty()) {
                assert!(entry.sql.contains(&format!("('{by}', ")), "{}: parted by {by}", entry.name);
            }
            for words in [&entry.title, &entry.definition] {
                assert!(!words.en.is_ascii() || words.en.len() > 2, "{}", entry.name);
                assert!(!words.zh_cn.is_ascii(), "{}", entry.name);
            }
        }
        assert_eq!(find("churn").map(|entry| entry.which), Some(Some("lost")));
        assert_eq!(std::fs::read_dir("src/jobs/report/figures").map(Iterator::count).ok(), Some(all().len()));
    }
}
