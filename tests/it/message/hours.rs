//! At a decent hour, on the customer's own clock.

use chrono_tz::Tz;

use super::people::{Person, come};
use super::plan::{Plan, changed};
use crate::support::{World, instant};

fn delivery(at: Option<&str>, window: &str) -> String {
    let file = changed("window   = [\"09:00\", \"20:00\"]", &format!("window = {window}"));
    match at {
        Some(at) => file.replace("at       = \"10:00\"", &format!("at = \"{at}\"")),
        None => file.replace("at       = \"10:00\"", ""),
    }
}

/// When the message of someone in a zone may go, by a run at an instant; the birthday is on that day of that month.
async fn first_instant(file: &str, job_zone: Tz, as_of: &str, month: u8, day: u8, zone: &str) -> String {
    let world = World::new().await;
    come(&world, [Person::born("a", month, day).set("timezone", zone)]).await;
    Plan::in_zone(file, job_zone).try_at(&world, instant(as_of)).await.unwrap();
    world.rows("select to_char(not_before, 'MM-DD HH24:MI'), zone from tend.outbox").await.join("").replace('\t', " ")
}

const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;
const NEW_YORK: Tz = chrono_tz::America::New_York;

#[tokio::test]
async fn the_wanted_hour_is_the_customers() {
    let file = delivery(Some("10:00"), "[\"09:00\", \"20:00\"]");
    // due on 21 November where the customer lives
    for (zone, expected) in [
        ("'Asia/Shanghai'", "11-21 02:00 Asia/Shanghai"),
        ("'America/New_York'", "11-21 15:00 America/New_York"),
        ("'Pacific/Auckland'", "11-21 00:00 Pacific/Auckland"),
        ("'Europe/London'", "11-21 10:00 Europe/London"),
    ] {
        assert_eq!(first_instant(&file, SHANGHAI, "2026-11-21T00:00:00Z", 11, 24, zone).await, expected);
    }
}

#[tokio::test]
async fn a_zone_nobody_knows_is_the_zone_of_the_file() {
    let file = delivery(Some("10:00"), "[\"09:00\", \"20:00\"]");
    for zone in ["null", "''", "'Mars/Olympus'", "'UTC+8'", "'America/new york'"] {
        let found = first_instant(&file, NEW_YORK, "2026-11-21T13:00:00Z", 11, 24, zone).await;
        assert_eq!(found, "11-21 15:00 America/New_York", "{zone}");
    }
}

#[tokio::test]
async fn customers_far_ahead_of_the_file_are_planned_the_day_before_their_day_begins() {
    // eight o'clock in New York on the 20th is nine in the evening in Shanghai: their 21st is planned now, not a day late
    let file = delivery(Some("10:00"), "[\"09:00\", \"20:00\"]");
    let found = first_instant(&file, NEW_YORK, "2026-11-20T13:00:00Z", 11, 24, "'Asia/Shanghai'").await;
    assert_eq!(found, "11-21 02:00 Asia/Shanghai");
    // New Yorkers are not
    assert_eq!(first_instant(&file, NEW_YORK, "2026-11-20T13:00:00Z", 11, 24, "'America/New_York'").await, "");
}

#[tokio::test]
async fn customers_far_behind_the_file_still_have_their_birthday() {
    // one in the morning of the 25th in Shanghai is noon of the 24th in New York
    let file = delivery(None, "[\"09:00\", \"20:00\"]");
    let found = first_instant(&file, SHANGHAI, "2026-11-24T17:00:00Z", 11, 24, "'America/New_York'").await;
    assert_eq!(found, "11-24 17:00 America/New_York");
    assert_eq!(first_instant(&file, SHANGHAI, "2026-11-24T17:00:00Z", 11, 24, "'Asia/Shanghai'").await, "");
}

#[tokio::test]
async fn without_an_hour_it_goes_as_soon_as_the_window_is_open() {
    let file = delivery(None, "[\"09:00\", \"20:00\"]");
    for (as_of, expected) in [
        ("2026-11-21T00:00:00Z", "11-21 01:00 Asia/Shanghai"),
        ("2026-11-21T03:30:00Z", "11-21 03:30 Asia/Shanghai"),
        ("2026-11-21T11:59:00Z", "11-21 11:59 Asia/Shanghai"),
        ("2026-11-21T12:00:00Z", "11-22 01:00 Asia/Shanghai"),
        ("2026-11-21T14:00:00Z", "11-22 01:00 Asia/Shanghai"),
    ] {
        assert_eq!(first_instant(&file, SHANGHAI, as_of, 11, 24, "'Asia/Shanghai'").await, expected, "{as_of}");
    }
}

#[tokio::test]
async fn a_window_may_cross_midnight() {
    let file = delivery(None, "[\"20:00\", \"01:00\"]");
    for (as_of, expected) in [
        ("2026-11-21T00:00:00Z", "11-21 12:00 Asia/Shanghai"),
        ("2026-11-21T13:00:00Z", "11-21 13:00 Asia/Shanghai"),
        ("2026-11-21T16:59:00Z", "11-21 16:59 Asia/Shanghai"),
        ("2026-11-21T17:00:00Z", "11-22 12:00 Asia/Shanghai"),
    ] {
        assert_eq!(first_instant(&file, SHANGHAI, as_of, 11, 24, "'Asia/Shanghai'").await, expected, "{as_of}");
    }
}

#[tokio::test]
async fn daylight_saving_keeps_the_local_hour() {
    let file = delivery(Some("10:00"), "[\"09:00\", \"20:00\"]");
    // New York: spring forward on 8 March 2026, back on 1 November
    for (as_of, month, day, expected) in [
        ("2026-03-07T13:00:00Z", 3, 10, "03-07 15:00"),
        ("2026-03-08T12:00:00Z", 3, 11, "03-08 14:00"),
        ("2026-10-31T12:00:00Z", 11, 3, "10-31 14:00"),
        ("2026-11-01T13:00:00Z", 11, 4, "11-01 15:00"),
    ] {
        let found = first_instant(&file, NEW_YORK, as_of, month, day, "'America/New_York'").await;
        assert_eq!(found, format!("{expected} America/New_York"), "{as_of}");
    }
}

#[tokio::test]
async fn a_window_that_opens_in_a_gap_or_a_fold_is_closed_when_unsure() {
    let file = delivery(None, "[\"01:30\", \"20:00\"]");
    let gap = delivery(None, "[\"02:30\", \"20:00\"]");
    // half past one comes twice on 1 November: the second one is safe
    let fold = first_instant(&file, NEW_YORK, "2026-11-01T05:00:00Z", 11, 4, "'America/New_York'").await;
    assert_eq!(fold, "11-01 06:30 America/New_York");
    // half past two does not come on 8 March: half past three
    let gap = first_instant(&gap, NEW_YORK, "2026-03-08T05:30:00Z", 3, 11, "'America/New_York'").await;
    assert_eq!(gap, "03-08 07:30 America/New_York");
}

#[tokio::test]
async fn a_transactional_message_goes_at_any_hour() {
    let file = changed("purpose  = \"marketing\"", "purpose = \"transactional\"")
        .replace("consent  = \"granted\"", "")
        .replace("window   = [\"09:00\", \"20:00\"]", "")
        .replace("at       = \"10:00\"", "");
    let found = first_instant(&file, SHANGHAI, "2026-11-21T19:00:00Z", 11, 24, "'Asia/Shanghai'").await;
    assert_eq!(found, "11-21 19:00 null");
}

#[tokio::test]
async fn what_must_not_wait_for_the_next_day_is_dropped_when_the_hours_of_its_day_are_over() {
    let file = delivery(None, "[\"09:00\", \"20:00\"]\noutside_window = \"drop\"");
    // before the hours begin it waits for them; when they are over it is too late, though the birthday is ahead
    for (as_of, expected) in [
        ("2026-11-21T00:00:00Z", "11-21 01:00 Asia/Shanghai"),
        ("2026-11-21T11:59:00Z", "11-21 11:59 Asia/Shanghai"),
        ("2026-11-21T12:00:00Z", ""),
    ] {
        assert_eq!(first_instant(&file, SHANGHAI, as_of, 11, 24, "'Asia/Shanghai'").await, expected, "{as_of}");
    }
    // and it dies when they end
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24), Person::born("b", 11, 24).set("timezone", "'America/New_York'")]).await;
    Plan::file(&file).try_at(&world, instant("2026-11-21T00:00:00Z")).await.unwrap();
    let ends = world.rows("select customer_id, not_after from tend.outbox order by 1").await;
    assert_eq!(ends, ["a\t2026-11-21T12:00:00+00:00", "b\t2026-11-22T01:00:00+00:00"]);
}

#[tokio::test]
async fn hours_over_midnight_end_on_the_next_day() {
    let file = delivery(None, "[\"20:00\", \"01:00\"]\noutside_window = \"drop\"");
    for (as_of, ends) in [
        ("2026-11-21T13:00:00Z", "2026-11-21 17:00:00+00"),
        ("2026-11-21T16:30:00Z", "2026-11-21 17:00:00+00"),
        ("2026-11-21T17:30:00Z", "2026-11-22 17:00:00+00"),
    ] {
        let world = World::new().await;
        come(&world, [Person::born("a", 11, 24)]).await;
        Plan::file(&file).try_at(&world, instant(as_of)).await.unwrap();
        assert_eq!(world.value("select not_after from tend.outbox").await, ends, "{as_of}");
    }
}
