//! `tend task`: listing, showing and changing what people have to do.

use serde_json::Value;

use crate::support::{World, instant};
use crate::task::{made, task as wanted};

/// Three tasks of `li` and one of nobody; it is ten in the morning on Monday, 1 June, in Shanghai.
async fn office() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, team, manager_id) values ('li', '李雷', 'care', 'wu'), ('wu', 'Wu', 'heads', null), ('ma', 'Ma', 'care', 'wu');
             insert into crm.customer (customer_id, name, owner_id) values ('c1', '陈静', 'li'), ('c2', 'Ann', 'li')",
        )
        .await;
    let mut tasks = ["a", "b", "c"].map(|origin| wanted(origin, "c1", Some("owner")));
    tasks[0].due_at = instant("2026-06-01T02:00:00Z");
    tasks[1].due_at = instant("2026-06-05T02:00:00Z");
    tasks[1].guarded = true;
    tasks[2].customer_id = "c2".into();
    tasks[2].due_at = instant("2026-06-20T02:00:00Z");
    made(&world, &tasks).await;
    made(&world, &[wanted("d", "nobody", Some("nobodies"))]).await;
    world.advance_to(instant("2026-06-01T02:30:00Z")).await;
    world
}

fn run(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = world.tend().arg("task").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn said(world: &World, arguments: &[&str]) -> String {
    let (code, out, error) = run(world, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {error}");
    out
}

fn ids(world: &World, arguments: &[&str]) -> String {
    let out = said(world, &[&["list", "--json"], arguments].concat());
    let tasks: Vec<Value> = serde_json::from_str(&out).unwrap();
    tasks.iter().map(|task| task["task_id"].to_string()).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_listed_by_person_team_time_and_state() {
    let world = office().await;
    for (arguments, expected) in [
        (&[][..], "1 4 2 3"),
        (&["--of", "li"], "1 2 3"),
        (&["--of", "wu"], ""),
        (&["--team", "care"], "1 2 3"),
        (&["--team", "nobodies"], "4"),
        (&["--unassigned"], "4"),
        (&["--customer", "c2"], "3"),
        (&["--due", "today"], "1"),
        (&["--due", "overdue"], "1"),
        (&["--due", "week"], "1 4 2"),
        (&["--state", "done"], ""),
        (&["--state", "open", "--state", "done", "--limit", "2"], "1 4"),
    ] {
        assert_eq!(ids(&world, arguments), expected, "{arguments:?}");
    }
    insta::assert_snapshot!("the_list_of_tasks", said(&world, &["list"]));
    assert_eq!(said(&world, &["list", "--of", "wu"]), "No such tasks.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_shown_and_changed_and_refusals_are_plain_words() {
    let world = office().await;
    let moved =
        said(&world, &["move", "2", "--to", "2026-06-04 15:00", "--staff", "ma", "--note", "is away", "--by", "li"]);
    assert_eq!(moved, "Task 2 is open; ma has it, due 2026-06-04 15:00 +08:00.\n");
    assert_eq!(
        said(&world, &["move", "2", "--to", "2026-06-05"]),
        "Task 2 is open; ma has it, due 2026-06-05 15:00 +08:00.\n"
    );
    let again = said(&world, &["move", "2", "--to", "2026-06-05T07:00:00Z"]);
    assert_eq!(again, "Task 2 is open already; ma has it, due 2026-06-05 15:00 +08:00.\n");
    let (code, _, error) = run(&world, &["cancel", "2", "--reason", "why not", "--by", "ma"]);
    assert!(code == Some(1) && error.contains("only a supervisor may cancel task 2"), "{error}");
    assert_eq!(
        said(&world, &["done", "1", "--result", "satisfied", "--note", "all is well"]),
        "Task 1 is done: satisfied.\n"
    );
    assert_eq!(said(&world, &["done", "1", "--result", "satisfied"]), "Task 1 is done already: satisfied.\n");
    for (arguments, code, said) in [
        (&["done", "1", "--result", "not_satisfied"][..], 1, "task 1 is done since 2026-06-01 10:30 +08:00"),
        (&["done", "2", "--result", "fine"], 1, "cannot end with \"fine\"; it ends with satisfied, not_satisfied"),
        (&["move", "2", "--to", "2026-05-01 09:00"], 1, "is over: say a time from now on"),
        (&["move", "2", "--staff", "lee"], 1, "nobody \"lee\" among the staff"),
        (&["show", "99"], 1, "there is no task 99"),
        (&["move", "2"], 2, "--to"),
        (&["move", "2", "--to", "soon"], 2, "neither an instant"),
        (&["show", "two"], 2, "it is a number such as 42"),
        (&["cancel", "2"], 2, "--reason"),
        (&["list", "--due", "tomorrow"], 2, "today"),
    ] {
        let (got, _, error) = run(&world, arguments);
        assert!(got == Some(code) && error.contains(said), "{arguments:?} {got:?} {error}");
    }
    assert_eq!(
        said(&world, &["cancel", "2", "--reason", "moved abroad", "--by", "wu"]),
        "Task 2 is cancelled; ma has it, due 2026-06-05 15:00 +08:00.\n"
    );
    insta::assert_snapshot!("a_task_with_its_history", said(&world, &["show", "2"]));
}
