//! A year of a calendar as a page of months.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::calendar::business::{Calendar, Day, Trouble, Why};
use crate::cli::args::Arguments;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::clock::wall_clock;
use crate::figures::counted;
use crate::jobfile::calendars::CalendarFolder;

/// Months beside each other.
const BESIDE: usize = 3;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const LEGEND: &str =
    " 12  worked   [12] off   +12  worked instead   ~12  hours of its own    ·  off every week    ?  not known";

/// Shows a year, or one month of it.
pub fn run(
    arguments: &Arguments,
    folder: &CalendarFolder,
    calendar: &Calendar,
    year: Option<i32>,
    month: Option<u32>,
) -> Result<(), Failure> {
    let year = year.unwrap_or_else(|| this_year(calendar));
    let months: Vec<Month> =
        (1..=12).filter(|at| month.is_none_or(|only| only == *at)).map(|at| Month::of(calendar, year, at)).collect();
    // a year of which nothing is known is a question that has no answer
    if let Some(trouble) = months
        .iter()
        .all(|month| month.days.iter().all(|(_, day)| day.is_err()))
        .then(|| months[0].days[0].1.clone().err())
        .flatten()
    {
        return Err(Failure::Usage(trouble.to_string()));
    }
    if arguments.json {
        let mut document = super::about(folder, calendar);
        document["year"] = year.into();
        document["months"] = months.iter().map(|month| month.json(calendar)).collect();
        return print::json(&document);
    }
    print::text(page(calendar, year, &months))
}

/// This year on the calendar's clocks; the last one it knows when that is over.
fn this_year(calendar: &Calendar) -> i32 {
    let year = wall_clock().with_timezone(&calendar.zone()).year();
    calendar.known().map_or(year, |known| year.clamp(known.start().year(), known.end().year()))
}

struct Month {
    month: u32,
    days: Vec<(NaiveDate, Result<Day, Trouble>)>,
}

impl Month {
    fn of(calendar: &Calendar, year: i32, month: u32) -> Self {
        let first = NaiveDate::from_ymd_opt(year, month, 1).expect("the arguments are in range");
        let next = first + Months::new(1);
        let days = first.iter_days().take_while(|day| *day < next).map(|day| (day, calendar.day(day)));
        Self { month, days: days.collect() }
    }

    fn name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }

    fn working_days(&self) -> usize {
        self.days.iter().filter(|(_, day)| day.as_ref().is_ok_and(|day| !day.open.is_empty())).count()
    }

    fn seconds(&self) -> i64 {
        let open = self.days.iter().filter_map(|(_, day)| day.as_ref().ok()).flat_map(|day| &day.open);
        open.map(|(from, to)| (*to - *from).num_seconds()).sum()
    }

    /// Eight lines of 28 columns.
    fn block(&self) -> Vec<String> {
        let worked = counted(self.working_days(), "day");
        let mut lines = vec![format!(" {:<17}{worked:>9} ", self.name()), " Mo  Tu  We  Th  Fr  Sa  Su ".to_owned()];
        let before = self.days[0].0.weekday().num_days_from_monday() as usize;
        let cells: Vec<String> = std::iter::repeat_n("    ".to_owned(), before)
            .chain(self.days.iter().map(|(date, day)| cell(*date, day)))
            .collect();
        lines.extend(cells.chunks(7).map(|week| format!("{:<28}", week.concat())));
        lines.resize(8, " ".repeat(28));
        lines
    }

    fn json(&self, calendar: &Calendar) -> Value {
        let days = self.days.iter().filter_map(|(date, day)| Some((date, day.as_ref().ok()?)));
        let days = days.map(|(date, day)| {
            let windows: Vec<Value> = day.open.iter().map(|window| json!(clocks(calendar, *window))).collect();
            let (why, name) = match &day.why {
                Why::Weekday(_) => ("weekday", None),
                Why::Holiday(name) => ("holiday", Some(name)),
                Why::MakeUp { name, .. } => ("make_up", Some(name)),
                Why::ByDate(name) => ("by_date", Some(name)),
            };
            let like = if let Why::MakeUp { like, .. } = day.why { Some(like.to_string()) } else { None };
            json!({ "date": date, "works": !day.open.is_empty(), "why": why, "name": name.map(|name| name.text()), "like": like, "windows": windows })
        });
        json!({
            "month": self.month, "working_days": self.working_days(), "seconds": self.seconds(),
            "days": days.collect::<Vec<_>>(),
        })
    }
}

/// A day in four columns.
fn cell(date: NaiveDate, day: &Result<Day, Trouble>) -> String {
    let number = date.day();
    match day {
        Err(_) => "  ? ".to_owned(),
        Ok(Day { why: Why::Holiday(_), .. }) => format!("[{number:>2}]"),
        Ok(Day { why: Why::MakeUp { .. }, .. }) => format!("+{number:>2} "),
        Ok(Day { why: Why::ByDate(_), .. }) => format!("~{number:>2} "),
        Ok(Day { why: Why::Weekday(_), open }) if open.is_empty() => "  · ".to_owned(),
        Ok(_) => format!(" {number:>2} "),
    }
}

fn page(calendar: &Calendar, year: i32, months: &[Month]) -> String {
    let mut text = format!("{year}  {}", calendar.name());
    if let Some(title) = calendar.title() {
        let _ = write!(text, " — {title}");
    }
    let _ = writeln!(text, " ({})\n", calendar.zone());
    for row in months.chunks(BESIDE) {
        let blocks: Vec<Vec<String>> = row.iter().map(Month::block).collect();
        let lines = (0..8).map(|at| blocks.iter().map(|block| block[at].as_str()).collect::<Vec<_>>().join("    "));
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    let days: usize = months.iter().map(Month::working_days).sum();
    let hours = months.iter().map(Month::seconds).sum::<i64>() / 3600;
    let _ = writeln!(text, "{LEGEND}\n\n{}, {}", counted(days, "working day"), counted(hours, "hour"));
    for (title, wanted) in [("Off", 0), ("Worked instead", 1), ("Hours of their own", 2)] {
        let lines = runs(calendar, months, wanted);
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{title}");
            lines.iter().for_each(|line| {
                let _ = writeln!(text, "  {line}");
            });
        }
    }
    text
}

/// The days of a sort, those in a row that are the same as one line.
fn runs(calendar: &Calendar, months: &[Month], wanted: u8) -> Vec<String> {
    let mut found: Vec<(NaiveDate, NaiveDate, String)> = Vec::new();
    let known = months.iter().flat_map(|month| &month.days).filter_map(|(date, day)| Some((*date, day.as_ref().ok()?)));
    for (date, day) in known {
        let (sort, what) = match &day.why {
            Why::Weekday(_) => continue,
            Why::Holiday(name) => (0, name.to_string()),
            Why::MakeUp { name, like } => (1, format!("{}, as on a {} ({name})", hours(calendar, day), weekday(*like))),
            Why::ByDate(name) => (2, format!("{} ({name})", hours(calendar, day))),
        };
        match found.last_mut() {
            _ if sort != wanted => {}
            Some((_, last, same)) if last.succ_opt() == Some(date) && *same == what => *last = date,
            _ => found.push((date, date, what)),
        }
    }
    let shown = |date: NaiveDate| date.format("%a %Y-%m-%d").to_string();
    let line = |(from, to, what): (NaiveDate, NaiveDate, String)| match from == to {
        true => format!("{:<33} {what}", shown(from)),
        false => format!("{:<33} {what}", format!("{} to {}", shown(from), shown(to))),
    };
    found.into_iter().map(line).collect()
}

fn hours(calendar: &Calendar, day: &Day) -> String {
    let windows = day.open.iter().map(|window| clocks(calendar, *window).join("-"));
    windows.collect::<Vec<_>>().join(", ")
}

/// From and to on the calendar's clocks; midnight at the end of a day is 24:00.
pub(super) fn clocks(calendar: &Calendar, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> [String; 2] {
    let (begins, ends) = (from.with_timezone(&calendar.zone()), to.with_timezone(&calendar.zone()));
    let shown = |at: &DateTime<chrono_tz::Tz>| {
        let seconds = at.timestamp() % 60 != 0;
        at.format(if seconds { "%H:%M:%S" } else { "%H:%M" }).to_string()
    };
    let (first, last) = (begins.date_naive(), ends.date_naive());
    let end = match shown(&ends) {
        midnight if midnight == "00:00" && first.succ_opt() == Some(last) => "24:00".to_owned(),
        clock if first != last => format!("{clock}+1"),
        clock => clock,
    };
    [shown(&begins), end]
}

fn weekday(day: chrono::Weekday) -> &'static str {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    match day {
        Mon => "Monday",
        Tue => "Tuesday",
        Wed => "Wednesday",
        Thu => "Thursday",
        Fri => "Friday",
        Sat => "Saturday",
        Sun => "Sunday",
    }
}
