//! How a gateway wants numbers written. The company's data have E.164: `+8613800138000`.

use crate::outbox::channel::settings::NumberFormat;

/// The digits of an international number, written with `+`, with `00`, or as `other` makes it of what begins otherwise; none
/// when that is no number.
pub fn international(number: &str, other: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let plain: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '\u{a0}')).collect();
    let digits = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        Some(digits) => digits.to_owned(),
        None => other(&plain)?,
    };
    let good =
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    good.then_some(digits)
}

/// The number as the gateway wants it.
///
/// # Errors
/// A sentence without the number.
pub fn written(number: &str, format: &NumberFormat) -> Result<String, String> {
    let Some(digits) = international(number, |_| None) else {
        return Err("the number is not an international one such as +8613800138000".into());
    };
    match format {
        NumberFormat::E164 => Ok(format!("+{digits}")),
        NumberFormat::Plain => Ok(digits),
        NumberFormat::National(code) => digits
            .strip_prefix(code.as_str())
            .map(str::to_owned)
            .ok_or_else(|| format!("the number is not one of +{code}, and the channel sends to no others")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_gateway_wants_them() {
        let national = NumberFormat::National("86".into());
        for (number, format, expected) in [
            ("+8613800138000", &NumberFormat::E164, Ok("+8613800138000")),
            ("0086 138-0013-8000", &NumberFormat::E164, Ok("+8613800138000")),
            ("+8613800138000", &NumberFormat::Plain, Ok("8613800138000")),
            ("+8613800138000", &national, Ok("13800138000")),
            ("+1 (415) 555.2671", &NumberFormat::Plain, Ok("14155552671")),
            ("+14155552671", &national, Err("the number is not one of +86, and the channel sends to no others")),
        ] {
            assert_eq!(written(number, format).as_deref().map_err(String::as_str), expected, "{number}");
        }
        for bad in ["13800138000", "+86x", "+", "", "+123", "+12345678901234567", "+0123456789", "+86138\u{0}0013800"] {
            assert!(written(bad, &NumberFormat::E164).is_err(), "{bad}");
        }
    }
}
