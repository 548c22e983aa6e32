//! Figures about customers: what they answer, who stays, who moves, who was in touch. By hand.

use super::{Ask, company};
use crate::support::World;

#[tokio::test]
async fn of_no_customers_and_no_answers_there_is_nothing_to_say() {
    let world = World::new().await;
    for figure in
        ["csat", "csat_score", "nps", "retention", "churn", "tier_moves", "contacts", "repurchase", "reasons", "needs"]
    {
        assert_eq!(Ask::may(&world).told(figure).await, "nothing", "{figure}");
    }
}

async fn answers(world: &World, rows: &[(&str, &str, &str, &str, &str)]) {
    for (number, (survey, score, customer, about, at)) in rows.iter().enumerate() {
        let (score, choice) =
            if *survey == "choice" { ("null", format!("'{score}'")) } else { (*score, "null".to_owned()) };
        world
            .sql(&format!(
                "insert into tend.answer (message_id, job, customer_id, occasion, survey, score, choice, about, locale, answered_at)
                 values ({number}, '{survey}-job', '{customer}', 'o', '{survey}', {score}, {choice}, '{about}', 'en', '{at}+08')"
            ))
            .await;
    }
}

#[tokio::test]
async fn satisfaction_is_the_share_of_fours_and_fives_by_who_looked_after_the_customer() {
    let world = company().await;
    answers(
        &world,
        &[
            ("csat", "5", "c1", r#"{"staff": "ann", "kind": "request", "topic": "product"}"#, "2026-05-01 00:00"),
            ("csat", "4", "c1", r#"{"staff": "ann"}"#, "2026-05-10 10:00"),
            ("csat", "3", "c2", r#"{"staff": "bob"}"#, "2026-05-10 10:00"),
            ("csat", "1", "c2", "{}", "2026-05-31 23:59"),
            ("csat", "5", "c2", "{}", "2026-06-01 00:00"),
            ("nps", "10", "c1", "{}", "2026-05-10 10:00"),
        ],
    )
    .await;
    let may = Ask::may(&world);
    assert_eq!(may.told("csat").await, "0.5 of 4");
    assert_eq!(may.told("csat_score").await, "3.25 of 4");
    assert_eq!(may.by("csat", "person").await, " 0 of 1, ann 1 of 2, bob 0 of 1");
    assert_eq!(may.by("csat", "tier").await, "high 1 of 2, mid 0 of 2");
    assert_eq!(may.clone().of(&["ann"]).told("csat").await, "1 of 2");
}

#[tokio::test]
async fn promoters_less_detractors_and_sevens_and_eights_are_neither() {
    let world = company().await;
    let scores = ["10", "9", "8", "7", "6", "0"];
    let rows: Vec<_> = scores
        .iter()
        .map(|score| ("nps", *score, if *score == "0" { "c2" } else { "c1" }, "{}", "2026-05-10 10:00"))
        .collect();
    answers(&world, &rows).await;
    assert_eq!(Ask::may(&world).told("nps").await, "0 of 6");
    assert_eq!(Ask::may(&world).by("nps", "person").await, "ann 20 of 5, bob -100 of 1");
}

#[tokio::test]
async fn reasons_are_counted() {
    let world = company().await;
    answers(
        &world,
        &[
            ("choice", "price", "c1", "{}", "2026-05-10 10:00"),
            ("choice", "price", "c2", "{}", "2026-05-10 10:00"),
            ("choice", "service", "c3", "{}", "2026-05-10 10:00"),
        ],
    )
    .await;
    assert_eq!(Ask::may(&world).by("reasons", "reason").await, "price 2 of 2, service 1 of 1");
    assert_eq!(Ask::may(&world).clone().of(&["bob"]).by("reasons", "reason").await, "price 1 of 1");
}

async fn order(world: &World, customer: &str, at: &str, amount: &str) {
    world
        .sql(&format!(
            "insert into crm.orders (customer_id, order_id, placed_at, amount) values ('{customer}', '{customer} {at}', '{at}+08', {amount})"
        ))
        .await;
}

#[tokio::test]
async fn who_is_active_when_the_period_begins_and_at_its_end_is_kept() {
    let world = company().await;
    world
        .sql(
            "insert into crm.customer (customer_id) values ('c4'), ('c5'), ('c6');
             insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
             values ('c2', 'tiers', 9, '2026-05-10Z', 'high', 'mid', 'fell', '{}'), ('c2', 'tiers', 10, '2026-06-10Z', 'mid', 'high', 'rose', '{}')",
        )
        .await;
    // active from 2 November 2025 on: 180 days before 1 May; at the end, from 3 December on
    order(&world, "c1", "2025-11-02 00:00", "1").await; // just active, and no longer at the end
    order(&world, "c2", "2025-12-03 00:00", "1").await; // just active at the end
    order(&world, "c3", "2025-11-10 10:00", "1").await;
    order(&world, "c3", "2026-05-31 23:59", "1").await; // came back
    order(&world, "c4", "2025-11-01 23:59", "1").await; // was lost before
    order(&world, "c5", "2026-05-10 10:00", "1").await; // is new
    order(&world, "c6", "2026-01-10 10:00", "1").await;
    world.sql("update crm.orders set status = 'refunded' where customer_id = 'c6'").await;
    let may = Ask::may(&world);
    assert_eq!(may.told("retention").await, "0.666667 of 3");
    assert_eq!(may.told("churn").await, "0.333333 of 3");
    // c2 was high when May began: the move was on the tenth
    assert_eq!(may.by("churn", "tier").await, "high 0.5 of 2, mid 0 of 1");
    assert_eq!(may.clone().of(&["ann"]).told("churn").await, "1 of 1");
    assert_eq!(may.told("active_customers").await, "2 of 2");
}

#[tokio::test]
async fn moves_make_a_matrix() {
    let world = company().await;
    world
        .sql(
            "insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason) values
             ('c1', 'tiers', 2, '2026-05-01 00:00+08', 'mid', 'high', 'rose', '{}'), ('c1', 'tiers', 3, '2026-05-02Z', 'high', 'mid', 'fell', '{}'),
             ('c2', 'tiers', 3, '2026-05-02Z', 'high', 'mid', 'fell', '{}'), ('c2', 'tiers', 9, '2026-06-01 00:00+08', 'mid', 'high', 'rose', '{}'),
             ('c3', 'other', 4, '2026-05-02Z', 'a', 'b', 'fell', '{}')",
        )
        .await;
    let may = Ask::may(&world);
    assert_eq!(may.by("tier_moves", "move").await, "high → mid 2 of 2, mid → high 1 of 1");
    assert_eq!(may.by("tier_moves", "direction").await, "fell 2 of 2, rose 1 of 1");
}

#[tokio::test]
async fn contacts_are_days_of_the_zone_each_once_and_over_all_active_customers() {
    let world = company().await;
    world
        .sql(
            "insert into crm.customer (customer_id, status, created_at) values ('gone', 'closed', '2025-01-01Z'), ('new', 'active', '2026-06-01Z');
             insert into crm.interaction (customer_id, interaction_id, at, kind) values
             ('c1', '1', '2026-05-04 10:00+08', 'enquiry'), ('c1', '2', '2026-05-04 23:00+08', 'reply'), ('c1', '3', '2026-05-05 00:30+08', 'visit'),
             ('c2', '4', '2026-04-30 23:59+08', 'enquiry'), ('gone', '5', '2026-05-04 10:00+08', 'enquiry');
             insert into tend.task (kind, origin, job, customer_id, title, opens_at, due_at, state, state_at, created_at)
             select k, 'o' || k || n, 'j', c, 't', '2026-05-01Z', '2026-05-30Z', s, at::timestamptz, '2026-05-01Z'
             from (values ('visit', 'c1', 'done', '2026-05-05 12:00+08', 1), ('callback', 'c2', 'done', '2026-05-06 12:00+08', 2),
                          ('visit', 'c2', 'cancelled', '2026-05-07 12:00+08', 3), ('callback', 'c2', 'missed', '2026-05-31 12:00+08', 4)) v (k, c, s, at, n)",
        )
        .await;
    // c1 on the 4th and the 5th, c2 on the 6th, c3 never
    assert_eq!(Ask::may(&world).told("contacts").await, "1 of 3");
    assert_eq!(Ask::may(&world).by("contacts", "tier").await, "high 2 of 1, mid 0.5 of 2");
}

#[tokio::test]
async fn who_buys_not_for_the_first_time_buys_again() {
    let world = company().await;
    order(&world, "c1", "2024-01-01 10:00", "1").await;
    order(&world, "c1", "2026-05-10 10:00", "1").await; // again
    order(&world, "c2", "2026-05-10 10:00", "1").await;
    order(&world, "c2", "2026-05-11 10:00", "1").await; // twice in May: again
    order(&world, "c3", "2026-05-10 10:00", "1").await; // once
    assert_eq!(Ask::may(&world).told("repurchase").await, "0.666667 of 3");
    assert_eq!(Ask::may(&world).by("repurchase", "person").await, " 0 of 1, ann 1 of 1, bob 1 of 1");
}

#[tokio::test]
async fn a_need_is_a_product_looked_at_three_times_and_not_bought() {
    let world = company().await;
    world
        .sql(
            "insert into crm.product_view (customer_id, view_id, at, product_id)
             select c, p || n, '2026-05-10Z'::timestamptz + n * interval '1 hour', p
             from (values ('c1', 'lamp', 3), ('c1', 'chair', 2), ('c2', 'lamp', 12), ('c3', 'lamp', 5)) v (c, p, times), generate_series(1, times) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount, product_id) values
             ('c3', 'o', '2026-05-20Z', 1, 'lamp'), ('c1', 'p', '2026-05-01Z', 1, 'lamp')",
        )
        .await;
    assert_eq!(Ask::may(&world).by("needs", "product").await, "lamp 2 of 2");
    assert_eq!(Ask::may(&world).by("needs", "strength").await, "10+ 1 of 1, 3-4 1 of 1");
}
