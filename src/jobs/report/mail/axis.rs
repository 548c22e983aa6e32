//! Where the axis of a chart has lines: round values of the unit.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::super::Unit;
use crate::chart::Mark;
use crate::figures::decimal;

/// Steps between two lines, at most.
const STEPS: i64 = 4;
/// Steps of lengths of time, in seconds; beyond them tens of days.
const TIMES: [i64; 19] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800];

/// Lines from just below the lowest to just above the highest of these; empty when there is no room for them in numbers.
pub(super) fn ticks(unit: Unit, values: &[Decimal], locale: &str) -> Vec<Mark> {
    let (Some(lowest), Some(highest)) = (values.iter().min().copied(), values.iter().max().copied()) else {
        return Vec::new();
    };
    // what is not far from nothing is seen against nothing
    let near = !lowest.is_sign_negative() && lowest <= highest / Decimal::TWO;
    let lowest = if near { Decimal::ZERO } else { lowest };
    step(unit, lowest, highest).and_then(|step| lines(unit, (lowest, highest), step, locale)).unwrap_or_default()
}

fn lines(unit: Unit, (lowest, highest): (Decimal, Decimal), step: Decimal, locale: &str) -> Option<Vec<Mark>> {
    let (mut first, mut last) = (lowest.checked_div(step)?.floor(), highest.checked_div(step)?.ceil());
    if first == last {
        // all the same: a line above, one below where there is anything
        let full = unit.most().zip(first.checked_mul(step)).is_some_and(|(most, top)| top >= most);
        last += if full { Decimal::ZERO } else { Decimal::ONE };
        first -= if first.is_zero() && !full { Decimal::ZERO } else { Decimal::ONE };
    }
    let mut marks = Vec::new();
    let mut at = first;
    while at <= last {
        let value = at.checked_mul(step)?;
        marks.push(Mark { value: value.to_f64()?, label: label(unit, value, step, locale) });
        at += Decimal::ONE;
    }
    Some(marks)
}

/// The smallest round step by which there are not too many lines, and by which what hardly moves looks so.
fn step(unit: Unit, lowest: Decimal, highest: Decimal) -> Option<Decimal> {
    let least = highest.abs() / Decimal::from(50);
    let fits = |step: &Decimal| {
        let lines = |value: Decimal| value.checked_div(*step);
        let many = lines(lowest).zip(lines(highest)).and_then(|(low, high)| high.ceil().checked_sub(low.floor()));
        *step >= least && many.is_some_and(|many| many <= Decimal::from(STEPS))
    };
    let times = TIMES.iter().map(|seconds| Decimal::from(*seconds)).filter(|_| unit == Unit::Seconds);
    let smallest = match unit {
        Unit::Share => Decimal::new(1, 3),
        Unit::Seconds => Decimal::from(432_000),
        Unit::Count | Unit::Points => Decimal::ONE,
        Unit::Money | Unit::Score | Unit::Number => Decimal::new(1, 2),
    };
    let tens = std::iter::successors(Some(smallest), |ten| ten.checked_mul(Decimal::TEN));
    let round = tens.flat_map(|ten| [1, 2, 5].map(|of| ten.checked_mul(Decimal::from(of)))).map_while(|step| step);
    times.chain(round).find(fits)
}

/// As short as it can be said.
fn label(unit: Unit, value: Decimal, step: Decimal, locale: &str) -> String {
    match unit {
        Unit::Seconds => unit.shown(value, locale),
        Unit::Share => {
            let digits = (step * Decimal::ONE_HUNDRED).normalize().scale();
            let mut percent = value * Decimal::ONE_HUNDRED;
            percent.rescale(digits);
            format!("{}%", decimal(percent))
        }
        Unit::Count | Unit::Money | Unit::Score | Unit::Points | Unit::Number => {
            let mut value = value;
            value.rescale(step.normalize().scale());
            decimal(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(unit: Unit, values: &[&str], locale: &str) -> String {
        let values: Vec<Decimal> = values.iter().map(|value| value.parse().unwrap()).collect();
        let marks = ticks(unit, &values, locale);
        for value in values {
            let value = value.to_f64().unwrap();
            assert!(marks[0].value <= value && value <= marks[marks.len() - 1].value, "{value} is off the axis");
        }
        marks.iter().map(|mark| mark.label.as_str()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn lines_are_round_in_the_unit_and_hold_all_values() {
        for (unit, values, lines) in [
            (Unit::Share, &["0.82", "0.95"][..], "80% | 85% | 90% | 95%"),
            (Unit::Share, &["0.001", "0.0035"], "0.0% | 0.1% | 0.2% | 0.3% | 0.4%"),
            (Unit::Share, &["1", "1"], "98% | 100%"),
            (Unit::Share, &["0", "1"], "0% | 50% | 100%"),
            (Unit::Seconds, &["15120", "18360", "14400"], "4 h | 4 h 30 min | 5 h | 5 h 30 min"),
            (Unit::Seconds, &["600", "9000"], "0 s | 1 h | 2 h | 3 h"),
            (Unit::Seconds, &["2592000", "900000"], "0 s | 10 d | 20 d | 30 d"),
            (Unit::Count, &["0", "0"], "0 | 1"),
            (Unit::Count, &["7", "7"], "6 | 7 | 8"),
            (Unit::Count, &["5000", "4999"], "4,900 | 5,000"),
            (Unit::Count, &["2657", "1149"], "0 | 1,000 | 2,000 | 3,000"),
            (Unit::Money, &["1161817.38", "469200.36"], "0 | 500,000 | 1,000,000 | 1,500,000"),
            (Unit::Score, &["4.25", "5"], "4.2 | 4.4 | 4.6 | 4.8 | 5.0"),
            (Unit::Points, &["-40", "60"], "-50 | 0 | 50 | 100"),
        ] {
            assert_eq!(shown(unit, values, "en"), lines, "{unit:?} {values:?}");
        }
        assert_eq!(shown(Unit::Seconds, &["600", "9000"], "zh-CN"), "0秒 | 1小时 | 2小时 | 3小时");
    }

    #[test]
    fn what_is_beyond_all_numbers_has_no_axis_and_does_no_harm() {
        assert!(ticks(Unit::Money, &[], "en").is_empty());
        let most = [Decimal::MIN, Decimal::MAX];
        assert!(ticks(Unit::Number, &most, "en").is_empty());
        for unit in [Unit::Seconds, Unit::Money] {
            assert!(ticks(unit, &[Decimal::MAX / Decimal::TEN], "en").len() != 1);
        }
    }
}
