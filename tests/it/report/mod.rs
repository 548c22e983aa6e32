//! Reviews: every figure against a case done by hand, verdicts and their order, the kind as a file and a run.

mod actions;
mod charts;
mod customers;
mod judged;
mod kind;
mod mailed;
mod messages;
mod sales;
mod tickets;
mod work;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use tend::jobfile::duration::Span;
use tend::jobs::report::{Asked, Measured, Period, Rows, find, measure};

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

    pub async fn rows(&self, figure: &str) -> Rows {
        let asked = Asked {
            ladder: Some("tiers"),
            team: self.team.as_deref(),
            condition: None,
            inactive_after: Span::days(180),
            repeat_within: Span::days(7),
            lag: TimeDelta::hours(8),
            hours: &self.hours,
        };
        let mut conn = self.world.pool().acquire().await.unwrap();
        let entry = find(figure).unwrap();
        measure(&mut conn, entry, &self.period(), &asked).await.unwrap_or_else(|error| panic!("{figure}: {error}"))
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
