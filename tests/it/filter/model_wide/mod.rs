//! Random conditions on what happened and how tend may meet customers: SQL, a plain evaluator written from the
//! documentation, and the tree that explains a customer agree.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sha2::{Digest, Sha256};
use tend::jobs::judged::judged;

mod rows;

use super::{as_of, frame, matching, parse};
use crate::support::World;

#[derive(Debug, Clone)]
struct Person {
    id: usize,
    name: &'static str,
    tags: Vec<&'static str>,
    birthday: Option<(u32, u32)>,
    created: DateTime<Utc>,
    contacts: Vec<Contact>,
    orders: Vec<(i64, i64, &'static str, Option<&'static str>)>,
    tickets: Vec<(i64, Option<i64>)>,
    moves: Vec<(i64, usize, usize)>,
    consents: Vec<(i64, &'static str, bool)>,
}

#[derive(Debug, Clone)]
struct Contact {
    /// Hours before the as-of.
    ago: i64,
    kind: &'static str,
    direction: &'static str,
    channel: Option<&'static str>,
}

#[derive(Debug, Clone)]
enum Test {
    Group(&'static str, Vec<Test>),
    Contacts {
        only: Only,
        window: Option<i64>,
        op: &'static str,
        number: i64,
    },
    Contacted {
        only: Only,
        which: &'static str,
        op: &'static str,
        days: i64,
    },
    Surge {
        only: Only,
        window: i64,
        percent: i64,
        min: i64,
    },
    Orders {
        measure: &'static str,
        status: Option<&'static str>,
        channel: Option<&'static str>,
        window: i64,
        op: &'static str,
        number: i64,
    },
    OpenTicket(bool),
    Moved {
        what: &'static str,
        level: usize,
        days: i64,
    },
    Consented(Option<&'static str>),
    Bucket {
        from: u64,
        to: u64,
        salt: &'static str,
    },
    Birthday {
        op: &'static str,
        days: u64,
    },
    BirthdayMonth,
    Created(&'static str),
    Name(usize),
    Size(&'static str, i64),
}

#[derive(Debug, Clone)]
struct Only {
    kinds: Vec<&'static str>,
    direction: Option<&'static str>,
    channel: Option<&'static str>,
}

const KINDS: [&str; 3] = ["complaint", "enquiry", "'; drop table crm.customer; --"];
const CHANNELS: [&str; 3] = ["phone", "app", "$1"];
const LEVELS: [&str; 3] = ["high", "mid", "normal"];
const ORDER: [&str; 5] = ["is", "above", "at_least", "below", "at_most"];
const NAMES: [&str; 5] = ["Ann", "ann-7", "安娜", "", "a.c"];
type Meaning = fn(&str) -> bool;
/// Patterns, each with what it means.
const PATTERNS: [(&str, Meaning); 5] = [
    ("[A-Za-z]+", |name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic())),
    (r"\w+-\d{1,2}", |name| name == "ann-7"),
    (".{2}", |name| name.chars().count() == 2),
    ("a.c", |name| name == "a.c"),
    (r"(an|a\.)[nc].*", |name| name.starts_with("ann") || name.starts_with("a.c")),
];
const PERIODS: [&str; 4] = ["this_month", "last_month", "today", "last_year"];

fn word(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list)
}

fn ago() -> impl Strategy<Value = i64> {
    // around the edges of the windows of 30 and 60 days, to the hour
    prop_oneof![-2..3_i64, 718..723_i64, 1438..1443_i64, 0..3_000_i64]
}

fn person() -> impl Strategy<Value = Person> {
    let contact = (ago(), word(&KINDS), word(&["in", "out"]), prop::option::of(word(&CHANNELS)))
        .prop_map(|(ago, kind, direction, channel)| Contact { ago, kind, direction, channel });
    let order = (ago(), 0..6_i64, word(&["paid", "refunded"]), prop::option::of(word(&CHANNELS)))
        .prop_map(|(ago, amount, status, channel)| (ago, amount * 10, status, channel));
    let events = (
        prop::collection::vec(contact, 0..6),
        prop::collection::vec(order, 0..4),
        prop::collection::vec((ago(), prop::option::of(-5..50_i64)), 0..2),
        prop::collection::vec((ago(), 0..3_usize, 0..3_usize), 0..3),
        prop::collection::vec((ago(), word(&["email", "sms"]), any::<bool>()), 0..3),
    );
    let own = (
        word(&NAMES),
        prop::sample::subsequence(vec!["vip", "new", "%"], 0..=3),
        prop::option::of((1..13_u32, 1..29_u32)),
        -50..400_i64,
    );
    (own, events).prop_map(|((name, tags, birthday, created), (contacts, orders, tickets, moves, consents))| Person {
        id: 0,
        name,
        tags,
        birthday,
        created: as_of() - TimeDelta::hours(created * 12),
        contacts,
        orders,
        tickets,
        moves: moves.into_iter().filter(|(_, from, to)| from != to).collect(),
        consents,
    })
}

fn only() -> impl Strategy<Value = Only> {
    let kinds = prop::sample::subsequence(KINDS.to_vec(), 0..=2);
    (kinds, prop::option::of(word(&["in", "out"])), prop::option::weighted(0.2, word(&CHANNELS)))
        .prop_map(|(kinds, direction, channel)| Only { kinds, direction, channel })
}

fn test() -> impl Strategy<Value = Test> {
    let window = prop::sample::select(vec![30_i64, 60]);
    let moved = (word(&["rose", "fell", "entered", "left"]), 0..3_usize, 0..120_i64);
    let leaf = prop_oneof![
        3 => (only(), prop::option::of(window.clone()), word(&ORDER), 0..4_i64)
            .prop_map(|(only, window, op, number)| Test::Contacts { only, window, op, number }),
        2 => (only(), word(&["first", "last"]), word(&["within", "older_than"]), 0..120_i64)
            .prop_map(|(only, which, op, days)| Test::Contacted { only, which, op, days }),
        2 => (only(), window.clone(), 100..300_i64, 1..4_i64)
            .prop_map(|(only, window, percent, min)| Test::Surge { only, window, percent, min }),
        3 => (word(&["count", "sum", "avg", "max", "min"]), prop::option::of(word(&["paid", "refunded"])),
              prop::option::weighted(0.3, word(&CHANNELS)), window, word(&ORDER), 0..8_i64)
            .prop_map(|(measure, status, channel, window, op, number)| Test::Orders { measure, status, channel, window, op, number }),
        1 => any::<bool>().prop_map(Test::OpenTicket),
        2 => moved.prop_map(|(what, level, days)| Test::Moved { what, level, days }),
        1 => prop::option::of(word(&["email", "sms"])).prop_map(Test::Consented),
        1 => (0..50_u64, 50..100_u64, word(&["", "x", "'"])).prop_map(|(from, to, salt)| Test::Bucket { from, to, salt }),
        1 => (word(&["next", "within"]), 0..120_u64).prop_map(|(op, days)| Test::Birthday { op, days }),
        1 => Just(Test::BirthdayMonth),
        1 => word(&PERIODS).prop_map(Test::Created),
        1 => (0..PATTERNS.len()).prop_map(Test::Name),
        1 => (word(&ORDER), 0..3_i64).prop_map(|(op, number)| Test::Size(op, number)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (word(&["all", "any", "none", "one_of"]), prop::collection::vec(inner, 1..4))
            .prop_map(|(name, inner)| Test::Group(name, inner))
    })
}

impl Only {
    fn toml(&self) -> String {
        let mut text = String::new();
        if !self.kinds.is_empty() {
            text.push_str(&format!(", kind = {:?}", self.kinds));
        }
        for (key, value) in [("direction", self.direction), ("channel", self.channel)] {
            text.push_str(&value.map_or_else(String::new, |value| format!(", {key} = {value:?}")));
        }
        text
    }

    fn of<'p>(&'p self, person: &'p Person) -> impl Iterator<Item = i64> + 'p {
        let fits = |contact: &&Contact| {
            (self.kinds.is_empty() || self.kinds.contains(&contact.kind))
                && self.direction.is_none_or(|direction| direction == contact.direction)
                && self.channel.is_none_or(|channel| contact.channel == Some(channel))
        };
        person.contacts.iter().filter(fits).map(|contact| contact.ago).filter(|ago| *ago > 0)
    }
}

impl Test {
    fn toml(&self) -> String {
        match self {
            Self::Group(name, inner) => {
                format!("{{ {name} = [{}] }}", inner.iter().map(Self::toml).collect::<Vec<_>>().join(", "))
            }
            Self::Contacts { only, window, op, number } => {
                let window = window.map_or_else(|| "ever".to_owned(), |days| format!("{days}d"));
                format!(
                    "{{ event = \"interaction\"{}, count = {{ {op} = {number} }}, within = \"{window}\" }}",
                    only.toml()
                )
            }
            Self::Contacted { only, which, op, days } => {
                format!("{{ event = \"interaction\"{}, {which} = {{ {op} = \"{days}d\" }} }}", only.toml())
            }
            Self::Surge { only, window, percent, min } => format!(
                "{{ event = \"interaction\"{}, surge = {{ window = \"{window}d\", factor = \"{percent}%\", min = {min} }} }}",
                only.toml()
            ),
            Self::Orders { measure, status, channel, window, op, number } => {
                let status = status.map_or_else(String::new, |status| format!(", status = \"{status}\""));
                let channel = channel.map_or_else(String::new, |channel| format!(", channel = {channel:?}"));
                let number = if *measure == "count" { *number } else { number * 10 };
                format!(
                    "{{ event = \"order\"{status}{channel}, {measure} = {{ {op} = {number} }}, within = \"{window}d\" }}"
                )
            }
            Self::OpenTicket(open) => format!("{{ open_ticket = {open} }}"),
            Self::Moved { what: what @ ("rose" | "fell"), days, .. } => {
                format!("{{ ladder = \"value-tiers\", {what} = \"{days}d\" }}")
            }
            Self::Moved { what, level, days } => {
                format!("{{ ladder = \"value-tiers\", {what} = \"{}\", within = \"{days}d\" }}", LEVELS[*level])
            }
            Self::Consented(channel) => {
                let channel = channel.map_or_else(String::new, |channel| format!(", channel = \"{channel}\""));
                format!("{{ consented = \"marketing\"{channel} }}")
            }
            Self::Bucket { from, to, salt } => {
                format!("{{ bucket = {{ of = 100, from = {from}, to = {to}, salt = {salt:?} }} }}")
            }
            Self::Birthday { op, days } => format!("{{ field = \"birthday\", {op} = \"{days}d\" }}"),
            Self::BirthdayMonth => "{ field = \"birthday\", during = \"this_month\" }".to_owned(),
            Self::Created(period) => format!("{{ field = \"created_at\", during = \"{period}\" }}"),
            Self::Name(pattern) => format!("{{ field = \"name\", matches = '{}' }}", PATTERNS[*pattern].0),
            Self::Size(op, number) => format!("{{ field = \"tags\", size = {{ {op} = {number} }} }}"),
        }
    }

    fn holds(&self, person: &Person) -> bool {
        match self {
            Self::Group(name, inner) => {
                let held = inner.iter().filter(|test| test.holds(person)).count();
                match *name {
                    "all" => held == inner.len(),
                    "any" => held > 0,
                    "none" => held == 0,
                    _ => held == 1,
                }
            }
            Self::Contacts { only, window, op, number } => {
                let count = only.of(person).filter(|ago| window.is_none_or(|days| *ago <= days * 24)).count();
                compare(op, count as f64, *number as f64)
            }
            Self::Contacted { only, which, op, days } => {
                let found = if *which == "first" { only.of(person).max() } else { only.of(person).min() };
                found.is_some_and(|ago| if *op == "within" { ago <= days * 24 } else { ago > days * 24 })
            }
            Self::Surge { only, window, percent, min } => {
                let now = only.of(person).filter(|ago| *ago <= window * 24).count() as i64;
                let before = only.of(person).filter(|ago| *ago > window * 24 && *ago <= window * 48).count() as i64;
                now >= *min && now * 100 >= percent * before
            }
            Self::Orders { measure, status, channel, window, op, number } => {
                let counted = person.orders.iter().filter(|(ago, _, found, by)| {
                    *ago > 0
                        && *ago <= window * 24
                        && *found == status.unwrap_or("paid")
                        && channel.is_none_or(|channel| *by == Some(channel))
                });
                let amounts: Vec<f64> = counted.map(|(_, amount, ..)| *amount as f64).collect();
                let sum: f64 = amounts.iter().sum();
                let found = match *measure {
                    "count" => Some(amounts.len() as f64),
                    "sum" => Some(sum),
                    "avg" => (!amounts.is_empty()).then(|| sum / amounts.len() as f64),
                    "max" => amounts.iter().copied().reduce(f64::max),
                    _ => amounts.iter().copied().reduce(f64::min),
                };
                let wanted = if *measure == "count" { *number as f64 } else { (number * 10) as f64 };
                found.is_some_and(|found| compare(op, found, wanted))
            }
            Self::OpenTicket(open) => {
                let is_open = |(opened, solved): &(i64, Option<i64>)| *opened > 0 && solved.is_none_or(|ago| ago <= 0);
                person.tickets.iter().any(is_open) == *open
            }
            Self::Moved { what, level, days } => person.moves.iter().any(|(ago, from, to)| {
                *ago >= 0
                    && *ago < days * 24
                    && match *what {
                        "rose" => to < from,
                        "fell" => to > from,
                        "entered" => to == level,
                        _ => from == level,
                    }
            }),
            Self::Consented(channel) => ["email", "sms"].iter().any(|by| {
                let words = person.consents.iter().filter(|(ago, on, _)| on == by && *ago > 0);
                channel.is_none_or(|channel| channel == *by)
                    && words.min_by_key(|(ago, ..)| *ago).is_some_and(|(_, _, granted)| *granted)
            }),
            Self::Bucket { from, to, salt } => {
                let digest = Sha256::digest(format!("{salt}:{}", person.id));
                let number = digest[..6].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                (*from..=*to).contains(&(number % 100))
            }
            Self::Birthday { op, days } => {
                let first = if *op == "next" { today() } else { today() - Days::new(*days) };
                person.birthday.is_some_and(|birthday| {
                    first.iter_days().take(*days as usize + 1).any(|day| (day.month(), day.day()) == birthday)
                })
            }
            Self::BirthdayMonth => person.birthday.is_some_and(|(month, _)| month == today().month()),
            Self::Created(period) => {
                let day = person.created.with_timezone(&Tz::Asia__Shanghai).date_naive();
                let last = today().with_day(1).unwrap() - Days::new(1);
                match *period {
                    "this_month" => (day.year(), day.month()) == (today().year(), today().month()),
                    "last_month" => (day.year(), day.month()) == (last.year(), last.month()),
                    "today" => day == today(),
                    _ => day.year() == today().year() - 1,
                }
            }
            Self::Name(pattern) => PATTERNS[*pattern].1(person.name),
            Self::Size(op, number) => compare(op, person.tags.len() as f64, *number as f64),
        }
    }
}

fn today() -> NaiveDate {
    as_of().with_timezone(&Tz::Asia__Shanghai).date_naive()
}

fn compare(op: &str, found: f64, wanted: f64) -> bool {
    match op {
        "is" => (found - wanted).abs() < 1e-9,
        "above" => found > wanted + 1e-9,
        "at_least" => found >= wanted - 1e-9,
        "below" => found < wanted - 1e-9,
        _ => found <= wanted + 1e-9,
    }
}

#[tokio::test]
async fn random_conditions_on_what_happened_find_whom_a_plain_evaluator_finds() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let world = World::new().await;
    let mut found_some = 0;
    for _ in 0..5 {
        let mut people = prop::collection::vec(person(), 0..30).new_tree(&mut runner).unwrap().current();
        for (id, person) in people.iter_mut().enumerate() {
            person.id = id;
            person.consents.sort_unstable();
            person.consents.dedup_by_key(|(ago, channel, _)| (*ago, *channel));
        }
        world
            .sql("truncate crm.customer, crm.orders, crm.interaction, crm.ticket, crm.consent, tend.ladder_move")
            .await;
        world.sql(&people.iter().map(Person::insert).collect::<String>()).await;
        for _ in 0..60 {
            let test = test().new_tree(&mut runner).unwrap().current();
            let text = test.toml();
            let filter = parse(&text, None).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
            let found = matching(&world, &filter, None).await;
            let members = people.iter().filter(|person| test.holds(person));
            let mut expected: Vec<_> = members.map(|person| person.id.to_string()).collect();
            expected.sort();
            assert_eq!(found, expected, "{text}\n{people:#?}");
            found_some += usize::from(!found.is_empty() && found.len() < people.len());
            if let Some(person) = people.first() {
                let mut conn = world.pool().acquire().await.unwrap();
                let nodes = judged(&mut conn, &[&filter], frame(None), &person.id.to_string()).await.unwrap().unwrap();
                assert_eq!(nodes[0].holds(), test.holds(person), "{text}\n{}\n{person:#?}", nodes[0].text(0));
            }
        }
    }
    assert!(found_some > 100, "{found_some}");
}
