//! Pages of tasks: what staff see, what a form records, and what nobody else can do with a link.

use chrono::{DateTime, Utc};
use serde_json::json;
use tend::outbox::link::{Purpose, Work};
use tend::settings::PublicSettings;
use tend::task;

use super::{Site, bearer, settings};
use crate::support::{World, instant};
use crate::task::{record, task as wanted};

/// A callback of `li` about c1, due 2 June ten in the morning in Shanghai; `ann` reads English and works in London.
async fn office() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, manager_id, locale, timezone) values
                 ('li', '李雷', 'wu', 'zh-CN', null), ('ann', 'Ann', 'wu', 'en', 'Europe/London'), ('wu', 'Wu', null, null, null);
             insert into crm.customer (customer_id, name, email, owner_id) values ('c1', '陈静 <b>', 'c1@example.com', 'li');
             insert into crm.ticket (ticket_id, customer_id, opened_at, subject, assignee_id) values ('T1', 'c1', '2026-05-30Z', '等了太久 & 没人接', 'li')",
        )
        .await;
    let mut asked = wanted("ticket:T1:x:1", "c1", Some("assignee"));
    asked.ticket_id = Some("T1".into());
    asked.guarded = true;
    asked.detail = json!({ "ticket": "T1", "topic": "delivery", "solved_at": "2026-06-01T01:00:00Z" })
        .as_object()
        .unwrap()
        .clone();
    crate::task::made(&world, &[asked]).await;
    world.advance_to(instant("2026-06-01T03:00:00Z")).await;
    world
}

fn link(site: &Site, task: &str, staff: &str, expires: Option<DateTime<Utc>>) -> String {
    let work = Work { subject: task.into(), staff: staff.into(), expires };
    site.here(&site.links.work(Purpose::Task, &work))
}

fn until(text: &str) -> Option<DateTime<Utc>> {
    Some(instant(text))
}

async fn state(world: &World) -> String {
    world.rows("select state, result, note from tend.task").await.join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_shows_the_task_in_the_language_of_the_person_and_changes_nothing() {
    let world = office().await;
    let site = Site::open(&world).await;
    let (li, ann) = (link(&site, "1", "li", until("2026-07-01T00:00:00Z")), link(&site, "1", "ann", None));
    let (status, page) = site.get(&li).await;
    assert!(status == 200 && page.contains("lang=\"zh-CN\"") && page.contains("<h1>Call back</h1>"), "{page}");
    for shown in [
        "陈静 &lt;b&gt; (c1)",
        "2026-06-02 10:00 (Asia&#x2f;Shanghai)",
        "等了太久 &amp; 没人接",
        "delivery",
        "李雷",
        "顾客满意",
        "未联系上",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("c1@example.com") && !page.contains("<script"), "{page}");
    let (_, page) = site.get(&ann).await;
    assert!(page.contains("lang=\"en\"") && page.contains("2026-06-02 03:00 (Europe&#x2f;London)"), "{page}");
    assert!(
        page.contains("2026-06-01 02:00") && page.contains("The customer is satisfied"),
        "solved, on her clock: {page}"
    );
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE", "GET"] {
        let form = [("action", "done"), ("result", "satisfied")];
        site.client
            .request(method.parse().unwrap(), format!("{li}?action=done&result=satisfied"))
            .form(&form)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(state(&world).await, "open\tnull\tnull");
    assert_eq!(record(&world, 1).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_it_is_recorded_once_in_the_name_of_the_person() {
    let world = office().await;
    let site = Site::open(&world).await;
    let li = link(&site, "1", "li", None);
    let vain = [("action", "not_reached"), ("note", " engaged\r\n\u{7} ")];
    for _ in 0..2 {
        let (status, page) = site.post(&li, &vain).await;
        assert!(status == 200 && page.contains("已记录：未联系上。任务仍由 李雷 负责。"), "{page}");
        assert!(page.contains("1 次，最近一次 2026-06-01 11:00"), "{page}");
    }
    let (status, page) = site.post(&li, &[("action", "move"), ("at", "2026-06-03T09:30"), ("result", "")]).await;
    assert!(status == 200 && page.contains("已记录：改至 2026-06-03 09:30"), "{page}");
    assert_eq!(world.value("select due_at at time zone 'UTC' from tend.task").await, "2026-06-03 01:30:00");
    let done =
        [("action", "done"), ("result", "not_satisfied"), ("note", "again tomorrow"), ("at", "2026-06-09T09:30")];
    for _ in 0..2 {
        let (status, page) = site.post(&li, &done).await;
        assert!(status == 200 && page.contains("已记录，谢谢") && page.contains("不满意：将再次回访"), "{page}");
        assert!(!page.contains("<form"), "{page}");
    }
    assert_eq!(state(&world).await, "done\tnot_satisfied\tagain tomorrow");
    let record = record(&world, 1).await;
    assert_eq!(record[2..], ["not_reached open li li engaged", "moved open li li -", "done open li li again tomorrow"]);
    assert_eq!(site.counted().recorded, 3, "what was sent twice counts once");
    let (status, page) = site.post(&li, &[("action", "done"), ("result", "satisfied")]).await;
    assert!(status == 409 && page.contains("没有记录任何内容"), "{page}");
    let (status, page) = site.get(&li).await;
    assert!(status == 200 && page.contains("已完成：2026-06-01 11:00") && !page.contains("<form"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_told_and_leaves_nothing_behind() {
    let world = office().await;
    let site = Site::open(&world).await;
    let ann = link(&site, "1", "ann", None);
    let long = "x".repeat(2_001);
    for (form, status, said) in [
        (vec![("action", "done"), ("note", "kept <in> the form")], 422, "choose what came of it"),
        (vec![("action", "move"), ("at", "")], 422, "choose a day and a time"),
        (vec![("action", "move"), ("at", "2026-05-01T10:00")], 422, "over or more than a year ahead"),
        (vec![("action", "move"), ("at", "2028-05-01T10:00")], 422, "over or more than a year ahead"),
        (vec![("action", "done"), ("result", "satisfied"), ("note", long.as_str())], 422, "below 2,000 characters"),
        (vec![("action", "done"), ("result", "stays")], 400, "could not be understood"),
        (vec![("action", "move"), ("at", "tomorrow")], 400, "could not be understood"),
        (vec![("action", "cancel"), ("reason", "why not")], 400, "could not be understood"),
        (vec![], 400, "could not be understood"),
    ] {
        let (got, page) = site.post(&ann, &form).await;
        assert!(got == status && page.contains(said), "{form:?} {got} {page}");
        assert!(!form.iter().any(|(_, value)| value.starts_with("kept")) || page.contains("kept &lt;in&gt; the form"));
    }
    let huge = "x".repeat(20_000);
    assert_eq!(site.post(&ann, &[("action", "not_reached"), ("note", huge.as_str())]).await.0, 413);
    assert_eq!(state(&world).await, "open\tnull\tnull");
    assert_eq!(record(&world, 1).await.len(), 2);
    assert_eq!(site.counted().recorded, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_misused_and_expired_links_open_nothing() {
    let world = office().await;
    let site = Site::with(&world, PublicSettings { bad_links: 1_000, ..settings() }).await;
    let good = link(&site, "1", "li", until("2026-06-01T04:00:00Z"));
    assert_eq!(site.get(&good).await.0, 200);
    let token = good.rsplit('/').next().unwrap().to_owned();
    let acknowledge = Work { subject: "1".into(), staff: "li".into(), expires: None };
    let other = site.here(&site.links.work(Purpose::Acknowledge, &acknowledge)).rsplit('/').next().unwrap().to_owned();
    let unsubscribe = site.unsubscribe(&bearer(&world, "c1").await).rsplit('/').next().unwrap().to_owned();
    let mut turned = token.clone().into_bytes();
    turned[30] = if turned[30] == b'A' { b'B' } else { b'A' };
    let base = good.trim_end_matches(&token).to_owned();
    let form = [("action", "done"), ("result", "satisfied")];
    for bad in
        [String::from_utf8(turned).unwrap(), token[..token.len() - 3].into(), other, unsubscribe, "x".repeat(3_000)]
    {
        for (status, page) in [site.get(&format!("{base}{bad}")).await, site.post(&format!("{base}{bad}"), &form).await]
        {
            assert!(status == 404 && !page.contains("陈静") && !page.contains("Call back"), "{bad} {status} {page}");
        }
    }
    // ours, but over: expired, no such task, nobody any more
    world.sql("insert into crm.staff (staff_id, active) values ('gone', false)").await;
    for link in [
        link(&site, "7", "li", None),
        link(&site, "1", "gone", None),
        link(&site, "1", "who", None),
        link(&site, "no number", "li", None),
    ] {
        assert_eq!((site.get(&link).await.0, site.post(&link, &form).await.0), (410, 410));
    }
    world.advance_to(instant("2026-06-01T04:00:00Z")).await;
    assert_eq!((site.get(&good).await.0, site.post(&good, &form).await.0), (410, 410));
    assert_eq!(state(&world).await, "open\tnull\tnull");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_can_still_be_done_and_what_is_cancelled_says_so() {
    let world = office().await;
    let site = Site::open(&world).await;
    let ann = link(&site, "1", "ann", None);
    let late = instant("2026-06-03T00:00:00Z");
    world.advance_to(late).await;
    task::miss(&mut world.pool().acquire().await.unwrap(), &[1], late).await.unwrap();
    let (_, page) = site.get(&ann).await;
    assert!(page.contains("Missed: its time was over on 2026-06-03 01:00") && page.contains("<form"), "{page}");
    assert_eq!(site.post(&ann, &[("action", "move"), ("at", "2026-06-04T10:00")]).await.0, 200);
    task::cancel(&mut world.pool().acquire().await.unwrap(), &[1], "opened again", late).await.unwrap();
    let (_, page) = site.get(&ann).await;
    assert!(
        page.contains("Cancelled: 2026-06-03 01:00") && page.contains("opened again") && !page.contains("<form"),
        "{page}"
    );
    assert_eq!(site.post(&ann, &[("action", "not_reached")]).await.0, 409);
}
