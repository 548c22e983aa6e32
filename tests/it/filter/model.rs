//! Random conditions over random customers: SQL and a plain evaluator agree.
//!
//! The evaluator is written from the documentation, without a look at the compiler: a comparison with a missing value
//! is false, groups are two-valued, windows are half-open, ranks count those who have strictly more.

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;

use super::{as_of, matching, parse};
use crate::support::World;

#[derive(Debug, Clone)]
struct Person {
    id: usize,
    country: Option<&'static str>,
    tags: Vec<&'static str>,
    points: Option<Points>,
    created: DateTime<Utc>,
    orders: Vec<Order>,
    level: Option<(&'static str, i64)>,
}

#[derive(Debug, Clone)]
enum Points {
    Number(i64),
    Text(&'static str),
    Null,
}

#[derive(Debug, Clone)]
struct Order {
    /// Hours before the as-of; negative: after it.
    ago: i64,
    amount: i64,
    paid: bool,
}

#[derive(Debug, Clone)]
enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    None(Vec<Test>),
    Country(&'static str, Vec<&'static str>),
    CountryPresent(bool),
    Tags(&'static str, Vec<&'static str>),
    Points(&'static str, i64),
    PointsText(&'static str, &'static str),
    Created(&'static str, i64),
    Fact(&'static str, i64, &'static str, i64),
    Top(&'static str, i64, i64, bool),
    Idle(&'static str, i64),
    LastOrder(&'static str, i64),
    Level(&'static str, &'static str, Option<i64>),
}

const COUNTRIES: [&str; 3] = ["CN", "GB", "'; --"];
const TAGS: [&str; 3] = ["vip", "new", "%"];
const LEVELS: [&str; 3] = ["high", "mid", "normal"];
const ORDER: [&str; 4] = ["above", "at_least", "below", "at_most"];
const WINDOWS: [i64; 2] = [30, 365];

fn word(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list)
}

fn person() -> impl Strategy<Value = Person> {
    let points = prop_oneof![
        (0..4_i64).prop_map(Points::Number),
        word(&["1", "gold"]).prop_map(Points::Text),
        Just(Points::Null)
    ];
    // around the edges of the windows, to the hour
    let ago = prop_oneof![-2..3_i64, 718..723_i64, 8758..8763_i64, 0..20_000_i64];
    let order = (ago, -20..200_i64, prop::bool::weighted(0.8)).prop_map(|(ago, amount, paid)| Order {
        ago,
        amount: amount / 10 * 10,
        paid,
    });
    (
        prop::option::of(word(&COUNTRIES)),
        prop::sample::subsequence(TAGS.to_vec(), 0..=3),
        prop::option::of(points),
        -30..60_i64,
        prop::collection::vec(order, 0..5),
        prop::option::of((word(&LEVELS), 0..90_i64)),
    )
        .prop_map(|(country, tags, points, created, orders, level)| Person {
            id: 0,
            country,
            tags,
            points,
            created: as_of() - TimeDelta::hours(created * 12),
            orders,
            level,
        })
}

fn test() -> impl Strategy<Value = Test> {
    let window = prop::sample::select(&WINDOWS[..]);
    let facts = ["spend", "orders", "repeat_orders", "repurchase_rate", "average_order", "contribution"];
    let leaf = prop_oneof![
        (word(&["is", "is_not"]), word(&COUNTRIES)).prop_map(|(op, value)| Test::Country(op, vec![value])),
        (word(&["in", "not_in"]), prop::sample::subsequence(COUNTRIES.to_vec(), 1..=2))
            .prop_map(|(op, list)| Test::Country(op, list)),
        any::<bool>().prop_map(Test::CountryPresent),
        (word(&["has_any", "has_all", "has_none"]), prop::sample::subsequence(TAGS.to_vec(), 1..=2))
            .prop_map(|(op, list)| Test::Tags(op, list)),
        (word(&ORDER), 0..4_i64).prop_map(|(op, n)| Test::Points(op, n)),
        (word(&["is", "is_not", "contains"]), word(&["1", "gold", "o"]))
            .prop_map(|(op, text)| Test::PointsText(op, text)),
        (word(&["within", "older_than", "next"]), 0..10_i64).prop_map(|(op, days)| Test::Created(op, days)),
        (prop::sample::select(facts.to_vec()), window.clone(), word(&ORDER), 0..12_i64)
            .prop_map(|(f, w, op, n)| Test::Fact(f, w, op, n)),
        (word(&["spend", "orders", "average_order"]), window, 0..10_i64, any::<bool>())
            .prop_map(|(f, w, n, all)| Test::Top(f, w, n * 10, all)),
        (word(&ORDER), 0..400_i64).prop_map(|(op, days)| Test::Idle(op, days)),
        (word(&["within", "older_than"]), 0..400_i64).prop_map(|(op, days)| Test::LastOrder(op, days)),
        (word(&["is", "is_not", "at_least", "at_most"]), word(&LEVELS), prop::option::of(0..90_i64))
            .prop_map(|(op, l, held)| Test::Level(op, l, held)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = prop::collection::vec(inner, 1..4);
        prop_oneof![list.clone().prop_map(Test::All), list.clone().prop_map(Test::Any), list.prop_map(Test::None)]
    })
}

impl Test {
    fn toml(&self) -> String {
        let group = |name, inner: &[Self]| {
            format!("{{ {name} = [{}] }}", inner.iter().map(Self::toml).collect::<Vec<_>>().join(", "))
        };
        match self {
            Self::All(inner) => group("all", inner),
            Self::Any(inner) => group("any", inner),
            Self::None(inner) => group("none", inner),
            Self::Country(op, list) if list.len() == 1 && op.starts_with("is") => {
                format!("{{ field = \"country\", {op} = {:?} }}", list[0])
            }
            Self::Country(op, list) => format!("{{ field = \"country\", {op} = {list:?} }}"),
            Self::CountryPresent(flag) => format!("{{ field = \"country\", present = {flag} }}"),
            Self::Tags(op, list) => format!("{{ field = \"tags\", {op} = {list:?} }}"),
            Self::Points(op, number) => format!("{{ attribute = \"points\", {op} = {number} }}"),
            Self::PointsText(op, text) => format!("{{ attribute = \"points\", {op} = {text:?} }}"),
            Self::Created(op, days) => format!("{{ field = \"created_at\", {op} = \"{days}d\" }}"),
            Self::Fact(fact, window, op, number) => {
                format!("{{ field = \"{fact}\", within = \"{window}d\", {op} = {} }}", operand(fact, *number))
            }
            Self::Top(fact, window, share, all) => {
                let of = if *all { ", of = \"all\"" } else { "" };
                format!("{{ field = \"{fact}\", within = \"{window}d\", top = \"{share}%\"{of} }}")
            }
            Self::Idle(op, days) => format!("{{ field = \"days_since_last_order\", {op} = \"{days}d\" }}"),
            Self::LastOrder(op, days) => format!("{{ field = \"last_order_at\", {op} = \"{days}d\" }}"),
            Self::Level(op, level, held) => {
                let held = held.map_or_else(String::new, |days| format!(", for = \"{days}d\""));
                format!("{{ ladder = \"value-tiers\", {op} = \"{level}\"{held} }}")
            }
        }
    }

    fn holds(&self, person: &Person, all: &[Person]) -> bool {
        match self {
            Self::All(inner) => inner.iter().all(|test| test.holds(person, all)),
            Self::Any(inner) => inner.iter().any(|test| test.holds(person, all)),
            Self::None(inner) => !inner.iter().any(|test| test.holds(person, all)),
            Self::Country(op, list) => {
                person.country.is_some_and(|country| list.contains(&country) != op.contains("not"))
            }
            Self::CountryPresent(flag) => person.country.is_some() == *flag,
            Self::Tags(op, list) => match *op {
                "has_any" => list.iter().any(|tag| person.tags.contains(tag)),
                "has_all" => list.iter().all(|tag| person.tags.contains(tag)),
                _ => !list.iter().any(|tag| person.tags.contains(tag)),
            },
            Self::Points(op, number) => {
                matches!(person.points, Some(Points::Number(found)) if compare(op, found.into(), (*number).into()))
            }
            Self::PointsText(op, text) => matches!(person.points, Some(Points::Text(found)) if match *op {
                "is" => found == *text,
                "is_not" => found != *text,
                _ => found.contains(text),
            }),
            Self::Created(op, days) => moment(op, person.created, *days),
            Self::Fact(fact, window, op, number) => {
                person.fact(fact, *window, all).is_some_and(|found| compare(op, found, wanted(fact, *number)))
            }
            Self::Top(fact, window, share, everyone) => {
                let ranked: Vec<_> = all.iter().filter(|other| *everyone || other.bought(*window)).collect();
                let Some(own) = person.fact(fact, *window, all) else { return false };
                let above = ranked
                    .iter()
                    .filter(|other| other.fact(fact, *window, all).is_some_and(|found| found > own))
                    .count();
                (*everyone || person.bought(*window)) && (above * 100) < usize::try_from(*share).unwrap() * ranked.len()
            }
            Self::Idle(op, days) => person.last_order().is_some_and(|last| {
                let local = |at: DateTime<Utc>| at.with_timezone(&Tz::Asia__Shanghai).date_naive();
                compare(op, (local(as_of()) - local(last)).num_days().into(), (*days).into())
            }),
            Self::LastOrder(op, days) => person.last_order().is_some_and(|last| moment(op, last, *days)),
            Self::Level(op, wanted, held) => person.level.is_some_and(|(level, since)| {
                let place = |level| LEVELS.iter().position(|known| *known == level).unwrap();
                let fits = match *op {
                    "is" => level == *wanted,
                    "is_not" => level != *wanted,
                    "at_least" => place(level) <= place(*wanted),
                    _ => place(level) >= place(*wanted),
                };
                fits && held.is_none_or(|days| since >= days)
            }),
        }
    }
}

/// Shares go in steps of 10 %, amounts of 10.
fn operand(fact: &str, number: i64) -> String {
    match fact {
        "repurchase_rate" | "contribution" => format!("\"{}%\"", (number * 10).min(100)),
        "spend" | "average_order" => (number * 10).to_string(),
        _ => number.to_string(),
    }
}

fn wanted(fact: &str, number: i64) -> Decimal {
    match fact {
        "repurchase_rate" | "contribution" => Decimal::new((number * 10).min(100), 2),
        "spend" | "average_order" => (number * 10).into(),
        _ => number.into(),
    }
}

fn compare(op: &str, found: Decimal, wanted: Decimal) -> bool {
    match op {
        "above" => found > wanted,
        "at_least" => found >= wanted,
        "below" => found < wanted,
        _ => found <= wanted,
    }
}

fn moment(op: &str, at: DateTime<Utc>, days: i64) -> bool {
    match op {
        "within" => at >= as_of() - TimeDelta::days(days) && at < as_of(),
        "older_than" => at < as_of() - TimeDelta::days(days),
        _ => at >= as_of() && at < as_of() + Days::new(days.unsigned_abs()),
    }
}

impl Person {
    fn counted(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| order.paid && order.ago > 0)
    }

    fn in_window(&self, window: i64) -> Vec<&Order> {
        self.counted().filter(|order| order.ago <= window * 24).collect()
    }

    fn bought(&self, window: i64) -> bool {
        !self.in_window(window).is_empty()
    }

    fn last_order(&self) -> Option<DateTime<Utc>> {
        self.counted().map(|order| order.ago).min().map(|ago| as_of() - TimeDelta::hours(ago))
    }

    fn spend(&self, window: i64) -> Decimal {
        self.in_window(window).iter().map(|order| Decimal::from(order.amount)).sum()
    }

    fn fact(&self, fact: &str, window: i64, all: &[Self]) -> Option<Decimal> {
        let inside = self.in_window(window);
        let (count, spend) = (Decimal::from(inside.len()), self.spend(window));
        // the first order ever is no repeat; of several at the same instant one is the first
        let first = self.counted().map(|order| order.ago).max();
        let repeats = if first.is_some_and(|first| first <= window * 24) { count - Decimal::ONE } else { count };
        let total: Decimal = all.iter().map(|person| person.spend(window)).sum();
        match fact {
            "spend" => Some(spend),
            "orders" => Some(count),
            "repeat_orders" => Some(repeats),
            "repurchase_rate" => (!inside.is_empty()).then(|| repeats / count),
            "average_order" => (!inside.is_empty()).then(|| spend / count),
            // somebody who never bought has no share; where nothing was spent nobody has one
            _ if first.is_none() => Some(Decimal::ZERO),
            _ => (!total.is_zero()).then(|| spend / total),
        }
    }

    fn insert(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let id = self.id;
        let country = self.country.map_or_else(|| "null".into(), quoted);
        let tags = self.tags.iter().map(|tag| quoted(tag)).collect::<Vec<_>>().join(", ");
        let attributes = match self.points {
            None => "{}".to_owned(),
            Some(Points::Null) => "{\"points\": null}".into(),
            Some(Points::Number(number)) => format!("{{\"points\": {number}}}"),
            Some(Points::Text(text)) => format!("{{\"points\": \"{text}\"}}"),
        };
        let mut sql = format!(
            "insert into crm.customer (customer_id, country, tags, attributes, created_at) values ('{id}', {country}, array[{tags}]::text[], '{attributes}', '{}');",
            self.created.to_rfc3339()
        );
        for (number, order) in self.orders.iter().enumerate() {
            let at = (as_of() - TimeDelta::hours(order.ago)).to_rfc3339();
            let status = if order.paid { "paid" } else { "refunded" };
            sql.push_str(&format!("insert into crm.orders (customer_id, order_id, placed_at, amount, status) values ('{id}', '{id}-{number}', '{at}', {}, '{status}');", order.amount));
        }
        if let Some((level, since)) = self.level {
            let since = (as_of() - TimeDelta::days(since)).to_rfc3339();
            sql.push_str(&format!(
                "insert into tend.ladder_state values ('{id}', 'value-tiers', '{level}', '{since}', 1, '{{}}');"
            ));
        }
        sql
    }
}

#[tokio::test]
async fn random_conditions_find_whom_a_plain_evaluator_finds() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let world = World::new().await;
    let mut found_some = 0;
    for _ in 0..6 {
        let mut people = prop::collection::vec(person(), 0..40).new_tree(&mut runner).unwrap().current();
        people.iter_mut().enumerate().for_each(|(id, person)| person.id = id);
        world.sql("truncate crm.customer, crm.orders, tend.ladder_state").await;
        world.sql(&people.iter().map(Person::insert).collect::<String>()).await;
        for _ in 0..60 {
            let test = test().new_tree(&mut runner).unwrap().current();
            let text = test.toml();
            let filter = parse(&text, None).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
            let found = matching(&world, &filter, None).await;
            let mut expected: Vec<_> = people
                .iter()
                .filter(|person| test.holds(person, &people))
                .map(|person| person.id.to_string())
                .collect();
            expected.sort();
            assert_eq!(found, expected, "{text}\n{people:#?}");
            found_some += usize::from(!found.is_empty() && found.len() < people.len());
        }
    }
    // a test in which nearly everything holds for all or for nobody would prove little
    assert!(found_some > 120, "{found_some}");
}
