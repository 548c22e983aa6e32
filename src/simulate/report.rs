//! What came out of a simulation, and what was assumed.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::figures::{self, Section, Sent};
use super::{Stretch, page, text};
use crate::clock::shown;
use crate::simulate::SimulateError;

/// What a simulation takes for granted, a sentence each; what is said of approvals follows.
const ASSUMPTIONS: [&str; 6] = [
    "Customers do nothing: no new orders, contacts, answers, tickets or unsubscribings; nobody new comes. Levels \
     that depend on recent orders fall more than they will.",
    "Every message that may be sent arrives: no bounce, no failing provider, no template that fails. Consent, suppression, \
     quiet hours, ends of life, canaries and caps are asked as in earnest; rates and warming up are left out.",
    "tend runs all the time on this job folder. What was missed before the first instant is not made up for, and what would \
     have happened between now and the first instant has not.",
    "Jobs that are paused stay paused; a stop of all sending is taken to be over.",
    "Customers' data, calendars and settings stay as they are.",
    "People make every visit on its day.",
];

/// The report of a simulation.
#[derive(Debug, Clone)]
pub struct Report {
    /// From when to when.
    pub stretch: Stretch,
    /// Customers there are.
    pub customers: i64,
    /// Messages by day and job.
    pub sent: Vec<Sent>,
    /// All tables.
    pub sections: Vec<Section>,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
}

/// Reads what a simulation left in its copy.
///
/// # Errors
/// When the copy refuses.
pub async fn report(conn: &mut PgConnection, stretch: Stretch, approves: bool) -> sqlx::Result<Report> {
    let approvals = match approves {
        true => "What waits for a person's approval gets it at once (--no-approvals: nobody approves).",
        false => "Nobody approves what waits for approval: it dies with its end of life.",
    };
    let customers =
        sqlx::query_scalar!(r#"select count(*) as "customers!" from crm.customer"#).fetch_one(&mut *conn).await?;
    Ok(Report {
        stretch,
        customers,
        sent: figures::sent(conn, &stretch).await?,
        sections: figures::all(conn, &stretch).await?,
        assumptions: ASSUMPTIONS.iter().copied().chain([approvals]).map(str::to_owned).collect(),
    })
}

impl Report {
    /// All messages.
    #[must_use]
    pub fn messages(&self) -> i64 {
        self.sent.iter().map(|sent| sent.messages).sum()
    }

    /// "2026-06-01 00:00 +08:00 to 2026-09-01 00:00 +08:00"
    #[must_use]
    pub fn when(&self) -> String {
        let Stretch { from, to, zone } = self.stretch;
        format!("{} to {}", shown(from, zone), shown(to, zone))
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let days = self.sent.iter().map(|sent| json!({ "day": sent.day, "job": sent.job, "messages": sent.messages }));
        let mut document = json!({
            "from": self.stretch.from, "to": self.stretch.to, "timezone": self.stretch.zone,
            "customers": self.customers, "messages": self.messages(), "days": days.collect::<Vec<_>>(),
            "assumptions": self.assumptions,
        });
        for section in &self.sections {
            document[section.key] = section.json();
        }
        document
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        text::report(self)
    }

    /// For browsers and paper.
    ///
    /// # Errors
    /// When the template fails.
    pub fn page(&self) -> Result<String, SimulateError> {
        page::report(self)
    }
}
