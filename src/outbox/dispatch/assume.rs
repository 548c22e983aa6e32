//! A dispatcher that sends nothing and assumes that everything arrives: for simulations on a copy.
//!
//! Promises: what may be sent, and when, is decided by the statements of the real dispatcher (consent, suppression and
//! address at the moment of sending, hours, ends of life, canaries, fallback, codes), and the rows that are left are those it would leave; no
//! template is rendered, no channel is opened, no link is made. Rates and ramps are left out: a message goes when its hours
//! and its run let it. Wherever the database is, it works: it harms nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Notify;
use uuid::Uuid;

use super::content::{Contents, Frame};
use super::{Plans, Shared, follow, recover};
use crate::clock::Clock;
use crate::db::Database;
use crate::outbox::channel::settings::{ChannelSettings, OutboxSettings, Sort};
use crate::outbox::{coupon, hold};

/// Messages of one statement.
const AT_A_TIME: i64 = 2_000;

/// Who approves what needs it.
const APPROVER: &str = "assumed";

/// One channel, as far as it matters which one it is.
#[derive(Debug)]
struct Way {
    name: String,
    sort: Sort,
    on_unknown: &'static str,
    lanes: Vec<String>,
}

/// What became of messages that were due.
struct Claimed {
    paid: u64,
    /// There may be more.
    more: bool,
    /// Those for which another channel may step in.
    refused: usize,
}

/// Pays the outbox of a copy.
#[derive(Debug)]
pub struct Assumed {
    shared: Arc<Shared>,
    ways: Vec<Way>,
    owner: Uuid,
    approves: bool,
}

impl Assumed {
    /// Over the channels of the settings, by name; they are not opened. `approves`: what waits for a person's approval gets
    /// it at once.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn new(
        db: &Database,
        clock: Clock,
        outbox: &OutboxSettings,
        channels: &BTreeMap<String, ChannelSettings>,
        approves: bool,
    ) -> sqlx::Result<Self> {
        let of_customers = channels.iter().filter(|(_, settings)| settings.sort() != Sort::Robot);
        let ways: Vec<Way> = of_customers
            .map(|(name, settings)| {
                let sort = settings.sort();
                let default = outbox.default_channel(sort, channels) == Some(name.as_str());
                let lanes = std::iter::once(name.clone()).chain(default.then(|| format!("*{sort}"))).collect();
                Way { name: name.clone(), sort, on_unknown: settings.on_unknown().as_str(), lanes }
            })
            .collect();
        let shared = Shared {
            db: db.clone(),
            clock,
            outbox: outbox.clone(),
            frame: Frame { company: minijinja::Value::UNDEFINED, links: None },
            contents: Contents::default(),
            host: "simulation".to_owned(),
            bell: Notify::new(),
            asking: Vec::new(),
        };
        // nobody else is there who could take it away
        let owner = sqlx::query_scalar!(
            "insert into tend.dispatcher (host, registered_at, lease_until, lanes)
             values ('simulation', clock_timestamp(), 'infinity', '{}') returning owner"
        )
        .fetch_one(db.pool())
        .await?;
        recover::recover(&shared).await?;
        Ok(Self { shared: Arc::new(shared), ways, owner, approves })
    }

    /// Pays what is due at the driven instant; how many messages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn pay(&self) -> sqlx::Result<u64> {
        if !self.is_owed().await? {
            return Ok(0);
        }
        recover::expire(&self.shared).await?;
        if self.approves {
            self.approve().await?;
        }
        let mut paid = 0;
        // what a claim refuses has a channel less to go by: it comes to an end
        loop {
            follow::follow(&self.shared).await?;
            let mut tx = self.shared.begin(Plans::Fresh).await?;
            let now = self.shared.clock.now(&mut tx).await?;
            coupon::fill(&mut tx, now).await?;
            tx.commit().await?;
            let mut refused = 0;
            for way in &self.ways {
                loop {
                    let claimed = self.claim(way).await?;
                    paid += claimed.paid;
                    refused += claimed.refused;
                    if !claimed.more {
                        break;
                    }
                }
            }
            if refused == 0 {
                return Ok(paid);
            }
        }
    }

    /// When something will be due that is not yet; none: nothing is known to come.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn next_instant(&self, conn: &mut PgConnection) -> sqlx::Result<Option<DateTime<Utc>>> {
        let mut tx = conn.begin_with(Plans::Kept.begin()).await?;
        let now = self.shared.clock.now(&mut tx).await?;
        let next = sqlx::query_file_scalar!("src/outbox/dispatch/assume_next.sql", now).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Takes leave, so that the copy knows of nobody.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn leave(self) -> sqlx::Result<()> {
        sqlx::query!("delete from tend.dispatcher where owner = $1", self.owner)
            .execute(self.shared.db.pool())
            .await
            .map(drop)
    }

    /// Whether anything is to be done now: most instants bring no message.
    async fn is_owed(&self) -> sqlx::Result<bool> {
        let mut tx = self.shared.begin(Plans::Kept).await?;
        let now = self.shared.clock.now(&mut tx).await?;
        let owed = sqlx::query_scalar!(
            r#"select exists (select from tend.outbox where state = 'planned' and not_before <= $1)
                   or exists (select from tend.outbox where state in ('planned', 'held') and not_after <= $1)
                   or exists (select from tend.outbox where state in ('in_doubt', 'held', 'dead') and state = 'held')
                   or exists (select from tend.outbox where fallback is not null and state in ('rejected', 'bounced')) as "owed!""#,
            now
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(owed)
    }

    async fn approve(&self) -> sqlx::Result<()> {
        let mut tx = self.shared.begin(Plans::Fresh).await?;
        let now = self.shared.clock.now(&mut tx).await?;
        for waiting in hold::waiting(&mut tx, None).await? {
            if waiting.reason == "approval" && waiting.state == "waiting" {
                hold::approve(&mut tx, &waiting.job, Some(waiting.run_id), APPROVER, now).await?;
            }
        }
        tx.commit().await
    }

    /// Claims what a channel owes now and writes down that it was accepted.
    async fn claim(&self, way: &Way) -> sqlx::Result<Claimed> {
        let mut tx = self.shared.begin(Plans::Kept).await?;
        let now = self.shared.clock.now(&mut tx).await?;
        let rows = sqlx::query_file!(
            "src/outbox/dispatch/claim.sql",
            self.owner,
            way.name,
            &way.lanes,
            now,
            AT_A_TIME,
            way.on_unknown,
            way.sort.as_str()
        )
        .fetch_all(&mut *tx)
        .await?;
        let claimed: Vec<i64> = rows.iter().filter(|row| row.becomes == "claimed").map(|row| row.message_id).collect();
        if !claimed.is_empty() {
            sqlx::query_file!("src/outbox/dispatch/assume.sql", self.owner, now, &claimed).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        let refused = rows.iter().filter(|row| row.becomes == "rejected").count();
        Ok(Claimed { paid: claimed.len() as u64, more: rows.len() as i64 >= AT_A_TIME, refused })
    }
}
