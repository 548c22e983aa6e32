//! The report for a terminal.

use super::{GONE, HELD, NO_LEVEL, Report, Way};
use crate::jobs::layout::{self, Align, count, counted};
use crate::jobs::missing;

/// Widest name of a customer shown.
const NAME: usize = 30;
/// Customers shown on either side of where a condition changes sides.
const NEAREST: usize = 3;

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        [self.head(), self.matrix(), self.cuts(), self.nearest(), self.missing(), self.examples(), self.definitions()]
            .into_iter()
            .filter(|section| !section.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn head(&self) -> String {
        let customers = self.found.count(|flow| flow.to.is_some());
        let mut parts = vec![
            format!("{} rise", count(self.count(Way::Rose))),
            format!("{} fall", count(self.count(Way::Fell))),
            format!("{} stay", count(self.count(Way::Stayed))),
        ];
        match self.count(Way::Assigned) {
            0 => {}
            assigned => parts.push(format!("{} get their first level", count(assigned))),
        }
        match self.count(Way::Gone) {
            0 => {}
            gone => parts.push(format!("{} no longer exist", count(gone))),
        }
        let title = format!(
            "Ladder {} on {} {}, window {}: {}",
            self.run.job,
            self.local(),
            self.run.timezone,
            self.ladder.window(),
            counted(customers, "customer")
        );
        let slow = self.found.everybody.iter();
        let slow: String = slow.map(|why| layout::fold(&format!("Every run looks at everybody: {why}"), 0)).collect();
        layout::fold(&title, 0) + &layout::fold(&parts.join(", "), 0) + &self.beside() + &slow
    }

    /// Whom something beside the conditions kept where they are, or from falling further; nothing where there is nobody.
    fn beside(&self) -> String {
        let mut lines = Vec::new();
        if self.found.held > 0 {
            lines.push(format!("{} {HELD}", count(self.found.held)));
        }
        let kept: Vec<_> =
            self.kept().into_iter().map(|(customers, words)| format!("{} {words}", count(customers))).collect();
        if !kept.is_empty() {
            lines.push(format!("{}: {}", self.looked_at(), kept.join(", ")));
        }
        lines.iter().map(|line| layout::fold(line, 0)).collect()
    }

    /// From (rows) × to (columns), with the distribution before and after at the edges; a list where that is too wide.
    fn matrix(&self) -> String {
        let (from, to) = (self.sources(), self.targets());
        let edge = |level: Option<&str>, count_of: &dyn Fn(&str) -> i64| {
            level.map_or_else(String::new, |level| count(count_of(level)))
        };
        let mut rows = vec![vec!["from ↓  to →".to_owned()]];
        rows[0].extend(to.iter().map(|to| to.unwrap_or(GONE).to_owned()));
        rows[0].push("before".to_owned());
        for from in from {
            let mut row = vec![from.unwrap_or(NO_LEVEL).to_owned()];
            row.extend(to.iter().map(|to| self.cell(from, *to)));
            row.push(edge(from, &|level| self.before(level)));
            rows.push(row);
        }
        let mut after = vec!["after".to_owned()];
        after.extend(to.iter().map(|to| edge(*to, &|level| self.after(level))));
        rows.push(after);
        let align: Vec<_> =
            std::iter::once(Align::Left).chain(to.iter().map(|_| Align::Right)).chain([Align::Right]).collect();
        let matrix = layout::table(&align, &rows);
        if layout::fits(&matrix) { matrix } else { self.list() }
    }

    fn cell(&self, from: Option<&str>, to: Option<&str>) -> String {
        match self.between(from, to) {
            0 => "·".to_owned(),
            customers => count(customers),
        }
    }

    /// The same for ladders of many levels: each level before and after, then each way that was taken.
    fn list(&self) -> String {
        let mut levels = vec![["level", "before", "after"].map(str::to_owned).to_vec()];
        levels.extend(self.ladder.levels().iter().map(|level| {
            vec![layout::clip(&level.name, NAME), count(self.before(&level.name)), count(self.after(&level.name))]
        }));
        let ways = self.found.flows.iter().filter(|flow| flow.from != flow.to).map(|flow| {
            let name = |level: &Option<String>, none: &str| layout::clip(level.as_deref().unwrap_or(none), NAME);
            let way = format!("{} → {}", name(&flow.from, NO_LEVEL), name(&flow.to, GONE));
            vec![way, count(flow.customers)]
        });
        let ways = layout::table(&[Align::Left, Align::Right], &ways.collect::<Vec<_>>());
        [layout::table(&[Align::Left, Align::Right, Align::Right], &levels), ways].join("\n")
    }

    fn cuts(&self) -> String {
        let lines = self.words.cuts(self.before).into_iter().map(|cut| {
            let now = cut.now.map_or_else(|| "nobody was ranked".to_owned(), |now| format!("from {now} on"));
            let was = match (cut.was, cut.moved) {
                (None, _) => String::new(),
                (Some(_), None) => " (as before)".to_owned(),
                (Some(was), Some(moved)) => format!(" ({moved}; it was {was})"),
            };
            layout::fold(&format!("{}: {now}{was}", cut.rank), 2)
        });
        section(&self.cuts_heading(), &lines.collect::<Vec<_>>())
    }

    fn nearest(&self) -> String {
        let edges = self.near.iter().filter(|near| !near.short.is_empty() || !near.reached.is_empty());
        let mut lines = Vec::new();
        for near in edges {
            lines.push(layout::fold(&self.words.edge(near), 2));
            for (heading, side, holds) in [("not yet", &near.short, false), ("just", &near.reached, true)] {
                for (at, customer) in side.iter().take(NEAREST).enumerate() {
                    let heading = if at == 0 { heading } else { "" };
                    let who =
                        format!("{} {}", layout::clip(&customer.customer_id, NAME), layout::clip(&customer.name, NAME));
                    let words = self.words.neighbour(near, customer, holds);
                    lines.push(layout::hang(heading, &format!("{}: {words}", who.trim_end()), 4, 9));
                }
            }
        }
        section("Who is nearest", &lines)
    }

    fn missing(&self) -> String {
        let rows = missing::rows(self.words.missing(&self.found.missing));
        let lines: Vec<_> = if rows.is_empty() { vec![] } else { vec![layout::table(&[Align::Right], &rows)] };
        section(missing::HEADING, &lines)
    }

    fn examples(&self) -> String {
        let mut lines = Vec::new();
        let mut way = None;
        for sample in self.samples {
            if way != Some((&sample.from, &sample.to)) {
                way = Some((&sample.from, &sample.to));
                let from = sample.from.as_deref().unwrap_or("first level");
                let customers = self.between(sample.from.as_deref(), Some(&sample.to));
                lines.push(layout::fold(&format!("{from} → {} ({})", sample.to, count(customers)), 2));
            }
            let who = format!("{} {}", layout::clip(&sample.customer_id, NAME), layout::clip(&sample.name, NAME));
            lines.push(layout::fold(&format!("{}: {}", who.trim_end(), self.words.reason(sample)), 4));
        }
        section("For example", &lines)
    }

    fn definitions(&self) -> String {
        let definitions = self.words.definitions();
        let lines: Vec<_> = definitions
            .iter()
            .map(|(name, meaning)| layout::fold(&format!("{}: {meaning}", name.replace('_', " ")), 2))
            .collect();
        section("What the words mean", &lines)
    }
}

/// A heading and what stands under it; nothing where there is nothing.
fn section(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!("{heading}\n{}", lines.concat()) }
}
