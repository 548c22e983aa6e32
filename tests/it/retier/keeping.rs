//! Kept facts and runs that look only at who could have changed: always what a count over everything gives.

use tend::engine::Engine;
use tend::engine::watchdog::round;
use tend::settings::Settings;

use super::*;

/// What differs between the kept facts of a window and a count over all orders, both ways.
pub async fn differences(world: &World, window: &str, at: &str) -> String {
    let start = format!("timestamptz '{at}' - interval '{window}'");
    world
        .value(&format!(
            "with counted as (
                 select customer_id, count(*) filter (where placed_at >= {start}) as orders,
                        coalesce(sum(amount) filter (where placed_at >= {start}), 0) as spend,
                        min(placed_at) as first_order_at, max(placed_at) as last_order_at
                 from crm.orders where status = 'paid' and placed_at < timestamptz '{at}' group by 1),
             kept as (select customer_id, orders, spend, first_order_at, last_order_at from tend.fact where span = '{span}')
             select count(*) from ((table counted except table kept) union all (table kept except table counted)) d",
            span = window.replace(" days", "d")
        ))
        .await
}

#[tokio::test]
async fn a_night_after_changes_of_every_sort_looks_at_few_and_ends_where_a_full_evaluation_does() {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id) select 'c' || lpad(n::text, 3, '0') from generate_series(0, 399) n",
        )
        .await;
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || lpad((n * 7 % 380)::text, 3, '0'), 'o' || n, timestamptz '2026-06-01Z' - interval '1 hour' * (n * 37 % 12000), n * 31 % 997
             from generate_series(1, 1500) n",
        )
        .await;
    let job = bare("365d");
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(world.value("select everybody from tend.ladder_run").await, "it is the first run");
    world
        .sql(
            "update crm.orders set status = 'cancelled' where order_id = 'o7';
             update crm.orders set amount = 90000 where order_id = 'o9';
             delete from crm.orders where order_id = 'o11';
             update crm.orders set customer_id = 'c399' where order_id = 'o13';
             insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c005', 'new', '2026-06-01T07:00Z', 5000);
             delete from crm.customer where customer_id = 'c017';
             insert into crm.customer (customer_id) values ('c400')",
        )
        .await;
    let second = run(2, "2026-06-02T00:00:00Z");
    let foretold = preview(&world, &job, &second).await;
    let progress = evaluate(&world, &job, &second).await.unwrap();
    assert_eq!(world.value("select everybody from tend.ladder_run where run_id = 2").await, "null");
    let evaluated: i64 = world.value("select evaluated from tend.ladder_run where run_id = 2").await.parse().unwrap();
    assert!((5..100).contains(&evaluated), "{evaluated}");
    assert_eq!(differences(&world, "365 days", "2026-06-02T00:00:00Z").await, "0");
    assert_eq!(foretold.json, explain(&world, &job, &second).await.json);
    let kept = levels(&world).await;
    let found = "select distribution, cuts from tend.ladder_run where run_id =";
    let incremental = world.rows(&format!("{found} 2")).await;
    assert_eq!(progress["customers"], 400);

    // the same from nothing
    world.sql("truncate tend.ladder, tend.ladder_state, tend.ladder_move, tend.fact, tend.fact_window").await;
    evaluate(&world, &job, &run(3, "2026-06-02T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, kept);
    assert_eq!(world.rows(&format!("{found} 3")).await, incremental);
}

const AT: &str = "2026-06-02T00:00:00Z";

/// A customer on high by one order of a hundred days ago, and others around.
async fn shop() -> World {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 100, "1500"), ("b", 100, "150"), ("c", 10, "20")]).await;
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\thigh", "b\tmid", "c\tnormal"]);
    world
}

/// Another file than that of `ladder`, with other words around the same rules.
fn reworded(levels: &str) -> Arc<dyn Job> {
    job(&format!(
        "title = \"another title\"\n# a comment\n[[check]]\nname = \"x\"\n[retier]\nwindow = \"365d\" # a year\n{levels}"
    ))
}

#[tokio::test]
async fn everybody_is_looked_at_again_when_the_rules_change_but_not_when_words_around_them_do() {
    let world = shop().await;
    const RULES: &str = "[[retier.level]]\nname = \"high\"\nwhen = { field = \"spend\", at_least = 1000 }\n\
        [[retier.level]]\nname = \"mid\"\nwhen = { field = \"spend\", at_least = 100 }\n\
        [[retier.level]]\nname = \"normal\"\n";
    let why = async |run_id: i64, job: Arc<dyn Job>| {
        let run = Run { spec_hash: format!("{run_id:064}"), ..run(run_id, AT) };
        evaluate(&world, &job, &run).await.unwrap();
        world.value(&format!("select everybody from tend.ladder_run where run_id = {run_id}")).await
    };
    assert_eq!(why(2, reworded(RULES)).await, "null");
    let titled = RULES.replace("name = \"normal\"", "name = \"normal\"\ntitle = \"Everybody else\"");
    assert_eq!(why(3, reworded(&titled)).await, "null");
    let mut run_id = 3;
    for (was, is) in [
        ("at_least = 1000 }", "above = 1000 }"),
        ("at_least = 1000 }", "at_least = 1001 }"),
        ("field = \"spend\", at_least = 100 }", "field = \"spend\", within = \"30d\", at_least = 100 }"),
        ("name = \"mid\"", "name = \"middle\""),
        ("name = \"mid\"\n", "name = \"mid\"\nkeep = { field = \"orders\", at_least = 1 }\n"),
    ] {
        for (levels, expected) in [
            (RULES.replace(was, is), "the conditions changed"),
            (RULES.replace(was, is), "null"),
            (RULES.to_owned(), "the conditions changed"),
        ] {
            run_id += 1;
            assert_eq!(why(run_id, ladder(&levels)).await, expected, "{was} → {is}");
        }
    }
    for stability in ["hold = \"3d\"", "margin = \"5%\"", "one_level_a_run = true"] {
        run_id += 1;
        let levels = format!("[retier.stability]\n{stability}\n{RULES}");
        assert_eq!(why(run_id, ladder(&levels)).await, "the conditions changed", "{stability}");
    }
}

#[tokio::test]
async fn whatever_happens_to_an_order_is_seen_by_the_next_run_alone_where_it_happened() {
    let hands = "update crm.orders set customer_id = 'c' where customer_id = 'a'";
    let inserted =
        "insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c', 'x', '2025-12-01Z', 999)";
    for (what, change, expected, touched) in [
        (
            "cancelled",
            "update crm.orders set status = 'cancelled' where customer_id = 'a'",
            ["normal", "mid", "normal"],
            1,
        ),
        ("deleted", "delete from crm.orders where customer_id = 'b'", ["high", "normal", "normal"], 1),
        ("changes hands", hands, ["normal", "mid", "high"], 2),
        ("placed long ago", inserted, ["high", "mid", "high"], 1),
        ("told again", "update crm.orders set amount = amount, status = status", ["high", "mid", "normal"], 0),
        ("all gone", "truncate crm.orders", ["normal"; 3], 3),
    ] {
        let world = shop().await;
        world.sql(change).await;
        evaluate(&world, &by_amount(), &run(2, AT)).await.unwrap();
        let found = world.rows("select level from tend.ladder_state order by customer_id").await;
        assert_eq!(found, expected, "{what}");
        assert_eq!(differences(&world, "365 days", AT).await, "0", "{what}");
        assert_eq!(
            world.value("select evaluated from tend.ladder_run where run_id = 2").await,
            touched.to_string(),
            "{what}"
        );
    }
}

/// What a transaction does that commits behind a run, and behind one that began after it and was seen by the run: the
/// run after it sees it, alone where it happened.
async fn seen_when_it_commits(change: &'static str, meanwhile: [&str; 3], afterwards: [&str; 3], touched: i64) {
    let world = shop().await;
    let mut slow = world.pool().begin().await.unwrap();
    sqlx::raw_sql(change).execute(&mut *slow).await.unwrap();
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount) values
             ('a', 'fast-a', '2026-05-31Z', 1), ('b', 'fast-b', '2026-05-31Z', 1), ('c', 'fast-c', '2026-05-31Z', 150)",
        )
        .await;
    let found = async || world.rows("select level from tend.ladder_state order by customer_id").await;
    evaluate(&world, &by_amount(), &run(2, AT)).await.unwrap();
    assert_eq!(found().await, meanwhile);
    slow.commit().await.unwrap();
    evaluate(&world, &by_amount(), &run(3, AT)).await.unwrap();
    assert_eq!(found().await, afterwards);
    assert_eq!(differences(&world, "365 days", AT).await, "0");
    let looked_at = world.value("select evaluated from tend.ladder_run where run_id = 3").await;
    assert_eq!(looked_at, touched.to_string());
}

#[tokio::test]
async fn a_slow_transaction_that_commits_behind_a_fast_one_is_not_lost() {
    let late =
        "insert into crm.orders (customer_id, order_id, placed_at, amount) values ('b', 'late', '2026-05-31Z', 5000)";
    seen_when_it_commits(late, ["high", "mid", "mid"], ["high", "high", "mid"], 1).await;
}

#[tokio::test]
async fn orders_that_a_slow_transaction_deletes_behind_a_fast_one_are_gone() {
    let gone = "delete from crm.orders where customer_id = 'a'";
    seen_when_it_commits(gone, ["high", "mid", "mid"], ["normal", "mid", "mid"], 1).await;
}

#[tokio::test]
async fn an_order_that_changes_hands_behind_a_fast_one_is_taken_from_the_one_and_given_to_the_other() {
    let hands = "update crm.orders set customer_id = 'c' where customer_id = 'a'";
    seen_when_it_commits(hands, ["high", "mid", "mid"], ["normal", "mid", "high"], 2).await;
}

#[tokio::test]
async fn a_weekly_recount_finds_nothing_or_corrects_it_names_the_customers_and_is_an_alarm() {
    let world = shop().await;
    evaluate(&world, &by_amount(), &run(2, "2026-06-08T00:00:00Z")).await.unwrap();
    assert_eq!(world.value("select count(*) from tend.fact_difference").await, "0");
    // somebody writes where only tend writes
    world
        .sql("update tend.fact set spend = 3 where customer_id = 'a'; delete from tend.fact where customer_id = 'b'")
        .await;
    evaluate(&world, &by_amount(), &run(3, "2026-06-15T00:00:00Z")).await.unwrap();
    let found = world
        .rows("select customer_id, kept ->> 'spend', counted ->> 'spend', run_id from tend.fact_difference order by 1")
        .await;
    assert_eq!(found, ["a\t3\t1500.00\t3", "b\tnull\t150.00\t3"]);
    assert_eq!(levels(&world).await, ["a\thigh", "b\tmid", "c\tnormal"]);
    assert_eq!(differences(&world, "365 days", "2026-06-15T00:00:00Z").await, "0");
    assert_eq!(
        alarms(&world).await,
        ["facts_differ\tkept facts of the last 365d differed from a count over all orders on 2026-06-15T00:00Z \
          for 2 customers and were corrected: a, b"]
    );
    // over with the next count that finds nothing
    evaluate(&world, &by_amount(), &run(4, "2026-06-22T00:00:00Z")).await.unwrap();
    assert_eq!(alarms(&world).await, Vec::<String>::new());
}

/// One round of the watchdog; the open alarms.
async fn alarms(world: &World) -> Vec<String> {
    let settings = Settings::read(Path::new("config"), []).unwrap_or_else(|error| panic!("{error}"));
    let no_specs = Arc::new(|_| anyhow::bail!("there are none"));
    round(&Engine::new(world.db().clone(), world.clock(), no_specs, settings.engine)).await.unwrap();
    world.rows("select kind, message from tend.alarm where cleared_at is null order by key").await
}

/// The levels of another ladder of the same file, evaluated from nothing.
pub async fn anew(world: &World, job: &Arc<dyn Job>, at: &str, run_id: i64) -> Vec<String> {
    let fresh = Run { job: format!("anew-{run_id}"), ..run(run_id, at) };
    evaluate(world, job, &fresh).await.unwrap();
    world
        .rows(&format!("select customer_id, level from tend.ladder_state where ladder = 'anew-{run_id}' order by 1"))
        .await
}

#[tokio::test]
async fn every_trading_day_of_the_shop_the_kept_facts_are_what_a_full_count_gives() {
    let Some(world) = online_retail().await else { return };
    // the orders arrive day by day
    world.sql("create table shop as table crm.orders; truncate crm.orders; create index on shop (placed_at)").await;
    let days = world.rows("select distinct (placed_at::date + 1)::text from shop order by 1").await;
    assert_eq!(days.len(), 305);
    let job = bare("60d");
    let (mut few, mut run_id) = (0, 0);
    for (nth, day) in days.iter().enumerate() {
        let at = format!("{day}T00:00:00Z");
        world.sql(&format!("insert into crm.orders select * from shop where placed_at < '{at}' and placed_at >= '{at}'::timestamptz - interval '1 day'")).await;
        run_id += 1;
        evaluate(&world, &job, &run(run_id, &at)).await.unwrap();
        assert_eq!(differences(&world, "60 days", &at).await, "0", "{day}");
        few += i64::from(
            world.value(&format!("select everybody is null from tend.ladder_run where run_id = {run_id}")).await
                == "true",
        );
        if nth % 20 == 19 {
            run_id += 1;
            let anew = anew(&world, &job, &at, run_id).await;
            let kept = world
                .rows("select customer_id, level from tend.ladder_state where ladder = 'value-tiers' order by 1")
                .await;
            assert!(anew == kept, "{day}");
        }
    }
    assert_eq!(world.value("select count(*) from tend.fact_difference").await, "0");
    assert!(few > 200, "only {few} nights looked at few");
}

#[tokio::test]
async fn scores_of_the_online_retail_data_are_those_that_were_counted_by_hand() {
    let Some(world) = online_retail().await else { return };
    let expected = [
        ("recency_score", [881, 846, 863, 880, 868], ["1", "5", "2"]),
        ("frequency_score", [1493, 835, 508, 802, 700], ["1", "5", "4"]),
        ("monetary_score", [868, 867, 868, 867, 868], ["5", "5", "4"]),
    ];
    for (run_id, (field, counts, examples)) in (1..).zip(expected) {
        let mut text = "title = \"test\"\n[retier]\nwindow = \"400d\"\n".to_owned();
        for score in 1..=5 {
            text.push_str(&format!(
                "[[retier.level]]\nname = \"{score}\"\nwhen = {{ field = \"{field}\", is = {score} }}\n"
            ));
        }
        let job = job(&(text + "[[retier.level]]\nname = \"none\"\n"));
        let london =
            Run { timezone: chrono_tz::Europe::London, job: field.into(), ..run(run_id, "2011-12-10T00:00:00Z") };
        evaluate(&world, &job, &london).await.unwrap();
        let found = world
            .rows(&format!(
                "select count(*) from tend.ladder_state where ladder = '{field}' group by level order by level"
            ))
            .await;
        assert_eq!(found, counts.map(|count| count.to_string()), "{field}");
        let found = world
            .rows(&format!("select level from tend.ladder_state where ladder = '{field}' and customer_id in ('12346', '12347', '12348') order by customer_id"))
            .await;
        assert_eq!(found, examples, "{field}");
    }
}
