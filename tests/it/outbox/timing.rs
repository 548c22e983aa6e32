//! What happens between a claim and the hand-over: an end of life, a pause, a consent that is gone, a database that fails.

use std::time::Duration;

use sqlx::Row as _;
use tend::outbox::dispatch::{Dispatcher, Options};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::office::{dispatcher, fate, options, owing, states};
use crate::support::smtp::SmtpServer;
use crate::support::{World, eventually, instant};

fn settings(server: &SmtpServer) -> Options {
    options(&[(
        "mail",
        &format!(
            "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"care@shop.example\"\n\
             timeout = \"1s\"\nconnections = 1\non_unknown = \"hold\"",
            server.port()
        ),
    )])
}

fn at_work(office: &Dispatcher) -> (JoinHandle<()>, CancellationToken) {
    let (office, cancel) = (office.clone(), CancellationToken::new());
    let told = cancel.clone();
    (tokio::spawn(async move { office.run(told).await }), cancel)
}

/// Three messages claimed together, the first of which keeps the only connection busy for a second.
async fn with_one_in_the_network(server: &SmtpServer) -> (World, JoinHandle<()>, CancellationToken) {
    let world = owing(3).await;
    world.sql("update crm.customer set email = 'stall@example.com' where customer_id = 'c1'").await;
    let (running, cancel) = at_work(&dispatcher(&world, settings(server)));
    eventually("the first is in the network and the others are claimed", async || {
        world.value("select count(*) from tend.attempt").await == "1"
            && world.value("select count(*) from tend.outbox where state = 'claimed'").await == "3"
    })
    .await;
    (world, running, cancel)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_life_ends_while_it_waits_for_a_connection_is_not_sent() {
    let server = SmtpServer::start().await;
    let (world, running, cancel) = with_one_in_the_network(&server).await;
    world.advance_to(instant("2026-06-04T00:00:00Z")).await;
    eventually("all have their end", async || {
        states(&world).await == ["expired\t2".to_owned(), "in_doubt\t1".to_owned()]
    })
    .await;
    assert_eq!(server.mails().len(), 1, "only the one that was in the network");
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_lets_nothing_go_but_the_message_that_is_in_the_network() {
    let server = SmtpServer::start().await;
    let (world, running, cancel) = with_one_in_the_network(&server).await;
    world.sql("insert into tend.sending_pause values (true, '2026-06-01', 'ann', '')").await;
    eventually("the others are given back", async || {
        states(&world).await == ["in_doubt\t1".to_owned(), "planned\t2".to_owned()]
    })
    .await;
    assert_eq!(server.mails().len(), 1);
    world.sql("delete from tend.sending_pause").await;
    eventually("they go when sending goes on", async || server.mails().len() == 3).await;
    cancel.cancel();
    running.await.unwrap();
    assert_eq!(world.value("select count(*) from tend.dispatcher").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_was_committed_without_an_answer_does_not_hold_on_to_its_messages() {
    let world = owing(1).await;
    world.sql("update tend.outbox set not_before = '2026-06-02'").await;
    let server = SmtpServer::start().await;
    let (running, cancel) = at_work(&dispatcher(&world, settings(&server)));
    eventually("it has its lease", async || world.value("select count(*) from tend.dispatcher").await == "1").await;
    // the claim fails for the process; in the database it has happened
    world
        .sql(
            "alter table tend.provider_state rename to provider_state_gone;
             update tend.outbox set state = 'claimed', provider = 'mail', not_before = '2026-06-01',
                 owner = (select owner from tend.dispatcher)",
        )
        .await;
    eventually("it is given back", async || states(&world).await == ["planned\t1"]).await;
    world.sql("alter table tend.provider_state_gone rename to provider_state").await;
    eventually("it is sent", async || states(&world).await == ["accepted\t1"]).await;
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_gone_counts_as_withdrawn_where_it_must_be_granted() {
    let world = owing(3).await;
    world
        .sql(
            "update tend.outbox set consent = case customer_id when 'c3' then 'not_withdrawn' else 'granted' end;
             insert into crm.consent (customer_id, channel, purpose, granted, recorded_at)
             values ('c2', 'email', 'marketing', true, '2026-01-01')",
        )
        .await;
    let server = SmtpServer::start().await;
    dispatcher(&world, settings(&server)).drain_once().await.unwrap();
    assert_eq!(fate(&world, "c1").await, "cancelled | 0 | consent was withdrawn");
    assert_eq!(fate(&world, "c2").await, "accepted | 1");
    assert_eq!(fate(&world, "c3").await, "accepted | 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_that_is_told_to_stop_leaves_nothing_behind() {
    let server = SmtpServer::start().await;
    let (world, running, cancel) = with_one_in_the_network(&server).await;
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(20), running).await.expect("it ends").unwrap();
    assert_eq!(states(&world).await, ["in_doubt\t1", "planned\t2"]);
    assert_eq!(world.value("select count(*) from tend.dispatcher").await, "0");
}

/// With statistics from before an import of suppressions the planner compared each of them with each message.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_looks_suppressions_up_by_their_key_whatever_the_statistics_say() {
    let world = owing(1).await;
    world.sql("analyze tend.suppression").await;
    let claim = include_str!("../../../src/outbox/dispatch/claim.sql");
    let plan = plan(
        &world,
        "generic",
        "uuid, text, text[], timestamptz, bigint, text, text",
        claim,
        "gen_random_uuid(), 'mail', array['mail'], '2026-06-01', 9, 'hold', 'email'",
    )
    .await;
    for table in ["suppression", "provider_state"] {
        let at =
            plan.iter().position(|line| line.contains(&format!(" on {table} "))).expect("the table is in the plan");
        let by_key = plan[at + 1].contains("address_key = ") || plan[at + 1].contains("provider = ");
        assert!(by_key, "{table}: {}", plan.join("\n"));
    }
    assert!(!plan.iter().any(|line| line.contains("Join Filter")), "row by row: {}", plan.join("\n"));
}

/// With statistics from when these tables were empty every coupon was compared with each message, staff was read whole for each
/// letter, and the newest choice and the newest consent were looked for among everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_planned_on_the_first_day_reads_nothing_whole() {
    let world = owing(1).await;
    world.sql("analyze").await;
    let claim = include_str!("../../../src/outbox/dispatch/claim.sql");
    let types = "uuid, text, text[], timestamptz, bigint, text, text";
    let arguments = "gen_random_uuid(), 'mail', array['mail'], '2026-06-01', 9, 'hold', 'email'";
    let mut plan = plan(&world, "generic", types, claim, arguments).await;
    // what is claimed is written by its keys as soon as there is more than one message
    plan.truncate(plan.iter().position(|line| line.contains("CTE move")).expect("the plan has it"));
    let text = plan.join("\n");
    for wrong in ["Join Filter", "Seq Scan", "consent_recorded_at", "choice_pkey"] {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
    for table in ["coupon", "customer", "consent", "choice", "suppression", "staff", "letter"] {
        let scans = plan.iter().enumerate().filter(|(_, line)| line.contains(&format!(" on {table} ")));
        let places: Vec<_> = scans.map(|(at, _)| at).collect();
        assert!(!places.is_empty() && places.iter().all(|at| plan[at + 1].contains("Index Cond")), "{table}: {text}");
    }
}

/// What the statistics of a first day know of: nothing was ever claimed and no attempt was made.
async fn first_day() -> World {
    let world = owing(100).await;
    world.sql("analyze tend.outbox; analyze tend.attempt").await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn results_find_their_messages_by_key_and_not_among_all_that_are_claimed() {
    let world = first_day().await;
    let made = "insert into tend.attempt (message_id, attempt, owner, handed_off_at)
                select i, 9, gen_random_uuid(), '2026-06-01' from generate_series(1, 5000) i";
    world.sql(made).await;
    let settle = include_str!("../../../src/outbox/dispatch/settle.sql");
    let release = include_str!("../../../src/outbox/dispatch/release.sql");
    let settled = plan(&world, "custom", "uuid, bigint[]", settle, "gen_random_uuid(), '{1,2,3}'").await;
    let types = "uuid, timestamptz, bigint[], text[], text[]";
    let arguments = "gen_random_uuid(), '2026-06-01', '{1,2}', '{planned,planned}', '{null,null}'";
    let released = plan(&world, "custom", types, release, arguments).await;
    for plan in [settled, released] {
        let text = plan.join("\n");
        assert!(!text.contains("outbox_in_flight") && !text.contains("Join Filter"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_finds_the_last_attempts_by_key_also_by_a_plan_from_when_there_was_none() {
    let world = first_day().await;
    let commit = include_str!("../../../src/outbox/dispatch/commit.sql");
    let types = "uuid, boolean, bigint[], smallint[], text[], text[], text[], text[], text[], double precision[], bigint[], \
                 smallint[], timestamptz[]";
    let nothing = ["'{}'"; 11].join(", ");
    let plan = plan(&world, "generic", types, commit, &format!("gen_random_uuid(), false, {nothing}")).await;
    let at = plan.iter().position(|line| line.contains(" on attempt a")).expect("an update");
    let scan = plan[at + 1..].iter().position(|line| line.contains(" on attempt a")).expect("a scan") + at + 1;
    assert!(plan[scan + 1].contains("Index Cond: (message_id = ANY"), "{}", plan.join("\n"));
}

/// The plan of a statement of the dispatcher.
async fn plan(world: &World, mode: &str, types: &str, statement: &str, arguments: &str) -> Vec<String> {
    let mut conn = world.pool().acquire().await.unwrap();
    let prepared = format!(
        "begin; set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
         set local plan_cache_mode = force_{mode}_plan;
         prepare statement ({types}) as {}",
        statement.replace("!\"", "\"")
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(prepared)).execute(&mut *conn).await.unwrap();
    let explain = format!("explain (costs off) execute statement ({arguments})");
    let plan = sqlx::raw_sql(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *conn).await.unwrap();
    let plan = plan.iter().map(|row| row.get(0)).collect();
    conn.close().await.unwrap();
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_end_between_the_claim_and_the_hand_over_hold() {
    let server = SmtpServer::start().await;
    let (world, running, cancel) = {
        let world = owing(3).await;
        world
            .sql(
                "update crm.customer set email = 'stall@example.com' where customer_id = 'c1';
                 update tend.outbox set zone = 'Asia/Shanghai', opens = '07:00', closes = '09:00'",
            )
            .await;
        let (running, cancel) = at_work(&dispatcher(&world, settings(&server)));
        eventually("the first is in the network and the others are claimed", async || {
            world.value("select count(*) from tend.attempt").await == "1"
                && world.value("select count(*) from tend.outbox where state = 'claimed'").await == "3"
        })
        .await;
        (world, running, cancel)
    };
    // nine o'clock in Shanghai
    world.advance_to(instant("2026-06-01T01:00:00Z")).await;
    eventually("the others wait for the morning", async || {
        let next = "select count(*) from tend.outbox where state = 'planned' and not_before = '2026-06-01T23:00:00Z'";
        world.value(next).await == "2"
    })
    .await;
    assert_eq!(server.mails().len(), 1, "only the one that was in the network");
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_between_the_claim_and_the_hand_over_is_not_written_to() {
    let server = SmtpServer::start().await;
    let (world, running, cancel) = with_one_in_the_network(&server).await;
    let mut tx = world.pool().begin().await.unwrap();
    for customer in ["c1", "c2"] {
        tend::person::forget::forget(&mut tx, customer, instant("2026-06-01T00:00:00Z")).await.unwrap();
    }
    tx.commit().await.unwrap();
    eventually("the third has its mail and the first its end", async || {
        states(&world).await == ["accepted\t1", "cancelled\t1", "in_doubt\t1"]
    })
    .await;
    let to: Vec<_> = server.mails().iter().map(|mail| mail.to.clone()).collect();
    assert!(!to.iter().any(|to| to.contains("c2@")), "{to:?}");
    cancel.cancel();
    running.await.unwrap();
    assert_eq!(world.value("select count(*) from tend.outbox where owner is not null").await, "0");
}
