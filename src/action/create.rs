//! Deciding actions.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::PgConnection;

use super::tell::tell;
use super::{Archived, By, Judged, Refused, words};

/// Further ahead nothing is decided.
const FURTHEST: Days = Days::new(366);

/// An action to be given to a figure.
#[derive(Debug, Clone, Copy)]
pub struct NewAction<'a> {
    /// The review.
    pub review: &'a Archived,
    /// The figure of it.
    pub figure: &'a Judged,
    /// What is to be done.
    pub what: &'a str,
    /// Who sees to it: `crm.staff.staff_id`.
    pub owner: &'a str,
    /// By which day, in the zone of the review.
    pub due: NaiveDate,
    /// Who decides it.
    pub by: By<'a>,
}

/// Makes an action unless there is the same already, and tells its owner: its number, and whether it is new. The caller commits.
///
/// # Errors
/// When it cannot be, in words for whoever wanted it; nothing has changed then.
pub async fn create(conn: &mut PgConnection, new: &NewAction<'_>, now: DateTime<Utc>) -> Result<(i64, bool), Refused> {
    let NewAction { review, figure, owner, due, by, .. } = *new;
    let what = words(new.what)?;
    if what.is_empty() {
        return Err(Refused::NoWords);
    }
    let no_value = || Refused::NoValue { figure: figure.name.clone(), period: review.period.clone() };
    let value = figure.value().ok_or_else(no_value)?;
    // said again when the day is over or the person has left it is still the same
    if let Some(there) = there(conn, new, &what).await? {
        return Ok((there, false));
    }
    able(conn, owner).await?;
    let today = review.today(now);
    let last = today.checked_add_days(FURTHEST).unwrap_or(NaiveDate::MAX);
    let why = if due < today { Some("over") } else { (due > last).then_some("too far ahead") };
    if let Some(why) = why {
        return Err(Refused::Day { due, why, today });
    }
    let made = sqlx::query_file_scalar!(
        "src/action/create.sql",
        review.job,
        review.team,
        review.run_id,
        review.period,
        review.last_day,
        review.zone.name(),
        figure.name,
        figure.part_by(),
        figure.part_name(),
        figure.unit.word(),
        value,
        figure.target("en"),
        what,
        owner,
        due,
        now,
        by.who,
        by.from
    );
    if let Some(made) = made.fetch_optional(&mut *conn).await? {
        tell(&mut *conn, new, (made, &what), now).await?;
        return Ok((made, true));
    }
    // somebody has sent the same form just now
    let there = there(conn, new, &what).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok((there, false))
}

/// The same action, made before.
async fn there(conn: &mut PgConnection, new: &NewAction<'_>, what: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "select action_id from tend.action
         where job = $1 and team = $2 and figure = $3 and part_by = $4 and part_name = $5 and period = $6 and owner_id = $7
           and due_on = $8 and md5(what) = md5($9::text)",
        new.review.job,
        new.review.team,
        new.figure.name,
        new.figure.part_by(),
        new.figure.part_name(),
        new.review.period,
        new.owner,
        new.due,
        what
    )
    .fetch_optional(conn)
    .await
}

/// Somebody who is there can see to it.
async fn able(conn: &mut PgConnection, owner: &str) -> Result<(), Refused> {
    let active = sqlx::query_scalar!(r#"select active as "active!" from crm.staff where staff_id = $1"#, owner);
    match active.fetch_optional(conn).await? {
        Some(true) => Ok(()),
        Some(false) => Err(Refused::Left(owner.to_owned())),
        None => Err(Refused::NoStaff(owner.to_owned())),
    }
}
