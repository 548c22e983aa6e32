//! Statements out of templates: SQL files with named slots, filled here and nowhere else.
//!
//! A slot is a comment `/*{name}*/`. What stands directly behind it on the same line, up to a blank, comma or bracket,
//! is its stand-in: it keeps the file valid SQL and goes away when the slot is filled (`/*{audience}*/ true`). A slot
//! at the end of a line has none. Whoever composes binds the template's own parameters: by number, first and in the
//! order of their numbers, or by name (`:as_of`), at any time. What conditions compare with follows behind.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Encode, Postgres, Type};

use super::Filter;
use super::emit::Emit;
use super::event;
use super::facts::{self, Kept, Requirements};
use super::named::{self, Part};
use crate::jobfile::duration::Span;

/// What conditions are relative to.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// The instant the run pretends it is.
    pub as_of: DateTime<Utc>,
    /// The job's zone: where days are meant, they are days there.
    pub timezone: Tz,
    /// The file's own window; its facts have the alias `f`.
    pub window: Option<Span>,
}

impl Frame {
    /// The local day of the as-of.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.as_of.with_timezone(&self.timezone).date_naive()
    }

    /// The first instant of a local day, also where its midnight is skipped.
    #[must_use]
    pub fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let quarter_hours = (0..96).map(|n| day.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * n));
        let mut candidates = quarter_hours.filter_map(|local| self.timezone.from_local_datetime(&local).earliest());
        candidates.next().map_or_else(|| day.and_time(NaiveTime::MIN).and_utc(), |local| local.to_utc())
    }
}

/// A statement ready to run.
pub struct Statement {
    sql: String,
    args: PgArguments,
}

impl Statement {
    /// The text, for EXPLAIN and for tests.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// To run it for its rows.
    pub fn query(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        sqlx::query_with(AssertSqlSafe(self.sql), self.args)
    }

    /// To run it for typed rows.
    pub fn query_as<T>(self) -> sqlx::query::QueryAs<'static, Postgres, T, PgArguments>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    {
        sqlx::query_as_with(AssertSqlSafe(self.sql), self.args)
    }

    /// To run it for the first column.
    pub fn query_scalar<T>(self) -> sqlx::query::QueryScalar<'static, Postgres, T, PgArguments>
    where
        (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    {
        sqlx::query_scalar_with(AssertSqlSafe(self.sql), self.args)
    }

    /// To see how Postgres would run it.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.sql.insert_str(0, "explain ");
        self
    }
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement").field("sql", &self.sql).finish_non_exhaustive()
    }
}

/// Joins, one below the other.
fn joined(parts: [String; 2]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Begins a statement from a template.
#[must_use]
pub fn compose(template: &'static str, frame: Frame) -> Composer {
    Composer { sql: template.to_owned(), emit: Emit::new(frame), named: BTreeMap::new(), own_bound: false }
}

/// Binds a value and says its number.
type Push = Box<dyn FnOnce(&mut Emit) -> usize + Send>;

/// A statement being composed.
///
/// # Panics
/// Its methods panic when a slot they name is not in the template, and [`Self::finish`] when a slot or a named parameter
/// was left: all are defects of the code, found by the first test that composes the statement.
pub struct Composer {
    sql: String,
    emit: Emit,
    named: BTreeMap<&'static str, Push>,
    /// A slot was filled, so the numbers of the template's own parameters are taken.
    own_bound: bool,
}

impl Composer {
    /// Binds the template's next own parameter.
    #[must_use]
    pub fn bind<T>(mut self, value: T) -> Self
    where
        T: Encode<'static, Postgres> + Type<Postgres> + 'static,
    {
        assert!(!self.own_bound, "the template's own parameters come before its slots");
        self.emit.push(value);
        self
    }

    /// Binds the template's parameter `:name`, wherever it stands. A name the template does not use is left out, so that
    /// templates about the same thing can be bound by the same code.
    #[must_use]
    pub fn set<T>(mut self, name: &'static str, value: T) -> Self
    where
        T: Encode<'static, Postgres> + Type<Postgres> + Send + 'static,
    {
        let before = self.named.insert(name, Box::new(|emit| emit.push(value)));
        assert!(before.is_none(), "the parameter {name} is bound twice");
        self
    }

    /// Fills a slot with a condition; without one it is true.
    #[must_use]
    pub fn condition(mut self, slot: &str, filter: Option<&Filter>) -> Self {
        let sql = filter.map_or_else(|| "true".to_owned(), |filter| self.emit.filter(filter));
        self.fill(slot, &sql)
    }

    /// Takes facts from where they are kept ([`keep`](super::keep) has brought them to the as-of) instead of counting
    /// the orders: of all customers, or, with the cuts of the ranks, of those the statement looks at.
    #[must_use]
    pub fn kept_facts(mut self, kept: Kept) -> Self {
        self.emit.kept = Some(kept);
        self
    }

    /// Fills a slot behind `with` with the facts of all customers, one CTE a window (`fact_365d`), and one for each
    /// table of events, each ended by a comma. One pass over each table, whatever the number of windows.
    #[must_use]
    pub fn facts(mut self, slot: &str, needs: &Requirements) -> Self {
        let mut sql = facts::cte(&mut self.emit, needs);
        if !self.emit.looks_at_few() {
            sql.push_str(&event::cte(&mut self.emit, &needs.events));
        }
        self.fill(slot, &sql)
    }

    /// Fills a slot behind `from crm.customer c` with joins to those facts: `f` for the file's own window, `f_30d` for
    /// others.
    #[must_use]
    pub fn fact_joins(mut self, slot: &str, needs: &Requirements) -> Self {
        let facts = facts::joins(&mut self.emit, needs);
        let events = if self.emit.looks_at_few() {
            event::lateral(&mut self.emit, &needs.events)
        } else {
            event::join(&needs.events)
        };
        let sql = joined([facts, events]);
        self.fill(slot, &sql)
    }

    /// Fills a slot behind `from crm.customer c` with the same aliases, looked up customer by customer: for statements
    /// about a few customers. What needs all customers (ranks, contribution) is computed for all.
    #[must_use]
    pub fn facts_each(mut self, slot: &str, needs: &Requirements) -> Self {
        let sql = joined([facts::lateral(&mut self.emit, needs), event::lateral(&mut self.emit, &needs.events)]);
        self.fill(slot, &sql)
    }

    /// Fills a slot with an aggregate over customers: `jsonb`, each condition in words → for how many a value was
    /// missing, so that it was false.
    #[must_use]
    pub fn missing<'f>(mut self, slot: &str, filters: impl IntoIterator<Item = &'f Filter>) -> Self {
        let mut counts = BTreeMap::new();
        for leaf in filters.into_iter().flat_map(Filter::leaves) {
            if let Some(missing) = leaf.missing_sql(&mut self.emit) {
                counts.entry(leaf.describe()).or_insert(missing);
            }
        }
        let pairs: Vec<_> = counts
            .into_iter()
            .map(|(words, missing)| format!("{}, count(*) filter (where {missing})", self.emit.text(&words)))
            .collect();
        // a function takes at most 100 arguments
        let objects: Vec<_> =
            pairs.chunks(40).map(|pairs| format!("jsonb_build_object({})", pairs.join(", "))).collect();
        let sql = if objects.is_empty() { "'{}'::jsonb".to_owned() } else { objects.join(" || ") };
        self.fill(slot, &format!("({sql})"))
    }

    /// Fills a slot with SQL of the program.
    #[must_use]
    pub fn fragment(self, slot: &str, sql: &'static str) -> Self {
        self.fill(slot, sql)
    }

    /// The statement.
    #[must_use]
    pub fn finish(mut self) -> Statement {
        if let Some(at) = self.sql.find("/*{") {
            panic!("a slot was not filled: {}", self.sql[at..].chars().take(40).collect::<String>());
        }
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut sql = String::with_capacity(self.sql.len());
        for part in named::parts(&self.sql) {
            match part {
                Part::Text(text) => sql.push_str(text),
                Part::Name(name) => {
                    let number = *numbers.entry(name).or_insert_with(|| {
                        let push = self.named.remove(name);
                        push.unwrap_or_else(|| panic!("the parameter :{name} is not bound"))(&mut self.emit)
                    });
                    sql.push('$');
                    sql.push_str(&number.to_string());
                }
            }
        }
        Statement { sql, args: self.emit.args }
    }

    /// Fills a slot with what is made for it.
    pub(super) fn fill_with(mut self, slot: &str, make: impl FnOnce(&mut Emit) -> String) -> Self {
        let sql = make(&mut self.emit);
        self.fill(slot, &sql)
    }

    /// A slot may stand several times; all are filled alike.
    fn fill(mut self, slot: &str, sql: &str) -> Self {
        self.own_bound = true;
        let mark = format!("/*{{{slot}}}*/");
        let mut from = 0;
        let mut found = false;
        while let Some(at) = self.sql[from..].find(&mark).map(|at| from + at) {
            let behind = at + mark.len();
            let stand_in = self.sql[behind..].strip_prefix(' ').map_or(0, |rest| {
                rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';')).unwrap_or(rest.len())
            });
            let end = if stand_in == 0 { behind } else { behind + 1 + stand_in };
            self.sql.replace_range(at..end, sql);
            (from, found) = (at + sql.len(), true);
        }
        assert!(found, "the template has no slot {slot}");
        self
    }
}
