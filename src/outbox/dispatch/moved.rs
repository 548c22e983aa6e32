//! What a dispatcher does when the database is not the one on record.

use sqlx::PgConnection;

use super::{Plans, Shared};
use crate::outbox::channel::settings::OnFailover;
use crate::outbox::home::{self, Place};

/// Whether the database is another than the one on record, and nobody has said yet that it sends: then nothing that waits is
/// let go either.
pub async fn elsewhere(shared: &Shared, conn: &mut PgConnection) -> sqlx::Result<bool> {
    let place = home::look(conn).await?;
    let passes = place == Place::Promoted && shared.outbox.on_failover == OnFailover::Release;
    Ok(matches!(place, Place::Promoted | Place::Moved) && !passes)
}

/// Decides about a place that is not home; true when sending may go on.
pub async fn settled(shared: &Shared, place: Place) -> sqlx::Result<bool> {
    if place == Place::Home {
        return Ok(true);
    }
    let mut tx = shared.begin(Plans::Fresh).await?;
    // one dispatcher decides; the others look again when it is done
    sqlx::query!(r#"select pg_advisory_xact_lock(hashtextextended('tend.home', 0)) as "lock: ()""#)
        .fetch_one(&mut *tx)
        .await?;
    let now = shared.clock.now(&mut tx).await?;
    let place = home::look(&mut tx).await?;
    let goes_on = match place {
        Place::Home => true,
        Place::New => {
            home::settle(&mut tx, &shared.host, now).await?;
            true
        }
        Place::Promoted if shared.outbox.on_failover == OnFailover::Release => {
            home::settle(&mut tx, &shared.host, now).await?;
            tracing::warn!("the database is on a new timeline; sending goes on, as outbox.on_failover says");
            true
        }
        Place::Promoted | Place::Moved => {
            let held = home::hold(&mut tx, now).await?;
            tracing::error!(
                held,
                "this database is a copy, or was moved or promoted: nothing is sent until `tend outbox confirm`"
            );
            false
        }
    };
    tx.commit().await?;
    Ok(goes_on)
}
