//! Schedules: when a job is due, in its own zone, and what daylight saving does to it. Pure: no clock, no database.
//!
//! A schedule is a five-field cron expression in an IANA zone. The slots are not walked through croner (which decides
//! what days an expression falls on): they are laid out one local day at a time, by this rule.
//!
//! - A **listed** time is one whose minute and hour are both written as numbers, alone or in lists: `30 2 * * *`,
//!   `0,30 2,14 * * *`; also when a range covers it as well. Every listed time runs **once** a local day. If the clocks jump over it, it
//!   runs at the first instant after the gap; listed times that land on the same instant run there together, once. If
//!   the clocks go back and it comes twice, it runs the first time.
//! - All other times (from `*`, a range or a step in either field: `*/15 2 * * *`, `0 1-3 * * *`, `0,30 2-4 * * *`)
//!   follow the **wall clock**: a time that does not exist that day is left out, a time that comes twice runs twice. So
//!   `*/15 * * * *` runs every quarter of an hour of real time, whatever the clocks do.
//! - In a mixed list each time keeps its own meaning: in `0 2,4-6 * * *`, 02:00 is listed and the rest follows the wall clock.
//!   A range that holds one value (`2-2`) is that value.
//! - A local day that does not exist (Samoa, 30 December 2011) has no slots.
//!
//! [`Schedule::remark`] says in words what happened to a slot. A slot **belongs to** the local day that named it, even
//! when a gap at the end of the day moves it past midnight (23:30 in Nuuk); that day is its business date. Nicknames
//! (`@daily`, `@weekly`, …) are the ones of Vixie cron and mean midnight.

mod error;
mod expression;
mod field;
mod jitter;
pub mod preview;
mod remark;
mod zone;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;

pub use error::{About, ScheduleError};
pub use expression::Days;
use expression::Expression;
pub use jitter::jitter;
pub use zone::timezone;
use zone::{DAY, FURTHEST, Fate, LocalDay, midnight, utc_day};

/// Slots are worked out for these years; beyond them there are none.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=9000;

/// When a job is due: a cron expression in a zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    timezone: Tz,
    expression: Expression,
}

impl Schedule {
    /// Reads a five-field expression or a nickname. `days` must be given when day-of-month and day-of-week are both
    /// set, and has no effect otherwise.
    ///
    /// # Errors
    /// An expression that cannot be read, that never comes (30 February), that leaves open how its day fields go
    /// together, or that asks for seconds.
    pub fn parse(cron: &str, timezone: Tz, days: Option<Days>) -> Result<Self, ScheduleError> {
        let expression = Expression::parse(cron, days)?;
        Ok(Self { text: cron.trim().to_owned(), timezone, expression })
    }

    /// The expression as written.
    #[must_use]
    pub fn cron(&self) -> &str {
        &self.text
    }

    /// The zone it is read in.
    #[must_use]
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The first slot after an instant. None beyond the year 9000 only.
    #[must_use]
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.between(after, DateTime::<Utc>::MAX_UTC, 1).pop()
    }

    /// The slots after `after`, up to and with `until`, oldest first; at most `max`, the oldest ones.
    #[must_use]
    pub fn between(&self, after: DateTime<Utc>, until: DateTime<Utc>, max: usize) -> Vec<DateTime<Utc>> {
        let found = self.collect(after.timestamp(), until.timestamp(), max);
        found.into_iter().filter_map(|instant| DateTime::from_timestamp(instant, 0)).collect()
    }

    /// The first slot that belongs to a local day.
    #[must_use]
    pub fn slot_on(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        self.slots_of(date).first().and_then(|instant| DateTime::from_timestamp(*instant, 0))
    }

    /// The local day a slot belongs to; for an instant that is no slot, its local day.
    #[must_use]
    pub fn business_date(&self, slot: DateTime<Utc>) -> NaiveDate {
        let local = slot.with_timezone(&self.timezone).date_naive();
        let is_of = |date: &NaiveDate| self.slots_of(*date).binary_search(&slot.timestamp()).is_ok();
        // a gap just before midnight moves a slot into the next day
        let before = local.pred_opt().filter(|before| !is_of(&local) && is_of(before));
        before.unwrap_or(local)
    }

    /// A label that no other slot of this schedule has: the day for daily or coarser schedules, else the local time
    /// with its offset. For daily ones it also holds between binaries whose time zone data disagree.
    #[must_use]
    pub fn business_key(&self, slot: DateTime<Utc>) -> String {
        if self.is_daily_or_coarser() {
            self.business_date(slot).to_string()
        } else {
            slot.with_timezone(&self.timezone).format("%Y-%m-%dT%H:%M%:z").to_string()
        }
    }

    /// Whether no local day has more than one slot.
    #[must_use]
    pub fn is_daily_or_coarser(&self) -> bool {
        matches!(self.expression.times(), [time] if time.listed)
    }

    /// A sentence where daylight saving moved, merged, doubled or left out something at this slot; none on other slots.
    /// What was left out is said at the first slot after the gap that day, or the last one before it, or, when the day has no slot
    /// at all, at the next one.
    #[must_use]
    pub fn remark(&self, slot: DateTime<Utc>) -> Option<String> {
        remark::remark(self, slot.timestamp())
    }

    /// The schedule in English, with its zone: a help for readers, the expression decides.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} ({})", self.expression.describe(), self.timezone.name())
    }

    /// Lays out days until `max` slots are found that no later day can come before.
    fn collect(&self, after: i64, until: i64, max: usize) -> Vec<i64> {
        let mut found = Vec::new();
        // a slot lies at most a day and two of the furthest offsets behind the midnight of its day
        let Some(first) = utc_day(after, -4).filter(|_| max > 0) else { return found };
        let first = first.max(NaiveDate::from_ymd_opt(*YEARS.start(), 1, 1).unwrap_or(first));
        for date in first.iter_days() {
            let earliest = midnight(date) - FURTHEST;
            if earliest > until || date.year() > *YEARS.end() {
                break;
            }
            if found.len() >= max {
                settle(&mut found);
                if found.get(max - 1).is_some_and(|last| *last < earliest) {
                    break;
                }
            }
            self.lay_out(date, after, until, &mut found);
        }
        settle(&mut found);
        found.truncate(max);
        found
    }

    /// The slots of a local day, in order.
    fn slots_of(&self, date: NaiveDate) -> Vec<i64> {
        let mut found = Vec::new();
        self.lay_out(date, i64::MIN, i64::MAX, &mut found);
        settle(&mut found);
        found
    }

    /// Appends the slots of a local day that lie in (after, until].
    fn lay_out(&self, date: NaiveDate, after: i64, until: i64, found: &mut Vec<i64>) {
        let latest = midnight(date) + 2 * DAY + FURTHEST;
        if latest <= after || !YEARS.contains(&date.year()) || !self.expression.falls_on(date) {
            return;
        }
        let day = LocalDay::new(self.timezone, date);
        let times = self.expression.times();
        if let Some(offset) = day.plain_offset() {
            let begin = day.midnight() - offset;
            let instant = |minute: u16| begin + i64::from(minute) * 60;
            let from = times.partition_point(|time| instant(time.minute) <= after);
            let to = times.partition_point(|time| instant(time.minute) <= until);
            found.extend(times[from..to.max(from)].iter().map(|time| instant(time.minute)));
            return;
        }
        let mut push = |instant: i64| {
            if after < instant && instant <= until {
                found.push(instant);
            }
        };
        for time in times {
            match day.fate(time.minute) {
                Fate::Once(instant) => push(instant),
                Fate::Gap(bend) if time.listed => push(bend.at),
                Fate::Twice(first, second, _) => {
                    push(first);
                    if !time.listed {
                        push(second);
                    }
                }
                Fate::Gap(_) | Fate::NoDay => {}
            }
        }
    }
}

/// Local time with its offset, for people and for `--json`.
fn local(slot: DateTime<Utc>, timezone: Tz) -> String {
    slot.with_timezone(&timezone).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Days may overlap where clocks go back across midnight, and times may merge in a gap.
fn settle(found: &mut Vec<i64>) {
    found.sort();
    found.dedup();
}
