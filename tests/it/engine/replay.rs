//! Run-now and backfill.

use chrono::NaiveDate;
use tend::engine::Outcome;
use tend::engine::control::pause;
use tend::engine::replay::{BackfillError, execute_now, request_backfill, request_manual, slot_of_day};
use tokio_util::sync::CancellationToken;

use super::stage::{Act, Stage, Toy};
use crate::support::instant;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_by_hand_never_uses_up_a_slot_and_runs_while_the_job_is_paused() {
    let stage = Stage::new().await;
    let toy = Toy::new("0 2 * * *", Act::Count);
    stage.install("job", &toy).await;
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &toy).await).await;
    stage.at("2026-06-01T01:30:00Z").await;
    let slot = instant("2026-06-01T02:00:00Z");
    let first = request_manual(&engine, &spec, slot, "one").await.unwrap();
    assert!(first.new);
    let again = request_manual(&engine, &spec, slot, "one").await.unwrap();
    assert_eq!((again.run_id, again.new), (first.run_id, false));
    engine.pass_once().await.unwrap();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    pause(&engine, "job", "ann", "").await.unwrap();
    request_manual(&engine, &spec, slot, "two").await.unwrap();
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("job").await,
        [
            "06-01 02:00\tmanual\tsucceeded\tnull\tnull",
            "06-01 02:00\tschedule\tsucceeded\tnull\tnull",
            "06-01 02:00\tmanual\tsucceeded\tnull\tnull",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_executes_exactly_the_run_it_asked_for() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &Toy::new("", Act::Count)).await).await;
    request_manual(&engine, &spec, instant("2026-05-01T00:00:00Z"), "").await.unwrap();
    let wanted = request_manual(&engine, &spec, instant("2026-05-02T00:00:00Z"), "").await.unwrap();
    let never = CancellationToken::new();
    let standing = execute_now(&engine, wanted.run_id, &never).await.unwrap();
    assert_eq!((standing.state.as_str(), standing.outcome), ("succeeded", Some(Outcome::Succeeded)));
    assert_eq!(stage.done("job").await, ["05-02 00:00\t1"]);
    let standing = execute_now(&engine, wanted.run_id, &never).await.unwrap();
    assert_eq!((standing.state.as_str(), standing.outcome), ("succeeded", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_runs_the_slots_of_its_days_in_order_and_once() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    let toy = Toy { timezone: "Asia/Shanghai".to_owned(), ..Toy::new("0 2 * * *", Act::Count) };
    let spec = stage.spec(&engine, &stage.store("job", &toy).await).await;
    for expected in [true, false] {
        let asked = request_backfill(&engine, &spec, day("2026-05-01"), day("2026-05-03"), "").await.unwrap();
        assert_eq!(asked.iter().map(|run| run.new).collect::<Vec<_>>(), [expected; 3]);
        engine.pass_once().await.unwrap();
    }
    let rows = "select to_char(slot, 'MM-DD HH24:MI') as slot, business_date, trigger, state, note from tend.job_run order by slot";
    assert_eq!(
        stage.world.rows(rows).await,
        [
            "04-30 18:00\t2026-05-01\tbackfill\tsucceeded\tnull",
            "05-01 18:00\t2026-05-02\tbackfill\tsucceeded\tnull",
            "05-02 18:00\t2026-05-03\tbackfill\tsucceeded\tnull",
        ]
    );
    let order = "select string_agg(to_char(as_of, 'DD'), ',' order by id) from toy.done";
    assert_eq!(stage.world.value(order).await, "30,01,02");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_says_when_it_judges_on_todays_data_and_refuses_what_must_not_be_replayed() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    let with = |replay: &str| Toy { replay: replay.to_owned(), ..Toy::new("0 2 * * *", Act::Count) };
    let current = stage.spec(&engine, &stage.store("current", &with("current")).await).await;
    let never = stage.spec(&engine, &stage.store("never", &with("never")).await).await;
    let (from, to) = (day("2026-05-01"), day("2026-05-01"));
    request_backfill(&engine, &current, from, to, "").await.unwrap();
    assert_eq!(stage.runs("current").await, ["05-01 02:00\tbackfill\tdue\tnull\tjudged on today's data"]);
    assert!(matches!(request_backfill(&engine, &never, from, to, "").await, Err(BackfillError::Never(_))));
    let future = request_backfill(&engine, &current, from, day("2026-06-02"), "").await;
    assert!(matches!(future, Err(BackfillError::Future(date)) if date == day("2026-06-01")));
    let long = request_backfill(&engine, &current, day("2000-01-01"), to, "").await;
    assert!(matches!(long, Err(BackfillError::TooMany)));
    let none = request_backfill(&engine, &current, to, day("2026-04-01"), "").await;
    assert!(matches!(none, Err(BackfillError::Nothing { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_means_that_days_slot_or_local_midnight() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    let toy = |cron: &str, zone: &str| Toy { timezone: zone.to_owned(), ..Toy::new(cron, Act::Count) };
    for (cron, zone, date, expected) in [
        ("0 2 * * *", "Asia/Shanghai", "2026-06-01", "2026-05-31T18:00:00Z"),
        ("", "Asia/Shanghai", "2026-06-01", "2026-05-31T16:00:00Z"),
        ("0 2 * * 1", "UTC", "2026-06-02", "2026-06-02T00:00:00Z"), // no Monday
        ("", "Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"), // the clocks jump over midnight
    ] {
        let spec = stage.spec(&engine, &stage.store("job", &toy(cron, zone)).await).await;
        assert_eq!(slot_of_day(&spec, day(date)), Some(instant(expected)), "{cron} {zone} {date}");
    }
}
