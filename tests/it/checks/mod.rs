//! The examples in job files: what they say, where they run, what is told about them.

mod rooms;
mod shipped;
mod telling;

use std::path::Path;

use tend::checks::{self, Report};
use tend::db::{DatabaseSettings, Scratch};
use tend::jobfile::folder::{Folder, read_folder};
use tend::jobs::KINDS;

use crate::support::World;

/// The server of the tests, by a database that is not there: nobody can have looked into it.
pub fn nowhere(world: &World) -> String {
    let (server, rest) = world.url().split_once("/test_").expect("a test's database");
    let parameters = rest.split_once('?').map_or("", |(_, parameters)| parameters);
    format!("{server}/there_is_no_such_database?{parameters}")
}

pub fn folder(dir: &Path) -> Folder {
    read_folder(dir, KINDS).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Tries out all checks of a folder in a scratch database.
pub async fn try_out(folder: &Folder) -> Report {
    let world = World::empty().await;
    let mut scratch = Scratch::open(&DatabaseSettings::new(nowhere(&world))).await.unwrap();
    let report = checks::run(folder, scratch.conn()).await;
    scratch.close().await;
    report.unwrap()
}
