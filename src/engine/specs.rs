//! Specs as the engine sees them: loaded from `tend.spec` by content hash, never from the folder, so that every replica
//! and every later attempt works with the same text.
//!
//! The engine knows neither TOML nor kinds: the function that reads a stored spec is handed in by whoever wires the
//! rooms. A spec that this binary cannot read (an older replica during a rolling upgrade) is remembered as unreadable:
//! its runs are left to the replicas that can.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono_tz::Tz;
use sqlx::PgConnection;

use super::door::Job;
use super::schedule::Schedule;

/// A row of `tend.spec` with the text of its templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSpec {
    /// SHA-256 that names it, hex.
    pub hash: String,
    /// The job's name: the file's stem.
    pub job: String,
    /// The code behind it.
    pub kind: String,
    /// The job file as it was.
    pub body: String,
    /// Path below `templates/` → text.
    pub templates: BTreeMap<String, String>,
    /// The ladders its conditions name → their levels from the top.
    pub ladders: BTreeMap<String, Vec<String>>,
    /// The segments its conditions use → their files.
    pub segments: BTreeMap<String, String>,
}

/// What happens with slots that became due while nobody planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// None of them runs.
    Skip,
    /// Only the newest due slot runs.
    Latest,
    /// All run, oldest first, within window and maximum.
    All,
}

/// `catch_up`, `window` and `max` of a job file. Slots that do not run become rows `skipped` with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchUp {
    /// Which of the missed slots run.
    pub missed: Missed,
    /// A slot older than this is not run late; none: any age.
    pub window: Option<Duration>,
    /// With [`Missed::All`], at most this many of the newest due slots run.
    pub max: u32,
}

/// One version of a job, ready to plan and to run.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The job's name: the file's stem.
    pub job: String,
    /// SHA-256 that names this version.
    pub hash: String,
    /// When it is due; none: only by hand.
    pub schedule: Option<Schedule>,
    /// What happens with missed slots.
    pub catch_up: CatchUp,
    /// Jobs whose run of the same day comes first.
    pub after: Vec<String>,
    /// How long a slot waits for them before it runs without.
    pub after_max: Duration,
    /// A start is put off by a share of this that depends on job and slot only.
    pub jitter: Duration,
    /// Counted from the slot: skipped as too late when not started by then.
    pub start_deadline: Option<Duration>,
    /// The job's zone; the one of its schedule when there is one.
    pub timezone: Tz,
    /// `enabled` of the file.
    pub enabled: bool,
    /// Whom to tell.
    pub owner: Option<String>,
    /// The code, configured.
    pub code: Arc<dyn Job>,
}

/// Makes a [`Spec`] of a stored one; handed in, since the engine knows neither TOML nor kinds. Must depend on its
/// argument only: results are kept.
pub type ReadSpec = Arc<dyn Fn(StoredSpec) -> anyhow::Result<Arc<Spec>> + Send + Sync>;

/// Why a spec cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpecError {
    /// `tend.spec` has no such row.
    #[error("spec {0} is not stored")]
    Unknown(String),
    /// This binary cannot read it.
    #[error("the stored spec {hash} of job {job} cannot be read by this version of tend: {why}")]
    Unreadable {
        /// Whose spec.
        job: String,
        /// Its hash.
        hash: String,
        /// What the reader says.
        why: String,
    },
    /// The database refuses.
    #[error("spec {0} cannot be loaded: {1}")]
    Database(String, Arc<sqlx::Error>),
}

type Seen = HashMap<String, Result<Arc<Spec>, SpecError>>;

/// The specs this process has seen, by hash. Cheap to clone.
#[derive(Clone)]
pub struct Specs {
    read: ReadSpec,
    seen: Arc<Mutex<Seen>>,
}

impl std::fmt::Debug for Specs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Specs").finish_non_exhaustive()
    }
}

impl Specs {
    /// An empty cache over the given reader.
    #[must_use]
    pub fn new(read: ReadSpec) -> Self {
        Self { read, seen: Arc::default() }
    }

    /// The spec with this hash, from memory or from the database.
    ///
    /// # Errors
    /// When it is not stored, cannot be read by this binary, or the database cannot be asked. The middle one is
    /// remembered, the others are asked again.
    pub async fn get(&self, conn: &mut PgConnection, hash: &str) -> Result<Arc<Spec>, SpecError> {
        if let Some(known) = self.lock().get(hash) {
            return known.clone();
        }
        let stored = load(conn, hash).await.map_err(|error| SpecError::Database(hash.to_owned(), Arc::new(error)))?;
        let stored = stored.ok_or_else(|| SpecError::Unknown(hash.to_owned()))?;
        let job = stored.job.clone();
        let spec = (self.read)(stored).map_err(|error| {
            let unreadable =
                SpecError::Unreadable { job: job.clone(), hash: hash.to_owned(), why: format!("{error:#}") };
            tracing::warn!(job.name = job, spec.hash = hash, "{unreadable}");
            unreadable
        });
        self.lock().insert(hash.to_owned(), spec.clone());
        spec
    }

    /// Hashes of the specs this process has found that it cannot read, in order.
    pub(super) fn unreadable(&self) -> Vec<String> {
        self.reasons().into_iter().map(|(hash, _)| hash).collect()
    }

    /// The same, with the reason why.
    pub(super) fn reasons(&self) -> Vec<(String, String)> {
        let seen = self.lock();
        let mut found: Vec<_> =
            seen.iter().filter_map(|(hash, spec)| Some((hash.clone(), spec.as_ref().err()?.to_string()))).collect();
        found.sort_unstable();
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a stored spec with its templates.
///
/// # Errors
/// When the database cannot be asked.
pub async fn load(conn: &mut PgConnection, hash: &str) -> sqlx::Result<Option<StoredSpec>> {
    let Some(row) = sqlx::query!(
        r#"select job, kind, body, ladders as "ladders: sqlx::types::Json<BTreeMap<String, Vec<String>>>",
                  segments as "segments: sqlx::types::Json<BTreeMap<String, String>>"
           from tend.spec where hash = $1"#,
        hash
    )
    .fetch_optional(&mut *conn)
    .await?
    else {
        return Ok(None);
    };
    let templates = sqlx::query!(
        r#"select named.key as "path!", template.body
           from tend.spec
           cross join lateral jsonb_each_text(spec.templates) as named
           join tend.template on template.hash = named.value
           where spec.hash = $1"#,
        hash
    )
    .fetch_all(conn)
    .await?;
    let templates = templates.into_iter().map(|row| (row.path, row.body)).collect();
    Ok(Some(StoredSpec {
        hash: hash.to_owned(),
        job: row.job,
        kind: row.kind,
        body: row.body,
        templates,
        ladders: row.ladders.0,
        segments: row.segments.0,
    }))
}
