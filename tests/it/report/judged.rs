//! From measured figures to verdicts, contributors and their order.

use rust_decimal::Decimal;
use tend::jobs::report::{
    Aim, Bound, Figure, Measured, Measurements, PartName, Rows, Section, Verdict, Words, figure, find, sort,
};

fn number(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

/// The whole, then parts "kind request": value and cases; a value "-" is none.
fn rows(whole: (&str, i64), parts: &[(&str, &str, i64)]) -> Rows {
    let one = |value: &str, cases| Measured { value: (value != "-").then(|| number(value)), hits: None, cases };
    let parts = parts.iter().map(|(name, value, cases)| {
        let (by, name) = name.split_once(' ').unwrap();
        (PartName { by: by.to_owned(), name: name.to_owned() }, one(value, *cases))
    });
    Rows { whole: (whole.1 > 0).then(|| one(whole.0, whole.1)), parts: parts.collect() }
}

fn aim(name: &str, bound: Bound) -> Aim {
    Aim { figure: name.to_owned(), of: None, bound, said: String::new(), weight: Decimal::ONE }
}

fn judged(name: &str, now: &Rows, before: &Rows, bound: Bound) -> Figure {
    figure(find(name).unwrap(), &Measurements { now, before, baseline: None }, Some(&aim(name, bound)), None, 30)
}

#[test]
fn a_target_that_is_hit_exactly_is_met() {
    let before = Rows::default();
    for (name, value, bound, verdict) in [
        ("csat", "0.9", Bound::AtLeast(number("0.9")), Verdict::Met),
        ("csat", "0.899999", Bound::AtLeast(number("0.9")), Verdict::Missed),
        ("first_answer", "14400", Bound::AtMost(number("14400")), Verdict::Met),
        ("first_answer", "14400.001", Bound::AtMost(number("14400")), Verdict::Missed),
    ] {
        assert_eq!(judged(name, &rows((value, 100), &[]), &before, bound).verdict, verdict, "{name} {value}");
    }
}

#[test]
fn without_cases_nothing_is_missed_but_a_count_of_nothing_is_nothing() {
    let none = Rows::default();
    let csat = judged("csat", &none, &none, Bound::AtLeast(number("0.9")));
    assert_eq!((csat.verdict, csat.now.value, csat.now.cases), (Verdict::NoCases, None, 0));
    let orders = judged("orders", &none, &none, Bound::AtLeast(number("10")));
    assert_eq!((orders.verdict, orders.now.value), (Verdict::Missed, Some(Decimal::ZERO)));
    let complaints = judged("complaints", &none, &none, Bound::AtMost(Decimal::ZERO));
    assert_eq!((complaints.verdict, complaints.change), (Verdict::Met, Some(Decimal::ZERO)));
}

#[test]
fn the_parts_that_weigh_most_are_far_from_the_target_and_many() {
    // shortfall times cases: request 0.05 × 200 = 10, complaint 0.4 × 20 = 8, question 0.1 × 30 = 3, praise 0.5 × 2 = 1
    let now = rows(
        ("0.85", 300),
        &[
            ("kind request", "0.85", 200),
            ("kind complaint", "0.5", 20),
            ("kind question", "0.8", 30),
            ("kind praise", "0.4", 2),
            ("kind order", "0.99", 48),
        ],
    );
    let csat = figure(
        find("solve_rate").unwrap(),
        &Measurements { now: &now, before: &Rows::default(), baseline: None },
        Some(&aim("solve_rate", Bound::AtLeast(number("0.9")))),
        Some("kind"),
        30,
    );
    let told: Vec<_> = csat
        .contributors
        .iter()
        .map(|part| {
            format!("{} {}{}", part.part.name, part.weight.normalize(), if part.is_small { " few" } else { "" })
        })
        .collect();
    assert_eq!(told, ["request 10", "complaint 8 few", "question 3"]);
    let parts: Vec<_> = csat.parts.iter().map(|part| part.part.name.as_str()).collect();
    assert_eq!(parts, ["request", "order", "question", "complaint", "praise"], "most cases first");
    // nobody is blamed for what was met
    let met = figure(
        find("solve_rate").unwrap(),
        &Measurements { now: &now, before: &Rows::default(), baseline: None },
        Some(&aim("solve_rate", Bound::AtLeast(number("0.8")))),
        None,
        30,
    );
    assert!(met.contributors.is_empty());
}

#[test]
fn of_amounts_what_was_lost_weighs_and_of_counts_that_are_too_many_what_there_is() {
    let before = rows(("300", 3), &[("tier high", "200", 1), ("tier mid", "100", 2), ("channel shop", "300", 3)]);
    let now = rows(("180", 3), &[("tier high", "50", 1), ("tier mid", "130", 2), ("channel shop", "180", 3)]);
    let revenue = judged("revenue", &now, &before, Bound::AtLeast(number("250")));
    let told: Vec<_> = revenue.contributors.iter().map(|part| (part.part.name.as_str(), part.weight)).collect();
    assert_eq!(told, [("high", number("150"))]);
    assert_eq!(revenue.change, Some(number("-120")));
    let now = rows(("12", 12), &[("topic product", "9", 9), ("topic service", "3", 3)]);
    let complaints = judged("complaints", &now, &Rows::default(), Bound::AtMost(number("10")));
    let told: Vec<_> = complaints.contributors.iter().map(|part| part.part.name.as_str()).collect();
    assert_eq!(told, ["product", "service"]);
}

#[test]
fn a_change_against_the_baseline_is_judged_the_way_that_is_better() {
    let (now, before) = (rows(("7000", 40), &[]), Rows::default());
    for (name, baseline, change, verdict) in [
        ("first_answer", "14400", "-0.5", Verdict::Met),
        ("first_answer", "13999", "-0.5", Verdict::Missed),
        ("revenue", "4827", "0.45", Verdict::Met),    // 6,999.15
        ("revenue", "4828", "0.45", Verdict::Missed), // 7,000.6
    ] {
        let baseline = rows((baseline, 100), &[]);
        let measured = Measurements { now: &now, before: &before, baseline: Some(&baseline) };
        let aim = aim(name, Bound::Change(number(change)));
        assert_eq!(figure(find(name).unwrap(), &measured, Some(&aim), None, 30).verdict, verdict, "{name}");
    }
    // more than all of them there cannot be
    let (all, most) = (rows(("1", 40), &[]), rows(("0.98", 100), &[]));
    let measured = Measurements { now: &all, before: &before, baseline: Some(&most) };
    let kept =
        figure(find("retention").unwrap(), &measured, Some(&aim("retention", Bound::Change(number("0.45")))), None, 30);
    assert_eq!((kept.verdict, kept.target.unwrap().at_least), (Verdict::Met, Some(number("1"))));
    // nothing to compare with is no miss
    let measured = Measurements { now: &now, before: &before, baseline: Some(&before) };
    let aim = aim("first_answer", Bound::Change(number("-0.5")));
    assert_eq!(figure(find("first_answer").unwrap(), &measured, Some(&aim), None, 30).verdict, Verdict::NoCases);
}

#[test]
fn a_target_of_a_part_judges_that_part() {
    let now = rows(("0.95", 1000), &[("tier high", "0.8", 50)]);
    let of = Some(PartName { by: "tier".to_owned(), name: "high".to_owned() });
    let aim = Aim { of, ..aim("retention", Bound::AtLeast(number("0.9"))) };
    let measured = Measurements { now: &now, before: &Rows::default(), baseline: None };
    let high = figure(find("retention").unwrap(), &measured, Some(&aim), Some("tier"), 30);
    assert_eq!((high.verdict, high.now.value, high.now.cases), (Verdict::Missed, Some(number("0.8")), 50));
    assert!(high.parts.is_empty() && high.contributors.is_empty());
}

#[test]
fn what_missed_comes_first_by_weight_what_rests_on_few_cases_behind_it() {
    let before = Rows::default();
    let least = |value: &str| Bound::AtLeast(number(value));
    let mut section = Section {
        title: Words::new("a", "b"),
        figures: vec![
            judged("solve_rate", &rows(("0.99", 100), &[]), &before, least("0.95")), // met
            judged("csat", &rows(("0.81", 100), &[]), &before, least("0.9")),        // a tenth short
            judged("nps", &rows(("0", 3), &[]), &before, least("50")),               // all of it, of three answers
            judged("sla_met", &rows(("0.5", 100), &[]), &before, least("0.9")),      // four ninths
            judged("tickets", &rows(("5", 5), &[]), &before, Bound::AtMost(number("9"))),
        ],
    };
    sort(&mut section);
    let order: Vec<_> = section.figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(order, ["sla_met", "csat", "nps", "solve_rate", "tickets"]);
}
