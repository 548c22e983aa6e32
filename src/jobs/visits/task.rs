//! What a plan changes in the database, gathered and written at once.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Visits;
use super::place::{Changes, Why};
use super::staff::Staff;
use super::step::{Row, Stretch};
use crate::engine::door::{JobError, Run};

/// Rows to be written.
#[derive(Debug, Default)]
pub(super) struct Writes {
    new: New,
    moved: Moved,
    dropped: (Vec<i64>, Vec<String>),
    known: Known,
}

#[derive(Debug, Default)]
struct New {
    origins: Vec<String>,
    customers: Vec<String>,
    slots: Slots,
    titles: Vec<String>,
    details: Vec<Value>,
}

#[derive(Debug, Default)]
struct Moved {
    tasks: Vec<i64>,
    slots: Slots,
}

/// Who, when.
#[derive(Debug, Default)]
struct Slots {
    people: Vec<String>,
    days: Vec<NaiveDate>,
    opens: Vec<DateTime<Utc>>,
    due: Vec<DateTime<Utc>>,
    times: Vec<Option<NaiveTime>>,
}

/// What is known of customers beside their visits.
#[derive(Debug, Default)]
struct Known {
    customers: Vec<String>,
    last: Vec<Option<NaiveDate>>,
    short: Vec<i16>,
    cycles: Vec<Option<String>>,
    why: Vec<Option<String>>,
}

/// How many rows were written.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Written {
    pub added: i64,
    pub moved: i64,
    pub dropped: i64,
}

/// What a run is made with.
#[derive(Clone, Copy)]
pub(super) struct Desk<'d> {
    pub visits: &'d Visits,
    pub run: &'d Run,
    pub staff: &'d Staff,
    pub stretch: &'d Stretch,
}

impl Writes {
    /// Takes what becomes of the visits of a customer.
    pub fn take(&mut self, desk: Desk<'_>, row: &Row, changes: &Changes) {
        for (place, why) in changes
            .surplus
            .iter()
            .map(|place| (place, "surplus"))
            .chain(changes.homeless.iter().map(|place| (place, "no_day")))
        {
            self.dropped.0.push(row.task_ids[*place]);
            self.dropped.1.push(why.to_owned());
        }
        for (place, day) in &changes.moved {
            self.moved.tasks.push(row.task_ids[*place]);
            self.moved.slots.put(desk, row, *day);
        }
        self.hand_over(desk, row, changes);
        self.add(desk, row, changes);
        self.know(row, changes);
    }

    /// Visits that keep their day and get another person.
    fn hand_over(&mut self, desk: Desk<'_>, row: &Row, changes: &Changes) {
        for (place, task_id) in row.task_ids.iter().enumerate() {
            let gone = changes.surplus.contains(&place) || changes.homeless.contains(&place);
            let moved = changes.moved.iter().any(|(other, _)| *other == place);
            if !gone && !moved && row.changes_hands(desk, place) {
                self.moved.tasks.push(*task_id);
                self.moved.slots.put(desk, row, row.days[place]);
            }
        }
    }

    fn add(&mut self, desk: Desk<'_>, row: &Row, changes: &Changes) {
        let Desk { visits, run, staff, stretch } = desk;
        let locale = staff.get(&row.staff_id).and_then(|person| person.locale.as_deref());
        let mut numbers = std::collections::BTreeMap::new();
        for (cycle, day) in &changes.new {
            let name = cycle.name();
            let prefix = format!("visit:{}:{name}:{}:", run.job, row.customer_id);
            let number = numbers.entry(name.clone()).or_insert_with(|| {
                let numbers = row.origins.iter().filter_map(|origin| origin.strip_prefix(&prefix)?.parse::<u32>().ok());
                numbers.max().unwrap_or(0)
            });
            if *day > stretch.told_until {
                continue;
            }
            *number += 1;
            let mut detail =
                json!({ "cycle": name, "number": number, "level": row.level, "day": day, "staff": row.staff_id });
            if let Some(text) = &visits.text {
                detail["text"] = json!(visits.words(text, locale));
            }
            self.new.origins.push(format!("{prefix}{number}"));
            self.new.customers.push(row.customer_id.clone());
            self.new.slots.put(desk, row, *day);
            self.new.titles.push(visits.words(&visits.title, locale).to_owned());
            self.new.details.push(detail);
        }
    }

    fn know(&mut self, row: &Row, changes: &Changes) {
        let first = changes.short.iter().min_by_key(|short| short.cycle.first);
        let short: u32 = changes.short.iter().map(|short| short.visits).sum();
        let short = i16::try_from(short).unwrap_or(i16::MAX);
        let cycle = first.map(|short| short.cycle.name());
        let why = first.map(|short| match short.why {
            _ if row.staff_id.is_empty() => "nobody".to_owned(),
            Why::Full => "full".to_owned(),
            Why::Gap => "gap".to_owned(),
        });
        let same = (row.was_last_on, row.short, &row.short_cycle, &row.short_why) == (row.last_on, short, &cycle, &why);
        if !same {
            self.known.customers.push(row.customer_id.clone());
            self.known.last.push(row.last_on);
            self.known.short.push(short);
            self.known.cycles.push(cycle);
            self.known.why.push(why);
        }
    }

    /// Writes it.
    pub async fn write(self, run: &Run, conn: &mut PgConnection) -> Result<Written, JobError> {
        let Self { new, moved, dropped, known } = self;
        let mut written = Written::default();
        if !(new.origins.is_empty() && moved.tasks.is_empty() && dropped.0.is_empty()) {
            let done = sqlx::query_file!(
                "src/jobs/visits/write.sql",
                run.job,
                run.run_id,
                run.as_of,
                run.timezone.name(),
                &new.origins,
                &new.customers,
                &new.slots.people,
                &new.slots.days,
                &new.slots.opens,
                &new.slots.due,
                &new.slots.times as &[Option<NaiveTime>],
                &new.titles,
                &new.details,
                &moved.tasks,
                &moved.slots.people,
                &moved.slots.days,
                &moved.slots.opens,
                &moved.slots.due,
                &moved.slots.times as &[Option<NaiveTime>],
                &dropped.0,
                &dropped.1
            )
            .fetch_one(&mut *conn)
            .await?;
            written = Written { added: done.added, moved: done.moved, dropped: done.dropped };
        }
        if !known.customers.is_empty() {
            sqlx::query!(
                "update tend.visit_customer v set last_on = n.last_on, short = n.short, short_cycle = n.cycle, short_why = n.why
                 from unnest($2::text[], $3::date[], $4::smallint[], $5::text[], $6::text[]) as n (customer_id, last_on, short, cycle, why)
                 where v.job = $1 and v.customer_id = n.customer_id",
                run.job,
                &known.customers,
                &known.last as &[Option<NaiveDate>],
                &known.short,
                &known.cycles as &[Option<String>],
                &known.why as &[Option<String>]
            )
            .execute(conn)
            .await?;
        }
        Ok(written)
    }
}

impl Slots {
    /// A visit to the customer by who looks after the customer, on a day.
    fn put(&mut self, desk: Desk<'_>, row: &Row, day: NaiveDate) {
        let opens = desk.stretch.begins(day);
        let due = desk.staff.closes(&row.staff_id, day).filter(|closes| *closes >= opens);
        self.people.push(row.staff_id.clone());
        self.days.push(day);
        self.opens.push(opens);
        self.due.push(due.unwrap_or_else(|| desk.stretch.begins(day.succ_opt().unwrap_or(day))));
        self.times.push(row.time.as_ref().and_then(super::wish::time));
    }
}
