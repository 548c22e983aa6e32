//! RFM scores and segments of a real shop's customers: against the figures of the data's README, and for every single
//! customer against a computation of the test's own, from the file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::retail::{data, import};
use super::{bench, json};

/// What the scores rest on: days since the last order, orders, spend in pence.
#[derive(Debug, Clone, Copy)]
struct Figures {
    days: i64,
    orders: i64,
    pence: i64,
}

fn figures(orders: &Path) -> BTreeMap<String, Figures> {
    let output = Command::new("zcat").arg(orders).output().expect("zcat runs");
    let mut found: BTreeMap<String, (NaiveDate, i64, i64)> = BTreeMap::new();
    for row in csv::Reader::from_reader(output.stdout.as_slice()).records() {
        let row = row.unwrap();
        let at: DateTime<Utc> = row[2].parse().unwrap();
        let day = at.with_timezone(&chrono_tz::Europe::London).date_naive();
        let (pounds, pence) = row[3].split_once('.').unwrap();
        assert_eq!(pence.len(), 2);
        let amount = pounds.parse::<i64>().unwrap() * 100 + pence.parse::<i64>().unwrap();
        let customer = found.entry(row[1].to_owned()).or_insert((day, 0, 0));
        *customer = (customer.0.max(day), customer.1 + 1, customer.2 + amount);
    }
    let reference = NaiveDate::from_ymd_opt(2011, 12, 10).unwrap();
    let figures =
        |(day, orders, pence): (NaiveDate, i64, i64)| Figures { days: (reference - day).num_days(), orders, pence };
    found.into_iter().map(|(customer, found)| (customer, figures(found))).collect()
}

/// The fifth of each customer: ranked ascending, equal values share the lowest place, the span of places cut into five
/// equal widths, upper edge included.
fn fifths(values: &[i64]) -> Vec<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = |value: &i64| i64::try_from(sorted.partition_point(|other| other < value)).unwrap();
    let span = values.iter().map(place).max().unwrap();
    values.iter().map(|value| (1..=5).find(|fifth| place(value) * 5 <= span * fifth).unwrap()).collect()
}

fn scores(figures: &BTreeMap<String, Figures>) -> BTreeMap<String, [i64; 3]> {
    let fifths_of = |of: fn(&Figures) -> i64| fifths(&figures.values().map(of).collect::<Vec<_>>());
    let (days, orders, pence) = (fifths_of(|f| f.days), fifths_of(|f| f.orders), fifths_of(|f| f.pence));
    let scores = days.iter().zip(orders).zip(pence).map(|((days, orders), pence)| [6 - days, orders, pence]);
    figures.keys().cloned().zip(scores).collect()
}

/// The segment of each of the 125 cells, as a table rather than as conditions.
fn segment([recency, frequency, money]: [i64; 3]) -> &'static str {
    match (recency, frequency, money) {
        (4..=5, 4..=5, 4..=5) => "champion",
        (3..=5, 4..=5, _) | (3..=5, 3, 4..=5) => "loyal",
        (4..=5, 2..=3, _) => "potential-loyal",
        (5, 1, _) => "new",
        (4, 1, _) => "promising",
        (3, 2..=3, _) | (3, 1, 3..=5) => "need-attention",
        (3, 1, 1..=2) => "about-to-sleep",
        (1..=2, 4..=5, 4..=5) => "cannot-lose",
        (1..=2, 3..=5, _) | (1..=2, 1..=2, 3..=5) => "at-risk",
        (2, 1..=2, 1..=2) => "to-be-woken",
        (1, 1..=2, 1..=2) => "lost",
        cell => panic!("{cell:?} belongs to no segment"),
    }
}

#[test]
fn every_one_of_the_125_cells_belongs_to_a_segment() {
    let cells = (0..125).map(|cell| [cell / 25 + 1, cell / 5 % 5 + 1, cell % 5 + 1]);
    let segments: std::collections::BTreeSet<_> = cells.map(segment).collect();
    assert_eq!(segments.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfm_of_online_retail_is_as_its_readme_says_and_for_every_customer_as_computed_here() {
    let Some(data) = data() else {
        return eprintln!("skipped: ../shared/data/online-retail is not here");
    };
    let (world, bench) = bench().await;
    import(&bench, "customers", &data.join("customers.csv.gz"));
    import(&bench, "orders", &data.join("orders.csv.gz"));
    let shipped = std::fs::read_to_string(bench.path().join("jobs/rfm-segments.toml")).unwrap();
    bench.job("rfm-segments", &shipped.replace("Asia/Shanghai", "Europe/London"));
    let run = json(&bench.run(&["run", "rfm-segments", "--at", "2011-12-10T00:00Z", "--json"]));
    assert_eq!(run["state"], "succeeded", "{run}");

    let expected = scores(&figures(&data.join("orders.csv.gz")));
    assert_eq!(expected.len(), 4_338);
    let stored = world
        .rows("select customer_id, level, reason -> 'facts' from tend.ladder_state where ladder = 'rfm-segments'")
        .await;
    assert_eq!(stored.len(), 4_338);
    let mut counts = [[0; 5]; 3];
    for row in stored {
        let [customer, level, facts] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let facts: Value = serde_json::from_str(facts).unwrap();
        let found = ["recency_score", "frequency_score", "monetary_score"].map(|score| facts[score].as_i64().unwrap());
        assert_eq!((found, level), (expected[customer], segment(found)), "{customer}");
        for (score, counts) in found.into_iter().zip(&mut counts) {
            counts[usize::try_from(score).unwrap() - 1] += 1;
        }
    }
    assert_eq!(counts[0], [881, 846, 863, 880, 868], "recency");
    assert_eq!(counts[1], [1_493, 835, 508, 802, 700], "frequency");
    assert_eq!(counts[2], [868, 867, 868, 867, 868], "money");
    assert_eq!(["12346", "12347", "12348"].map(|id| expected[id]), [[1, 1, 5], [5, 5, 5], [2, 4, 4]]);
}
