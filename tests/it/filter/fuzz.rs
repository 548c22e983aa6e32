//! Texts nobody would write: the reader of conditions never panics and never keeps silent, and whatever it takes is a
//! statement Postgres understands. `TEND_FUZZ_CASES` says how many texts; `make fuzz` asks for many, and then does the same
//! guided by coverage, without Postgres (see `fuzz/`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use tend::filter::docs::markdown;

use super::operators::people;
use super::{anything, who};
use crate::support::World;

/// What is put into texts: pieces of the language, and what could break it.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    "=",
    "\"",
    "'",
    " ",
    "\\",
    "\n",
    "all",
    "any",
    "none",
    "one_of",
    "field",
    "event",
    "within",
    "\"ever\"",
    "\"0d\"",
    "\"36525d\"",
    "\"99999999999d\"",
    "\"-1d\"",
    "\"100.00001%\"",
    "\"1e9%\"",
    "-1",
    "0",
    "9223372036854775807",
    "1e308",
    "nan",
    "true",
    "[[]]",
    "{}",
    "\"\"",
    "\"today-36525d\"",
    "\"9999-12-31\"",
    "\"(a{100}){100}\"",
    "安",
    "\u{202e}",
    "top = \"20%\", ",
];

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn spoil(&mut self, text: &mut Vec<char>, others: &[Vec<char>]) {
        let (from, to) = (self.below(text.len() + 1), self.below(text.len() + 1));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 12));
        match self.below(6) {
            0 => drop(text.drain(from..to)),
            1 | 2 => drop(text.splice(from..from, PIECES[self.below(PIECES.len())].chars())),
            3 => drop(text.splice(from..to, PIECES[self.below(PIECES.len())].chars())),
            4 => {
                let other = &others[self.below(others.len())];
                let (start, end) = (self.below(other.len()), self.below(other.len()));
                drop(text.splice(from..to, other[start.min(end)..start.max(end)].iter().copied()));
            }
            _ => {
                let again = text[from..to].to_vec();
                drop(text.splice(to..to, again));
            }
        }
    }
}

/// Every condition of the documentation.
fn conditions() -> Vec<Vec<char>> {
    let page = markdown().replace("\\|", "|");
    let spans = page.split('`').filter(|span| span.starts_with("{ ") && span.ends_with(" }"));
    spans.filter(|span| !span.contains("segment =")).map(|span| span.chars().collect()).collect()
}

#[tokio::test]
async fn no_text_breaks_the_reader_and_what_it_takes_is_understood_by_postgres() {
    let cases = std::env::var("TEND_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4_000);
    let world = World::new().await;
    let known = conditions();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut taken, mut turned) = (0, 0);
    for _ in 0..cases {
        let mut text = known[dice.below(known.len())].clone();
        for _ in 0..dice.below(4) {
            dice.spoil(&mut text, &known);
        }
        let text: String = text.into_iter().collect();
        let broken = |_| panic!("broken by {text}");
        turned += catch_unwind(AssertUnwindSafe(|| anything::condition(&text))).unwrap_or_else(broken);
        let Some(filter) = anything::read(&text) else { continue };
        taken += 1;
        let plan = anything::statement(&filter).explain();
        let plan: Result<Vec<String>, _> = plan.query_scalar().fetch_all(world.pool()).await;
        if let Err(error) = plan {
            panic!("{text}\n{error}");
        }
    }
    assert!(taken > cases / 10 && taken < cases, "{taken} of {cases} were taken");
    assert!(turned > cases / 20, "the test proves little: {turned} texts were exchanged");
}

#[test]
fn no_job_file_breaks_the_reader() {
    let cases = std::env::var("TEND_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    let shipped = ["value-tiers", "membership-grades", "churn-risk", "birthday"];
    let texts: Vec<Vec<char>> = shipped
        .iter()
        .map(|name| std::fs::read_to_string(format!("jobs/{name}.toml")).unwrap().chars().collect())
        .collect();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut taken = 0;
    for _ in 0..cases {
        let mut text = texts[dice.below(texts.len())].clone();
        for _ in 0..dice.below(3) {
            dice.spoil(&mut text, &texts);
        }
        let text: String = text.into_iter().collect();
        let read = catch_unwind(AssertUnwindSafe(|| anything::job_file(&text)));
        taken += usize::from(read.unwrap_or_else(|_| panic!("broken by {text}")));
    }
    assert!(taken > cases / 20 && taken < cases, "{taken} of {cases} were taken");
}

#[tokio::test]
async fn no_text_in_any_place_is_more_than_data() {
    let world = people().await;
    let hostile = [
        "' or true --",
        "'); drop table crm.customer; --",
        "$1",
        "$$",
        "\\",
        "\\'",
        "%",
        "/*{when}*/ true",
        "*/ true /*",
        "{as_of}",
        "{at}",
        "{levels}",
        "NULL",
        "\u{2019}; select 1",
        "'::text or true",
    ];
    for text in hostile {
        let quoted = toml::Value::String(text.to_owned());
        let escaped: String =
            text.chars().map(|c| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() }).collect();
        let pattern = toml::Value::String(escaped);
        for condition in [
            format!("{{ event = \"interaction\", kind = {quoted}, within = \"ever\" }}"),
            format!(
                "{{ event = \"interaction\", kind = [\"a\", {quoted}], channel = {quoted}, staff = {quoted}, last = {{ within = \"9d\" }} }}"
            ),
            format!(
                "{{ event = \"interaction\", kind = {quoted}, surge = {{ window = \"9d\", factor = \"100%\", min = 1 }} }}"
            ),
            format!(
                "{{ event = \"order\", channel = {quoted}, product = {quoted}, currency = {quoted}, sum = {{ above = 0 }}, within = \"ever\" }}"
            ),
            format!(
                "{{ event = \"ticket\", kind = {quoted}, topic = {quoted}, state = {quoted}, open = true, within = \"ever\" }}"
            ),
            format!("{{ open_ticket = true, topic = {quoted} }}"),
            format!("{{ event = \"message\", job = {quoted}, topic = {quoted}, within = \"ever\" }}"),
            format!("{{ field = \"name\", matches = {pattern} }}"),
            format!("{{ field = \"name\", not_contains = {quoted} }}"),
            format!("{{ attribute = {quoted}, size = {{ at_least = 0 }} }}"),
            format!(
                "{{ all = [{{ bucket = {{ of = 2, from = 0, to = 1, salt = {quoted} }} }}, {{ tag = {quoted} }}] }}"
            ),
            format!("{{ attribute = \"likes\", has_none = [{quoted}] }}"),
        ] {
            let found = who(&world, &condition).await;
            let harmless = condition.contains("not_contains") || condition.contains("has_none");
            assert!(harmless || found.is_empty(), "{condition}: {found:?}");
        }
    }
    assert_eq!(who(&world, "{ field = \"customer_id\", present = true }").await.len(), 4);
}
