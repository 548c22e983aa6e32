//! Conditions on what happened: orders, interactions, tickets, messages.

use tend::filter::{Requirements, compose};
use tend::jobfile::duration::Span;

use super::{ALL_CUSTOMERS, each_finds, frame, matching, parse};
use crate::support::World;

/// The as-of is 1 June 2026, 00:00 UTC. ann complains, bob is silent since January, cat bought once, dan has nothing.
async fn people() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id) values ('ann'), ('bob'), ('cat'), ('dan');
             insert into crm.interaction (customer_id, interaction_id, at, kind, direction, channel, staff_id) values
             ('ann', '1', '2026-03-01T00:00Z', 'complaint', 'in', 'phone', 's1'),
             ('ann', '2', '2026-04-15T00:00Z', 'complaint', 'in', 'app', null),
             ('ann', '3', '2026-05-20T00:00Z', 'enquiry', 'in', 'phone', 's1'),
             ('ann', '4', '2026-05-30T00:00Z', 'visit', 'out', null, 's2'),
             ('ann', '5', '2026-05-31T23:59:59Z', 'complaint', 'in', 'chat', null),
             ('ann', '6', '2026-06-01T00:00Z', 'complaint', 'in', 'chat', null),
             ('bob', '7', '2026-01-15T00:00Z', 'reply', 'in', 'email', null),
             ('bob', '8', '2025-01-01T00:00Z', 'complaint', 'in', 'email', null);
             insert into crm.orders (customer_id, order_id, placed_at, amount, status, channel, product_id) values
             ('ann', '1', '2025-12-01T00:00Z', 100, 'paid', 'shop', 'tea'), ('ann', '2', '2026-05-01T00:00Z', 300, 'paid', 'app', null),
             ('ann', '3', '2026-05-02T00:00Z', 900, 'refunded', 'app', null),
             ('bob', '4', '2025-06-01T00:00Z', 50, 'paid', null, 'tea'), ('bob', '5', '2025-05-31T23:59:59Z', 70, 'paid', null, 'art'),
             ('cat', '6', '2026-04-02T00:00Z', 20, 'paid', 'web', 'tea');
             insert into crm.ticket (ticket_id, customer_id, opened_at, kind, topic, urgency, state, solved_at) values
             ('1', 'ann', '2026-05-01T00:00Z', 'complaint', 'delivery', 'urgent', 'open', null),
             ('2', 'bob', '2026-05-01T00:00Z', 'request', 'product', 'normal', 'solved', '2026-05-02T00:00Z'),
             ('3', 'cat', '2026-05-01T00:00Z', 'request', 'product', 'normal', 'closed', '2026-06-02T00:00Z'),
             ('4', 'dan', '2026-06-01T00:00Z', 'request', 'product', 'normal', 'open', null)",
        )
        .await;
    world
        .sql(
            "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data, not_before, not_after, state, state_at, created_at)
             select 1, job, 'x', who, n::text, 'marketing', 'news', channel, 't', 'en', '{}', at, at + interval '1 day', state, at, at
             from (values (1, 'birthday', 'ann', 'email', 'accepted', timestamptz '2026-05-10T00:00Z'),
                          (2, 'birthday', 'ann', 'sms', 'delivered', '2025-05-10T00:00Z'),
                          (3, 'winback', 'bob', 'email', 'bounced', '2026-05-10T00:00Z'),
                          (4, 'winback', 'cat', 'email', 'delivered', '2026-05-31T00:00Z')) m (n, job, who, channel, state, at)",
        )
        .await;
    world
        .sql(
            "insert into tend.answer (message_id, job, customer_id, occasion, survey, score, choice, locale, answered_at)
             select n, job, who, '', survey, score, choice, 'en', at
             from (values (1, 'csat', 'ann', 'csat', 1, null, timestamptz '2026-05-28T00:00Z'),
                          (2, 'csat', 'bob', 'csat', 4, null, '2026-04-28T00:00Z'),
                          (3, 'nps', 'cat', 'nps', 10, 'price', '2026-05-28T00:00Z'),
                          (4, 'events', 'dan', 'invitation', null, 'declined', '2026-05-28T00:00Z'),
                          (5, 'csat', 'ann', 'csat', 1, null, '2026-06-01T00:00Z')) a (n, job, who, survey, score, choice, at)",
        )
        .await;
    world
        .sql(
            "insert into tend.task (kind, origin, job, customer_id, title, opens_at, due_at, state, result, created_at, state_at)
             select kind, n::text, 'callbacks', who, 'x', made, '2026-06-05T00:00Z', state, result, made, since
             from (values (1, 'callback', 'ann', 'open', null, timestamptz '2026-05-30T00:00Z', timestamptz '2026-05-30T00:00Z'),
                          (2, 'callback', 'bob', 'done', 'not_satisfied', '2026-05-28T00:00Z', '2026-05-29T00:00Z'),
                          (3, 'visit', 'cat', 'open', null, '2026-05-30T00:00Z', '2026-05-30T00:00Z'),
                          (4, 'rescue', 'dan', 'done', 'stays', '2026-05-30T00:00Z', '2026-06-01T00:00Z'))
                  t (n, kind, who, state, result, made, since)",
        )
        .await;
    world
}

const CASES: &[(&str, &str)] = &[
    // whether there was one
    ("{ event = \"interaction\", within = \"90d\" }", "ann"),
    ("{ event = \"interaction\", within = \"ever\" }", "ann bob"),
    ("{ none = [{ event = \"interaction\", within = \"90d\" }] }", "bob cat dan"),
    // how many: 60 days back is 2 April, included; the as-of is not
    ("{ event = \"interaction\", kind = \"complaint\", count = { is = 2 }, within = \"60d\" }", "ann"),
    (
        "{ event = \"interaction\", kind = [\"complaint\", \"enquiry\"], count = { at_least = 3 }, within = \"60d\" }",
        "ann",
    ),
    ("{ event = \"interaction\", count = { is = 0 }, within = \"90d\" }", "bob cat dan"),
    ("{ event = \"interaction\", direction = \"out\", within = \"90d\" }", "ann"),
    (
        "{ event = \"interaction\", channel = [\"phone\", \"email\"], count = { between = [1, 2] }, within = \"ever\" }",
        "ann bob",
    ),
    ("{ event = \"interaction\", staff = \"s1\", count = { above = 1 }, within = \"365d\" }", "ann"),
    ("{ event = \"order\", within = \"60d\", count = { at_least = 1 } }", "ann cat"),
    ("{ event = \"order\", status = [\"refunded\", \"cancelled\"], within = \"60d\" }", "ann"),
    ("{ event = \"order\", product = \"tea\", within = \"365d\" }", "ann bob cat"),
    ("{ event = \"order\", channel = \"app\", product = \"tea\", within = \"365d\" }", ""),
    // amounts
    ("{ event = \"order\", sum = { at_least = 100 }, within = \"ever\" }", "ann bob"),
    ("{ event = \"order\", sum = { is = 0 }, within = \"60d\" }", "bob dan"),
    ("{ event = \"order\", avg = { is = 60 }, within = \"ever\" }", "bob"),
    ("{ event = \"order\", max = { above = 60 }, within = \"366d\" }", "ann bob"),
    (
        "{ event = \"order\", max = { below = 1000 }, status = [\"paid\", \"refunded\"], within = \"366d\" }",
        "ann bob cat",
    ),
    ("{ event = \"order\", min = { at_most = 20 }, within = \"366d\" }", "cat"),
    ("{ event = \"order\", avg = { present = false }, within = \"60d\" }", "bob dan"),
    // first and last
    ("{ event = \"order\", first = { within = \"60d\" } }", "cat"),
    ("{ event = \"order\", first = { within = \"60d\" }, within = \"60d\" }", "ann cat"),
    ("{ event = \"order\", last = { older_than = \"180d\" } }", "bob"),
    ("{ event = \"interaction\", last = { within = \"1s\" } }", "ann"),
    (
        "{ all = [{ event = \"interaction\", last = { older_than = \"90d\" } }, { event = \"interaction\", last = { within = \"180d\" } }] }",
        "bob",
    ),
    ("{ event = \"interaction\", last = { present = false } }", "cat dan"),
    ("{ event = \"order\", last = { on = \"2026-04-02\" } }", "cat"),
    // surge: 2 and 1 before; an enquiry more makes 3
    (
        "{ event = \"interaction\", kind = \"complaint\", surge = { window = \"60d\", factor = \"200%\", min = 2 } }",
        "ann",
    ),
    ("{ event = \"interaction\", kind = \"complaint\", surge = { window = \"60d\", factor = \"200%\", min = 3 } }", ""),
    ("{ event = \"interaction\", kind = \"complaint\", surge = { window = \"60d\", factor = \"201%\", min = 2 } }", ""),
    ("{ event = \"order\", surge = { window = \"61d\", factor = \"100%\", min = 1 } }", "ann cat"),
    // tickets
    ("{ event = \"ticket\", urgency = \"urgent\", within = \"60d\" }", "ann"),
    ("{ event = \"ticket\", open = true, within = \"ever\" }", "ann cat"),
    ("{ event = \"ticket\", open = false, within = \"ever\" }", "bob"),
    ("{ event = \"ticket\", state = [\"closed\"], topic = \"product\", within = \"ever\" }", "cat"),
    ("{ open_ticket = true }", "ann cat"),
    ("{ open_ticket = false }", "bob dan"),
    ("{ open_ticket = true, kind = \"request\" }", "cat"),
    // messages
    ("{ event = \"message\", within = \"90d\" }", "ann cat"),
    ("{ event = \"message\", job = \"birthday\", count = { at_least = 2 }, within = \"ever\" }", "ann"),
    ("{ event = \"message\", state = \"bounced\", channel = \"email\", within = \"30d\" }", "bob"),
    // answers
    ("{ event = \"answer\", job = \"csat\", score = { at_most = 2 }, within = \"30d\" }", "ann"),
    ("{ event = \"answer\", survey = \"csat\", score = { at_least = 3 }, within = \"ever\" }", "bob"),
    ("{ event = \"answer\", survey = \"nps\", score = { at_least = 9, at_most = 10 }, within = \"30d\" }", "cat"),
    ("{ event = \"answer\", score = { is = 1 }, count = { is = 1 }, within = \"30d\" }", "ann"),
    ("{ event = \"answer\", choice = [\"price\", \"declined\"], within = \"ever\" }", "cat dan"),
    ("{ event = \"answer\", job = \"csat\", last = { within = \"10d\" } }", "ann"),
    ("{ none = [{ event = \"answer\", within = \"30d\" }] }", "bob"),
    // tasks: of what has been done since the as-of it is not known yet that it is
    ("{ open_task = true }", "ann cat dan"),
    ("{ open_task = false }", "bob"),
    ("{ open_task = true, kind = [\"callback\", \"rescue\"] }", "ann dan"),
    ("{ event = \"task\", result = \"not_satisfied\", within = \"30d\" }", "bob"),
    ("{ event = \"task\", state = \"done\", count = { at_least = 1 }, within = \"ever\" }", "bob dan"),
    ("{ event = \"task\", open = false, job = \"callbacks\", last = { within = \"10d\" } }", "bob"),
    // exactly one
    ("{ one_of = [{ event = \"order\", within = \"60d\" }, { event = \"interaction\", within = \"60d\" }] }", "cat"),
];

#[tokio::test]
async fn each_event_and_measure_finds_whom_it_should() {
    let world = people().await;
    each_finds(&world, CASES).await;
}

#[tokio::test]
async fn without_a_window_of_its_own_a_count_takes_the_files() {
    let world = people().await;
    let window = Some(Span::days(60));
    let filter = parse("{ event = \"order\", count = { at_least = 1 } }", window).unwrap();
    assert_eq!(matching(&world, &filter, window).await, ["ann", "cat"]);
    assert_eq!(filter.describe(), "number of orders in 60d is at least 1");
}

#[test]
fn what_cannot_be_meant_is_refused_with_help() {
    for (text, message, help) in [
        (
            "{ event = \"intraction\", within = \"9d\" }",
            "there is no event \"intraction\"",
            "did you mean `interaction`",
        ),
        ("{ event = \"interaction\" }", "needs the window", "within = \"ever\""),
        ("{ event = \"interaction\", within = \"0d\" }", "window of no length", "90d"),
        ("{ event = \"interaction\", knd = \"a\", within = \"9d\" }", "unknown key `knd`", "did you mean `kind`"),
        ("{ event = \"order\", at_least = 2, within = \"9d\" }", "unknown key `at_least`", "count = { at_least = … }"),
        ("{ event = \"interaction\", sum = { at_least = 2 }, within = \"9d\" }", "have no amount", "count, first"),
        (
            "{ event = \"order\", count = { is = 1 }, sum = { is = 1 }, within = \"9d\" }",
            "`count` and `sum` cannot",
            "two",
        ),
        (
            "{ event = \"order\", count = { top = \"20%\" }, within = \"9d\" }",
            "nothing is said about `count`",
            "at_least",
        ),
        (
            "{ event = \"order\", count = { at_least = -1 }, within = \"9d\" }",
            "`at_least` takes a whole number",
            "at_least = 2",
        ),
        ("{ event = \"order\", count = 2, within = \"9d\" }", "`count` must be a table", "count = { … }"),
        (
            "{ event = \"order\", status = \"payed\", within = \"9d\" }",
            "`status` cannot be \"payed\"",
            "did you mean `paid`",
        ),
        ("{ event = \"order\", channel = [], within = \"9d\" }", "`channel` names nothing", "shop"),
        ("{ event = \"order\", channel = 3, within = \"9d\" }", "`channel` must be a text", "shop"),
        ("{ event = \"order\", surge = { window = \"60d\", factor = \"50%\", min = 3 } }", "from \"100%\" on", "200%"),
        ("{ event = \"order\", surge = { window = \"60d\", min = 3 } }", "factor", "200%"),
        (
            "{ event = \"order\", within = \"9d\", surge = { window = \"60d\", factor = \"200%\", min = 3 } }",
            "`within` and `surge`",
            "surge = {",
        ),
        ("{ event = \"answer\", score = 2, within = \"9d\" }", "`score` must be a table", "score = { … }"),
        ("{ event = \"answer\", score = { at_most = 11 }, within = \"9d\" }", "from 0 to 10", ""),
        ("{ event = \"answer\", score = { at_least = 5, at_most = 2 }, within = \"9d\" }", "says no number", "at_most"),
        ("{ event = \"answer\", score = { is = 5, at_most = 2 }, within = \"9d\" }", "says no number", "at_most"),
        ("{ event = \"answer\", sum = { at_least = 2 }, within = \"9d\" }", "have no amount", "count, first"),
        ("{ open_ticket = \"yes\" }", "`open_ticket` must be true or false", "true"),
    ] {
        let problems = parse(text, None).expect_err(text).to_string();
        assert!(problems.contains(message) && problems.contains(help), "{text}\n{problems}");
    }
}

const TWO: &str =
    "{ all = [{ event = \"interaction\", kind = \"complaint\", count = { at_least = 1 }, within = \"60d\" },
    { event = \"interaction\", last = { older_than = \"3d\" }, within = \"90d\" },
    { event = \"interaction\", surge = { window = \"30d\", factor = \"200%\", min = 3 } }] }";

#[tokio::test]
async fn events_of_everybody_take_one_pass_over_their_table() {
    let world = people().await;
    let filter = parse(TWO, None).unwrap();
    let needs = Requirements::of([&filter]);
    let statement = compose(ALL_CUSTOMERS, frame(None))
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("when", Some(&filter));
    let plan: Vec<String> = statement.finish().explain().query_scalar().fetch_all(world.pool()).await.unwrap();
    let plan = plan.join("\n");
    assert_eq!(plan.matches("on interaction e").count(), 1, "{plan}");
    assert!(!plan.contains("SubPlan") && !plan.contains("WindowAgg"), "{plan}");
    // nothing older than the longest reach is read
    assert!(plan.contains("\"at\" >=") || plan.contains("at >="), "{plan}");
}

#[tokio::test]
async fn events_of_a_few_customers_are_looked_up_by_key() {
    let world = people().await;
    world
        .sql("insert into crm.interaction (customer_id, interaction_id, at, kind) select 'x' || n % 5000, n::text, '2026-05-01', 'reply' from generate_series(10, 30000) n; analyze crm.interaction; analyze crm.customer")
        .await;
    let filter = parse(TWO, None).unwrap();
    let template =
        "select c.customer_id from crm.customer c\n/*{facts}*/\nwhere c.customer_id = $1 and /*{when}*/ true";
    let statement = compose(template, frame(None))
        .bind("ann")
        .facts_each("facts", &Requirements::of([&filter]))
        .condition("when", Some(&filter));
    let plan: Vec<String> = statement.finish().explain().query_scalar().fetch_all(world.pool()).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("interaction_pkey") && !plan.contains("Seq Scan on interaction"), "{plan}");
}
