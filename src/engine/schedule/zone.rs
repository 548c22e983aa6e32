//! Time zones: their names, and the days on which their clocks change.

use chrono::{DateTime, Days, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::error::{About, ScheduleError};

/// No zone was ever further from UTC (Manila kept −15:56 until 1844), in seconds.
pub(super) const FURTHEST: i64 = 16 * 3600;
/// How densely a day is searched for changes of the clock, in seconds; no zone has changed twice within this.
const PROBE: i64 = 8 * 3600;
pub(super) const DAY: i64 = 86_400;

/// Reads the name of an IANA zone.
///
/// # Errors
/// When there is no such zone; the help names the nearest one.
pub fn timezone(name: &str) -> Result<Tz, ScheduleError> {
    name.parse::<Tz>().map_err(|_| {
        let problem = ScheduleError::new(About::Timezone, format!("{name}: no such time zone"));
        match nearest(name) {
            Some(zone) => problem.help(format!("did you mean {zone}?")),
            None => problem.help("write an IANA name such as Asia/Shanghai or Europe/London"),
        }
    })
}

/// Names people try that the IANA database does not have, and whose neighbours by spelling would mislead.
const OTHER_NAMES: [(&str, Tz); 6] = [
    ("beijing", Tz::Asia__Shanghai),
    ("shenzhen", Tz::Asia__Shanghai),
    ("guangzhou", Tz::Asia__Shanghai),
    ("hangzhou", Tz::Asia__Shanghai),
    ("san_francisco", Tz::America__Los_Angeles),
    ("washington", Tz::America__New_York),
];

fn nearest(name: &str) -> Option<&'static str> {
    let wanted = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let city = wanted.rsplit('/').next().unwrap_or_default();
    if city.len() < 3 || city.starts_with(|first: char| !first.is_alphabetic()) {
        return None;
    }
    if let Some((_, zone)) = OTHER_NAMES.iter().find(|(other, _)| *other == city) {
        return Some(zone.name());
    }
    let likeness = |zone: &Tz| {
        let zone = zone.name().to_ascii_lowercase();
        let zone_city = zone.rsplit('/').next().unwrap_or_default();
        let whole = strsim::normalized_damerau_levenshtein(&zone, &wanted);
        // "shanghai" alone is as good as the whole name
        whole.max(strsim::normalized_damerau_levenshtein(zone_city, city) - 0.01)
    };
    let best = TZ_VARIANTS.iter().map(|zone| (likeness(zone), zone)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.7).then(|| best.1.name())
}

/// A change of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bend {
    /// The first instant with the new offset, seconds since 1970.
    pub at: i64,
    /// Offset before and after, seconds east of UTC.
    pub before: i64,
    pub after: i64,
}

impl Bend {
    /// The wall clock just before and just after, "02:00" and "03:00".
    pub(super) fn clocks(self) -> (String, String) {
        (wall(self.at + self.before), wall(self.at + self.after))
    }

    pub(super) fn is_gap(self) -> bool {
        self.after > self.before
    }

    /// Whether a local second (counted as if it were UTC) does not exist because of this change.
    fn swallows(self, local: i64) -> bool {
        self.is_gap() && (self.at + self.before..self.at + self.after).contains(&local)
    }
}

/// "hh:mm" of a local second.
pub(super) fn wall(local: i64) -> String {
    let second = local.rem_euclid(DAY);
    format!("{:02}:{:02}", second / 3600, second % 3600 / 60)
}

/// What became of a wall-clock time on one day; instants in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Once(i64),
    /// It does not exist.
    Gap(Bend),
    Twice(i64, i64, Bend),
    /// The whole day does not exist (Samoa had no 30 December 2011).
    NoDay,
}

/// One local day of a zone.
#[derive(Debug)]
pub(super) struct LocalDay {
    /// Local midnight counted as if it were UTC.
    midnight: i64,
    /// Offset before the first bend.
    offset: i64,
    /// The changes of the clock in and around the day, in order.
    bends: Vec<Bend>,
}

impl LocalDay {
    pub(super) fn new(tz: Tz, date: NaiveDate) -> Self {
        let midnight = midnight(date);
        let first = midnight - FURTHEST;
        Self { midnight, offset: offset(tz, first), bends: bends(tz, first, midnight + DAY + FURTHEST) }
    }

    /// The offset, on a day whose clocks do not change.
    pub(super) fn plain_offset(&self) -> Option<i64> {
        self.bends.is_empty().then_some(self.offset)
    }

    /// The day's midnight, counted as if it were UTC.
    pub(super) fn midnight(&self) -> i64 {
        self.midnight
    }

    /// What becomes of a time of day, in minutes since midnight.
    pub(super) fn fate(&self, minute: u16) -> Fate {
        let local = self.midnight + i64::from(minute) * 60;
        let mut found: Option<i64> = None;
        let mut offset = self.offset;
        let mut begin = i64::MIN;
        for index in 0..=self.bends.len() {
            let end = self.bends.get(index).map_or(i64::MAX, |bend| bend.at);
            let instant = local - offset;
            if (begin..end).contains(&instant) {
                match (found, index.checked_sub(1)) {
                    (Some(first), Some(last)) => return Fate::Twice(first, instant, self.bends[last]),
                    _ => found = Some(instant),
                }
            }
            if let Some(bend) = self.bends.get(index) {
                (begin, offset) = (bend.at, bend.after);
            }
        }
        let gap = || self.bends.iter().find(|bend| bend.swallows(local));
        match (found, gap()) {
            (Some(instant), _) => Fate::Once(instant),
            (None, Some(bend)) if bend.swallows(self.midnight) && bend.swallows(self.midnight + DAY - 60) => {
                Fate::NoDay
            }
            (None, Some(bend)) => Fate::Gap(*bend),
            (None, None) => Fate::NoDay,
        }
    }
}

/// Local midnight of a day, counted as if it were UTC.
pub(super) fn midnight(date: NaiveDate) -> i64 {
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}

/// The UTC day of an instant, `days` later.
pub(super) fn utc_day(instant: i64, days: i64) -> Option<NaiveDate> {
    let date = DateTime::from_timestamp(instant, 0)?.date_naive();
    let shift = Days::new(days.unsigned_abs());
    if days < 0 { date.checked_sub_days(shift) } else { date.checked_add_days(shift) }
}

/// The changes of the clock after `from`, up to and with `until`.
pub(super) fn bends(tz: Tz, from: i64, until: i64) -> Vec<Bend> {
    let mut bends = Vec::new();
    let (mut left, mut before) = (from, offset(tz, from));
    while left < until {
        let right = (left + PROBE).min(until);
        let after = offset(tz, right);
        if before != after {
            // the change lies in (left, right]
            let (mut low, mut high) = (left, right);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(tz, middle) == before { low = middle } else { high = middle }
            }
            bends.push(Bend { at: high, before, after });
        }
        (left, before) = (right, after);
    }
    bends
}

fn offset(tz: Tz, instant: i64) -> i64 {
    // out of chrono's range there are no slots either
    let utc = DateTime::<Utc>::from_timestamp(instant, 0).unwrap_or_default();
    i64::from(tz.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
}
