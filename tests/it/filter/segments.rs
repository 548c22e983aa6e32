//! Segments: conditions with a name, kept with the specs that use them.

use std::path::Path;

use tend::engine::specs::load;
use tend::filter::segment;
use tend::jobfile::applied::What;
use tend::jobfile::folder::{Folder, read_folder};
use tend::jobfile::kind::Ladders;
use tend::jobfile::store::{Applying, Basis, apply_folder, spec_reader};
use tend::jobs::{KINDS, segment as plan};

use super::frame;
use crate::support::World;

fn job(when: &str) -> String {
    format!(
        "title = \"A ladder\"\n[retier]\nwindow = \"365d\"\n[[retier.level]]\nname = \"high\"\nwhen = {when}\n[[retier.level]]\nname = \"normal\"\n"
    )
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn segment_file(window: &str, when: &str) -> String {
    format!("title = \"A segment\"\nwindow = \"{window}\"\nwhen = {when}\n")
}

fn read(dir: &Path) -> Folder {
    read_folder(dir, KINDS).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A job that uses `outer`, which uses `inner`; `unused` is used by nobody.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "tiers.toml", &job("{ segment = \"outer\" }"));
    write(dir.path(), "other.toml", &job("{ field = \"spend\", above = 1 }"));
    write(
        dir.path(),
        "segments/outer.toml",
        &segment_file("30d", "{ any = [{ segment = \"inner\" }, { field = \"spend\", at_least = 100 }] }"),
    );
    write(dir.path(), "segments/inner.toml", &segment_file("90d", "{ field = \"country\", is = \"GB\" }"));
    write(dir.path(), "segments/unused.toml", &segment_file("90d", "{ field = \"country\", is = \"FR\" }"));
    dir
}

async fn apply(world: &World, dir: &Path) -> Vec<(String, What)> {
    let applying = Applying { who: "test", basis: Basis::Found, clock: world.clock(), kinds: KINDS };
    let applied = apply_folder(world.db(), &read(dir), applying).await.unwrap();
    applied.changes.into_iter().map(|change| (change.job, change.what)).collect()
}

#[tokio::test]
async fn a_spec_keeps_the_segments_it_uses_and_reads_the_same_anywhere() {
    let (world, dir) = (World::new().await, folder());
    apply(&world, dir.path()).await;
    let folder = read(dir.path());
    let used: Vec<_> = folder.jobs["tiers"].segments.keys().cloned().collect();
    assert_eq!(used, ["inner", "outer"]);
    assert!(folder.jobs["other"].segments.is_empty());
    let mut conn = world.pool().acquire().await.unwrap();
    let stored = load(&mut conn, &folder.jobs["tiers"].hash).await.unwrap().unwrap();
    let spec = spec_reader(KINDS)(stored).unwrap();
    assert_eq!(format!("{:?}", spec.code), format!("{:?}", folder.jobs["tiers"].code));
}

#[tokio::test]
async fn another_text_of_a_segment_makes_another_version_of_the_jobs_that_use_it_and_of_no_other() {
    let (world, dir) = (World::new().await, folder());
    apply(&world, dir.path()).await;
    write(dir.path(), "segments/inner.toml", &segment_file("90d", "{ field = \"country\", is = \"DE\" }"));
    write(dir.path(), "segments/unused.toml", &segment_file("90d", "{ field = \"country\", is = \"DE\" }"));
    assert_eq!(apply(&world, dir.path()).await, [("tiers".to_owned(), What::Changed)]);
}

async fn people(world: &World) {
    world
        .sql(
            "insert into crm.customer (customer_id, name, country) values ('ann', '安娜', 'CN'), ('bob', 'Bob', 'GB'), ('cat', '', null), ('dan', 'Dan', null);
             insert into crm.orders (customer_id, order_id, placed_at, amount) values
             ('ann', '1', '2026-05-20', 100), ('cat', '2', '2026-05-20', 99.5), ('dan', '3', '2026-04-01', 500)",
        )
        .await;
}

#[tokio::test]
async fn a_plan_says_how_many_who_and_how_many_a_missing_value_kept_out() {
    let (world, dir) = (World::new().await, folder());
    people(&world).await;
    let folder = read(dir.path());
    let (segments, ladders) = (folder.sources(), Ladders::new(folder.ladders.clone()));
    let outer = segment::read("outer", &segments, &ladders).unwrap().unwrap();
    let mut conn = world.pool().acquire().await.unwrap();
    let planned = plan::plan(&mut conn, &outer, frame(None)).await.unwrap();
    assert_eq!(planned.json["members"], 2);
    assert_eq!(planned.json["customers"], 4);
    assert_eq!(planned.json["missing"][0]["condition"], "country is GB");
    assert_eq!(planned.json["missing"][0]["customers"], 2);
    assert_eq!(planned.json["samples"][0]["customer_id"], "ann");
    insta::assert_snapshot!("a_plan_of_a_segment", planned.text);
}

#[tokio::test]
async fn a_customer_is_explained_condition_by_condition() {
    let (world, dir) = (World::new().await, folder());
    people(&world).await;
    let folder = read(dir.path());
    let (segments, ladders) = (folder.sources(), Ladders::new(folder.ladders.clone()));
    let outer = segment::read("outer", &segments, &ladders).unwrap().unwrap();
    let mut conn = world.pool().acquire().await.unwrap();
    let mut text = String::new();
    for customer in ["ann", "bob", "cat", "dan"] {
        let explained = plan::judge(&mut conn, &outer, frame(None), customer).await.unwrap().unwrap();
        text.push_str(&explained.text);
    }
    insta::assert_snapshot!("a_customer_in_a_segment", text);
    assert!(plan::judge(&mut conn, &outer, frame(None), "nobody").await.unwrap().is_none());
}
