//! Figures for people: the whole part in groups of three, values in their units.

use rust_decimal::Decimal;

mod part;
mod unit;

pub use part::{PartName, titled};
pub use unit::{Unit, is_chinese};

/// "4,338"
#[must_use]
pub fn count(number: i64) -> String {
    decimal(Decimal::from(number))
}

/// "1 message", "2,059 messages": a figure with what it counts, of which `one` is the word for one.
#[must_use]
pub fn counted(number: impl Into<Decimal>, one: &str) -> String {
    let number = number.into();
    format!("{} {one}{}", decimal(number), verb(number, "", "s"))
}

/// "is" or "are", "was" or "were": the verb that goes with a figure.
#[must_use]
pub fn verb<'w>(number: impl Into<Decimal>, one: &'w str, many: &'w str) -> &'w str {
    if number.into() == Decimal::ONE { one } else { many }
}

/// "2,059.45": the digits as they are, the whole part in groups of three.
#[must_use]
pub fn decimal(number: Decimal) -> String {
    let digits = number.abs().to_string();
    let (whole, fraction) = digits.split_once('.').map_or((digits.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::from(if number.is_sign_negative() && !number.is_zero() { "-" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_separators() {
        assert_eq!(count(0), "0");
        assert_eq!(counted(1, "message"), "1 message");
        assert_eq!(counted(0, "message"), "0 messages");
        assert_eq!(counted(1_234, "message"), "1,234 messages");
        assert_eq!(count(-1_234_567), "-1,234,567");
        assert_eq!(decimal(Decimal::new(205_945, 2)), "2,059.45");
        assert_eq!(decimal(Decimal::new(-5, 1)), "-0.5");
    }
}
