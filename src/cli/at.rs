//! `--at` and `--from`: an instant or a day.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::failure::Failure;
use crate::engine::replay::{local_midnight, slot_of_day};
use crate::engine::specs::Spec;

/// What somebody typed: an instant, or a day that each job reads in its own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// 2026-06-01T02:00:00+08:00
    Instant(DateTime<Utc>),
    /// 2026-06-01
    Day(NaiveDate),
}

impl At {
    /// Reads an instant with or without seconds, or a day.
    ///
    /// # Errors
    /// A sentence that shows the forms that are understood.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::Day(day));
        }
        let zoned = text.strip_suffix(['Z', 'z']).map_or_else(|| text.to_owned(), |rest| format!("{rest}+00:00"));
        ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M%:z"]
            .iter()
            .find_map(|format| DateTime::parse_from_str(&zoned, format).ok())
            .map(|instant| Self::Instant(instant.with_timezone(&Utc)))
            .ok_or_else(|| {
                Failure::Usage(format!(
                    "`{text}` is neither an instant with its offset (2026-06-01T02:00:00+08:00, 2026-05-31T18:00Z) \
                     nor a day (2026-06-01)"
                ))
            })
    }

    /// The instant for a job: a day means that day's slot in the job's zone; without one, local midnight.
    pub fn slot(self, spec: &Spec) -> Result<DateTime<Utc>, Failure> {
        match self {
            Self::Instant(instant) => Ok(instant),
            Self::Day(day) => slot_of_day(spec, day).ok_or_else(|| no_such_day(day, spec.timezone)),
        }
    }

    /// The instant from which to look ahead: a day begins at local midnight.
    pub fn start(self, zone: Tz) -> Result<DateTime<Utc>, Failure> {
        match self {
            Self::Instant(instant) => Ok(instant),
            Self::Day(day) => local_midnight(zone, day).ok_or_else(|| no_such_day(day, zone)),
        }
    }
}

fn no_such_day(day: NaiveDate, zone: Tz) -> Failure {
    Failure::Usage(format!("there was no {day} in {zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_days_are_told_apart() {
        let instant = "2011-12-10T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        assert_eq!(At::parse("2011-12-10T00:00Z").unwrap(), At::Instant(instant));
        assert_eq!(At::parse(" 2011-12-10T08:00:00+08:00").unwrap(), At::Instant(instant));
        assert_eq!(At::parse("2011-12-10").unwrap(), At::Day("2011-12-10".parse().unwrap()));
        for text in ["tomorrow", "", "2011-12-10T08:00", "2011-13-10"] {
            assert!(At::parse(text).unwrap_err().text().unwrap().contains(&format!("`{text}`")));
        }
    }

    #[test]
    fn a_day_that_begins_in_a_gap_begins_at_the_first_instant_after_it() {
        let at = At::parse("2018-11-04").unwrap();
        assert_eq!(at.start(chrono_tz::America::Sao_Paulo).unwrap().to_rfc3339(), "2018-11-04T03:00:00+00:00");
        let at = At::parse("2026-06-01").unwrap();
        assert_eq!(at.start(chrono_tz::Asia::Shanghai).unwrap().to_rfc3339(), "2026-05-31T16:00:00+00:00");
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_refused() {
        let at = At::parse("2011-12-30").unwrap();
        assert!(at.start(chrono_tz::Pacific::Apia).is_err());
    }
}
