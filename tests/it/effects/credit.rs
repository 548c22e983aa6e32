//! Orders credited once over all jobs, windows with their edges, participation, what is not over.

use tend::jobs::effects::interval::Share;

use super::books::{ARRIVED, Books, Fate, after, credit, period};

const CONTACT: &str = "2026-06-01T02:00:00Z";

#[tokio::test]
async fn of_two_campaigns_the_last_before_the_order_is_credited_with_it() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.job("reminder", "[goal]\nevent = \"order\"\nwithin = \"3d\"").await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    books.run("reminder", "2026-06-05T00:00:00Z").await.reached("ann", "2026-06-05T02:00:00Z").await;
    books.order("ann", "2026-06-04T00:00:00Z", "10", "paid").await; // before the reminder
    books.order("ann", "2026-06-07T00:00:00Z", "100", "paid").await; // in the time of both: the reminder is later
    books.order("ann", "2026-06-09T00:00:00Z", "1000", "paid").await; // the reminder's time is over
    let (spring, reminder) = (books.effects("spring").await, books.effects("reminder").await);
    assert_eq!(credit(&spring), (2, "1010.00".into()));
    assert_eq!(credit(&reminder), (1, "100.00".into()));
    // of messages, not of orders: bought whichever job is credited
    assert_eq!((spring.over.figures.bought, spring.over.figures.credited, spring.over.buyers), (1, 1, 1));
    assert_eq!(reminder.over.figures.bought, 1);
}

#[tokio::test]
async fn of_two_contacts_at_the_same_moment_the_message_with_the_higher_number_is_credited() {
    let books = Books::new().await;
    books.selling("one").await;
    books.selling("two").await;
    books.run("two", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    books.run("one", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    books.order("ann", "2026-06-02T00:00:00Z", "5", "paid").await;
    assert_eq!(credit(&books.effects("one").await), (1, "5.00".into()));
    assert_eq!(credit(&books.effects("two").await), (0, "0".into()));
}

#[tokio::test]
async fn the_window_begins_behind_the_contact_and_ends_with_its_last_instant() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    for (seconds, amount) in [(-1, "1"), (0, "2"), (1, "4")] {
        books.order("ann", &after(CONTACT, 0, seconds), amount, "paid").await;
    }
    for (seconds, amount) in [(-1, "8"), (0, "16"), (1, "32")] {
        books.order("ann", &after(CONTACT, 21, seconds), amount, "paid").await;
    }
    assert_eq!(credit(&books.effects("spring").await), (3, "28.00".into()));
}

#[tokio::test]
async fn cancelled_and_refunded_orders_count_nowhere() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    books.order("ann", "2026-06-02T00:00:00Z", "10", "refunded").await;
    books.order("ann", "2026-06-03T00:00:00Z", "20", "cancelled").await;
    let effects = books.effects("spring").await;
    assert_eq!(credit(&effects), (0, "0".into()));
    assert_eq!((effects.over.figures.bought, effects.over.figures.participated), (0, 0));
    books.world.sql("update crm.orders set status = 'paid' where amount = 10").await;
    assert_eq!(credit(&books.effects("spring").await), (1, "10.00".into()));
}

#[tokio::test]
async fn only_what_arrived_is_credited_and_only_jobs_that_sell_compete() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.job("care", "[goal]\nevent = \"interaction\"\nwithin = \"30d\"").await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    let late = books.run("spring", "2026-06-03T00:00:00Z").await;
    for state in ["bounced", "rejected", "in_doubt", "planned", "expired"] {
        late.sent("ann", "2026-06-03T02:00:00Z", Fate { step: state, state, ..ARRIVED }).await;
    }
    books.run("care", "2026-06-04T00:00:00Z").await.reached("ann", "2026-06-04T02:00:00Z").await;
    books.order("ann", "2026-06-05T00:00:00Z", "9", "paid").await;
    let spring = books.effects("spring").await;
    assert_eq!(credit(&spring), (1, "9.00".into()));
    let sent = &spring.sent;
    assert_eq!((sent.planned, sent.arrived, sent.waiting, sent.in_doubt, sent.failed), (6, 1, 1, 1, 3));
    assert_eq!(spring.over.figures.credited, 1, "the message of 1 June, not those that did not arrive");
    assert_eq!(credit(&books.effects("care").await), (0, "0".into()));
}

#[tokio::test]
async fn the_moment_of_contact_is_the_last_hand_over_and_a_delivery_later_does_not_move_it() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.run("spring", "2026-06-01T00:00:00Z").await.reached("ann", CONTACT).await;
    books
        .world
        .sql(
            "insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 2, gen_random_uuid(), '2026-06-02T02:00:00Z', '2026-06-02T02:00:01Z', 'accepted', 'accepted' from tend.outbox;
             update tend.outbox set state = 'delivered', state_at = '2026-06-09T00:00:00Z', attempts = 2",
        )
        .await;
    books.order("ann", "2026-06-01T12:00:00Z", "1", "paid").await;
    books.order("ann", "2026-06-03T12:00:00Z", "2", "paid").await;
    assert_eq!(credit(&books.effects("spring").await), (1, "2.00".into()));
    // complained about is read; returned is not
    books.world.sql("update tend.outbox set state = 'complained'").await;
    let complained = books.effects("spring").await;
    assert_eq!((credit(&complained).0, complained.sent.complained), (1, 1));
    books.world.sql("update tend.outbox set state = 'bounced'").await;
    assert_eq!(credit(&books.effects("spring").await).0, 0);
}

#[tokio::test]
async fn a_window_that_is_not_over_is_counted_apart_and_a_day_has_24_hours_when_clocks_change() {
    let books = Books::new().await;
    books.job("day", "[goal]\nevent = \"order\"\nwithin = \"1d\"").await;
    // Berlin leaves summer time on 25 October: from 10:00 to 10:00 there are 25 hours
    let run = books.run("day", "2026-10-24T00:00:00Z").await;
    run.reached("ann", "2026-10-24T08:00:00Z").await.reached("ben", "2026-10-25T08:00:00Z").await;
    books.order("ann", "2026-10-25T08:00:00Z", "1", "paid").await; // 09:00 in Berlin, 24 hours later
    books.order("ann", "2026-10-25T08:30:00Z", "2", "paid").await; // 09:30 in Berlin
    books.order("ben", "2026-10-25T09:00:00Z", "4", "paid").await;
    books.order("ben", "2026-10-25T23:00:00Z", "8", "paid").await; // later than as-of
    let asked =
        books.asked("day", period("2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T20:00:00Z")).await;
    assert_eq!((asked.over.figures.arrived, asked.over.figures.money.to_string().as_str()), (1, "1.00"));
    assert_eq!((asked.open.figures.arrived, asked.open.figures.money.to_string().as_str()), (1, "4.00"));
    assert_eq!(asked.open_until.unwrap().to_rfc3339(), "2026-10-26T08:00:00+00:00");
    // at its very end a window is over
    let over = books.asked("day", period("2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z", "2026-10-26T08:00:00Z")).await;
    assert_eq!((over.over.figures.arrived, over.open.figures.arrived), (2, 0));
    assert_eq!(over.over.figures.money.to_string(), "13.00");
}

#[tokio::test]
async fn the_period_is_that_of_the_runs_first_instant_in_last_out() {
    let books = Books::new().await;
    books.selling("spring").await;
    for (slot, customer) in [
        ("2026-05-31T23:59:59Z", "a"),
        ("2026-06-01T00:00:00Z", "b"),
        ("2026-07-31T23:59:59Z", "c"),
        ("2026-08-01T00:00:00Z", "d"),
    ] {
        books.run("spring", slot).await.reached(customer, "2026-08-01T02:00:00Z").await;
    }
    let effects = books.effects("spring").await;
    assert_eq!((effects.sent.planned, effects.over.customers), (2, 2));
    let nobody =
        books.asked("spring", period("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z", "2027-02-01T00:00:00Z")).await;
    assert_eq!((nobody.sent.planned, nobody.over.figures.participation().rate(), nobody.is_flagged), (0, None, false));
    assert!(nobody.text().contains("No message was planned in this time."), "{}", nobody.text());
}

#[tokio::test]
async fn who_took_part_is_told_by_answers_contacts_and_what_the_goal_asks_for() {
    let books = Books::new().await;
    books.selling("spring").await;
    books.job("survey", "[goal]\nevent = \"answer\"\nwithin = \"21d\"").await;
    for job in ["spring", "survey"] {
        let run = books.run(job, "2026-06-01T00:00:00Z").await;
        for customer in [
            "answered", "accepted", "declined", "came", "outgoing", "late", "bought", "nothing", "replied", "stopped",
            "tardy",
        ] {
            run.reached(customer, CONTACT).await;
        }
    }
    books
        .world
        .sql(
            "insert into tend.answer (message_id, job, customer_id, occasion, survey, score, choice, locale, answered_at)
             select message_id, job, customer_id, occasion, case customer_id when 'answered' then 'csat' else 'invitation' end,
                    case customer_id when 'answered' then 4 end, case customer_id when 'answered' then null else customer_id end, 'en', '2026-06-02Z'
             from tend.outbox where customer_id in ('answered', 'accepted', 'declined');
             insert into tend.answer (message_id, job, customer_id, occasion, survey, score, locale, answered_at)
             select message_id, job, customer_id, occasion, 'csat', 5, 'en', '2026-07-03Z' from tend.outbox where customer_id = 'tardy';
             insert into crm.interaction (customer_id, interaction_id, at, kind, direction)
             values ('came', 'i1', '2026-06-03Z', 'participation', 'in'), ('outgoing', 'i2', '2026-06-03Z', 'visit', 'out'),
                    ('late', 'i3', '2026-07-03Z', 'participation', 'in'), ('nothing', 'i4', '2026-06-03Z', 'enquiry', 'in');
             insert into tend.reply (customer_id, channel, provider, address_key, kind, message_id, at, received_at)
             select customer_id, 'sms', 'p', 'k', case customer_id when 'replied' then 'other' else 'stop' end, message_id, '2026-06-02Z', '2026-06-02Z'
             from tend.outbox where customer_id in ('replied', 'stopped')",
        )
        .await;
    books.order("bought", "2026-06-03T00:00:00Z", "5", "paid").await;
    let spring = books.effects("spring").await.over.figures;
    assert_eq!((spring.answered, spring.took_part, spring.bought, spring.participated), (3, 1, 1, 5));
    assert_eq!(spring.replied, 1, "STOP is no reply");
    let survey = books.effects("survey").await;
    assert_eq!(
        (survey.over.figures.participated, survey.over.figures.reached_goal, survey.over.figures.orders),
        (4, 4, 0)
    );
    assert!(!survey.is_flagged, "eleven are too few to tell");
    books.job("spring", "[goal]\nevent = \"interaction\"\nwithin = \"21d\"").await;
    let contact = books.effects("spring").await.over.figures;
    assert_eq!((contact.participated, contact.reached_goal), (5, 2), "by an enquiry, and by coming");
}

#[tokio::test]
async fn a_job_few_take_part_in_is_flagged_with_the_numbers_when_enough_were_reached() {
    let books = Books::new().await;
    books.selling("spring").await;
    let run = books.run("spring", "2026-06-01T00:00:00Z").await;
    for n in 0..29 {
        run.reached(&format!("c{n}"), CONTACT).await;
    }
    books.order("c0", "2026-06-03T00:00:00Z", "5", "paid").await;
    assert!(!books.effects("spring").await.is_flagged, "29 are too few");
    run.reached("c29", CONTACT).await;
    let flagged = books.effects("spring").await;
    assert!(flagged.is_flagged);
    let text = flagged.text();
    assert!(text.contains("Too few take part: 1 of 30 (3.3%), and the goal asks for 20%."), "{text}");
    for n in 1..6 {
        books.order(&format!("c{n}"), "2026-06-03T00:00:00Z", "5", "paid").await;
    }
    let enough = books.effects("spring").await;
    assert_eq!(enough.over.figures.participation(), Share { hits: 6, of: 30 });
    assert!(!enough.is_flagged, "exactly a fifth is enough");
}

#[tokio::test]
async fn messages_are_parted_by_offer_channel_step_and_language_and_the_parts_add_up() {
    let books = Books::new().await;
    books.selling("spring").await;
    let run = books.run("spring", "2026-06-01T00:00:00Z").await;
    run.reached("ann", CONTACT).await;
    run.sent("ben", CONTACT, Fate { offer: "b", channel: "sms", ..ARRIVED }).await;
    let later = books.run("spring", "2026-06-08T00:00:00Z").await;
    later.sent("ann", "2026-06-08T02:00:00Z", Fate { step: "again", ..ARRIVED }).await;
    books.order("ann", "2026-06-09T00:00:00Z", "7", "paid").await;
    books.order("ben", "2026-06-09T00:00:00Z", "70", "paid").await;
    let effects = books.effects("spring").await;
    let parts = |by: &str| {
        let breakdown = effects.breakdowns.iter().find(|breakdown| breakdown.by == by).expect("parts");
        let parts = breakdown.parts.iter();
        parts.map(|part| format!("{} {} {}", part.name, part.figures.arrived, part.figures.money)).collect::<Vec<_>>()
    };
    assert_eq!(parts("offer"), ["a 2 7.00", "b 1 70.00"]);
    assert_eq!(parts("channel"), ["email 2 7.00", "sms 1 70.00"]);
    assert_eq!(parts("step"), [" 2 70.00", "again 1 7.00"], "the later message of ann is credited");
    assert!(effects.breakdowns.iter().all(|breakdown| breakdown.by != "language"), "there is one only");
    assert_eq!((effects.over.customers, effects.over.figures.arrived), (2, 3));
}
