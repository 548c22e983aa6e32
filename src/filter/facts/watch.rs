//! Who is told of changes in `crm`, and whether tend is told at all.
//!
//! Promises: a reader is new when any change it wants to know of may have passed unnoted since it last read. That is so
//! on its first run, when it asks for more than before, and when the triggers that note changes are not those of its
//! last run, untouched: they were switched off for a while, a table was a view meanwhile, or another table took its
//! place.

use sqlx::PgConnection;

/// The triggers that note changes in `crm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch(Option<String>);

impl Watch {
    /// As they are now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(conn: &mut PgConnection) -> sqlx::Result<Self> {
        sqlx::query_scalar!("select tend.change_watch()").fetch_one(conn).await.map(Self)
    }

    /// Whether every change in `crm` is noted. Over views it is not.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

/// Takes the lock of those who read changes, until the transaction ends.
///
/// # Errors
/// When the database refuses, or the wait took longer than the session allows.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('tend:facts', 0))").execute(conn).await.map(drop)
}

/// Has a reader told of changes from now on, where they are noted; true when it was not told of all of them before, or
/// when that has changed. `needs`: the windows whose kept facts it looks at; one nobody needs is let go
/// (`tend.tidy_changes`).
///
/// # Errors
/// When the database refuses.
pub async fn register(
    reader: &str,
    about: &[String],
    needs: &[String],
    watch: &Watch,
    conn: &mut PgConnection,
) -> sqlx::Result<bool> {
    let about = if watch.is_on() { about } else { &[] };
    let watch = watch.0.as_deref();
    let known = sqlx::query_scalar!(
        r#"select $2::text[] <@ about and watch is not distinct from $3::text as "all!" from tend.change_reader where reader = $1"#,
        reader,
        about,
        watch
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into tend.change_reader as r (reader, about, needs, watch) values ($1, $2, $3, $4)
         on conflict (reader) do update set about = excluded.about, needs = excluded.needs, watch = excluded.watch
         where (r.about, r.needs, r.watch) is distinct from (excluded.about, excluded.needs, excluded.watch)",
        reader,
        about,
        needs,
        watch
    )
    .execute(conn)
    .await?;
    Ok(known != Some(true))
}
