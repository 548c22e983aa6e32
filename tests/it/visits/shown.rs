//! What `tend plan visits` shows: in a terminal, and as a page.

use super::*;
use crate::support::process::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_visits_shows_tiers_weeks_who_waits_and_what_was_missed() {
    let world = World::new().await;
    staff(&world, &["anna", "ben", "boss"]).await;
    world.sql("update crm.staff set daily_visits = 1 where staff_id = 'ben'; update crm.staff set daily_visits = 0, manager_id = null, role = 'manager' where staff_id = 'boss'").await;
    let rows = [
        ("h1", "high", "anna"),
        ("h2", "high", "ben"),
        ("m1", "mid", "anna"),
        ("m2", "mid", "ben"),
        ("n1", "normal", "anna"),
        ("w1", "high", "boss"),
    ];
    customers(&world, &rows).await;
    world.sql("update crm.customer set name = '<陈静> & Co' where customer_id = 'w1'; update tend.ladder_state set ladder = 'value-tiers'").await;
    // nobody recorded Friday's visit
    world
        .sql(
            "insert into tend.task (kind, origin, job, customer_id, title, team, assignee_id, opens_at, due_at, state, state_at, created_at, on_day, zone, detail)
             values ('visit', 'visit:visits:2026-05:m1:1', 'visits', 'm1', '客户拜访', null, 'anna', '2026-05-28T16:00Z', '2026-05-29T10:00Z', 'open',
                     '2026-05-28T16:00Z', '2026-05-01Z', '2026-05-29', 'Asia/Shanghai', '{\"cycle\": \"2026-05\", \"number\": 1}')",
        )
        .await;
    let mut bench = Bench::new(world.url());
    bench.set("time.source", "driven");
    let page = bench.path().join("visits.html");
    bench.ok(&["plan", "visits", "--at", "2026-06-01", "--html", page.to_str().unwrap()]);
    let text = bench.ok(&["plan", "visits", "--at", "2026-06-01"]);
    assert_eq!(world.value("select count(*) from tend.task").await, "1", "a plan is rolled back");
    let page = std::fs::read_to_string(page).unwrap();
    let style = page.find("<style").map_or(0..0, |from| from..page.find("</style>").unwrap());
    let bare = [&page[..style.start], &page[style.end..]].concat();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("&lt;陈静&gt; &amp; Co"), "{bare}");
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("a_plan_of_visits", text);
        insta::assert_snapshot!("a_plan_of_visits_as_a_page", bare);
    });
}
