//! `tend action`: what it does and what it refuses, in plain words.

use serde_json::Value;

use super::Reviewed;

impl Reviewed {
    fn action(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.bench.run(&[&["action"], arguments].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn said(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.action(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        out
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_are_added_listed_and_ended_once_and_refusals_say_what_to_do() {
    let house = Reviewed::may().await;
    let add = ["add", "review", "first_answer", "--owner", "ann", "--due", "2026-06-30", "--what", " Call\nback "];
    let all = |more: &[&'static str]| [&add[..], more].concat();
    assert_eq!(house.said(&["list"]), "No such actions are open.\n");
    let first = house.said(&all(&["--by", "m2"]));
    let there = "first_answer in review 2026-05 was 9 h, target ≤ 4h; ann sees to it by 2026-06-30.\n";
    assert_eq!(first, format!("Action 1 is there: {there}"));
    assert_eq!(house.said(&add), format!("Action 1 is there already: {there}"));
    let south: Value = serde_json::from_str(&house.said(&all(&["--team", "south", "--json"]))).unwrap();
    assert_eq!((&south["changed"], &south["action"]["team"]), (&Value::from(true), &Value::from("south")));
    insta::assert_snapshot!("the_list_of_actions", house.said(&["list"]));
    let row = "select what, created_by, created_from like '_%@_%', value, unit, zone, due_on from tend.action where action_id = 1";
    assert_eq!(house.world.rows(row).await, ["Call back\tm2\ttrue\t32400\tseconds\tAsia/Shanghai\t2026-06-30"]);
    for (arguments, code, said) in [
        (
            vec!["add", "reviw", "csat", "--owner", "ann", "--due", "2026-06-30", "--what", "x"],
            1,
            "did you mean review?",
        ),
        (
            vec!["add", "review", "first_anser", "--owner", "ann", "--due", "2026-06-30", "--what", "x"],
            1,
            "did you mean first_answer?",
        ),
        (all(&["--team", "suoth"]), 1, "no review for the team \"suoth\"; did you mean south?"),
        (all(&["--part", "tier=high"]), 1, "no figure first_answer --part tier=high; there is first_answer"),
        (vec!["add", "review", "nps", "--owner", "ann", "--due", "2026-06-30", "--what", "x"], 1, "has no value"),
        (
            vec!["add", "review", "first_answer", "--owner", "li", "--due", "2026-06-30", "--what", "x"],
            1,
            "nobody \"li\"",
        ),
        (vec!["add", "review", "first_answer", "--owner", "gone", "--due", "2026-06-30", "--what", "x"], 1, "has left"),
        (
            vec!["add", "review", "first_answer", "--owner", "ann", "--due", "2026-05-31", "--what", "x"],
            1,
            "2026-05-31 is over",
        ),
        (
            vec!["add", "review", "first_answer", "--owner", "ann", "--due", "2027-06-30", "--what", "x"],
            1,
            "too far ahead",
        ),
        (
            vec!["add", "review", "first_answer", "--owner", "ann", "--due", "2026-06-30", "--what", " "],
            1,
            "say what is to be done",
        ),
        (
            vec!["add", "review", "first_answer", "--owner", "ann", "--due", "soon", "--what", "x"],
            2,
            "a day such as 2026-07-31",
        ),
        (all(&["--part", "high"]), 2, "such as tier=high"),
        (vec!["add", "review", "first_answer", "--owner", "ann", "--due", "2026-06-30"], 2, "--what"),
        (vec!["done", "99"], 1, "there is no action 99"),
        (vec!["done", "one"], 2, "a number such as 42"),
        (vec!["drop", "1"], 2, "--why"),
        (vec!["drop", "1", "--why", " "], 1, "say why"),
        (all(&["--by", " "]), 2, "it is empty"),
    ] {
        let (got, _, error) = house.action(&arguments);
        assert!(got == Some(code) && error.contains(said), "{arguments:?} {got:?} {error}");
    }
    let long = "长".repeat(501);
    let (code, _, error) = house.action(&["done", "1", "--note", &long]);
    assert!(code == Some(1) && error.contains("at most 500 characters"), "{error}");
    assert_eq!(house.said(&["done", "1", "--note", "well"]), "Action 1 is done.\n");
    assert_eq!(house.said(&["done", "1"]), "Action 1 is done already.\n");
    assert_eq!(house.said(&["drop", "2", "--why", "no more"]), "Action 2 is dropped.\n");
    let (code, _, error) = house.action(&["drop", "1", "--why", "x"]);
    assert!(code == Some(1) && error.contains("action 1 is done since 2026-06-01 08:00 +08:00"), "{error}");
    let ids = |arguments: &[&str]| {
        let found: Vec<Value> = serde_json::from_str(&house.said(&[&["list", "--json"], arguments].concat())).unwrap();
        found.iter().map(|one| format!("{} {}", one["action_id"], one["state"])).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(ids(&[]), "");
    assert_eq!(ids(&["--all"]), "1 \"done\", 2 \"dropped\"");
    assert_eq!(ids(&["--all", "--team", "south"]), "2 \"dropped\"");
    assert_eq!(ids(&["--all", "--of", "bob"]), "");
    assert_eq!(ids(&["--all", "--job", "review", "--limit", "1"]), "1 \"done\"");
}
