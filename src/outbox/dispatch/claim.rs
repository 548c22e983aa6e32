//! Claiming: what is owed now, judged once more, within the rates.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::breaker::{self, Gate};
use super::ledger::Next;
use super::{Lane, Plans, Shared, moved, ramp, rates};
use crate::outbox::home::{self, Place};

/// A message this process is to send.
#[derive(Debug)]
pub struct Claimed {
    /// `tend.outbox.message_id`.
    pub message_id: i64,
    /// Its public name.
    pub public_id: Uuid,
    /// Spec whose templates render it.
    pub spec_hash: String,
    /// To whom; of a letter as `tend.outbox.recipient` says it.
    pub customer_id: String,
    /// Whether it is a letter to somebody of the house.
    pub is_letter: bool,
    /// What it is for: marketing, service or transactional.
    pub purpose: String,
    /// What the customer can unsubscribe from.
    pub topic: String,
    /// Folder below `templates/`.
    pub template: String,
    /// Language it was planned in.
    pub locale: String,
    /// Offer and occasion.
    pub data: Value,
    /// The attempt this will be.
    pub attempt: i16,
    /// The how many-th of its channel that is: waits and the end of patience go by it.
    pub nth: i16,
    /// What happens when its fate is unknown.
    pub on_unknown: String,
    /// Name of the customer.
    pub name: String,
    /// Language the customer reads.
    pub reads: Option<String>,
    /// Country of the customer.
    pub country: Option<String>,
    /// Address as it is now.
    pub address: String,
    /// SHA-256 of channel and address, as in `tend.address_key`.
    pub address_hash: [u8; 32],
    /// Domain of the address.
    pub domain: String,
    /// The domain has refused messages lately.
    pub domain_failing: bool,
    /// Its end of life, or the end of its hours if that is earlier; asked once more with the hand-over.
    pub not_after: DateTime<Utc>,
    /// What time it was.
    pub now: DateTime<Utc>,
    /// When consent and address were looked up.
    pub asked: Instant,
    /// Number of the claim.
    pub claim: u64,
    /// Halts of the channel seen before.
    pub halts: u64,
}

impl Claimed {
    /// What the connection hands in before it sends.
    pub fn hand_over(&self) -> Next {
        Next { message_id: self.message_id, attempt: self.attempt, not_after: self.not_after }
    }

    /// Whether its life is over by now.
    pub fn is_over(&self) -> bool {
        self.now + TimeDelta::from_std(self.asked.elapsed()).unwrap_or_default() >= self.not_after
    }
}

/// What a claim brought.
#[derive(Debug, Default)]
pub struct Haul {
    /// To be sent.
    pub claimed: Vec<Claimed>,
    /// Rows looked at, sent or not; none: nothing is due.
    pub looked_at: usize,
    /// Nothing may be sent at the moment.
    pub closed: bool,
    /// The rate is used up until then.
    pub rated: Option<Duration>,
    /// Only this one, to try whether the channel works again.
    pub probe: bool,
}

/// Claims up to `want` messages of a channel; none when the lease is gone.
pub async fn claim(shared: &Shared, lane: &Lane, owner: Uuid, want: usize) -> sqlx::Result<Haul> {
    let mut tx = shared.begin(Plans::Kept).await?;
    let place = home::look(&mut tx).await?;
    if place != Place::Home {
        tx.rollback().await?;
        if !moved::settled(shared, place).await? {
            return Ok(Haul { closed: true, ..Haul::default() });
        }
        tx = shared.begin(Plans::Kept).await?;
    }
    let now = shared.clock.now(&mut tx).await?;
    let seen = (lane.claim(), lane.halts());
    let paused = sqlx::query_scalar!(r#"select exists (select from tend.sending_pause) as "paused!""#)
        .fetch_one(&mut *tx)
        .await?;
    let (gate, failures) = breaker::gate(&mut tx, &lane.name, now).await?;
    lane.set_failing(failures > 0);
    if paused || matches!(gate, Gate::Closed(_)) {
        return Ok(Haul { closed: true, ..Haul::default() });
    }
    let want = if gate == Gate::Probe { 1 } else { want };
    let name = format!("provider:{}", lane.name);
    let rate = lane.rates.whole();
    let may = rates::available(&mut tx, &name, rate, now, want).await?;
    let warm = ramp::available(&mut tx, &name, rate.ramp, now, may).await?;
    if warm == 0 {
        tx.commit().await?;
        let pause = if may == 0 { rates::pause(rate) } else { ramp::pause(now) };
        return Ok(Haul { rated: Some(pause), ..Haul::default() });
    }
    let may = warm;
    let (mut claimed, looked_at) = rows(&mut tx, lane, owner, now, may, seen).await?;
    if !lane.rates.domains.is_empty() {
        hold_back(&mut tx, lane, owner, now, &mut claimed).await?;
    }
    rates::take(&mut tx, &name, rate, claimed.len()).await?;
    ramp::take(&mut tx, &name, rate.ramp, claimed.len()).await?;
    tx.commit().await?;
    Ok(Haul { claimed, looked_at, closed: false, rated: None, probe: gate == Gate::Probe })
}

async fn rows(
    conn: &mut PgConnection,
    lane: &Lane,
    owner: Uuid,
    now: DateTime<Utc>,
    may: usize,
    (number, halts): (u64, u64),
) -> sqlx::Result<(Vec<Claimed>, usize)> {
    let most = i64::try_from(may).unwrap_or(i64::MAX);
    let on_unknown = lane.on_unknown.as_str();
    let sort = lane.sort.as_str();
    let rows =
        sqlx::query_file!("src/outbox/dispatch/claim.sql", owner, lane.name, &lane.lanes, now, most, on_unknown, sort)
            .fetch_all(conn)
            .await?;
    let looked_at = rows.len();
    let asked = Instant::now();
    let claimed = rows.into_iter().filter(|row| row.becomes == "claimed").map(|row| Claimed {
        message_id: row.message_id,
        public_id: row.public_id,
        spec_hash: row.spec_hash,
        is_letter: row.recipient.is_some(),
        customer_id: row.recipient.unwrap_or(row.customer_id),
        purpose: row.purpose,
        topic: row.topic,
        template: row.template,
        locale: row.locale,
        data: row.data,
        attempt: row.attempts + 1,
        nth: row.attempts + 1 - row.attempts_before,
        on_unknown: row.on_unknown,
        name: row.name,
        reads: row.reads,
        country: row.country,
        address: row.address.unwrap_or_default(),
        address_hash: row.address_hash.and_then(|hash| hash.try_into().ok()).unwrap_or_default(),
        domain: row.domain.unwrap_or_default(),
        domain_failing: row.domain_failing,
        not_after: row.not_after,
        now,
        asked,
        claim: number,
        halts,
    });
    Ok((claimed.collect(), looked_at))
}

/// Gives back what is too much for a recipient domain, with the time of its turn.
async fn hold_back(
    conn: &mut PgConnection,
    lane: &Lane,
    owner: Uuid,
    now: DateTime<Utc>,
    claimed: &mut Vec<Claimed>,
) -> sqlx::Result<()> {
    let mut by_domain: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, each) in claimed.iter().enumerate() {
        by_domain.entry(each.domain.clone()).or_default().push(at);
    }
    let (mut back, mut turns) = (Vec::new(), Vec::new());
    for (domain, places) in by_domain {
        let Some(rate) = lane.rates.domain(&domain) else { continue };
        let name = format!("domain:{}:{domain}", lane.name);
        let free = rates::available(conn, &name, rate, now, places.len()).await?;
        let may = ramp::available(conn, &name, rate.ramp, now, free).await?;
        rates::take(conn, &name, rate, may).await?;
        ramp::take(conn, &name, rate.ramp, may).await?;
        // what the ramp holds back waits for the next day, then for its turn
        let first = if may < free { now + ramp::pause(now) } else { now };
        for (place, at) in places[may..].iter().enumerate() {
            back.push(claimed[*at].message_id);
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a queue")]
            turns.push(first + TimeDelta::milliseconds((rates::turn(rate, place) * 1000.0) as i64));
        }
    }
    if back.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update tend.outbox o
         set state = case when n.next_at >= o.not_after then 'expired' else 'planned' end, owner = null, state_at = $4,
             not_before = case when n.next_at >= o.not_after then o.not_before else n.next_at end,
             state_reason = 'waits for the rate of its domain'
         from unnest($2::bigint[], $3::timestamptz[]) as r (message_id, turn)
         cross join lateral (
             select tend.opens_at(r.turn, m.zone, m.opens, m.closes) as next_at from tend.outbox m where m.message_id = r.message_id
         ) n
         where o.message_id = r.message_id and o.owner = $1 and o.state = 'claimed'",
        owner,
        &back,
        &turns,
        now
    )
    .execute(conn)
    .await?;
    claimed.retain(|each| !back.contains(&each.message_id));
    Ok(())
}
