//! How far ahead of a day its message is due, and until when it may be sent.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// Further away than this it is another occasion.
pub(super) const FURTHEST: i32 = 60;

/// From when to when a message about a day may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// Days from the occasion to the day it is due; negative: ahead.
    pub offset_days: i32,
    /// How long it may be sent from the day it is due; the end of the occasion's day is the limit in any case when the
    /// message is due ahead or on the day.
    pub expire_after: Option<Span>,
}

impl Lead {
    /// Reads `offset` and `expire_after`.
    pub fn read(trigger: &mut Reader<'_>) -> Option<Self> {
        if !trigger.has("offset") {
            trigger.missing("offset", "\"-3d\"");
        }
        let offset_days = offset(trigger);
        let expire_after = expire_after(trigger, FURTHEST);
        Some(Self { offset_days: offset_days?, expire_after })
    }

    /// Binds what heads call it.
    pub(super) fn bind(&self, composer: Composer) -> Composer {
        composer.set("offset_days", self.offset_days).set("life", self.expire_after.map(super::interval))
    }

    /// The days whose occasions a run of `date` looks at.
    pub fn days(&self, date: NaiveDate) -> impl Iterator<Item = NaiveDate> + use<> {
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

    /// The day from which a message about `day` may be sent, and the local time at which that ends.
    pub fn around(&self, day: NaiveDate) -> (NaiveDate, NaiveDateTime) {
        let due = day + TimeDelta::days(self.offset_days.into());
        let life = |span: Span| due.and_time(NaiveTime::MIN) + span.as_delta();
        let end = (day + Days::new(1)).and_time(NaiveTime::MIN);
        let over = match (self.offset_days > 0, self.expire_after) {
            (true, span) => life(span.unwrap_or(Span::days(1))),
            (false, span) => span.map_or(end, |span| life(span).min(end)),
        };
        (due, over)
    }
}

/// "-3d": whole days, with the sign that says ahead or after.
pub(super) fn offset(trigger: &mut Reader<'_>) -> Option<i32> {
    const HELP: &str = "\"-3d\" is three days ahead, \"0d\" the day itself, \"+1d\" the day after";
    if !trigger.has("offset") {
        return None;
    }
    let text = trigger.required_string("offset", "\"-3d\"")?;
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

/// How long a message may be sent, at most so many days.
pub(super) fn expire_after(trigger: &mut Reader<'_>, most: i32) -> Option<Span> {
    let life = trigger.duration("expire_after")?;
    if life.as_seconds() == 0 || life > Span::days(most) {
        let help = Some(format!("a length of time from \"1h\" to \"{most}d\""));
        trigger.problem("expire_after", "nothing could be sent, or for far too long", help);
    }
    Some(life)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_looks_from_yesterday_to_the_day_after_the_offset() {
        let days = |offset_days, expire_after| {
            let date = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
            let days: Vec<_> = Lead { offset_days, expire_after }.days(date).collect();
            (days[0].to_string(), days[days.len() - 1].to_string())
        };
        let span = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(days(-3, None), span("2026-11-20", "2026-11-25"));
        assert_eq!(days(-3, Some(Span::days(4))), span("2026-11-20", "2026-11-25"));
        assert_eq!(days(-3, Some(Span::days(1))), span("2026-11-23", "2026-11-25"));
        assert_eq!(days(0, Some(Span::hours(12))), span("2026-11-20", "2026-11-22"));
        assert_eq!(days(2, None), span("2026-11-18", "2026-11-20"));
    }

    #[test]
    fn a_message_ahead_of_a_day_ends_with_it_and_one_after_it_lives_a_day() {
        let around = |offset_days, expire_after| {
            let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
            let (due, over) = Lead { offset_days, expire_after }.around(day);
            format!("{due} {over}")
        };
        assert_eq!(around(-3, None), "2026-11-21 2026-11-25 00:00:00");
        assert_eq!(around(-3, Some(Span::hours(36))), "2026-11-21 2026-11-22 12:00:00");
        assert_eq!(around(-3, Some(Span::days(9))), "2026-11-21 2026-11-25 00:00:00");
        assert_eq!(around(1, None), "2026-11-25 2026-11-26 00:00:00");
        assert_eq!(around(1, Some(Span::days(9))), "2026-11-25 2026-12-04 00:00:00");
    }
}
