//! `ramp`: warming up.

use serde::Deserialize;

/// Little on the first day of sending, more on each further one, up to the full rate.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Messages of the first day.
    pub first_day: u32,
    /// Each further day so many times as many; default 1.5.
    #[serde(default = "one_and_a_half")]
    pub factor: f64,
    /// Messages a day from which on there is no limit any more.
    pub full: u32,
}

impl Ramp {
    /// Messages of the `stage`th day of sending; none: no limit any more.
    #[must_use]
    pub fn allowance(self, stage: i32) -> Option<i64> {
        let today = f64::from(self.first_day) * self.factor.powi(stage.max(1) - 1);
        #[expect(clippy::cast_possible_truncation, reason = "less than a u32")]
        (today < f64::from(self.full)).then_some(today as i64)
    }

    pub(super) fn problem(self) -> Option<&'static str> {
        if self.first_day == 0 {
            Some("first_day must be at least 1")
        } else if self.factor.is_nan() || self.factor < 1.05 || self.factor > 10.0 {
            Some("factor must be between 1.05 and 10")
        } else if self.full <= self.first_day {
            Some("full must be more than first_day")
        } else {
            None
        }
    }
}

fn one_and_a_half() -> f64 {
    1.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_allows_more_until_there_is_no_limit() {
        let ramp = Ramp { first_day: 50, factor: 2.0, full: 1_000 };
        let days: Vec<_> = (1..=7).map(|day| ramp.allowance(day)).collect();
        assert_eq!(days, [Some(50), Some(100), Some(200), Some(400), Some(800), None, None]);
        assert_eq!(Ramp { factor: 10.0, ..ramp }.allowance(i32::MAX), None);
    }
}
