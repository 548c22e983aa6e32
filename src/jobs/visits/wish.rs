//! What customers wish: on which weekdays and at what time they like to be visited, out of attributes as a company may
//! write them. What cannot be read is no wish.

use chrono::{NaiveTime, Weekday};
use serde_json::Value;

/// Weekdays, a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weekdays(u8);

const NAMES: [(&str, Weekday); 21] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
    ("1", Weekday::Mon),
    ("2", Weekday::Tue),
    ("3", Weekday::Wed),
    ("4", Weekday::Thu),
    ("5", Weekday::Fri),
    ("6", Weekday::Sat),
    ("7", Weekday::Sun),
    ("一", Weekday::Mon),
    ("二", Weekday::Tue),
    ("三", Weekday::Wed),
    ("四", Weekday::Thu),
    ("五", Weekday::Fri),
    ("六", Weekday::Sat),
    ("日", Weekday::Sun),
];
/// What Chinese puts in front of a weekday's number.
const FRONT: [&str; 3] = ["星期", "礼拜", "周"];

impl Weekdays {
    /// Those named by an attribute: `"tue"`, `"Tuesday"`, `2`, `"周二"`, `"星期二、四"`, `["mon", "wed"]`.
    #[must_use]
    pub fn read(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::word(&number.to_string()),
            Value::String(text) => {
                let words = text.split([',', ';', '/', '|', ' ', '、', '，', '；']);
                words.map(Self::word).fold(Self::default(), Self::or)
            }
            Value::Array(list) => list.iter().map(Self::read).fold(Self::default(), Self::or),
            _ => Self::default(),
        }
    }

    fn word(word: &str) -> Self {
        let lower = word.trim().to_lowercase();
        let bare = FRONT.iter().find_map(|front| lower.strip_prefix(front)).unwrap_or(&lower).replace('天', "日");
        let named = NAMES.iter().find(|(name, _)| match name.is_ascii() && name.len() == 3 {
            true => bare.starts_with(name),
            false => bare == *name,
        });
        named.map_or_else(Self::default, |(_, day)| Self(1 << day.num_days_from_monday()))
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any day does.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn holds(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    /// "Tue, Thu"
    #[must_use]
    pub fn words(self) -> String {
        let days = (0..7_u8).filter_map(|number| Weekday::try_from(number).ok()).filter(|day| self.holds(*day));
        days.map(|day| day.to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// The time an attribute names: `"14:00"`, `"9:30"`, `"14:00-16:00"` (its beginning), `14`, `"14点"`.
#[must_use]
pub fn time(value: &Value) -> Option<NaiveTime> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().replace('：', ":"),
        _ => return None,
    };
    let begin = text.split(['-', '–', '~', '至', ' ']).next()?;
    let hour = begin.trim_end_matches(['点', '时', 'h']).trim_end_matches(":00");
    if let Ok(hour) = hour.parse::<u32>() {
        return NaiveTime::from_hms_opt(hour, 0, 0);
    }
    NaiveTime::parse_from_str(begin, "%H:%M").ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn weekdays_are_read_in_the_forms_companies_write_them() {
        for (value, words) in [
            (json!("tue"), "Tue"),
            (json!("Tuesday"), "Tue"),
            (json!(7), "Sun"),
            (json!("周二"), "Tue"),
            (json!("星期天"), "Sun"),
            (json!("礼拜三"), "Wed"),
            (json!("mon, Thu"), "Mon, Thu"),
            (json!("周一、周五"), "Mon, Fri"),
            (json!(["wed", 5]), "Wed, Fri"),
            (json!("whenever"), ""),
            (json!("8"), ""),
            (json!(null), ""),
        ] {
            assert_eq!(Weekdays::read(&value).words(), words, "{value}");
        }
    }

    #[test]
    fn times_are_read_and_nonsense_is_no_wish() {
        for (value, expected) in [
            (json!("14:00"), Some("14:00")),
            (json!("9:30"), Some("09:30")),
            (json!("14:00-16:00"), Some("14:00")),
            (json!("14：30"), Some("14:30")),
            (json!(14), Some("14:00")),
            (json!("14点"), Some("14:00")),
            (json!("25:00"), None),
            (json!("afternoon"), None),
            (json!(null), None),
        ] {
            assert_eq!(time(&value).map(|time| time.format("%H:%M").to_string()).as_deref(), expected, "{value}");
        }
    }
}
