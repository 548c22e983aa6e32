//! One person: exported, forgotten, suppressed.

use serde_json::Value;

use crate::outbox::office::{fate, owing};
use crate::support::World;

/// A world with `c1` in as many tables as possible, and `c2` beside.
async fn known() -> World {
    let world = owing(2).await;
    world
        .sql(
            "insert into crm.consent (customer_id, channel, purpose, recorded_at, granted) values ('c1', 'email', 'marketing', '2026-01-01Z', true);
             insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c1', 'o1', '2026-05-01Z', 12.50), ('c2', 'o2', '2026-05-01Z', 1);
             insert into crm.interaction (customer_id, interaction_id, at, kind, note) values ('c1', 'i1', '2026-05-02Z', 'enquiry', 'secret note');
             insert into crm.ticket (ticket_id, customer_id, opened_at, subject) values ('t1', 'c1', '2026-05-03Z', 'secret subject');
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
                 values ('t', 'c1', 'birthday:2026', '2026-06-04', 'k1', 1, '2026-06-01Z');
             insert into tend.decision (job, customer_id, occasion, reason, run_id, at, last_at, detail)
                 values ('u', 'c1', 'birthday:2026', 'no_consent', 1, '2026-06-01Z', '2026-06-01Z', '{\"x\": 1}');
             insert into tend.choice (customer_id, channel, address_key, purpose, granted, at, source)
                 values ('c1', 'email', tend.address_key('email', 'c1@example.com'), 'service', false, '2026-05-01Z', 'one_click');
             insert into tend.suppression (channel, address_key, reason, customer_id, recorded_at)
                 values ('sms', tend.address_key('sms', '+8613800000001'), 'by_hand', 'c1', '2026-05-01Z');
             insert into tend.answer (message_id, job, customer_id, occasion, survey, score, comment, about, locale, answered_at)
                 select message_id, job, customer_id, occasion, 'csat', 2, 'secret comment', '{\"ticket\": \"t1\"}', 'en', '2026-06-01Z' from tend.outbox where customer_id = 'c1';
             insert into tend.task (kind, origin, job, customer_id, title, opens_at, due_at, state_at, note, created_at)
                 values ('callback', 'answer:1', 't', 'c1', 'Call back', '2026-06-01Z', '2026-06-02Z', '2026-06-01Z', 'secret word', '2026-06-01Z');
             insert into tend.task_event (task_id, at, what, note) select task_id, '2026-06-01Z', 'not_reached', 'secret event' from tend.task;
             insert into crm.ticket_event (ticket_id, event_id, at, kind, value) values ('t1', 'e1', '2026-05-03Z', 'state', 'secret state');
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes, detail)
                 select message_id, 1, gen_random_uuid(), now(), now(), 'retry', 'planned', 'mailbox of c1 is full' from tend.outbox where customer_id = 'c1'",
        )
        .await;
    world
}

fn run(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = world.tend().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(world: &World, arguments: &[&str]) -> Value {
    let (code, out, said) = run(world, &[arguments, &["--json"]].concat());
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_str(&out).unwrap()
}

/// The tables that name `c1`.
async fn named(world: &World) -> Vec<String> {
    let tables = world
        .rows(
            "select table_schema || '.' || table_name as name from information_schema.columns join information_schema.tables using (table_schema, table_name)
             where table_schema in ('tend', 'crm') and column_name = 'customer_id' and table_type = 'BASE TABLE' order by 1",
        )
        .await;
    let mut found = Vec::new();
    for table in tables {
        if world.value(&format!("select count(*) from {table} where customer_id = 'c1'")).await != "0" {
            found.push(table);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_known_of_a_customer_is_exported_and_nothing_of_others() {
    let world = known().await;
    let document = json(&world, &["export-customer", "c1"]);
    assert_eq!(document["company"]["customer"]["email"], "c1@example.com");
    assert_eq!(document["company"]["orders"][0]["amount"], 12.50);
    assert_eq!(document["company"]["ticket"][0]["subject"], "secret subject");
    assert_eq!(document["tend"]["message"][0]["attempt"][0]["outcome"], "retry");
    for part in ["choice", "suppression", "occasion", "decision", "answer", "task"] {
        assert_eq!(document["tend"][part].as_array().map(Vec::len), Some(1), "{part}");
    }
    assert_eq!(document["tend"]["task"][0]["event"][0]["note"], "secret event");
    assert_eq!(document["company"]["ticket"][0]["event"][0]["value"], "secret state");
    let text = document.to_string();
    assert!(!text.contains("\"c2\"") && !text.contains("c2@") && !text.contains("\"o2\""), "{text}");
    assert_eq!(run(&world, &["export-customer", "nobody"]).0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_a_customer_is_exported_and_forgotten() {
    let world = World::new().await;
    let tables = world
        .rows(
            "select table_schema || '.' || table_name as name from information_schema.columns join information_schema.tables using (table_schema, table_name)
             where table_schema in ('tend', 'crm') and column_name = 'customer_id' and table_type = 'BASE TABLE' order by 1",
        )
        .await;
    let read =
        |file: &str| std::fs::read_to_string(format!("{}/src/person/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let forgotten = ["forget.sql", "forget_company.sql"].map(read).concat();
    let (exported, left) = (read("export.sql"), read("forget_left.sql"));
    // what only says that something is to be counted again, or what was counted wrong once
    let bookkeeping = ["tend.change", "tend.touched", "tend.fact_difference"];
    let names = |text: &str, table: &str| {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).any(|word| word == table)
    };
    for table in tables {
        assert!(names(&forgotten, &table), "tend forget does not know {table}");
        assert!(
            names(&exported, &table) || bookkeeping.contains(&table.as_str()),
            "tend export-customer does not know {table}"
        );
        assert!(!table.starts_with("crm.") || names(&left, &table), "tend forget does not name {table} to the company");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_shows_first_then_leaves_books_without_a_name_and_nobody_is_written_to_again() {
    let world = known().await;
    let before = named(&world).await;
    let (code, said, _) = run(&world, &["forget", "c1"]);
    assert!(code == Some(0) && said.contains("Nothing was changed") && said.contains("crm.orders: 1"), "{said}");
    assert_eq!(named(&world).await, before, "a look changes nothing");
    let done = json(&world, &["forget", "c1", "--yes"]);
    assert_eq!((&done["forgotten"]["cancelled"], &done["forgotten"]["suppressed"]), (&1.into(), &2.into()));
    assert_eq!(named(&world).await, Vec::<String>::new());
    let books = world.rows("select state, count(*), bool_or(customer_id like 'forgotten-%') as nameless from tend.outbox group by state order by state").await;
    assert_eq!(books, ["cancelled\t1\ttrue", "planned\t1\tfalse"]);
    let names = "select count(distinct customer_id) from (select customer_id from tend.outbox where customer_id <> 'c2' union all select customer_id from tend.occasion
                 union all select customer_id from tend.decision union all select customer_id from tend.choice
                 union all select customer_id from tend.answer union all select customer_id from tend.task) t";
    assert_eq!(world.value(names).await, "1", "one made-up name, so that the books still belong together");
    assert_eq!(world.value("select string_agg(detail, '') from tend.attempt").await, "null");
    let answer = "select score, comment is null and about = '{}' as wordless from tend.answer";
    assert_eq!(world.rows(answer).await, ["2\ttrue"], "the score counts, the words are gone");
    assert_eq!(
        world.rows("select state, note is null as wordless from tend.task").await,
        ["cancelled\ttrue"],
        "nobody phones any more"
    );
    let events = "select string_agg(what || coalesce(' from ' || from_state, '') || coalesce(note, ''), ', ' order by event_id) from tend.task_event";
    assert_eq!(world.value(events).await, "not_reached, cancelled from open");
    assert_eq!(world.value("select count(*) from crm.ticket_event").await, "0");
    // the customer comes back with an import
    world.sql("insert into crm.customer (customer_id, email) values ('c1', 'c1@example.com')").await;
    let stopped = "select count(*) from tend.suppression where address_key = tend.address_key('email', 'C1@example.com') and lifted_at is null and customer_id is null";
    assert_eq!(world.value(stopped).await, "1");
    assert_eq!(run(&world, &["forget", "c1", "--yes"]).0, Some(0));
    assert_eq!(run(&world, &["forget", "c1", "--yes"]).0, Some(2), "nothing is known any more");
    assert!(fate(&world, "c2").await.starts_with("planned"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_with_its_own_tables_is_told_what_it_has_to_delete() {
    let world = known().await;
    world.sql("drop table tend.migration_crm").await;
    let done = json(&world, &["forget", "c1", "--yes"]);
    assert_eq!(done["forgotten"]["left_to_the_company"]["crm.ticket"], 1);
    let left = named(&world).await;
    assert!(left.iter().all(|table| table.starts_with("crm.") || table == "tend.change"), "{left:?}");
    assert_eq!(world.value("select count(*) from crm.orders").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_stop_an_address_and_lift_it_and_a_customers_own_word_stays() {
    let world = known().await;
    let said = |arguments: &[&str]| run(&world, arguments).1;
    assert!(said(&["suppress", "C2@example.com"]).starts_with("Nothing is sent to the address any more"));
    assert!(said(&["suppress", "c2@example.com"]).starts_with("Nothing is sent to the address already"));
    assert!(said(&["suppress", "c2@example.com", "--lift"]).starts_with("Lifted"));
    assert!(said(&["suppress", "c2@example.com", "--lift"]).starts_with("There was nothing to lift"));
    assert!(said(&["suppress", "c1@example.com", "--lift"]).contains("The customer unsubscribed himself"));
    assert!(said(&["suppress", "+8613800000002", "--only", "marketing"]).starts_with("Written down"));
    let rows = world.rows("select customer_id, channel, purpose, granted, source, recorded_by is not null as by from tend.choice where source = 'staff'").await;
    assert_eq!(rows, ["c2\tsms\tmarketing\tfalse\tstaff\ttrue"]);
    let (code, _, error) = run(&world, &["suppress", "nonsense"]);
    assert!(code == Some(2) && error.contains("neither a mail address nor a number"), "{error}");
}
