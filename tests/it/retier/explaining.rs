//! Previews, reasons in words, and mistakes in ladder files.

use tend::engine::{self, Engine};
use tend::jobfile::folder::read_folder;
use tend::jobfile::store::{Applying, Basis, apply_folder, spec_reader};
use tend::jobs::KINDS;
use tend::settings::Settings;

use super::*;

#[tokio::test]
async fn a_preview_tells_who_moves_and_why_in_any_script() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"高价值\"\ntitle = \"高价值客户\"\n\
         when = { all = [{ field = \"spend\", top = \"20%\" }, { field = \"repurchase_rate\", at_least = \"60%\" }] }\n\
         [[retier.level]]\nname = \"中等\"\n\
         when = { any = [{ field = \"spend\", top = \"60%\" }, { field = \"country\", is = \"CN\" }] }\n\
         [[retier.level]]\nname = \"普通\"\n",
    );
    customers(&world, &["a", "b", "c", "d", "e", "f"]).await;
    world.sql("update crm.customer set name = '欧阳娜娜' where customer_id = 'a'").await;
    world.sql("update crm.customer set country = 'CN' where customer_id = 'f'").await;
    orders(&world, &[("a", 300, "1000"), ("a", 200, "1000.50"), ("a", 100, "310"), ("b", 360, "2000")]).await;
    orders(&world, &[("c", 50, "300"), ("d", 40, "200"), ("e", 30, "100")]).await;
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    let first = explain(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await;
    insta::assert_snapshot!("first_levels", first.text);

    orders(&world, &[("b", -1, "1"), ("b", -2, "9000"), ("b", -3, "1"), ("e", -1, "9000")]).await;
    world.sql("update crm.orders set status = 'refunded' where customer_id = 'a' and amount > 1000").await;
    world.sql("delete from crm.customer where customer_id = 'd'").await;
    let moved = preview(&world, &job, &run(2, "2026-06-05T00:00:00Z")).await;
    insta::assert_snapshot!("moves", moved.text);
    insta::assert_json_snapshot!("moves_as_json", moved.json);
    assert_eq!(
        world.value("select count(*) from tend.ladder_run where run_id = 2").await,
        "0",
        "nothing is left behind"
    );
}

#[tokio::test]
async fn the_preview_of_the_engine_shows_what_the_run_of_the_shipped_file_then_does() {
    let Some(world) = online_retail().await else { return };
    let jobs = tempfile::tempdir().unwrap();
    std::fs::write(jobs.path().join("value-tiers.toml"), include_str!("../../../jobs/value-tiers.toml")).unwrap();
    let folder = read_folder(jobs.path(), KINDS).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let applying = Applying { who: "test", basis: Basis::Found, clock: world.clock(), kinds: KINDS };
    apply_folder(world.db(), &folder, applying).await.unwrap();
    let settings = Settings::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config"), []).unwrap();
    let engine = Engine::new(world.db().clone(), world.clock(), spec_reader(KINDS), settings.engine);
    let spec = folder.jobs["value-tiers"].to_spec();

    let first = run(1001, "2011-11-10T00:00:00Z");
    evaluate(&world, &spec.code, &first).await.unwrap();
    let next = run(1002, "2011-12-10T00:00:00Z");
    let foretold = engine::preview::preview(&engine, &spec, next.as_of).await.unwrap();
    assert_eq!(world.value("select count(*) from tend.ladder_move").await, "0", "nothing is left behind");
    evaluate(&world, &spec.code, &next).await.unwrap();
    let done = explain(&world, &spec.code, &next).await;
    assert_eq!(foretold.json, done.json);
    assert_eq!(foretold.text, done.text);
    assert!(foretold.json["rose"].as_i64().unwrap() > 100, "{}", foretold.text);
}

#[tokio::test]
async fn a_run_that_did_not_evaluate_the_ladder_says_so() {
    let world = World::new().await;
    let explained = explain(&world, &by_amount(), &run(7, "2026-06-01T00:00:00Z")).await;
    assert_eq!(explained.text, "Run 7 has not evaluated the ladder value-tiers.\n");
    assert_eq!(explained.json, json!({ "ladder": "value-tiers", "evaluated": false }));
}

#[test]
fn every_mistake_in_a_ladder_is_told_at_once_with_its_place() {
    let (job, problems) = read(
        r#"[retier]
windw = "365d"
[[retier.level]]
name = "high"
when = { field = "spent", top = "20%" }
[[retier.level]]
name = "high"
titel = "High"
[[retier.level]]
when = { field = "spend", at_least = 1 }
"#,
    );
    assert!(job.is_none());
    insta::assert_snapshot!("mistakes", problems.render(false));
    let (job, problems) = read("[retier]\nwindow = \"0d\"\n[[retier.level]]\nname = \"all\"\n");
    assert!(job.is_none());
    insta::assert_snapshot!("one_level", problems.render(false));
    let (job, problems) = read("[retier]\nwindow = \"30d\"\n");
    assert!(job.is_none());
    insta::assert_snapshot!("no_levels", problems.render(false));
}

#[tokio::test]
async fn a_ladder_too_wide_for_the_terminal_is_listed() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    let many: String = (1..=12)
        .map(|n| {
            format!(
                "[[retier.level]]\nname = \"价值等级第{n}级\"\nwhen = {{ field = \"spend\", at_least = {} }}\n",
                100 - n
            )
        })
        .collect();
    let job = ladder(&format!("{many}[[retier.level]]\nname = \"普通\"\n"));
    let text = preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.text;
    assert!(tend::jobs::layout::fits(&text), "{text}");
    assert!(text.contains("  (no level yet) → 普通  1\n"), "{text}");
}

#[tokio::test]
async fn a_preview_tells_who_was_held_back_and_by_what() {
    let world = World::new().await;
    let job = ladder(
        "[retier.stability]\nhold = \"10d\"\nmargin = \"5%\"\n\
         [[retier.level]]\nname = \"high\"\nwhen = { field = \"spend\", at_least = 1000 }\n\
         [[retier.level]]\nname = \"mid\"\nwhen = { field = \"spend\", at_least = 100 }\n\
         [[retier.level]]\nname = \"normal\"\n",
    );
    customers(&world, &["a", "b", "c", "d"]).await;
    // 1,000 of a leave the window after the day 5, those of b after the day 8, and 30 of c after the day 5
    orders(&world, &[("a", 360, "1000"), ("b", 357, "1000"), ("c", 360, "30"), ("c", 1, "970"), ("d", 1, "5")]).await;
    for (id, day) in [(1, "01"), (2, "07"), (3, "10")] {
        evaluate(&world, &job, &run(id, &format!("2026-06-{day}T00:00:00Z"))).await.unwrap();
    }
    world
        .sql(
            "insert into tend.ladder_override (customer_id, ladder, level, until, set_by, set_at)
             values ('d', 'value-tiers', 'mid', '2026-07-01Z', 'test', '2026-06-01Z')",
        )
        .await;
    let told = preview(&world, &job, &run(4, "2026-06-17T00:00:00Z")).await;
    let head: Vec<_> = told.text.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    assert_eq!(
        head,
        [
            "1 rise, 1 fall, 2 stay",
            "2 held back: a lower level is due",
            "Of 4 looked at: 1 keep their level by the margin, 1 fall now that their hold is over, 1 have their",
            "level by hand",
        ]
    );
    assert_eq!(told.json["held"], 2);
    assert_eq!(told.json["kept"], json!({ "hold": 1, "margin": 1, "override": 1 }));
    let html = told.html.unwrap();
    assert!(html.contains("<li><b>2</b> held back: a lower level is due</li>"), "{html}");
    assert!(html.contains("<p class=\"soft\">Of 4 looked at</p>"), "{html}");
    assert!(html.contains("<li><b>1</b> fall now that their hold is over</li>"), "{html}");
}

#[tokio::test]
async fn reasons_tell_instants_by_the_clock_of_the_job() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"buying\"\nwhen = { field = \"last_order_at\", within = \"30d\" }\n\
         [[retier.level]]\nname = \"dormant\"\n",
    );
    customers(&world, &["a"]).await;
    world
        .sql("insert into crm.orders (customer_id, order_id, placed_at, amount) values ('a', 'o1', '2026-05-19T16:33:00Z', 5)")
        .await;
    let told = preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await;
    assert_eq!(told.json["samples"][0]["words"], "last order at 2026-05-20 00:33 (within 30d)");
}
