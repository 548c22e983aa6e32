//! Gap and fold days, one by one: the slots, and what the remark says.

use chrono::{Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use tend::engine::schedule::Schedule;

use super::{date, instant, schedule};

/// The slots whose business date is the day, as "02:30+02:00" separated by spaces; a slot on the next day has its date before it.
fn on(schedule: &Schedule, day: NaiveDate) -> String {
    let noon = Utc.from_utc_datetime(&day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap()));
    let slots = schedule.between(noon - Duration::hours(60), noon + Duration::hours(60), 100_000);
    let of_day = slots.into_iter().filter(|slot| schedule.business_date(*slot) == day);
    let words: Vec<String> = of_day
        .map(|slot| {
            let local = slot.with_timezone(&schedule.timezone());
            let pattern = if local.date_naive() == day { "%H:%M%:z" } else { "%m-%dT%H:%M%:z" };
            local.format(pattern).to_string()
        })
        .collect();
    words.join(" ")
}

/// Zone, day, expression, slots.
const BENDS: &[(&str, &str, &str, &str)] = &[
    // Paris: 02:00 → 03:00, 03:00 → 02:00
    ("Europe/Paris", "2026-03-29", "0 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "30 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0 3 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "59 1 * * *", "01:59+01:00"),
    ("Europe/Paris", "2026-03-29", "0 2,14 * * *", "03:00+02:00 14:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0,30 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0 2,3 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0 1-3 * * *", "01:00+01:00 03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "*/20 2 * * *", ""),
    ("Europe/Paris", "2026-03-29", "0,30 2-4 * * *", "03:00+02:00 03:30+02:00 04:00+02:00 04:30+02:00"),
    ("Europe/Paris", "2026-03-29", "0 2,4-6 * * *", "03:00+02:00 04:00+02:00 05:00+02:00 06:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0,40-50/10 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-10-25", "0 2 * * *", "02:00+02:00"),
    ("Europe/Paris", "2026-10-25", "30 2 * * *", "02:30+02:00"),
    ("Europe/Paris", "2026-10-25", "0 3 * * *", "03:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0 2,14 * * *", "02:00+02:00 14:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0,30 2 * * *", "02:00+02:00 02:30+02:00"),
    ("Europe/Paris", "2026-10-25", "0 1-3 * * *", "01:00+02:00 02:00+02:00 02:00+01:00 03:00+01:00"),
    ("Europe/Paris", "2026-10-25", "*/30 2 * * *", "02:00+02:00 02:30+02:00 02:00+01:00 02:30+01:00"),
    (
        "Europe/Paris",
        "2026-10-25",
        "0,30 2-3 * * *",
        "02:00+02:00 02:30+02:00 02:00+01:00 02:30+01:00 03:00+01:00 03:30+01:00",
    ),
    ("Europe/Paris", "2026-10-25", "0 2,3-4 * * *", "02:00+02:00 03:00+01:00 04:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0 2,1-3 * * *", "01:00+02:00 02:00+02:00 03:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0 2-2 * * *", "02:00+02:00"),
    // London: 01:00 → 02:00, 02:00 → 01:00; midnight is the hour before the gap
    ("Europe/London", "2026-03-29", "0 0 * * *", "00:00+00:00"),
    ("Europe/London", "2026-03-29", "0 1 * * *", "02:00+01:00"),
    ("Europe/London", "2026-03-29", "0 0,1 * * *", "00:00+00:00 02:00+01:00"),
    ("Europe/London", "2026-03-29", "0 0-2 * * *", "00:00+00:00 02:00+01:00"),
    ("Europe/London", "2026-10-25", "0 0 * * *", "00:00+01:00"),
    ("Europe/London", "2026-10-25", "30 0,1 * * *", "00:30+01:00 01:30+01:00"),
    // New York: 02:00 → 03:00, 02:00 → 01:00
    ("America/New_York", "2026-03-08", "30 2 * * *", "03:00-04:00"),
    ("America/New_York", "2026-03-08", "15,45 2,3 * * *", "03:00-04:00 03:15-04:00 03:45-04:00"),
    ("America/New_York", "2026-03-08", "0 1-4 * * *", "01:00-05:00 03:00-04:00 04:00-04:00"),
    ("America/New_York", "2026-11-01", "30 1 * * *", "01:30-04:00"),
    ("America/New_York", "2026-11-01", "0,30 1 * * *", "01:00-04:00 01:30-04:00"),
    ("America/New_York", "2026-11-01", "0 1-2 * * *", "01:00-04:00 01:00-05:00 02:00-05:00"),
    ("America/New_York", "2026-11-01", "*/30 1 * * *", "01:00-04:00 01:30-04:00 01:00-05:00 01:30-05:00"),
    // Lord Howe, half an hour: 02:00 → 01:30 in April, 02:00 → 02:30 in October
    ("Australia/Lord_Howe", "2026-10-04", "0 2 * * *", "02:30+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "15,30 2 * * *", "02:30+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "*/15 2 * * *", "02:30+11:00 02:45+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "0 1-3 * * *", "01:00+10:30 03:00+11:00"),
    ("Australia/Lord_Howe", "2026-04-05", "45 1 * * *", "01:45+11:00"),
    ("Australia/Lord_Howe", "2026-04-05", "15,45 1 * * *", "01:15+11:00 01:45+11:00"),
    (
        "Australia/Lord_Howe",
        "2026-04-05",
        "*/15 1 * * *",
        "01:00+11:00 01:15+11:00 01:30+11:00 01:45+11:00 01:30+10:30 01:45+10:30",
    ),
    // Chatham, at a quarter to: 03:45 → 02:45 in April, 02:45 → 03:45 in September
    ("Pacific/Chatham", "2026-09-27", "45 2 * * *", "03:45+13:45"),
    ("Pacific/Chatham", "2026-09-27", "0,30 3 * * *", "03:45+13:45"),
    ("Pacific/Chatham", "2026-09-27", "30 2,3 * * *", "02:30+12:45 03:45+13:45"),
    ("Pacific/Chatham", "2026-09-27", "*/15 2-3 * * *", "02:00+12:45 02:15+12:45 02:30+12:45 03:45+13:45"),
    ("Pacific/Chatham", "2026-04-05", "0 3 * * *", "03:00+13:45"),
    ("Pacific/Chatham", "2026-04-05", "0,45 2,3 * * *", "02:00+13:45 02:45+13:45 03:00+13:45 03:45+12:45"),
    ("Pacific/Chatham", "2026-04-05", "0 2-4 * * *", "02:00+13:45 03:00+13:45 03:00+12:45 04:00+12:45"),
    // Santiago, at midnight: 00:00 → 01:00 in September, 24:00 → 23:00 in April
    ("America/Santiago", "2026-09-06", "0 0 * * *", "01:00-03:00"),
    ("America/Santiago", "2026-09-06", "0,30 0 * * *", "01:00-03:00"),
    ("America/Santiago", "2026-09-06", "0 0,1 * * *", "01:00-03:00"),
    ("America/Santiago", "2026-09-06", "*/30 0-1 * * *", "01:00-03:00 01:30-03:00"),
    ("America/Santiago", "2026-04-04", "30 23 * * *", "23:30-03:00"),
    ("America/Santiago", "2026-04-04", "0 22-23 * * *", "22:00-03:00 23:00-03:00 23:00-04:00"),
    ("America/Santiago", "2026-04-05", "0 0 * * *", "00:00-04:00"),
    // Cairo, at midnight: Friday 00:00 → 01:00 in April, Thursday 24:00 → 23:00 in October
    ("Africa/Cairo", "2026-04-24", "0 0 * * *", "01:00+03:00"),
    ("Africa/Cairo", "2026-04-24", "15 0,12 * * *", "01:00+03:00 12:15+03:00"),
    ("Africa/Cairo", "2026-04-24", "0 0-2 * * *", "01:00+03:00 02:00+03:00"),
    ("Africa/Cairo", "2026-10-29", "0,59 23 * * *", "23:00+03:00 23:59+03:00"),
    ("Africa/Cairo", "2026-10-29", "*/30 23 * * *", "23:00+03:00 23:30+03:00 23:00+02:00 23:30+02:00"),
    ("Africa/Cairo", "2026-10-30", "0 0 * * *", "00:00+02:00"),
    // Havana: 00:00 → 01:00 in March, 01:00 → 00:00 in November
    ("America/Havana", "2026-03-08", "0 0 * * *", "01:00-04:00"),
    ("America/Havana", "2026-03-08", "0 0,6,12 * * *", "01:00-04:00 06:00-04:00 12:00-04:00"),
    ("America/Havana", "2026-03-08", "30 0-1 * * *", "01:30-04:00"),
    ("America/Havana", "2026-11-01", "0 0 * * *", "00:00-04:00"),
    ("America/Havana", "2026-11-01", "0,30 0 * * *", "00:00-04:00 00:30-04:00"),
    ("America/Havana", "2026-11-01", "0 0-1 * * *", "00:00-04:00 00:00-05:00 01:00-05:00"),
    // Nuuk jumps from Saturday 23:00 to Sunday 00:00: the slot still belongs to Saturday
    ("America/Nuuk", "2026-03-28", "30 23 * * *", "03-29T00:00-01:00"),
    ("America/Nuuk", "2026-03-29", "30 23 * * *", "23:30-01:00"),
    // St. John's went back from Sunday 00:01 to Saturday 23:01
    ("America/St_Johns", "2010-11-06", "30 23 * * *", "23:30-02:30"),
    ("America/St_Johns", "2010-11-06", "30 22-23 * * *", "22:30-02:30 23:30-02:30 23:30-03:30"),
    ("America/St_Johns", "2010-11-07", "0 0 * * *", "00:00-02:30"),
    // Samoa had no 30 December 2011
    ("Pacific/Apia", "2011-12-29", "0 2 * * *", "02:00-10:00"),
    ("Pacific/Apia", "2011-12-30", "0 2 * * *", ""),
    ("Pacific/Apia", "2011-12-31", "0 2 * * *", "02:00+14:00"),
    // no daylight saving
    ("Asia/Shanghai", "2026-03-29", "0,30 2-3 * * *", "02:00+08:00 02:30+08:00 03:00+08:00 03:30+08:00"),
];

#[test]
fn a_bent_day_has_exactly_the_slots_the_rule_says() {
    let mut wrong = Vec::new();
    for (zone, day, cron, expected) in BENDS {
        let found = on(&schedule(zone, cron), date(day));
        if found != *expected {
            wrong.push(format!("{zone} {day} {cron}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_hour_means_every_hour_of_real_time() {
    for (zone, gap, fold) in [
        ("Europe/Paris", "2026-03-29", "2026-10-25"),
        ("America/Havana", "2026-03-08", "2026-11-01"),
        ("America/Santiago", "2026-09-06", "2026-04-04"),
        ("Africa/Cairo", "2026-04-24", "2026-10-29"),
    ] {
        let hourly = schedule(zone, "0 * * * *");
        assert_eq!(on(&hourly, date(gap)).split(' ').count(), 23, "{zone}");
        assert_eq!(on(&hourly, date(fold)).split(' ').count(), 25, "{zone}");
        let minutes = schedule(zone, "* * * * *");
        assert_eq!(on(&minutes, date(gap)).split(' ').count(), 23 * 60, "{zone}");
        assert_eq!(on(&minutes, date(fold)).split(' ').count(), 25 * 60, "{zone}");
    }
}

const REMARKS: &[(&str, &str, &str, &str)] = &[
    (
        "Europe/Paris",
        "30 2 * * *",
        "2026-03-29T01:00:00Z",
        "02:30 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after.",
    ),
    (
        "Europe/Paris",
        "0,30 2 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 and 02:30 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): they run together, once, at 03:00, the first moment after.",
    ),
    (
        "Europe/Paris",
        "0 2,3 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, together with the run that is due then anyway.",
    ),
    (
        "Europe/Paris",
        "0 2 * * *",
        "2026-10-25T00:00:00Z",
        "02:00 comes twice on 2026-10-25 (the clocks go back from 03:00 to 02:00): it runs once, the first time.",
    ),
    (
        "Europe/Paris",
        "0 1-3 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and is left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "0 1-2 * * *",
        "2026-03-29T00:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and is left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "*/20 2 * * *",
        "2026-03-30T00:00:00Z",
        "02:00, 02:20 and 02:40 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "*/20 2 * * SUN",
        "2026-04-05T00:00:00Z",
        "02:00, 02:20 and 02:40 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "* * * * *",
        "2026-03-29T01:00:00Z",
        "the 60 times from 02:00 to 02:59 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "0 * * * *",
        "2026-10-25T00:00:00Z",
        "02:00 comes twice on 2026-10-25 (the clocks go back from 03:00 to 02:00): it runs both times, this is the first.",
    ),
    (
        "Europe/Paris",
        "0 * * * *",
        "2026-10-25T01:00:00Z",
        "02:00 comes twice on 2026-10-25 (the clocks go back from 03:00 to 02:00): it runs both times, this is the second.",
    ),
    (
        "Europe/Paris",
        "0 2,*/2 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after.",
    ),
    (
        "Europe/Paris",
        "0,20-40/20 2 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after. 02:20 and 02:40 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "America/Nuuk",
        "30 23 * * *",
        "2026-03-29T01:00:00Z",
        "23:30 does not exist on 2026-03-28 (the clocks go forward from 23:00 to 00:00): it runs at 00:00, the first moment after.",
    ),
    ("Europe/Paris", "0 2,14 * * *", "2026-03-29T12:00:00Z", ""),
    ("Europe/Paris", "0 2 * * *", "2026-03-30T00:00:00Z", ""),
    ("Europe/Paris", "0 3 * * *", "2026-03-29T01:00:00Z", ""),
    ("Europe/Paris", "0 9 * * *", "2026-10-25T08:00:00Z", ""),
    ("Asia/Shanghai", "0 2 * * *", "2026-03-28T18:00:00Z", ""),
];

#[test]
fn a_remark_says_what_daylight_saving_did() {
    let mut wrong = Vec::new();
    for (zone, cron, slot, expected) in REMARKS {
        let schedule = schedule(zone, cron);
        let slot = instant(slot);
        assert_eq!(schedule.next_after(slot - Duration::seconds(1)), Some(slot), "{zone} {cron}: no slot at {slot}");
        let found = schedule.remark(slot).unwrap_or_default();
        if found != *expected {
            wrong.push(format!("{zone} {cron}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// St. John's, 7 November 2010: the first minute of Sunday came before the last hour of Saturday came again.
#[test]
fn days_that_overlap_are_told_in_the_order_of_real_time() {
    let minutes = schedule("America/St_Johns", "* * * * *");
    let sunday = instant("2010-11-07T02:30:00Z");
    assert_eq!(minutes.next_after(sunday - Duration::seconds(1)), Some(sunday));
    assert_eq!(minutes.business_key(sunday), "2010-11-07T00:00-02:30");
    let saturday = minutes.next_after(sunday).unwrap();
    assert_eq!(minutes.business_key(saturday), "2010-11-06T23:01-03:30");
    assert_eq!(minutes.between(sunday - Duration::minutes(1), sunday + Duration::minutes(90), 500).len(), 91);
}
