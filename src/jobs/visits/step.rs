//! A run: what was, whom the job looks after, then the days of each person.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::cycle::Cycle;
use super::place::{self, Ahead, Customer, Figures, Rules};
use super::staff::Staff;
use super::task::{Desk, Writes, Written};
use super::wish::Weekdays;
use super::{Visits, letters, loads};
use crate::calendar::business::Calendar;
use crate::engine::door::{JobError, Run};
use crate::filter::{Frame, Requirements, compose};

/// People whose customers are read at once.
const PEOPLE: usize = 32;

/// The days a run is about.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    /// The local day of the run.
    pub today: NaiveDate,
    /// The first day something may be placed on: today before it begins, else tomorrow.
    pub first: NaiveDate,
    /// Nobody is owed a visit before.
    pub begun: NaiveDate,
    /// Up to here tasks were made before.
    pub told: NaiveDate,
    /// Up to here tasks are made now.
    pub told_until: NaiveDate,
    /// The last day that is planned: the end of the cycles that have begun by then.
    pub until: NaiveDate,
    frame: Frame,
}

/// A customer with visits, as the database has them.
#[derive(Debug)]
pub(super) struct Row {
    pub customer_id: String,
    pub level: String,
    /// Who visits; empty: nobody can.
    pub staff_id: String,
    pub was_last_on: Option<NaiveDate>,
    pub short: i16,
    pub short_cycle: Option<String>,
    pub short_why: Option<String>,
    begin: NaiveDate,
    weekday: Option<Value>,
    pub time: Option<Value>,
    had: Vec<NaiveDate>,
    missed: Vec<NaiveDate>,
    contacts: Vec<NaiveDate>,
    pub last_on: Option<NaiveDate>,
    pub origins: Vec<String>,
    pub task_ids: Vec<i64>,
    pub days: Vec<NaiveDate>,
    assignees: Vec<String>,
    pinned: Vec<bool>,
}

/// What the tiers have, by tier and cycle; the last is what nobody can make.
type Sums = BTreeMap<(usize, Cycle), (Figures, u32)>;

/// Plans; what was done.
pub(super) async fn plan(visits: &Visits, run: &Run, conn: &mut PgConnection) -> Result<Value, JobError> {
    let staff = Staff::read(visits, run.business_date, conn).await?;
    let stretch = claim(visits, run, staff.of_job(), conn).await?;
    let (customers, gone) = whom(visits, run, &stretch, conn).await?;
    let works = staff.of_job().works(stretch.today).map_err(JobError::fail)?;
    let before = sqlx::query_file!("src/jobs/visits/begin.sql", run.job, stretch.today, run.as_of, works)
        .fetch_one(&mut *conn)
        .await?;
    let letters = letters::write(run, &staff, &before.missed, visits.make_up, conn).await?;
    let assigned = loads::assign(visits, &staff, run, stretch.told_until, conn).await?;
    let desk = Desk { visits, run, staff: &staff, stretch: &stretch };
    let (mut sums, mut written) = (Sums::new(), Written::default());
    let mut people: Vec<String> = staff.iter().map(|person| person.staff_id.clone()).collect();
    people.push(String::new());
    for people in people.chunks(PEOPLE) {
        let done = plan_people(desk, people, &mut sums, conn).await?;
        written.added += done.added;
        written.moved += done.moved;
        written.dropped += done.dropped;
    }
    let progress = json!({
        "customers": customers, "added": written.added, "moved": written.moved,
        "taken_back": written.dropped + before.left_behind, "missed": before.missed.len(), "opened": before.opened,
        "short": sums.values().map(|(figures, _)| figures.short).sum::<u32>(),
    });
    let further = json!({ "gone": gone, "assigned": assigned, "letters": letters });
    keep(desk, &sums, &progress, &further, conn).await?;
    Ok(progress)
}

/// Takes the plan of the job for the run, and keeps others out until it ends.
async fn claim(visits: &Visits, run: &Run, calendar: &Calendar, conn: &mut PgConnection) -> Result<Stretch, JobError> {
    let today = run.business_date;
    let ahead = Days::new(visits.horizon.unsigned_abs());
    let told_until = today.checked_add_days(ahead).unwrap_or(today);
    let before = sqlx::query!(
        "with before as (select job, first_day, told_until from tend.visit_plan where job = $1)
         insert into tend.visit_plan as p (job, as_of, run_id, first_day, told_until) values ($1, $2, $3, $4, $5)
         on conflict (job) do update set as_of = excluded.as_of, run_id = excluded.run_id,
             told_until = greatest(p.told_until, excluded.told_until)
         where p.as_of <= excluded.as_of
         returning first_day, (select b.told_until from before b) as told",
        run.job,
        run.as_of,
        run.run_id,
        today,
        told_until
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(before) = before else {
        let error =
            anyhow::anyhow!("{} has planned for a later instant already; visits are not planned backwards", run.job);
        return Err(JobError::fail(error));
    };
    let opens = calendar.day(today).map_err(JobError::fail)?.open.first().map(|(from, _)| *from);
    let tomorrow = today.succ_opt().unwrap_or(today);
    let first = if opens.is_none_or(|opens| run.as_of <= opens) { today } else { tomorrow };
    let ends = visits.tiers.iter().map(|tier| tier.cadence.per.of(told_until).last());
    let until = ends.max().unwrap_or(told_until);
    let told = before.told.unwrap_or_else(|| first.pred_opt().unwrap_or(first));
    let frame = Frame { as_of: run.as_of, timezone: run.timezone, window: None };
    Ok(Stretch { today, first, begun: before.first_day, told, told_until, until, frame })
}

impl Stretch {
    /// The first instant of a day.
    pub fn begins(&self, day: NaiveDate) -> DateTime<Utc> {
        self.frame.start_of(day)
    }

    /// The first day whose visits count for the cycles that are planned.
    fn since(&self, visits: &Visits) -> NaiveDate {
        let begins = visits.tiers.iter().map(|tier| tier.cadence.per.of(self.today).first).min().unwrap_or(self.today);
        begins.checked_sub_days(Days::new(visits.gap.unsigned_abs())).unwrap_or(begins)
    }
}

/// Brings the customers the job looks after up to date: how many there are, how many left.
async fn whom(visits: &Visits, run: &Run, stretch: &Stretch, conn: &mut PgConnection) -> Result<(i64, i64), JobError> {
    let needs = Requirements::of(visits.audience.as_ref());
    let statement = compose(include_str!("whom.sql"), stretch.frame)
        .set("job", run.job.clone())
        .set("today", stretch.today)
        .set("horizon", stretch.told_until)
        .set("by_owner", visits.who.owner)
        .set("team", visits.who.team.clone())
        .set("ladder", visits.ladder.clone())
        .set("levels", visits.levels())
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("audience", visits.audience.as_ref())
        .finish();
    Ok(statement.query_as().fetch_one(conn).await?)
}

/// Plans the customers of some people.
async fn plan_people(
    desk: Desk<'_>,
    people: &[String],
    sums: &mut Sums,
    conn: &mut PgConnection,
) -> Result<Written, JobError> {
    let mut rows = read(desk, people, conn).await?.into_iter().peekable();
    let mut writes = Writes::default();
    while let Some(staff_id) = rows.peek().map(|row| row.staff_id.clone()) {
        let own: Vec<Row> = std::iter::from_fn(|| rows.next_if(|row| row.staff_id == staff_id)).collect();
        let customers: Vec<Customer> = own.iter().filter_map(|row| row.customer(desk)).collect();
        let days = desk.staff.get(&staff_id).map(|person| person.days(desk.stretch.first, desk.stretch.until));
        let plan = place::place(&rules(desk), &days.unwrap_or_default(), &customers);
        for (row, changes) in own.iter().zip(&plan.changes) {
            writes.take(desk, row, changes);
        }
        for (key, figures) in plan.figures {
            let sum = sums.entry(key).or_default();
            sum.0.add(&figures);
            sum.1 += if staff_id.is_empty() { figures.short } else { 0 };
        }
    }
    writes.write(desk.run, conn).await
}

/// How visits are placed.
fn rules(desk: Desk<'_>) -> Rules {
    let Desk { visits, stretch, .. } = desk;
    Rules {
        tiers: visits.tiers.iter().map(|tier| tier.cadence.clone()).collect(),
        gap: visits.gap,
        first: stretch.first,
        until: stretch.until,
        told: stretch.told,
    }
}

async fn read(desk: Desk<'_>, people: &[String], conn: &mut PgConnection) -> Result<Vec<Row>, JobError> {
    let Desk { visits, run, stretch, .. } = desk;
    let (kinds, within) = match &visits.contacts {
        Some(contacts) => (contacts.kinds.clone(), contacts.within.as_delta()),
        None => (Vec::new(), chrono::TimeDelta::zero()),
    };
    let rows = sqlx::query_file_as!(
        Row,
        "src/jobs/visits/customers.sql",
        run.job,
        people,
        visits.ladder,
        run.timezone.name(),
        stretch.today,
        stretch.since(visits),
        stretch.begun,
        &kinds,
        run.as_of - within,
        run.as_of,
        visits.wish.weekday.as_deref(),
        visits.wish.time.as_deref()
    );
    // visits and customers meet by hash: with statistics from before the first plan the planner takes them for a few, and
    // reads all the visits again for each customer
    sqlx::query("set local enable_nestloop = off").execute(&mut *conn).await?;
    let rows = rows.fetch_all(&mut *conn).await?;
    sqlx::query("set local enable_nestloop = on").execute(conn).await?;
    Ok(rows)
}

impl Row {
    fn customer(&self, desk: Desk<'_>) -> Option<Customer> {
        let mut had = [self.had.as_slice(), &self.contacts].concat();
        had.sort_unstable();
        had.dedup();
        let missed = self.missed.iter().copied().filter(|day| desk.visits.make_up && !self.contacts.contains(day));
        let ahead = self.days.iter().enumerate().map(|(place, on)| Ahead { on: *on, stays: self.stays(desk, place) });
        Some(Customer {
            id: self.customer_id.clone(),
            tier: desk.visits.tier(&self.level)?,
            begin: self.begin,
            missed: missed.collect(),
            had,
            last: self.last_on,
            wish: self.weekday.as_ref().map(Weekdays::read).unwrap_or_default(),
            ahead: ahead.collect(),
        })
    }

    /// Whether a visit stays on its day: a person put it there, or it is of today and somebody is there to make it.
    fn stays(&self, desk: Desk<'_>, place: usize) -> bool {
        let day = self.days[place];
        let goes = desk.staff.get(&self.assignees[place]).is_some_and(|person| !person.is_away(day));
        self.pinned[place] || day == desk.stretch.today && goes
    }

    /// Whether a visit has to go to whoever looks after the customer now.
    pub fn changes_hands(&self, desk: Desk<'_>, place: usize) -> bool {
        let is_there = desk.staff.get(&self.assignees[place]).is_some();
        self.assignees[place] != self.staff_id && !(is_there && self.stays(desk, place))
    }
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.customers += other.customers;
        self.owed += other.owed;
        self.had += other.had;
        self.placed += other.placed;
        self.short += other.short;
    }
}

/// Writes down what the run found.
async fn keep(
    desk: Desk<'_>,
    sums: &Sums,
    progress: &Value,
    further: &Value,
    conn: &mut PgConnection,
) -> Result<(), JobError> {
    let Desk { visits, run, stretch, staff } = desk;
    let tiers: Vec<Value> = sums.iter().map(|((tier, cycle), (figures, nobody))| {
        json!({
            "level": visits.tiers[*tier].level, "cadence": visits.cadence(*tier), "cycle": cycle.name(), "from": cycle.first,
            "until": cycle.last(), "customers": figures.customers, "owed": figures.owed, "had": figures.had,
            "placed": figures.placed, "short": figures.short, "nobody": nobody,
        })
    }).collect();
    let ends = staff.of_job().known().map(|known| *known.end()).filter(|end| *end < stretch.until);
    let figures = json!({ "tiers": tiers, "did": progress, "further": further, "calendar_ends": ends });
    sqlx::query!(
        "insert into tend.visit_run (run_id, job, as_of, first_day, until_day, figures) values ($1, $2, $3, $4, $5, $6)
         on conflict (run_id) do update set as_of = excluded.as_of, first_day = excluded.first_day, until_day = excluded.until_day,
             figures = excluded.figures",
        run.run_id,
        run.job,
        run.as_of,
        stretch.first,
        stretch.told_until,
        figures
    )
    .execute(conn)
    .await?;
    Ok(())
}
