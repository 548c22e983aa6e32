//! Applying folders: what is stored, what changes, what stays.

use std::path::Path;

use tend::jobfile::applied::{Applied, Outcome, What};
use tend::jobfile::folder::read_folder;
use tend::jobfile::store::{Applying, Basis, apply_folder, report_broken, spec_reader};
use tend::jobs::KINDS;

use super::{ladder, read, write};
use crate::support::{World, instant};

async fn apply(world: &World, dir: &Path, basis: Basis<'_>) -> Applied {
    let applying = Applying { who: "test", basis, clock: world.clock(), kinds: KINDS };
    apply_folder(world.db(), &read(dir), applying).await.unwrap()
}

fn what(applied: &Applied) -> Vec<(&str, What)> {
    applied.changes.iter().map(|change| (change.job.as_str(), change.what)).collect()
}

#[tokio::test]
async fn a_new_folder_is_stored_and_starts_now_and_again_changes_nothing() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *"));
    let first = apply(&world, dir.path(), Basis::Found).await;
    assert_eq!((first.outcome, what(&first)), (Outcome::Applied, vec![("tiers", What::Added)]));
    let before = world.rows("select job, kind, enabled, known_since, planned_to, revision from tend.job").await;
    assert_eq!(before, ["tiers\tretier\ttrue\t2026-06-01T00:00:00+00:00\t2026-06-01T00:00:00+00:00\t1"]);
    world.advance_to(instant("2026-06-02T00:00:00Z")).await;
    let second = apply(&world, dir.path(), Basis::Found).await;
    assert_eq!((second.outcome, second.revision, second.changes.len()), (Outcome::Unchanged, first.revision, 0));
    assert_eq!(world.rows("select job, kind, enabled, known_since, planned_to, revision from tend.job").await, before);
    assert_eq!(world.value("select count(*) from tend.folder_revision").await, "1");
}

#[tokio::test]
async fn a_stored_spec_is_read_back_as_the_same_spec() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *"));
    let refers = ladder("Refers", "0 3 * * *")
        .replace("field = \"spend\", at_least = 1000", "ladder = \"tiers\", at_least = \"high\"");
    write(dir.path(), "refers", &refers);
    apply(&world, dir.path(), Basis::Found).await;
    let folder = read(dir.path());
    let mut conn = world.pool().acquire().await.unwrap();
    for job in folder.jobs.values() {
        let stored = tend::engine::specs::load(&mut conn, &job.hash).await.unwrap().unwrap();
        let spec = spec_reader(KINDS)(stored).unwrap();
        assert_eq!((spec.hash.as_str(), format!("{:?}", spec.code)), (job.hash.as_str(), format!("{:?}", job.code)));
    }
    assert_eq!(
        world.value("select ladders from tend.spec where job = 'refers'").await,
        r#"{"tiers": ["high", "normal"]}"#
    );
    // other levels of the ladder make another version of the job that names it
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *").replace("\"normal\"", "\"rest\""));
    let applied = apply(&world, dir.path(), Basis::Found).await;
    assert_eq!(what(&applied), [("refers", What::Changed), ("tiers", What::Changed)]);
}

#[tokio::test]
async fn a_changed_schedule_plans_the_old_one_up_to_now_and_never_replays_the_past() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *"));
    apply(&world, dir.path(), Basis::Found).await;
    world.advance_to(instant("2026-06-03T12:00:00Z")).await;
    // any other edit leaves the watermark alone
    write(dir.path(), "tiers", &ladder("Tiers by spend", "0 2 * * *"));
    let edited = apply(&world, dir.path(), Basis::Found).await;
    assert!(
        !edited.changes[0].rescheduled
            && edited.changes[0].diff.contains("-title = \"Tiers\"\n+title = \"Tiers by spend\"")
    );
    assert_eq!(world.value("select planned_to from tend.job").await, "2026-06-01 00:00:00+00");
    assert_eq!(world.value("select count(*) from tend.job_run").await, "0");
    // 02:00 in Shanghai is 18:00 UTC: 1 and 2 June fell due under the old schedule
    write(dir.path(), "tiers", &ladder("Tiers by spend", "*/15 * * * *"));
    let moved = apply(&world, dir.path(), Basis::Found).await;
    assert!(moved.changes[0].rescheduled);
    assert_eq!(world.value("select planned_to from tend.job").await, "2026-06-03 12:00:00+00");
    let slots = world.rows("select slot from tend.job_run order by slot").await;
    assert_eq!(slots, ["2026-06-01T18:00:00+00:00", "2026-06-02T18:00:00+00:00"]);
}

#[tokio::test]
async fn a_job_is_disabled_enabled_removed_and_restored_without_its_past() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let on = ladder("Tiers", "0 2 * * *");
    write(dir.path(), "tiers", &on);
    write(dir.path(), "other", &ladder("Other", "0 4 * * *"));
    apply(&world, dir.path(), Basis::Found).await;
    write(dir.path(), "tiers", &format!("enabled = false\n{on}"));
    assert_eq!(what(&apply(&world, dir.path(), Basis::Found).await), [("tiers", What::Disabled)]);
    world.advance_to(instant("2026-06-05T00:00:00Z")).await;
    write(dir.path(), "tiers", &format!("enabled = true\n{on}"));
    assert_eq!(what(&apply(&world, dir.path(), Basis::Found).await), [("tiers", What::Enabled)]);
    let row = "select enabled, planned_to, removed_at is null from tend.job where job = 'tiers'";
    assert_eq!(world.rows(row).await, ["true\t2026-06-05T00:00:00+00:00\ttrue"]);
    std::fs::remove_file(dir.path().join("tiers.toml")).unwrap();
    assert_eq!(what(&apply(&world, dir.path(), Basis::Found).await), [("tiers", What::Removed)]);
    assert_eq!(world.rows(row).await, ["false\t2026-06-05T00:00:00+00:00\tfalse"]);
    world.advance_to(instant("2026-06-09T00:00:00Z")).await;
    write(dir.path(), "tiers", &format!("{on}# back\n"));
    assert_eq!(what(&apply(&world, dir.path(), Basis::Found).await), [("tiers", What::Restored)]);
    assert_eq!(world.rows(row).await, ["true\t2026-06-09T00:00:00+00:00\ttrue"]);
    assert_eq!(world.value("select count(*) from tend.job_run where job = 'tiers'").await, "0");
}

#[tokio::test]
async fn a_superseded_folder_is_put_back_by_force_or_by_an_edit_only() {
    let (world, old, new) = (World::new().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(old.path(), "tiers", &ladder("Old", "0 2 * * *"));
    write(new.path(), "tiers", &ladder("New", "0 2 * * *"));
    apply(&world, old.path(), Basis::Found).await;
    let newer = apply(&world, new.path(), Basis::Found).await;
    let again = apply(&world, old.path(), Basis::Found).await;
    assert_eq!((again.outcome, again.revision), (Outcome::Superseded, newer.revision));
    assert!(again.to_string().contains("tend apply --force"), "{again}");
    let (old_hash, new_hash) = (read(old.path()).hash, read(new.path()).hash);
    // a replica that had the old folder all along has no say; one whose folder is in force may go back
    assert_eq!(apply(&world, old.path(), Basis::EditOf(&old_hash)).await.outcome, Outcome::Superseded);
    assert_eq!(apply(&world, old.path(), Basis::EditOf(&new_hash)).await.outcome, Outcome::Applied);
    assert_eq!(apply(&world, new.path(), Basis::Forced).await.outcome, Outcome::Applied);
    let revisions = world.rows("select revision, forced from tend.folder_revision order by 1").await;
    assert_eq!(revisions, ["1\tfalse", "2\tfalse", "3\tfalse", "4\ttrue"]);
}

#[tokio::test]
async fn two_replicas_that_apply_at_the_same_time_make_one_revision() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *"));
    let both = tokio::join!(apply(&world, dir.path(), Basis::Found), apply(&world, dir.path(), Basis::Found));
    let mut outcomes = [both.0.outcome, both.1.outcome];
    outcomes.sort_by_key(|outcome| *outcome == Outcome::Unchanged);
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Unchanged]);
    assert_eq!(world.value("select count(*) from tend.folder_revision").await, "1");
}

#[tokio::test]
async fn a_broken_folder_changes_nothing_and_stands_where_all_can_see_it_until_it_is_right() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *"));
    apply(&world, dir.path(), Basis::Found).await;
    write(dir.path(), "second", "title = 3\n");
    let problems = read_folder(dir.path(), KINDS).unwrap_err();
    let mut conn = world.pool().acquire().await.unwrap();
    report_broken(&mut conn, world.clock(), uuid::Uuid::nil(), &problems).await.unwrap();
    assert!(world.value("select report from tend.folder_problem").await.contains("second.toml:1:9"));
    assert_eq!(world.value("select count(*) from tend.job").await, "1");
    std::fs::remove_file(dir.path().join("second.toml")).unwrap();
    apply(&world, dir.path(), Basis::Found).await;
    assert_eq!(world.value("select count(*) from tend.folder_problem").await, "0");
}

#[tokio::test]
async fn what_was_applied_reads_well() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    write(dir.path(), "tiers", &ladder("Tiers", "0 2 * * *"));
    write(dir.path(), "gone", &ladder("Gone", "0 2 * * *"));
    apply(&world, dir.path(), Basis::Found).await;
    write(dir.path(), "tiers", &ladder("Tiers", "30 3 * * *"));
    write(dir.path(), "new", &ladder("New", "0 2 * * *"));
    std::fs::remove_file(dir.path().join("gone.toml")).unwrap();
    let applied = apply(&world, dir.path(), Basis::Found).await;
    insta::assert_snapshot!(applied.to_string(), @r#"
    + new: new, starts now
    ~ tiers: changed
        a new schedule from now on; nothing of the past is run again
        @@ -1,7 +1,7 @@
         title = "Tiers"
         
         [schedule]
        -cron = "0 2 * * *"
        +cron = "30 3 * * *"
         timezone = "Asia/Shanghai"
         
         [retier]
    - gone: its file is gone: disabled
    revision 2 is in force
    "#);
}
