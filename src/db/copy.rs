//! A copy of a database, for trying out what would happen there.
//!
//! Promises: the original is only read, in one transaction that could not write (`read only`), and may be at work
//! meanwhile; where it keeps `crm` as views, the copy has tables with what the views show. The copy is told from an
//! original by a comment on the database, it is on record as the place of the original (`tend.home`), so that a dispatcher
//! that starts on it holds everything, and it has no secret to make links with. It is dropped with [`Copy::close`], unless
//! [`Copy::keep`] gives it a name that stays; one that a killed process left behind is dropped by the next.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;

use super::scratch::{Scratch, ScratchError};
use super::{ConnectError, Database, DatabaseSettings};

/// What the names of copies begin with: all while they are at work, and those that stay.
const PASSING: &str = "tend_simulate_";
const KEPT: &str = "tend_copy_";
/// What the comment on a copy begins with.
const MARK: &str = "copy made by tend";
/// What says who is at work now, how providers are now, and what makes links: none of it goes along.
const LIFE: [&str; 8] =
    ["lease", "replica", "dispatcher", "provider_state", "rate_bucket", "ramp", "sending_pause", "link_secret"];
/// What every database has of its own.
const OWN: [&str; 4] = ["migration", "migration_crm", "driven_clock", "home"];

/// What triggers write while a copy is filled: copied last, in its place.
const CHANGES: [&str; 2] = ["change", "sla_change"];

/// How the server treats a copy: nobody minds when a crash costs its last moments; what grows is analyzed again and again, and
/// a third of the rows tells as much (what was copied is analyzed with all); only one statement is at work at a time, and
/// may sort in memory.
const SETTINGS: [&str; 3] = ["synchronous_commit = off", "default_statistics_target = 30", "work_mem = '32MB'"];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// No database for it.
    #[error("no database for a copy can be made: {0}")]
    Scratch(#[from] ScratchError),
    /// It cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Somebody stopped it.
    #[error("interrupted")]
    Interrupted,
    /// Reading or writing fails.
    #[error("the copy cannot be made: {}", super::words(.0))]
    Database(#[from] sqlx::Error),
}

/// A copy of a database.
#[derive(Debug)]
pub struct Copy {
    scratch: Scratch,
    db: Database,
}

impl Copy {
    /// Copies `original`, beside it: `settings` are those of its server. `copied` is told of the rows of each table.
    /// Cancelling `stop` ends it, and nothing is left behind.
    ///
    /// # Errors
    /// When no database can be made there, or the original not be read.
    pub async fn make(
        original: &Database,
        settings: &DatabaseSettings,
        stop: &CancellationToken,
        copied: impl Fn(u64),
    ) -> Result<Self, CopyError> {
        let mut scratch = Scratch::named(settings, PASSING).await?;
        let mut source = original.dedicated().await?;
        let filled = tokio::select! {
            biased;
            () = stop.cancelled() => Err(CopyError::Interrupted),
            filled = fill(&mut source, &mut scratch, copied) => filled.map_err(CopyError::from),
        };
        // half way through a table the connection has nothing polite to say any more
        drop(source);
        if let Err(error) = filled {
            scratch.close().await;
            return Err(error);
        }
        match scratch.database().await {
            Ok(db) => Ok(Self { scratch, db }),
            Err(error) => {
                scratch.close().await;
                Err(error.into())
            }
        }
    }

    /// The copy.
    #[must_use]
    pub fn db(&self) -> &Database {
        &self.db
    }

    /// Its name, as long as it is at work.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scratch.name()
    }

    /// Leaves it for people to look at; the name it has from now on.
    ///
    /// # Errors
    /// When it cannot be given one that stays; the next copy that is made drops it then.
    pub async fn keep(self) -> sqlx::Result<String> {
        self.db.close().await;
        self.scratch.leave(KEPT).await
    }

    /// Drops it.
    pub async fn close(self) {
        // its connections are cut with it: who was interrupted does not wait for a statement
        self.scratch.close().await;
    }
}

/// A table with the columns that are copied.
struct Table {
    schema: String,
    name: String,
    columns: Vec<String>,
}

async fn fill(source: &mut PgConnection, scratch: &mut Scratch, copied: impl Fn(u64)) -> sqlx::Result<()> {
    let name = scratch.name().to_owned();
    let target = scratch.conn();
    for setting in SETTINGS {
        // a name of ours
        target.execute(AssertSqlSafe(format!("alter database {name} set {setting}"))).await?;
    }
    target.execute("set synchronous_commit = off").await?;
    source.execute("begin isolation level repeatable read read only").await?;
    loosen(target).await?;
    let tables = tables(source, target).await?;
    for table in &tables {
        // what the triggers noted while the copy was filled is no change
        match (table.schema.as_str(), table.name.as_str()) {
            ("tend", "change") => target.execute("truncate tend.change").await.map(drop)?,
            ("tend", "sla_change") => target.execute("truncate tend.sla_change").await.map(drop)?,
            _ => {}
        }
        copied(pour(source, target, table).await?);
    }
    follow_on(source, target).await?;
    source.execute("rollback").await?;
    let from: String = sqlx::query_scalar("select current_database()").fetch_one(&mut *source).await?;
    let mark = format!("{MARK} of {from}").replace('\'', "''");
    target.execute(AssertSqlSafe(format!("comment on database {name} is '{mark}'"))).await?;
    target.execute("analyze").await.map(drop)
}

/// Takes from the tables of `crm` what their values must be: a view of the company's may show others, and what reads them
/// bears it.
async fn loosen(target: &mut PgConnection) -> sqlx::Result<()> {
    let loose: Vec<String> = sqlx::query_scalar(
        "select format('alter table %s %s', c.oid::regclass, string_agg(l.what, ', '))
         from pg_class c
         cross join lateral (
             select format('drop constraint %I', k.conname) as what from pg_constraint k
             where k.conrelid = c.oid and k.contype = 'c'
             union all
             select format('alter column %I drop not null', a.attname) from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull and a.attidentity = ''
               and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey))) l
         where c.relnamespace = 'crm'::regnamespace and c.relkind in ('r', 'p')
         group by c.oid",
    )
    .fetch_all(&mut *target)
    .await?;
    for statement in loose {
        target.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}

/// What both have, in an order in which every row finds what it refers to; the changes last.
async fn tables(source: &mut PgConnection, target: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    let mut there = columns(source, "'r', 'p', 'v', 'm', 'f'").await?;
    let mut open = columns(target, "'r', 'p'").await?;
    open.retain(|(schema, name), _| !(schema == "tend" && LIFE.iter().chain(&OWN).any(|own| own == name)));
    let references: Vec<(String, String, String, String)> = sqlx::query_as(
        "select own.relnamespace::regnamespace::text, own.relname::text, other.relnamespace::regnamespace::text, other.relname::text
         from pg_constraint c join pg_class own on own.oid = c.conrelid join pg_class other on other.oid = c.confrelid
         where c.contype = 'f' and own.oid <> other.oid",
    )
    .fetch_all(target)
    .await?;
    let changes = CHANGES.map(|name| open.remove_entry(&("tend".to_owned(), name.to_owned())));
    let mut ordered = Vec::new();
    while !open.is_empty() {
        let waits = |schema: &str, name: &str| {
            references.iter().any(|(of, own, to, other)| {
                (of.as_str(), own.as_str()) == (schema, name) && open.contains_key(&(to.clone(), other.clone()))
            })
        };
        let ready: Vec<_> = open.keys().filter(|(schema, name)| !waits(schema, name)).cloned().collect();
        // a circle would be a defect of the migrations; in any order then, and the constraint says so
        let ready = if ready.is_empty() { open.keys().cloned().collect() } else { ready };
        ordered.extend(ready.into_iter().filter_map(|key| open.remove_entry(&key)));
    }
    let both = ordered.into_iter().chain(changes.into_iter().flatten()).filter_map(|((schema, name), columns)| {
        let known: BTreeSet<String> = there.remove(&(schema.clone(), name.clone()))?.into_iter().collect();
        let columns = columns.into_iter().filter(|column| known.contains(column)).collect();
        Some(Table { schema, name, columns })
    });
    Ok(both.collect())
}

/// Relations of tend and crm with their columns, those that are computed left out.
async fn columns(
    conn: &mut PgConnection,
    kinds: &'static str,
) -> sqlx::Result<BTreeMap<(String, String), Vec<String>>> {
    let sql = format!(
        "select n.nspname::text, c.relname::text, array_agg(a.attname::text order by a.attnum)
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('tend', 'crm')
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         where c.relkind in ({kinds})
         group by 1, 2"
    );
    let rows: Vec<(String, String, Vec<String>)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(schema, name, columns)| ((schema, name), columns)).collect())
}

/// The rows of a table, as text and without holding them.
async fn pour(source: &mut PgConnection, target: &mut PgConnection, table: &Table) -> sqlx::Result<u64> {
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(column)).collect();
    let (columns, table) = (columns.join(", "), format!("{}.{}", quoted(&table.schema), quoted(&table.name)));
    let mut rows = source.copy_out_raw(&format!("copy (select {columns} from {table}) to stdout")).await?;
    let mut sink = target.copy_in_raw(&format!("copy {table} ({columns}) from stdin")).await?;
    while let Some(chunk) = rows.next().await {
        let sent = match chunk {
            Ok(chunk) => sink.send(chunk).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            let _ = sink.abort("the original could not be read").await;
            return Err(error);
        }
    }
    sink.finish().await
}

/// What makes the copy go on where the original stands: counters, notes of what is watched, whose copy it is.
async fn follow_on(source: &mut PgConnection, target: &mut PgConnection) -> sqlx::Result<()> {
    let counters: Vec<(String, i64)> = sqlx::query_as(
        "select format('%I.%I', schemaname, sequencename), last_value from pg_sequences
         where schemaname = 'tend' and last_value is not null",
    )
    .fetch_all(&mut *source)
    .await?;
    for (counter, last) in counters {
        sqlx::query("select setval(to_regclass($1), $2) where to_regclass($1) is not null")
            .bind(counter)
            .bind(last)
            .execute(&mut *target)
            .await?;
    }
    // the triggers of the copy are others; who has missed nothing there has missed nothing here
    let watch: Option<String> = sqlx::query_scalar("select tend.change_watch()").fetch_one(&mut *source).await?;
    sqlx::query("update tend.change_reader set watch = tend.change_watch() where watch = $1")
        .bind(watch)
        .execute(&mut *target)
        .await?;
    let watch: Option<String> = sqlx::query_scalar("select tend.sla_watch()").fetch_one(&mut *source).await?;
    sqlx::query("update tend.sla_job set watch = tend.sla_watch() where watch = $1")
        .bind(watch)
        .execute(&mut *target)
        .await?;
    let original = sqlx::query_as(IDENTITY).fetch_one(source).await?;
    place(target, original).await
}

/// Puts the original on record as the place of the outbox, where none is.
async fn place(copy: &mut PgConnection, (system, database): (i64, i64)) -> sqlx::Result<()> {
    sqlx::query(
        "insert into tend.home (system, database, timeline, since, confirmed_by)
         values ($1, $2, 'copied', clock_timestamp(), 'tend simulate') on conflict do nothing",
    )
    .bind(system)
    .bind(database)
    .execute(copy)
    .await
    .map(drop)
}

/// Which database of which cluster.
const IDENTITY: &str = "select c.system_identifier, d.oid::bigint from pg_control_system() c, pg_database d
                        where d.datname = current_database()";

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Why a database is not taken for a copy.
#[derive(Debug, thiserror::Error)]
pub enum NotACopy {
    /// It is the one of the settings, as far as can be told.
    #[error(
        "that is the database of the settings itself, or a clone of its files, which cannot be told from it: what pg_restore \
         made of a dump can. Without --database a copy is made"
    )]
    Original,
    /// It sends messages.
    #[error("that database sends messages (tend.home names it): it is an original")]
    Sends,
    /// Somebody works on it.
    #[error("{0} is at work on that database, or was a moment ago; stop it, and wait two minutes")]
    AtWork(String),
    /// Another simulation works on it.
    #[error("another simulation is at work on that database; wait until it ends")]
    Simulated,
    /// Nobody says so.
    #[error(
        "that database was not made by `tend simulate --keep`; if it is a copy that may be changed, say so with --this-is-a-copy"
    )]
    Unmarked,
    /// It cannot be asked.
    #[error("whether that database is a copy cannot be found out: {}", super::words(.0))]
    Database(#[from] sqlx::Error),
}

/// A database that may be changed at will, and that no other simulation takes meanwhile.
#[derive(Debug)]
#[must_use = "as soon as it is gone, others may take the database"]
pub struct Taken {
    conn: PgConnection,
}

impl Taken {
    /// Others may take it. They may as well when the process dies.
    pub async fn release(mut self) {
        if let Err(error) = self.conn.execute("select pg_advisory_unlock_all()").await {
            tracing::debug!("the database is released with its connection: {error}");
        }
        let _ = self.conn.close().await;
    }
}

/// Makes sure that `db` may be changed at will: it is not the `original`, nobody works on it, and it bears our mark or
/// somebody `said` that it is a copy. What says who was at work there, and how providers were, is removed.
///
/// # Errors
/// When it is not; nothing has changed then.
pub async fn take_over(db: &Database, original: &Database, said: bool) -> Result<Taken, NotACopy> {
    let mut conn = db.dedicated().await?;
    let identity: (i64, i64) = sqlx::query_as(IDENTITY).fetch_one(&mut conn).await?;
    let configured: (i64, i64) = sqlx::query_as(IDENTITY).fetch_one(original.pool()).await?;
    if identity == configured {
        return Err(NotACopy::Original);
    }
    let home: Option<(i64, i64)> =
        sqlx::query_as("select system, database from tend.home").fetch_optional(&mut conn).await?;
    if home == Some(identity) {
        return Err(NotACopy::Sends);
    }
    // a lease without an end is that of a simulation that was cut off; one that goes on has the lock below
    let at_work: Option<String> = sqlx::query_scalar(
        "select host from tend.replica where seen_at > clock_timestamp() - interval '2 minutes'
         union all select host from tend.dispatcher where lease_until > clock_timestamp() and lease_until < 'infinity' limit 1",
    )
    .fetch_optional(&mut conn)
    .await?;
    if let Some(host) = at_work {
        return Err(NotACopy::AtWork(host));
    }
    let marked: bool = sqlx::query_scalar(
        "select coalesce(starts_with(shobj_description(oid, 'pg_database'), $1), false) from pg_database where datname = current_database()",
    )
    .bind(MARK)
    .fetch_one(&mut conn)
    .await?;
    if !marked && !said {
        return Err(NotACopy::Unmarked);
    }
    let alone: bool = sqlx::query_scalar("select pg_try_advisory_lock(hashtextextended('tend.simulate', 0))")
        .fetch_one(&mut conn)
        .await?;
    if !alone {
        return Err(NotACopy::Simulated);
    }
    let gone: String = LIFE.iter().map(|table| format!("delete from tend.{table};")).collect();
    conn.execute(AssertSqlSafe(gone)).await?;
    // whoever starts on it later holds everything, too
    place(&mut conn, configured).await?;
    Ok(Taken { conn })
}
