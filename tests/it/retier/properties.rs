//! What holds for any ladder over any customers and orders: every customer is on exactly one level and nobody else is on
//! any, equals stand equal, more spend never stands lower, and no order of rows, ladders or files matters.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgConnection;
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;

use super::*;

/// Hours a window of 365 days goes back; the first hour that is still in.
const WINDOW: i64 = 365 * 24;

#[derive(Debug, Clone)]
struct Order {
    /// Before the first night; less than 0: after it.
    hours: i64,
    /// None: the company does not know.
    cents: Option<i64>,
    status: &'static str,
}

#[derive(Debug, Clone)]
struct Person {
    country: Option<&'static str>,
    orders: Vec<Order>,
}

impl Person {
    /// Their orders that count on the first night.
    fn counted(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| order.status == "paid" && order.hours > 0 && order.hours <= WINDOW)
    }

    fn spend(&self) -> i128 {
        self.counted().filter_map(|order| order.cents).map(i128::from).sum()
    }

    fn buyer(&self) -> bool {
        self.counted().next().is_some()
    }
}

/// What happens to a customer between two nights.
#[derive(Debug, Clone)]
enum Change {
    Buys(Order),
    /// Every order of theirs is.
    Becomes(&'static str),
    Forgets,
    Moves(Option<&'static str>),
    Goes,
}

fn order() -> impl Strategy<Value = Order> {
    // few values, so that many are equal; the edges of the window; and the future
    let hours = select(vec![1, 24, 700, 1500, 5000, WINDOW - 1, WINDOW, WINDOW + 1, 20_000, 0, -1, -30, -70_000_000]);
    let often = [0, 5_000, 5_000, 10_000, 10_000, 10_000, 100_000, -5_000].map(Some);
    let seldom = [Some(1), Some(99_999_999_999_999), Some(-99_999_999_999_999), None];
    let cents = select([often.as_slice(), seldom.as_slice()].concat());
    let status = select(vec!["paid", "paid", "paid", "cancelled", "refunded"]);
    (hours, cents, status).prop_map(|(hours, cents, status)| Order { hours, cents, status })
}

fn country() -> impl Strategy<Value = Option<&'static str>> {
    select(vec![None, Some("CN"), Some("GB")])
}

/// Nobody, one, or a few.
fn people() -> impl Strategy<Value = Vec<Person>> {
    let person =
        || (country(), prop::collection::vec(order(), 0..4)).prop_map(|(country, orders)| Person { country, orders });
    prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec(person(), 1),
        8 => prop::collection::vec(person(), 2..14),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => order().prop_map(Change::Buys),
        2 => select(vec!["paid", "cancelled", "refunded"]).prop_map(Change::Becomes),
        1 => Just(Change::Forgets),
        1 => country().prop_map(Change::Moves),
        1 => Just(Change::Goes),
    ]
}

/// About spend, and never against more of it.
fn by_spend() -> BoxedStrategy<String> {
    let leaf = select(vec![
        "at_least = 0",
        "at_least = 50",
        "at_least = 100",
        "at_least = 1000",
        "above = 0",
        "above = 100",
        "above = 2000",
        "top = \"1%\"",
        "top = \"20%\"",
        "top = \"50%\"",
        "top = \"20%\", of = \"all\"",
        "top = \"70%\", of = \"all\"",
    ]);
    grouped(leaf.prop_map(|asked| format!("{{ field = \"spend\", {asked} }}")).boxed(), &["all", "any"])
}

/// About anything ladders look at.
fn by_anything() -> BoxedStrategy<String> {
    let leaf = select(vec![
        "field = \"spend\", at_least = 100",
        "field = \"spend\", top = \"20%\"",
        "field = \"spend\", below = 0",
        "field = \"spend\", top = \"50%\", of = \"all\"",
        "field = \"spend\", above = 10, within = \"30d\"",
        "field = \"orders\", at_least = 2",
        "field = \"orders\", top = \"30%\"",
        "field = \"orders\", at_most = 1",
        "field = \"repurchase_rate\", at_least = \"50%\"",
        "field = \"average_order\", above = 60",
        "field = \"days_since_last_order\", at_most = \"30d\"",
        "field = \"last_order_at\", within = \"60d\"",
        "field = \"first_order_at\", older_than = \"100d\"",
        "field = \"country\", is = \"CN\"",
        "field = \"contribution\", at_least = \"10%\"",
        "field = \"recency_score\", at_least = 3",
    ]);
    grouped(leaf.prop_map(|asked| format!("{{ {asked} }}")).boxed(), &["all", "any", "none"])
}

fn grouped(leaf: BoxedStrategy<String>, words: &'static [&'static str]) -> BoxedStrategy<String> {
    leaf.prop_recursive(2, 6, 3, move |inner| {
        (select(words), prop::collection::vec(inner, 1..4))
            .prop_map(|(word, inner)| format!("{{ {word} = [{}] }}", inner.join(", ")))
    })
    .boxed()
}

/// Levels l0, l1 … with these conditions, then the last.
fn file(stability: &str, conditions: &[String]) -> String {
    let levels = conditions.iter().enumerate();
    let levels: String =
        levels.map(|(at, when)| format!("[[retier.level]]\nname = \"l{at}\"\nwhen = {when}\n")).collect();
    format!("{stability}\n{levels}[[retier.level]]\nname = \"l{}\"\n", conditions.len())
}

fn ladders(condition: BoxedStrategy<String>, stability: Vec<&'static str>) -> impl Strategy<Value = String> {
    let conditions = prop::collection::vec(condition, 1..5);
    (select(stability), conditions).prop_map(|(stability, conditions)| file(stability, &conditions))
}

fn first_night() -> DateTime<Utc> {
    instant("2026-06-01T00:00:00Z")
}

/// Writes the people, each as two twins, and orders of nobody known; the rows in an order that `seed` gives.
async fn settle(conn: &mut PgConnection, people: &[Person], seed: u32) {
    let named =
        people.iter().enumerate().flat_map(|(at, person)| ["a", "b"].map(|twin| (format!("{twin}{at:02}"), person)));
    let (ids, countries): (Vec<_>, Vec<_>) = named.clone().map(|(id, person)| (id, person.country)).unzip();
    sqlx::query(
        "insert into crm.customer (customer_id, country)
         select id, country from unnest($1::text[], $2::text[]) as r (id, country) order by md5(id || $3)",
    )
    .bind(ids)
    .bind(countries)
    .bind(seed.to_string())
    .execute(&mut *conn)
    .await
    .unwrap();
    let orders: Vec<_> =
        named.flat_map(|(id, person)| person.orders.iter().map(move |order| (id.clone(), order))).collect();
    let strangers = people.iter().flat_map(|person| &person.orders).take(2).map(|order| ("nobody".to_owned(), order));
    buy(conn, &orders.into_iter().chain(strangers).collect::<Vec<_>>(), "first", seed).await;
}

async fn buy(conn: &mut PgConnection, orders: &[(String, &Order)], name: &str, seed: u32) {
    sqlx::query(
        "insert into crm.orders (customer_id, order_id, placed_at, amount, status)
         select id, id || '-' || $5 || '-' || n, $6::timestamptz - interval '1 hour' * hours, cents / 100.0, status
         from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) with ordinality as r (id, hours, cents, status, n)
         order by md5(n || $7)",
    )
    .bind(orders.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>())
    .bind(orders.iter().map(|(_, order)| order.hours).collect::<Vec<_>>())
    .bind(orders.iter().map(|(_, order)| order.cents).collect::<Vec<_>>())
    .bind(orders.iter().map(|(_, order)| order.status).collect::<Vec<_>>())
    .bind(name)
    .bind(first_night())
    .bind(seed.to_string())
    .execute(conn)
    .await
    .unwrap();
}

async fn happen(conn: &mut PgConnection, change: &Change, person: usize, name: &str, seed: u32) {
    let twins = ["a", "b"].map(|twin| format!("{twin}{person:02}"));
    let (statement, value) = match change {
        Change::Buys(order) => return buy(conn, &twins.map(|id| (id, order)), name, seed).await,
        Change::Becomes(status) => ("update crm.orders set status = $2 where customer_id = any($1)", Some(*status)),
        Change::Forgets => ("delete from crm.orders where customer_id = any($1) and $2::text is null", None),
        Change::Moves(country) => ("update crm.customer set country = $2 where customer_id = any($1)", *country),
        Change::Goes => ("delete from crm.customer where customer_id = any($1) and $2::text is null", None),
    };
    sqlx::query(statement).bind(twins.as_slice()).bind(value).execute(conn).await.unwrap();
}

/// Where amounts may be missing, as a view of the company's may have it.
async fn world() -> World {
    let world = World::new().await;
    world.sql("alter table crm.orders alter column amount drop not null").await;
    world
}

async fn strings(conn: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(conn).await.unwrap()
}

/// Customer → place of the level; every customer has one, and nobody else.
async fn places(conn: &mut PgConnection, ladder: &str) -> BTreeMap<String, usize> {
    let known = strings(conn, "select customer_id from crm.customer order by 1").await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("select customer_id, level from tend.ladder_state where ladder = $1 order by 1")
            .bind(ladder)
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    assert_eq!(rows.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), known, "each customer once and nobody else");
    rows.into_iter().map(|(id, level)| (id, level[1..].parse().unwrap())).collect()
}

/// Whatever two orders of events must agree on.
async fn left_behind(conn: &mut PgConnection) -> Vec<String> {
    strings(
        conn,
        r#"select concat_ws(' ', 1, ladder, customer_id, level, since, reason) from tend.ladder_state
         union all select concat_ws(' ', 2, ladder, customer_id, at, from_level, to_level, direction, reason) from tend.ladder_move
         union all select concat_ws(' ', 3, ladder, customer_id, due_level, since) from tend.ladder_fall
         union all select concat_ws(' ', 4, ladder, as_of, cuts, distribution, moves, missing, held) from tend.ladder_run
         order by 1"#,
    )
    .await
}

fn check<S: Strategy>(
    cases: u32,
    strategy: S,
    world: impl Future<Output = World>,
    test: impl AsyncFn(&World, S::Value),
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(world);
    let config = Config { cases, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&strategy, |value| {
            runtime.block_on(test(&world, value));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(async { drop(world) });
}

#[test]
fn ties_are_never_split_more_spend_never_stands_lower_and_rows_may_stand_in_any_order() {
    let (tied, apart) = (Cell::new(0), Cell::new(0));
    let strategy = (people(), ladders(by_spend(), vec![""]), any::<(u32, u32)>());
    check(80, strategy, world(), async |world, (people, text, seeds)| {
        let (job, mut seen) = (ladder(&text), Vec::new());
        for seed in [seeds.0, seeds.1] {
            let mut transaction = world.pool().begin().await.unwrap();
            settle(&mut transaction, &people, seed).await;
            step(&job, &run_at(1, first_night()), &mut transaction).await.unwrap();
            let places = places(&mut transaction, "value-tiers").await;
            seen.push((places, left_behind(&mut transaction).await));
            transaction.rollback().await.unwrap();
        }
        assert_eq!(seen[0], seen[1], "the same rows in another order");
        // without a rank among buyers, one who bought for nothing and one who did not buy are the same
        let ranked = text.contains("%\" }");
        let places = &seen[0].0;
        for (one_at, one) in people.iter().enumerate() {
            for (other_at, other) in people.iter().enumerate() {
                let place = |at: usize| places[&format!("a{at:02}")];
                assert_eq!(place(one_at), places[&format!("b{one_at:02}")], "twins");
                if ranked && one.buyer() != other.buyer() {
                    continue;
                }
                if one.spend() == other.spend() {
                    assert_eq!(place(one_at), place(other_at), "{one:?} and {other:?} are tied");
                    tied.set(tied.get() + usize::from(one_at != other_at && one.buyer()));
                } else if one.spend() > other.spend() {
                    assert!(place(one_at) <= place(other_at), "{one:?} stands below {other:?}");
                    apart.set(apart.get() + usize::from(place(one_at) < place(other_at)));
                }
            }
        }
    });
    assert!(tied.get() > 10 && apart.get() > 80, "the test proves little: {} {}", tied.get(), apart.get());
}

/// What some customers are told they will get.
async fn foretold(job: &Arc<dyn Job>, run: &Run, conn: &mut PgConnection) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for id in strings(conn, "select customer_id from crm.customer where customer_id like 'a%' order by 1 limit 4").await
    {
        let judged = job.judge(run, &id, &mut Tx::lend(conn)).await.unwrap().unwrap();
        told.push((id, judged.json["result"].as_str().unwrap().to_owned()));
    }
    told
}

const EMPTY: &str = "truncate crm.customer, crm.orders;
    truncate tend.ladder, tend.ladder_state, tend.ladder_move, tend.ladder_run, tend.ladder_fall, tend.fact, tend.fact_window,
             tend.touched, tend.change";

#[test]
fn any_nights_of_any_ladders_leave_everybody_on_one_level_and_twins_on_the_same() {
    let stability = vec![
        "",
        "[retier.stability]\nhold = \"1d\"",
        "[retier.stability]\nmargin = \"10%\"\none_level_a_run = true",
        "[retier.stability]\nhold = \"2d\"\nmargin = \"5%\"",
    ];
    let two = [(); 2].map(|()| ladders(by_anything(), stability.clone()));
    let nights = prop::collection::vec(prop::collection::vec((any::<prop::sample::Index>(), change()), 0..5), 3);
    let moved = Cell::new(0);
    check(14, (people(), two, nights, any::<(u32, u32)>()), world(), async |world, (people, texts, nights, seeds)| {
        let jobs = texts.each_ref().map(|text| ladder(text));
        let mut seen = Vec::new();
        for (turn, seed) in [seeds.0, seeds.1].into_iter().enumerate() {
            world.sql(EMPTY).await;
            let mut conn = world.pool().acquire().await.unwrap();
            settle(&mut conn, &people, seed).await;
            for (night, changes) in nights.iter().enumerate() {
                for (at, (person, change)) in changes.iter().enumerate().filter(|_| !people.is_empty() && night > 0) {
                    happen(&mut conn, change, person.index(people.len()), &format!("{night}.{at}"), seed).await;
                }
                let as_of = first_night() + TimeDelta::days(i64::try_from(night).unwrap());
                for place in if turn == 0 { [0, 1] } else { [1, 0] } {
                    let run_id = 1 + i64::try_from(night * 2 + place).unwrap();
                    let run = Run { job: format!("ladder-{place}"), ..run_at(run_id, as_of) };
                    let foretold = foretold(&jobs[place], &run, &mut conn).await;
                    evaluate(world, &jobs[place], &run).await.unwrap();
                    let places = places(&mut conn, &run.job).await;
                    for (id, level) in foretold {
                        assert_eq!(level, format!("l{}", places[&id]), "what {id} was told, night {night}");
                    }
                    for (id, place) in places.iter().filter(|(id, _)| id.starts_with('a')) {
                        assert_eq!(*place, places[&id.replacen('a', "b", 1)], "{id} and its twin, night {night}");
                    }
                }
            }
            seen.push(left_behind(&mut conn).await);
        }
        assert_eq!(seen[0], seen[1], "the same rows in another order, the ladders the other way round");
        moved.set(moved.get() + seen[0].iter().filter(|row| row.starts_with('2')).count());
    });
    assert!(moved.get() > 20, "the test proves little: {} moves", moved.get());
}

#[test]
fn files_may_be_written_and_read_in_any_order() {
    let mut names = ["activity-labels", "amount-tiers", "lifecycle-labels", "value-tiers"];
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let jobs = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::copy(shipped.join(name).with_extension("toml"), jobs.path().join(name).with_extension("toml"))
                .unwrap();
        }
        let folder = read_folder(jobs.path(), KINDS).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        seen.push(folder.jobs.iter().map(|(name, job)| (name.clone(), job.to_spec().hash)).collect::<Vec<_>>());
        names.reverse();
    }
    assert_eq!(seen[0].len(), 4);
    assert_eq!(seen[0], seen[1]);
}
