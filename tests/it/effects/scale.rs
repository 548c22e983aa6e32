//! A question about one job over a quarter reads the rows of that job and its customers, however many others there are.

use tend::jobs::effects::{Goals, of_job};

use super::books::{Books, period};

#[tokio::test]
async fn a_question_about_a_job_reads_neither_the_outbox_nor_the_orders_of_everybody() {
    let books = Books::new().await;
    books.job("spring", "[goal]\nevent = \"order\"\nwithin = \"21d\"\n[experiment]\nholdout = \"10%\"").await;
    books.selling("newsletter").await;
    for job in ["spring", "newsletter"] {
        books.run(job, "2026-06-01T00:00:00Z").await;
    }
    books
        .world
        .sql(
            "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data, not_before,
                                      not_after, due_at, state, state_at, created_at)
             select case when n <= 300 then 1 else 2 end, case when n <= 300 then 'spring' else 'newsletter' end, '', 'c' || n % 30000, 'x' || n,
                    'marketing', 't', 'email', 't', 'en', '{}', '2026-06-01T02:00Z', '2030-01-01Z', '2026-06-01T02:00Z', 'accepted',
                    '2026-06-01T02:00Z', '2026-06-01Z' from generate_series(1, 40000) n;
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 1, '00000000-0000-0000-0000-000000000001', case job when 'spring' then '2026-06-01T02:00Z' else '2026-06-01T01:00Z' end::timestamptz,
                    '2026-06-01T02:00Z', 'accepted', 'accepted' from tend.outbox;
             insert into tend.holdout (job, customer_id, occasion, control, share, occurs_on, channel, offer, run_id, held_out_at, due_at)
             select case when n <= 30 then 'spring' else 'newsletter' end, 'h' || n, 'x', 'g', 0.1, '2026-06-01', 'email', '',
                    case when n <= 30 then 1 else 2 end, '2026-06-01Z', '2026-06-01T02:00Z' from generate_series(1, 20000) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n % 30000, 'o' || n, '2026-06-02Z', 10 from generate_series(1, 60000) n;
             insert into crm.interaction (customer_id, interaction_id, at, kind)
             select 'c' || n % 30000, 'i' || n, '2026-06-02Z', 'enquiry' from generate_series(1, 30000) n;
             analyze",
        )
        .await;
    let mut tx = books.world.pool().begin().await.unwrap();
    let goals = Goals::in_force(&mut tx).await.unwrap();
    let asked = period("2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z");
    let effects = of_job(&mut tx, "spring", &asked, &goals).await.unwrap();
    assert_eq!((effects.over.figures.arrived, effects.lift.unwrap().held_out.customers), (300, 30));
    assert_eq!(
        (effects.over.figures.bought, effects.over.figures.orders),
        (300, 600),
        "the newsletter came an hour before"
    );
    let scans: Vec<(String, bool, i64)> = sqlx::query_as(
        "select relname::text, idx_scan > 0 and idx_tup_fetch < 8000, seq_scan from pg_stat_xact_user_tables
         where (schemaname, relname) in (('tend', 'outbox'), ('tend', 'attempt'), ('tend', 'holdout'), ('crm', 'orders'), ('crm', 'interaction'))
         order by relname",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let by_index = |table: &str| (table.to_owned(), true, 0);
    assert_eq!(scans, ["attempt", "holdout", "interaction", "orders", "outbox"].map(by_index));
}
