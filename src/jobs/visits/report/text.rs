//! The report for a terminal, and the rows of its tables.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Report, why_short};
use crate::jobs::layout::{self, Align, clip, count, counted};

/// Weeks shown beside each other.
const WEEKS: usize = 6;
/// Missed visits named in a terminal.
const NAMED: usize = 20;
/// Widest name shown.
const NAME: usize = 20;

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let Some((first, until)) = self.days else {
            return format!("Run {} has not planned visits.\n", self.run.run_id);
        };
        let did = &self.did;
        let mut text = layout::fold(
            &format!(
                "Visits of {}, tasks from {first} to {until}, calendar {}",
                counted(did.customers, "customer"),
                self.visits.calendar
            ),
            0,
        );
        let parts = [
            (did.added, "added"),
            (did.moved, "moved"),
            (did.taken_back, "taken back"),
            (did.opened, "open today"),
            (did.missed, "missed"),
            (did.short, "short"),
        ];
        let parts: Vec<String> = parts.iter().map(|(figure, words)| format!("{} {words}", count(*figure))).collect();
        text.push_str(&layout::fold(&parts.join(", "), 0));
        if let Some(end) = self.calendar_ends {
            let calendar = &self.visits.calendar;
            text.push_str(&layout::fold(
                &format!("The calendar {calendar} knows the days to {end} only: nothing is planned behind it"),
                0,
            ));
        }
        for (heading, align, rows) in [
            ("What is owed", 4, self.tier_rows()),
            ("Who visits (in brackets the most on a day)", 1, self.week_rows()),
            ("Who waits, longest first", 9, self.waiting_rows()),
            ("Missed: nobody recorded these visits", 9, self.missed_rows()),
        ] {
            if rows.len() > 1 {
                let columns = rows[0].len();
                let align: Vec<Align> =
                    (0..columns).map(|column| if column < align - 1 { Align::Left } else { Align::Right }).collect();
                let shown: Vec<Vec<String>> = rows.iter().take(NAMED + 1).cloned().collect();
                text.push_str(&format!("\n{heading}\n{}", layout::table(&align, &shown)));
                if rows.len() > shown.len() {
                    text.push_str(&format!("  … and {} more\n", count((rows.len() - shown.len()) as i64)));
                }
            }
        }
        text
    }

    /// With the heads of the columns in front, as all of these.
    pub(super) fn tier_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![head(&["level", "cadence", "cycle", "customers", "owed", "made", "planned", "short"])];
        for tier in &self.tiers {
            let words = [tier.level.clone(), tier.cadence.clone(), tier.cycle.clone()];
            let figures = [tier.customers, tier.owed, tier.had, tier.placed, tier.short].map(count);
            rows.push(words.into_iter().chain(figures).collect());
        }
        rows
    }

    pub(super) fn week_rows(&self) -> Vec<Vec<String>> {
        let mondays: BTreeSet<NaiveDate> = self.weeks.iter().map(|week| week.monday).collect();
        let mondays: Vec<NaiveDate> = mondays.into_iter().take(WEEKS).collect();
        let mut rows = vec![vec!["from".to_owned()]];
        rows[0].extend(mondays.iter().map(|monday| monday.format("%m-%d").to_string()));
        let people: BTreeSet<(&str, &str)> =
            self.weeks.iter().map(|week| (week.staff_id.as_str(), week.name.as_str())).collect();
        for (staff_id, name) in people {
            let who = if staff_id.is_empty() {
                "(nobody)".to_owned()
            } else {
                clip(format!("{staff_id} {name}").trim_end(), NAME)
            };
            let week = |monday: &NaiveDate| {
                let week = self.weeks.iter().find(|week| week.staff_id == staff_id && week.monday == *monday);
                week.map_or_else(|| "·".to_owned(), |week| format!("{} ({})", count(week.visits), week.most))
            };
            rows.push(std::iter::once(who).chain(mondays.iter().map(week)).collect());
        }
        rows
    }

    pub(super) fn waiting_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![head(&["customer", "name", "level", "last", "short", "from", "who", "why"])];
        rows.extend(self.waiting.iter().map(|one| {
            let last = one.last_on.map_or_else(|| "never".to_owned(), |day| day.to_string());
            let who = one.staff_id.clone().unwrap_or_default();
            let (name, why) = (clip(&one.name, NAME), why_short(&one.why).to_owned());
            vec![
                one.customer_id.clone(),
                name,
                one.level.clone(),
                last,
                one.short.to_string(),
                one.cycle.clone(),
                who,
                why,
            ]
        }));
        rows
    }

    pub(super) fn missed_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![head(&["day", "customer", "who", "supervisor", "task"])];
        rows.extend(self.missed.iter().map(|one| {
            let (who, boss) = (one.staff_id.clone().unwrap_or_default(), one.supervisor.clone().unwrap_or_default());
            vec![one.on_day.to_string(), one.customer_id.clone(), who, boss, one.task_id.to_string()]
        }));
        rows
    }
}

fn head(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| (*column).to_owned()).collect()
}
