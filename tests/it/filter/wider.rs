//! The operators beyond plain comparisons: patterns, sizes, periods, birthdays, moves, consent, buckets.

use super::operators::people;
use super::{each_finds, parse, who};
use crate::support::World;

async fn with_standing() -> World {
    let world = people().await;
    world
        .sql(
            "insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason) values
             ('ann', 'value-tiers', 1, '2026-05-01T00:00Z', 'mid', 'high', 'rose', '{}'),
             ('bob', 'value-tiers', 2, '2026-06-01T00:00Z', 'high', 'mid', 'fell', '{}'),
             ('cat', 'other', 2, '2026-05-30T00:00Z', 'mid', 'high', 'rose', '{}'),
             ('dan', 'value-tiers', 3, '2026-06-01T00:00:01Z', 'mid', 'high', 'rose', '{}');
             insert into crm.consent (customer_id, channel, purpose, recorded_at, granted) values
             ('ann', 'email', 'marketing', '2026-01-01', true), ('ann', 'email', 'marketing', '2026-05-01', false),
             ('ann', 'sms', 'marketing', '2026-01-01', true), ('bob', 'email', 'marketing', '2026-06-01T00:00Z', true),
             ('cat', 'sms', 'marketing', '2026-01-01', false), ('cat', 'sms', 'service', '2026-01-01', true);
             insert into tend.suppression (channel, address_key, reason, recorded_at, lifted_at) values
             ('email', tend.address_key('email', 'BOB@other.org'), 'bounced', '2026-01-01', null),
             ('email', tend.address_key('email', 'ann@example.com'), 'bounced', '2026-01-01', '2026-02-01')",
        )
        .await;
    world
}

const CASES: &[(&str, &str)] = &[
    // patterns fit the whole text
    (r#"{ field = "email", matches = '.*@example\.com' }"#, "ann"),
    (r#"{ field = "email", matches = 'example' }"#, ""),
    (r#"{ field = "name", matches = "[A-Z][a-z]+" }"#, "bob"),
    (r#"{ field = "phone", matches = '\+(86|44)\d{10,11}' }"#, "ann cat"),
    (r#"{ attribute = "level", matches = "(gold|silver)" }"#, "ann bob"),
    (r#"{ field = "name", matches = 'Cat[%_]{2}' }"#, "cat"),
    // ranges, sizes
    ("{ attribute = \"points\", not_between = [100, 130] }", "bob"),
    ("{ field = \"spend\", within = \"365d\", not_between = [1, 399] }", "ann cat dan"),
    ("{ field = \"tags\", size = { at_least = 2 } }", "ann"),
    ("{ field = \"tags\", size = { is = 0 } }", "cat dan"),
    ("{ attribute = \"likes\", size = { in = [0, 2] } }", "ann bob"),
    // periods, in Shanghai, where it is Monday 1 June
    ("{ field = \"created_at\", during = \"this_month\" }", "cat"),
    ("{ field = \"created_at\", during = \"this_week\" }", "cat"),
    ("{ field = \"created_at\", during = \"last_month\" }", "ann dan"),
    ("{ field = \"created_at\", during = \"yesterday\" }", "ann dan"),
    ("{ field = \"created_at\", during = \"this_quarter\" }", "ann cat dan"),
    ("{ field = \"created_at\", during = \"last_year\" }", "bob"),
    ("{ attribute = \"n.d\", during = \"this_month\" }", "ann"),
    ("{ attribute = \"n.d\", during = \"last_month\" }", "bob"),
    // birthdays: ann 4 June, cat 29 February
    ("{ field = \"birthday\", next = \"3d\" }", "ann"),
    ("{ field = \"birthday\", next = \"2d\" }", ""),
    ("{ field = \"birthday\", on = \"today+3d\" }", "ann"),
    ("{ field = \"birthday\", on = \"2026-02-28\" }", "cat"),
    ("{ field = \"birthday\", during = \"this_month\" }", "ann"),
    ("{ field = \"birthday\", within = \"93d\" }", "cat"),
    ("{ field = \"birthday\", within = \"366d\" }", "ann cat"),
    // moves: from just after the beginning up to the as-of, which is included
    ("{ ladder = \"value-tiers\", rose = \"31d\" }", ""),
    ("{ ladder = \"value-tiers\", rose = \"32d\" }", "ann"),
    ("{ ladder = \"value-tiers\", fell = \"1d\" }", "bob"),
    ("{ ladder = \"value-tiers\", entered = \"high\", within = \"60d\" }", "ann"),
    ("{ ladder = \"value-tiers\", left = \"high\", within = \"60d\" }", "bob"),
    ("{ ladder = \"value-tiers\", left = \"normal\", within = \"60d\" }", ""),
    // consent and addresses
    ("{ consented = \"marketing\" }", "ann"),
    ("{ consented = \"marketing\", channel = \"email\" }", ""),
    ("{ consented = \"service\", channel = [\"email\", \"sms\"] }", "cat"),
    ("{ reachable = \"email\" }", "ann"),
    ("{ reachable = \"sms\" }", "ann cat"),
    ("{ reachable = [\"email\", \"sms\"] }", "ann cat"),
    ("{ bucket = { of = 10, from = 0, to = 9 } }", "ann bob cat dan"),
];

#[tokio::test]
async fn each_of_the_wider_operators_finds_whom_it_should() {
    let world = with_standing().await;
    each_finds(&world, CASES).await;
}

#[tokio::test]
async fn buckets_deal_out_everybody_once_evenly_and_anew_for_another_salt() {
    let world = World::new().await;
    world.sql("insert into crm.customer (customer_id) select n::text from generate_series(1, 1000) n").await;
    let bucket = |from: u8, to: u8, salt: &str| {
        format!("{{ bucket = {{ of = 100, from = {from}, to = {to}, salt = {salt:?} }} }}")
    };
    let (low, high) = (who(&world, &bucket(0, 49, "a")).await, who(&world, &bucket(50, 99, "a")).await);
    assert_eq!(low.len() + high.len(), 1000);
    assert!(low.iter().all(|one| !high.contains(one)) && (420..580).contains(&low.len()), "{}", low.len());
    let other = who(&world, &bucket(0, 49, "b")).await;
    let both = other.iter().filter(|one| low.contains(one)).count();
    assert!((180..320).contains(&both), "{both} of {} in both", low.len());
    assert_eq!(low, who(&world, &bucket(0, 49, "a")).await);
}

#[test]
fn what_cannot_be_meant_is_refused_with_help() {
    for (text, message, help) in [
        ("{ field = \"name\", matches = \"(a+)+\" }", "`matches` takes a pattern", "a repeat within a repeat"),
        ("{ field = \"name\", matches = \"^a\" }", "`matches` takes a pattern", "whole text anyway"),
        ("{ field = \"orders\", matches = \"1\", within = \"9d\" }", "`matches` does not work with `orders`", "takes:"),
        ("{ field = \"created_at\", during = \"last_mont\" }", "`during` takes a period", "did you mean `last_month`"),
        ("{ field = \"birthday\", next = \"400d\" }", "`next` takes a number of days", "366d"),
        ("{ field = \"birthday\", is = \"x\" }", "`is` does not work with `birthday`", "next"),
        ("{ field = \"birthday\", older_than = \"9d\" }", "`older_than` does not work", "within"),
        ("{ field = \"tags\", size = 2 }", "`size` must be a table", "size = {"),
        ("{ field = \"name\", size = { is = 2 } }", "unknown operator `size`", "known here"),
        ("{ ladder = \"value-tiers\", rose = \"9d\", for = \"9d\" }", "`for` and `rose`", "is = \"gold\""),
        ("{ ladder = \"value-tiers\", entered = \"high\" }", "`entered` needs the time", "within = \"30d\""),
        (
            "{ ladder = \"value-tiers\", entered = \"hihg\", within = \"9d\" }",
            "no level \"hihg\"",
            "did you mean `high`",
        ),
        ("{ ladder = \"value-tiers\", is = \"high\", within = \"9d\" }", "`within` does not work with `is`", "`for`"),
        ("{ reachable = \"mail\" }", "there is no channel \"mail\"", "did you mean `email`"),
        ("{ reachable = [] }", "`reachable` is an empty list", "email"),
        ("{ consented = \"markting\" }", "`consented` cannot be \"markting\"", "did you mean `marketing`"),
        ("{ bucket = { of = 10, from = 5, to = 20 } }", "`to` must be from 0 to 9", ""),
        ("{ bucket = { of = 10, from = 5, to = 4 } }", "begin above their end", "smaller"),
        ("{ bucket = { of = 10, from = 5 } }", "to", "9"),
    ] {
        let problems = parse(text, None).expect_err(text).to_string();
        assert!(problems.contains(message) && problems.contains(help), "{text}\n{problems}");
    }
}
