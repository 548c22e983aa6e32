//! Birthdays in conditions: who has one on certain days, in the birthday's own calendar.
//!
//! A day is turned into the stored birthdays it has ([`keys_for`]), so that the database only looks whether a
//! customer's is among them. Who was born on a day that a year lacks has the birthday on 28 February, in the ordinary
//! month, on the 29th; the trigger of a birthday job says its own rules.

use chrono::{Days, NaiveDate};

use super::emit::Emit;
use super::leaf::Leaf;
use crate::calendar::anniversary::{Feb29, LunarDay30, LunarLeap, Rules, keys_for};

/// Further ahead every birthday comes round.
pub(super) const FURTHEST: i32 = 366;

const RULES: Rules = Rules { feb_29: Feb29::Feb28, lunar_leap: LunarLeap::PlainMonth, lunar_day_30: LunarDay30::Day29 };

/// The customer's birthday as one text: "solar 6-4", "lunar 8-15 leap".
pub(super) const KEY: &str = "(coalesce(c.birthday_calendar, 'solar') || ' ' || c.birthday_month || '-' || c.birthday_day || case when c.birthday_leap_month then ' leap' else '' end)";

/// Whether the birthday is on one of the days, the last not included.
pub(super) fn sql(emit: &mut Emit, leaf: &Leaf, (from, to): (NaiveDate, NaiveDate)) -> String {
    let days = from.iter_days().take_while(|day| *day < to);
    // a day beyond the known years has no birthdays
    let keys = days.filter_map(|day| keys_for(day, RULES).ok()).flatten();
    let mut texts: Vec<String> = keys
        .flat_map(|key| {
            let plain = format!("{} {}-{}", key.calendar.as_str(), key.month, key.day);
            let leap = format!("{plain} leap");
            match key.leap_month {
                Some(true) => vec![leap],
                Some(false) => vec![plain],
                None => vec![plain, leap],
            }
        })
        .collect();
    texts.sort();
    texts.dedup();
    let texts = emit.texts(texts);
    format!("{} = any({texts})", leaf.value(emit))
}

/// From today through so many days on.
pub(super) fn ahead(today: NaiveDate, days: i32) -> (NaiveDate, NaiveDate) {
    (today, today + Days::new(u64::from(days.unsigned_abs()) + 1))
}

/// From so many days ago through today.
pub(super) fn ago(today: NaiveDate, days: i32) -> (NaiveDate, NaiveDate) {
    (today - Days::new(days.unsigned_abs().into()), today + Days::new(1))
}
