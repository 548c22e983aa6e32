//! The daemon was down for a week: what is caught up and what is skipped is as the files say.

use super::office::{bench, stop};
use crate::support::smtp::SmtpServer;
use crate::support::{World, eventually, instant};

/// A customer with a birthday on each day of June, who gets mail: `d4` on the 4th.
async fn birthdays_in_june(world: &World) {
    world
        .sql(
            "insert into crm.customer (customer_id, name, email, locale, timezone, birthday_month, birthday_day)
             select 'd' || n, '客户 ' || n, 'd' || n || '@customers.example', 'zh-CN', 'Asia/Shanghai', 6, n
             from generate_series(1, 30) n;
             insert into crm.consent (customer_id, channel, purpose, recorded_at, granted, source)
             select 'd' || n, 'email', 'marketing', '2025-01-01', true, 'test' from generate_series(1, 30) n",
        )
        .await;
}

/// The rows of a job: local day and hour, state, reason, remark.
async fn rows(world: &World, job: &str) -> Vec<String> {
    world
        .rows(&format!(
            "select to_char(slot at time zone 'Asia/Shanghai', 'MM-DD HH24:MI') as slot, state, reason
             from tend.job_run where job = '{job}' order by slot"
        ))
        .await
}

async fn all_runs_ended(world: &World) {
    eventually("every slot up to now has its run, and all have ended", async || {
        world
            .value(
                "select not exists (select from tend.job, tend.driven_clock where enabled and planned_to < instant)
                    and not exists (select from tend.job_run where state in ('due', 'running'))",
            )
            .await
            == "true"
    })
    .await;
}

async fn all_mails_left(world: &World, owed: &str) {
    eventually("the mails have left", async || {
        world.value("select count(*) from tend.outbox where state = 'accepted'").await == owed
    })
    .await;
}

fn recipients(relay: &SmtpServer) -> Vec<String> {
    let mut to: Vec<String> = relay.mails().iter().map(|mail| mail.to.replace("@customers.example", "")).collect();
    to.sort_by_key(|to| to[1..].parse::<u32>().unwrap());
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_week_of_downtime_everything_is_as_the_files_say() {
    let world = World::new().await;
    birthdays_in_june(&world).await;
    let relay = SmtpServer::start().await;
    let bench = bench(world.url(), &relay, "hold");
    let nightly =
        |hour, catch_up| format!("cron = \"0 {hour} * * *\"\ntimezone = \"Asia/Shanghai\"\ncatch_up = {catch_up}");
    bench.ladder("caught-up", &nightly(3, "\"all\"\nwindow = \"5d\"\nmax = 3"));
    bench.ladder("let-go", &nightly(4, "\"skip\""));
    // noon in Shanghai, on the last day of May and then on the first of June
    world.advance_to(instant("2026-05-31T04:00:00Z")).await;
    bench.ok(&["apply"]);
    let daemon = bench.serve("before");
    all_runs_ended(&world).await;
    for hour in ["2026-05-31T18:00:00Z", "2026-05-31T19:00:00Z", "2026-05-31T20:00:00Z", "2026-06-01T00:00:00Z"] {
        world.advance_to(instant(hour)).await;
        all_runs_ended(&world).await;
    }
    world.advance_to(instant("2026-06-01T04:00:00Z")).await;
    all_mails_left(&world, "4").await;
    assert_eq!(recipients(&relay), ["d1", "d2", "d3", "d4"], "all whose birthday is within three days");
    stop(vec![daemon]);

    world.advance_to(instant("2026-06-08T04:00:00Z")).await;
    let daemon = bench.serve("after");
    all_runs_ended(&world).await;
    all_mails_left(&world, "8").await;
    stop(vec![daemon]);

    let newer = "skipped\tmissed, and a newer slot was due as well: the job's catch_up is \"latest\"";
    let nights = |hour: &str, what: [&str; 8]| -> Vec<String> {
        what.iter().zip(1..).map(|(what, day)| format!("06-0{day} {hour}:00\t{what}")).collect()
    };
    let latest = ["succeeded\tnull", newer, newer, newer, newer, newer, newer, "succeeded\tnull"];
    assert_eq!(rows(&world, "value-tiers").await, nights("02", latest));
    assert_eq!(rows(&world, "birthday").await, nights("08", latest));
    let (ran, old, many) = (
        "succeeded\tnull",
        "skipped\tmissed, and older than the job's catch-up window of 5 d",
        "skipped\tmissed, and more than the newest 3 are not caught up",
    );
    assert_eq!(rows(&world, "caught-up").await, nights("03", [ran, old, old, many, many, ran, ran, ran]));
    let let_go = "skipped\tmissed, and the job's catch_up is \"skip\"";
    assert_eq!(
        rows(&world, "let-go").await,
        nights("04", [ran, let_go, let_go, let_go, let_go, let_go, let_go, let_go])
    );

    // the 5th to the 7th are over; the 8th to the 10th were to be written to while the daemon was down
    assert_eq!(recipients(&relay)[4..], ["d8", "d9", "d10", "d11"], "those whose birthday is still ahead");
    assert_eq!(
        world.rows("select customer_id, state from tend.outbox order by message_id").await.len(),
        8,
        "nothing else is owed"
    );
}
