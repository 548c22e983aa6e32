//! Figures about orders: by hand, and the months of a real shop.

use super::{Ask, company};
use crate::retier::online_retail;
use crate::support::World;

#[tokio::test]
async fn of_no_orders_nothing_was_sold() {
    let world = World::new().await;
    for figure in ["revenue", "orders", "active_customers"] {
        assert_eq!(Ask::may(&world).told(figure).await, "nothing", "{figure}");
    }
}

#[tokio::test]
async fn paid_orders_of_the_period_count_to_the_cent() {
    let world = company().await;
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount, status, channel) values
             ('c1', '1', '2026-05-01 00:00+08', 0.10, 'paid', 'shop'), ('c1', '2', '2026-05-31 23:59:59.999999+08', 0.20, 'paid', null),
             ('c1', '3', '2026-06-01 00:00+08', 9, 'paid', 'shop'), ('c1', '4', '2026-04-30 23:59:59.999999+08', 9, 'paid', 'shop'),
             ('c2', '5', '2026-05-10Z', 9, 'cancelled', 'shop'), ('c2', '6', '2026-05-10Z', 9, 'refunded', 'shop'),
             ('c3', '7', '2026-05-10Z', -0.05, 'paid', 'shop'), ('stranger', '8', '2026-05-10Z', 1, 'paid', 'shop')",
        )
        .await;
    let may = Ask::may(&world);
    assert_eq!(may.told("revenue").await, "1.25 of 4");
    assert_eq!(may.told("orders").await, "4 of 4");
    assert_eq!(may.told("active_customers").await, "3 of 3");
    assert_eq!(may.by("revenue", "tier").await, " 1 of 1, high 0.3 of 2, mid -0.05 of 1");
    assert_eq!(may.by("revenue", "channel").await, " 0.2 of 1, shop 1.05 of 3");
    assert_eq!(may.clone().of(&["ann"]).told("revenue").await, "0.3 of 2");
}

#[tokio::test]
async fn the_months_of_a_real_shop_come_out_as_counted_elsewhere() {
    let Some(world) = online_retail().await else { return };
    for (month, days, revenue, orders, customers) in [
        ("2010-12", 31, "572713.89", 1400, 885),
        ("2011-01", 31, "569445.04", 987, 741),
        ("2011-02", 28, "447137.35", 997, 758),
        ("2011-03", 31, "595500.76", 1321, 974),
        ("2011-04", 30, "469200.361", 1149, 856),
        ("2011-05", 31, "678594.56", 1555, 1056),
        ("2011-06", 30, "661213.69", 1393, 991),
        ("2011-07", 31, "600091.011", 1331, 949),
        ("2011-08", 31, "645343.9", 1280, 935),
        ("2011-09", 30, "952838.382", 1755, 1266),
        ("2011-10", 31, "1039318.79", 1929, 1364),
        ("2011-11", 30, "1161817.38", 2657, 1664),
        ("2011-12", 31, "518192.79", 778, 615),
    ] {
        let (first, last) = (format!("{month}-01"), format!("{month}-{days}"));
        let ask = Ask::may(&world).days(&first, &last).within(chrono_tz::Europe::London);
        // the source has a few prices of tenths of a cent; amounts of orders are kept in cents
        let (exact, cents) = (revenue.parse::<f64>().unwrap(), ask.rows("revenue").await.whole.unwrap());
        assert!((exact - cents.value.unwrap().to_string().parse::<f64>().unwrap()).abs() < 0.01, "{month}: {cents:?}");
        assert_eq!(ask.told("orders").await, format!("{orders} of {orders}"), "{month}");
        assert_eq!(ask.told("active_customers").await, format!("{customers} of {customers}"), "{month}");
    }
}
