//! Figures about visits, by hand.

use super::{Ask, company};

#[tokio::test]
async fn visits_are_counted_on_the_day_they_were_planned_for() {
    let world = company().await;
    for figure in ["visits_planned", "visits_kept", "visits_late"] {
        assert_eq!(Ask::may(&world).told(figure).await, "nothing", "{figure}");
    }
    let visit = |number: i32, day: &str, state: &str, at: &str, who: &str, level: &str| {
        format!(
            "insert into tend.task (kind, origin, job, customer_id, title, assignee_id, opens_at, due_at, on_day, zone, state, state_at, created_at, detail)
             values ('visit', 'v{number}', 'visits', 'c1', 't', '{who}', '{day} 00:00+08', '{day} 23:59+08', '{day}', 'Asia/Shanghai', '{state}',
                     '{at}+08', '2026-03-01Z', '{{\"level\": \"{level}\"}}')"
        )
    };
    for statement in [
        visit(1, "2026-05-01", "done", "2026-05-01 10:00", "ann", "high"),
        visit(2, "2026-05-31", "done", "2026-06-01 07:59", "ann", "high"), // a day late, in time for the review
        visit(3, "2026-05-31", "done", "2026-06-01 08:01", "ann", "mid"),  // too late for it
        visit(4, "2026-05-10", "missed", "2026-05-11 10:00", "bob", "mid"),
        visit(5, "2026-05-10", "cancelled", "2026-05-05 10:00", "bob", "mid"),
        visit(6, "2026-04-30", "done", "2026-05-02 10:00", "bob", "mid"), // of April, made late in May
        visit(7, "2026-05-12", "done", "2026-05-12 00:10", "bob", "mid"), // still the 11th in UTC
    ] {
        world.sql(&statement).await;
    }
    let may = Ask::may(&world);
    assert_eq!(may.told("visits_planned").await, "5 of 5");
    assert_eq!(may.told("visits_kept").await, "0.6 of 5");
    assert_eq!(may.told("visits_late").await, "0.333333 of 3");
    assert_eq!(may.by("visits_kept", "tier").await, "high 1 of 2, mid 0.333333 of 3");
    assert_eq!(may.by("visits_kept", "person").await, "ann 0.666667 of 3, bob 0.5 of 2");
    assert_eq!(may.clone().of(&["bob"]).told("visits_kept").await, "0.5 of 2");
}
