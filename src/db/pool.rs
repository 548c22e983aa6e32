//! The two pools and named transactions.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Postgres, Transaction};

/// The oldest Postgres tend works on (`client_connection_check_interval`, SQL-standard function bodies).
const OLDEST_SERVER: i32 = 140_000;

/// Ends whatever transaction is open; without one it does nothing, and no warning is given.
const RESET: &str = "begin; rollback";

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `postgres://user:password@host:port/database`, or `…?host=/socket/dir`; none: the private Postgres.
    pub url: Option<SecretString>,
    /// Connections for work; two more serve heartbeats and leases.
    pub max_connections: u32,
    /// How long to wait for the server at start-up.
    pub connect_timeout: Duration,
    /// How long to wait for a free connection of the pool.
    pub acquire_timeout: Duration,
    /// Where the private Postgres keeps its files.
    pub private_dir: PathBuf,
    /// Folder of the programs of the private Postgres; none: they are searched.
    pub postgres_bin: Option<PathBuf>,
}

impl DatabaseSettings {
    /// The given database with ordinary limits.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Some(SecretString::from(url.into())),
            max_connections: 10,
            connect_timeout: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(30),
            private_dir: PathBuf::from(".tend/postgres"),
            postgres_bin: None,
        }
    }

    /// What every connection is opened with.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn options(&self) -> Result<PgConnectOptions, ConnectError> {
        let url = self.url.as_ref().ok_or(ConnectError::NoUrl)?.expose_secret();
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(ConnectError::Url("it does not start with postgres://".to_owned()));
        }
        let options: PgConnectOptions = url.parse().map_err(|error| ConnectError::Url(words(&error)))?;
        Ok(options.application_name("tend").options([
            ("timezone", "UTC"),
            // compiling one of our statements takes longer than running it
            ("jit", "off"),
            ("client_connection_check_interval", "2s"),
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
        ]))
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody said which database.
    #[error("database.url is not set (environment variable TEND__DATABASE__URL)")]
    NoUrl,
    /// Not a Postgres URL.
    #[error(
        "database.url (environment variable TEND__DATABASE__URL) is not a Postgres URL ({0}); \
         it looks like postgres://user:password@host:5432/database"
    )]
    Url(String),
    /// Nobody answers.
    #[error("no answer from the database {at} within {}s; is the server running and reachable?", .after.as_secs())]
    Silent {
        /// Server, database and user.
        at: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The server, or the way to it, refuses.
    #[error("cannot connect to the database {at}: {reason}")]
    Refused {
        /// Server, database and user.
        at: String,
        /// The server's words.
        reason: String,
        /// The whole story.
        #[source]
        source: sqlx::Error,
    },
    /// An old server.
    #[error("the database {at} runs on Postgres {version}; tend needs Postgres 14 or newer")]
    TooOld {
        /// Server, database and user.
        at: String,
        /// What the server says it is.
        version: String,
    },
}

/// Who uses connections.
#[derive(Debug, Clone, Copy)]
enum Use {
    /// Parts of a process that may be stopped in the middle of a statement, beside other processes.
    Shared,
    /// One stretch of work after the other.
    Alone,
}

/// The database as the rooms see it.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
    control: PgPool,
    options: PgConnectOptions,
}

impl Database {
    /// Connects, after one connection has shown that the server is there and new enough.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or is too old; the message says which and where.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Self::connect_with(settings, settings.options()?, Use::Shared).await
    }

    /// The same for whoever has the database to itself and drops nothing half way: connections go from hand to hand without
    /// being asked whether they are well. `database` names another one of that server.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_alone(settings: &DatabaseSettings, database: Option<&str>) -> Result<Self, ConnectError> {
        let options = settings.options()?;
        let options = database.map_or(options.clone(), |name| options.database(name));
        Self::connect_with(settings, options, Use::Alone).await
    }

    /// The same for another database of the server of the settings.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(super) async fn connect_beside(settings: &DatabaseSettings, database: &str) -> Result<Self, ConnectError> {
        Self::connect_with(settings, settings.options()?.database(database), Use::Shared).await
    }

    async fn connect_with(
        settings: &DatabaseSettings,
        options: PgConnectOptions,
        by: Use,
    ) -> Result<Self, ConnectError> {
        probe(&options, settings.connect_timeout).await?;
        let pool = |most: u32, name: &str| {
            let pool = PgPoolOptions::new().max_connections(most).acquire_timeout(settings.acquire_timeout);
            let pool = match by {
                // sqlx 0.9 rolls back nothing when a `begin` is dropped half way (depth is still 0 then): the connection
                // would lie in the pool with its transaction open, and its locks held
                Use::Shared => {
                    pool.after_release(|conn, _| Box::pin(async move { conn.execute(RESET).await.map(|_| true) }))
                }
                Use::Alone => pool.test_before_acquire(false),
            };
            pool.connect_lazy_with(options.clone().application_name(name))
        };
        Ok(Self { pool: pool(settings.max_connections, "tend"), control: pool(2, "tend control"), options })
    }

    /// Connections for work.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Two connections for heartbeats and leases, so that work never keeps them waiting.
    pub fn control(&self) -> &PgPool {
        &self.control
    }

    /// A connection outside the pools, for what holds locks of its own (migrations) or listens.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn dedicated(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.options).await
    }

    /// Opens a transaction that `pg_stat_activity` and the server's log show as `tend: NAME`.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn begin(&self, name: &'static str) -> sqlx::Result<Transaction<'static, Postgres>> {
        debug_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _-./".contains(&byte)));
        let begin = format!("begin; set local application_name = 'tend: {name}'");
        self.pool.begin_with(AssertSqlSafe(begin)).await
    }

    /// Closes both pools; waits for what is under way.
    pub async fn close(&self) {
        self.pool.close().await;
        self.control.close().await;
    }
}

/// The pool retries a refused connection until it times out, and the reason is lost: so one connection goes first.
async fn probe(options: &PgConnectOptions, patience: Duration) -> Result<(), ConnectError> {
    let at = place(options);
    let refused = |source: sqlx::Error| ConnectError::Refused { reason: words(&source), at: at.clone(), source };
    let mut connection = match tokio::time::timeout(patience, PgConnection::connect_with(options)).await {
        Err(_) => return Err(ConnectError::Silent { at, after: patience }),
        Ok(connection) => connection.map_err(refused)?,
    };
    let (number, version): (i32, String) =
        sqlx::query_as("select current_setting('server_version_num')::int, current_setting('server_version')")
            .fetch_one(&mut connection)
            .await
            .map_err(refused)?;
    if number < OLDEST_SERVER {
        return Err(ConnectError::TooOld { at, version });
    }
    // The answer is in; how the goodbye goes does not matter.
    let _ = connection.close().await;
    Ok(())
}

/// Server, database and user, without the password.
fn place(options: &PgConnectOptions) -> String {
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    match options.get_socket() {
        Some(socket) => format!("{database:?} as {user:?} on the socket {}", socket.display()),
        None => format!("{database:?} as {user:?} at {}:{}", options.get_host(), options.get_port()),
    }
}

/// What the server or the network said; sqlx's own text adds a line number of Postgres' sources.
#[must_use]
pub fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
