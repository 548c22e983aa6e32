//! A copy of the database does not send again.

use tend::clock::Clock;
use tend::db::{Database, DatabaseSettings};
use tend::outbox::channel::settings::OnFailover;
use tend::outbox::dispatch::{Dispatcher, Options};
use tend::outbox::home::{self, Held, Place};

use super::office::{dispatcher, options, owing, states};
use crate::support::server::TestServer;
use crate::support::{World, eventually, instant};

fn office() -> (tempfile::TempDir, Options) {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&[("mail", &format!("kind = \"recording\"\nfolder = {:?}", dir.path()))]);
    (dir, options)
}

/// A world whose dispatcher has sent to `c1`, while `c2` and `c3` wait for tomorrow.
async fn at_work() -> World {
    let world = owing(3).await;
    world.sql("update tend.outbox set not_before = '2026-06-02' where customer_id <> 'c1'").await;
    dispatcher(&world, office().1).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t1", "planned\t2"]);
    world
}

async fn drained(db: &Database, options: Options) {
    Dispatcher::new(db.clone(), Clock::Driven, options).unwrap().drain_once().await.unwrap();
}

async fn now_in(db: &Database) -> Vec<String> {
    let rows = "select state || ' ' || count(*) from tend.outbox group by state order by state";
    sqlx::query_scalar(rows).fetch_all(db.pool()).await.unwrap()
}

async fn confirm(db: &Database, held: Held) -> home::Confirmed {
    let mut conn = db.pool().acquire().await.unwrap();
    home::confirm(&mut conn, "ann", instant("2026-06-02T01:00:00Z"), held).await.unwrap()
}

/// Pretends that the outbox was recorded on another timeline.
async fn promoted(world: &World) {
    world.sql("update tend.home set timeline = '00000000'").await;
    world.advance_to(instant("2026-06-02T00:00:00Z")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_database_sends_nothing_until_somebody_says_that_it_is_the_one() {
    let world = at_work().await;
    world.advance_to(instant("2026-06-02T00:00:00Z")).await;
    world.db().clone().close().await;
    let original = world.url().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    let copy = format!("{original}_copy");
    TestServer::get().admin(&format!("create database {copy} template {original}")).await;
    let db = Database::connect(&DatabaseSettings::new(TestServer::get().url(&copy))).await.unwrap();
    for _ in 0..2 {
        drained(&db, office().1).await;
        assert_eq!(now_in(&db).await, ["accepted 1", "held 2"]);
    }
    let note: String = sqlx::query_scalar("select note from tend.sending_pause").fetch_one(db.pool()).await.unwrap();
    assert!(note.contains("tend outbox confirm"), "{note}");
    // what is planned while it is stopped waits too, also when somebody resumes without knowing why it was stopped
    sqlx::raw_sql(
        "delete from tend.sending_pause;
         update tend.outbox set state = 'planned', state_reason = null where customer_id = 'c3'",
    )
    .execute(db.pool())
    .await
    .unwrap();
    drained(&db, office().1).await;
    assert_eq!(now_in(&db).await, ["accepted 1", "held 2"]);
    assert_eq!(confirm(&db, Held::Release).await, home::Confirmed { changed: true, messages: 2 });
    drained(&db, office().1).await;
    assert_eq!(now_in(&db).await, ["accepted 3"]);
    db.close().await;
    TestServer::get().admin(&format!("drop database {copy} with (force)")).await;
    // the original goes on as if nothing had been
    let db = Database::connect(&DatabaseSettings::new(world.url().to_owned())).await.unwrap();
    drained(&db, office().1).await;
    assert_eq!(now_in(&db).await, ["accepted 3"]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_standby_holds_unless_the_settings_say_that_it_lost_nothing() {
    let world = at_work().await;
    promoted(&world).await;
    dispatcher(&world, office().1).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t1", "held\t2"]);
    assert_eq!(confirm(world.db(), Held::Keep).await, home::Confirmed { changed: true, messages: 2 });
    assert_eq!(confirm(world.db(), Held::Drop).await, home::Confirmed { changed: false, messages: 2 });
    assert_eq!(states(&world).await, ["accepted\t1", "cancelled\t2"]);

    let world = at_work().await;
    promoted(&world).await;
    let mut options = office().1;
    options.outbox.on_failover = OnFailover::Release;
    dispatcher(&world, options).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t3"]);
    // but a copy is a copy
    world.sql("update tend.home set system = system + 1; update tend.outbox set state = 'planned' where customer_id = 'c3'").await;
    let mut options = office().1;
    options.outbox.on_failover = OnFailover::Release;
    dispatcher(&world, options).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t2", "held\t1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_were_claimed_when_the_copy_was_made_are_held_and_those_in_the_network_in_doubt() {
    let world = at_work().await;
    world
        .sql(
            "insert into tend.dispatcher (owner, host, registered_at, lease_until, lanes)
             values ('00000000-0000-0000-0000-000000000001', 'there', now(), now() + interval '1 day', '{}');
             update tend.outbox set state = 'claimed', owner = '00000000-0000-0000-0000-000000000001', provider = 'mail', on_unknown = 'hold'
             where customer_id <> 'c1';
             insert into tend.attempt (message_id, attempt, owner, handed_off_at)
             select message_id, 1, owner, now() from tend.outbox where customer_id = 'c3'",
        )
        .await;
    promoted(&world).await;
    dispatcher(&world, office().1).drain_once().await.unwrap();
    dispatcher(&world, office().1).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t1", "held\t1", "in_doubt\t1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_promoted_is_seen_by_its_timeline() {
    let world = World::with_own_server().await;
    let mut conn = world.pool().acquire().await.unwrap();
    assert_eq!(home::look(&mut conn).await.unwrap(), Place::New);
    home::settle(&mut conn, "test", instant("2026-06-01T00:00:00Z")).await.unwrap();
    world.restart_immediately().await;
    let mut conn = world.pool().acquire().await.unwrap();
    assert_eq!(home::look(&mut conn).await.unwrap(), Place::Home, "a crash is no move");
    let data = world.value("select current_setting('data_directory')").await;
    let dir = tempfile::Builder::new().prefix("tend-standby-").tempdir().unwrap();
    let standby = super::standby::Standby::of(&mut conn, std::path::Path::new(&data), dir.path()).await;
    let db = Database::connect(&DatabaseSettings::new(standby.url())).await.unwrap();
    eventually("the copy is promoted", async || {
        !sqlx::query_scalar::<_, bool>("select pg_is_in_recovery()").fetch_one(db.pool()).await.unwrap()
    })
    .await;
    let mut conn = db.pool().acquire().await.unwrap();
    assert_eq!(home::look(&mut conn).await.unwrap(), Place::Promoted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_behind_a_canary_waits_for_a_person_in_a_copy() {
    let world = at_work().await;
    world
        .sql(
            "insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at, canary_share, wait_secs, stop_if)
             values (1, 'canary', 't', repeat('a', 64), 2, '2026-06-01', 0.1, 60, '{\"rejected\": 0.03}');
             update tend.outbox set state = 'held', state_reason = 'canary' where customer_id <> 'c1'",
        )
        .await;
    promoted(&world).await;
    dispatcher(&world, office().1).drain_once().await.unwrap();
    confirm(world.db(), Held::Keep).await;
    dispatcher(&world, office().1).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t1", "held\t2"], "the database it was copied from may have sent them");
    let hold = world.value("select state || ': ' || note from tend.hold").await;
    assert!(hold.starts_with("stopped: the database was copied"), "{hold}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_about_to_go_by_another_channel_is_held_in_a_copy() {
    let world = at_work().await;
    world
        .sql(
            "update tend.outbox set state = 'rejected', fallback = '[{\"channel\": \"email\", \"locale\": \"en\"}]', not_before = '2026-06-01'
             where customer_id = 'c2'",
        )
        .await;
    promoted(&world).await;
    for _ in 0..2 {
        dispatcher(&world, office().1).drain_once().await.unwrap();
        assert_eq!(states(&world).await, ["accepted\t1", "held\t2"]);
    }
    assert_eq!(confirm(world.db(), Held::Release).await.messages, 2);
    dispatcher(&world, office().1).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t3"]);
}
