//! The first quarter of 2012 of a real shop's customers, against the figures of the data's README.

use std::collections::BTreeMap;
use std::sync::Arc;

use tend::engine::door::Job;

use super::{explain, job, plan, run};
use crate::retier::online_retail;
use crate::support::World;

/// The handbook's visits; all people in one team.
fn handbook() -> Arc<dyn Job> {
    job(r#"
title = "Visits"
[schedule]
cron = "0 6 * * *"
timezone = "Asia/Shanghai"
[visits]
ladder = "tiers"
cadence = [
    { level = "high", visits = 2, per = "month", share = "60%" },
    { level = "mid", visits = 1, per = "month", share = "30%" },
    { level = "normal", visits = 1, per = "quarter", share = "10%" },
]
calendar = "weekdays"
horizon = "90d"
gap = "7d"
capacity = 10
who = "team"
team = "field"
title = "Visit"
"#)
}

/// The shop with its tiers of the 400 days to 2011-12-10, and so many people.
async fn shop(people: usize) -> Option<World> {
    let world = online_retail().await?;
    crate::retier::tiers_of_400_days(&world, "tiers").await;
    for number in 1..=people {
        world.sql(&format!("insert into crm.staff (staff_id, team) values ('S{number:02}', 'field')")).await;
    }
    Some(world)
}

/// Level, what is owed, planned, short, over all cycles.
async fn by_level(world: &World) -> BTreeMap<String, [i64; 3]> {
    let rows = world
        .rows(
            "select t ->> 'level', sum((t ->> 'owed')::int), sum((t ->> 'placed')::int), sum((t ->> 'short')::int)
             from tend.visit_run, jsonb_array_elements(figures -> 'tiers') t group by 1",
        )
        .await;
    let split = |row: String| {
        let mut parts = row.split('\t').map(str::to_owned);
        let level = parts.next().unwrap();
        let figures: Vec<i64> = parts.map(|part| part.parse().unwrap()).collect();
        (level, figures.try_into().unwrap())
    };
    rows.into_iter().map(split).collect()
}

async fn no_gap_below(world: &World, days: i64) {
    let close = world
        .value(&format!(
            "select count(*) from (select on_day - lag(on_day) over (partition by customer_id order by on_day) as days from tend.task) t where days < {days}"
        ))
        .await;
    assert_eq!(close, "0", "visits of a customer are at least {days} days apart");
}

#[tokio::test]
async fn twenty_people_make_all_visits_of_the_quarter_day_by_day_alike() {
    let Some(world) = shop(20).await else { return };
    let (job, run) = (handbook(), run(1, "2012-01-01"));
    let did = plan(&world, &job, &run).await.unwrap();
    assert_eq!((did["added"].as_i64(), did["short"].as_i64()), (Some(11_497), Some(0)), "{did}");
    let owed = BTreeMap::from([
        ("high".to_owned(), [4_974, 4_974, 0]),
        ("mid".to_owned(), [4_521, 4_521, 0]),
        ("normal".to_owned(), [2_002, 2_002, 0]),
    ]);
    assert_eq!(by_level(&world).await, owed);
    // 65 working days; a day without visits counts
    let uneven = world
        .rows(
            "select s.staff_id, min(coalesce(t.visits, 0)), max(coalesce(t.visits, 0)), round(sum(coalesce(t.visits, 0)) / 65.0, 2)
             from crm.staff s
             cross join generate_series(date '2012-01-01', '2012-03-31', '1 day') d
             left join (select assignee_id, on_day, count(*) as visits from tend.task group by 1, 2) t on t.assignee_id = s.staff_id and t.on_day = d::date
             where extract(isodow from d) < 6
             group by 1
             having min(coalesce(t.visits, 0)) < sum(coalesce(t.visits, 0)) / 65.0 - 1 or max(coalesce(t.visits, 0)) > sum(coalesce(t.visits, 0)) / 65.0 + 1",
        )
        .await;
    assert!(uneven.is_empty(), "beyond one of the level: {uneven:?}");
    let people =
        world.value("select max(n) - min(n) from (select count(*) as n from tend.task group by assignee_id) t").await;
    assert!(people.parse::<i64>().unwrap() <= 6, "people have alike: {people}");
    assert_eq!(world.value("select count(*) from tend.task where extract(isodow from on_day) > 5 or on_day not between '2012-01-01' and '2012-03-31'").await, "0");
    no_gap_below(&world, 7).await;
    let twice = world
        .value("select count(*) from (select from tend.task group by customer_id, on_day having count(*) > 1) t")
        .await;
    assert_eq!(twice, "0");

    let again = plan(&world, &job, &super::run(2, "2012-01-01")).await.unwrap();
    assert_eq!(
        (again["added"].as_i64(), again["moved"].as_i64(), again["taken_back"].as_i64()),
        (Some(0), Some(0), Some(0))
    );
}

#[tokio::test]
async fn with_fifteen_people_the_upper_tiers_come_first_and_each_tier_is_told_what_it_lacks() {
    let Some(world) = shop(15).await else { return };
    let (job, run) = (handbook(), run(1, "2012-01-01"));
    let did = plan(&world, &job, &run).await.unwrap();
    assert_eq!((did["added"].as_i64(), did["short"].as_i64()), (Some(9_750), Some(1_747)), "{did}");
    let levels = by_level(&world).await;
    assert_eq!(levels["high"], [4_974, 4_974, 0]);
    assert_eq!(levels["mid"], [4_521, 3_801, 720]);
    assert_eq!(levels["normal"], [2_002, 975, 1_027]);
    assert_eq!(
        world.value("select max(n) from (select count(*) as n from tend.task group by assignee_id, on_day) t").await,
        "10"
    );
    no_gap_below(&world, 7).await;
    // a customer of the middle who was left out in one month is not left out in the next
    let twice = world.value("select count(*) from tend.visit_customer where level = 'mid' and short > 1").await;
    assert_eq!(twice, "0");
    let told = explain(&world, &job, &run).await;
    assert!(told.text.contains("Who waits") && told.text.contains("the days of who visits are full"), "{}", told.text);
    let short: i64 = told.json["tiers"].as_array().unwrap().iter().map(|tier| tier["short"].as_i64().unwrap()).sum();
    assert_eq!(short, 1_747);
}
