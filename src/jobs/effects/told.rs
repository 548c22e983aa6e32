//! The effects of one job as a report.

use super::interval::{Difference, Share};
use super::lift::{FEW, Group};
use super::report::{Report, Table};
use super::{Breakdown, Effects, Lift, words};
use crate::engine::door::JobError;
use crate::figures::{count, counted, verb};
use crate::jobs::message::Event;

impl Effects {
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

    fn report(&self) -> Report {
        let zone = self.period.timezone;
        let default = if self.goal.written { "" } else { " (the file has no [goal]: this is what counts then)" };
        Report {
            title: format!("Effects of {}: {}", self.job, self.title),
            about: vec![
                format!(
                    "Messages planned {} to {} ({zone}), what followed until {}.",
                    words::day(self.period.from, zone),
                    words::last_day(self.period.to, zone),
                    words::minute(self.period.as_of, zone)
                ),
                format!("Goal: {}{default}.", words::goal(&self.goal)),
            ],
            notices: self.notices(),
            tiles: self.tiles(),
            tables: std::iter::once(self.messages())
                .chain([self.followed()])
                .chain(self.lift.iter().map(|lift| self.compared(lift)))
                .chain(self.breakdowns.iter().map(|breakdown| self.part(breakdown)))
                .collect(),
            notes: self.notes(),
            foot: format!("Effects of {}.", self.job),
        }
    }

    fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.sent.planned == 0 {
            notices.push("No message was planned in this time.".to_owned());
        }
        if self.is_flagged {
            notices.push(format!(
                "Too few take part: {}, and the goal asks for {}. Change the offer, the words or the audience.",
                words::share(self.over.figures.participation()),
                words::asked(&self.goal)
            ));
        }
        if self.open.figures.arrived > 0 {
            let until = self
                .open_until
                .map_or_else(String::new, |at| format!(", the last until {}", words::minute(at, self.period.timezone)));
            let orders = match self.goal.event {
                Event::Order => format!(
                    ", {} {} credited{}",
                    counted(self.open.figures.orders, "order"),
                    verb(self.open.figures.orders, "is", "are"),
                    self.worth(self.open.figures.money)
                ),
                _ => String::new(),
            };
            notices.push(format!(
                "For {} the time of {} is not over{until}. So far {} of them {} taken up{orders}. They are not among the figures below.",
                counted(self.open.figures.arrived, "message"),
                words::length(self.goal.within),
                count(self.open.figures.participated),
                verb(self.open.figures.participated, "was", "were")
            ));
        }
        notices
    }

    /// " (1,200.00 CNY)" where money counts.
    fn worth(&self, money: rust_decimal::Decimal) -> String {
        if self.goal.money { format!(" ({})", words::money(money, &self.currencies)) } else { String::new() }
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let over = &self.over.figures;
        let mut tiles = vec![
            (count(over.arrived), "arrived and had their time".to_owned()),
            (over.participation().rate().map_or_else(|| "–".to_owned(), words::percent), "were taken up".to_owned()),
        ];
        if self.goal.event == Event::Order {
            tiles.push((count(over.orders), "orders credited".to_owned()));
        }
        if self.goal.money {
            tiles.push((words::money(over.money, &self.currencies), "credited".to_owned()));
        }
        tiles
    }

    fn messages(&self) -> Table {
        let sent = &self.sent;
        let rows = [
            ("planned", sent.planned, true),
            ("arrived", sent.arrived, true),
            ("still to go", sent.waiting, false),
            ("nobody knows whether they arrived", sent.in_doubt, false),
            ("did not arrive", sent.failed, false),
            ("complaints, among those that arrived", sent.complained, false),
        ];
        let rows = rows.into_iter().filter(|(_, number, always)| sent.planned > 0 && (*always || *number > 0));
        Table {
            heading: "Messages",
            caption: String::new(),
            columns: vec!["", "messages"],
            rows: rows.map(|(what, number, _)| vec![what.to_owned(), count(number)]).collect(),
            said: Vec::new(),
        }
    }

    fn followed(&self) -> Table {
        let over = &self.over.figures;
        let window = words::length(self.goal.within);
        let in_touch = if self.goal.event == Event::Interaction { over.reached_goal } else { 0 };
        let rows = [
            ("taken up", over.participated, true),
            ("answered by the link", over.answered, false),
            ("replied to", over.replied, false),
            ("took part or came", over.took_part, false),
            ("got in touch", in_touch, false),
            ("bought", over.bought, self.goal.event == Event::Order),
            ("credited with orders", over.credited, self.goal.event == Event::Order),
        ];
        let rows = rows.into_iter().filter(|(_, number, always)| over.arrived > 0 && (*always || *number > 0));
        let rows = rows.map(|(what, hits, _)| vec![what.to_owned(), words::share(Share { hits, of: over.arrived })]);
        let mut said = Vec::new();
        if self.goal.event == Event::Order && over.arrived > 0 {
            said.push(format!(
                "{} of {} {} credited to this job{}.",
                counted(over.orders, "order"),
                counted(self.over.buyers, "customer"),
                verb(over.orders, "is", "are"),
                self.worth(over.money)
            ));
        }
        Table {
            heading: "What followed",
            caption: format!(
                "Of {} that arrived at {} {window} ago or longer.",
                counted(over.arrived, "message"),
                counted(self.over.customers, "customer")
            ),
            columns: vec!["", "messages"],
            rows: rows.collect(),
            said,
        }
    }

    fn compared(&self, lift: &Lift) -> Table {
        let (messaged, held_out) = (&lift.messaged, &lift.held_out);
        let row = |what: &str, figure: fn(&Group) -> String, difference: Option<(&Difference, f64, u32)>| {
            let (found, limits) = match difference {
                Some((difference, scale, digits)) => {
                    (words::signed(difference.found, scale, digits), words::limits(difference, scale, digits))
                }
                None => (String::new(), String::new()),
            };
            vec![what.to_owned(), figure(messaged), figure(held_out), found, limits]
        };
        let mut rows = vec![
            row("customers", |group| count(group.customers), None),
            row("bought", |group| words::share(group.bought()), lift.bought.as_ref().map(|bought| (bought, 100.0, 1))),
        ];
        if self.goal.event == Event::Interaction {
            let in_touch = lift.in_touch.as_ref().map(|in_touch| (in_touch, 100.0, 1));
            rows.push(row("got in touch", |group| words::share(group.got_in_touch()), in_touch));
        }
        if self.goal.money {
            let each = |group: &Group| group.money.mean().map_or_else(|| "none".to_owned(), words::each);
            rows.push(row("money a customer", each, lift.money.as_ref().map(|money| (money, 1.0, 2))));
        }
        Table {
            heading: "With and without the message",
            caption: format!("Drawn to get none: {}. Differences of shares are in points.", words::percent(lift.share)),
            columns: vec!["", "messaged", "held out", "difference", "95% sure between"],
            rows,
            said: self.verdicts(lift),
        }
    }

    /// What can be said, and what cannot.
    fn verdicts(&self, lift: &Lift) -> Vec<String> {
        let mut said = Vec::new();
        let of_all = lift.messaged.customers as f64;
        let mut tell = |difference: Option<&Difference>, what: &str, scale: f64, digits: u32| {
            let Some(difference) = difference else {
                said.push(format!("{what}: too little to compare."));
                return;
            };
            let (low, high) = (difference.low * scale, difference.high * scale);
            said.push(if difference.may_be_none() {
                format!("{what}: no difference can be told from chance.")
            } else if low > 0.0 {
                format!(
                    "{what}: {} to {} more than without the messages.",
                    words::rounded(low, digits),
                    words::rounded(high, digits)
                )
            } else {
                format!(
                    "{what}: {} to {} less than without the messages.",
                    words::rounded(-high, digits),
                    words::rounded(-low, digits)
                )
            });
        };
        tell(
            lift.bought.as_ref(),
            &format!("Customers who bought, of {} messaged", count(lift.messaged.customers)),
            of_all,
            0,
        );
        if self.goal.event == Event::Interaction {
            tell(lift.in_touch.as_ref(), "Customers who got in touch", of_all, 0);
        }
        if self.goal.money {
            tell(lift.money.as_ref(), "Money of all of them", of_all, 0);
        }
        said.extend(lift.remarks(self.period.timezone));
        said
    }

    fn part(&self, breakdown: &Breakdown) -> Table {
        let sells = self.goal.event == Event::Order;
        let columns = ["", "arrived", "taken up", "orders", "money"];
        let shown = 3 + usize::from(sells) + usize::from(self.goal.money);
        let rows = breakdown.parts.iter().map(|part| {
            let figures = &part.figures;
            let mut cells = vec![
                breakdown.named(&part.name),
                count(figures.arrived),
                words::share(figures.participation()),
                count(figures.orders),
                words::money(figures.money, &self.currencies),
            ];
            cells.truncate(shown);
            cells
        });
        Table {
            heading: breakdown.heading(),
            caption: String::new(),
            columns: columns[..shown].to_vec(),
            rows: rows.collect(),
            said: Vec::new(),
        }
    }
}

impl Lift {
    /// What has to be known about the comparison.
    fn remarks(&self, zone: chrono_tz::Tz) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.is_small {
            remarks.push(format!("A group of fewer than {FEW} customers: one more or less changes the picture."));
        }
        if self.messaged.open + self.held_out.open > 0 {
            remarks.push(format!(
                "Left out because their time is not over: {} occasions of those messaged, {} of those held out.",
                count(self.messaged.open),
                count(self.held_out.open)
            ));
        }
        if self.changed {
            remarks.push(format!(
                "Runs with another hold-out, or with none, are left out; the first with this one is of {}.",
                words::day(self.since, zone)
            ));
        }
        if let Some(group) = &self.shared {
            remarks.push(format!(
                "The group {group:?} is held out of several jobs: the difference is that of all of them together."
            ));
        }
        if self.is_uneven {
            remarks.push(
                "The groups had the occasion differently often: what the messages bring about changes who has the next one. A shorter period shows less of that."
                    .to_owned(),
            );
        }
        remarks
    }
}

impl Breakdown {
    fn heading(&self) -> &'static str {
        match self.by {
            "offer" => "By offer",
            "channel" => "By channel",
            "step" => "By step",
            _ => "By language",
        }
    }

    fn named(&self, name: &str) -> String {
        match (self.by, name) {
            ("step", "") => "the first message".to_owned(),
            (_, "") => "none".to_owned(),
            _ => name.to_owned(),
        }
    }
}
