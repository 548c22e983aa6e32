//! Who is looked at in a run: those who could have changed, or everybody where that is not known.
//!
//! Promises: the levels after a run are those an evaluation of everybody would give. Looked at are the customers
//! changes of whom were noted since the ladder's last run, those whose facts changed, those between an old and a new
//! cut, those an instant of whom a bound passed over, and those whose fall has waited long enough or whose level is, or
//! was until now, given by hand. Everybody is looked at on the first run, when the conditions mean something else than
//! before, where changes are not noted or were not for a while, where a condition cannot be tracked, and every week.
//! Where changes are not noted the facts everybody is judged by are as new as [`keep`] says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::found;
use super::{Ladder, Level};
use crate::engine::door::Run;
use crate::filter::watch::Watch;
use crate::filter::{self, Cuts, Frame, Kept, Requirements, Tracking, keep, watch};

/// `crm` is views, or tables of somebody else.
const NOT_NOTED: &str =
    "changes in crm are not noted (views, or tables tend may not watch); `tend status` says what that means";
/// A condition is not known to [`Tracking`].
const UNTRACKED: &str = "changes alone do not tell for whom this comes out differently:";

/// Whether the next run will look at everybody for the same reason.
pub(super) fn is_lasting(why: &str) -> bool {
    why == NOT_NOTED || why.starts_with(UNTRACKED)
}

/// Who is looked at.
#[derive(Debug, Default)]
pub struct Scope {
    /// Where facts come from; none: they are counted.
    pub(super) kept: Option<Kept>,
    /// Why everybody is.
    pub(super) everybody: Option<String>,
    /// Customers by level before the run, where not everybody is.
    pub(super) distribution: Option<Value>,
    /// Missing values as they were counted last, where not everybody is.
    pub(super) missing: Option<Value>,
}

/// What the ladder's last run left.
pub(super) struct Before {
    as_of: DateTime<Utc>,
    basis: Option<String>,
    everybody_at: Option<DateTime<Utc>>,
    cuts: Json<found::Cuts>,
    distribution: Value,
    missing: Value,
}

impl Before {
    /// None before the first run.
    pub(super) async fn read(ladder: &str, conn: &mut PgConnection) -> sqlx::Result<Option<Self>> {
        sqlx::query_as!(
            Self,
            r#"select l.as_of, l.basis, l.everybody_at, r.cuts as "cuts: Json<found::Cuts>", r.distribution, r.missing
               from tend.ladder l join tend.ladder_run r on r.run_id = l.run_id and r.ladder = l.ladder
               where l.ladder = $1"#,
            ladder
        )
        .fetch_optional(conn)
        .await
    }
}

impl Scope {
    fn everybody(why: String) -> Self {
        Self { kept: Some(Kept::Everybody), everybody: Some(why), ..Self::default() }
    }
}

/// Brings the facts to the as-of and finds whom to look at.
pub(super) async fn scope(
    ladder: &Ladder,
    before: Option<Before>,
    run: &Run,
    conn: &mut PgConnection,
) -> sqlx::Result<Scope> {
    watch::lock(conn).await?;
    let watch = Watch::read(conn).await?;
    let reader = reader(&run.job);
    let frame = ladder.frame(run);
    let tracking = Tracking::of(ladder.conditions(), ladder.window);
    let about: Vec<String> = tracking.iter().flat_map(|tracking| tracking.about.iter().cloned()).collect();
    let windows = Requirements::of(ladder.conditions()).windows_of(&frame);
    let needs: Vec<String> = windows.iter().map(ToString::to_string).collect();
    let is_new = watch::register(&reader, &about, &needs, &watch, conn).await?;
    keep::bring_up(&windows, frame, run.run_id, &watch, conn).await?;

    let everybody = |why: String| Ok(Scope::everybody(why));
    if !watch.is_on() {
        return everybody(NOT_NOTED.into());
    }
    let Some(before) = before else { return everybody("it is the first run".into()) };
    if before.basis.as_deref() != Some(&*basis(ladder, run)) {
        return everybody("the conditions changed".into());
    }
    let tracking = match tracking {
        Ok(tracking) => tracking,
        Err(condition) => return everybody(format!("{UNTRACKED} \"{condition}\"")),
    };
    if is_new {
        return everybody("it was not told of all changes until now".into());
    }
    if before.everybody_at.is_none_or(|at| (run.as_of - at).abs() >= keep::RECOUNT_AFTER) {
        return everybody("a week has passed since everybody was looked at".into());
    }
    let old = old_cuts(ladder, &before);
    let cuts = filter::cuts(&old, frame, conn).await?;
    filter::touch_between(&reader, &old, &cuts, frame, conn).await?;
    tracking.touch_moved(&reader, &Frame { as_of: before.as_of, ..frame }, &frame, conn).await?;
    ladder.stability.touch_due(&reader, run, conn).await?;
    if too_many(&reader, &before.distribution, conn).await? {
        return everybody("most could have changed".into());
    }
    let (distribution, missing) = (Some(before.distribution), Some(before.missing));
    Ok(Scope { kept: Some(Kept::Touched(cuts)), everybody: None, distribution, missing })
}

/// Leaves what the next run needs, once the levels are written.
pub(super) async fn settle(ladder: &Ladder, scope: &Scope, run: &Run, conn: &mut PgConnection) -> sqlx::Result<()> {
    let looked_at = sqlx::query_scalar!(
        r#"with done as (delete from tend.touched where reader = $1 returning 1)
           select count(*) as "count!" from done"#,
        reader(&run.job)
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "update tend.ladder set basis = $2, everybody_at = case when $3 then $4 else everybody_at end where ladder = $1",
        run.job,
        basis(ladder, run),
        scope.everybody.is_some(),
        run.as_of
    )
    .execute(&mut *conn)
    .await?;
    let evaluated = if scope.everybody.is_some() { None } else { Some(looked_at) };
    sqlx::query!(
        "update tend.ladder_run set everybody = $2, evaluated = coalesce($3::bigint,
             (select coalesce(sum(customers::bigint), 0) from jsonb_each_text(distribution) d (level, customers)))
         where run_id = $1",
        run.run_id,
        scope.everybody,
        evaluated
    )
    .execute(conn)
    .await
    .map(drop)
}

/// By which name the ladder is told of changes.
fn reader(ladder: &str) -> String {
    format!("ladder {ladder}")
}

/// Names the rules: everything the levels depend on beside rows and time. When it is another one everybody is
/// evaluated anew; comments, checks, titles and the schedule of a file are not in it.
fn basis(ladder: &Ladder, run: &Run) -> String {
    let Ladder { title: _, window, levels, stability } = ladder;
    let version = concat!("tend ", env!("CARGO_PKG_VERSION"));
    let mut rules = vec![version.to_owned(), run.timezone.to_string(), format!("{window:?} {stability:?}")];
    for Level { name, title: _, when, keep, nearly } in levels {
        // `Debug` of a condition holds each of its parts: values, windows, what segments say, the levels that are meant
        rules.extend([name.clone(), format!("{when:?} {keep:?} {nearly:?}")]);
    }
    Sha256::digest(format!("{rules:?}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The cuts of the last run, by rank.
fn old_cuts(ladder: &Ladder, before: &Before) -> Cuts {
    let evidence = ladder.evidence();
    let cut =
        |figure: &str, share: &str| before.cuts.get(figure).and_then(|shares| shares.get(share)).cloned().flatten();
    evidence.ranks().map(|(rank, figure, share)| (rank, cut(figure, share))).collect()
}

/// Everybody, in one pass, is cheaper than most of them one by one.
async fn too_many(reader: &str, distribution: &Value, conn: &mut PgConnection) -> sqlx::Result<bool> {
    let levels: BTreeMap<String, i64> = serde_json::from_value(distribution.clone()).unwrap_or_default();
    let customers: i64 = levels.values().sum();
    let touched = sqlx::query!(
        r#"select count(*) as "count!", coalesce(bool_or(customer_id = ''), false) as "everybody!"
           from tend.touched where reader = $1"#,
        reader
    )
    .fetch_one(conn)
    .await?;
    Ok(touched.everybody || touched.count > 100 + customers / 4)
}
