//! One private Postgres for all tests of this process, with a migrated database that each test clones.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tend::db::embedded::{Launch, PrivatePostgres};
use tend::db::{Database, DatabaseSettings, migrate};

static SERVER: LazyLock<TestServer> = LazyLock::new(TestServer::start);
static NEXT: AtomicU32 = AtomicU32::new(1);
/// Postgres refuses to copy a template while another copy of it begins.
static CLONING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Taken when the process ends.
static POSTGRES: Mutex<Option<PrivatePostgres>> = Mutex::new(None);

pub struct TestServer {
    /// Of its database `NAME`.
    url: String,
}

impl TestServer {
    pub fn get() -> &'static Self {
        &SERVER
    }

    fn start() -> Self {
        sweep();
        let postgres = launch(&home()).start().unwrap_or_else(|error| panic!("{error}"));
        // Statics are never dropped; without this the server would only stop by itself and its files would stay.
        // SAFETY: the handler stops a server and removes files of this run; it needs nothing that is gone by then.
        unsafe { libc::atexit(remove) };
        let server = Self { url: postgres.url_of("NAME") };
        *POSTGRES.lock().unwrap() = Some(postgres);
        blocking(async {
            server.admin("create database template_tend").await;
            let db = Database::connect(&DatabaseSettings::new(server.url("template_tend"))).await.unwrap();
            migrate(&db, true).await.unwrap();
            db.close().await;
        });
        server
    }

    pub fn url(&self, database: &str) -> String {
        self.url.replacen("NAME", database, 1)
    }

    pub async fn admin(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }

    /// A new database, migrated.
    pub async fn clone_template(&self) -> String {
        let name = Self::fresh_name();
        let _one_at_a_time = CLONING.lock().await;
        self.admin(&format!("create database {name} template template_tend")).await;
        name
    }

    /// A new database with nothing in it.
    pub async fn empty_database(&self) -> String {
        let name = Self::fresh_name();
        self.admin(&format!("create database {name}")).await;
        name
    }

    fn fresh_name() -> String {
        format!("test_{}", NEXT.fetch_add(1, Ordering::SeqCst))
    }
}

/// Fast, forgetful, and with room for many tests at a time.
pub fn launch(dir: &Path) -> Launch {
    Launch::new(dir)
        .parameter("max_connections", "400")
        .parameter("shared_buffers", "64MB")
        .parameter("max_wal_size", "2GB")
}

/// Runs it to its end from anywhere, also from inside a runtime.
pub fn blocking<F: Future<Output = T> + Send, T: Send>(future: F) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

fn home() -> PathBuf {
    std::env::temp_dir().join(format!("tend-test-{}", std::process::id()))
}

extern "C" fn remove() {
    drop(POSTGRES.lock().ok().and_then(|mut postgres| postgres.take()));
    let _ = std::fs::remove_dir_all(home());
}

/// Removes what killed runs left behind.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid =
            name.to_str().and_then(|name| name.strip_prefix("tend-test-")).and_then(|pid| pid.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
