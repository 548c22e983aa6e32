//! Puts a folder in force: specs and templates by hash, a revision, the rows of `tend.job`. All or nothing.
//!
//! Revisions go forward: a folder that was in force before and was superseded is not put back by a process that merely
//! starts with it; see [`Basis`]. A job that is new starts now; a changed schedule (or `enabled`) first lets the old
//! one plan what became due until now, so that nothing of the past is replayed or lost; any other edit leaves the
//! job's watermark alone. A job whose file is gone is disabled.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::applied::{Applied, Change, Outcome, What};
use super::calendars;
use super::diff;
use super::file::{JobFile, spec_from_stored};
use super::folder::Folder;
use super::kind::Kind;
use super::problem::Problems;
use crate::clock::Clock;
use crate::db::Database;
use crate::engine::{planner, specs};

/// On what ground a folder is put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis<'a> {
    /// It was found: a start, `tend apply`. A superseded folder stays superseded.
    Found,
    /// It is an edit of the folder with this hash: if that one is in force, any edit of it goes forward, also back to
    /// an earlier text.
    EditOf(&'a str),
    /// Somebody wants it in any case.
    Forced,
}

/// What applying needs to know besides the folder.
#[derive(Clone, Copy)]
pub struct Applying<'a> {
    /// Who does it: instance, host, user.
    pub who: &'a str,
    /// On what ground.
    pub basis: Basis<'a>,
    /// The provider of time.
    pub clock: Clock,
    /// The kinds, to read the specs that were in force.
    pub kinds: &'a [&'a dyn Kind],
}

/// A row of `tend.job`.
struct Known {
    spec_hash: String,
    schedule_hash: String,
    enabled: bool,
    removed: bool,
}

/// [`apply`] in a transaction of its own.
///
/// # Errors
/// When the database refuses; then nothing has changed.
pub async fn apply_folder(db: &Database, folder: &Folder, applying: Applying<'_>) -> anyhow::Result<Applied> {
    let mut tx = db.begin("apply folder").await?;
    let applied = apply(&mut tx, folder, applying).await?;
    tx.commit().await.context("the folder was not put in force")?;
    Ok(applied)
}

/// Puts the folder in force within the caller's transaction, alone: others wait until it ends.
///
/// # Errors
/// When the database refuses; roll back then.
pub async fn apply(conn: &mut PgConnection, folder: &Folder, applying: Applying<'_>) -> anyhow::Result<Applied> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('tend.folder', 0)) as \"lock: ()\"")
        .execute(&mut *conn)
        .await?;
    let now = applying.clock.now(conn).await?;
    let latest = sqlx::query!("select revision, folder_hash from tend.folder_revision order by revision desc limit 1")
        .fetch_optional(&mut *conn)
        .await?;
    sqlx::query!("delete from tend.folder_problem").execute(&mut *conn).await?;
    if let Some(latest) = &latest {
        if latest.folder_hash == folder.hash {
            return Ok(Applied { revision: latest.revision, outcome: Outcome::Unchanged, changes: Vec::new() });
        }
        let edit = matches!(applying.basis, Basis::EditOf(hash) if hash == latest.folder_hash);
        if !edit && applying.basis != Basis::Forced && was_in_force(conn, &folder.hash).await? {
            return Ok(Applied { revision: latest.revision, outcome: Outcome::Superseded, changes: Vec::new() });
        }
    }
    store(conn, folder, now).await?;
    calendars::put_in_force(conn, folder, now).await?;
    let revision = record(conn, folder, &applying, now).await?;
    let changes = put_in_force(conn, folder, &applying, revision, now).await?;
    // ladders that are gone are told of nothing any more
    sqlx::query!("select tend.tidy_changes()").execute(&mut *conn).await?;
    Ok(Applied { revision, outcome: Outcome::Applied, changes })
}

async fn was_in_force(conn: &mut PgConnection, folder_hash: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from tend.folder_revision where folder_hash = $1) as "known!""#,
        folder_hash
    )
    .fetch_one(conn)
    .await
}

/// Specs and templates of all jobs, by hash.
async fn store(conn: &mut PgConnection, folder: &Folder, now: DateTime<Utc>) -> sqlx::Result<()> {
    for job in folder.jobs.values() {
        keep(conn, folder, job, now).await?;
    }
    Ok(())
}

/// Stores the spec of one job and its templates by their hashes, and calendars that are not in force yet. Nothing that is
/// in force changes.
///
/// # Errors
/// When the database refuses.
pub async fn keep(conn: &mut PgConnection, folder: &Folder, job: &JobFile, now: DateTime<Utc>) -> sqlx::Result<()> {
    for (path, hash) in &job.templates {
        let body = folder.templates.text(path).unwrap_or_default();
        sqlx::query!(
            "insert into tend.template (hash, body, stored_at) values ($1, $2, $3) on conflict (hash) do nothing",
            hash,
            body,
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query!(
        "insert into tend.spec (hash, job, kind, body, templates, ladders, segments, asks, stored_at, owner)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (hash) do update set owner = excluded.owner where spec.owner is distinct from excluded.owner",
        job.hash,
        job.job,
        job.kind,
        &*job.text,
        Json(&job.templates) as _,
        Json(&job.ladders) as _,
        Json(&job.segments) as _,
        job.code.asks(),
        now,
        job.head.owner
    )
    .execute(&mut *conn)
    .await?;
    calendars::keep(conn, folder, now).await
}

async fn record(
    conn: &mut PgConnection,
    folder: &Folder,
    applying: &Applying<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    let specs: BTreeMap<_, _> = folder.jobs.values().map(|job| (&job.job, &job.hash)).collect();
    sqlx::query_scalar!(
        "insert into tend.folder_revision (folder_hash, specs, applied_at, applied_by, forced) values ($1, $2, $3, $4, $5) returning revision",
        folder.hash,
        Json(specs) as _,
        now,
        applying.who,
        applying.basis == Basis::Forced
    )
    .fetch_one(conn)
    .await
}

async fn put_in_force(
    conn: &mut PgConnection,
    folder: &Folder,
    applying: &Applying<'_>,
    revision: i64,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Change>> {
    let rows = sqlx::query!(r#"select job, spec_hash, schedule_hash, enabled, removed_at is not null as "removed!" from tend.job order by job for update"#)
        .fetch_all(&mut *conn)
        .await?;
    let known: BTreeMap<String, Known> = rows
        .into_iter()
        .map(|row| {
            (
                row.job,
                Known {
                    spec_hash: row.spec_hash,
                    schedule_hash: row.schedule_hash,
                    enabled: row.enabled,
                    removed: row.removed,
                },
            )
        })
        .collect();
    let mut changes = Vec::new();
    for job in folder.jobs.values() {
        match known.get(&job.job) {
            None => {
                insert(conn, job, revision, now).await?;
                changes.push(Change::new(&job.job, What::Added));
            }
            Some(known) => changes.extend(update(conn, job, known, applying, revision, now).await?),
        }
    }
    for (job, known) in known.iter().filter(|(job, known)| !known.removed && !folder.jobs.contains_key(*job)) {
        settle(conn, &known.spec_hash, applying.kinds, now).await?;
        sqlx::query!(
            "update tend.job set enabled = false, removed_at = $2, revision = $3 where job = $1",
            job,
            now,
            revision
        )
        .execute(&mut *conn)
        .await?;
        changes.push(Change::new(job, What::Removed));
    }
    Ok(changes)
}

/// A new job starts now: nothing earlier is ever planned.
async fn insert(conn: &mut PgConnection, job: &JobFile, revision: i64, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash) values ($1, $2, $3, $4, $5, $6, $6, $7)",
        job.job,
        job.kind,
        job.hash,
        revision,
        job.head.enabled,
        now,
        job.schedule_hash()
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn update(
    conn: &mut PgConnection,
    job: &JobFile,
    known: &Known,
    applying: &Applying<'_>,
    revision: i64,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Change>> {
    if known.spec_hash == job.hash && !known.removed && known.enabled == job.head.enabled {
        return Ok(None);
    }
    let schedule_hash = job.schedule_hash();
    let reschedule = known.schedule_hash != schedule_hash || known.removed || known.enabled != job.head.enabled;
    if reschedule {
        settle(conn, &known.spec_hash, applying.kinds, now).await?;
    }
    sqlx::query!(
        "update tend.job set kind = $2, spec_hash = $3, revision = $4, enabled = $5, schedule_hash = $6, removed_at = null,
                             planned_to = case when $7 then greatest(planned_to, $8) else planned_to end
         where job = $1",
        job.job,
        job.kind,
        job.hash,
        revision,
        job.head.enabled,
        schedule_hash,
        reschedule,
        now
    )
    .execute(&mut *conn)
    .await?;
    let what = match (known.removed, known.enabled, job.head.enabled) {
        (true, ..) => What::Restored,
        (_, true, false) => What::Disabled,
        (_, false, true) => What::Enabled,
        _ => What::Changed,
    };
    let mut change = Change::new(&job.job, what);
    change.rescheduled = known.schedule_hash != schedule_hash;
    if let Some(old) = specs::load(conn, &known.spec_hash).await? {
        change.diff = diff::unified(&old.body, &job.text);
        change.templates = changed_templates(&old.templates, job);
    }
    Ok(Some(change))
}

fn changed_templates(old: &BTreeMap<String, String>, job: &JobFile) -> Vec<String> {
    let old: BTreeMap<_, _> = old.iter().map(|(path, text)| (path, crate::outbox::template::hash(text))).collect();
    let paths: std::collections::BTreeSet<&String> = old.keys().copied().chain(job.templates.keys()).collect();
    paths.into_iter().filter(|path| old.get(path) != job.templates.get(*path)).cloned().collect()
}

/// Lets the spec that was in force plan what became due until now.
async fn settle(
    conn: &mut PgConnection,
    spec_hash: &str,
    kinds: &[&dyn Kind],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let Some(stored) = specs::load(conn, spec_hash).await? else { return Ok(()) };
    match spec_from_stored(&stored, kinds) {
        Ok(old) => drop(planner::settle(conn, &old, now).await?),
        // a version of the file that this binary cannot read any more has no slots; what it had planned stays
        Err(error) => tracing::warn!(
            job.name = stored.job,
            spec.hash = spec_hash,
            "slots of the old version are not planned any more: {error:#}"
        ),
    }
    Ok(())
}

/// Notes that the folder of this process is broken, where every replica and person can see it. What is in force stays.
///
/// # Errors
/// When the database refuses.
pub async fn report_broken(
    conn: &mut PgConnection,
    clock: Clock,
    instance: uuid::Uuid,
    problems: &Problems,
) -> sqlx::Result<()> {
    let now = clock.now(conn).await?;
    sqlx::query!(
        "insert into tend.folder_problem (found_at, instance, report) values ($1, $2, $3)
         on conflict (only_row) do update set instance = excluded.instance, report = excluded.report",
        now,
        instance,
        problems.render(false)
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The reader of stored specs that the engine is handed.
#[must_use]
pub fn spec_reader(kinds: &'static [&'static dyn Kind]) -> specs::ReadSpec {
    Arc::new(move |stored| spec_from_stored(&stored, kinds))
}
