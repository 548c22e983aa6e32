//! Figures in words.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

use super::interval::{Difference, Share};
use super::lift::FEW;
use crate::figures::{count, decimal};
use crate::jobfile::duration::Span;
use crate::jobs::message::{Event, Goal};

/// "14.2%"
pub fn percent(rate: f64) -> String {
    format!("{}%", rounded(rate * 100.0, 1))
}

/// "12 of 90 (13.3%)", "3 of 12 (25.0%, few)", "none"
pub fn share(share: Share) -> String {
    match share.rate() {
        None => "none".to_owned(),
        Some(rate) => {
            let few = if share.of < FEW { ", few" } else { "" };
            format!("{} of {} ({}{few})", count(share.hits), count(share.of), percent(rate))
        }
    }
}

/// "12,345.00 CNY": the currency where there is one.
pub fn money(amount: Decimal, currencies: &[String]) -> String {
    let mut amount = amount.round_dp(2);
    amount.rescale(2);
    match currencies {
        [one] => format!("{} {one}", decimal(amount)),
        _ => decimal(amount),
    }
}

/// "18.40"
pub fn each(amount: f64) -> String {
    rounded(amount, 2)
}

/// "+3.9": a number with its sign; of `scale` times the number.
pub fn signed(number: f64, scale: f64, digits: u32) -> String {
    let text = rounded(number * scale, digits);
    if text.starts_with('-') { text } else { format!("+{text}") }
}

/// "-5.0 to +9.9"
pub fn limits(difference: &Difference, scale: f64, digits: u32) -> String {
    format!("{} to {}", signed(difference.low, scale, digits), signed(difference.high, scale, digits))
}

/// "1,234", "1,234.50"
pub fn rounded(number: f64, digits: u32) -> String {
    let mut figure = Decimal::from_f64(number).unwrap_or_default().round_dp(digits);
    figure.rescale(digits);
    if figure.is_zero() {
        figure.set_sign_positive(true);
    }
    decimal(figure)
}

/// "33 days", "1 day", "36 hours"
pub fn length(span: Span) -> String {
    let (number, unit) = match (span.as_days(), span.as_seconds()) {
        (Some(days), _) => (i64::from(days), "day"),
        (None, seconds) if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
        (None, seconds) => (seconds / 60, "minute"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// "a paid order within 33 days"
pub fn goal(goal: &Goal) -> String {
    let what = match goal.event {
        Event::Order => "a paid order",
        Event::Interaction => "the customer gets in touch",
        Event::Answer => "the customer answers, accepts or takes part",
    };
    format!("{what} within {}", length(goal.within))
}

/// "20%": the share that has to take part.
pub fn asked(goal: &Goal) -> String {
    format!("{}%", decimal((goal.participation * Decimal::ONE_HUNDRED).normalize()))
}

/// "2026-06-01"
pub fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d").to_string()
}

/// "2026-06-01 08:00"
pub fn minute(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// The last day of a period that ends before an instant.
pub fn last_day(end: DateTime<Utc>, zone: Tz) -> String {
    day(end - chrono::TimeDelta::milliseconds(1), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_read_them() {
        assert_eq!(share(Share { hits: 1_234, of: 12_345 }), "1,234 of 12,345 (10.0%)");
        assert_eq!(share(Share { hits: 3, of: 12 }), "3 of 12 (25.0%, few)");
        assert_eq!(share(Share { hits: 0, of: 0 }), "none");
        assert_eq!(money(Decimal::new(123_450, 1), &["CNY".into()]), "12,345.00 CNY");
        assert_eq!(money(Decimal::new(5, 0), &["CNY".into(), "USD".into()]), "5.00");
        let lengths = [Span::days(33), Span::days(1), Span::hours(36)].map(length);
        assert_eq!(lengths, ["33 days", "1 day", "36 hours"]);
        let difference = Difference { found: 0.0, low: -0.05, high: 0.0994 };
        assert_eq!(limits(&difference, 100.0, 1), "-5.0 to +9.9");
        assert_eq!(signed(-0.000_01, 100.0, 1), "+0.0");
    }
}
