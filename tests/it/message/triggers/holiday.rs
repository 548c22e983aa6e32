//! Holidays: everybody, on the right day of the right calendar.

use super::super::people::{Person, come, outcome};
use super::{a_second_run_finds_nothing, at, job, lives, preview_is_run, told};
use crate::support::World;

const FESTIVALS: &str = "on = \"holiday\"\noffset = \"-3d\"\n\
    days = [{ name = \"spring_festival\" }, { name = \"mid_autumn\", offset = \"0d\" }, { name = \"laba\", offset = \"0d\" }]";

#[tokio::test]
async fn a_festival_is_told_ahead_once_and_never_when_it_is_over() {
    let world = World::new().await;
    come(
        &world,
        [
            Person::new("a"),
            Person::new("b").set("locale", "'en-GB'").set("timezone", "'Europe/London'"),
            Person::new("c").set("locale", "'fr'"),
        ],
    )
    .await;
    let plan = job(FESTIVALS);
    at(&plan, &world, "2027-02-02 08:00").await;
    assert_eq!(outcome(&world).await, " | ");
    // the Spring Festival of 2027 is 6 February
    at(&plan, &world, "2027-02-03 08:00").await;
    assert_eq!(
        told(&world).await,
        [
            r#"a holiday:spring_festival:2027 2027-02-06 {"title": "春节", "holiday": "spring_festival"}"#,
            r#"b holiday:spring_festival:2027 2027-02-06 {"title": "Spring Festival", "holiday": "spring_festival"}"#,
            r#"c holiday:spring_festival:2027 2027-02-06 {"title": "春节", "holiday": "spring_festival"}"#,
        ]
    );
    assert_eq!(lives(&world).await[..2], ["a 02-03 10:00 02-07 00:00", "b 02-03 10:00 02-07 00:00"]);
    a_second_run_finds_nothing(&plan, &world, "2027-02-03 08:00").await;
    world.sql("truncate tend.occasion, tend.outbox cascade").await;
    at(&plan, &world, "2027-02-06 08:00").await;
    assert_eq!(outcome(&world).await, "a b c | ", "a morning missed is made up for until the day itself");
    world.sql("truncate tend.occasion, tend.outbox cascade").await;
    at(&plan, &world, "2027-02-07 07:00").await;
    assert_eq!(outcome(&world).await, " | b:expired", "in London it is still the evening of the 6th");
}

#[tokio::test]
async fn the_same_festival_comes_again_next_year_and_twice_into_one_year_where_it_falls_so() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let plan = job(FESTIVALS);
    // Laba of the lunar years 2021 and 2022 (both in 2022), Mid-Autumn 2022 and 2023
    for day in ["2022-01-10", "2022-09-10", "2022-12-30", "2023-09-29"] {
        at(&plan, &world, &format!("{day} 08:00")).await;
    }
    let told = told(&world).await;
    let occasions: Vec<_> = told.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(
        occasions,
        ["holiday:laba:2021", "holiday:mid_autumn:2022", "holiday:laba:2022", "holiday:mid_autumn:2023"]
    );
}

#[tokio::test]
async fn of_two_holidays_on_one_day_one_is_enough() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    // in 2020 Mid-Autumn was 1 October
    let plan =
        job("on = \"holiday\"\noffset = \"0d\"\ndays = [{ name = \"mid_autumn\" }, { name = \"national_day\" }]");
    at(&plan, &world, "2020-10-01 08:00").await;
    assert_eq!(told(&world).await.len(), 1);
}

#[tokio::test]
async fn any_other_day_has_a_date_and_a_title() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let days = "{ name = \"founding\", calendar = \"solar\", month = 11, day = 8, title = { zh = \"店庆\", en = \"Our birthday\" } },
                { name = \"longtaitou\", calendar = \"lunar\", month = 2, day = 2, title = \"龙抬头\" }";
    let plan = job(&format!("on = \"holiday\"\noffset = \"0d\"\ndays = [{}]", days.replace('\n', "")));
    at(&plan, &world, "2026-11-08 08:00").await;
    // 2/2 of the lunar year 2026 is 20 March
    at(&plan, &world, "2026-03-20 08:00").await;
    assert_eq!(
        told(&world).await,
        [
            r#"a holiday:longtaitou:2026 2026-03-20 {"title": "龙抬头", "holiday": "longtaitou"}"#,
            r#"a holiday:founding:2026 2026-11-08 {"title": "店庆", "holiday": "founding"}"#,
        ]
    );
}

#[tokio::test]
async fn a_day_without_a_holiday_reads_no_table() {
    let world = World::new().await;
    world.sql("insert into crm.customer (customer_id) select n::text from generate_series(1, 500) n; analyze crm.customer").await;
    let plan = job(FESTIVALS);
    let mut tx = world.pool().begin().await.unwrap();
    plan.step_in(&mut tx, "2026-11-21").await;
    let read: i64 = sqlx::query_scalar(
        "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint from pg_stat_xact_user_tables where schemaname = 'crm'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(read, 0);
}

#[tokio::test]
async fn a_preview_is_the_run() {
    let world = World::new().await;
    come(&world, [Person::new("a"), Person::new("b").without_consent()]).await;
    preview_is_run(&job(FESTIVALS), &world, "2027-02-03").await;
    assert_eq!(outcome(&world).await, "a | b:no_consent");
}
