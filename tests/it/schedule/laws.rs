//! Laws that hold for all schedules, checked with random ones near changes of the clock.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use proptest::prelude::*;
use tend::engine::schedule::{Days, Schedule, timezone};

use super::{date, instant, schedule};

const ZONES: [&str; 12] = [
    "Europe/Paris",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Santiago",
    "Africa/Cairo",
    "America/Havana",
    "America/Nuuk",
    "Asia/Shanghai",
    "Pacific/Apia",
    "America/St_Johns",
];

/// Every change of the clocks from 2009 to 2035, to a quarter of a day.
static CHANGES: LazyLock<Vec<(&'static str, DateTime<Utc>)>> = LazyLock::new(|| {
    let mut changes = Vec::new();
    for zone in ZONES {
        let tz = timezone(zone).unwrap();
        let offset = |at: DateTime<Utc>| at.with_timezone(&tz).offset().fix();
        let mut at = instant("2009-01-01T00:00:00Z");
        while at < instant("2036-01-01T00:00:00Z") {
            let next = at + Duration::hours(6);
            if offset(at) != offset(next) {
                changes.push((zone, at));
            }
            at = next;
        }
        changes.push((zone, at)); // a quiet day for each
    }
    changes
});

/// A zone and an instant within a day and a half of a change of its clocks, where the mistakes are.
fn near_a_change() -> impl Strategy<Value = (&'static str, DateTime<Utc>)> {
    (any::<prop::sample::Index>(), -130_000..130_000_i64).prop_map(|(index, seconds)| {
        let (zone, at) = *index.get(&CHANGES);
        (zone, at + Duration::seconds(seconds))
    })
}

/// A value; the early hours and the last one more often, since clocks change then.
fn value(high: u8) -> impl Strategy<Value = u8> {
    prop_oneof![0..=high, 0..4_u8, Just(high)]
}

/// A field of numbers: alone or in a list.
fn listed(high: u8) -> impl Strategy<Value = String> {
    prop::collection::vec(value(high), 1..4)
        .prop_map(|values| values.iter().map(u8::to_string).collect::<Vec<_>>().join(","))
}

/// A field without a plain number.
fn walled(high: u8) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        (1..high).prop_map(|step| format!("*/{step}")),
        (value(high - 1), 1..6_u8).prop_map(move |(from, length)| format!("{from}-{}", high.min(from + length))),
    ]
}

fn field(high: u8) -> impl Strategy<Value = String> {
    prop_oneof![listed(high), walled(high), (listed(high), walled(high)).prop_map(|(a, b)| format!("{a},{b}"))]
}

fn croner(cron: &str) -> Cron {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(cron).unwrap()
}

/// croner's own walk, which is right for single values and for patterns without any.
fn croner_slots(cron: &Cron, zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut slots = Vec::new();
    let mut at = from.with_timezone(&zone);
    while let Ok(next) = cron.find_next_occurrence(&at, false) {
        if next > until {
            break;
        }
        slots.push(next.with_timezone(&Utc));
        at = next;
    }
    slots
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_listed_time_runs_exactly_once_a_local_day((zone, from) in near_a_change(), minutes in listed(59), hours in listed(23)) {
        let schedule = schedule(zone, &format!("{minutes} {hours} * * *"));
        let tz = schedule.timezone();
        let day = from.with_timezone(&tz).date_naive();
        // Samoa's missing day has nothing to run on
        prop_assume!(!(zone == "Pacific/Apia" && day == date("2011-12-30")));
        let around = Utc.from_utc_datetime(&day.and_time(NaiveTime::MIN));
        let slots = schedule.between(around - Duration::hours(48), around + Duration::hours(72), 100_000);
        let of_day: Vec<_> = slots.iter().filter(|slot| schedule.business_date(**slot) == day).copied().collect();
        let mut wanted = std::collections::BTreeSet::new();
        for hour in hours.split(',').map(|hour| hour.parse::<u32>().unwrap()) {
            for minute in minutes.split(',').map(|minute| minute.parse::<u32>().unwrap()) {
                let local = day.and_hms_opt(hour, minute, 0).unwrap();
                // chrono's own answer; in a gap, the first minute after that exists
                let exists = (0..).map(|skip| local + Duration::minutes(skip)).find_map(|local| tz.from_local_datetime(&local).earliest());
                wanted.insert(exists.unwrap().with_timezone(&Utc));
            }
        }
        prop_assert_eq!(slots.iter().filter(|slot| wanted.contains(slot)).count(), wanted.len());
        prop_assert!(of_day.iter().all(|slot| wanted.contains(slot)), "{:?} {:?}", of_day, wanted);
    }

    #[test]
    fn between_is_next_after_repeated_and_strictly_increases(minute in field(59), hour in field(23), (zone, from) in near_a_change()) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let until = from + Duration::hours(30);
        let slots = schedule.between(from, until, usize::MAX);
        prop_assert!(slots.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(slots.iter().all(|slot| from < *slot && *slot <= until && slot.timestamp_subsec_nanos() == 0));
        let mut at = from;
        for slot in slots.iter().take(200) {
            prop_assert_eq!(schedule.next_after(at), Some(*slot));
            at = *slot;
        }
        if slots.len() <= 200 {
            prop_assert!(schedule.next_after(at).is_some_and(|next| next > until));
        }
        prop_assert_eq!(schedule.between(from, until, 5), slots[..slots.len().min(5)].to_vec());
    }

    #[test]
    fn next_after_does_not_depend_on_where_one_starts(minute in field(59), hour in field(23), (zone, from) in near_a_change(), back in 0..90_000_i64, nanos in 0..1_000_000_000_i64) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let earlier = from - Duration::seconds(back) + Duration::nanoseconds(nanos);
        let next = schedule.next_after(from).unwrap();
        let walked = schedule.between(earlier, next, usize::MAX);
        prop_assert_eq!(walked.last(), Some(&next).filter(|_| next > earlier));
        prop_assert!(walked.iter().all(|slot| *slot <= from || *slot == next));
    }

    #[test]
    fn no_two_slots_share_a_business_key(minute in field(59), hour in field(23), (zone, from) in near_a_change()) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let slots = schedule.between(from - Duration::hours(36), from + Duration::hours(36), usize::MAX);
        let keys: std::collections::HashSet<String> = slots.iter().map(|slot| schedule.business_key(*slot)).collect();
        prop_assert_eq!(keys.len(), slots.len());
        for slot in slots.iter().take(20) {
            let first = schedule.slot_on(schedule.business_date(*slot)).unwrap();
            prop_assert!(first <= *slot);
        }
    }

    #[test]
    fn single_values_and_patterns_without_any_agree_with_croner(single in any::<bool>(), minute in (0..60_u8, walled(59)), hour in (0..24_u8, walled(23)), (zone, from) in near_a_change()) {
        // croner knows no days that do not exist
        prop_assume!(zone != "Pacific/Apia");
        let pattern = if single { format!("{} {} * * *", minute.0, hour.0) } else { format!("{} {} * * *", minute.1, hour.1) };
        let schedule = schedule(zone, &pattern);
        let until = from + Duration::hours(30);
        let expected = croner_slots(&croner(&pattern), schedule.timezone(), from, until);
        prop_assert_eq!(schedule.between(from, until, usize::MAX), expected, "{}", pattern);
    }

    #[test]
    fn a_remark_stands_only_near_a_change_of_the_clock(minute in field(59), hour in field(23), (zone, from) in near_a_change()) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let tz = schedule.timezone();
        let offset = |at: DateTime<Utc>| at.with_timezone(&tz).format("%z").to_string();
        for slot in schedule.between(from, from + Duration::hours(26), 30) {
            if schedule.remark(slot).is_some() {
                // the furthest: the day before lost all its slots
                let quiet = (-60..=30).all(|hours| offset(slot + Duration::hours(hours)) == offset(slot));
                prop_assert!(!quiet, "{} in {zone}", slot);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9*/,LW#?@+a-zA-Z -]{0,24}", any in ".{0,30}") {
        for text in [text, any] {
            for days in [None, Some(Days::And), Some(Days::Or)] {
                if let Ok(schedule) = Schedule::parse(&text, Tz::Europe__Paris, days) {
                    let next = schedule.next_after(instant("2026-03-28T12:00:00Z"));
                    prop_assert!(next.is_some(), "{text}");
                    prop_assert!(!schedule.describe().is_empty());
                    let _ = schedule.remark(next.unwrap());
                }
            }
            let _ = timezone(&text);
        }
    }

    #[test]
    fn five_fields_of_anything_never_panic(fields in prop::collection::vec("[0-9]{1,2}|\\*|\\*/[0-9]{1,2}|[0-9]{1,2}-[0-9]{1,2}(/[0-9])?|L|LW|[0-9]{1,2}W|[0-7]#[0-9L]|MON-FRI|JAN|[0-9],[0-9]", 5)) {
        let text = fields.join(" ");
        for days in [None, Some(Days::And), Some(Days::Or)] {
            if let Ok(schedule) = Schedule::parse(&text, Tz::America__Havana, days) {
                prop_assert!(schedule.next_after(instant("2026-01-01T00:00:00Z")).is_some(), "{text}");
            }
        }
    }
}
