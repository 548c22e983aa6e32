//! The effects of all message jobs side by side.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

use super::report::{Report, Table};
use super::{Effects, Goals, Lift, Period, of_job, words};
use crate::engine::door::JobError;
use crate::figures::count;
use crate::jobs::message::Event;

/// The effects of all message jobs.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// The period.
    pub period: Period,
    /// Those with messages in the period, by name.
    pub jobs: Vec<Effects>,
    /// Those without.
    pub silent: Vec<String>,
}

impl Overview {
    /// Asks about every job there is a goal for.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn ask(conn: &mut PgConnection, period: &Period, goals: &Goals) -> sqlx::Result<Self> {
        let (mut jobs, mut silent) = (Vec::new(), Vec::new());
        for job in goals.jobs() {
            let effects = of_job(conn, job, period, goals).await?;
            if effects.sent.planned > 0 {
                jobs.push(effects);
            } else {
                silent.push(job.to_owned());
            }
        }
        Ok(Self { period: *period, jobs, silent })
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        self.report().text()
    }

    /// As a page.
    ///
    /// # Errors
    /// Never: the template of the program is tested.
    pub fn html(&self) -> Result<String, JobError> {
        self.report().html()
    }

    pub(super) fn currencies(&self) -> Vec<String> {
        self.jobs.iter().flat_map(|job| job.currencies.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn report(&self) -> Report {
        let zone = self.period.timezone;
        let mut notices = Vec::new();
        if self.jobs.is_empty() {
            notices.push("No message was planned in this time.".to_owned());
        }
        for job in self.jobs.iter().filter(|job| job.is_flagged) {
            let (share, asked) = (words::share(job.over.figures.participation()), words::asked(&job.goal));
            notices.push(format!("{}: too few take part, {share}; its goal asks for {asked}.", job.job));
        }
        let mut notes = self.notes();
        if !self.silent.is_empty() {
            notes.push(format!("Without messages in this time: {}.", self.silent.join(", ")));
        }
        Report {
            title: "Effects of all jobs".to_owned(),
            about: vec![format!(
                "Messages planned {} to {} ({zone}), what followed until {}.",
                words::day(self.period.from, zone),
                words::last_day(self.period.to, zone),
                words::minute(self.period.as_of, zone)
            )],
            notices,
            tiles: Vec::new(),
            tables: vec![self.figures(), self.differences()],
            notes,
            foot: "Effects of all jobs.".to_owned(),
        }
    }

    fn figures(&self) -> Table {
        let currencies = self.currencies();
        let rows = self.jobs.iter().map(|job| {
            let over = &job.over.figures;
            let sells = job.goal.event == Event::Order;
            let orders = if sells { count(over.orders) } else { String::new() };
            let money = if job.goal.money { words::money(over.money, &job.currencies) } else { String::new() };
            let (planned, open) = (count(job.sent.planned), count(job.open.figures.arrived));
            vec![job.job.clone(), planned, open, words::share(over.participation()), orders, money]
        });
        let mut rows: Vec<_> = rows.collect();
        if rows.len() > 1 {
            let sum = |of: fn(&Effects) -> i64| count(self.jobs.iter().map(of).sum());
            let money: Decimal = self.jobs.iter().filter(|job| job.goal.money).map(|job| job.over.figures.money).sum();
            rows.push(vec![
                "all".to_owned(),
                sum(|job| job.sent.planned),
                sum(|job| job.open.figures.arrived),
                String::new(),
                sum(|job| job.over.figures.orders),
                words::money(money, &currencies),
            ]);
        }
        Table {
            heading: "What followed",
            caption: "Taken up and credited: of the messages that arrived and whose time is over.".to_owned(),
            columns: vec!["job", "planned", "time not over", "taken up", "orders", "money"],
            rows,
            said: Vec::new(),
        }
    }

    fn differences(&self) -> Table {
        let rows = self.jobs.iter().filter_map(|job| {
            let Lift { messaged, held_out, bought, .. } = job.lift.as_ref()?;
            let (found, limits) = bought.as_ref().map_or_else(Default::default, |bought| {
                (words::signed(bought.found, 100.0, 1), words::limits(bought, 100.0, 1))
            });
            Some(vec![job.job.clone(), words::share(messaged.bought()), words::share(held_out.bought()), found, limits])
        });
        Table {
            heading: "With and without the message",
            caption: "Customers who bought; differences are in points.".to_owned(),
            columns: vec!["job", "messaged", "held out", "difference", "95% sure between"],
            rows: rows.collect(),
            said: Vec::new(),
        }
    }
}
