//! `tend plan LADDER --customer ID`: the whole decision about one customer.

use super::*;

const GRADES: &str = "[retier.stability]\nhold = \"30d\"\nmargin = \"10%\"\none_level_a_run = true\n\
    [[retier.level]]\nname = \"gold\"\nwhen = { field = \"spend\", at_least = 1000 }\n\
    [[retier.level]]\nname = \"silver\"\nwhen = { field = \"spend\", at_least = 100 }\nkeep = { field = \"orders\", at_least = 1 }\n\
    [[retier.level]]\nname = \"member\"\n";

/// What each is told, checked against what a run then gives them.
async fn told(world: &World, job: &Arc<dyn Job>, run: &Run, customers: &[&str]) -> String {
    let mut transaction = world.pool().begin().await.unwrap();
    let mut judged = Vec::new();
    for id in customers {
        judged.push(job.judge(run, id, &mut Tx::lend(&mut transaction)).await.unwrap().unwrap());
    }
    transaction.rollback().await.unwrap();
    evaluate(world, job, run).await.unwrap();
    let mut text = String::new();
    for (id, judged) in customers.iter().zip(judged) {
        let level = world.value(&format!("select level from tend.ladder_state where customer_id = '{id}'")).await;
        assert_eq!(judged.json["result"], json!(level), "{id}: {}", judged.text);
        assert!(judged.html.unwrap().contains(&format!("<bdi>{id}</bdi>")));
        text.push_str(&format!("== {id}\n{}", judged.text));
    }
    text
}

#[tokio::test]
async fn every_way_a_level_comes_about_is_told_in_a_sentence_with_what_it_rests_on() {
    let world = World::new().await;
    customers(&world, &["byhand", "falls", "first", "holds", "keeps", "margin", "rises", "stays"]).await;
    let job = ladder(GRADES);
    orders(
        &world,
        &[
            ("byhand", 5, "5"),
            ("falls", 5, "2000"),
            ("holds", 5, "2000"),
            ("keeps", 5, "200"),
            ("margin", 5, "1000"),
            ("rises", 5, "5"),
            ("stays", 5, "1000"),
        ],
    )
    .await;
    world.sql("delete from crm.customer where customer_id = 'first'").await;
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    customers(&world, &["first"]).await;
    world
        .sql(
            "update crm.orders set amount = 950 where customer_id = 'margin';
             update crm.orders set amount = 5 where customer_id = 'keeps';
             update crm.orders set amount = 5000 where customer_id = 'rises';
             update crm.orders set status = 'refunded' where customer_id = 'falls';
             insert into tend.ladder_override (customer_id, ladder, level, until, note, set_by, set_at)
             values ('byhand', 'value-tiers', 'gold', '2026-09-01Z', 'a favour', 'ann', '2026-06-01Z')",
        )
        .await;
    evaluate(&world, &job, &run(2, "2026-06-02T00:00:00Z")).await.unwrap();
    world.sql("update crm.orders set status = 'refunded' where customer_id = 'holds'; delete from tend.ladder_state where customer_id = 'first'").await;
    world.sql("update tend.ladder_state set level = 'member' where customer_id = 'rises'").await;
    let ids = ["byhand", "falls", "first", "holds", "keeps", "margin", "rises", "stays"];
    insta::assert_snapshot!(told(&world, &job, &run(3, "2026-07-02T00:00:00Z"), &ids).await);
}

#[tokio::test]
async fn nobody_is_judged_who_is_not_there() {
    let world = World::new().await;
    let mut conn = world.pool().acquire().await.unwrap();
    let run = run(1, "2026-06-01T00:00:00Z");
    assert!(ladder(GRADES).judge(&run, "nobody", &mut Tx::lend(&mut conn)).await.unwrap().is_none());
}
