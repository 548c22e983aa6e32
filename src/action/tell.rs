//! Tells whoever is to see to an action, by mail.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::{NewAction, Place};
use crate::outbox::letter::{self, Letter, LinkTo, Recipient, Writer, link};

/// By then the person has heard of it otherwise.
const LIFE: TimeDelta = TimeDelta::days(7);

/// Writes to the owner of an action that was just made; who gives it to oneself knows. `what` is to be done, as it was kept.
pub(super) async fn tell(
    conn: &mut PgConnection,
    new: &NewAction<'_>,
    (action_id, what): (i64, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let NewAction { review, figure, owner, due, by, .. } = *new;
    if by.who == owner {
        return Ok(());
    }
    let around = sqlx::query!(
        r#"select coalesce(nullif(s.locale, ''), $1) as "locale!", coalesce(nullif(g.name, ''), $2) as "giver!",
                  coalesce((select j.spec_hash from tend.job_run j where j.run_id = $3), '') as "spec_hash!"
           from crm.staff s
           left join crm.staff g on g.staff_id = $2
           where s.staff_id = $4"#,
        review.locale,
        by.who,
        review.run_id,
        owner
    );
    let around = around.fetch_one(&mut *conn).await?;
    let (team, part) = (review.team.clone(), figure.part.clone());
    let place = Place { run_id: review.run_id, team, figure: figure.name.clone(), part }.word();
    let (value, _) = figure.shown(&around.locale);
    let letter = Letter {
        recipient: Recipient::Staff(owner.to_owned()),
        occasion: format!("action:{action_id}"),
        occurs_on: review.today(now),
        step: String::new(),
        template: "tend-action".to_owned(),
        locale: review.locale.clone(),
        data: json!({
            "what": what, "due": due, "giver": around.giver, "review": review.title, "team": review.team, "period": review.period,
            "figure": figure.title(&around.locale), "value": value, "target": figure.target(&around.locale).unwrap_or_default(),
            "link": place.map_or_else(|| "".into(), |word| link(LinkTo::Action, &word, owner)),
        }),
        customers: Vec::new(),
        attachments: Vec::new(),
        archived: false,
        again_of: None,
        priority: 60,
        not_before: now,
        not_after: now + LIFE,
    };
    // of no run: the mails of that are the review
    let writer = Writer { run_id: 0, job: &review.job, spec_hash: &around.spec_hash, at: now };
    letter::write(conn, writer, &[letter]).await?;
    Ok(())
}
