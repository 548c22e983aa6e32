//! What messages brought about: who was reached, who took part, which orders followed, and what would have happened
//! without them.
//!
//! Promises:
//!
//! * **One question, one answer.** A function of (database, job, period, as-of, goals): the period is that of the runs
//!   that planned the messages, the goals are those of the files as they are now. Nothing is kept, all is counted anew,
//!   set by set.
//! * **An order is credited once over all jobs**: to the last contact before it whose window holds it. Cancelled and
//!   refunded orders count nowhere.
//! * **What is not over is not judged**: messages whose windows still run are counted apart.
//! * **The comparison is fair**: both groups are those of the draw, whoever was reached; both clocks start when the message
//!   was to go; all orders count, not only credited ones; each customer once ([`lift`], [`interval`]).
//!
//! A reader of several figures asks within one transaction that sees one state (repeatable read).

mod customer;
mod goals;
pub mod interval;
pub mod lift;
mod notes;
mod overview;
mod report;
mod told;
mod words;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

pub use customer::{Credited, of_customer};
pub use goals::Goals;
pub use lift::Lift;
pub use overview::Overview;

use super::message::{Event, Goal};

/// Which messages are asked about.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Period {
    /// Messages planned from this instant on …
    pub from: DateTime<Utc>,
    /// … and before this one.
    pub to: DateTime<Utc>,
    /// What happened until then counts.
    pub as_of: DateTime<Utc>,
    /// Whose days are shown.
    pub timezone: Tz,
}

/// What became of messages, sent or not.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sent {
    /// All that were planned.
    pub planned: i64,
    /// Still to go.
    pub waiting: i64,
    /// Nobody knows whether they arrived.
    pub in_doubt: i64,
    /// Refused, returned, expired, cancelled.
    pub failed: i64,
    /// Arrived: accepted or delivered, complaints too.
    pub arrived: i64,
    /// Complaints among those.
    pub complained: i64,
}

/// What followed messages that arrived. Of messages, unless it says customers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many arrived.
    pub arrived: i64,
    /// That were answered by their links.
    pub answered: i64,
    /// That were replied to, other than by STOP.
    pub replied: i64,
    /// After which the customer took part or came, as the company recorded.
    pub took_part: i64,
    /// After which the customer bought, whichever job the order is credited to.
    pub bought: i64,
    /// That were taken up: participation.
    pub participated: i64,
    /// After which the goal was reached.
    pub reached_goal: i64,
    /// That are credited with orders.
    pub credited: i64,
    /// Orders credited.
    pub orders: i64,
    /// Their money.
    pub money: Decimal,
}

impl Figures {
    /// Messages taken up, of those that arrived.
    #[must_use]
    pub fn participation(&self) -> interval::Share {
        interval::Share { hits: self.participated, of: self.arrived }
    }
}

/// What followed all messages of a kind, and at how many customers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Whole {
    /// Of the messages.
    #[serde(flatten)]
    pub figures: Figures,
    /// Customers at whom they arrived.
    pub customers: i64,
    /// Customers whose orders are credited.
    pub buyers: i64,
}

/// A part of the messages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Step, offer, channel or language.
    pub name: String,
    /// What followed those whose windows are over.
    pub figures: Figures,
}

/// The messages parted by one trait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breakdown {
    /// offer, channel, step, language.
    pub by: &'static str,
    /// Most messages first.
    pub parts: Vec<Part>,
}

/// What a job's messages of a period brought about.
#[derive(Debug, Clone, Serialize)]
pub struct Effects {
    /// The job.
    pub job: String,
    /// Its title.
    pub title: String,
    /// The period.
    pub period: Period,
    /// What it is judged by.
    pub goal: Goal,
    /// What became of all messages.
    pub sent: Sent,
    /// What followed those whose windows are over: the figures that are judged.
    pub over: Whole,
    /// What has followed so far those whose windows still run.
    pub open: Whole,
    /// When the last of those is over.
    pub open_until: Option<DateTime<Utc>>,
    /// The figures of those whose windows are over, part by part.
    pub breakdowns: Vec<Breakdown>,
    /// Currencies of the credited orders; amounts of several are added up as they are.
    pub currencies: Vec<String>,
    /// Whether fewer took part than the goal asks for, of enough to tell.
    pub is_flagged: bool,
    /// Against the hold-out; none where there was none.
    pub lift: Option<Lift>,
}

/// A row of `credit.sql`.
struct Cell {
    is_total: bool,
    is_whole: bool,
    is_open: Option<bool>,
    traits: [String; 4],
    sent: Sent,
    whole: Whole,
    open_until: Option<DateTime<Utc>>,
    currencies: Vec<String>,
}

/// What breakdowns are by, in the order of [`Cell::traits`].
const TRAITS: [&str; 4] = ["offer", "channel", "step", "language"];

/// What a job's messages of a period brought about.
///
/// # Errors
/// When the database cannot be asked.
pub async fn of_job(conn: &mut PgConnection, job: &str, period: &Period, goals: &Goals) -> sqlx::Result<Effects> {
    // compiling so long a statement takes longer than running it
    sqlx::query("select set_config('jit', 'off', true)").execute(&mut *conn).await?;
    let judged = goals.of(job);
    let goal = judged.goal;
    let cells = cells(conn, job, period, goals, &goal).await?;
    let whole = |is_open| {
        let whole = cells.iter().find(|cell| cell.is_whole && !cell.is_total && cell.is_open == Some(is_open));
        whole.map(|cell| cell.whole.clone()).unwrap_or_default()
    };
    let total = cells.iter().find(|cell| cell.is_total);
    let over = whole(false);
    Ok(Effects {
        job: job.to_owned(),
        title: judged.title.unwrap_or_else(|| job.to_owned()),
        period: *period,
        goal,
        sent: total.map(|cell| cell.sent.clone()).unwrap_or_default(),
        open: whole(true),
        open_until: total.and_then(|cell| cell.open_until),
        breakdowns: breakdowns(&cells),
        currencies: total.map(|cell| cell.currencies.clone()).unwrap_or_default(),
        is_flagged: is_flagged(&over.figures, &goal),
        over,
        lift: lift::ask(conn, job, period, &goal).await?,
    })
}

fn is_flagged(over: &Figures, goal: &Goal) -> bool {
    let share = Decimal::from(over.participated);
    over.arrived >= lift::FEW && share < goal.participation * Decimal::from(over.arrived)
}

async fn cells(
    conn: &mut PgConnection,
    job: &str,
    period: &Period,
    goals: &Goals,
    goal: &Goal,
) -> sqlx::Result<Vec<Cell>> {
    let (jobs, seconds) = goals.credit();
    let rows = sqlx::query_file!(
        "src/jobs/effects/credit.sql",
        job,
        period.from,
        period.to,
        period.as_of,
        goal.within.as_duration().as_secs_f64(),
        goal.event == Event::Order,
        &jobs,
        &seconds as &[Option<f64>],
        Goals::credit_of_unknown(),
        goal.event.as_str()
    )
    .fetch_all(conn)
    .await?;
    let text = |text: Option<String>| text.unwrap_or_default();
    let cells = rows.into_iter().map(|row| Cell {
        is_total: row.is_total,
        is_whole: row.is_whole,
        is_open: row.is_open,
        traits: [text(row.offer), text(row.channel), text(row.step), text(row.locale)],
        sent: Sent {
            planned: row.planned,
            waiting: row.waiting,
            in_doubt: row.in_doubt,
            failed: row.failed,
            arrived: row.arrived,
            complained: row.complained,
        },
        whole: Whole {
            figures: Figures {
                arrived: row.arrived,
                answered: row.answered,
                replied: row.replied,
                took_part: row.took_part,
                bought: row.bought,
                participated: row.participated,
                reached_goal: row.reached_goal,
                credited: row.credited,
                orders: row.orders,
                money: row.money,
            },
            customers: row.customers,
            buyers: row.buyers,
        },
        open_until: row.open_until,
        currencies: row.currencies.unwrap_or_default(),
    });
    Ok(cells.collect())
}

/// A table for each trait in which the messages differ.
fn breakdowns(cells: &[Cell]) -> Vec<Breakdown> {
    let over: Vec<&Cell> = cells.iter().filter(|cell| !cell.is_whole && cell.is_open == Some(false)).collect();
    let by = TRAITS.iter().enumerate().map(|(place, by)| {
        let mut parts: Vec<Part> = Vec::new();
        for cell in &over {
            let name = &cell.traits[place];
            let at = parts.iter().position(|part| part.name == *name).unwrap_or_else(|| {
                parts.push(Part { name: name.clone(), figures: Figures::default() });
                parts.len() - 1
            });
            parts[at].figures.add(&cell.whole.figures);
        }
        parts.sort_by(|a, b| (b.figures.arrived, &a.name).cmp(&(a.figures.arrived, &b.name)));
        Breakdown { by, parts }
    });
    by.filter(|breakdown| breakdown.parts.len() > 1).collect()
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.arrived += other.arrived;
        self.answered += other.answered;
        self.replied += other.replied;
        self.took_part += other.took_part;
        self.bought += other.bought;
        self.participated += other.participated;
        self.reached_goal += other.reached_goal;
        self.credited += other.credited;
        self.orders += other.orders;
        self.money += other.money;
    }
}
