//! Business time against a slow oracle that looks at every minute: odd calendars, zones with half hours, the days on
//! which clocks change in both directions, windows over midnight, pauses in any order.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use tend::calendar::business::{Calendar, Pause, Trouble};

const DAYS: u64 = 9;

/// A zone and a day around which its clocks do something; in Apia a whole day is missing.
const PLACES: &[(Tz, &str)] = &[
    (Tz::Europe__Berlin, "2024-03-31"),
    (Tz::Europe__Berlin, "2024-10-27"),
    (Tz::America__New_York, "2024-03-10"),
    (Tz::America__New_York, "2024-11-03"),
    (Tz::Australia__Lord_Howe, "2024-04-07"),
    (Tz::Australia__Lord_Howe, "2024-10-06"),
    (Tz::America__Sao_Paulo, "2018-11-04"),
    (Tz::America__Sao_Paulo, "2018-02-18"),
    (Tz::America__St_Johns, "2010-11-07"),
    (Tz::Asia__Kathmandu, "1986-01-01"),
    (Tz::Asia__Tehran, "2022-03-22"),
    (Tz::Australia__Adelaide, "2024-04-07"),
    (Tz::Pacific__Apia, "2011-12-30"),
    (Tz::Asia__Kolkata, "2024-02-29"),
    (Tz::Asia__Shanghai, "1991-04-14"),
];

/// From and to, in minutes since the midnight that begins the day.
type Hours = Vec<(u32, u32)>;

/// A calendar as its parts, from which both the file and the oracle are made.
#[derive(Debug)]
struct Odd {
    zone: Tz,
    first: NaiveDate,
    week: [Hours; 7],
    /// Hours of single dates: none when the day is off, and for what reason it differs.
    special: Vec<(NaiveDate, Option<Special>)>,
}

#[derive(Debug, Clone)]
enum Special {
    Like(usize),
    Hours(Hours),
}

impl Odd {
    fn last(&self) -> NaiveDate {
        self.first + Days::new(DAYS - 1)
    }

    fn rule(&self, date: NaiveDate) -> &Hours {
        const NONE: &Hours = &Vec::new();
        match self.special.iter().find(|(day, _)| *day == date) {
            Some((_, None)) => NONE,
            Some((_, Some(Special::Like(day)))) => &self.week[*day],
            Some((_, Some(Special::Hours(hours)))) => hours,
            None => &self.week[date.weekday().num_days_from_monday() as usize],
        }
    }

    fn file(&self) -> String {
        const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let mut text =
            format!("zone = \"{}\"\nfirst_day = \"{}\"\nlast_day = {}\n[hours]\n", self.zone, self.first, self.last());
        for (name, hours) in NAMES.iter().zip(&self.week) {
            writeln!(text, "{name} = [{}]", windows(hours)).unwrap();
        }
        for (table, wanted) in [("off", 0), ("worked", 1), ("dates", 2)] {
            writeln!(text, "[{table}]").unwrap();
            for (day, special) in &self.special {
                match (special, wanted) {
                    (None, 0) => writeln!(text, "{day} = \"off\"").unwrap(),
                    (Some(Special::Like(like)), 1) => {
                        writeln!(text, "{day} = {{ like = \"{}\" }}", NAMES[*like]).unwrap()
                    }
                    (Some(Special::Hours(hours)), 2) => writeln!(text, "{day} = [{}]", windows(hours)).unwrap(),
                    _ => {}
                }
            }
        }
        text
    }
}

fn windows(hours: &Hours) -> String {
    let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let shown = hours.iter().map(|(from, to)| match *to > 1440 {
        true => format!("\"{}-{}+1\"", clock(*from), clock(to - 1440)),
        false => format!("\"{}-{}\"", clock(*from), clock(*to)),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Windows between pairs of cuts; a last one without partner goes to midnight or over it.
fn hours(cuts: &[u32], over: u32) -> Hours {
    let mut cuts = cuts.to_vec();
    cuts.sort_unstable();
    cuts.dedup();
    let mut hours: Hours = cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    hours.extend(cuts.chunks_exact(2).remainder().iter().map(|from| (*from, 1440 + over.min(*from))));
    hours
}

/// The open minutes of a calendar's days, found by looking at clocks minute by minute.
struct Oracle {
    start: DateTime<Utc>,
    open: Vec<bool>,
}

impl Oracle {
    fn new(odd: &Odd) -> Self {
        // two days more on each side, so that edges are found from before them
        let from = odd.first.and_time(chrono::NaiveTime::MIN).and_utc() - Duration::days(3);
        let minutes = (DAYS as usize + 6) * 1440;
        let clocks: Vec<NaiveDateTime> = (0..minutes)
            .map(|minute| (from + Duration::minutes(minute as i64)).with_timezone(&odd.zone).naive_local())
            .collect();
        let edge = |date: NaiveDate, minute: u32| {
            let wanted = date.and_time(chrono::NaiveTime::MIN) + Duration::minutes(minute.into());
            // not from the beginning: a day and a half before is early enough for any zone
            let early = ((date - odd.first).num_days() as usize + 1) * 1440;
            early + clocks[early..].iter().position(|clock| *clock >= wanted).expect("inside the days looked at")
        };
        let mut open = vec![false; minutes];
        for date in odd.first.iter_days().take(DAYS as usize) {
            for (opens, closes) in odd.rule(date) {
                open[edge(date, *opens)..edge(date, *closes)].fill(true);
            }
        }
        let (first, end) = (edge(odd.first, 0), edge(odd.last() + Days::new(1), 0));
        Self { start: from + Duration::minutes(first as i64), open: open[first..end].to_vec() }
    }

    fn at(&self, minute: usize) -> DateTime<Utc> {
        self.start + Duration::minutes(minute as i64)
    }

    fn without(&self, pauses: &[(usize, usize)]) -> Vec<bool> {
        let mut open = self.open.clone();
        for (from, to) in pauses {
            open[*from..*to].fill(false);
        }
        open
    }
}

fn odd() -> impl Strategy<Value = Odd> {
    let cuts = || prop::collection::vec(0_u32..1439, 0..6);
    let week = prop::collection::vec((cuts(), 0_u32..700), 7);
    let special = prop::collection::vec((0..DAYS, 0_usize..3, cuts(), 0_usize..7), 0..5);
    (0..PLACES.len(), 0_u64..DAYS, week, special).prop_map(|(place, before, week, special)| {
        let (zone, day) = PLACES[place];
        let first = day.parse::<NaiveDate>().unwrap() - Days::new(before);
        let mut days: Vec<Hours> = week.iter().map(|(cuts, over)| hours(cuts, *over)).collect();
        for at in 0..7 {
            let next = days[(at + 1) % 7].first().map_or(u32::MAX, |(from, _)| *from);
            if let Some(last) = days[at].last_mut().filter(|(_, to)| *to > 1440) {
                last.1 = last.1.min(next.saturating_add(1440));
            }
        }
        if days.iter().all(Vec::is_empty) {
            days[0] = vec![(540, 1080)];
        }
        let week: [Hours; 7] = days.try_into().unwrap();
        let mut found: Vec<(NaiveDate, Option<Special>)> = Vec::new();
        for (offset, kind, cuts, like) in special {
            let date = first + Days::new(offset);
            let closed = week[date.weekday().num_days_from_monday() as usize].is_empty();
            let own = hours(&cuts, 300);
            let special = match kind {
                1 if closed && !week[like].is_empty() => Some(Special::Like(like)),
                2 if !own.is_empty() => Some(Special::Hours(own)),
                _ => None,
            };
            if found.iter().all(|(day, _)| *day != date) {
                found.push((date, special));
            }
        }
        Odd { zone, first, week, special: found }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_looking_at_every_minute(
        odd in odd(),
        asked in prop::collection::vec((0_f64..1.0, 0_f64..1.0, 0_i64..3000), 12),
        paused in prop::collection::vec((0_f64..1.0, 0_usize..900), 0..4),
    ) {
        let oracle = Oracle::new(&odd);
        let text = odd.file();
        if !oracle.open.contains(&true) {
            // closed by its dates, or all that is open is on a day that does not exist in the zone
            match Calendar::read("odd", &text) {
                Err(mistakes) => prop_assert!(mistakes[0].message.contains("never open"), "{mistakes:?}"),
                Ok(calendar) => {
                    let never = Trouble::NeverOpen { calendar: "odd".into() };
                    prop_assert_eq!(calendar.add(oracle.start, 60, &[]), Err(never));
                }
            }
            return Ok(());
        }
        let calendar = Calendar::read("odd", &text).map_err(|mistakes| TestCaseError::fail(format!("{mistakes:?}\n{text}")))?;
        let all = oracle.open.len();
        let place = |share: f64| (share * all as f64) as usize;
        let pauses: Vec<(usize, usize)> = paused.iter().map(|(share, long)| (place(*share), (place(*share) + long).min(all))).collect();
        let spans: Vec<Pause> = pauses.iter().map(|(from, to)| Pause { from: oracle.at(*from), to: oracle.at(*to) }).collect();
        let counted = oracle.without(&pauses);
        let beyond = Trouble::Beyond { calendar: "odd".into(), last: odd.last() };
        let before = Trouble::Before { calendar: "odd".into(), first: odd.first };
        for (from, to, minutes) in asked {
            let (from, to) = (place(from), place(to));
            // every other sum ends exactly when somebody stops working, at closing time or for a pause
            let closing = (from.max(to) + 1..all).find(|minute| counted[minute - 1] && !counted[*minute]);
            let minutes = match closing.filter(|_| minutes % 2 == 0) {
                Some(closing) => counted[from..closing].iter().filter(|open| **open).count() as i64,
                None => minutes,
            };
            let (start, end) = (oracle.at(from), oracle.at(to));
            prop_assert_eq!(calendar.is_open(start), Ok(oracle.open[from]), "open at {}\n{}", start, text);
            let next = oracle.open[from..].iter().position(|open| *open).map(|after| oracle.at(from + after));
            prop_assert_eq!(calendar.next_open(start), next.ok_or(beyond.clone()), "open after {}\n{}", start, text);
            let used = counted.get(from..to).map_or(0, |part| part.iter().filter(|open| **open).count() as i64);
            prop_assert_eq!(calendar.measure(start, end, &spans), Ok(used * 60), "{} to {}\n{}", start, end, text);
            let (mut left, mut due) = (minutes, None);
            for (minute, counts) in counted.iter().enumerate().skip(from) {
                if minutes == 0 && *counts {
                    due = Some(minute);
                    break;
                }
                left -= i64::from(*counts);
                if left == 0 && minutes > 0 {
                    due = Some(minute + 1);
                    break;
                }
            }
            let due = due.map(|minute| oracle.at(minute)).ok_or(beyond.clone());
            prop_assert_eq!(calendar.add(start, minutes * 60, &spans), due, "{} + {}\n{}", start, minutes, text);
            let (mut left, mut begun) = (minutes, None);
            for minute in (0..from).rev() {
                if oracle.open[minute] {
                    left -= 1;
                    if left <= 0 {
                        begun = Some(if minutes == 0 { minute + 1 } else { minute });
                        break;
                    }
                }
            }
            let begun = begun.map(|minute| oracle.at(minute)).ok_or(before.clone());
            prop_assert_eq!(calendar.back(start, minutes * 60), begun, "{} - {}\n{}", start, minutes, text);
        }
    }

    #[test]
    fn what_was_added_is_measured(odd in odd(), from in 0_i64..8 * 86_400, secs in 1_i64..200_000) {
        let Ok(calendar) = Calendar::read("odd", &odd.file()) else { return Ok(()) };
        let first = odd.first.and_hms_opt(4, 0, 0).unwrap();
        // a day that does not exist has no four o'clock
        let Some(first) = odd.zone.from_local_datetime(&first).earliest() else { return Ok(()) };
        let first = first.to_utc();
        let from = first + Duration::seconds(from);
        if let Ok(due) = calendar.add(from, secs, &[]) {
            prop_assert_eq!(calendar.measure(from, due, &[]), Ok(secs));
            prop_assert!(calendar.back(due, secs).unwrap() >= from);
            prop_assert_eq!(calendar.measure(calendar.back(due, secs).unwrap(), due, &[]), Ok(secs));
        }
    }
}
