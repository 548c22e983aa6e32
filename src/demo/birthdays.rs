//! Birthdays, with every case that is hard: 29 February, lunar ones, leap months, the 30th of a lunar month, no year.

use chrono::{Datelike, Days, NaiveDate};

use super::Company;
use super::cases;
use super::dice::Dice;
use super::people::birth_year;
use crate::calendar::lunar::LunarDate;

/// The cells `birthday,birthday_calendar,birthday_leap_month`.
pub(super) fn of(company: &Company, number: u64, chinese: bool) -> String {
    let mut dice = Dice::new(company.seed, number, "birthday");
    let year = birth_year(company, &mut dice);
    // The hard cases are there in every company, however small.
    match number {
        3 | 4 => return "1992-02-29,solar,no".to_owned(),
        5 => return "1987-06-07,lunar,yes".to_owned(),
        6 => return "1990-12-30,lunar,no".to_owned(),
        _ => {}
    }
    if cases::of(number).is_some() {
        return solar(cases::birthday(company), year, false);
    }
    if dice.in_thousand(80) {
        return ",,".to_owned();
    }
    // A few per cent within the two weeks after the day the company is first looked at, so that there is something to
    // see; the others on any day.
    let first_seen = company.founded + Days::new(super::HISTORY_DAYS);
    let day = if dice.in_thousand(20) {
        first_seen + Days::new(3)
    } else if dice.in_thousand(50) {
        first_seen + Days::new(dice.below(14))
    } else {
        first_seen + Days::new(dice.below(1_461))
    };
    if chinese && dice.in_thousand(120) {
        return lunar(day, year);
    }
    solar(day, year, dice.in_thousand(150))
}

fn solar(day: NaiveDate, year: i32, forgotten: bool) -> String {
    if forgotten {
        return format!("{:02}-{:02},solar,no", day.month(), day.day());
    }
    // Who was born on 29 February was born in a leap year.
    let born = (0..8).find_map(|more| NaiveDate::from_ymd_opt(year - more, day.month(), day.day())).unwrap_or(day);
    format!("{born},solar,no")
}

fn lunar(day: NaiveDate, year: i32) -> String {
    match LunarDate::from_solar(day) {
        Ok(lunar) => {
            let leap = if lunar.is_leap_month() { "yes" } else { "no" };
            format!("{year:04}-{:02}-{:02},lunar,{leap}", lunar.month(), lunar.day())
        }
        Err(_) => solar(day, year, false),
    }
}
