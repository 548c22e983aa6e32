//! The calendar of a simulation as a picture: a square a day, a row of weeks for each job.
//!
//! How dark a square is says in which quarter of the busy days it is; a job's row is measured by its own busiest week. What a
//! square stands for is written beside it for those who point at it, and in figures where there is room; the tables below
//! say all of it.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate};
use serde::Serialize;

use super::figures::Sent;
use super::text::{monday, summed};
use crate::jobs::layout::{clip, count};

/// Width of the picture, in its own units; 16 of them are a line of text.
const WIDTH: f64 = 960.0;
/// Left of the squares, for weekdays and names of jobs.
const LEFT: f64 = 178.0;
/// Right of them, for totals.
const RIGHT: f64 = 72.0;
/// Above them, for months.
const TOP: f64 = 24.0;
/// Between the days and the jobs.
const GAP: f64 = 34.0;
/// Height of a job's row.
const ROW: f64 = 19.0;
/// The largest square, and the smallest in which a figure has room.
const LARGEST: f64 = 34.0;
const ROOM: f64 = 30.0;
/// Weeks of one picture.
const WEEKS: usize = 53;
/// Widest name of a job, in columns of text.
const NAME: usize = 22;
/// Jobs with a row of their own.
const JOBS: usize = 16;

/// A picture ready to be drawn.
#[derive(Debug, Serialize)]
pub struct Picture {
    width: f64,
    height: f64,
    summary: String,
    labels: Vec<Label>,
    squares: Vec<Square>,
}

#[derive(Debug, Serialize)]
struct Label {
    x: f64,
    y: f64,
    text: String,
    /// "left": it ends at its place.
    side: &'static str,
}

#[derive(Debug, Serialize)]
struct Square {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// 0 for nothing to 4.
    level: usize,
    title: String,
    /// Written on it.
    number: Option<String>,
}

/// What the four shades stand for.
#[derive(Debug, Serialize)]
pub struct Shade {
    level: usize,
    text: String,
}

/// Where each shade but the first begins: quarters of the days with messages.
pub struct Scale([i64; 3]);

impl Scale {
    /// Of all days that are shown together.
    pub fn of<'s>(shown: impl IntoIterator<Item = &'s Vec<Sent>>) -> Self {
        Self::new(shown.into_iter().flat_map(|sent| by_day(sent).into_values()).collect())
    }

    fn new(mut figures: Vec<i64>) -> Self {
        figures.retain(|figure| *figure > 0);
        figures.sort_unstable();
        let at = |quarter: usize| figures.get(figures.len() * quarter / 4).copied().unwrap_or(1);
        Self([at(1), at(2), at(3)])
    }

    fn level(&self, figure: i64) -> usize {
        if figure <= 0 { 0 } else { 1 + self.0.iter().filter(|begin| figure > **begin).count() }
    }
}

fn by_day(sent: &[Sent]) -> BTreeMap<NaiveDate, i64> {
    let mut days: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for one in sent {
        *days.entry(one.day).or_default() += one.messages;
    }
    days
}

/// Pictures of at most a year each, and what the shades of days stand for.
pub fn draw(sent: &[Sent], scale: &Scale, first: NaiveDate, last: NaiveDate) -> (Vec<Picture>, Vec<Shade>) {
    let days = by_day(sent);
    let weeks: Vec<NaiveDate> = std::iter::successors(Some(monday(first)), |week| week.checked_add_days(Days::new(7)))
        .take_while(|week| *week <= last)
        .collect();
    let jobs = jobs(sent);
    let pictures = weeks.chunks(WEEKS).map(|weeks| {
        let mut canvas = Canvas::new(weeks, jobs.len());
        canvas.days(weeks, &days, scale, (first, last));
        canvas.jobs(weeks, &jobs, sent);
        canvas.picture
    });
    let [low, middle, high] = scale.0;
    let shades = [(1, 1, low), (2, low + 1, middle), (3, middle + 1, high), (4, high + 1, i64::MAX)];
    let shades =
        shades.into_iter().filter(|(level, from, to)| from <= to && days.values().any(|d| scale.level(*d) == *level));
    let shades = shades.map(|(level, from, to)| Shade {
        level,
        text: match to {
            i64::MAX => format!("{} or more", count(from)),
            to if to == from => count(from),
            to => format!("{} to {}", count(from), count(to)),
        },
    });
    (pictures.collect(), shades.collect())
}

/// The jobs with most messages, and how many they have.
fn jobs(sent: &[Sent]) -> Vec<(String, i64)> {
    let mut jobs: BTreeMap<&str, i64> = BTreeMap::new();
    for one in sent {
        *jobs.entry(&one.job).or_default() += one.messages;
    }
    let mut jobs: Vec<_> = jobs.into_iter().map(|(job, messages)| (job.to_owned(), messages)).collect();
    jobs.sort_by_key(|(job, messages)| (-messages, job.clone()));
    jobs.truncate(JOBS);
    jobs
}

struct Canvas {
    picture: Picture,
    size: f64,
}

impl Canvas {
    fn new(weeks: &[NaiveDate], jobs: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most a few dozen")]
        let (columns, rows) = (weeks.len().max(1) as f64, jobs as f64);
        let size = ((WIDTH - LEFT - RIGHT) / columns).min(LARGEST);
        let height = TOP + 7.0 * size + GAP + rows * ROW + 6.0;
        let span = [weeks.first(), weeks.last()].map(|week| week.map(ToString::to_string).unwrap_or_default());
        let summary =
            format!("Messages of each day in the weeks of {} to {}, and of each job by week", span[0], span[1]);
        let picture = Picture { width: WIDTH, height: round(height), summary, labels: Vec::new(), squares: Vec::new() };
        Self { picture, size }
    }

    fn column(&self, week: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most a few dozen")]
        let week = week as f64;
        round(LEFT + week * self.size)
    }

    fn label(&mut self, x: f64, y: f64, text: String, side: &'static str) {
        self.picture.labels.push(Label { x: round(x), y: round(y), text, side });
    }

    fn days(
        &mut self,
        weeks: &[NaiveDate],
        days: &BTreeMap<NaiveDate, i64>,
        scale: &Scale,
        (first, last): (NaiveDate, NaiveDate),
    ) {
        for (row, name) in [(0_u8, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun")] {
            self.label(LEFT - 8.0, TOP + (f64::from(row) + 0.5) * self.size + 5.0, name.to_owned(), "left");
        }
        let mut written = f64::MIN;
        for (at, week) in weeks.iter().enumerate() {
            let x = self.column(at);
            let begins = at == 0 || week.day() <= 7;
            if begins && x - written > 48.0 {
                let form = if at == 0 || week.month() == 1 { "%b %Y" } else { "%b" };
                self.label(x, TOP - 8.0, week.format(form).to_string(), "right");
                written = if form.len() > 2 { x + 34.0 } else { x };
            }
            for (row, day) in week.iter_days().take(7).enumerate().filter(|(_, day)| (first..=last).contains(day)) {
                let messages = days.get(&day).copied().unwrap_or(0);
                #[expect(clippy::cast_precision_loss, reason = "seven days")]
                let y = TOP + row as f64 * self.size;
                self.picture.squares.push(Square {
                    x,
                    y: round(y),
                    width: round(self.size - 2.0),
                    height: round(self.size - 2.0),
                    level: scale.level(messages),
                    title: format!("{} {day}: {}", day.format("%a"), count(messages)),
                    number: (self.size >= ROOM && messages > 0 && messages < 10_000).then(|| messages.to_string()),
                });
            }
        }
    }

    fn jobs(&mut self, weeks: &[NaiveDate], jobs: &[(String, i64)], sent: &[Sent]) {
        let sums = summed(sent, monday);
        let mut y = TOP + 7.0 * self.size + GAP;
        for (job, total) in jobs {
            let of_week = |week: &NaiveDate| sums.get(week).and_then(|sum| sum.jobs.get(job)).copied().unwrap_or(0);
            let most = sums.keys().map(of_week).max().unwrap_or(0).max(1);
            self.label(LEFT - 8.0, y + ROW / 2.0 + 4.0, clip(job, NAME), "left");
            self.label(self.column(weeks.len()) + 6.0, y + ROW / 2.0 + 4.0, count(*total), "right");
            for (at, week) in weeks.iter().enumerate() {
                let messages = of_week(week);
                let level = usize::try_from((messages * 4 + most - 1) / most).unwrap_or(0);
                let title = format!("{job}, week of {week}: {}", count(messages));
                let (width, height) = (round(self.size - 2.0), ROW - 3.0);
                self.picture.squares.push(Square {
                    x: self.column(at),
                    y: round(y),
                    width,
                    height,
                    level,
                    title,
                    number: None,
                });
            }
            y += ROW;
        }
    }
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_are_quarters_of_the_days_with_messages() {
        let scale = Scale::new(vec![0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        let levels: Vec<usize> = [0, 1, 3, 4, 5, 6, 7, 8, 900].map(|figure| scale.level(figure)).to_vec();
        assert_eq!(levels, [0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(Scale::new(Vec::new()).level(3), 4);
    }

    #[test]
    fn a_picture_has_a_square_for_every_day_and_nothing_beyond_its_edge() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sent = vec![Sent { day: day("2026-01-01"), job: "birthday".into(), messages: 3 }];
        for (last, pictures) in [("2026-01-01", 1), ("2026-03-31", 1), ("2026-12-31", 1), ("2028-06-30", 3)] {
            let (drawn, _) = draw(&sent, &Scale::of([&sent]), day("2026-01-01"), day(last));
            assert_eq!(drawn.len(), pictures, "{last}");
            let days = drawn
                .iter()
                .flat_map(|picture| &picture.squares)
                .filter(|square| square.title.contains(" 20") && !square.title.contains("week"));
            let whole = (day(last) - day("2026-01-01")).num_days() + 1;
            assert_eq!(i64::try_from(days.count()).unwrap(), whole, "{last}");
            for square in drawn.iter().flat_map(|picture| &picture.squares) {
                assert!(square.x + square.width <= WIDTH - RIGHT && square.width > 0.0, "{square:?}");
            }
        }
    }
}
