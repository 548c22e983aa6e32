//! From the checked rows to the tables: COPY into a staging table, then set-based statements, in one transaction.
//!
//! The statements are composed from the names in `columns`, which are constants of this crate; nothing of a file gets
//! into them.

use std::time::Instant;

use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::columns::{Column, Empty, Kind};
use super::read::{self, Counts, Opened};
use super::{ImportError, Options, Report, Source};
use crate::db::Database;
use crate::progress::Progress;

/// Chunks between the reading thread and the network.
const UNDER_WAY: usize = 4;

/// Imports one file. Progress counts bytes where the size of the source is known, else rows.
///
/// # Errors
/// When the file cannot be read at all, its header is wrong, `strict` forbids it, or the database refuses; then nothing
/// was kept.
pub async fn import(
    db: &Database,
    kind: Kind,
    source: Source,
    options: &Options,
    progress: &Progress,
) -> Result<Report, ImportError> {
    let begun = Instant::now();
    let by_bytes = source.size.is_some();
    let opened = spawn_blocking(move || read::open(kind, source)).await.map_err(panicked)??;
    let statements =
        Statements::of(kind, &opened.plan.columns.iter().map(|planned| planned.column).collect::<Vec<_>>());

    let mut tx = db.begin("import").await?;
    prepare(&mut tx, kind, &statements).await?;
    let counts = copy(&mut tx, &statements, opened, options, |chunk| {
        progress.add(if by_bytes { chunk.bytes } else { chunk.rows });
    })
    .await?;
    if options.strict && counts.rejected > 0 {
        tx.rollback().await?;
        let Counts { read, rejected } = counts;
        return Err(ImportError::Strict { rejected, read, rejects: options.rejects.clone() });
    }
    let writing = progress.then(format!("Writing {}", kind.name()));
    let mut report = statements.apply(&mut tx, options).await?;
    tx.commit().await?;
    writing.finish();

    report.read = counts.read;
    report.rejected = counts.rejected;
    report.unchanged = counts.read - counts.rejected - report.superseded - report.changed - report.inserted;
    report.rejects = (counts.rejected > 0).then(|| options.rejects.clone());
    report.took = begun.elapsed();
    Ok(report)
}

pub(super) fn panicked(_: tokio::task::JoinError) -> ImportError {
    ImportError::Form("the reading thread panicked; this is a defect of tend".to_owned())
}

async fn prepare(conn: &mut PgConnection, kind: Kind, statements: &Statements) -> Result<(), ImportError> {
    let is_table: Option<bool> =
        sqlx::query_scalar("select relkind in ('r', 'p') from pg_class where oid = to_regclass($1)")
            .bind(kind.table())
            .fetch_optional(&mut *conn)
            .await?;
    if is_table != Some(true) {
        return Err(ImportError::NotATable(kind.table()));
    }
    // Two imports of one kind take turns; others may write meanwhile.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('tend import ' || $1, 0))")
        .bind(kind.table())
        .execute(&mut *conn)
        .await?;
    sqlx::raw_sql("set local work_mem = '128MB'").execute(&mut *conn).await?;
    sqlx::query(AssertSqlSafe(statements.staging.clone())).execute(conn).await?;
    Ok(())
}

async fn copy(
    conn: &mut PgConnection,
    statements: &Statements,
    opened: Opened,
    options: &Options,
    mut taken: impl FnMut(&read::Chunk),
) -> Result<Counts, ImportError> {
    let (sender, mut chunks) = mpsc::channel(UNDER_WAY);
    let rejects = options.rejects.clone();
    let reading = spawn_blocking(move || opened.rows(&rejects, &sender));
    let mut sink = conn.copy_in_raw(&statements.copy).await?;
    while let Some(chunk) = chunks.recv().await {
        taken(&chunk);
        sink.send(chunk.copy).await?;
    }
    match reading.await.map_err(panicked)? {
        Ok(counts) => {
            sink.finish().await?;
            Ok(counts)
        }
        Err(error) => {
            sink.abort("the file could not be read to its end").await?;
            Err(error)
        }
    }
}

/// The statements of one import, for the columns its file has.
#[derive(Debug)]
struct Statements {
    kind: Kind,
    staging: String,
    copy: String,
    supersede: String,
    hand_over: Option<String>,
    change: Option<String>,
    insert: String,
    consents: Vec<String>,
}

/// A column of the table, with the staged value that goes there.
struct Target {
    name: &'static str,
    keep: bool,
}

impl Statements {
    fn of(kind: Kind, columns: &[Column]) -> Self {
        let staged: Vec<(&str, &str)> = columns.iter().flat_map(|column| column.field.staged(column.name)).collect();
        let targets: Vec<Target> = columns
            .iter()
            .filter(|column| column.field.is_target())
            .flat_map(|column| {
                let keep = column.empty == Empty::Keep;
                column.field.staged(column.name).into_iter().map(move |(name, _)| Target { name, keep })
            })
            .collect();
        let definitions: Vec<String> = staged.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        let names: Vec<&str> = staged.iter().map(|(name, _)| *name).collect();
        let key = kind.key().join(", ");
        Self {
            kind,
            staging: format!("create temp table staged (line bigint, {}) on commit drop", definitions.join(", ")),
            copy: format!("copy staged (line, {}) from stdin", names.join(", ")),
            supersede: format!(
                "delete from staged s using (select {key}, max(line) as line from staged group by {key} having count(*) > 1) d
                 where {} and s.line < d.line",
                kind.key().iter().map(|key| format!("s.{key} = d.{key}")).collect::<Vec<_>>().join(" and ")
            ),
            hand_over: kind.changes_hands().then(|| hand_over(kind, &targets)),
            change: change(kind, &targets),
            insert: insert(kind, &targets),
            consents: ["email", "sms"]
                .into_iter()
                .filter(|channel| names.contains(&format!("{channel}_consent").as_str()))
                .map(|channel| consent(channel, names.contains(&"consent_at")))
                .collect(),
        }
    }

    async fn apply(&self, conn: &mut PgConnection, options: &Options) -> sqlx::Result<Report> {
        let mut report = Report::empty(self.kind);
        report.superseded = execute(conn, &self.supersede).await?;
        execute(conn, "analyze staged").await?;
        if let Some(hand_over) = &self.hand_over {
            report.changed += execute(conn, hand_over).await?;
        }
        if let Some(change) = &self.change {
            report.changed += execute(conn, change).await?;
        }
        let insert = sqlx::query(AssertSqlSafe(self.insert.clone()));
        let insert = if self.kind == Kind::Customers { insert.bind(options.now) } else { insert };
        report.inserted = insert.execute(&mut *conn).await?.rows_affected();
        for consent in &self.consents {
            let consent = sqlx::query(AssertSqlSafe(consent.clone())).bind(options.now);
            report.consents += consent.execute(&mut *conn).await?.rows_affected();
        }
        Ok(report)
    }
}

async fn execute(conn: &mut PgConnection, statement: &str) -> sqlx::Result<u64> {
    Ok(sqlx::query(AssertSqlSafe(statement.to_owned())).execute(conn).await?.rows_affected())
}

fn list(targets: &[Target], each: impl Fn(&Target) -> String) -> String {
    targets.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// The key as the table has it.
fn table_key(kind: Kind) -> Vec<&'static str> {
    let carried = kind.changes_hands().then_some("customer_id");
    carried.into_iter().chain(kind.key()).collect()
}

fn same_row(kind: Kind) -> String {
    let equal: Vec<String> = table_key(kind).iter().map(|column| format!("t.{column} = s.{column}")).collect();
    equal.join(" and ")
}

/// Rows that are another customer's so far: deleted and inserted, with what the file does not say as it was.
fn hand_over(kind: Kind, targets: &[Target]) -> String {
    let (table, key) = (kind.table(), kind.columns()[0].name);
    let every: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
    let values: Vec<String> =
        every
            .iter()
            .map(|name| {
                if targets.iter().any(|target| target.name == *name) {
                    format!("s.{name}")
                } else {
                    format!("g.{name}")
                }
            })
            .collect();
    format!(
        "with gone as (
             delete from {table} t using staged s where t.{key} = s.{key} and t.customer_id <> s.customer_id returning t.*
         )
         insert into {table} ({})
         select distinct on (s.{key}) {} from gone g join staged s on s.{key} = g.{key} order by s.{key}
         on conflict do nothing",
        every.join(", "),
        values.join(", ")
    )
}

/// Rows that are there and differ.
fn change(kind: Kind, targets: &[Target]) -> Option<String> {
    let key = table_key(kind);
    let values: Vec<Target> =
        targets.iter().filter(|target| !key.contains(&target.name)).map(|target| Target { ..*target }).collect();
    if values.is_empty() {
        return None;
    }
    let staged = |target: &Target| {
        let name = target.name;
        if target.keep { format!("coalesce(s.{name}, t.{name})") } else { format!("s.{name}") }
    };
    Some(format!(
        "update {} t set {} from staged s where {} and row({}) is distinct from row({})",
        kind.table(),
        list(&values, |target| format!("{} = {}", target.name, staged(target))),
        same_row(kind),
        list(&values, |target| format!("t.{}", target.name)),
        list(&values, staged),
    ))
}

/// Rows that are not there. Somebody else may insert one meanwhile: then ours is the later word.
fn insert(kind: Kind, targets: &[Target]) -> String {
    let key = table_key(kind);
    let mut columns: Vec<&str> = targets.iter().map(|target| target.name).collect();
    let mut values: Vec<String> = targets
        .iter()
        .map(
            |target| {
                if target.keep { format!("coalesce(s.{}, $1)", target.name) } else { format!("s.{}", target.name) }
            },
        )
        .collect();
    if kind == Kind::Customers && !columns.contains(&"created_at") {
        columns.push("created_at");
        values.push("$1".to_owned());
    }
    let set: Vec<String> = targets
        .iter()
        .filter(|target| !key.contains(&target.name) && !target.keep)
        .map(|target| format!("{0} = excluded.{0}", target.name))
        .collect();
    let conflict = if set.is_empty() { "nothing".to_owned() } else { format!("update set {}", set.join(", ")) };
    format!(
        "insert into {table} ({columns}) select {values} from staged s
         where not exists (select from {table} t where {same}) order by {order}
         on conflict ({key}) do {conflict}",
        table = kind.table(),
        columns = columns.join(", "),
        values = values.join(", "),
        same = same_row(kind),
        order = key.iter().map(|column| format!("s.{column}")).collect::<Vec<_>>().join(", "),
        key = key.join(", "),
    )
}

/// What a customer allowed. Without an instant a word is recorded only when it differs from the newest one.
fn consent(channel: &str, dated: bool) -> String {
    let at = if dated { "s.consent_at" } else { "null::timestamptz" };
    format!(
        "insert into crm.consent as c (customer_id, channel, purpose, recorded_at, granted, source)
         select s.customer_id, '{channel}', 'marketing', coalesce({at}, $1), s.{channel}_consent, 'import'
         from staged s
         where s.{channel}_consent is not null
           and ({at} is not null or tend.consent(s.customer_id, '{channel}', 'marketing') is distinct from s.{channel}_consent)
         on conflict (customer_id, channel, purpose, recorded_at)
         do update set granted = excluded.granted where c.granted is distinct from excluded.granted"
    )
}
