//! What nobody reads is let go: changes, readers whose job is gone, facts of windows no ladder needs.

use super::*;

const TIDY: &str = "select tend.tidy_changes()";

async fn noted(world: &World) -> String {
    world.value("select count(*) from tend.change").await
}

#[tokio::test]
async fn changes_are_kept_only_where_somebody_reads_them() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "500")]).await;
    assert_ne!(noted(&world).await, "0");
    world.sql(TIDY).await;
    assert_eq!(noted(&world).await, "0");
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    orders(&world, &[("b", 1, "500")]).await;
    world.sql("insert into crm.interaction (customer_id, interaction_id, at, kind) values ('a', 'i', '2026-05-01Z', 'enquiry')").await;
    assert_eq!(noted(&world).await, "2");
    world.sql(TIDY).await;
    assert_eq!(world.rows("select customer_id, about from tend.change").await, ["b\torders"]);
    evaluate(&world, &by_amount(), &run(2, "2026-06-02T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\tmid", "b\tmid"]);
}

#[tokio::test]
async fn while_a_run_reads_changes_nothing_is_let_go() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    let mut transaction = world.pool().begin().await.unwrap();
    step(&by_amount(), &run(1, "2026-06-01T00:00:00Z"), &mut transaction).await.unwrap();
    // behind the count of a run whose readers nobody sees yet
    orders(&world, &[("a", 1, "500")]).await;
    world.sql(TIDY).await;
    transaction.commit().await.unwrap();
    evaluate(&world, &by_amount(), &run(2, "2026-06-02T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\tmid"]);
}

#[tokio::test]
async fn a_ladder_whose_job_is_gone_is_told_of_nothing_and_begins_anew_when_it_comes_back() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "500")]).await;
    let other = Run { job: "other".into(), ..run(1, "2026-06-01T00:00:00Z") };
    let month = ladder(
        "[[retier.level]]\nname = \"some\"\nwhen = { field = \"spend\", within = \"30d\", above = 0 }\n[[retier.level]]\nname = \"none\"\n",
    );
    evaluate(&world, &month, &other).await.unwrap();
    evaluate(&world, &by_amount(), &run(2, "2026-06-01T00:00:00Z")).await.unwrap();
    let windows =
        "select span, (select count(*) from tend.fact f where f.span = w.span) from tend.fact_window w order by 1";
    assert_eq!(world.rows(windows).await, ["30d\t1", "365d\t1"]);
    orders(&world, &[("b", 1, "5000")]).await;
    world
        .sql(
            "set session_replication_role = replica;
             insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash, removed_at)
             values ('value-tiers', 'retier', repeat('0', 64), 1, false, '2026-06-01', '2026-06-01', '', '2026-06-01'),
                    ('other', 'retier', repeat('0', 64), 1, true, '2026-06-01', '2026-06-01', '', null);
             reset session_replication_role",
        )
        .await;
    world.sql(TIDY).await;
    assert_eq!(world.rows("select reader from tend.change_reader order by 1").await, ["facts 30d", "ladder other"]);
    assert_eq!(world.rows(windows).await, ["30d\t1"]);
    assert_eq!(
        world.value("select count(*) from tend.touched where reader like '%365d' or reader like '%tiers'").await,
        "0"
    );
    world.sql("delete from tend.change").await;
    evaluate(&world, &by_amount(), &run(3, "2026-06-02T00:00:00Z")).await.unwrap();
    let levels = "select customer_id, level from tend.ladder_state where ladder = 'value-tiers' order by 1";
    assert_eq!(world.rows(levels).await, ["a\tmid", "b\thigh"]);
    assert_eq!(
        world.value("select everybody from tend.ladder_run where run_id = 3").await,
        "it was not told of all changes until now"
    );
}
