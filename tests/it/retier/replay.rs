//! A year of a real shop, night by night: what stability spares the customers, and what it costs. The benchmark
//! `stability` prints the same.

#[path = "../../../benches/stability/moves.rs"]
mod moves;

use moves::Moves;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_stability_spares_customers_the_ups_and_downs_of_a_year_and_delays_no_rise() {
    let Some(world) = online_retail().await else { return };
    shop::nights(world.pool(), &[("bare", bare("365d")), ("shipped", shipped("365d"))]).await.unwrap();
    let (bare, shipped) =
        (Moves::read(world.pool(), "bare").await.unwrap(), Moves::read(world.pool(), "shipped").await.unwrap());

    let near = |found: usize, expected: usize| found.abs_diff(expected) * 100 <= expected;
    let (up, down) = (bare.up(), bare.down());
    assert!(near(up + down, 3_585) && near(up, 2_879) && near(down, 706), "{}", bare.line());
    assert!(bare.reversed().abs_diff(600) <= 20, "{}", bare.line());
    assert!(shipped.reversed() <= 150, "{}", shipped.line());
    assert!(shipped.down() >= 300, "{}", shipped.line());
    assert_eq!(bare.late_in(&shipped), [""; 0]);
}
