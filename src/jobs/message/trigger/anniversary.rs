//! Days that come back every year: birthdays for now.

use chrono::{Days, NaiveDate};

use super::required;
use crate::calendar::OutOfRange;
use crate::calendar::anniversary::{Calendar, DayKey, Feb29, LunarDay30, LunarLeap, Rules, keys_for};
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

const FEB_29: [(&str, Feb29); 3] =
    [("feb_28", Feb29::Feb28), ("mar_1", Feb29::Mar1), ("leap_years_only", Feb29::LeapYearsOnly)];
const LUNAR_LEAP: [(&str, LunarLeap); 2] =
    [("plain_month", LunarLeap::PlainMonth), ("leap_years_only", LunarLeap::LeapYearsOnly)];
const LUNAR_DAY_30: [(&str, LunarDay30); 2] = [("day_29", LunarDay30::Day29), ("skip", LunarDay30::Skip)];
const CALENDARS: [(&str, Option<Calendar>); 3] =
    [("per_customer", None), ("solar", Some(Calendar::Solar)), ("lunar", Some(Calendar::Lunar))];

/// Further away than this it is another occasion.
const FURTHEST: i32 = 60;

/// Nearer than this to an occasion the customer has had, it must be the same one with a corrected date.
pub(super) const SAME_OCCASION_DAYS: i32 = 180;

/// A day that comes back every year.
#[derive(Debug, Clone)]
pub struct Anniversary {
    /// Days from the occasion to the day it is due; negative: ahead.
    pub offset_days: i32,
    /// How long it may be sent from the day it is due; the end of the occasion's day is the limit in any case when the
    /// message is due ahead or on the day.
    pub expire_after: Option<Span>,
    /// Only birthdays in this calendar; none: each in its own.
    pub calendar: Option<Calendar>,
    /// What happens in years that do not have the day.
    pub rules: Rules,
}

/// Reads the keys of `on = "anniversary"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Anniversary> {
    let field = required(trigger, "field", &[("birthday", ())]);
    let offset_days = offset(trigger);
    let calendar = trigger.choice("calendar", &CALENDARS);
    let feb_29 = required(trigger, "feb_29", &FEB_29);
    let lunar_leap = required(trigger, "lunar_leap", &LUNAR_LEAP);
    let lunar_day_30 = required(trigger, "lunar_day_30", &LUNAR_DAY_30);
    let expire_after = trigger.duration("expire_after");
    if expire_after.is_some_and(|span| span.as_seconds() == 0 || span > Span::days(FURTHEST)) {
        let help = Some(format!("a length of time from \"1h\" to \"{FURTHEST}d\""));
        trigger.problem("expire_after", "nothing could be sent, or for far too long", help);
    }
    field?;
    Some(Anniversary {
        offset_days: offset_days?,
        expire_after,
        calendar: calendar.flatten(),
        rules: Rules { feb_29: feb_29?, lunar_leap: lunar_leap?, lunar_day_30: lunar_day_30? },
    })
}

/// "-3d": whole days, with the sign that says ahead or after.
fn offset(trigger: &mut Reader<'_>) -> Option<i32> {
    const HELP: &str = "\"-3d\" is three days ahead, \"0d\" the day itself, \"+1d\" the day after";
    if !trigger.has("offset") {
        trigger.missing("offset", "\"-3d\"");
    }
    let text = trigger.string("offset")?;
    let (sign, length) = match text.split_at_checked(1) {
        Some(("-", length)) => (-1, length),
        Some(("+", length)) => (1, length),
        _ => (1, text.as_str()),
    };
    let days = Span::parse(length).ok().and_then(Span::as_days).filter(|days| *days <= FURTHEST);
    if days.is_none() {
        trigger.problem(
            "offset",
            format!("`offset` must be whole days, at most {FURTHEST}, but it is {text:?}"),
            Some(HELP.into()),
        );
    }
    days.map(|days| sign * days)
}

impl Anniversary {
    /// Binds what its statements ask for: the days looked at as six arrays, and from when to when they count.
    pub(super) fn bind(&self, composer: Composer, date: NaiveDate) -> Result<Composer, OutOfRange> {
        let keys = self.keys(date)?;
        Ok(composer
            .set("key_calendars", keys.iter().map(|(_, key)| key.calendar.as_str().to_owned()).collect::<Vec<_>>())
            .set("key_months", keys.iter().map(|(_, key)| i16::from(key.month)).collect::<Vec<_>>())
            .set("key_days", keys.iter().map(|(_, key)| i16::from(key.day)).collect::<Vec<_>>())
            .set("key_leaps", keys.iter().map(|(_, key)| key.leap_month).collect::<Vec<_>>())
            .set("key_dates", keys.iter().map(|(day, _)| *day).collect::<Vec<_>>())
            .set("key_years", keys.iter().map(|(_, key)| key.occasion_year).collect::<Vec<_>>())
            .set("offset_days", self.offset_days)
            .set("life", self.expire_after.map(super::interval)))
    }

    /// The stored birthdays that fall on a day a run of `date` may have to do with, with that day: those that become
    /// due on `date` somewhere on earth, and those that are not over yet.
    ///
    /// # Errors
    /// Beyond the years the calendar knows.
    pub fn keys(&self, date: NaiveDate) -> Result<Vec<(NaiveDate, DayKey)>, OutOfRange> {
        let mut keys = Vec::new();
        for day in self.days(date) {
            let found = keys_for(day, self.rules)?.into_iter();
            let wanted = found.filter(|key| self.calendar.is_none_or(|calendar| calendar == key.calendar));
            keys.extend(wanted.map(|key| (day, key)));
        }
        Ok(keys)
    }

    /// The days whose occasions a run of `date` looks at.
    pub fn days(&self, date: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let offset = i64::from(self.offset_days);
        let life = self.expire_after.map(|span| -(-span.as_seconds()).div_euclid(86_400));
        // days from the occasion to the end of the message's life
        let over = match life {
            _ if offset > 0 => offset + life.unwrap_or(1),
            Some(life) => (offset + life).min(1),
            None => 1,
        };
        // one day more at either end: somewhere it is still yesterday, or already tomorrow
        (-over..=1 - offset).map(move |ahead| {
            let by = Days::new(ahead.unsigned_abs());
            if ahead < 0 { date - by } else { date + by }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_looks_from_yesterday_to_the_day_after_the_offset() {
        let rules = Rules { feb_29: Feb29::Feb28, lunar_leap: LunarLeap::PlainMonth, lunar_day_30: LunarDay30::Day29 };
        let days = |offset_days, expire_after| {
            let trigger = Anniversary { offset_days, expire_after, calendar: None, rules };
            let date = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
            let days: Vec<_> = trigger.days(date).collect();
            (days[0].to_string(), days[days.len() - 1].to_string())
        };
        let span = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(days(-3, None), span("2026-11-20", "2026-11-25"));
        assert_eq!(days(-3, Some(Span::days(4))), span("2026-11-20", "2026-11-25"));
        assert_eq!(days(-3, Some(Span::days(1))), span("2026-11-23", "2026-11-25"));
        assert_eq!(days(0, Some(Span::hours(12))), span("2026-11-20", "2026-11-22"));
        assert_eq!(days(2, None), span("2026-11-18", "2026-11-20"));
    }
}
