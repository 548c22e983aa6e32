//! A review as the template gets it: every value in words of the reader's language, so that the template only lays out.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::words::is_chinese;
use super::super::{Figure, Moved, Part, Review, Target, Verdict};
use super::charts::{self, Charts, Spot};
use super::subject;
use crate::action::Place;
use crate::engine::door::Run;
use crate::figures::{count, titled};
use crate::jobs::letter::{LinkTo, Recipient, link};

/// What the template may use as `occasion.…`.
pub(super) const KNOWN: [&str; 16] = [
    "title",
    "again",
    "team",
    "period",
    "first_day",
    "last_day",
    "timezone",
    "before",
    "baseline",
    "verdict",
    "failures",
    "actions",
    "missed",
    "sections",
    "notes",
    "few",
];
/// Parts shown of a figure; the others are counted.
const SHOWN: usize = 8;
/// How long the longest bar is, in hundredths.
const FULL: i64 = 100;

/// Who may give figures actions by link: somebody of the house, in whose name it is recorded.
#[derive(Clone, Copy)]
pub(super) struct Giver<'a> {
    run_id: i64,
    review: &'a Review,
    team: &'a str,
    staff: &'a str,
}

/// Who reads it.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'a> {
    pub locale: &'a str,
    pub zh: bool,
    giver: Option<Giver<'a>>,
}

/// Everything a mail says. `giver`: none, and it has no links.
pub(super) fn dressed(review: &Review, team: &str, locale: &str, giver: Option<Giver<'_>>, charts: &Charts) -> Value {
    let eyes = Eyes { giver, ..Eyes::of(locale) };
    let missed = charts::missed(review);
    // a chart stands with the miss, or else in the section
    let figure = |spot: Spot, is_here: bool| {
        let mut shown = eyes.figure(&review.sections[spot.0].figures[spot.1]);
        let chart = charts.of(spot).filter(|_| is_here);
        shown["chart"] = chart.map_or("", |chart| &chart.id).into();
        shown["chart_alt"] = chart.map_or("", |chart| &chart.words).into();
        shown
    };
    let sections = review.sections.iter().enumerate().map(|(at, section)| {
        let spots = (0..section.figures.len()).map(|nth| (at, nth));
        let figures: Vec<Value> = spots.map(|spot| figure(spot, !missed.contains(&spot))).collect();
        json!({ "title": section.title.in_locale(locale), "figures": figures })
    });
    let (period, before) = (&review.period, &review.before);
    json!({
        "title": review.title, "again": "", "team": team, "period": period.name, "first_day": period.first_day, "last_day": period.last_day,
        "timezone": period.timezone.name(), "before": before.name,
        "baseline": review.baseline.as_ref().map_or("", |baseline| &baseline.name),
        "verdict": subject::verdict(review, eyes.zh), "failures": subject::failures(review, eyes.zh),
        "actions": eyes.actions(review, team),
        "missed": missed.iter().map(|spot| figure(*spot, true)).collect::<Vec<_>>(),
        "sections": sections.collect::<Vec<_>>(), "notes": eyes.notes(review), "few": review.few,
    })
}

impl<'a> Giver<'a> {
    /// None of whoever is known by address alone.
    pub fn of(run: &Run, review: &'a Review, team: &'a str, who: &'a Recipient) -> Option<Self> {
        match who {
            Recipient::Staff(staff) => Some(Self { run_id: run.run_id, review, team, staff }),
            _ => None,
        }
    }
}

impl<'a> Eyes<'a> {
    /// Of somebody who gives nothing an action.
    pub fn of(locale: &'a str) -> Self {
        Self { locale, zh: is_chinese(locale), giver: None }
    }

    pub fn word(self, en: &'static str, zh: &'static str) -> &'static str {
        if self.zh { zh } else { en }
    }

    /// Where what missed its target is given an action: a link that is signed when the mail goes; empty without.
    fn action(self, figure: &Figure) -> Value {
        let Some(giver) = self.giver.filter(|_| figure.verdict == Verdict::Missed) else { return Value::from("") };
        // of figures of one name the first is meant: where another section has that of other customers there is no link to it
        if giver.review.figure(&figure.name, figure.of.as_ref()).is_none_or(|first| first.now != figure.now) {
            return Value::from("");
        }
        let (team, name, part) = (giver.team.to_owned(), figure.name.clone(), figure.of.clone());
        self.place(&Place { run_id: giver.run_id, team, figure: name, part })
    }

    /// A link to a figure of a review; empty without.
    pub fn place(self, place: &Place) -> Value {
        let linked = self.giver.zip(place.word());
        linked.map_or_else(|| Value::from(""), |(giver, word)| link(LinkTo::Action, &word, giver.staff))
    }

    pub fn shown(self, figure: &Figure, value: Option<Decimal>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| figure.unit.shown(value, self.locale))
    }

    pub fn title(self, figure: &Figure) -> String {
        titled(figure.title.in_locale(self.locale), figure.of.as_ref(), self.locale)
    }

    fn cases(self, cases: i64) -> String {
        match (cases, self.zh) {
            (1, false) => "1 case".to_owned(),
            (cases, false) => format!("{} cases", count(cases)),
            (cases, true) => format!("{} 例", count(cases)),
        }
    }

    fn figure(self, figure: &Figure) -> Value {
        let parts: Vec<Value> = match figure.per {
            Some(_) => self.parts(figure),
            None => Vec::new(),
        };
        let contributors: Vec<String> = figure.contributors.iter().map(|part| self.contributor(figure, part)).collect();
        json!({
            "title": self.title(figure), "value": self.shown(figure, figure.now.value), "cases": self.cases(figure.now.cases),
            "verdict": figure.verdict, "link": self.action(figure), "small": figure.is_small && figure.failed.is_none(),
            "target": figure.target.as_ref().map_or_else(String::new, |target| self.target(figure, target)),
            "before": self.shown(figure, figure.before.value),
            "change": figure.change.map_or_else(String::new, |change| figure.unit.shown_change(change, self.locale)),
            "way": self.way(figure), "baseline": figure.baseline.map_or_else(String::new, |baseline| self.shown(figure, baseline.value)),
            "contributors": contributors.join(if self.zh { "；" } else { "; " }), "failed": figure.failed.as_deref().unwrap_or_default(),
            "more": figure.parts.len().saturating_sub(SHOWN), "parts": parts,
        })
    }

    /// "≥ 95%"; of a change against the baseline what it comes to as well: "≤ 34 min (-50%)".
    pub fn target(self, figure: &Figure, target: &Target) -> String {
        let goal = figure.unit.shown_goal(target.at_least, target.at_most, target.than_baseline, self.locale);
        goal.unwrap_or_else(|| target.said.clone())
    }

    fn parts(self, figure: &Figure) -> Vec<Value> {
        let values = || figure.parts.iter().take(SHOWN).filter_map(|part| part.now.value);
        let most = values().map(|value| value.abs()).max().unwrap_or_default();
        let bar = |value: Decimal| {
            let share = (value.abs() * Decimal::from(FULL)).checked_div(most).unwrap_or_default();
            i64::try_from(share.round()).unwrap_or(0).clamp(1, FULL)
        };
        let one = |part: &Part| {
            json!({
                "name": part.shown(self.locale),
                "value": self.shown(figure, part.now.value), "before": self.shown(figure, part.before.value),
                "cases": self.cases(part.now.cases), "small": part.is_small,
                "bar": part.now.value.filter(|value| !value.is_zero()).map_or(0, bar),
            })
        };
        figure.parts.iter().take(SHOWN).map(one).collect()
    }

    fn contributor(self, figure: &Figure, part: &Part) -> String {
        let name = part.shown(self.locale);
        let (value, cases) = (self.shown(figure, part.now.value), self.cases(part.now.cases));
        if self.zh { format!("{name} {value}（{cases}）") } else { format!("{name} {value} ({cases})") }
    }

    /// How each figure is counted, once, in the order of the mail.
    fn notes(self, review: &Review) -> Vec<Value> {
        let mut told: Vec<&str> = Vec::new();
        let mut notes = Vec::new();
        for figure in review.figures() {
            if !told.contains(&figure.name.as_str()) {
                told.push(&figure.name);
                let (title, definition) = (&figure.title, &figure.definition);
                notes.push(
                    json!({ "title": title.in_locale(self.locale), "definition": definition.in_locale(self.locale) }),
                );
            }
        }
        notes
    }

    /// Whether the change, as it is shown, is one to the better, to the worse, or neither.
    fn way(self, figure: &Figure) -> &'static str {
        match figure.change.map(|change| Moved::by(change, figure.unit, figure.better)) {
            Some(Moved::Better) => "better",
            Some(Moved::Worse) => "worse",
            _ => "same",
        }
    }
}
