//! Either doorbell wakes the planner alone.

use std::sync::Arc;
use std::time::Duration;

use tend::engine::doorbell::{Bells, Doorbell, DoorbellError};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Far beyond five seconds, for machines that are busy.
const LATEST: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn the_cron_doorbell_alone_rings_again_and_again() {
    let bell = Arc::new(Notify::new());
    let hung = Doorbell::hang(Arc::clone(&bell), Bells { cron: true, interval: None }).await.unwrap();
    for ring in 1..=2 {
        timeout(LATEST, bell.notified()).await.unwrap_or_else(|_| panic!("no ring {ring}"));
    }
    drop(hung);
}

#[tokio::test]
async fn the_interval_alone_rings_at_once_again_and_again_and_stops_when_dropped() {
    let bell = Arc::new(Notify::new());
    let bells = Bells { cron: false, interval: Some(Duration::from_millis(5)) };
    let hung = Doorbell::hang(Arc::clone(&bell), bells).await.unwrap();
    for ring in 1..=3 {
        timeout(LATEST, bell.notified()).await.unwrap_or_else(|_| panic!("no ring {ring}"));
    }
    drop(hung);
    // one ring may have been on its way
    let _ = timeout(Duration::from_millis(50), bell.notified()).await;
    assert!(timeout(Duration::from_millis(100), bell.notified()).await.is_err(), "still ringing");
}

#[tokio::test]
async fn without_any_doorbell_it_says_so() {
    let hung = Doorbell::hang(Arc::new(Notify::new()), Bells { cron: false, interval: None }).await;
    assert!(matches!(hung, Err(DoorbellError::None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_hang_by_default() {
    let hung = Doorbell::hang(Arc::new(Notify::new()), Bells::default()).await.unwrap();
    assert_eq!(format!("{hung:?}"), "Doorbell { cron: true, interval: true }");
}
