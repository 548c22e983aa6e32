//! What the watchdog says of messages that are owed.

use std::path::Path;
use std::sync::Arc;

use tend::engine::Engine;
use tend::engine::watchdog::round;
use tend::settings::Settings;
use tokio_util::sync::CancellationToken;

use super::office::{dispatcher, options, owe, owing};
use crate::support::{World, eventually, instant};

const RECORDING: &str = "kind = \"recording\"\nsort = \"email\"\n";

/// One round of the watchdog; the open alarms.
pub async fn alarms(world: &World) -> Vec<String> {
    let settings = Settings::read(Path::new("config"), []).unwrap_or_else(|error| panic!("{error}"));
    let no_specs = Arc::new(|_| anyhow::bail!("there are none"));
    round(&Engine::new(world.db().clone(), world.clock(), no_specs, settings.engine)).await.unwrap();
    world.rows("select kind, message from tend.alarm where cleared_at is null order by key").await
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_whose_channel_no_living_replica_has_raise_an_alarm() {
    let world = owing(3).await;
    world.sql("update tend.outbox set provider = 'smtp-old' where customer_id = 'c1'").await;
    world.sql("update tend.outbox set channel = 'sms' where customer_id = 'c2'").await;
    world.sql("insert into tend.sending_pause values (true, '2026-06-01', 'ann', '')").await;
    assert!(alarms(&world).await.is_empty(), "nobody is alive: that is said of the replicas");
    let folder = tempfile::tempdir().unwrap();
    let recording = format!("{RECORDING}folder = {:?}\n", folder.path());
    let (dispatcher, stop) = (dispatcher(&world, options(&[("mail", &recording)])), CancellationToken::new());
    let at_work = tokio::spawn({
        let stop = stop.clone();
        async move { dispatcher.run(stop).await }
    });
    eventually("the dispatcher is at work", async || world.value("select count(*) from tend.dispatcher").await == "1")
        .await;
    assert_eq!(
        alarms(&world).await,
        [
            "message_unserved\tmessages wait for a channel of the sort sms, and no replica that is alive has one",
            "message_unserved\tmessages wait for the channel smtp-old, which is in the settings of no replica that is alive",
        ]
    );
    world.sql("update tend.dispatcher set lanes = null").await;
    assert!(alarms(&world).await.is_empty(), "an older version does not say what it pays");
    stop.cancel();
    at_work.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_does_not_read_all_messages_that_are_owed() {
    let world = owing(0).await;
    owe(&world, 5_000).await;
    world
        .sql(
            "update tend.outbox set priority = message_id % 3, provider = case when message_id % 2 = 0 then 'mail' end;
             analyze tend.outbox;",
        )
        .await;
    world.advance_to(instant("2026-06-01T01:00:00Z")).await;
    let late = "are late, the oldest since 2026-06-01T00:00Z";
    assert_eq!(
        alarms(&world).await,
        [format!("message_late\tmessages of email {late}"), format!("message_late\tmessages of mail {late}")]
    );
    let query = include_str!("../../../src/engine/findings.sql").replace("!\"", "\"");
    let mut tx = world.pool().begin().await.unwrap();
    let now = instant("2026-06-01T01:00:00Z");
    let before = rows_read(&mut tx).await;
    let round = sqlx::query(sqlx::AssertSqlSafe(query));
    round.bind(now).bind(now).bind(60.0_f64).bind(60.0_f64).bind(now).fetch_all(&mut *tx).await.unwrap();
    let read = rows_read(&mut tx).await - before;
    assert!((1..50).contains(&read), "{read} rows of tend.outbox read");
}

/// Rows of the outbox that this connection has read lately.
async fn rows_read(conn: &mut sqlx::PgConnection) -> i64 {
    let rows = "select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint
                from pg_stat_xact_user_tables where relid = 'tend.outbox'::regclass";
    sqlx::query_scalar(rows).fetch_one(conn).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_a_person_raises_an_alarm_until_it_goes_or_dies() {
    let world = owing(3).await;
    world
        .sql(
            "update tend.outbox set state = 'held', state_reason = case customer_id when 'c1' then 'approval' else 'canary' end,
                                    run_id = substr(customer_id, 2)::bigint;
             insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at) values (1, 'approval', 't', 's', 1, '2026-06-01Z');
             insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at, canary_share, wait_secs, stop_if, state, note)
             values (2, 'canary', 't', 's', 1, '2026-06-01Z', 0.1, 60, '{\"rejected\": 0.03}', 'stopped', '2 of the first 9 messages were refused'),
                    (3, 'canary', 't', 's', 1, '2026-06-01Z', 0.1, 60, '{\"rejected\": 0.03}', 'waiting', null)",
        )
        .await;
    assert_eq!(
        alarms(&world).await,
        [
            "approval_waiting\tt: 1 message of run 1 waits for approval (`tend approve t`); it dies at 2026-06-04T00:00Z",
            "canary_stopped\tt: 1 message of run 2 is stopped: 2 of the first 9 messages were refused; `tend approve t --run 2` lets it go; it dies at 2026-06-04T00:00Z",
        ],
        "what waits for the answers of the first ones is no alarm"
    );
    world.sql("update tend.outbox set state = 'expired' where run_id = 1; update tend.hold set state = 'released', decided_at = '2026-06-01Z' where run_id = 2").await;
    assert!(alarms(&world).await.is_empty());
}
