//! Messages whose fate is unknown, settled by the gateway's receipt where a channel can ask for one: `tend.inquiry`.
//!
//! A message in doubt is asked about by the reference it was sent with. The gateway has it: accepted, or rejected. It does not
//! know it, long enough after the hand-over: it was never sent, and is owed again. It gives no clear answer: it is asked
//! again, ever more seldom, and when patience ends the message becomes what its `on_unknown` says. Asking changes nothing, so
//! it does not matter when two replicas ask at once; what they make of the answer is one update each, which only finds a
//! message that is still in doubt.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::recover::MOST_ATTEMPTS;
use super::{Lane, Plans, Shared};
use crate::outbox::channel::settings::{ReceiptSettings, Sort};
use crate::outbox::channel::{Question, Receipt};
use crate::outbox::returned::{self, About, Consequences, News, Said, Source};

/// Questions of one round.
const ROUND: i64 = 50;

/// A question that is due.
struct Due {
    message_id: i64,
    attempt: i16,
    /// The how many-th of its channel.
    nth: i16,
    public_id: Uuid,
    handed_off_at: DateTime<Utc>,
    reference: Option<String>,
    address: Option<String>,
    /// The address is not the one it was planned for.
    moved: bool,
    on_unknown: Option<String>,
}

/// Asks again and again, until the lease is lost.
pub async fn run(shared: Arc<Shared>, lanes: Vec<Arc<Lane>>, lost: CancellationToken) {
    if lanes.iter().all(|lane| lane.channel.receipt().is_none()) {
        return;
    }
    while !lost.is_cancelled() {
        if let Err(error) = once(&shared, &lanes).await {
            tracing::warn!(error = %error, "cannot settle messages by their receipts; trying again");
        }
        tokio::time::sleep(shared.outbox.heartbeat).await;
    }
}

/// Asks what is due now.
pub async fn once(shared: &Shared, lanes: &[Arc<Lane>]) -> sqlx::Result<()> {
    for lane in lanes {
        let Some(receipt) = lane.channel.receipt() else { continue };
        let (due, now) = due(shared, lane, receipt).await?;
        for each in due {
            let said = match address(shared, lane.sort, &each) {
                Err(why) => Receipt::Silent(why),
                Ok(to) => {
                    let question = Question {
                        id: each.public_id,
                        to,
                        sent: each.handed_off_at,
                        now,
                        reference: each.reference.clone(),
                    };
                    lane.channel.ask(&question).await
                }
            };
            settle(shared, lane, receipt, &each, said, now).await?;
        }
    }
    Ok(())
}

/// Where it went, if that can still be told.
fn address(shared: &Shared, sort: Sort, due: &Due) -> Result<String, String> {
    if let Some(redirect) = &shared.outbox.redirect_to {
        let to = if sort == Sort::Sms { &redirect.sms } else { &redirect.email };
        return to.clone().ok_or_else(|| "nobody is named by outbox.redirect_to".to_owned());
    }
    if due.moved {
        return Err("the address has changed since".into());
    }
    due.address.clone().ok_or_else(|| "there is no address any more".into())
}

/// Notes new messages in doubt, and takes those whose turn it is.
async fn due(shared: &Shared, lane: &Lane, receipt: &ReceiptSettings) -> sqlx::Result<(Vec<Due>, DateTime<Utc>)> {
    let mut tx = shared.begin(Plans::Fresh).await?;
    let now = shared.clock.now(&mut tx).await?;
    sqlx::query!(
        "insert into tend.inquiry (message_id, attempt, channel, ask_at)
         select o.message_id, o.attempts, $1, a.handed_off_at + make_interval(secs => $2)
         from tend.outbox o
         join tend.attempt a on a.message_id = o.message_id and a.attempt = o.attempts
         where o.state = 'in_doubt' and o.provider = $1
           and not exists (select from tend.inquiry i where i.message_id = o.message_id and i.attempt = o.attempts)
         limit 1000
         on conflict do nothing",
        lane.name,
        receipt.after.as_secs_f64()
    )
    .execute(&mut *tx)
    .await?;
    let due = sqlx::query_as!(
        Due,
        r#"with picked as (
               select i.message_id, i.attempt from tend.inquiry i
               where i.channel = $1 and i.ended_at is null and i.ask_at <= $2
               order by i.ask_at limit $3 for update skip locked
           ),
           asked as (
               -- ever more seldom: after 1, 2, 4 … minutes, at most an hour
               update tend.inquiry i
               set asked = i.asked + 1, ask_at = $2 + make_interval(mins => least(60, 2 ^ least(i.asked, 6))::int)
               from picked p where i.message_id = p.message_id and i.attempt = p.attempt
           )
           select p.message_id, p.attempt, p.attempt - o.attempts_before as "nth!", o.public_id, a.handed_off_at, coalesce(a.reference, o.provider_ref) as reference,
                  c.address, coalesce(x.address_key <> tend.address_key($4, c.address), false) as "moved!", o.on_unknown
           from picked p
           join tend.outbox o on o.message_id = p.message_id
           join tend.attempt a on a.message_id = p.message_id and a.attempt = p.attempt
           left join lateral (
               select nullif(btrim(case $4 when 'email' then k.email else k.phone end), '') as address
               from crm.customer k where k.customer_id = o.customer_id) c on true
           left join tend.occasion x on x.job = o.job and x.customer_id = o.customer_id and x.occasion = o.occasion and x.step = o.step"#,
        lane.name,
        now,
        ROUND,
        lane.sort.as_str()
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((due, now))
}

/// What becomes of the message: its state and why; none: it is asked again.
fn becomes(receipt: &ReceiptSettings, due: &Due, said: &Receipt, now: DateTime<Utc>) -> Option<(&'static str, String)> {
    let age = now - due.handed_off_at;
    let older = |than: std::time::Duration| TimeDelta::from_std(than).is_ok_and(|than| age >= than);
    match said {
        Receipt::Taken(words) => Some(("accepted", format!("settled by its receipt: {words}"))),
        Receipt::Delivered(words) => Some(("delivered", format!("settled by its receipt: {words}"))),
        Receipt::Refused(words) => Some(("rejected", format!("settled by its receipt: {words}"))),
        Receipt::Missing if older(receipt.missing_after) && due.nth < MOST_ATTEMPTS => {
            Some(("planned", "settled by its receipt: the gateway never had it; sent again".into()))
        }
        Receipt::Missing | Receipt::Silent(_) if older(receipt.patience) => match due.on_unknown.as_deref() {
            Some("resend") if due.nth < MOST_ATTEMPTS => {
                Some(("planned", "fate unknown, and no receipt; sent again under the same id".into()))
            }
            Some("drop") => Some(("dead", "dropped: fate unknown, and no receipt".into())),
            _ => Some(("in_doubt", "fate unknown, and the gateway gives no receipt; a person decides".into())),
        },
        Receipt::Missing | Receipt::Silent(_) => None,
    }
}

async fn settle(
    shared: &Shared,
    lane: &Lane,
    receipt: &ReceiptSettings,
    due: &Due,
    said: Receipt,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let becomes = becomes(receipt, due, &said, now);
    let words = match &said {
        Receipt::Taken(words) | Receipt::Delivered(words) | Receipt::Refused(words) | Receipt::Silent(words) => {
            words.clone()
        }
        Receipt::Missing => "the gateway does not know it".into(),
    };
    let ended = becomes.is_some();
    let mut tx = shared.begin(Plans::Fresh).await?;
    sqlx::query!(
        "update tend.inquiry set said = $3, ended_at = case when $4 then $5::timestamptz end where message_id = $1 and attempt = $2",
        due.message_id,
        due.attempt,
        words,
        ended,
        now
    )
    .execute(&mut *tx)
    .await?;
    if let Some((state, why)) = becomes {
        sqlx::query!(
            "update tend.outbox set state = $3, state_reason = $4, state_at = $5
             where message_id = $1 and attempts = $2 and state = 'in_doubt'",
            due.message_id,
            due.attempt,
            state,
            why,
            now
        )
        .execute(&mut *tx)
        .await?;
    }
    let told = match &said {
        Receipt::Delivered(_) => Some(Said::Delivered),
        Receipt::Refused(_) => Some(Said::Failed),
        Receipt::Taken(_) | Receipt::Missing | Receipt::Silent(_) => None,
    };
    if let Some(told) = told {
        // it stands among what came back, as if the gateway had posted it
        let news = News {
            about: About::Ours(due.public_id),
            source: Source::Inquiry,
            provider: Some(lane.name.clone()),
            said: told,
            code: String::new(),
            detail: words,
            at: None,
            to: Vec::new(),
        };
        returned::take(&mut tx, &news, Consequences { suppress: false, ..Consequences::default() }, now).await?;
    }
    tx.commit().await
}
