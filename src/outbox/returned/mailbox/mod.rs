//! Mails that came back, from a file or a place on this machine: taken one by one, and put away only when what they say is
//! written down. A mail that is taken twice changes nothing more, so a stop is heard between any two.

use std::io;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

mod mbox;
mod place;

use mbox::Mbox;
pub use mbox::{LARGEST_MBOX, read_whole, split};
pub use place::Place;

use super::mail::{self, Returned};
use super::{Consequences, Taken, take};
use crate::clock::Clock;
use crate::db::Database;

/// Mails of an mbox that are written down together.
const TOGETHER: usize = 100;

/// Looks at the places again and again, until told to stop. What goes wrong is logged once and tried again.
pub async fn follow(
    db: Database,
    clock: Clock,
    places: Vec<Place>,
    consequences: Consequences,
    interval: Duration,
    stop: CancellationToken,
) {
    let mut rounds = tokio::time::interval(interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trouble: Vec<String> = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        let mut now_in_trouble = Vec::new();
        for place in &places {
            match round(&db, clock, place, consequences, &stop).await {
                Ok(tally) if tally.mails > 0 => tracing::info!(
                    mails = tally.mails,
                    recorded = tally.recorded,
                    known = tally.known,
                    not_ours = tally.not_ours,
                    auto_replies = tally.auto_replies,
                    other = tally.other,
                    unreadable = tally.unreadable,
                    "mails that came back were read"
                ),
                Ok(_) => {}
                Err(error) => {
                    let said = format!("bounces.{place}: {error:#}");
                    if !trouble.contains(&said) {
                        tracing::error!("{said}");
                    }
                    now_in_trouble.push(said);
                }
            }
        }
        trouble = now_in_trouble;
    }
}

async fn round(
    db: &Database,
    clock: Clock,
    place: &Place,
    consequences: Consequences,
    stop: &CancellationToken,
) -> anyhow::Result<Tally> {
    let mut conn = db.pool().acquire().await?;
    let now = clock.now(&mut conn).await?;
    look(&mut conn, place, consequences, now, stop).await
}

/// Counts what mails were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Mails.
    pub mails: usize,
    /// Reports about recipients that were written down.
    pub recorded: usize,
    /// That had been written down before.
    pub known: usize,
    /// About messages tend did not send, or to other addresses than theirs.
    pub not_ours: usize,
    /// Answers of machines.
    pub auto_replies: usize,
    /// Neither: people perhaps.
    pub other: usize,
    /// That cannot be read.
    pub unreadable: usize,
}

impl Tally {
    fn add(&mut self, more: Self) {
        self.mails += more.mails;
        self.recorded += more.recorded;
        self.known += more.known;
        self.not_ours += more.not_ours;
        self.auto_replies += more.auto_replies;
        self.other += more.other;
        self.unreadable += more.unreadable;
    }
}

/// Takes one mail.
///
/// # Errors
/// When the database refuses.
pub async fn mail(
    conn: &mut PgConnection,
    raw: &[u8],
    consequences: Consequences,
    now: DateTime<Utc>,
) -> sqlx::Result<Tally> {
    let mut tally = Tally { mails: 1, ..Tally::default() };
    match mail::read(raw) {
        Returned::News(news) => {
            for each in news {
                match take(conn, &each, consequences, now).await? {
                    Taken::New => tally.recorded += 1,
                    Taken::Again => tally.known += 1,
                    Taken::Unknown | Taken::OtherAddress => tally.not_ours += 1,
                }
            }
        }
        Returned::NotOurs => tally.not_ours = 1,
        Returned::AutoReply => tally.auto_replies = 1,
        Returned::Other => tally.other = 1,
        Returned::Unreadable => tally.unreadable = 1,
    }
    Ok(tally)
}

/// Takes one mail, or those of an mbox.
///
/// # Errors
/// When the database refuses.
pub async fn mails(
    conn: &mut PgConnection,
    raw: &[u8],
    consequences: Consequences,
    now: DateTime<Utc>,
) -> sqlx::Result<Tally> {
    let mut tally = Tally::default();
    for raw in split(raw) {
        tally.add(mail(conn, raw, consequences, now).await?);
    }
    Ok(tally)
}

/// Takes what waits at a place, until told to stop. A file that has gone meanwhile was taken by another replica.
///
/// # Errors
/// When the place cannot be read, an mbox is too large to be read, or the database refuses; what was taken so far is put away,
/// or taken again with the next look.
pub async fn look(
    conn: &mut PgConnection,
    place: &Place,
    consequences: Consequences,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> anyhow::Result<Tally> {
    let Place::Mbox(file) = place else { return one_by_one(conn, place, consequences, now, stop).await };
    let file = file.clone();
    match blocking(move || Mbox::open(file)).await? {
        Some(mbox) => emptied(conn, mbox, consequences, now, stop).await,
        None => Ok(Tally::default()),
    }
}

/// The files of a place, each a mail.
async fn one_by_one(
    conn: &mut PgConnection,
    place: &Place,
    consequences: Consequences,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let here = place.clone();
    for file in blocking(move || here.waiting()).await? {
        if stop.is_cancelled() {
            break;
        }
        let path = file.clone();
        let Some(raw) = blocking(move || place::read(&path)).await? else { continue };
        let mut tx = conn.begin().await?;
        tally.add(mail(&mut tx, &raw, consequences, now).await?);
        tx.commit().await?;
        let here = place.clone();
        blocking(move || here.put_away(&file)).await?;
    }
    Ok(tally)
}

/// All mails of an mbox, which is emptied when they are written down.
async fn emptied(
    conn: &mut PgConnection,
    mbox: Mbox,
    consequences: Consequences,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for some in mbox.mails.chunks(TOGETHER) {
        let mut tx = conn.begin().await?;
        for bounds in some {
            if stop.is_cancelled() {
                // the mbox stays as it is: what was taken is known when it is looked at again
                tx.commit().await?;
                return Ok(tally);
            }
            tally.add(mail(&mut tx, &mbox.raw[bounds.clone()], consequences, now).await?);
        }
        tx.commit().await?;
    }
    blocking(move || mbox.empty()).await?;
    Ok(tally)
}

/// Work on files, where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await.context("the work on files broke off")??)
}
