//! The page behind the link in an alert, and what letters say.

use tend::outbox::link::{Purpose, Work};

use super::*;
use crate::web::Site;

fn work(subject: &str, staff: &str) -> Work {
    Work { subject: subject.to_owned(), staff: staff.to_owned(), expires: Some(instant("2026-07-01T00:00:00Z")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_in_the_page_behind_an_alert_ends_the_chain_and_looking_does_not() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:48:00Z").await;
    let alert = world.value("select alert_id from tend.sla_alert").await;
    let site = Site::open(&world).await;
    world.advance_to(instant("2026-06-01T09:49:00Z")).await;
    let page = site.here(&site.links.work(Purpose::Acknowledge, &work(&alert, "a1")));
    let shown = site.client.get(&page).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    let text = shown.text().await.unwrap();
    assert!(text.contains("T-1") && text.contains("First response") && text.contains("<button>"), "{text}");
    assert_eq!(world.value("select count(*) from tend.sla_ack").await, "0", "a look records nothing");
    for _ in 0..2 {
        let said = site.client.post(&page).body("").send().await.unwrap();
        let text = said.text().await.unwrap();
        assert!(text.contains("Agent looks after it"), "{text}");
    }
    assert_eq!(world.value("select by_id from tend.sla_ack").await, "staff:a1");
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    assert_eq!(alerts(&world).await.len(), 1, "nobody further is told");
    // who has left, another purpose, another link
    world.sql("update crm.staff set active = false where staff_id = 'a1'").await;
    assert_eq!(site.client.get(&page).send().await.unwrap().status(), 410);
    let task = site.here(&site.links.work(Purpose::Task, &work(&alert, "a1"))).replace("/t/", "/a/");
    assert_eq!(site.client.get(&task).send().await.unwrap().status(), 404);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_say_what_is_late_and_carry_the_link() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    open(&world, "T-2", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:48:00Z").await;
    let letters = "select o.recipient, o.template, o.locale, l.data -> 'count' as count, l.data #>> '{rows,0,ticket}' as ticket, l.data #>> '{rows,0,minutes}' as minutes,
                          l.data #>> '{rows,0,acknowledge,$link}' as link, l.customers
                   from tend.outbox o join tend.letter l using (message_id) order by 5";
    assert_eq!(
        world.rows(letters).await,
        [
            "staff:a1\tsla-alert\ten\t1\tT-1\t12\tacknowledge\t[\"c1\"]",
            "staff:a1\tsla-alert\ten\t1\tT-2\t12\tacknowledge\t[\"c1\"]"
        ]
    );
    sweep(&world, &job, "2026-06-02T09:00:00Z").await;
    let summary = "select o.recipient, l.data -> 'count' as count, l.data -> 'late' as late from tend.outbox o join tend.letter l using (message_id)
                   where o.occasion like 'sla-summary:%' order by 1";
    assert_eq!(world.rows(summary).await, ["staff:a1\t2\t2", "staff:m1\t2\t2", "staff:s1\t2\t2"]);
}
