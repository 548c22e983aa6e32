//! The charts of a review: how what missed its target went over the last periods, and the first figure with a target of
//! each section.
//!
//! Promises: the mail names no picture that does not go with it; a chart that cannot be drawn is left out and the log says so,
//! the figures stand without it; what a chart shows is said in its words (alt) too. Two periods need no chart: the mail has both.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::super::course::{Past, Stop};
use super::super::period::Length;
use super::super::{Figure, Review, Verdict};
use super::axis;
use super::dress::Eyes;
use crate::chart::{self, LineChart, Mark, Point};
use crate::engine::door::Run;
use crate::outbox::channel::Attachment;

/// Figures that missed their targets and have a chart.
const MISSED: usize = 5;
/// Values that make a course.
const LEAST: usize = 3;

/// A figure's place in a review: its section and its place in that.
pub(super) type Spot = (usize, usize);

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    spot: Spot,
    /// What the HTML calls it.
    pub id: String,
    /// What it shows, in words.
    pub words: String,
    png: Vec<u8>,
}

/// The charts of a review in one language.
#[derive(Debug, Default)]
pub(super) struct Charts(Vec<Chart>);

/// The charts of a review in the languages of its readers; each drawn once.
#[derive(Debug)]
pub(super) struct Gallery {
    past: Past,
    drawn: BTreeMap<bool, Arc<Charts>>,
}

impl Charts {
    /// That of a figure.
    pub fn of(&self, spot: Spot) -> Option<&Chart> {
        self.0.iter().find(|chart| chart.spot == spot)
    }

    /// The pictures.
    pub fn attachments(&self) -> impl Iterator<Item = Attachment> + '_ {
        (1..).zip(&self.0).map(|(number, chart)| Attachment {
            name: format!("chart-{number:02}.png"),
            media_type: "image/png".to_owned(),
            content_id: Some(chart.id.clone()),
            body: chart.png.clone(),
            optional: true,
        })
    }
}

impl Gallery {
    /// For a review of a team; empty: of everybody.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open(review: &Review, length: Length, team: &str, conn: &mut PgConnection) -> sqlx::Result<Self> {
        Ok(Self { past: Past::read(review, length, team, conn).await?, drawn: BTreeMap::new() })
    }

    /// The charts for readers of a language.
    pub async fn charts(&mut self, run: &Run, review: &Review, locale: &str) -> Arc<Charts> {
        let eyes = Eyes::of(locale);
        if let Some(drawn) = self.drawn.get(&eyes.zh) {
            return Arc::clone(drawn);
        }
        let mut charts = Charts::default();
        for spot in chosen(review) {
            let section = &review.sections[spot.0];
            let figure = &section.figures[spot.1];
            let stops = self.past.course(review, section, figure);
            let Some(chart) = line_chart(eyes, figure, &stops) else { continue };
            match drawn(chart).await {
                // the same figure may stand in two sections: once is enough
                Ok(png) if charts.0.iter().any(|other| other.png == png) => {}
                Ok(png) => charts.0.push(Chart { spot, id: id(&png), words: words(eyes, figure, &stops), png }),
                Err(error) => {
                    let (name, error) = (&figure.name, &*error);
                    tracing::warn!(run.id = run.run_id, figure = name, error, "a chart could not be drawn");
                }
            }
        }
        let charts = Arc::new(charts);
        self.drawn.insert(eyes.zh, Arc::clone(&charts));
        charts
    }
}

/// What missed its target, as the mail has it: the heaviest first, a miss of few cases behind all others.
pub(super) fn missed(review: &Review) -> Vec<Spot> {
    let mut missed: Vec<(Spot, &Figure)> =
        placed(review).filter(|(_, figure)| figure.verdict == Verdict::Missed).collect();
    missed.sort_by_key(|(_, figure)| (figure.is_small, std::cmp::Reverse(figure.weight)));
    missed.into_iter().map(|(spot, _)| spot).collect()
}

fn placed(review: &Review) -> impl Iterator<Item = (Spot, &Figure)> {
    let sections = review.sections.iter().enumerate();
    sections.flat_map(|(at, section)| section.figures.iter().enumerate().map(move |(nth, figure)| ((at, nth), figure)))
}

/// The figures that have a chart.
fn chosen(review: &Review) -> Vec<Spot> {
    let mut chosen: Vec<Spot> = missed(review).into_iter().take(MISSED).collect();
    for (at, section) in review.sections.iter().enumerate() {
        let first = section.figures.iter().position(|figure| figure.target.is_some());
        if let Some(spot) = first.map(|nth| (at, nth)).filter(|spot| !chosen.contains(spot)) {
            chosen.push(spot);
        }
    }
    chosen
}

/// A name that no other picture has, in this mail and all others (RFC 2392).
fn id(png: &[u8]) -> String {
    let digest = Sha256::digest(png);
    let short = digest.iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    format!("chart-{short:016x}@tend")
}

/// Draws away from the threads that answer others; a library that panics costs one chart.
async fn drawn(chart: LineChart) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(tokio::task::spawn_blocking(move || chart::png(&chart)).await??)
}

/// The chart of a course; none where there is no course to speak of.
fn line_chart(eyes: Eyes<'_>, figure: &Figure, stops: &[Stop]) -> Option<LineChart> {
    let mut values: Vec<Decimal> = stops.iter().filter_map(|stop| stop.value).collect();
    if values.len() < LEAST {
        return None;
    }
    let last = eyes.shown(figure, values.last().copied());
    let target = figure.target.as_ref().and_then(|target| {
        let level = target.at_least.or(target.at_most)?;
        values.push(level);
        let label = format!("{} {}", eyes.word("target", "目标"), eyes.target(figure, target));
        Some(Mark { value: level.to_f64()?, label })
    });
    let point = |stop: &Stop| {
        let (group, label) = parted(&stop.period);
        let value = stop.value.and_then(|value| value.to_f64());
        Point { label: label.to_owned(), group: group.to_owned(), value, is_hollow: stop.is_small }
    };
    Some(LineChart {
        title: eyes.title(figure),
        points: stops.iter().map(point).collect(),
        last,
        target,
        ticks: axis::ticks(figure.unit, &values, eyes.locale),
        hollow: eyes.word("few cases", "样本少").to_owned(),
    })
}

/// "2026-05" as the year and the rest; a name of several periods stays whole.
fn parted(period: &str) -> (&str, &str) {
    match period.split_once('-') {
        Some((year, rest)) if !rest.contains("..") => (year, rest),
        _ => ("", period),
    }
}

/// "First answer: 2026-04 3 h 54 min, 2026-05 5 h; target ≤ 4 h".
fn words(eyes: Eyes<'_>, figure: &Figure, stops: &[Stop]) -> String {
    let stops: Vec<String> =
        stops.iter().map(|stop| format!("{} {}", stop.period, eyes.shown(figure, stop.value))).collect();
    let target = figure.target.as_ref().map(|target| eyes.target(figure, target)).unwrap_or_default();
    let title = eyes.title(figure);
    if eyes.zh {
        format!("{title}：{}；目标 {target}", stops.join("，"))
    } else {
        format!("{title}: {}; target {target}", stops.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A review of sections of figures: what became of each, how much it weighs.
    fn review(sections: &[&[(&str, i64)]]) -> Review {
        let period = json!({ "name": "2026-05", "first_day": "2026-05-01", "last_day": "2026-05-31", "from": "2026-05-01T00:00:00Z",
                             "until": "2026-06-01T00:00:00Z", "timezone": "UTC" });
        let words = json!({ "en": "x", "zh_cn": "x" });
        let figure = |(verdict, weight): &(&str, i64)| {
            let target = (*verdict != "no_target").then(|| json!({ "at_most": "1", "said": "<= 1" }));
            json!({ "name": "tickets", "title": words, "definition": words, "unit": "count", "better": "less", "now": { "cases": 3 },
                    "before": { "cases": 3 }, "target": target, "verdict": verdict, "weight": weight.abs().to_string(), "is_small": *weight < 0,
                    "contributors": [], "parts": [] })
        };
        let section = |figures: &&[(&str, i64)]| json!({ "title": words, "figures": figures.iter().map(figure).collect::<Value>() });
        let review = json!({ "job": "review", "title": "x", "as_of": "2026-06-01T00:00:00Z", "period": period, "before": period, "few": 30,
                             "locale": "en", "missed": 0, "sections": sections.iter().map(section).collect::<Value>() });
        serde_json::from_value(review).unwrap()
    }

    #[test]
    fn five_misses_have_a_chart_the_heaviest_first_and_the_first_target_of_each_section() {
        let review = review(&[
            &[("missed", 1), ("missed", -9), ("met", 0)],
            &[("missed", 5), ("missed", 4), ("missed", 3), ("missed", 2)],
            &[("no_target", 0), ("met", 0), ("met", 0)],
            &[("no_target", 0)],
            &[("missed", -8), ("met", 0)],
        ]);
        assert_eq!(missed(&review), [(1, 0), (1, 1), (1, 2), (1, 3), (0, 0), (0, 1), (4, 0)]);
        assert_eq!(chosen(&review), [(1, 0), (1, 1), (1, 2), (1, 3), (0, 0), (2, 1), (4, 0)]);
    }

    #[test]
    fn names_of_periods_are_parted_where_they_have_a_year() {
        for (name, parts) in [
            ("2026-05", ("2026", "05")),
            ("2026-W22", ("2026", "W22")),
            ("2026-Q2", ("2026", "Q2")),
            ("2026-05-31", ("2026", "05-31")),
            ("2026-01..2026-06", ("", "2026-01..2026-06")),
        ] {
            assert_eq!(parted(name), parts);
        }
    }
}
