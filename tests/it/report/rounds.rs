//! The rounds of a run: everybody's review and that of each team are steps of their own.

use std::time::Duration;

use chrono::TimeDelta;
use tend::engine::door::{Run, Tx};
use tokio_util::sync::CancellationToken;

use super::kind::read;
use super::mailed::{MORNING, bench, house};
use super::{SHANGHAI, company};
use crate::support::process::Bench;
use crate::support::{World, eventually, instant};

/// The review may be made on the first mornings of a month.
fn mornings(world: &World) -> Bench {
    let bench = bench(world);
    let file = std::fs::read_to_string(bench.path().join("jobs/review.toml")).unwrap();
    bench.only(&[]);
    bench.job("review", &file.replace("0 8 1 * *", "0 8 1-12 * *"));
    bench
}

const LETTERS: &str = "select coalesce(nullif(step, ''), 'all'), count(*) = count(distinct occasion), count(*) from tend.outbox group by 1 order by 1";

#[tokio::test(flavor = "multi_thread")]
async fn each_review_is_a_step_and_what_a_run_gave_up_on_is_made_by_the_next_slot() {
    let world = house().await;
    let bench = mornings(&world);
    world
        .sql(
            "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no south'; end $$;
             create trigger refuse before insert on tend.report for each row when (new.team = 'south') execute function refuse()",
        )
        .await;
    world.advance_to(instant(MORNING) - TimeDelta::hours(1)).await;
    bench.ok(&["apply"]);
    let daemon = bench.serve("one");
    world.advance_to(instant(MORNING)).await;
    let ended = "select string_agg(state, ' ' order by slot) from tend.job_run where job = 'review' and state <> 'due'";
    eventually("the run is given up", async || world.value(ended).await == "failed").await;
    assert_eq!(
        world.rows(LETTERS).await,
        ["all\ttrue\t3", "north\ttrue\t1"],
        "what was made before the failure stands"
    );
    assert_eq!(world.value("select steps from tend.job_run where job = 'review' and state = 'failed'").await, "2");
    world.sql("drop trigger refuse on tend.report").await;
    world.advance_to(instant(MORNING) + TimeDelta::days(1)).await;
    eventually("the next morning makes it", async || world.value(ended).await == "failed succeeded").await;
    assert_eq!(
        world.rows(LETTERS).await,
        ["all\ttrue\t3", "north\ttrue\t1", "south\ttrue\t1"],
        "nobody gets one twice"
    );
    world.advance_to(instant(MORNING) + TimeDelta::days(2)).await;
    eventually("the morning after", async || world.value(ended).await == "failed succeeded succeeded").await;
    let made = "select progress ->> 'made' from tend.job_run where job = 'review' and state <> 'due' order by slot";
    assert_eq!(world.rows(made).await, ["true", "true", "false"], "one that is whole is not made again");
    daemon.stop(Duration::from_secs(30));
}

#[tokio::test]
async fn a_figure_of_many_periods_is_planned_for_each_of_them() {
    let world = company().await;
    let report = read(
        "period = \"month\"\nbaseline = { from = \"2025-01-01\", until = \"2025-12-31\" }
         [[report.section]]\ntitle = \"All\"\nfigures = [\"contacts\"]
         [[report.target]]\nfigure = \"contacts\"\nthan_baseline = \"+40%\"",
    );
    let mut tx = world.pool().begin().await.unwrap();
    let run = Run::asked("review", "", instant(MORNING), SHANGHAI);
    report.review(&run, &mut Tx::lend(&mut tx), None, &CancellationToken::new()).await.unwrap();
    let plans = "select custom_plans, generic_plans from pg_prepared_statements where statement like '%crm.interaction%' and generic_plans + custom_plans > 1";
    let plans: Vec<(i64, i64)> = sqlx::query_as(plans).fetch_all(&mut *tx).await.unwrap();
    assert_eq!(plans, [(14, 0)], "the month, the one before, the twelve of the year");
}
