//! Hold-outs: the same customers every time, drawn from those who would have had the message, with their history.

use super::people::{Person, come, outcome};
use super::plan::{Plan, changed, shipped};
use crate::support::World;

fn with(experiment: &str) -> String {
    changed("[delivery]", &format!("[experiment]\n{experiment}\n\n[delivery]"))
}

async fn crowd(world: &World, count: usize) {
    world
        .sql(&format!(
            "insert into crm.customer (customer_id, email, birthday_month, birthday_day)
             select 'c' || i, 'c' || i || '@example.com', 11, 24 from generate_series(1, {count}) i;
             insert into crm.consent (customer_id, channel, recorded_at, granted) select customer_id, 'email', '2020-01-01Z', true from crm.customer"
        ))
        .await;
}

#[tokio::test]
async fn the_share_is_of_those_who_would_have_had_it_and_stays_the_same() {
    let world = World::new().await;
    crowd(&world, 2_000).await;
    world.sql("update crm.consent set granted = false where substr(customer_id, 2)::integer % 2 = 0").await;
    let plan = Plan::file(&with("holdout = \"10%\""));
    plan.on(&world, "2026-11-21").await;
    let held = "select string_agg(customer_id, ' ' order by customer_id) from tend.holdout";
    let count: i64 = world.value("select count(*) from tend.holdout").await.parse().unwrap();
    assert!((70..=130).contains(&count), "a tenth of a thousand: {count}");
    assert_eq!(world.value("select count(*) from tend.outbox").await, (1_000 - count).to_string());
    let reasons = world.rows("select reason, count(*) from tend.decision group by 1 order by 1").await;
    assert_eq!(reasons, ["consent_withdrawn\t1000".to_owned(), format!("holdout\t{count}")]);
    // whoever could not have had it anyway is not in the comparison
    let both =
        "select count(*) from tend.holdout h join tend.decision d using (customer_id) where d.reason <> 'holdout'";
    assert_eq!(world.value(both).await, "0");
    // the same as the condition { bucket = … } deals
    let dealt = "select string_agg(customer_id, ' ' order by customer_id) from crm.customer
                 where tend.dealt('birthday', customer_id, 10000) < 1000 and substr(customer_id, 2)::integer % 2 = 1";
    let before = world.value(held).await;
    assert_eq!(before, world.value(dealt).await);
    plan.on(&world, "2026-11-22").await;
    assert_eq!(world.value(held).await, before);
    assert_eq!(world.value("select count(*) from tend.outbox").await, (1_000 - count).to_string());
    // and next year the same customers again
    plan.on(&world, "2027-11-21").await;
    let next =
        "select string_agg(customer_id, ' ' order by customer_id) from tend.holdout where occasion = 'birthday:2027'";
    assert_eq!(world.value(next).await, before);
}

#[tokio::test]
async fn who_was_held_out_of_an_occasion_stays_so_when_the_file_forgets_it() {
    let world = World::new().await;
    crowd(&world, 40).await;
    Plan::file(&with("holdout = \"50%\"")).on(&world, "2026-11-21").await;
    let held = world.value("select count(*) from tend.holdout").await;
    assert_ne!(held, "0");
    let queued = world.value("select count(*) from tend.outbox").await;
    Plan::file(&shipped()).on(&world, "2026-11-22").await;
    assert_eq!(world.value("select count(*) from tend.outbox").await, queued);
    Plan::file(&shipped()).on(&world, "2027-11-21").await;
    assert_eq!(world.value("select count(*) from tend.outbox where occasion = 'birthday:2027'").await, "40");
}

#[tokio::test]
async fn jobs_of_one_group_hold_out_the_same_customers_and_other_groups_others() {
    let mut drawn = Vec::new();
    for experiment in
        ["holdout = \"20%\"\ngroup = \"everybody\"", "holdout = \"20%\"", "holdout = \"30%\"\ngroup = \"everybody\""]
    {
        let world = World::new().await;
        crowd(&world, 200).await;
        Plan::file(&with(experiment)).on(&world, "2026-11-21").await;
        drawn.push(world.rows("select customer_id from tend.holdout order by 1").await);
    }
    assert_ne!(drawn[0], drawn[1]);
    assert!(drawn[0].iter().all(|customer| drawn[2].contains(customer)), "a larger share keeps the smaller one");
}

#[tokio::test]
async fn a_preview_says_how_many_are_held_out() {
    let world = World::new().await;
    crowd(&world, 40).await;
    let explained = Plan::file(&with("holdout = \"50%\"")).explained(&world, "2026-11-21", false).await;
    assert!(explained.text.contains("held out on purpose"), "{}", explained.text);
    assert_eq!(world.value("select count(*) from tend.holdout").await, "0");
}

#[tokio::test]
async fn the_word_that_allowed_a_message_is_kept_with_it() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24)]).await;
    world
        .sql(
            "insert into crm.consent (customer_id, channel, recorded_at, granted, source, wording)
             values ('a', 'email', '2026-02-03 04:05Z', true, 'shop form 12', 'v7')",
        )
        .await;
    Plan::shipped().on(&world, "2026-11-21").await;
    let kept = world.value("select allowed_by from tend.outbox").await;
    assert_eq!(kept, r#"{"source": "shop form 12", "wording": "v7", "recorded_at": "2026-02-03T04:05:00+00:00"}"#);
    let word = "select exists (select from crm.consent c join tend.outbox m using (customer_id)
                where c.recorded_at = (m.allowed_by ->> 'recorded_at')::timestamptz and c.channel = m.channel)";
    assert_eq!(world.value(word).await, "true");
}

#[tokio::test]
async fn nobody_is_asked_for_and_nothing_is_kept_of_a_transactional_message() {
    let file = changed("purpose  = \"marketing\"", "purpose = \"transactional\"").replace("consent  = \"granted\"", "");
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24)]).await;
    Plan::file(&file).on(&world, "2026-11-21").await;
    assert_eq!(world.value("select allowed_by from tend.outbox").await, "null");
    assert_eq!(outcome(&world).await, "a | ");
}
