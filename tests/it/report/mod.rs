//! Reviews: every figure against a case done by hand, verdicts and their order, the kind as a file and a run.

mod actions;
mod archive;
mod charts;
mod customers;
mod judged;
mod killed;
mod kind;
mod mailed;
mod messages;
mod rounds;
mod sales;
mod tickets;
mod work;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use tend::jobfile::duration::Span;
use tend::jobs::report::{Aggregate, Asked, Cases, LISTED, Measured, Period, Rows, cases, find, measure};

use crate::support::World;

pub const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

/// A question for a figure: a stretch of days, looked at eight hours after its end.
#[derive(Clone)]
pub struct Ask<'w> {
    pub world: &'w World,
    pub zone: Tz,
    pub first: &'w str,
    pub last: &'w str,
    pub team: Option<Vec<String>>,
    pub hours: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

impl<'w> Ask<'w> {
    /// About May 2026 in Shanghai.
    pub fn may(world: &'w World) -> Self {
        Self { world, zone: SHANGHAI, first: "2026-05-01", last: "2026-05-31", team: None, hours: Vec::new() }
    }

    pub fn days(self, first: &'w str, last: &'w str) -> Self {
        Self { first, last, ..self }
    }

    pub fn within(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    pub fn of(self, team: &[&str]) -> Self {
        Self { team: Some(team.iter().map(|id| (*id).to_owned()).collect()), ..self }
    }

    pub fn period(&self) -> Period {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        Period::of_days(day(self.first), day(self.last), self.zone).unwrap()
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            ladder: Some("tiers"),
            team: self.team.as_deref(),
            condition: None,
            inactive_after: Span::days(180),
            repeat_within: Span::days(7),
            lag: TimeDelta::hours(8),
            hours: &self.hours,
        }
    }

    pub async fn rows(&self, figure: &str) -> Rows {
        let mut conn = self.world.pool().acquire().await.unwrap();
        let measured = measure(&mut conn, find(figure).unwrap(), &self.period(), &self.asked()).await;
        let rows = measured.unwrap_or_else(|error| panic!("{figure}: {error}"));
        let listed = cases(&mut conn, find(figure).unwrap(), &self.period(), &self.asked()).await;
        if let Some(listed) = listed.unwrap_or_else(|error| panic!("{figure}: {error}")) {
            agree(figure, &rows, &listed);
        }
        rows
    }

    /// "5400 of 2": the value and its cases; "nothing" without any.
    pub async fn told(&self, figure: &str) -> String {
        told(self.rows(figure).await.whole.as_ref())
    }

    /// "complaint 7200 of 1, request 3600 of 1": the parts by a trait.
    pub async fn by(&self, figure: &str, by: &str) -> String {
        let rows = self.rows(figure).await;
        let parts = rows.parts.iter().filter(|(part, _)| part.by == by);
        parts.map(|(part, measured)| format!("{} {}", part.name, told(Some(measured)))).collect::<Vec<_>>().join(", ")
    }
}

/// What every figure promises of its cases, checked with each question of these tests: they come to the figure, whole and parts.
fn agree(figure: &str, rows: &Rows, listed: &Cases) {
    let whole = rows.whole.map_or(0, |whole| whole.cases);
    assert_eq!(
        (listed.all, listed.rows.len()),
        (whole, usize::try_from(whole).unwrap().min(LISTED)),
        "{figure}: its cases"
    );
    if listed.rows.len() == LISTED {
        return;
    }
    let entry = find(figure).unwrap();
    let values: Vec<Decimal> = listed.rows.iter().map(|row| row.value).collect();
    let sum: Decimal = values.iter().sum();
    if let Some(value) = rows.whole.and_then(|whole| whole.value) {
        let expected = match entry.aggregate {
            Aggregate::Mean => (sum / Decimal::from(whole)).round_dp(6),
            Aggregate::Sum | Aggregate::Count => sum,
            Aggregate::Median | Aggregate::P90 => value,
        };
        assert!(
            (expected - value).abs() <= Decimal::new(1, 6),
            "{figure}: its cases come to {expected}, it is {value}"
        );
    }
    for (part, measured) in rows.parts.iter().filter(|(part, _)| !part.name.is_empty()) {
        let theirs = listed.rows.iter().filter(|row| row.part(&part.by) == Some(&part.name)).count();
        assert_eq!(i64::try_from(theirs).unwrap(), measured.cases, "{figure}: the cases of {} {}", part.by, part.name);
    }
    let sorted = |better: &dyn Fn(&Decimal, &Decimal) -> bool| values.windows(2).all(|two| better(&two[0], &two[1]));
    assert!(sorted(&|one, two| one >= two) || sorted(&|one, two| one <= two), "{figure}: the worst first");
}

fn told(measured: Option<&Measured>) -> String {
    let Some(measured) = measured else { return "nothing".to_owned() };
    measured.value.map_or_else(|| "none".to_owned(), |value| format!("{value} of {}", measured.cases))
}

/// Customers c1 (high, of ann), c2 (mid, of bob), c3 (mid, nobody's), and the staff ann and bob.
pub async fn company() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, team) values ('ann', 'Ann', 'north'), ('bob', 'Bob', 'south');
             insert into crm.customer (customer_id, owner_id, created_at)
             values ('c1', 'ann', '2025-01-01Z'), ('c2', 'bob', '2025-01-01Z'), ('c3', null, '2025-01-01Z');
             insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
             values ('c1', 'tiers', 'high', '2026-01-01Z', 1, '{}'), ('c2', 'tiers', 'mid', '2026-01-01Z', 1, '{}'),
                    ('c3', 'tiers', 'mid', '2026-01-01Z', 1, '{}')",
        )
        .await;
    world
}

/// A ticket of a customer, all instants in Shanghai's time; the log as "kind value by at; …".
pub async fn ticket(world: &World, id: &str, customer: &str, opened: &str, says: &str, log: &str) {
    world
        .sql(&format!(
            "insert into crm.ticket (ticket_id, customer_id, opened_at) values ('{id}', '{customer}', '{opened}+08');
             update crm.ticket set {} where ticket_id = '{id}'",
            if says.is_empty() { "urgency = 'normal'" } else { says }
        ))
        .await;
    for (place, event) in log.split(';').map(str::trim).filter(|event| !event.is_empty()).enumerate() {
        let words: Vec<&str> = event.splitn(4, ' ').collect();
        let [kind, value, by, at] = words[..] else { panic!("{event}") };
        let text = |word: &str| if word == "-" { "null".to_owned() } else { format!("'{word}'") };
        world
            .sql(&format!(
                "insert into crm.ticket_event (ticket_id, event_id, at, kind, value, by_id)
                 values ('{id}', 'e{place:02}', '{at}+08', '{kind}', {}, {})",
                text(value),
                text(by)
            ))
            .await;
    }
}
