//! What a figure was in the baseline: in its periods of the same length, on average, so that a month is compared with months
//! and not with a year. Pure.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::catalogue::{About, Aggregate, Entry};
use super::judge::Rows;
use super::period::{Length, Period};
use super::review::{Measured, PartName};

/// Periods of the baseline that are asked about, at most; of more an even choice.
const MOST: usize = 61;

/// The periods of the baseline in which a figure is measured. Of medians and of campaigns it is the whole: they do not grow
/// with the days.
pub(super) fn periods(entry: &Entry, length: Length, whole: &Period) -> Vec<Period> {
    let own = match (entry.aggregate, entry.about) {
        (Aggregate::Median | Aggregate::P90, _) | (_, About::Messages) => Vec::new(),
        (Aggregate::Mean | Aggregate::Sum | Aggregate::Count, _) => length.within(whole),
    };
    if own.is_empty() {
        return vec![whole.clone()];
    }
    // of days not always the same weekday
    let step = own.len().div_ceil(MOST);
    let step = if step.is_multiple_of(7) { step + 1 } else { step };
    own.into_iter().step_by(step).collect()
}

/// What they come to together: of means all their cases, of sums and counts the mean of the periods.
pub(super) fn average(entry: &Entry, of: &[Rows]) -> Rows {
    if let [one] = of {
        return one.clone();
    }
    let parts: BTreeSet<&PartName> = of.iter().flat_map(|rows| rows.parts.keys()).collect();
    let together = |found: Vec<Measured>| (!found.is_empty()).then(|| pooled(entry, &found, of.len()));
    let part = |name: &PartName| {
        let found = of.iter().filter_map(|rows| rows.parts.get(name)).copied().collect();
        together(found).map(|measured| (name.clone(), measured))
    };
    Rows {
        whole: together(of.iter().filter_map(|rows| rows.whole).collect()),
        parts: parts.into_iter().filter_map(part).collect(),
    }
}

fn pooled(entry: &Entry, found: &[Measured], periods: usize) -> Measured {
    let cases: i64 = found.iter().map(|one| one.cases).sum();
    let sum = |of: fn(&Measured) -> Option<Decimal>| found.iter().filter_map(of).sum::<Decimal>();
    let (total, each) = match entry.aggregate {
        Aggregate::Sum | Aggregate::Count => (sum(|one| one.value), Decimal::from(periods)),
        Aggregate::Mean | Aggregate::Median | Aggregate::P90 => (sum(|one| one.hits), Decimal::from(cases)),
    };
    let value = total.checked_div(each).map(|value| value.round_dp(6).normalize());
    Measured { value, hits: Some(total), cases }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Asia::Shanghai;

    use super::super::catalogue::find;
    use super::*;

    fn period(first: &str, last: &str) -> Period {
        Period::of_days(first.parse().unwrap(), last.parse().unwrap(), Shanghai).unwrap()
    }

    #[test]
    fn a_year_has_twelve_months_and_a_median_is_that_of_the_year() {
        let year = period("2025-01-01", "2025-12-31");
        let names = |figure: &str, length| -> Vec<String> {
            periods(find(figure).unwrap(), length, &year).into_iter().map(|period| period.name).collect()
        };
        let months = names("contacts", Length::Months(1));
        assert_eq!((months.len(), months[0].as_str(), months[11].as_str()), (12, "2025-12", "2025-01"));
        assert_eq!(names("retention", Length::Quarter), ["2025-Q4", "2025-Q3", "2025-Q2", "2025-Q1"]);
        assert_eq!(names("revenue", Length::Months(6)), ["2025-07..2025-12", "2025-01..2025-06"]);
        assert_eq!(names("first_answer", Length::Months(1)), ["2025-01-01..2025-12-31"]);
        let days = names("orders", Length::Day);
        assert_eq!((days.len(), days[0].as_str(), days[1].as_str()), (61, "2025-12-31", "2025-12-25"));
        // days of a period that is not whole are left out; where there is no whole one, it is what there is
        let odd = period("2025-01-20", "2025-03-10");
        let odd: Vec<String> = Length::Months(1).within(&odd).into_iter().map(|period| period.name).collect();
        assert_eq!(odd, ["2025-02"]);
        let short = periods(find("orders").unwrap(), Length::Quarter, &period("2025-02-01", "2025-02-28"));
        assert_eq!(short.len(), 1);
    }

    #[test]
    fn means_are_of_all_cases_and_sums_and_counts_of_the_periods() {
        let month = |value: Option<i64>, hits: i64, cases: i64| {
            let measured = Measured { value: value.map(Decimal::from), hits: Some(hits.into()), cases };
            let part = PartName { by: "tier".into(), name: "high".into() };
            Rows { whole: Some(measured), parts: [(part, measured)].into() }
        };
        let contacts = average(find("contacts").unwrap(), &[month(Some(1), 10, 10), month(Some(2), 60, 30)]);
        assert_eq!(contacts.whole.unwrap().value, Some(Decimal::new(175, 2)), "70 days of 40 customers");
        let orders =
            average(find("orders").unwrap(), &[month(Some(10), 10, 10), month(Some(20), 20, 20), Rows::default()]);
        assert_eq!((orders.whole.unwrap().value, orders.parts.len()), (Some(Decimal::TEN), 1), "30 in three months");
        assert_eq!(average(find("csat").unwrap(), &[Rows::default(), Rows::default()]), Rows::default());
    }
}
