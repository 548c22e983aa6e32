//! Messages on changes of level: ladder run, message run, outbox.

use std::sync::Arc;

use tend::engine::door::{Job, Run, Trigger};
use tend::jobfile::kind::{Cuts, Kind as _, Ladders, ReadContext};
use tend::jobfile::reader::read_text;
use tend::jobs::retier::Retier;
use tend::outbox::template::TemplateFolder;

use super::people::{Person, come, outcome, refused};
use super::plan::{Plan, SHANGHAI, said_of, step, with_trigger};
use crate::support::{World, instant};

fn on_level(keys: &str) -> String {
    with_trigger(&format!("on = \"level\"\n{keys}"))
}

/// high from 1,000 on, mid from 100 on, normal for the others.
fn ladder() -> Arc<dyn Job> {
    let text = "[retier]\nwindow = \"30d\"\n\
         [[retier.level]]\nname = \"high\"\nwhen = { field = \"spend\", at_least = 1000 }\n\
         [[retier.level]]\nname = \"mid\"\nwhen = { field = \"spend\", at_least = 100 }\n\
         [[retier.level]]\nname = \"normal\"\n";
    let (templates, ladders, cuts) = (TemplateFolder::default(), Ladders::default(), Cuts::default());
    let context = ReadContext {
        job: "value-tiers",
        timezone: SHANGHAI,
        templates: &templates,
        templates_dir: "templates",
        ladders: &ladders,
        cuts: &cuts,
        segments: &Default::default(),
        calendars: &Default::default(),
        jobs: None,
    };
    let (job, problems) = read_text(&"value-tiers.toml".into(), &text.into(), |file| Retier.read(file, &context));
    assert!(problems.is_empty(), "{}", problems.render(false));
    job.unwrap()
}

/// The ladder's night before a morning's messages: two o'clock in Shanghai.
async fn night(world: &World, ladder: &Arc<dyn Job>, run_id: i64, day: &str) {
    let as_of = instant(&format!("{day}T02:00:00+08:00"));
    let run = Run {
        run_id,
        job: "value-tiers".into(),
        spec_hash: "0".repeat(64),
        as_of,
        business_date: as_of.with_timezone(&SHANGHAI).date_naive(),
        timezone: SHANGHAI,
        trigger: Trigger::Schedule,
    };
    let mut tx = world.pool().begin().await.unwrap();
    step(ladder.as_ref(), &run, &mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn order(world: &World, customer: &str, day: &str, amount: i32) {
    world
        .sql(&format!(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select '{customer}', 'o' || count(*) + 1, '{day} 12:00+08', {amount} from crm.orders"
        ))
        .await;
}

async fn told(world: &World) -> Vec<String> {
    let rows = world.rows("select customer_id, occasion, data -> 'occasion' ->> 'kind' as kind, data -> 'offer' ->> 'name' as offer from tend.outbox order by 1, 2");
    rows.await.iter().map(|line| line.replace('\t', " ")).collect()
}

#[tokio::test]
async fn who_rose_is_told_once_and_a_first_level_is_no_news() {
    let world = World::new().await;
    come(&world, ["a", "b", "c"].map(Person::new)).await;
    let (ladder, rose) = (ladder(), Plan::file(&on_level("ladder = \"value-tiers\"\nrose = true")));
    order(&world, "c", "2026-06-01", 2000).await;
    night(&world, &ladder, 1, "2026-06-02").await;
    assert_eq!(rose.on(&world, "2026-06-02").await.progress["occasions"], 0, "first levels");

    order(&world, "a", "2026-06-02", 1000).await;
    order(&world, "b", "2026-06-02", 100).await;
    night(&world, &ladder, 2, "2026-06-03").await;
    let foretold = rose.explained(&world, "2026-06-03", false).await;
    assert_eq!(foretold.json["queued"]["customers"], 2);
    rose.on(&world, "2026-06-03").await;
    let expected = ["a level:value-tiers:2 level high", "b level:value-tiers:2 level mid"];
    assert_eq!(told(&world).await, expected);
    let about = "select data -> 'occasion' ->> 'ladder', data -> 'occasion' ->> 'from', data -> 'occasion' ->> 'to',
                        data -> 'occasion' ->> 'direction' from tend.outbox order by customer_id";
    assert_eq!(world.rows(about).await, ["value-tiers\tnormal\thigh\trose", "value-tiers\tnormal\tmid\trose"]);
    let ends = "select distinct not_after from tend.outbox";
    assert_eq!(world.rows(ends).await, ["2026-06-05T18:00:00+00:00"], "three days after the move");
    // a second run, the next mornings, and nights without a move: nothing more
    for (run, day) in [(3, "2026-06-03"), (4, "2026-06-04"), (5, "2026-06-05"), (6, "2026-06-06")] {
        night(&world, &ladder, run, day).await;
        let again = rose.on(&world, day).await.progress;
        assert_eq!((&again["queued"], &again["refused"]), (&0.into(), &0.into()), "{day}");
    }
    assert_eq!(told(&world).await, expected);
}

#[tokio::test]
async fn a_missed_morning_is_made_up_for_until_the_news_is_old() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let (ladder, rose) =
        (ladder(), Plan::file(&on_level("ladder = \"value-tiers\"\nrose = true\nexpire_after = \"2d\"")));
    night(&world, &ladder, 1, "2026-06-01").await;
    order(&world, "a", "2026-06-01", 100).await;
    night(&world, &ladder, 2, "2026-06-02").await;
    assert_eq!(rose.on(&world, "2026-06-04").await.progress["occasions"], 0);
    assert_eq!(rose.on(&world, "2026-06-03").await.progress["queued"], 1);
}

#[tokio::test]
async fn each_kind_of_change_finds_its_customers() {
    let world = World::new().await;
    come(&world, ["down", "up", "top"].map(Person::new)).await;
    let ladder = ladder();
    order(&world, "down", "2026-05-04", 1000).await;
    order(&world, "down", "2026-06-01", 100).await;
    order(&world, "top", "2026-06-01", 200).await;
    night(&world, &ladder, 1, "2026-06-02").await;
    order(&world, "up", "2026-06-02", 100).await;
    order(&world, "top", "2026-06-02", 900).await;
    night(&world, &ladder, 2, "2026-06-04").await;
    for (keys, expected) in [
        ("rose = true", "top up"),
        ("fell = true", "down"),
        ("entered = \"mid\"", "down up"),
        ("entered = \"mid\"\nrose = true", "up"),
        ("left = \"high\"", "down"),
        ("left = \"mid\"", "top"),
        ("left = \"normal\"\nentered = \"high\"", ""),
    ] {
        let plan = Plan::file(&on_level(&format!("ladder = \"value-tiers\"\n{keys}")));
        plan.on(&world, "2026-06-04").await;
        assert_eq!(outcome(&world).await, format!("{expected} | "), "{keys}");
        world.sql("truncate tend.occasion, tend.outbox, tend.decision cascade").await;
    }
}

#[tokio::test]
async fn only_where_the_customer_got_to_is_told() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let (ladder, rose) = (ladder(), Plan::file(&on_level("ladder = \"value-tiers\"\nrose = true")));
    night(&world, &ladder, 1, "2026-06-01").await;
    order(&world, "a", "2026-06-01", 100).await;
    night(&world, &ladder, 2, "2026-06-02").await;
    world.sql("update crm.orders set status = 'refunded'").await;
    night(&world, &ladder, 3, "2026-06-03").await;
    assert_eq!(rose.on(&world, "2026-06-03").await.progress["occasions"], 0);
}

#[tokio::test]
async fn who_goes_up_and_down_is_told_as_often_as_the_file_says() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let ladder = ladder();
    let often = Plan::file(&on_level("ladder = \"value-tiers\"\nentered = \"mid\""));
    night(&world, &ladder, 1, "2026-06-01").await;
    order(&world, "a", "2026-06-01", 100).await;
    for (run, day, status) in [
        (2, "2026-06-02", "paid"),
        (3, "2026-06-03", "refunded"),
        (4, "2026-06-04", "paid"),
        (5, "2026-06-05", "refunded"),
    ] {
        world.sql(&format!("update crm.orders set status = '{status}'")).await;
        night(&world, &ladder, run, day).await;
        often.on(&world, day).await;
    }
    let expected = ["a level:value-tiers:2 level mid", "a level:value-tiers:4 level mid"];
    assert_eq!(told(&world).await, expected, "each move its own");
    world.sql("truncate tend.outbox, tend.decision cascade; delete from tend.occasion where occasion like '%:4'").await;
    let seldom = Plan::file(&on_level("ladder = \"value-tiers\"\nentered = \"mid\"\nagain_after = \"30d\""));
    for (run, day, status) in [(6, "2026-06-06", "paid"), (7, "2026-07-02", "refunded"), (8, "2026-07-03", "paid")] {
        world
            .sql(&format!(
                "update crm.orders set status = '{status}', placed_at = '{day}Z'::timestamptz - interval '1 day'"
            ))
            .await;
        night(&world, &ladder, run, day).await;
        seldom.on(&world, day).await;
    }
    assert_eq!(refused(&world).await, ["a level:value-tiers:6 already_had"]);
    assert_eq!(told(&world).await, ["a level:value-tiers:8 level mid"], "30 days after the first");
}

#[tokio::test]
async fn two_moves_of_one_day_are_one_message() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let (ladder, rose) = (ladder(), Plan::file(&on_level("ladder = \"value-tiers\"\nrose = true")));
    night(&world, &ladder, 1, "2026-06-01").await;
    order(&world, "a", "2026-06-01", 100).await;
    night(&world, &ladder, 2, "2026-06-02").await;
    rose.on(&world, "2026-06-02").await;
    order(&world, "a", "2026-06-01", 900).await;
    night(&world, &ladder, 3, "2026-06-02").await;
    rose.on(&world, "2026-06-02").await;
    assert_eq!(told(&world).await, ["a level:value-tiers:2 level mid"]);
    assert_eq!(refused(&world).await, ["a level:value-tiers:3 already_had"]);
}

#[test]
fn every_mistake_in_a_level_trigger_is_told_with_what_was_meant() {
    let said = |keys: &str| said_of(&format!("on = \"level\"\n{keys}"));
    insta::assert_snapshot!(
        [
            "rose = true",
            "ladder = \"value-tier\"\nrose = true",
            "ladder = \"value-tiers\"",
            "ladder = \"value-tiers\"\nentered = \"hihg\"",
            "ladder = \"value-tiers\"\nrose = true\nfell = true",
            "ladder = \"value-tiers\"\nrose = false",
            "ladder = \"value-tiers\"\nentered = \"mid\"\nleft = \"mid\"",
            "ladder = \"value-tiers\"\nrose = true\nexpire_after = \"90d\"",
            "ladder = \"value-tiers\"\nrose = true\noffset = \"-3d\"",
        ]
        .map(said)
        .join("\n")
    );
}
