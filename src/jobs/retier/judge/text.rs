//! One customer's decision in words.

use super::Verdict;
use super::decision::{By, Kept};
use crate::jobs::layout;

impl Verdict<'_> {
    /// One sentence: the level after the run and what decided.
    pub(super) fn why(&self) -> String {
        let decision = &self.decision;
        let (when, due, to) = (self.name(decision.when), self.name(decision.due), self.name(decision.to));
        let from = decision.from.map_or("", |from| self.name(from));
        let last = decision.to + 1 == self.levels.len();
        let met =
            if last { "those of no level above it hold".to_owned() } else { format!("the conditions of {to} hold") };
        let since = decision.waits_since.map_or_else(String::new, |since| self.local(since));
        match decision.by {
            By::Hand => {
                let until =
                    self.standing.by_hand.as_ref().map_or_else(String::new, |by_hand| self.local(by_hand.until));
                let asked = if due == to { String::new() } else { format!("; the conditions ask for {due}") };
                format!("{} {to}: given by hand until {until}{asked}", self.verb())
            }
            By::First => format!("gets a first level, {to}: {met}"),
            By::Rise => format!("rises from {from} to {to}: {met}"),
            By::Stay if last => format!("stays on {to}: {met}"),
            By::Stay if decision.to == 0 => format!("stays on {to}: its conditions hold"),
            By::Stay => format!("stays on {to}: its conditions hold, and those of no level above it"),
            By::Keep(Kept::Keep) => {
                format!("stays on {to}: the conditions ask for {when}, but the `keep` of {to} holds")
            }
            By::Keep(Kept::Margin) => format!(
                "stays on {to}: the conditions ask for {when}, but the figures are within {} of what {to} asks for",
                self.margin()
            ),
            By::Hold => format!(
                "stays on {to} for now: {due} is due since {since}, and nobody falls before a lower level was due for {}",
                self.ladder.stability().hold.map_or_else(String::new, |hold| hold.to_string())
            ),
            By::OneLevelAgain => {
                format!("stays on {to}: this evaluation has taken the customer down one level already")
            }
            By::OneLevel => format!("falls from {from} to {to}, one level at a time: the conditions ask for {due}"),
            By::Fall if self.standing.falling_since.is_some() => {
                format!("falls from {from} to {to}: a lower level has been due since {since}")
            }
            By::Fall => format!("falls from {from} to {to}: the conditions of {from} do not hold any more"),
        }
    }

    fn verb(&self) -> &'static str {
        match self.decision.from {
            Some(from) if from == self.decision.to => "stays on",
            _ => "goes to",
        }
    }

    /// "5%"
    fn margin(&self) -> String {
        let margin = self.ladder.stability().margin.unwrap_or_default();
        format!("{}%", (margin * rust_decimal::Decimal::ONE_HUNDRED).normalize())
    }

    /// "gold, since 2026-05-01 02:10"
    pub(super) fn before(&self) -> String {
        match (&self.standing.level, self.standing.since) {
            (Some(level), Some(since)) => {
                let gone = if self.decision.from.is_none() { ", which the ladder no longer has" } else { "" };
                format!("{level}, since {}{gone}", self.local(since))
            }
            _ => "none yet".to_owned(),
        }
    }

    /// The heading of a rule, and whether it counts for the customer.
    pub(super) fn rules_of(&self, place: usize) -> Vec<(String, &crate::filter::Node)> {
        let judged = &self.levels[place];
        let name = self.name(place);
        let counts = match self.can_keep(place) {
            true => String::new(),
            false => format!(" (counts only for who is on {name} or above)"),
        };
        let rules = [
            (judged.when.as_ref(), "when".to_owned()),
            (judged.keep.as_ref(), format!("keep{counts}")),
            (judged.nearly.as_ref(), format!("when, within the margin of {}{counts}", self.margin())),
        ];
        rules.into_iter().filter_map(|(node, heading)| Some((heading, node?))).collect()
    }

    /// What can decide beside the conditions, where the ladder or the customer has it.
    pub(super) fn beside(&self) -> Vec<(&'static str, String)> {
        let stability = self.ladder.stability();
        let mut lines = Vec::new();
        if let Some(by_hand) = &self.standing.by_hand {
            let note = if by_hand.note.is_empty() { String::new() } else { format!(": {}", by_hand.note) };
            let until = self.local(by_hand.until);
            lines.push(("by hand", format!("{} until {until} (override {}){note}", by_hand.level, by_hand.number)));
        }
        if let Some(hold) = stability.hold {
            let state = match (self.decision.waits_since, self.decision.falls_at) {
                (Some(since), Some(at)) => format!(
                    "a lower level, {}, is due since {}; falls at the first evaluation from {} on, if it is due until then",
                    self.name(self.decision.due),
                    self.local(since),
                    self.local(at)
                ),
                (Some(since), None) => format!("a lower level is due since {}", self.local(since)),
                (None, _) => "no lower level is due".to_owned(),
            };
            lines.push(("hold", format!("{hold}: {state}")));
        }
        if stability.margin.is_some() {
            lines.push((
                "margin",
                format!("{}: who is on a level keeps it while within that of its thresholds", self.margin()),
            ));
        }
        if stability.one_level_a_run {
            lines.push(("one level", "a fall goes down one level at a time".to_owned()));
        }
        lines
    }

    pub(super) fn text(&self) -> String {
        let mut text = layout::hang("now", &self.before(), 0, 11) + &layout::hang("result", &self.why(), 0, 11);
        for (heading, line) in self.beside() {
            text.push_str(&layout::hang(heading, &line, 0, 11));
        }
        text.push('\n');
        for (place, judged) in self.levels.iter().enumerate() {
            let here = if self.decision.from == Some(place) { " (the customer is here)" } else { "" };
            text.push_str(&format!("{}: {}{here}\n", self.name(place), if judged.due() { "yes" } else { "no" }));
            let rules = self.rules_of(place);
            if rules.is_empty() {
                text.push_str("  + takes everyone else\n");
            }
            let alone = rules.len() == 1;
            for (heading, node) in rules {
                if !alone {
                    text.push_str(&layout::fold(&format!("{heading}: {}", if node.holds() { "yes" } else { "no" }), 2));
                }
                text.push_str(&node.text(if alone { 2 } else { 4 }));
            }
        }
        text
    }
}
