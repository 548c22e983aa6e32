//! Customers and staff who do not exist. Addresses are of reserved domains, phone numbers of ranges nobody has.

use std::fmt::Write as _;

use chrono::{Datelike, Days, NaiveDate};

use super::Company;
use super::birthdays;
use super::cases::{self, Case};
use super::dice::Dice;

pub(super) const STAFF: u64 = 12;

const SURNAMES: &[(&str, &str)] = &[
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("胡", "hu"),
    ("朱", "zhu"),
    ("高", "gao"),
    ("林", "lin"),
    ("何", "he"),
    ("郭", "guo"),
    ("马", "ma"),
    ("罗", "luo"),
    ("欧阳", "ouyang"),
];
const GIVEN: &[(&str, &str)] = &[
    ("伟", "wei"),
    ("芳", "fang"),
    ("娜", "na"),
    ("秀英", "xiuying"),
    ("敏", "min"),
    ("静", "jing"),
    ("丽", "li"),
    ("强", "qiang"),
    ("磊", "lei"),
    ("军", "jun"),
    ("洋", "yang"),
    ("勇", "yong"),
    ("艳", "yan"),
    ("杰", "jie"),
    ("娟", "juan"),
    ("涛", "tao"),
    ("明", "ming"),
    ("超", "chao"),
    ("雨桐", "yutong"),
    ("子涵", "zihan"),
    ("梓萱", "zixuan"),
    ("浩然", "haoran"),
    ("思远", "siyuan"),
    ("嘉怡", "jiayi"),
    ("晓彤", "xiaotong"),
];
const FIRST: &[&str] = &[
    "Oliver", "Amelia", "Noah", "Isla", "Arthur", "Freya", "Leo", "Grace", "Theo", "Ivy", "Priya", "Mateo", "Zoe",
    "Ethan", "Chloe", "Siobhan", "Marcus", "Aisha", "Jack", "Hannah",
];
const LAST: &[&str] = &[
    "Smith", "Jones", "Taylor", "Brown", "Wilson", "O'Connor", "Evans", "Patel", "Walker", "Wright", "Nguyen", "Lee",
    "Garcia", "Martin", "Clarke", "Lewis", "Hall", "Young", "King", "Tan",
];
const ABROAD: &[(&str, &str, &str)] = &[
    ("GB", "Europe/London", "en-GB"),
    ("US", "America/New_York", "en-US"),
    ("US", "America/Los_Angeles", "en-US"),
    ("SG", "Asia/Singapore", "en-SG"),
    ("AU", "Australia/Sydney", "en-AU"),
];
const TAGS: &[&str] = &["newsletter", "wholesale", "gift-buyer", "app", "vip", "newsletter;app"];

pub(super) const CUSTOMER_HEADER: &str = "customer_id,name,email,phone,locale,timezone,country,birthday,\
birthday_calendar,birthday_leap_month,status,owner_id,preferred_channel,tags,attributes,created_at,email_consent,\
sms_consent,consent_at";

/// The key of the customer of that number.
pub(super) fn customer_id(number: u64) -> String {
    format!("D{number:07}")
}

/// Who a customer is, apart from what they do.
struct Person {
    name: String,
    mailbox: String,
    phone: String,
    locale: &'static str,
    timezone: &'static str,
    country: &'static str,
}

fn person(dice: &mut Dice, number: u64) -> Person {
    if dice.in_thousand(750) {
        let ((surname, latin), (given, given_latin)) = (dice.one(SURNAMES), dice.one(GIVEN));
        return Person {
            name: format!("{surname}{given}"),
            mailbox: format!("{given_latin}.{latin}{number}"),
            // +86 100 … is given to nobody.
            phone: format!("+86100{:08}", number % 100_000_000),
            locale: "zh-CN",
            timezone: "Asia/Shanghai",
            country: "CN",
        };
    }
    let (first, last) = (dice.one(FIRST), dice.one(LAST));
    let (country, timezone, locale) = dice.one(ABROAD);
    Person {
        name: format!("{first} {last}"),
        mailbox: format!("{}.{}{number}", first.to_lowercase(), last.to_lowercase().replace('\'', "")),
        // +44 7700 900… is for stories.
        phone: format!("+44770090{:05}", number % 100_000),
        locale,
        timezone,
        country,
    }
}

/// Adds the line of one customer, if known before `until`.
pub(super) fn customer(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let joined = joined(company, number);
    if joined >= until {
        return;
    }
    let mut dice = Dice::new(company.seed, number, "person");
    let Person { name, phone, locale, timezone, country, .. } = person(&mut dice, number);
    let birthday = birthdays::of(company, number, country == "CN");
    let case = cases::of(number);
    let has_email = !dice.in_thousand(120);
    let has_phone = !dice.in_thousand(150);
    let (has_email, has_phone) = case.map_or((has_email, has_phone), |case| (case != Case::NoAddress, false));
    let locale = if dice.in_thousand(20) { "" } else { locale };
    let timezone = if dice.in_thousand(30) { "" } else { timezone };
    let status = ["active", "closed", "deceased"][usize::from(dice.in_thousand(20)) + usize::from(dice.in_thousand(8))];
    let status = case.map_or(status, |case| if case == Case::Closed { "closed" } else { "active" });
    let preferred = if dice.in_thousand(400) {
        "email"
    } else if dice.in_thousand(400) {
        "sms"
    } else {
        ""
    };
    let tags = if dice.in_thousand(500) { dice.one(TAGS) } else { "" };
    let size = dice.one(&["S", "M", "L", "XL"]);
    // Yes, no, or nothing on record; the same sheet of paper for both channels.
    let consent = |dice: &mut Dice| {
        if dice.in_thousand(760) {
            "yes"
        } else if dice.in_thousand(300) {
            "no"
        } else {
            ""
        }
    };
    let (email_consent, sms_consent) = (consent(&mut dice), consent(&mut dice));
    let told = case.map(|case| if case == Case::NotAsked { "" } else { "yes" });
    let (email_consent, sms_consent) = (told.unwrap_or(email_consent), told.unwrap_or(sms_consent));
    let email = if has_email { mail_address(company, number) } else { String::new() };
    let phone = if has_phone { phone } else { String::new() };
    let attributes = if number == 1 {
        // Where the next filling finds what this company was made with.
        format!("\"{{\"\"size\"\": \"\"{size}\"\", \"\"demo_seed\"\": {}}}\"", company.seed)
    } else {
        format!("\"{{\"\"size\"\": \"\"{size}\"\"}}\"")
    };
    let owner = 1 + dice.below(STAFF);
    let _ = writeln!(
        out,
        "{},{name},{email},{phone},{locale},{timezone},{country},{birthday},{status},S{owner:02},{preferred},{tags},\
         {attributes},{joined}T09:00:00+08:00,{email_consent},{sms_consent},{joined}T09:00:00+08:00",
        customer_id(number),
    );
}

/// The address; one in a hundred shares that of the customer before.
fn mail_address(company: &Company, number: u64) -> String {
    let chance = number > 1 && Dice::new(company.seed, number, "household").in_thousand(10);
    let shares = cases::of(number).map_or(chance, |case| case == Case::Shared);
    let whose = if shares { number - 1 } else { number };
    let mailbox = person(&mut Dice::new(company.seed, whose, "person"), whose).mailbox;
    let domain = Dice::new(company.seed, whose, "provider").one(&["example.com", "example.net", "example.org"]);
    format!("{mailbox}@{domain}")
}

/// The first day of a customer: half of them within the first year.
pub(super) fn joined(company: &Company, number: u64) -> NaiveDate {
    if number == 1 {
        return company.founded;
    }
    let mut dice = Dice::new(company.seed, number, "joined");
    let early = dice.in_thousand(500) || cases::of(number).is_some();
    let within = if early { 365 } else { super::HISTORY_DAYS - 1 };
    company.founded + Days::new(dice.below(within))
}

pub(super) const WITHDRAWAL_HEADER: &str = "customer_id,email_consent,sms_consent,consent_at";

/// Adds a line for the few who took their consent back before `until`.
pub(super) fn withdrawal(company: &Company, number: u64, until: NaiveDate, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "withdrawal");
    let day = joined(company, number) + Days::new(30 + dice.below(900));
    let (day, withdraws) = match cases::of(number) {
        Some(case) => (cases::withdrawal(company), case == Case::Withdrew),
        None => (day, dice.in_thousand(50)),
    };
    if withdraws && day < until {
        let _ = writeln!(out, "{},no,no,{day}T20:00:00+08:00", customer_id(number));
    }
}

pub(super) const STAFF_HEADER: &str =
    "staff_id,name,email,role,manager_id,timezone,active,locale,team,deputy_id,calendar,daily_visits";

/// Adds the line of one member of staff; the first is the manager.
pub(super) fn staff(company: &Company, number: u64, out: &mut String) {
    let mut dice = Dice::new(company.seed, number, "staff");
    let ((surname, latin), (given, given_latin)) = (dice.one(SURNAMES), dice.one(GIVEN));
    let (role, manager) = match number {
        1 => ("manager", ""),
        2 | 3 => ("supervisor", "S01"),
        _ => ("agent", if number.is_multiple_of(2) { "S02" } else { "S03" }),
    };
    // two teams, whose people stand in for each other in a ring; the supervisors do for each other
    let team = if number.is_multiple_of(2) { "care" } else { "shop" };
    let deputy = match number {
        1 => "S02".to_owned(),
        2 => "S03".to_owned(),
        3 => "S02".to_owned(),
        _ if number + 2 < STAFF => format!("S{:02}", number + 2),
        _ => format!("S{:02}", 4 + number % 2),
    };
    let visits = if number > 3 { "8" } else { "" };
    let _ = writeln!(
        out,
        "S{number:02},{surname}{given},{given_latin}.{latin}@shop.example,{role},{manager},Asia/Shanghai,{},zh-CN,{team},{deputy},cn,{visits}",
        if number == STAFF { "no" } else { "yes" }
    );
}

pub(super) const ABSENCE_HEADER: &str = "staff_id,from_day,until_day";
pub(super) const ABSENCES: u64 = 4;

/// Adds a week in which one of the staff is away; the first around the day the company is first looked at.
pub(super) fn absence(company: &Company, number: u64, out: &mut String) {
    let (staff, from) = [(5, 2), (8, 0), (6, 9), (10, 30)][usize::try_from(number - 1).unwrap_or(0) % 4];
    let first = company.founded + Days::new(super::HISTORY_DAYS + from - 2);
    let _ = writeln!(out, "S{staff:02},{first},{}", first + Days::new(4));
}

/// A year of birth that fits a grown-up on the founding day.
pub(super) fn birth_year(company: &Company, dice: &mut Dice) -> i32 {
    company.founded.year() - 20 - i32::try_from(dice.below(50)).unwrap_or(0)
}
