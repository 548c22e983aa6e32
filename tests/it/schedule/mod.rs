//! When a job is due: the daylight-saving rule in eight zones, what is refused and how, and the laws all schedules keep.

mod bends;
mod laws;
mod refusals;

use std::time::Instant;

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use tend::engine::schedule::{Days, Schedule, preview, timezone};

fn schedule(zone: &str, cron: &str) -> Schedule {
    Schedule::parse(cron, timezone(zone).unwrap(), None).unwrap_or_else(|error| panic!("{cron}: {error}"))
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// notes/engine.md 1.1 (tokio-cron-scheduler keeps the offset of the day a job was made) and 1.1 of dependencies.md.
#[test]
fn a_daily_job_keeps_its_local_time_across_a_change() {
    let paris = schedule("Europe/Paris", "30 9 * * *");
    assert_eq!(paris.next_after(instant("2026-03-28T12:00:00Z")), Some(instant("2026-03-29T07:30:00Z")));
    assert_eq!(paris.next_after(instant("2026-10-24T12:00:00Z")), Some(instant("2026-10-25T08:30:00Z")));
    let york = schedule("America/New_York", "0 9 * * *");
    assert_eq!(york.next_after(instant("2026-10-31T14:00:00Z")), Some(instant("2026-11-01T14:00:00Z")));
    assert_eq!(york.next_after(instant("2027-03-13T15:00:00Z")), Some(instant("2027-03-14T13:00:00Z")));
}

/// notes/engine.md 1.2: croner 3 fired 00:00 and 02:00, and gave the repeated hour out of order.
#[test]
fn the_hour_before_a_gap_fires_once_and_a_repeated_hour_comes_in_order() {
    let london = schedule("Europe/London", "0 0 * * *");
    let slots = london.between(instant("2026-03-28T12:00:00Z"), instant("2026-03-30T12:00:00Z"), 10);
    assert_eq!(slots, [instant("2026-03-29T00:00:00Z"), instant("2026-03-29T23:00:00Z")]);
    let paris = schedule("Europe/Paris", "*/30 2 * * *");
    let slots = paris.between(
        instant("2026-10-25T00:00:00.123456789Z") - Duration::hours(1),
        instant("2026-10-25T12:00:00Z"),
        10,
    );
    let expected = ["00:00", "00:30", "01:00", "01:30"].map(|time| instant(&format!("2026-10-25T{time}:00Z")));
    assert_eq!(slots, expected);
}

/// notes/engine.md 6.1: tokio-cron-scheduler takes "or" for the first tick and "and" after it.
#[test]
fn and_is_and_and_or_is_or_every_time() {
    let parse = |days| Schedule::parse("0 9 1 * MON", Tz::UTC, Some(days)).unwrap();
    let after = instant("2026-06-23T00:00:00Z");
    let days = |schedule: &Schedule| -> Vec<String> {
        let slots = schedule.between(after, instant("2030-01-01T00:00:00Z"), 3);
        slots.into_iter().map(|slot| slot.date_naive().to_string()).collect()
    };
    assert_eq!(days(&parse(Days::Or)), ["2026-06-29", "2026-07-01", "2026-07-06"]);
    assert_eq!(days(&parse(Days::And)), ["2027-02-01", "2027-03-01", "2027-11-01"]);
}

#[test]
fn nicknames_mean_what_cron_means_in_the_zone_of_the_job() {
    for (nickname, cron) in [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * SUN"),
        ("@Daily", "0 0 * * *"),
        (" @midnight ", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ] {
        let from = instant("2026-01-01T12:00:00Z");
        let slots = |cron| schedule("America/Havana", cron).between(from, from + Duration::days(800), 50);
        assert_eq!(slots(nickname), slots(cron), "{nickname}");
    }
}

#[test]
fn days_of_month_and_week_in_all_their_forms() {
    for (cron, days) in [
        ("0 9 L * *", "2026-01-31 2026-02-28 2026-03-31"),
        ("0 9 LW * *", "2026-01-30 2026-02-27 2026-03-31"),
        ("0 9 15W * ?", "2026-01-15 2026-02-16 2026-03-16"),
        ("0 9 ? * FRI#2", "2026-01-09 2026-02-13 2026-03-13"),
        ("0 9 * * FRI#L", "2026-01-30 2026-02-27 2026-03-27"),
        ("0 9 * * 5L", "2026-01-30 2026-02-27 2026-03-27"),
        ("0 9 * * 7#1", "2026-01-04 2026-02-01 2026-03-01"),
        ("0 9 * * fri-sun", "2026-01-02 2026-01-03 2026-01-04"),
        ("0 9 * * */2", "2026-01-01 2026-01-03 2026-01-04"),
        ("0 9 1,15-16 jan,mar *", "2026-01-01 2026-01-15 2026-01-16"),
        ("0 9 */10 * *", "2026-01-01 2026-01-11 2026-01-21"),
        ("0 9 29 2 *", "2028-02-29 2032-02-29 2036-02-29"),
    ] {
        let slots = schedule("UTC", cron).between(instant("2026-01-01T00:00:00Z"), DateTime::<Utc>::MAX_UTC, 3);
        let found: Vec<String> = slots.iter().map(|slot| slot.date_naive().to_string()).collect();
        assert_eq!(found.join(" "), days, "{cron}");
    }
}

#[test]
fn a_business_key_is_the_day_or_the_local_time_with_its_offset() {
    let daily = schedule("Europe/Paris", "30 2 * * *");
    assert!(daily.is_daily_or_coarser());
    assert_eq!(daily.business_key(instant("2026-03-29T01:00:00Z")), "2026-03-29");
    let nuuk = schedule("America/Nuuk", "30 23 * * *");
    assert_eq!(nuuk.business_key(instant("2026-03-29T01:00:00Z")), "2026-03-28");
    assert_eq!(nuuk.business_date(instant("2026-03-29T01:00:00Z")), date("2026-03-28"));
    // an instant that is no slot: tend run --at
    assert_eq!(nuuk.business_date(instant("2026-03-29T01:01:00Z")), date("2026-03-29"));
    let hourly = schedule("Europe/Paris", "0 * * * *");
    assert!(!hourly.is_daily_or_coarser());
    assert_eq!(hourly.business_key(instant("2026-10-25T00:00:00Z")), "2026-10-25T02:00+02:00");
    assert_eq!(hourly.business_key(instant("2026-10-25T01:00:00Z")), "2026-10-25T02:00+01:00");
    for (cron, daily) in [
        ("0 9 * * MON", true),
        ("0 9 L * *", true),
        ("@weekly", true),
        ("0 2-2 * * *", true),
        ("0 9,9 * * *", true),
        ("0 9,10 * * *", false),
        ("*/30 9 * * *", false),
    ] {
        assert_eq!(schedule("UTC", cron).is_daily_or_coarser(), daily, "{cron}");
    }
}

#[test]
fn slot_on_is_the_first_slot_of_the_local_day() {
    let daily = schedule("Asia/Shanghai", "0 2 * * *");
    assert_eq!(daily.slot_on(date("2026-06-01")), Some(instant("2026-05-31T18:00:00Z")));
    assert_eq!(
        schedule("Asia/Shanghai", "0 9,2 * * MON").slot_on(date("2026-06-01")),
        Some(instant("2026-05-31T18:00:00Z"))
    );
    assert_eq!(schedule("Asia/Shanghai", "0 9 * * MON").slot_on(date("2026-06-02")), None);
    assert_eq!(schedule("Pacific/Apia", "0 2 * * *").slot_on(date("2011-12-30")), None);
}

#[test]
fn next_prints_local_time_utc_and_a_remark() {
    let tiers = schedule("Europe/Paris", "0 2 * * *");
    let birthday = schedule("Europe/Paris", "0 9 * * *");
    let jobs = [("value-tiers", &tiers), ("birthday", &birthday)];
    let found = preview::upcoming(&jobs, instant("2026-03-29T01:00:00Z"), 2);
    insta::assert_json_snapshot!(found, @r#"
    [
      {
        "job": "value-tiers",
        "local": "2026-03-29T03:00:00+02:00",
        "utc": "2026-03-29T01:00:00Z",
        "remark": "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after."
      },
      {
        "job": "birthday",
        "local": "2026-03-29T09:00:00+02:00",
        "utc": "2026-03-29T07:00:00Z",
        "remark": null
      },
      {
        "job": "value-tiers",
        "local": "2026-03-30T02:00:00+02:00",
        "utc": "2026-03-30T00:00:00Z",
        "remark": null
      },
      {
        "job": "birthday",
        "local": "2026-03-30T09:00:00+02:00",
        "utc": "2026-03-30T07:00:00Z",
        "remark": null
      }
    ]
    "#);
    let year = (instant("2026-01-01T00:00:00Z"), instant("2027-01-01T00:00:00Z"));
    let bent = |schedule: &Schedule| -> Vec<String> {
        preview::bent("job", schedule, year.0, year.1).into_iter().map(|slot| slot.utc).collect()
    };
    assert_eq!(bent(&tiers), ["2026-03-29T01:00:00Z", "2026-10-25T00:00:00Z"]);
    assert!(bent(&birthday).is_empty());
    assert_eq!(bent(&schedule("Europe/Paris", "*/20 2 * * *")), ["2026-03-30T00:00:00Z", "2026-10-25T00:00:00Z"]);
    assert_eq!(bent(&schedule("America/Havana", "* * * * *")).len(), 2);
}

#[test]
fn a_description_is_a_sentence_with_the_zone() {
    for (cron, words) in [
        ("0 2 * * *", "At 02:00 every day (Asia/Shanghai)"),
        ("0,30 2 * * MON", "At 02:00 and 02:30, on Monday (Asia/Shanghai)"),
        ("0 9 L * *", "At 09:00, on the last day of the month (Asia/Shanghai)"),
        ("*/15 2 1 * *", "At 02:00, 02:15, 02:30 and 02:45, on day 1 (Asia/Shanghai)"),
        ("* * * * *", "Every minute (Asia/Shanghai)"),
    ] {
        assert_eq!(schedule("Asia/Shanghai", cron).describe(), words);
    }
}

#[test]
fn a_year_of_minutes_is_laid_out_quickly() {
    let minutes = schedule("Europe/Paris", "* * * * *");
    let start = Instant::now();
    let slots = minutes.between(instant("2025-12-31T22:59:59Z"), instant("2026-12-31T22:59:00Z"), usize::MAX);
    assert_eq!(slots.len(), 365 * 24 * 60);
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    let start = Instant::now();
    for slot in slots.iter().step_by(500) {
        assert!(minutes.next_after(*slot).is_some());
    }
    let each = start.elapsed() / 1051;
    assert!(each.as_millis() < 5, "{each:?} for one next_after");
}

#[test]
fn between_is_bounded_and_takes_the_oldest() {
    let minutes = schedule("UTC", "* * * * *");
    let from = instant("2026-01-01T00:00:00Z");
    let slots = minutes.between(from, DateTime::<Utc>::MAX_UTC, 3);
    assert_eq!(slots, [1, 2, 3].map(|minute| from + Duration::minutes(minute)));
    assert!(minutes.between(from, from, 3).is_empty());
    assert!(minutes.between(from, from - Duration::days(1), 3).is_empty());
    assert!(minutes.between(from, DateTime::<Utc>::MAX_UTC, 0).is_empty());
    // the ends of time are no reason to panic
    assert!(minutes.next_after(DateTime::<Utc>::MAX_UTC).is_none());
    assert!(minutes.next_after(DateTime::<Utc>::MIN_UTC).is_none_or(|slot| slot.year() >= 1800));
}
