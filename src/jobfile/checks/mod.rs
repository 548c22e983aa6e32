//! `[[check]]` of a job file: given a customer with these orders on this day, expect this decision. Read here as
//! strictly as everything else; run by the room `checks`, never when a folder is applied.

mod customer;
mod row;
pub mod schema;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

pub use customer::{Customer, Move, Standing, is_level};
pub use row::Row;

use super::kind::{Cuts, Kind, ReadContext};
use super::reader::{Node, Reader};
use super::value;
use crate::engine::door::{Decision, Job};

/// A check longer than this is no example any more.
const MOST_CUSTOMERS: usize = 1_000;

/// One check.
#[derive(Debug, Clone)]
pub struct Check {
    /// What it shows, in the words of whoever wrote it.
    pub name: String,
    /// The days the job is run for, in this order; the last one is judged.
    pub on: Vec<NaiveDate>,
    /// The customer it is about, then the others.
    pub customers: Vec<Customer>,
    /// Codes left in coupon pools; enough where it does not say.
    pub coupons: BTreeMap<String, i64>,
    /// What shall be decided about the first customer.
    pub expect: Decision,
    /// The job with the cuts of the check; none: as it is.
    pub code: Option<Arc<dyn Job>>,
    /// Where `expect` stands.
    pub span: Range<usize>,
}

/// What checks are read with.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The kind of the file.
    pub kind: &'a dyn Kind,
    /// What the kind may look at.
    pub context: ReadContext<'a>,
    /// The levels of the file's own ladder; empty when it keeps none.
    pub levels: &'a [String],
}

/// Reads all `[[check]]`. `asked` are the cuts that the conditions of the file ask for.
pub fn read(file: &mut Reader<'_>, around: Around<'_>, asked: &Cuts) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for table in file.tables("check") {
        let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
        checks.extend(one(file, table, around, asked, &names));
    }
    checks
}

fn one(
    file: &mut Reader<'_>,
    mut table: Reader<'_>,
    around: Around<'_>,
    asked: &Cuts,
    names: &[&str],
) -> Option<Check> {
    let before = table.problems();
    let name = table.required_string("name", "\"one first order is normal\"");
    if let Some(name) = name.as_deref().filter(|name| names.contains(name)) {
        let help = Some("every check has a name of its own".to_owned());
        table.problem("name", format!("there is a check {name:?} already"), help);
    }
    let on = days(&mut table);
    let customers = customers(&mut table, around);
    let coupons = if around.kind.gives_coupons() { coupons(&mut table) } else { BTreeMap::new() };
    let expect = expectation(&mut table, file, around);
    let span = table.span_of("expect");
    let given = cuts(&mut table, asked);
    if given.is_some() && table.has("population") {
        let help = "either says where the ranks begin: leave one of them out".to_owned();
        table.problem_with_key("population", "`cuts` and `population` cannot stand in one check", Some(help));
    }
    table.finish();
    if file.problems() > before {
        return None;
    }
    let code = match given {
        Some(given) => {
            let cuts = Cuts::new(given);
            Some(around.kind.read(file, &ReadContext { cuts: &cuts, ..around.context })?)
        }
        None => None,
    };
    Some(Check { name: name?, on: on?, customers: customers?, coupons, expect: expect?, code, span: span? })
}

/// `on`: a day, or a list of days on which the job runs one after the other.
fn days(table: &mut Reader<'_>) -> Option<Vec<NaiveDate>> {
    const EXAMPLE: &str = "\"2026-06-01\"";
    let node = table.required("on", EXAMPLE)?;
    if node.get_ref().as_array().is_none() {
        return table.date("on").map(|day| vec![day]);
    }
    let mut days: Vec<NaiveDate> = Vec::new();
    for node in table.list("on", &format!("[{EXAMPLE}]"))? {
        match value::date(node.get_ref()) {
            Some(day) if days.last().is_none_or(|last| *last < day) => days.push(day),
            Some(_) => table.note(node.span(), "the days of a check go forward", Some("sort them".into())),
            None => {
                let message = format!("`on` must hold days, but this is {}", value::Found(node.get_ref()));
                table.note(node.span(), message, Some(format!("for example: on = [{EXAMPLE}]")));
            }
        }
    }
    if days.is_empty() {
        table.problem("on", "a check needs a day to run the job for", Some(format!("for example: on = {EXAMPLE}")));
    }
    (!days.is_empty()).then_some(days)
}

/// `customer`, then `population`.
fn customers(table: &mut Reader<'_>, around: Around<'_>) -> Option<Vec<Customer>> {
    table.required("customer", "{ orders = [{ at = \"2026-05-01\", amount = \"900.00\" }] }");
    let subject = table.table("customer").and_then(|reader| customer::read(reader, around, 1));
    let others = table.tables("population");
    if others.len() >= MOST_CUSTOMERS {
        let help = "give the cuts instead: cuts = { spend = { \"20%\" = \"5000\" } }".to_owned();
        table.problem("population", format!("a check has at most {MOST_CUSTOMERS} customers"), Some(help));
        return None;
    }
    let count = others.len() + 1;
    let mut customers: Vec<Customer> = subject.into_iter().collect();
    customers.extend(others.into_iter().zip(2..).filter_map(|(reader, place)| customer::read(reader, around, place)));
    let mut ids: Vec<&str> = customers.iter().map(|customer| customer.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        table.problem("population", format!("two customers of the check are {:?}", twice[0]), None);
    }
    (customers.len() == count).then_some(customers)
}

/// `coupons`: pool → codes left.
fn coupons(table: &mut Reader<'_>) -> BTreeMap<String, i64> {
    let Some(mut pools) = table.table("coupons") else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for pool in pools.keys() {
        found.extend(pools.integer(pool, 0..=1_000).map(|codes| (pool.to_owned(), codes)));
    }
    pools.finish();
    found
}

fn expectation(table: &mut Reader<'_>, file: &mut Reader<'_>, around: Around<'_>) -> Option<Decision> {
    table.required("expect", "{ level = \"normal\" }");
    let mut expect = table.table("expect")?;
    let before = expect.problems();
    let expected = around.kind.expect(&mut expect, file, around.levels);
    let same = expect.problems() == before;
    expect.finish();
    expected.filter(|_| same)
}

/// `cuts`: figure → share → the lowest value that is still in.
fn cuts(table: &mut Reader<'_>, asked: &Cuts) -> Option<BTreeMap<(String, String), Decimal>> {
    let mut figures = table.table("cuts")?;
    let asked = asked.asked();
    let mut given = BTreeMap::new();
    for (figure, _, node) in figures.entries() {
        let Some(mut shares) = figures.of(node, &format!("cuts.{figure}")) else { continue };
        for (share, span, node) in shares.entries() {
            let key = (figure.to_owned(), normal(share));
            let Some(cut) = amount(node) else {
                let message = format!("a cut must be a number, but this is {}", value::Found(node.get_ref()));
                shares.note(node.span(), message, Some("the lowest value that is still in: \"5000\"".into()));
                continue;
            };
            if !asked.contains(&key) {
                let message = format!("no condition of this file asks for the top {} of {figure}", key.1);
                shares.note(span, message, Some(known(&asked)));
            }
            given.insert(key, cut);
        }
        shares.finish();
    }
    for (figure, share) in asked.iter().filter(|key| !given.contains_key(*key)) {
        let help = format!("add it: cuts = {{ \"{figure}\" = {{ \"{share}\" = … }} }}");
        figures.problem_here(format!("the check does not say where the top {share} of {figure} begin"), Some(help));
    }
    figures.finish();
    Some(given)
}

fn known(asked: &std::collections::BTreeSet<(String, String)>) -> String {
    if asked.is_empty() {
        return "the file has no ranks (top = \"20%\"): leave `cuts` out".to_owned();
    }
    let known: Vec<_> = asked.iter().map(|(figure, share)| format!("{share} of {figure}")).collect();
    format!("it asks for: {}", known.join(", "))
}

/// A cut of an amount is a number, that of a share may have its sign.
fn amount(node: &Node<'_>) -> Option<Decimal> {
    value::decimal(node.get_ref()).or_else(|| value::percent(node.get_ref()).ok())
}

/// "20.0 %" and "20%" are the same share.
fn normal(share: &str) -> String {
    let (number, rest) = share.split_once(['%', '％']).unwrap_or((share, ""));
    match Decimal::from_str_exact(number.trim()) {
        Ok(number) => format!("{}%{rest}", number.normalize()),
        Err(_) => share.to_owned(),
    }
}
