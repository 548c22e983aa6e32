//! Crashes: a pass that is dropped between any two of its statements loses nothing and doubles nothing.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::stage::{Act, Stage, Toy};
use crate::support::eventually;

/// Polls the future so often, then drops it where it stands; none then.
pub async fn crash_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Passes until no run waits, not even for its next attempt, or is at work; what crashed lets go of its locks in its own time.
pub async fn settle_down(stage: &Stage) {
    eventually("all runs have ended", async || {
        stage.expire_leases().await;
        stage.world.sql("update tend.job_run set run_after = instant from tend.driven_clock where state = 'due'").await;
        // A pass may meet a backend that is being terminated for a crashed owner.
        let _ = stage.engine().pass_once().await;
        stage.world.value("select count(*) from tend.job_run where state in ('due', 'running')").await == "0"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_point_loses_nothing_and_doubles_nothing() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 * * * *", Act::Steps(3))).await;
    let mut polls = 0;
    loop {
        stage.world.sql("update tend.driven_clock set instant = instant + interval '1 h'").await;
        let (engine, connections) = stage.replica(super::stage::pace()).await;
        let ended = crash_after(polls, engine.pass_once()).await;
        settle_down(&stage).await;
        connections.close().await;
        if ended.is_some_and(|pass| pass.unwrap().outcomes.len() == 1) {
            break;
        }
        polls += 1;
        assert!(polls < 1000, "it never ends by itself");
    }
    assert!(polls > 20, "only {polls} points");
    let hours = (polls + 1).to_string();
    assert_eq!(stage.world.value("select count(*) from tend.job_run where state = 'succeeded'").await, hours);
    assert_eq!(stage.world.value("select count(*) from tend.job_run").await, hours);
    let doubled = "select count(*) from (select 1 from toy.done group by as_of, step having count(*) > 1) as doubled";
    assert_eq!(stage.world.value(doubled).await, "0");
    assert_eq!(stage.world.value("select count(*) from toy.done").await, (3 * (polls + 1)).to_string());
}
