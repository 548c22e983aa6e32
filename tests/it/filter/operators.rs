//! Each operator against rows, what is missing, ranks, facts, and texts that would like to be SQL.

use serde_json::json;
use tend::filter::{Requirements, compose};
use tend::jobfile::duration::Span;

use super::{each_finds, frame, matching, missing, parse, who};
use crate::support::World;

/// Four people: ann bought most, bob twice, cat once long ago, dan never and has nothing.
pub(super) async fn people() -> World {
    let world = World::new().await;
    world
        .sql(
            r#"insert into crm.customer (customer_id, name, email, phone, locale, timezone, country, birthday_month, birthday_day, status,
                                         owner_id, preferred_channel, tags, attributes, created_at) values
            ('ann', '安娜 Ann', 'ann@example.com', '+8613800138000', 'zh-CN', 'Asia/Shanghai', 'CN', 6, 4, 'active', 's1', 'email',
             '{vip,new}', '{"points": 120, "level": "gold", "ok": true, "n": {"d": "2026-06-10"}, "likes": ["tea", "art"]}', '2026-05-30T16:00Z'),
            ('bob', 'Bob', 'bob@other.org', null, 'en', null, 'GB', null, null, 'active', 's2', null,
             '{new}', '{"points": 80.5, "level": "silver", "ok": false, "n": {"d": "2026-05-20"}, "likes": []}', '2025-01-01T00:00Z'),
            ('cat', 'Cat%_', null, '+442071838750', 'en-GB', 'Europe/London', 'GB', 2, 29, 'closed', null, 'sms',
             '{}', '{"points": "120", "level": null, "n": {"d": "soon"}, "likes": "tea"}', '2026-06-01T00:00Z'),
            ('dan', '', null, null, null, null, null, null, null, 'active', null, null, '{}', '{}', '2026-05-31T15:59:59Z');
            insert into crm.orders (customer_id, order_id, placed_at, amount, status) values
            ('ann', '1', '2025-06-01T00:00Z', 100, 'paid'), ('ann', '2', '2026-05-31T23:59Z', 300, 'paid'), ('ann', '3', '2026-06-01T00:00Z', 999, 'paid'),
            ('bob', '4', '2025-05-31T23:59:59Z', 50, 'paid'), ('bob', '5', '2026-01-01T00:00Z', 200, 'paid'), ('bob', '6', '2026-02-01T00:00Z', 500, 'refunded'),
            ('cat', '7', '2024-01-01T00:00Z', 900, 'paid');
            insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason) values
            ('ann', 'value-tiers', 'high', '2026-05-01T00:00Z', 1, '{}'), ('bob', 'value-tiers', 'mid', '2026-05-31T00:00Z', 1, '{}'),
            ('cat', 'value-tiers', 'normal', '2020-01-01T00:00Z', 1, '{}')"#,
        )
        .await;
    world
}

#[tokio::test]
async fn each_operator_finds_whom_it_should() {
    let world = people().await;
    each_finds(&world, CASES).await;
}

const CASES: &[(&str, &str)] = &[
    ("{ field = \"status\", is = \"active\" }", "ann bob dan"),
    ("{ field = \"country\", is_not = \"CN\" }", "bob cat"),
    ("{ field = \"country\", in = [\"CN\", \"FR\"] }", "ann"),
    ("{ field = \"country\", not_in = [\"CN\", \"FR\"] }", "bob cat"),
    ("{ field = \"language\", is = \"en\" }", "bob cat"),
    ("{ field = \"owner\", present = true }", "ann bob"),
    ("{ field = \"email\", present = false }", "cat dan"),
    ("{ field = \"name\", empty = true }", "dan"),
    ("{ field = \"email\", empty = false }", "ann bob"),
    ("{ field = \"birthday\", present = true }", "ann cat"),
    ("{ field = \"name\", contains = \"娜\" }", "ann"),
    ("{ field = \"name\", contains = \"%_\" }", "cat"),
    ("{ field = \"email\", not_contains = \"example\" }", "bob"),
    ("{ field = \"phone\", starts_with = \"+86\" }", "ann"),
    ("{ field = \"email\", ends_with = \".org\" }", "bob"),
    ("{ tag = \"vip\" }", "ann"),
    ("{ field = \"tags\", has = \"new\" }", "ann bob"),
    ("{ field = \"tags\", has_any = [\"vip\", \"x\"] }", "ann"),
    ("{ field = \"tags\", has_all = [\"vip\", \"new\"] }", "ann"),
    ("{ field = \"tags\", has_none = [\"vip\"] }", "bob cat dan"),
    ("{ field = \"tags\", empty = true }", "cat dan"),
    // attributes: the type of the value decides; "120" is not 120
    ("{ attribute = \"points\", at_least = 100 }", "ann"),
    ("{ attribute = \"points\", between = [80, 120] }", "ann bob"),
    ("{ attribute = \"points\", is = \"120\" }", "cat"),
    ("{ attribute = \"points\", in = [120, 7] }", "ann"),
    ("{ attribute = \"ok\", is = true }", "ann"),
    ("{ attribute = \"ok\", in = [false] }", "bob"),
    ("{ attribute = \"level\", not_in = [\"gold\"] }", "bob"),
    ("{ attribute = \"level\", present = false }", "cat dan"),
    ("{ attribute = \"level\", contains = \"il\" }", "bob"),
    ("{ attribute = \"likes\", has = \"tea\" }", "ann"),
    ("{ attribute = \"likes\", has_none = [\"tea\"] }", "bob"),
    ("{ attribute = \"likes\", has_all = [\"tea\", \"art\"] }", "ann"),
    ("{ attribute = \"likes\", empty = true }", "bob dan"),
    ("{ attribute = \"n.d\", next = \"14d\" }", "ann"),
    ("{ attribute = \"n.d\", within = \"30d\" }", "bob"),
    ("{ attribute = \"n.d\", older_than = \"7d\" }", "bob"),
    ("{ attribute = \"n.d\", before = \"today\" }", "bob"),
    ("{ attribute = \"n.d\", on = \"today+9d\" }", "ann"),
    ("{ attribute = \"n.d\", after = \"2026-06-09\" }", "ann"),
    // instants: exact lengths, half-open; days are those of Shanghai, where the as-of is 1 June 08:00
    ("{ field = \"created_at\", within = \"1d\" }", "dan"),
    ("{ field = \"created_at\", within = \"32h\" }", "ann dan"),
    ("{ field = \"created_at\", older_than = \"32h\" }", "bob"),
    ("{ field = \"created_at\", next = \"1s\" }", "cat"),
    ("{ field = \"created_at\", on = \"today\" }", "cat"),
    ("{ field = \"created_at\", on = \"2026-05-31\" }", "ann dan"),
    ("{ field = \"created_at\", before = \"2026-05-31\" }", "bob"),
    ("{ field = \"created_at\", after = \"today-1d\" }", "cat"),
    // facts: paid orders before the as-of; 365 days back from it is 1 June 2025, included
    ("{ field = \"spend\", within = \"365d\", is = 400 }", "ann"),
    ("{ field = \"spend\", within = \"365d\", is = 0 }", "cat dan"),
    ("{ field = \"spend\", within = \"366d\", is = 250 }", "bob"),
    ("{ field = \"orders\", within = \"365d\", at_most = 1 }", "bob cat dan"),
    ("{ field = \"repeat_orders\", within = \"365d\", in = [1] }", "ann bob"),
    ("{ field = \"repurchase_rate\", within = \"365d\", is = \"50%\" }", "ann"),
    ("{ field = \"repurchase_rate\", within = \"365d\", above = \"50%\" }", "bob"),
    ("{ field = \"repurchase_rate\", within = \"365d\", present = false }", "cat dan"),
    ("{ field = \"average_order\", within = \"365d\", between = [200, 250.5] }", "ann bob"),
    ("{ field = \"contribution\", within = \"365d\", at_least = \"66%\" }", "ann"),
    ("{ field = \"contribution\", within = \"365d\", is = \"0%\" }", "cat dan"),
    ("{ field = \"last_order_at\", within = \"1h\" }", "ann"),
    ("{ field = \"first_order_at\", before = \"2025-01-01\" }", "cat"),
    ("{ field = \"days_since_last_order\", is = \"0d\" }", "ann"),
    ("{ field = \"days_since_last_order\", above = \"151d\" }", "cat"),
    ("{ field = \"days_since_last_order\", in = [\"151d\", \"0d\"] }", "ann bob"),
    ("{ field = \"last_order_at\", present = false }", "dan"),
    // ranks
    ("{ field = \"spend\", within = \"365d\", top = \"50%\" }", "ann"),
    ("{ field = \"spend\", within = \"365d\", top = \"50.1%\" }", "ann bob"),
    ("{ field = \"spend\", within = \"365d\", top = \"0%\" }", ""),
    ("{ field = \"spend\", within = \"365d\", top = \"100%\" }", "ann bob"),
    ("{ field = \"spend\", within = \"365d\", top = \"50%\", of = \"all\" }", "ann bob"),
    ("{ field = \"spend\", within = \"365d\", top = \"51%\", of = \"all\" }", "ann bob cat dan"),
    ("{ field = \"repurchase_rate\", within = \"365d\", top = \"100%\", of = \"all\" }", "ann bob"),
    ("{ field = \"contribution\", within = \"1000d\", top = \"10%\" }", "cat"),
    // ladders
    ("{ ladder = \"value-tiers\", is = \"high\" }", "ann"),
    ("{ ladder = \"value-tiers\", is_not = \"high\" }", "bob cat"),
    ("{ ladder = \"value-tiers\", at_least = \"mid\" }", "ann bob"),
    ("{ ladder = \"value-tiers\", below = \"high\" }", "bob cat"),
    ("{ ladder = \"value-tiers\", at_most = \"mid\", for = \"30d\" }", "cat"),
    ("{ ladder = \"value-tiers\", in = [\"mid\", \"high\"], for = \"1d\" }", "ann bob"),
    ("{ ladder = \"value-tiers\", present = false }", "dan"),
    // groups: a missing value is false, so `none` of it is true
    ("{ none = [{ field = \"country\", is = \"CN\" }] }", "bob cat dan"),
    ("{ none = [{ field = \"country\", is_not = \"CN\" }] }", "ann dan"),
    (
        "{ any = [{ tag = \"vip\" }, { all = [{ field = \"country\", is = \"GB\" }, { field = \"phone\", present = true }] }] }",
        "ann cat",
    ),
    ("{ all = [{ field = \"status\", is = \"active\" }], none = [{ tag = \"new\" }, { tag = \"x\" }] }", "dan"),
];

#[tokio::test]
async fn what_a_missing_value_dropped_is_counted_by_condition() {
    let world = people().await;
    let text = "{ all = [{ field = \"country\", is = \"CN\" }, { field = \"email\", present = true }, { attribute = \"points\", above = 1 },
        { field = \"repurchase_rate\", within = \"365d\", at_least = \"60%\" }, { ladder = \"value-tiers\", is = \"mid\", for = \"90d\" }] }";
    let counts = json!({ "country is CN": 1, "attribute points is above 1": 2, "repurchase_rate in 365d is at least 60%": 2,
        "ladder value-tiers is mid for 90d": 1 });
    assert_eq!(missing(&world, text).await, counts);
}

#[tokio::test]
async fn equal_values_rank_equally_and_the_order_of_rows_does_not_matter() {
    let world = World::new().await;
    world.sql("insert into crm.customer (customer_id) select n::text from generate_series(1, 10) n").await;
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select n::text, n::text, '2026-01-01', case when n <= 4 then 100 else n end from generate_series(10, 1, -1) n",
        )
        .await;
    // four share the first place: nobody has strictly more than they
    assert_eq!(who(&world, "{ field = \"spend\", within = \"365d\", top = \"10%\" }").await, ["1", "2", "3", "4"]);
    // the fifth has four above: 40 % is not below 40 %
    assert_eq!(who(&world, "{ field = \"spend\", within = \"365d\", top = \"40%\" }").await, ["1", "2", "3", "4"]);
    assert_eq!(
        who(&world, "{ field = \"spend\", within = \"365d\", top = \"41%\" }").await,
        ["1", "10", "2", "3", "4"]
    );
}

#[tokio::test]
async fn the_files_own_window_needs_no_name_and_has_the_alias_f() {
    let world = people().await;
    let window = Some(Span::days(365));
    let filter = parse(
        "{ all = [{ field = \"spend\", above = 100 }, { field = \"spend\", within = \"30d\", is = 300 }] }",
        window,
    )
    .unwrap();
    assert_eq!(matching(&world, &filter, window).await, ["ann"]);
    let needs = Requirements::of([&filter]);
    let statement = compose("select /*{when}*/ true", frame(window)).condition("when", Some(&filter)).finish();
    assert!(
        statement.sql().contains("coalesce(f.spend, 0.00)") && statement.sql().contains("coalesce(f_30d.spend, 0.00)"),
        "{}",
        statement.sql()
    );
    assert_eq!(needs.windows.len(), 2);
}

#[tokio::test]
async fn texts_that_would_like_to_be_sql_stay_data() {
    let world = people().await;
    for text in [
        "' or true --",
        "$1",
        "'; drop table crm.customer; --",
        "\\",
        "%",
        "/*{when}*/",
        "}*/ true",
        "$$",
        "\u{2019}",
        "{}",
        "NULL",
    ] {
        let quoted = toml::Value::String(text.to_owned());
        for condition in [
            format!("{{ field = \"name\", is = {quoted} }}"),
            format!("{{ field = \"name\", starts_with = {quoted} }}"),
            format!("{{ field = \"country\", in = [{quoted}] }}"),
            format!("{{ tag = {quoted} }}"),
            format!("{{ field = \"tags\", has_any = [{quoted}] }}"),
            format!("{{ attribute = {quoted}, is = \"x\" }}"),
            format!("{{ attribute = \"level\", is = {quoted} }}"),
        ] {
            assert_eq!(who(&world, &condition).await, Vec::<String>::new(), "{condition}");
            assert_eq!(missing(&world, &condition).await.as_object().map(serde_json::Map::len), Some(1), "{condition}");
        }
    }
    assert_eq!(who(&world, "{ field = \"customer_id\", present = true }").await.len(), 4);
}

#[tokio::test]
async fn the_first_case_that_holds_gives_its_text() {
    let world = people().await;
    let (vip, gb) =
        (parse("{ tag = \"vip\" }", None).unwrap(), parse("{ field = \"country\", is = \"GB\" }", None).unwrap());
    let template = "select c.customer_id || ':' || coalesce(/*{offer}*/ null::text, 'none') from crm.customer c where c.status <> $1 order by 1";
    let some =
        compose(template, frame(None)).bind("closed").first_of("offer", [(Some(&vip), "gold'"), (Some(&gb), "silver")]);
    let found: Vec<String> = some.finish().query_scalar().fetch_all(world.pool()).await.unwrap();
    assert_eq!(found, ["ann:gold'", "bob:silver", "dan:none"]);
    let all = compose(template, frame(None)).bind("closed").first_of("offer", [(Some(&vip), "gold"), (None, "rest")]);
    let found: Vec<String> = all.finish().query_scalar().fetch_all(world.pool()).await.unwrap();
    assert_eq!(found, ["ann:gold", "bob:rest", "dan:rest"]);
}

#[tokio::test]
async fn facts_take_one_pass_over_the_orders_and_sort_none_of_them() {
    let world = people().await;
    let filter = parse(
        "{ all = [{ field = \"spend\", within = \"365d\", above = 1 }, { field = \"orders\", within = \"30d\", above = 1 }, { field = \"last_order_at\", within = \"9d\" }] }",
        None,
    )
    .unwrap();
    let needs = filter.requirements();
    let statement = compose(super::ALL_CUSTOMERS, frame(None))
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("when", Some(&filter));
    let plan: Vec<String> = statement.finish().explain().query_scalar().fetch_all(world.pool()).await.unwrap();
    let plan = plan.join("\n");
    assert_eq!(plan.matches("on orders").count(), 1, "{plan}");
    assert!(!plan.contains("WindowAgg"), "{plan}");
}

#[tokio::test]
async fn facts_of_a_few_customers_are_looked_up_by_key() {
    let world = people().await;
    world.sql("insert into crm.orders (customer_id, order_id, placed_at, amount) select 'x' || n % 5000, n::text, '2026-01-01', 1 from generate_series(10, 30000) n; analyze crm.orders; analyze crm.customer").await;
    let filter = parse("{ field = \"spend\", within = \"365d\", above = 1 }", None).unwrap();
    let template =
        "select c.customer_id from crm.customer c\n/*{facts}*/\nwhere c.customer_id = $1 and /*{when}*/ true";
    let statement = compose(template, frame(None))
        .bind("ann")
        .facts_each("facts", &filter.requirements())
        .condition("when", Some(&filter));
    let plan: Vec<String> = statement.finish().explain().query_scalar().fetch_all(world.pool()).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("orders_pkey") && !plan.contains("Seq Scan on orders"), "{plan}");
}

#[tokio::test]
async fn conditions_that_read_alike_in_sql_take_the_same_parameters_on_one_connection() {
    let world = World::new().await;
    for text in
        [r#"{ field = "created_at", before = "2026-01-01" }"#, r#"{ field = "created_at", older_than = "30d" }"#]
    {
        let statement = compose("select count(*) from crm.customer c where /*{when}*/ true", frame(None))
            .condition("when", Some(&parse(text, None).unwrap()))
            .finish();
        let count = statement.sql().matches('$').count();
        let described: i64 =
            statement.query_scalar().fetch_one(world.pool()).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((count, described), (1, 0), "{text}");
    }
}
