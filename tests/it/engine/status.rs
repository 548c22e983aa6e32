//! What `tend status` says.

use std::sync::Arc;

use tend::engine::Outcome;
use tend::engine::control::{pause, pause_sending};
use tend::engine::status::{Status, status};

use super::stage::{Act, Stage, Toy};

async fn why(status: &Status, job: &str) -> Vec<String> {
    status.late.iter().filter(|late| late.job == job).map(|late| late.why.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_shows_the_last_run_and_the_next_slots_in_the_jobs_zone() {
    let stage = Stage::new().await;
    let toy = Toy { timezone: "Asia/Shanghai".to_owned(), ..Toy::new("0 2 * * *", Act::Steps(2)) };
    stage.install("tiers", &toy).await;
    let engine = stage.engine();
    stage.at("2026-06-01T18:00:00Z").await;
    engine.pass_once().await.unwrap();
    let status = status(&engine).await.unwrap();
    let job = &status.jobs[0];
    assert_eq!(job.last.as_ref().unwrap().state, "succeeded");
    assert_eq!(job.next[0].local, "2026-06-03 02:00 +08:00");
    assert!(status.late.is_empty());
    let text = status.text(chrono_tz::UTC);
    let run_id = job.last.as_ref().unwrap().run_id;
    assert_eq!(
        text,
        format!(
            "2026-06-01 18:00 +00:00\n\nJobs\n  tiers (toy): next 2026-06-03 02:00 +08:00 (in 1 d)\n    \
             last: run {run_id} for 2026-06-02 02:00 +08:00 succeeded in 0 s: steps 2\n"
        )
    );
    assert_eq!(serde_json::to_value(&status).unwrap()["jobs"][0]["last"]["progress"]["steps"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_what_is_late_and_why() {
    let stage = Stage::new().await;
    stage.install("tiers", &Toy::new("0 2 * * *", Act::Retry)).await;
    stage.install("birthday", &Toy { after: vec!["tiers".to_owned()], ..Toy::new("0 2 * * *", Act::Count) }).await;
    stage.install("unplanned", &Toy::new("5 2 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    assert_eq!(engine.pass_once().await.unwrap().outcomes, [Outcome::Retrying]);
    stage.world.sql("update tend.job_run set run_after = '2026-06-01T02:30Z' where job = 'tiers'").await;
    stage.at("2026-06-01T02:10:00Z").await;
    let shown = status(&engine).await.unwrap();
    assert_eq!(why(&shown, "tiers").await, ["attempt 2 at 2026-06-01 02:30 +00:00, because: not yet"]);
    assert_eq!(
        why(&shown, "birthday").await,
        ["waiting for tiers: its run of 2026-06-01 has not started; runs without at 2026-06-01 08:00 +00:00"]
    );
    assert_eq!(why(&shown, "unplanned").await, ["not planned yet: no replica is alive (start `tend serve`)"]);
    pause(&engine, "birthday", "ann", "stocktaking").await.unwrap();
    pause_sending(&engine, "bob", "wrong voucher").await.unwrap();
    let shown = status(&engine).await.unwrap();
    assert_eq!(why(&shown, "birthday").await, ["paused by ann since 2026-06-01 02:10 +00:00"]);
    let text = shown.text(chrono_tz::UTC);
    assert!(text.contains("ALL SENDING IS STOPPED by bob since 2026-06-01 02:10 +00:00: wrong voucher"), "{text}");
    assert!(text.contains("birthday (toy): paused by ann since 2026-06-01 02:10 +00:00: stocktaking"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_names_the_owner_of_a_run_at_work_and_what_waits_behind_it() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Gate(1))).await;
    stage.at("2026-06-02T12:00:00Z").await;
    let engine = stage.engine();
    let run = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.pass_once().await.unwrap() }
    });
    stage.at_work().await;
    let shown = status(&engine).await.unwrap();
    let open: Vec<_> = shown.jobs[0].open.iter().map(|run| run.why.clone().unwrap()).collect();
    assert!(open[0].starts_with("at work on ") && open[0].contains(", lease until "), "{open:?}");
    let first = shown.jobs[0].open[0].run_id;
    assert_eq!(open[1], format!("waiting for run {first} of the same job, which is at work"));
    stage.world.sql("update tend.lease set until = clock_timestamp() - interval '1 s'").await;
    let shown = status(&engine).await.unwrap();
    assert!(shown.jobs[0].open[0].why.as_ref().unwrap().contains("no sign of life"));
    stage.world.sql("update tend.lease set until = clock_timestamp() + interval '30 s'").await;
    stage.open(1).await;
    run.await.unwrap();
}
