//! Whatever happens and whenever a run comes: looking only at those who could have changed ends where looking at everybody
//! does.

use super::keeping::{anew, differences};
use super::*;

/// Conditions on ranks, on how long ago something was, and on the customer.
const AGES_AND_RANKS: &str = "[[retier.level]]\nname = \"top\"\nwhen = { any = [{ field = \"spend\", top = \"17%\" }, { field = \"orders\", within = \"30d\", top = \"5%\" }] }
[[retier.level]]\nname = \"new\"\nwhen = { any = [{ field = \"created_at\", within = \"20d\" }, { field = \"first_order_at\", within = \"15d\" }] }
[[retier.level]]\nname = \"busy\"\nwhen = { event = \"interaction\", count = { at_least = 2 }, within = \"10d\" }
[[retier.level]]\nname = \"lost\"\nwhen = { field = \"days_since_last_order\", at_least = \"40d\" }
[[retier.level]]\nname = \"rated\"\nwhen = { field = \"repurchase_rate\", top = \"50%\" }
[[retier.level]]\nname = \"rest\"\n";

/// Conditions on buckets, moves along another ladder, tickets, consent, lists, and periods of the calendar.
const STANDINGS_AND_PERIODS: &str = "[[retier.level]]\nname = \"sampled\"\nwhen = { all = [{ bucket = { of = 10, from = 0, to = 2 } }, { field = \"spend\", at_least = 10 }, { field = \"orders\", within = \"30d\", at_least = 1 }] }
[[retier.level]]\nname = \"moved\"\nwhen = { any = [{ ladder = \"spenders\", rose = \"3d\" }, { ladder = \"spenders\", entered = \"rest\", within = \"2d\" }] }
[[retier.level]]\nname = \"waiting\"\nwhen = { open_ticket = true, urgency = \"urgent\" }
[[retier.level]]\nname = \"served\"\nwhen = { event = \"ticket\", open = false, within = \"5d\" }
[[retier.level]]\nname = \"willing\"\nwhen = { consented = \"marketing\", channel = \"email\" }
[[retier.level]]\nname = \"tagged\"\nwhen = { field = \"tags\", size = { at_least = 2 } }
[[retier.level]]\nname = \"recent\"\nwhen = { any = [{ field = \"created_at\", during = \"this_week\" }, { field = \"last_order_at\", during = \"yesterday\" }, { field = \"first_order_at\", during = \"last_week\" }, { event = \"interaction\", last = { during = \"yesterday\" } }] }
[[retier.level]]\nname = \"rest\"\n";

const SPENDERS: &str = "[[retier.level]]\nname = \"top\"\nwhen = { field = \"spend\", within = \"30d\", at_least = 60 }
[[retier.level]]\nname = \"rest\"\n";

/// One random change, in the hours around `now` or up to two months before it.
fn change(roll: &mut impl FnMut(u64) -> u64, now: u64) -> String {
    let (customer, other) = (roll(64), roll(64));
    let (number, amount) = (roll(200), roll(12) * 10);
    let at = |ago: u64| format!("timestamptz '2026-06-01Z' + interval '1 hour' * ({now} + 30 - {ago})");
    let (placed, later) = (at(roll(1500)), at(roll(120)));
    match roll(14) {
        0 => format!("delete from crm.orders where customer_id = 'c{customer}'"),
        1 => format!("update crm.orders set customer_id = 'c{other}' where order_id = 'o{number}'"),
        2 => format!("update crm.orders set status = 'refunded' where order_id = 'o{number}'"),
        3 => format!("delete from crm.customer where customer_id = 'c{customer}'"),
        4 => format!(
            "insert into crm.customer (customer_id, created_at) values ('c{customer}', {placed}) on conflict do nothing"
        ),
        5 => format!(
            "insert into crm.interaction (customer_id, interaction_id, at, kind) select 'c{customer}', 'i' || count(*), {later}, 'enquiry' from crm.interaction"
        ),
        6 => format!(
            "insert into crm.consent (customer_id, channel, recorded_at, granted) values ('c{customer}', 'email', {later}, {}) on conflict do nothing",
            number % 3 > 0
        ),
        7 => format!(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, urgency) select 't' || count(*), 'c{customer}', {later}, 'urgent' from crm.ticket"
        ),
        8 => format!("update crm.ticket set solved_at = {later} where ticket_id = 't{}'", number % 12),
        9 => format!(
            "update crm.customer set tags = (array['a', 'b', 'c'])[1:{}] where customer_id = 'c{customer}'",
            number % 4
        ),
        _ => format!(
            "insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c{customer}', 'o{number}', {placed}, {amount}) on conflict do nothing"
        ),
    }
}

/// Fifteen nights of random changes; every one must leave what an evaluation of everybody gives.
async fn nights(levels: &str, seeds: std::ops::Range<u64>) {
    let (job, spenders) = (ladder(levels), ladder(SPENDERS));
    for seed in seeds {
        let world = World::new().await;
        let mut dice = seed * 7919;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        world.sql("insert into crm.customer (customer_id, created_at) select 'c' || n, timestamptz '2026-06-01Z' - interval '1 day' * n from generate_series(1, 60) n").await;
        let (mut hours, mut few) = (0, 0);
        for night in 1..16_i64 {
            for _ in 0..roll(12) {
                world.sql(&change(&mut roll, hours)).await;
            }
            hours += roll(60);
            let at = (instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::hours(hours as i64)).to_rfc3339();
            let other = Run { job: "spenders".into(), ..run(1000 + night, &at) };
            evaluate(&world, &spenders, &other).await.unwrap();
            evaluate(&world, &job, &run(night, &at)).await.unwrap();
            few += i64::from(
                world.value(&format!("select everybody is null from tend.ladder_run where run_id = {night}")).await
                    == "true",
            );
            let kept = world
                .rows("select customer_id, level from tend.ladder_state where ladder = 'value-tiers' order by 1")
                .await;
            assert_eq!(anew(&world, &job, &at, 100 + night).await, kept, "seed {seed}, night {night}");
            for window in ["365 days", "30 days"] {
                assert_eq!(differences(&world, window, &at).await, "0", "seed {seed}, night {night}, {window}");
            }
            let told =
                |run_id: i64| format!("select distribution, missing from tend.ladder_run where run_id = {run_id}");
            assert_eq!(
                world.rows(&told(night)).await,
                world.rows(&told(100 + night)).await,
                "seed {seed}, night {night}"
            );
        }
        assert!(few > 7, "only {few} nights looked at few");
    }
}

#[tokio::test]
async fn random_nights_with_ages_and_ranks_end_where_a_full_evaluation_does() {
    nights(AGES_AND_RANKS, 1..4).await;
}

#[tokio::test]
async fn random_nights_with_standings_and_periods_end_where_a_full_evaluation_does() {
    nights(STANDINGS_AND_PERIODS, 4..7).await;
}
