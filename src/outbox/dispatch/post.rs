//! One message by itself, without a row in the outbox: what goes to staff, and test messages. A pause, the channel's breaker
//! and its rates hold for it as for all others.

use sqlx::PgPool;

use super::{breaker, ramp, rates};
use crate::clock::Clock;
use crate::outbox::channel::settings::Rates;
use crate::outbox::channel::{Answer, Channel, Fate, Outgoing, Trouble};

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// All sending is stopped by a person.
    #[error("all sending is stopped (`tend resume --all`)")]
    Paused,
    /// The channel failed lately, or its rate is used up.
    #[error("the channel {0} is left alone at the moment: it failed lately, or its rate is used up")]
    Waits(String),
    /// The channel cannot send the message, or could not be reached.
    #[error("{0}")]
    Impossible(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Sends one message over the channel `name`, and says what became of it.
///
/// # Errors
/// When nothing was sent.
pub async fn post(
    pool: &PgPool,
    clock: Clock,
    (name, channel, rates): (&str, &Channel, &Rates),
    outgoing: &Outgoing,
) -> Result<Answer, NotSent> {
    admitted(pool, clock, name, rates).await?;
    let answer = channel.deliver(outgoing).await;
    let mut conn = pool.acquire().await?;
    let now = clock.now(&mut conn).await?;
    let (threshold, wait, reason) = match &answer {
        Ok(answer) if answer.fate == Fate::Accepted => {
            breaker::works(&mut conn, name, now).await?;
            return Ok(answer.clone());
        }
        Ok(answer) => match answer.trouble {
            Some(Trouble::Stop(wait)) => (1, wait, answer.detail.clone()),
            Some(Trouble::Channel) => (breaker::SOFT, None, answer.detail.clone()),
            Some(Trouble::Domain) | None => return Ok(answer.clone()),
        },
        Err(reason) => (1, None, reason.clone()),
    };
    breaker::failed(&mut conn, name, now, threshold, wait, &reason).await?;
    answer.map_err(NotSent::Impossible)
}

/// Takes one from the rates.
async fn admitted(pool: &PgPool, clock: Clock, name: &str, limits: &Rates) -> Result<(), NotSent> {
    let mut tx = pool.begin().await?;
    let now = clock.now(&mut tx).await?;
    let paused = sqlx::query_scalar!(r#"select exists (select from tend.sending_pause) as "paused!""#)
        .fetch_one(&mut *tx)
        .await?;
    if paused {
        return Err(NotSent::Paused);
    }
    let (gate, _) = breaker::gate(&mut tx, name, now).await?;
    let (bucket, rate) = (format!("provider:{name}"), limits.whole());
    let may = rates::available(&mut tx, &bucket, rate, now, 1).await?;
    if matches!(gate, breaker::Gate::Closed(_))
        || may == 0
        || ramp::available(&mut tx, &bucket, rate.ramp, now, 1).await? == 0
    {
        return Err(NotSent::Waits(name.to_owned()));
    }
    rates::take(&mut tx, &bucket, rate, 1).await?;
    ramp::take(&mut tx, &bucket, rate.ramp, 1).await?;
    tx.commit().await?;
    Ok(())
}
