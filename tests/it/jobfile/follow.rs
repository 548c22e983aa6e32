//! Following a folder: edits are applied as they are saved, half a file never, a broken folder is reported.

use std::path::Path;
use std::time::Duration;

use tend::jobfile::watch::Keeper;
use tend::jobs::KINDS;
use tokio_util::sync::CancellationToken;

use super::{ladder, write};
use crate::support::World;

async fn until(world: &World, query: &str, wanted: &str) {
    let started = std::time::Instant::now();
    loop {
        let found = world.value(query).await;
        if found == wanted {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{query}: {found}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn keeper(world: &World, dir: &Path) -> Keeper {
    Keeper {
        dir: dir.to_owned(),
        calendars: None,
        kinds: KINDS,
        db: world.db().clone(),
        clock: world.clock(),
        instance: uuid::Uuid::nil(),
        who: "test".into(),
    }
}

const TITLE: &str = "select coalesce((select split_part(s.body, '\"', 2) from tend.job j join tend.spec s on s.hash = j.spec_hash where j.job = 'tiers'), '')";

#[tokio::test]
async fn edits_are_applied_a_broken_folder_is_reported_and_the_way_back_is_an_edit_too() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let jobs = dir.path().join("jobs");
    std::fs::create_dir(&jobs).unwrap();
    write(&jobs, "tiers", &ladder("One", "0 2 * * *"));
    let cancel = CancellationToken::new();
    let following = tokio::spawn(keeper(&world, &jobs).follow(|_| {}, cancel.clone()));
    until(&world, TITLE, "One").await;
    // as editors save: into a hidden file, then renamed
    std::fs::write(jobs.join(".tiers.toml.swp"), ladder("Two", "0 2 * * *")).unwrap();
    std::fs::rename(jobs.join(".tiers.toml.swp"), jobs.join("tiers.toml")).unwrap();
    until(&world, TITLE, "Two").await;
    // truncated, then written piece by piece
    std::fs::write(jobs.join("tiers.toml"), "").unwrap();
    write(&jobs, "tiers", &ladder("Three", "0 2 * * *"));
    until(&world, TITLE, "Three").await;
    write(&jobs, "other", "title = 3\n");
    until(&world, "select count(*) from tend.folder_problem", "1").await;
    assert_eq!(world.value(TITLE).await, "Three");
    std::fs::remove_file(jobs.join("other.toml")).unwrap();
    until(&world, "select count(*) from tend.folder_problem", "0").await;
    write(&jobs, "tiers", &ladder("Two", "0 2 * * *"));
    until(&world, TITLE, "Two").await;
    // what was never whole was never applied
    let revisions = world.rows("select (select split_part(body, '\"', 2) from tend.spec where hash = specs ->> 'tiers') from tend.folder_revision order by revision").await;
    assert_eq!(revisions, ["One", "Two", "Three", "Two"]);
    cancel.cancel();
    following.await.unwrap().unwrap();
}
