//! Downtime: what is caught up and what is skipped is as the file says.

use super::stage::{Act, Stage, Toy};

/// The rows of a nightly job after a daemon that stood still from 1 June, noon, to 8 June, 00:30 or later.
async fn after_a_week(toy: Toy, back: &str) -> Vec<String> {
    let stage = Stage::new().await;
    stage.at("2026-06-01T12:00:00Z").await;
    stage.install("job", &toy).await;
    stage.at(back).await;
    stage.engine().pass_once().await.unwrap();
    stage.engine().pass_once().await.unwrap();
    stage.runs("job").await
}

fn nightly(missed: &str) -> Toy {
    Toy::new("0 2 * * *", Act::Count).catch_up(missed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_downtime_with_skip_leaves_seven_rows_and_runs_none() {
    let rows = after_a_week(nightly("skip"), "2026-06-08T12:00:00Z").await;
    assert_eq!(rows.len(), 7);
    for row in rows {
        assert!(row.ends_with("\tcatchup\tskipped\tmissed, and the job's catch_up is \"skip\"\tnull"), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_downtime_with_latest_runs_the_newest_night_only() {
    let rows = after_a_week(nightly("latest"), "2026-06-08T12:00:00Z").await;
    let superseded =
        "catchup\tskipped\tmissed, and a newer slot was due as well: the job's catch_up is \"latest\"\tnull";
    let expected: Vec<String> = (2..=7).map(|day| format!("06-0{day} 02:00\t{superseded}")).collect();
    assert_eq!(rows[..6], expected);
    assert_eq!(rows[6..], ["06-08 02:00\tcatchup\tsucceeded\tnull\tplanned 10 h late"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_downtime_with_latest_and_a_window_runs_nothing_older() {
    let toy = Toy { window_hours: Some(6), ..nightly("latest") };
    let rows = after_a_week(toy, "2026-06-08T12:00:00Z").await;
    assert_eq!(rows[6], "06-08 02:00\tcatchup\tskipped\tmissed, and older than the job's catch-up window of 6 h\tnull");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_downtime_with_all_runs_what_window_and_maximum_allow_oldest_first() {
    let toy = Toy { window_hours: Some(5 * 24), max: 3, ..nightly("all") };
    let rows = after_a_week(toy, "2026-06-08T12:00:00Z").await;
    let fates: Vec<_> = rows.iter().map(|row| row.split('\t').nth(3).unwrap()).collect();
    let old = "missed, and older than the job's catch-up window of 5 d";
    let many = "missed, and more than the newest 3 are not caught up";
    assert_eq!(fates, [old, old, many, many, "null", "null", "null"]);
    assert!(rows[4..].iter().all(|row| row.contains("\tcatchup\tsucceeded\t")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_at_the_slot_loses_no_run_even_with_skip() {
    let rows = after_a_week(nightly("skip"), "2026-06-08T02:01:30Z").await;
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[6], "06-08 02:00\tschedule\tsucceeded\tnull\tnull");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_whose_deadline_for_starting_has_passed_is_skipped_as_too_late() {
    let toy = Toy { start_deadline_minutes: Some(60), ..nightly("all") };
    let rows = after_a_week(toy, "2026-06-08T02:30:00Z").await;
    assert_eq!(rows[5], "06-07 02:00\tcatchup\tskipped\ttoo late: not started within the job's start_deadline\tnull");
    assert_eq!(rows[6], "06-08 02:00\tcatchup\tsucceeded\tnull\tplanned 30 min late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_job_after_a_month_gets_every_row_in_bounded_batches_and_runs_the_newest() {
    let stage = Stage::new().await;
    stage.install("minutely", &Toy::new("* * * * *", Act::Count).catch_up("latest")).await;
    stage.at("2026-07-01T00:00:00Z").await;
    let pass = stage.engine().pass_once().await.unwrap();
    assert_eq!(pass.planned.due + pass.planned.skipped, 30 * 1440);
    // The last three minutes (23:58, 23:59, 00:00) were planned in time.
    assert_eq!(stage.done("minutely").await, ["06-30 23:58\t1", "06-30 23:59\t1", "07-01 00:00\t1"]);
    assert_eq!(stage.world.value("select count(distinct slot) from tend.job_run").await, (30 * 1440).to_string());
}
