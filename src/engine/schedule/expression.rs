//! The whole expression: five fields or a nickname, the times of day it names, and the days it falls on.

use chrono::{Datelike, NaiveDate};
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Weekday};

use super::error::{About, ScheduleError};
use super::field::{FIELDS, Part, render};
use super::remark::{NAMED, names};

/// How day-of-month and day-of-week go together when both are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// A day must fit both (`0 9 13 * FRI`: only Friday the 13th).
    And,
    /// A day must fit one of them.
    Or,
}

/// A time of day that the expression names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    /// Minutes since midnight on the wall clock.
    pub minute: u16,
    /// Written out, minute and hour, as numbers: runs once a day whatever the clocks do.
    pub listed: bool,
}

/// A checked expression.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    /// As written, for describing it.
    whole: Cron,
    /// The same days at midnight: what decides on which days it falls.
    midnight: Cron,
    /// In order, each minute once.
    times: Vec<Time>,
}

impl Expression {
    pub(super) fn parse(text: &str, days: Option<Days>) -> Result<Self, ScheduleError> {
        let written = expand_nickname(text)?;
        let [minute, hour, day_of_month, month, day_of_week] = fields(&written)?;
        if day_of_month != [Part::Any] && day_of_week != [Part::Any] && days.is_none() {
            let message = "day-of-month and day-of-week are both set, and cron tools disagree about what that means";
            return Err(ScheduleError::new(About::Days, message).help(
                "write days = \"and\" (a day must fit both) or days = \"or\" (one is enough) below cron, or set one to *",
            ));
        }
        let has = |special: &str| day_of_month.contains(&Part::Special(special.to_owned()));
        if has("L") && has("LW") {
            // croner would drop the L without a word
            let message = format!("{text}: day-of-month L and LW cannot stand together");
            return Err(ScheduleError::new(About::Cron, message).help("make it two jobs"));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .dom_and_dow(days == Some(Days::And))
            .build();
        let read = |minute: &[Part], hour: &[Part]| {
            let pattern = [minute, hour, &day_of_month, &month, &day_of_week].map(render).join(" ");
            parser.parse(&pattern).map_err(|error| ScheduleError::new(About::Cron, format!("{text}: {error}")))
        };
        let expression = Self {
            whole: read(&minute, &hour)?,
            midnight: read(&[Part::One(0)], &[Part::One(0)])?,
            times: times(&minute, &hour),
        };
        if !expression.has_a_day() {
            let fields = if day_of_week == [Part::Any] {
                "day-of-month and month"
            } else {
                "day-of-month, month and day-of-week"
            };
            let message = format!("{text}: no date fits its {fields}, so it would never run");
            return Err(ScheduleError::new(About::Cron, message).help("for the last day of a month write L"));
        }
        Ok(expression)
    }

    /// The times of day, in order.
    pub(super) fn times(&self) -> &[Time] {
        &self.times
    }

    /// Whether the expression falls on a day, by month, day-of-month and day-of-week.
    pub(super) fn falls_on(&self, date: NaiveDate) -> bool {
        let weekday = match date.weekday() {
            chrono::Weekday::Mon => Weekday::Monday,
            chrono::Weekday::Tue => Weekday::Tuesday,
            chrono::Weekday::Wed => Weekday::Wednesday,
            chrono::Weekday::Thu => Weekday::Thursday,
            chrono::Weekday::Fri => Weekday::Friday,
            chrono::Weekday::Sat => Weekday::Saturday,
            chrono::Weekday::Sun => Weekday::Sunday,
        };
        // croner's errors here are about dates that do not exist; a NaiveDate does
        let pattern = &self.midnight.pattern;
        pattern.month_match(date.month()).unwrap_or(false)
            && pattern.day_match(date.year(), date.month(), date.day(), weekday).unwrap_or(false)
    }

    /// In English; a help, not a definition. A few times of day are named, the rest is croner's wording.
    pub(super) fn describe(&self) -> String {
        let minutes: Vec<u16> = self.times.iter().map(|time| time.minute).collect();
        let days = self.midnight.describe();
        match days.trim_end_matches('.').strip_prefix("At 00:00") {
            Some("") if minutes.len() <= NAMED => format!("At {} every day", names(&minutes)),
            Some(days) if minutes.len() <= NAMED => format!("At {}{days}", names(&minutes)),
            _ => self.whole.describe().trim_end_matches('.').to_owned(),
        }
    }

    /// All 14 kinds of year (by first weekday and leap day) come within 28 years, so what does not match there never will.
    fn has_a_day(&self) -> bool {
        NaiveDate::from_ymd_opt(2001, 1, 1)
            .is_some_and(|first| first.iter_days().take(28 * 366).any(|date| self.falls_on(date)))
    }
}

/// Minute by hour. A time is listed when both are written as numbers, also where a range covers it as well.
fn times(minutes: &[Part], hours: &[Part]) -> Vec<Time> {
    let mut named = [None; 24 * 60];
    for hour_part in hours {
        for minute_part in minutes {
            let listed = hour_part.is_one() && minute_part.is_one();
            for hour in hour_part.values(&FIELDS[1]) {
                for minute in minute_part.values(&FIELDS[0]) {
                    let place = &mut named[usize::from(hour) * 60 + usize::from(minute)];
                    *place = Some(listed || *place == Some(true));
                }
            }
        }
    }
    let named = (0_u16..).zip(named);
    named.filter_map(|(minute, listed)| listed.map(|listed| Time { minute, listed })).collect()
}

fn fields(text: &str) -> Result<[Vec<Part>; 5], ScheduleError> {
    let words: Vec<(usize, &str)> =
        text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect();
    let [minute, hour, day, month, weekday] = words.as_slice() else {
        return Err(wrong_count(text, &words));
    };
    let read = |index: usize, (start, word): &(usize, &str)| FIELDS[index].parse(word, *start);
    Ok([read(0, minute)?, read(1, hour)?, read(2, day)?, read(3, month)?, read(4, weekday)?])
}

fn wrong_count(text: &str, words: &[(usize, &str)]) -> ScheduleError {
    const FIVE: &str = "minute hour day-of-month month day-of-week, e.g. \"0 2 * * *\" for every night at two";
    if words.is_empty() {
        return ScheduleError::new(About::Cron, "the schedule is empty").help(format!("write five fields: {FIVE}"));
    }
    let rest = |from: usize| words.iter().skip(from).take(5).map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
    match words.len() {
        6 | 7 => ScheduleError::new(
            About::Cron,
            format!(
                "{text}: {} fields; tend keeps time by the minute and takes five, no seconds, no year",
                words.len()
            ),
        )
        .help(format!("write \"{}\"", rest(1))),
        count => ScheduleError::new(About::Cron, format!("{text}: {count} field{}", if count == 1 { "" } else { "s" }))
            .help(format!("write five fields: {FIVE}")),
    }
}

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The nicknames are those of Vixie cron; they mean midnight in the job's zone. `@reboot` is no time and is refused.
fn expand_nickname(text: &str) -> Result<String, ScheduleError> {
    let word = text.trim();
    if !word.starts_with('@') {
        return Ok(text.to_owned());
    }
    let lower = word.to_ascii_lowercase();
    if let Some((_, pattern)) = NICKNAMES.iter().find(|(name, _)| *name == lower) {
        return Ok((*pattern).to_owned());
    }
    if lower == "@reboot" {
        let message = "@reboot: not a time; tend runs what is due after a restart by the job's catch_up";
        return Err(ScheduleError::new(About::Cron, message));
    }
    let known = NICKNAMES.map(|(name, _)| name).join(", ");
    Err(ScheduleError::new(About::Cron, format!("{word}: no such nickname"))
        .help(format!("the known ones are {known}")))
}
