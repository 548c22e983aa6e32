//! `--at` and `--from`: an instant or a day.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::engine::schedule::Schedule;

/// What somebody typed: an instant, or a day that each job reads in its own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// 2026-06-01T02:00:00+08:00
    Instant(DateTime<Utc>),
    /// 2026-06-01T02:00, in the job's zone
    Local(NaiveDateTime),
    /// 2026-06-01
    Day(NaiveDate),
}

impl At {
    /// Reads an instant with or without seconds, a local time, or a day.
    ///
    /// # Errors
    /// A sentence that shows the forms that are understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::Day(day));
        }
        let zoned = text.strip_suffix(['Z', 'z']).map_or_else(|| text.to_owned(), |rest| format!("{rest}+00:00"));
        for format in ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M%:z"] {
            if let Ok(instant) = DateTime::parse_from_str(&zoned, format) {
                return Ok(Self::Instant(instant.with_timezone(&Utc)));
            }
        }
        for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
            if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
                return Ok(Self::Local(local));
            }
        }
        Err(format!(
            "`{text}` is neither an instant (2026-06-01T02:00:00+08:00, 2026-05-31T18:00Z), a local time (2026-06-01T02:00) nor a day (2026-06-01)"
        ))
    }

    /// The instant for a job: a day means that day's slot in the job's zone; without one, local midnight.
    pub fn slot(self, zone: Tz, schedule: Option<&Schedule>) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Local(local) => first_instant(zone, local),
            Self::Day(day) => schedule
                .and_then(|schedule| schedule.slot_on(day))
                .unwrap_or_else(|| first_instant(zone, day.and_time(NaiveTime::MIN))),
        }
    }

    /// The instant from which to look ahead: a day begins at local midnight.
    pub fn start(self, zone: Tz) -> DateTime<Utc> {
        self.slot(zone, None)
    }
}

/// The first instant that shows this wall-clock time or, in a gap, the first after it.
fn first_instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let mut candidate = local;
    for _ in 0..(48 * 60) {
        if let Some(found) = zone.from_local_datetime(&candidate).earliest() {
            return found.with_timezone(&Utc);
        }
        candidate += chrono::Duration::minutes(1);
    }
    local.and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_days_and_local_times_are_told_apart() {
        let instant = "2011-12-10T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        assert_eq!(At::parse("2011-12-10T00:00Z"), Ok(At::Instant(instant)));
        assert_eq!(At::parse("2011-12-10T08:00:00+08:00"), Ok(At::Instant(instant)));
        assert_eq!(At::parse("2011-12-10"), Ok(At::Day("2011-12-10".parse().unwrap())));
        assert!(matches!(At::parse("2011-12-10T08:00"), Ok(At::Local(_))));
        assert!(At::parse("tomorrow").unwrap_err().contains("`tomorrow`"));
        assert!(At::parse("").is_err());
    }

    #[test]
    fn a_day_that_begins_in_a_gap_begins_at_the_first_instant_after_it() {
        let at = At::parse("2018-11-04").unwrap();
        assert_eq!(at.start(chrono_tz::America::Sao_Paulo).to_rfc3339(), "2018-11-04T03:00:00+00:00");
        let shanghai = At::parse("2026-06-01").unwrap();
        assert_eq!(shanghai.start(chrono_tz::Asia::Shanghai).to_rfc3339(), "2026-05-31T16:00:00+00:00");
    }
}
