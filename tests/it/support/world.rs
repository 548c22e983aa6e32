//! A world of one test: its own database, its own time.
#![allow(dead_code, reason = "each topic uses what it needs")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool};
use tend::clock::Clock;
use tend::db::embedded::PrivatePostgres;
use tend::db::{Database, DatabaseSettings, migrate};

use super::server::{TestServer, blocking, launch};

/// One test's database, dropped with it.
pub struct World {
    db: Database,
    url: String,
    cleanup: Cleanup,
}

enum Cleanup {
    Drop(String),
    Own(OwnServer),
}

/// A server that a test may kill.
pub struct OwnServer {
    postgres: PrivatePostgres,
    _dir: tempfile::TempDir,
}

impl World {
    /// A migrated database of its own; the time stands at 2026-06-01T00:00Z until it is advanced.
    pub async fn new() -> Self {
        let name = TestServer::get().clone_template().await;
        Self::on(name).await
    }

    /// A database nobody has migrated.
    pub async fn empty() -> Self {
        let name = TestServer::get().empty_database().await;
        let url = TestServer::get().url(&name);
        let db = Database::connect(&DatabaseSettings::new(url.clone())).await.unwrap();
        Self { db, url, cleanup: Cleanup::Drop(name) }
    }

    async fn on(name: String) -> Self {
        let url = TestServer::get().url(&name);
        let db = Database::connect(&DatabaseSettings::new(url.clone())).await.unwrap();
        let world = Self { db, url, cleanup: Cleanup::Drop(name) };
        world.advance_to(instant("2026-06-01T00:00:00Z")).await;
        world
    }

    /// A migrated database on a server of its own, for tests that kill it.
    pub async fn with_own_server() -> Self {
        let dir = tempfile::Builder::new().prefix("tend-own-").tempdir().unwrap();
        let home = dir.path().join("postgres");
        open_to_all(dir.path());
        let postgres = launch(&home).start().unwrap_or_else(|error| panic!("{error}"));
        let url = postgres.url();
        let db = Database::connect(&DatabaseSettings::new(url.clone())).await.unwrap();
        migrate(&db, true).await.unwrap();
        let world = Self { db, url, cleanup: Cleanup::Own(OwnServer { postgres, _dir: dir }) };
        world.advance_to(instant("2026-06-01T00:00:00Z")).await;
        world
    }

    /// Its database, as the rooms take it.
    pub fn db(&self) -> &Database {
        &self.db
    }

    /// Connections for the test's own statements.
    pub fn pool(&self) -> &PgPool {
        self.db.pool()
    }

    /// For `TEND__DATABASE__URL` of a spawned binary.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The clock that [`World::advance_to`] drives.
    pub fn clock(&self) -> Clock {
        Clock::Driven
    }

    /// Sets what "now" is.
    pub async fn advance_to(&self, to: DateTime<Utc>) {
        let mut connection = self.pool().acquire().await.unwrap();
        Clock::drive(&mut connection, to).await.unwrap();
    }

    /// Runs statements, for setting up rows.
    pub async fn sql(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(self.pool())
            .await
            .unwrap_or_else(|e| panic!("{e}\n{statements}"));
    }

    /// The first column of the first row, as text; for expectations.
    pub async fn value(&self, query: &str) -> String {
        let query = format!("select (({query}))::text");
        let value: Option<String> = sqlx::query_scalar(AssertSqlSafe(query.clone()))
            .fetch_one(self.pool())
            .await
            .unwrap_or_else(|e| panic!("{e}\n{query}"));
        value.unwrap_or_else(|| "null".to_owned())
    }

    /// The rows of a query as tab-separated lines, in the query's order; for snapshots.
    pub async fn rows(&self, query: &str) -> Vec<String> {
        let query = format!(
            "select (select string_agg(coalesce(value, 'null'), E'\\t' order by place) from json_each_text(to_json(r)) with ordinality as c(key, value, place)) from ({query}) r"
        );
        sqlx::query_scalar(AssertSqlSafe(query.clone()))
            .fetch_all(self.pool())
            .await
            .unwrap_or_else(|e| panic!("{e}\n{query}"))
    }

    /// The `tend` binary on this database, with driven time and nothing of the caller's environment but `PATH`.
    pub fn tend(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tend"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TEND__DATABASE__URL", &self.url)
            .env("TEND__TIME__SOURCE", "driven");
        command
    }

    /// Kills the server of [`World::with_own_server`] without a shutdown and waits until it answers again.
    pub async fn restart_immediately(&self) {
        let Cleanup::Own(server) = &self.cleanup else { panic!("this world shares its server") };
        let before = server.postgres.pid().expect("a running server");
        // SAFETY: the server this test started.
        unsafe { libc::kill(before, libc::SIGQUIT) };
        eventually("the server is back", async || {
            server.postgres.pid().is_some_and(|pid| pid != before)
                && sqlx::query("select 1").execute(self.pool()).await.is_ok()
        })
        .await;
    }

    /// The process of the server of [`World::with_own_server`].
    pub fn server_pid(&self) -> i32 {
        let Cleanup::Own(server) = &self.cleanup else { panic!("this world shares its server") };
        server.postgres.pid().expect("a running server")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Cleanup::Drop(name) = &self.cleanup
            && !std::thread::panicking()
        {
            blocking(TestServer::get().admin(&format!("drop database {name} with (force)")));
        }
    }
}

/// An instant from its RFC 3339 text.
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Waits for a condition with a deadline; for what a process does in its own time.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The server's user must get to it.
fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}
