//! Which birthdays fall on which day, by each rule of the file.

use super::people::{Person, come, outcome, queued};
use super::plan::{Plan, changed};
use crate::support::World;

/// Runs the file for a day with these people in a world of their own.
async fn run(file: &str, day: &str, people: Vec<Person>) -> String {
    let world = World::new().await;
    come(&world, people).await;
    Plan::file(file).on(&world, day).await;
    outcome(&world).await
}

fn feb_29(rule: &str) -> String {
    changed("feb_29       = \"feb_28\"", &format!("feb_29 = \"{rule}\""))
}

#[tokio::test]
async fn a_birthday_is_due_three_days_ahead_and_not_earlier() {
    let world = World::new().await;
    come(&world, [Person::born("three", 11, 24), Person::born("four", 11, 25), Person::new("unknown")]).await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(
        queued(&world).await,
        ["three birthday:2026 2026-11-24 normal email zh-CN 2026-11-21 10:00 Asia/Shanghai"]
    );
}

#[tokio::test]
async fn a_birthday_without_a_year_is_as_good_as_one_with() {
    let people = vec![Person::born("a", 11, 24), Person::born("b", 11, 24).set("birthday_year", 1990)];
    assert_eq!(run(&changed("", ""), "2026-11-21", people).await, "a b | ");
}

#[tokio::test]
async fn the_29th_of_february_in_a_leap_year_is_itself_by_every_rule() {
    for rule in ["feb_28", "mar_1", "leap_years_only"] {
        let people = vec![Person::born("a", 2, 29), Person::born("first", 3, 1)];
        assert_eq!(run(&feb_29(rule), "2028-02-26", people).await, "a | ", "{rule}");
    }
}

#[tokio::test]
async fn the_29th_of_february_in_a_common_year_goes_by_the_rule() {
    for (rule, on_the_25th, on_the_26th) in [
        ("feb_28", "a last | ", "a first last | "),
        ("mar_1", "last | ", "a first last | "),
        ("leap_years_only", "last | ", "first last | "),
    ] {
        let people = || vec![Person::born("a", 2, 29), Person::born("last", 2, 28), Person::born("first", 3, 1)];
        assert_eq!(run(&feb_29(rule), "2027-02-25", people()).await, on_the_25th, "{rule}");
        assert_eq!(run(&feb_29(rule), "2027-02-26", people()).await, on_the_26th, "{rule}");
    }
}

#[tokio::test]
async fn a_lunar_birthday_follows_the_moon() {
    // the 15th of the eighth month: 25 September 2026, 15 September 2027
    let people = || vec![Person::lunar("moon", 8, 15), Person::born("sun", 8, 15)];
    assert_eq!(run(&changed("", ""), "2026-09-22", people()).await, "moon | ");
    assert_eq!(run(&changed("", ""), "2027-09-12", people()).await, "moon | ");
    assert_eq!(run(&changed("", ""), "2026-08-12", people()).await, "sun | ");
}

#[tokio::test]
async fn born_in_a_leap_month_goes_by_the_rule_in_years_without_it() {
    let rule = |rule: &str| changed("lunar_leap   = \"plain_month\"", &format!("lunar_leap = \"{rule}\""));
    // 2025 has a leap sixth month: its 7th day is 31 July, the ordinary one's 1 July; 2026 has none: 20 July
    let people = || vec![Person::lunar("leap", 6, 7).set("birthday_leap_month", true), Person::lunar("plain", 6, 7)];
    for word in ["plain_month", "leap_years_only"] {
        assert_eq!(run(&rule(word), "2025-07-28", people()).await, "leap | ", "{word}");
        assert_eq!(run(&rule(word), "2025-06-28", people()).await, "plain | ", "{word}");
    }
    assert_eq!(run(&rule("plain_month"), "2026-07-17", people()).await, "leap plain | ");
    assert_eq!(run(&rule("leap_years_only"), "2026-07-17", people()).await, "plain | ");
}

#[tokio::test]
async fn born_on_the_30th_goes_by_the_rule_in_months_of_29_days() {
    let rule = |rule: &str| changed("lunar_day_30 = \"day_29\"", &format!("lunar_day_30 = \"{rule}\""));
    // the twelfth month of the lunar year 2026 ends with its 29th day, 5 February 2027; that of 2029 with its 30th, 2 February 2030
    let people = || vec![Person::lunar("eve", 12, 30), Person::lunar("before", 12, 29)];
    assert_eq!(run(&rule("day_29"), "2027-02-02", people()).await, "before eve | ");
    assert_eq!(run(&rule("skip"), "2027-02-02", people()).await, "before | ");
    assert_eq!(run(&rule("skip"), "2030-01-30", people()).await, "before eve | ");
}

#[tokio::test]
async fn a_lunar_birthday_that_falls_twice_into_one_year_is_had_twice() {
    // the 1st of the twelfth month: 11 January and 31 December 2024
    let world = World::new().await;
    come(&world, [Person::lunar("a", 12, 1)]).await;
    let plan = Plan::shipped();
    for day in ["2024-01-08", "2024-12-28"] {
        plan.on(&world, day).await;
    }
    let had: Vec<_> =
        queued(&world).await.iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(had, ["a birthday:2023 2024-01-11", "a birthday:2024 2024-12-31"]);
}

#[tokio::test]
async fn a_file_can_keep_to_one_calendar() {
    let only = |calendar: &str| changed("calendar     = \"per_customer\"", &format!("calendar = \"{calendar}\""));
    // 24 November 2026 is the 16th of the tenth month
    let people = || vec![Person::lunar("moon", 10, 16), Person::born("sun", 11, 24)];
    assert_eq!(run(&only("solar"), "2026-11-21", people()).await, "sun | ");
    assert_eq!(run(&only("lunar"), "2026-11-21", people()).await, "moon | ");
    assert_eq!(run(&only("per_customer"), "2026-11-21", people()).await, "moon sun | ");
}
