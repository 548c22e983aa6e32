//! Those who were to have the message against those held out of it.

use tend::jobs::effects::Lift;

use super::books::{ARRIVED, Books, Fate, after, credit, period};

const DUE: &str = "2026-06-01T02:00:00Z";
const HELD: &str = "[goal]\nevent = \"order\"\nwithin = \"21d\"\n[experiment]\nholdout = \"10%\"";

async fn lift(books: &Books) -> Lift {
    books.effects("spring").await.lift.expect("a hold-out")
}

/// Customers, occasions, buyers, orders and money of a group.
fn group(group: &tend::jobs::effects::lift::Group) -> (i64, i64, i64, i64, f64) {
    (group.customers, group.occasions, group.buyers, group.orders, group.money.sum)
}

#[tokio::test]
async fn who_is_held_out_and_buys_is_counted_and_so_is_an_order_credited_to_another_job() {
    let books = Books::new().await;
    books.job("spring", HELD).await;
    books.selling("other").await;
    let run = books.run("spring", "2026-06-01T00:00:00Z").await;
    run.reached("ann", DUE).await.reached("ben", DUE).await.held_out("cat", DUE).await.held_out("dan", DUE).await;
    books.run("other", "2026-06-02T00:00:00Z").await.reached("ann", "2026-06-02T02:00:00Z").await;
    books.order("ann", "2026-06-03T00:00:00Z", "10", "paid").await; // credited to the other job
    books.order("cat", "2026-06-03T00:00:00Z", "30", "paid").await;
    books.order("cat", "2026-06-04T00:00:00Z", "40", "paid").await;
    books.order("dan", "2026-06-04T00:00:00Z", "99", "refunded").await;
    let lift = lift(&books).await;
    assert_eq!(group(&lift.messaged), (2, 2, 1, 1, 10.0));
    assert_eq!(group(&lift.held_out), (2, 2, 1, 2, 70.0));
    let bought = lift.bought.unwrap();
    assert_eq!(bought.found, 0.0);
    assert!(bought.low < -0.4 && bought.high > 0.4, "two of each tell nothing: {bought:?}");
    assert!(lift.is_small && lift.money.is_none());
    assert_eq!(credit(&books.effects("spring").await), (0, "0".into()), "nobody is credited with those held out");
}

#[tokio::test]
async fn the_draw_decides_who_is_in_which_group_and_the_clock_starts_when_the_message_was_to_go() {
    let books = Books::new().await;
    books.job("spring", HELD).await;
    let run = books.run("spring", "2026-06-01T00:00:00Z").await;
    // never arrived, and yet drawn to have it
    run.sent("ann", DUE, Fate { state: "bounced", ..ARRIVED }).await;
    // handed over five days late: its clock started as that of those held out
    run.sent("ben", DUE, ARRIVED).await;
    books.world.sql("update tend.attempt set handed_off_at = '2026-06-06T02:00:00Z'").await;
    run.held_out("cat", DUE).await;
    for customer in ["ann", "ben", "cat"] {
        for (days, seconds, amount) in [(0, 0, "1"), (0, 1, "2"), (21, 0, "4"), (21, 1, "8")] {
            books.order(customer, &after(DUE, days, seconds), amount, "paid").await;
        }
    }
    let lift = lift(&books).await;
    assert_eq!(group(&lift.messaged), (2, 2, 2, 4, 12.0));
    assert_eq!(group(&lift.held_out), (1, 1, 1, 2, 6.0));
}

#[tokio::test]
async fn who_was_to_have_it_and_got_no_code_is_compared_too() {
    let books = Books::new().await;
    books.job("spring", HELD).await;
    let run = books.run("spring", "2026-06-01T00:00:00Z").await;
    run.reached("ann", DUE).await.held_out("cat", DUE).await;
    books
        .world
        .sql(
            "insert into tend.decision (job, customer_id, occasion, reason, run_id, at, last_at)
             select 'spring', c.who, 'run 1', c.why, 1, '2026-06-01T00:00Z', '2026-06-02T00:00Z'
             from (values ('ben', 'no_coupon'), ('ann', 'no_coupon'), ('cat', 'holdout'), ('dan', 'capped')) c (who, why)",
        )
        .await;
    books.order("ben", "2026-06-03T00:00:00Z", "5", "paid").await;
    let lift = lift(&books).await;
    // ann had none left on the first morning and got one later: counted once, by the message
    assert_eq!(group(&lift.messaged), (2, 2, 1, 1, 5.0));
    assert_eq!(group(&lift.held_out), (1, 1, 0, 0, 0.0));
}

#[tokio::test]
async fn a_customer_with_several_occasions_counts_once_and_an_order_in_two_windows_once() {
    let books = Books::new().await;
    books.job("spring", HELD).await;
    for (slot, due) in [
        ("2026-06-01T00:00:00Z", DUE),
        ("2026-06-11T00:00:00Z", "2026-06-11T02:00:00Z"),
        ("2026-07-30T00:00:00Z", "2026-07-30T02:00:00Z"),
    ] {
        books.run("spring", slot).await.reached("ann", due).await.held_out("cat", due).await;
    }
    for customer in ["ann", "cat"] {
        books.order(customer, "2026-06-15T00:00:00Z", "1", "paid").await; // in the first and the second window
        books.order(customer, "2026-06-30T00:00:00Z", "2", "paid").await; // in the second
        books.order(customer, "2026-07-15T00:00:00Z", "4", "paid").await; // between the windows
        books.order(customer, "2026-08-01T00:00:00Z", "8", "paid").await; // in the third
    }
    let lift = lift(&books).await;
    assert_eq!(group(&lift.messaged), (1, 3, 1, 3, 11.0));
    assert_eq!(group(&lift.held_out), group(&lift.messaged));
    assert_eq!(lift.messaged.money.squares, 121.0);
}

#[tokio::test]
async fn occasions_whose_window_is_not_over_are_left_out_of_both_groups_and_told() {
    let books = Books::new().await;
    books.job("spring", HELD).await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("ann", DUE).await.held_out("cat", DUE).await;
    let late = books.run("spring", "2026-06-20T00:00:00Z").await;
    late.reached("ben", "2026-06-20T02:00:00Z").await.held_out("dan", "2026-06-20T02:00:00Z").await;
    books.order("ben", "2026-06-21T00:00:00Z", "5", "paid").await;
    books.order("dan", "2026-06-21T00:00:00Z", "5", "paid").await;
    let asked =
        books.asked("spring", period("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", "2026-06-25T00:00:00Z")).await;
    let lift = asked.lift.as_ref().unwrap();
    assert_eq!((lift.messaged.customers, lift.messaged.open, lift.messaged.buyers), (1, 1, 0));
    assert_eq!((lift.held_out.customers, lift.held_out.open, lift.held_out.buyers), (1, 1, 0));
    let text = asked.text();
    assert!(
        text.contains("Left out because their time is not over: 1 occasions of those messaged, 1 of those"),
        "{text}"
    );
}

#[tokio::test]
async fn runs_without_the_hold_out_or_that_never_sent_are_in_neither_group() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("early", DUE).await;
    assert!(books.effects("spring").await.lift.is_none(), "nobody was held out");
    books.job("spring", HELD).await;
    books.run("spring", "2026-06-10T00:00:00Z").await.reached("ann", DUE).await.held_out("cat", DUE).await;
    // a run whose messages a person refused, and one in which everybody was held out
    let refused = books.run("spring", "2026-06-11T00:00:00Z").await;
    refused.sent("ben", DUE, Fate { state: "cancelled", ..ARRIVED }).await.held_out("dan", DUE).await;
    books.run("spring", "2026-06-12T00:00:00Z").await.held_out("eve", DUE).await;
    let effects = books.effects("spring").await;
    let lift = effects.lift.as_ref().unwrap();
    assert_eq!((lift.messaged.customers, lift.held_out.customers), (1, 2));
    assert!(lift.changed);
    assert_eq!(lift.since.to_rfc3339(), "2026-06-10T00:00:00+00:00");
    let words = "Runs with another hold-out, or with none, are left out; the first with this one is of 2026-06-10.";
    assert!(effects.text().contains(words), "{}", effects.text());
}

#[tokio::test]
async fn a_difference_that_may_be_chance_is_never_called_one_and_a_clear_one_is() {
    let books = Books::new().await;
    books.job("spring", HELD).await;
    let run = books.run("spring", "2026-06-01T00:00:00Z").await;
    books
        .world
        .sql(
            "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data, not_before,
                                      not_after, due_at, state, state_at, created_at)
             select 1, 'spring', '', 'm' || n, 'x', 'marketing', 't', 'email', 't', 'en', '{}', '2026-06-01T02:00Z', '2030-01-01Z', '2026-06-01T02:00Z',
                    'accepted', '2026-06-01T02:00Z', '2026-06-01Z' from generate_series(1, 900) n;
             insert into tend.holdout (job, customer_id, occasion, control, share, occurs_on, channel, offer, run_id, held_out_at, due_at)
             select 'spring', 'h' || n, 'x', 'spring', 0.1, '2026-06-01', 'email', '', 1, '2026-06-01Z', '2026-06-01T02:00Z' from generate_series(1, 100) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'h' || n, 'h' || n, '2026-06-02Z', 100 from generate_series(1, 20) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'm' || n, 'm' || n, '2026-06-02Z', 100 from generate_series(1, 200) n",
        )
        .await;
    drop(run);
    let text = books.effects("spring").await.text();
    assert!(text.contains("Customers who bought, of 900 messaged: no difference can be told from chance."), "{text}");
    assert!(text.contains("Money of all of them: no difference can be told from chance."), "{text}");
    books
        .world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'm' || n, 'm' || n, '2026-06-02Z', 100 from generate_series(201, 450) n",
        )
        .await;
    let clear = books.effects("spring").await;
    // Wilson: 450 of 900 is 46.7 to 53.3 %, 20 of 100 is 13.3 to 28.9 %; so 30 points less √(3.3² + 8.9²) = 20.5, plus √(3.3² + 6.7²) = 37.4
    let bought = clear.lift.as_ref().unwrap().bought.unwrap();
    assert!(
        (bought.found - 0.3).abs() < 1e-9
            && (bought.low - 0.2053).abs() < 0.001
            && (bought.high - 0.3742).abs() < 0.001,
        "{bought:?}"
    );
    let text = clear.text();
    assert!(
        text.contains("Customers who bought, of 900 messaged: 185 to 337 more than without the messages."),
        "{text}"
    );
}

#[tokio::test]
async fn a_group_of_several_jobs_and_uneven_groups_are_said_so() {
    let books = Books::new().await;
    books.job("spring", &HELD.replace("\"10%\"", "\"10%\"\ngroup = \"everybody\"")).await;
    for (slot, due) in [("2026-06-01T00:00:00Z", DUE), ("2026-06-11T00:00:00Z", "2026-06-11T02:00:00Z")] {
        let run = books.run("spring", slot).await;
        for n in 0..30 {
            run.reached(&format!("m{n}"), due).await;
            if due == DUE {
                run.held_out(&format!("h{n}"), due).await;
            }
        }
    }
    let effects = books.effects("spring").await;
    let lift = effects.lift.as_ref().unwrap();
    assert!(lift.is_uneven && !lift.is_small);
    assert_eq!(lift.shared.as_deref(), Some("everybody"));
    let text = effects.text();
    assert!(text.contains("The group \"everybody\" is held out of several jobs"), "{text}");
    assert!(text.contains("The groups had the occasion differently often"), "{text}");
}
