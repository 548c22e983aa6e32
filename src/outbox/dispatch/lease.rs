//! The lease of a dispatcher: taken at the start, kept by a heartbeat on connections of its own, given back at the end.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Plans, Shared, follow, recover};

/// Takes a new lease, and tells which lanes it pays, so that the watchdog can tell which nobody does.
pub async fn take(shared: &Shared, lanes: &[String]) -> sqlx::Result<Uuid> {
    sqlx::query_scalar!(
        "insert into tend.dispatcher (host, registered_at, lease_until, lanes)
         values ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => $2), $3) returning owner",
        shared.host,
        shared.outbox.lease_ttl.as_secs_f64(),
        lanes
    )
    .fetch_one(shared.db.control())
    .await
}

/// Keeps it; cancels `lost` when it is gone, or when it could not be renewed for so long that it may be.
pub async fn keep(shared: Arc<Shared>, owner: Uuid, lost: CancellationToken) {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(shared.outbox.heartbeat).await;
        let asked = Instant::now();
        let kept = sqlx::query!(
            "update tend.dispatcher set lease_until = clock_timestamp() + make_interval(secs => $2) where owner = $1",
            owner,
            shared.outbox.lease_ttl.as_secs_f64()
        )
        .execute(shared.db.control());
        match tokio::time::timeout(shared.outbox.heartbeat, kept).await {
            Ok(Ok(kept)) if kept.rows_affected() == 1 => renewed = asked,
            Ok(Ok(_)) => return lost.cancel(),
            Ok(Err(error)) => tracing::warn!(error = %error, "cannot renew the dispatcher's lease"),
            Err(_) => tracing::warn!("cannot renew the dispatcher's lease: no answer from the database"),
        }
        if renewed.elapsed() > shared.outbox.lease_ttl {
            return lost.cancel();
        }
    }
}

/// Puts in order what others left behind, again and again.
pub async fn care(shared: Arc<Shared>, lost: CancellationToken) {
    while !lost.is_cancelled() {
        match recover::recover(&shared).await {
            Ok(found) if found.dispatchers > 0 => tracing::warn!(
                dispatchers = found.dispatchers,
                unknown = found.unknown,
                released = found.released,
                "put in order what a dead dispatcher left behind"
            ),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error, "cannot look for dead dispatchers"),
        }
        if let Err(error) = recover::expire(&shared).await {
            tracing::warn!(error = %error, "cannot end messages past their end of life");
        }
        if let Err(error) = follow::look(&shared).await {
            tracing::warn!(error = %error, "cannot look after held and refused messages");
        }
        match recover::fill(&shared).await {
            Ok(0) => {}
            Ok(filled) => tracing::info!(messages = filled, "messages that waited for a coupon code have one"),
            Err(error) => tracing::warn!(error = %error, "cannot hand out coupon codes"),
        }
        tokio::time::sleep(shared.outbox.heartbeat).await;
    }
}

/// Gives everything back that is still claimed, and the lease. Nothing is at work for it any more: what was cut off in
/// the network is treated as after a crash.
pub async fn give_back(shared: &Shared, owner: Uuid) -> sqlx::Result<()> {
    let mut tx = shared.begin(Plans::Fresh).await?;
    // first, as in recovery: a hand-over that is being committed is waited for, and every later one is refused
    sqlx::query!("delete from tend.dispatcher where owner = $1", owner).execute(&mut *tx).await?;
    recover::put_in_order(shared, &mut tx, owner, None).await?;
    tx.commit().await
}
