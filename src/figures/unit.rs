//! Values in the units of reviews, as people of the two languages write them.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::decimal;

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 0 to 1.
    Share,
    /// A length of time.
    Seconds,
    /// So many.
    Count,
    /// An amount, in whatever currency.
    Money,
    /// A mean of 1 to 5.
    Score,
    /// -100 to 100.
    Points,
    /// Any number.
    Number,
}

/// Whether a tag names a kind of Chinese.
#[must_use]
pub fn is_chinese(locale: &str) -> bool {
    locale.split(['-', '_']).next().is_some_and(|language| language.eq_ignore_ascii_case("zh"))
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

impl Unit {
    /// What files and tables call them.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("share", Self::Share),
        ("seconds", Self::Seconds),
        ("count", Self::Count),
        ("money", Self::Money),
        ("score", Self::Score),
        ("points", Self::Points),
        ("number", Self::Number),
    ];

    /// What files and tables call it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, unit)| *unit == self).map_or("number", |(word, _)| word)
    }

    /// The unit of that name; one that is not known is any number.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        Self::WORDS.iter().find(|(known, _)| *known == word).map_or(Self::Number, |(_, unit)| *unit)
    }

    /// The highest value there can be; none: there is no limit.
    #[must_use]
    pub fn most(self) -> Option<Decimal> {
        match self {
            Self::Share => Some(Decimal::ONE),
            Self::Score => Some(Decimal::from(5)),
            Self::Points => Some(Decimal::ONE_HUNDRED),
            Self::Seconds | Self::Count | Self::Money | Self::Number => None,
        }
    }

    /// A value for people: "95.2%", "1 h 05 min", "1,161,817.38".
    #[must_use]
    pub fn shown(self, value: Decimal, locale: &str) -> String {
        match self {
            Self::Share => format!("{}%", rounded(value * Decimal::ONE_HUNDRED, 1)),
            Self::Seconds => length(value, locale),
            Self::Count => rounded(value, 0),
            Self::Money | Self::Score | Self::Number => rounded(value, 2),
            Self::Points => rounded(value, 1),
        }
    }

    /// A change for people, with its sign; of shares in percentage points.
    #[must_use]
    pub fn shown_change(self, change: Decimal, locale: &str) -> String {
        // what is nothing when rounded has no direction
        let sign = if self.shown(change.abs(), locale) == self.shown(Decimal::ZERO, locale) {
            "±"
        } else if change.is_sign_negative() {
            "−"
        } else {
            "+"
        };
        let size = change.abs();
        let size = match self {
            Self::Share => {
                let unit = if is_chinese(locale) { "个百分点" } else { " pp" };
                format!("{}{unit}", rounded(size * Decimal::ONE_HUNDRED, 1))
            }
            _ => self.shown(size, locale),
        };
        format!("{sign}{size}")
    }

    /// What a value shall be, where that is a change against the baseline: the level it comes to, and the change: "≤ 34 min (-50%)".
    #[must_use]
    pub fn shown_goal(
        self,
        least: Option<Decimal>,
        most: Option<Decimal>,
        than_baseline: Option<Decimal>,
        locale: &str,
    ) -> Option<String> {
        let (sign, level) = least.map(|least| ("≥", least)).or(most.map(|most| ("≤", most)))?;
        let change = (than_baseline? * Decimal::ONE_HUNDRED).normalize();
        Some(format!("{sign} {} ({change:+}%)", self.shown(level, locale)))
    }
}

/// Commercially rounded, always with so many digits behind the point.
fn rounded(value: Decimal, digits: u32) -> String {
    let mut value = value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    value.rescale(digits);
    // no "-0.0"
    decimal(if value.is_zero() { value.abs() } else { value })
}

/// A length of time in its two largest units.
fn length(seconds: Decimal, locale: &str) -> String {
    let all =
        i64::try_from(seconds.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)).unwrap_or(i64::MAX);
    let (size, sign) = (all.abs(), if all < 0 { "−" } else { "" });
    let zh = is_chinese(locale);
    let units: [(i64, &str); 4] = if zh {
        [(DAY, "天"), (HOUR, "小时"), (MINUTE, "分钟"), (1, "秒")]
    } else {
        [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")]
    };
    let at = units.iter().position(|(unit, _)| size >= *unit).unwrap_or(3);
    let space = if zh { "" } else { " " };
    let (unit, word) = units[at];
    let mut text = format!("{sign}{}{space}{word}", size / unit);
    if let Some((smaller, word)) = units.get(at + 1).filter(|(smaller, _)| size % unit / smaller > 0) {
        text.push_str(&format!("{}{}{space}{word}", if zh { "" } else { " " }, size % unit / smaller));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_people_write_them() {
        for (unit, value, en, zh) in [
            (Unit::Share, "0.9525", "95.3%", "95.3%"),
            (Unit::Share, "1", "100.0%", "100.0%"),
            (Unit::Seconds, "3900", "1 h 5 min", "1小时5分钟"),
            (Unit::Seconds, "59.5", "1 min", "1分钟"),
            (Unit::Seconds, "0", "0 s", "0秒"),
            (Unit::Seconds, "172800", "2 d", "2天"),
            (Unit::Seconds, "90000", "1 d 1 h", "1天1小时"),
            (Unit::Count, "2657", "2,657", "2,657"),
            (Unit::Money, "1161817.375", "1,161,817.38", "1,161,817.38"),
            (Unit::Points, "-0.04", "0.0", "0.0"),
        ] {
            let value = Decimal::from_str_exact(value).unwrap();
            assert_eq!((unit.shown(value, "en").as_str(), unit.shown(value, "zh-CN").as_str()), (en, zh));
        }
        assert_eq!(Unit::Share.shown_change(Decimal::new(-25, 3), "en"), "−2.5 pp");
        assert_eq!(Unit::Share.shown_change(Decimal::new(25, 3), "zh-Hans"), "+2.5个百分点");
        assert_eq!(Unit::Seconds.shown_change(Decimal::ZERO, "en"), "±0 s");
        assert_eq!(Unit::Share.shown_change(Decimal::new(-4, 4), "en"), "±0.0 pp");
    }
}
