//! The made-up company.

use chrono::NaiveDate;
use tend::demo::{DemoError, Filled, fill};
use tend::progress::Progress;

use crate::support::World;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn filled(world: &World, customers: u32, seed: u64, date: &str) -> Result<Filled, DemoError> {
    fill(world.db(), customers, seed, day(date), |_| Progress::silent()).await
}

async fn digest(world: &World) -> String {
    let tables = ["customer", "orders", "interaction", "ticket", "staff", "consent"];
    let parts: Vec<String> =
        tables.iter().map(|table| format!("select md5(t::text) as h from crm.{table} t")).collect();
    world.value(&format!("select md5(string_agg(h, '' order by h)) from ({}) x", parts.join(" union all "))).await
}

#[tokio::test]
async fn the_same_seed_makes_the_same_company_and_a_second_time_changes_nothing() {
    let world = World::new().await;
    let first = filled(&world, 300, 1, "2026-06-01").await.unwrap();
    assert_eq!(first.reports.iter().map(|report| report.rejected).sum::<u64>(), 0);
    let digest_first = digest(&world).await;
    insta::assert_snapshot!(digest_first);
    let second = filled(&world, 300, 1, "2026-06-01").await.unwrap();
    for report in &second.reports {
        assert_eq!((report.inserted, report.changed, report.unchanged), (0, 0, report.read), "{report}");
    }
    assert_eq!(digest(&world).await, digest_first);
    let other = World::new().await;
    filled(&other, 300, 2, "2026-06-01").await.unwrap();
    assert_ne!(digest(&other).await, digest_first);
}

#[tokio::test]
async fn a_later_day_adds_what_happened_since_and_changes_no_order() {
    let world = World::new().await;
    filled(&world, 300, 1, "2026-06-01").await.unwrap();
    let before = world.value("select md5(string_agg(o::text, '' order by order_id)) from crm.orders o").await;
    let later = filled(&world, 300, 1, "2026-06-08").await.unwrap();
    let orders = &later.reports[2];
    assert!(orders.kind == "orders" && orders.inserted > 0 && orders.changed == 0, "{orders}");
    let old = "select md5(string_agg(o::text, '' order by order_id)) from crm.orders o where placed_at < '2026-06-01T00:00:00+08:00'";
    assert_eq!(world.value(old).await, before);
    assert_eq!(world.value("select max(placed_at) < '2026-06-08T00:00:00+08:00' from crm.orders").await, "true");
}

#[tokio::test]
async fn the_company_is_lifelike() {
    let world = World::new().await;
    filled(&world, 2_000, 1, "2026-06-01").await.unwrap();
    let share = async |condition: &str| -> f64 {
        let query = format!("select round(avg(({condition})::int), 3) from crm.customer");
        world.value(&query).await.parse().unwrap()
    };
    assert!((0.6..0.9).contains(&share("country = 'CN'").await));
    assert!((0.05..0.2).contains(&share("email is null").await));
    assert!((0.05..0.2).contains(&share("phone is null").await));
    assert!((0.03..0.15).contains(&share("birthday_day is null").await));
    assert!((0.03..0.2).contains(&share("birthday_calendar = 'lunar'").await));
    assert!((0.005..0.06).contains(&share("timezone is null").await));
    for (what, least, query) in [
        ("born on 29 February", 3, "select count(*) from crm.customer where birthday_month = 2 and birthday_day = 29"),
        ("born in a leap month", 1, "select count(*) from crm.customer where birthday_leap_month"),
        (
            "born on the 30th of a lunar month",
            1,
            "select count(*) from crm.customer where birthday_calendar = 'lunar' and birthday_day = 30",
        ),
        (
            "birthday three days ahead",
            30,
            "select count(*) from crm.customer where birthday_calendar = 'solar' and (birthday_month, birthday_day) = (6, 4)",
        ),
        ("sharing an address", 5, "select count(*) - count(distinct email) from crm.customer where email is not null"),
        ("suppressed", 10, "select count(*) from tend.suppression"),
        (
            "took the consent back",
            20,
            "select count(*) from crm.consent c where not granted and exists (select from crm.consent p where p.customer_id = c.customer_id and p.channel = c.channel and p.granted and p.recorded_at < c.recorded_at)",
        ),
        (
            "said nothing",
            100,
            "select count(*) from crm.customer where tend.consent(customer_id, 'email', 'marketing') is null",
        ),
        ("contacts", 2_000, "select count(*) from crm.interaction"),
        ("open tickets", 3, "select count(*) from crm.ticket where state = 'open'"),
    ] {
        let found: u64 = world.value(query).await.parse().unwrap();
        assert!(found >= least, "{what}: {found}");
    }
    let top_tenth = "select round(sum(s) filter (where r <= 200) / sum(s), 2) from
        (select sum(amount) s, row_number() over (order by sum(amount) desc) r from crm.orders group by customer_id) x";
    let top_tenth: f64 = world.value(top_tenth).await.parse().unwrap();
    assert!((0.3..0.9).contains(&top_tenth), "a tenth of the customers brings {top_tenth} of the money");
    assert_eq!(world.value("select extract(year from min(placed_at)) from crm.orders").await, "2023");
}

#[tokio::test]
async fn a_database_with_somebody_elses_customers_is_left_alone() {
    let world = World::new().await;
    world.sql("insert into crm.customer (customer_id) values ('real')").await;
    assert!(matches!(filled(&world, 10, 1, "2026-06-01").await, Err(DemoError::NotEmpty(1))));
    assert_eq!(world.value("select count(*) from crm.customer").await, "1");
}

#[tokio::test]
async fn another_seed_and_a_day_before_the_founding_are_refused() {
    let world = World::new().await;
    filled(&world, 10, 1, "2026-06-01").await.unwrap();
    assert!(matches!(filled(&world, 10, 2, "2026-06-01").await, Err(DemoError::OtherSeed { found: 1, asked: 2 })));
    assert!(matches!(filled(&world, 10, 1, "2023-06-01").await, Err(DemoError::TooEarly { .. })));
}
