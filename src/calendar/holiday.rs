//! Holidays that come back every year on a day of the lunar or the solar calendar.
//!
//! The **year** of a holiday names one return of it: for solar ones the Gregorian year of the day, for lunar ones the lunar
//! year. (Laba, in the twelfth lunar month, falls twice into some Gregorian years.)

use chrono::{Datelike, Days, NaiveDate};

use super::anniversary::Calendar;
use super::lunar::LunarDate;
use super::{OutOfRange, known_date};

/// On which day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// A day of the Gregorian year.
    Solar {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// A day of the lunar year, never one of a leap month.
    Lunar {
        /// 1 to 12.
        month: u8,
        /// 1 to 29.
        day: u8,
    },
    /// The last day of the lunar year, whether its last month has 29 or 30 days.
    LunarEve,
}

/// A holiday that goes by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// As job files write it.
    pub name: &'static str,
    /// When it is.
    pub holiday: Holiday,
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

const fn solar(name: &'static str, month: u8, day: u8, zh: &'static str, en: &'static str) -> Known {
    Known { name, holiday: Holiday::Solar { month, day }, zh, en }
}

const fn lunar(name: &'static str, month: u8, day: u8, zh: &'static str, en: &'static str) -> Known {
    Known { name, holiday: Holiday::Lunar { month, day }, zh, en }
}

/// Holidays known by name. (The Chinese ones by GB/T 33661-2017; those that hang on solar terms or on weekdays, such as
/// Qingming and Mother's Day, are not among them.)
pub const KNOWN: [Known; 16] = [
    lunar("spring_festival", 1, 1, "春节", "Spring Festival"),
    Known { name: "new_years_eve", holiday: Holiday::LunarEve, zh: "除夕", en: "Lunar New Year's Eve" },
    lunar("lantern", 1, 15, "元宵节", "Lantern Festival"),
    lunar("dragon_boat", 5, 5, "端午节", "Dragon Boat Festival"),
    lunar("qixi", 7, 7, "七夕", "Qixi Festival"),
    lunar("mid_autumn", 8, 15, "中秋节", "Mid-Autumn Festival"),
    lunar("double_ninth", 9, 9, "重阳节", "Double Ninth Festival"),
    lunar("laba", 12, 8, "腊八节", "Laba Festival"),
    solar("new_year", 1, 1, "元旦", "New Year"),
    solar("valentines_day", 2, 14, "情人节", "Valentine's Day"),
    solar("womens_day", 3, 8, "妇女节", "International Women's Day"),
    solar("labour_day", 5, 1, "劳动节", "Labour Day"),
    solar("childrens_day", 6, 1, "儿童节", "Children's Day"),
    solar("national_day", 10, 1, "国庆节", "National Day"),
    solar("singles_day", 11, 11, "双十一", "Singles' Day"),
    solar("christmas", 12, 25, "圣诞节", "Christmas"),
];

impl Holiday {
    /// The day of every year that has it; none when some years lack it (29 February, the 30th of a lunar month) or all do.
    #[must_use]
    pub fn new(calendar: Calendar, month: u8, day: u8) -> Option<Self> {
        match calendar {
            // 2023 is a common year
            Calendar::Solar => {
                NaiveDate::from_ymd_opt(2023, month.into(), day.into()).map(|_| Self::Solar { month, day })
            }
            Calendar::Lunar => {
                let exists = (1..=12).contains(&month) && (1..=29).contains(&day);
                exists.then_some(Self::Lunar { month, day })
            }
        }
    }

    /// Whether it falls on that day: then its year.
    ///
    /// # Errors
    /// A day outside 1901 to 2099.
    pub fn year_of(self, date: NaiveDate) -> Result<Option<i32>, OutOfRange> {
        known_date(date)?;
        match self {
            Self::Solar { month, day } => {
                let falls = (date.month(), date.day()) == (month.into(), day.into());
                Ok(falls.then(|| date.year()))
            }
            Self::Lunar { month, day } => {
                let found = LunarDate::from_solar(date)?;
                let falls = (found.month(), found.is_leap_month(), found.day()) == (month, false, day);
                Ok(falls.then(|| found.year()))
            }
            Self::LunarEve => {
                let first = Self::Lunar { month: 1, day: 1 }.year_of(date + Days::new(1))?;
                Ok(first.map(|year| year - 1))
            }
        }
    }
}
