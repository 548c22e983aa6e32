//! One-click unsubscribing, the page with buttons, and the next message.

use tend::settings::{OneClick, PublicSettings};

use super::{Site, bearer, read, said, settings, world};
use crate::outbox::office::{dispatcher, fate, options};

const ONE_CLICK: &[(&str, &str)] = &[("List-Unsubscribe", "One-Click")];

#[tokio::test(flavor = "multi_thread")]
async fn one_click_unsubscribes_urlencoded_and_multipart_without_redirect_or_cookie_and_the_next_message_honours_it() {
    let world = world(3).await;
    let site = Site::open(&world).await;
    let sent = site.client.post(site.unsubscribe(&bearer(&world, "c1").await)).form(ONE_CLICK).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    assert!(sent.headers().get("set-cookie").is_none() && sent.headers().get("location").is_none());
    let body = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let multipart = site.client.post(site.unsubscribe(&bearer(&world, "c2").await));
    let multipart =
        multipart.header("content-type", "multipart/form-data; boundary=b").body(body).send().await.unwrap();
    assert_eq!(read(multipart).await.0, 200);
    assert_eq!(
        said(&world).await,
        ["c1\tmarketing\t\temail\tfalse\tone_click\tfalse", "c2\tmarketing\t\temail\tfalse\tone_click\tfalse"]
    );
    let row = "select at = '2026-06-01' and message = '00000000-0000-0000-0000-000000000001'
               and address_key = tend.address_key('email', 'c1@example.com') from tend.choice where customer_id = 'c1'";
    assert_eq!(world.value(row).await, "true");
    let dir = tempfile::tempdir().unwrap();
    let office = options(&[("mail", &format!("kind = \"recording\"\nfolder = {:?}", dir.path()))]);
    dispatcher(&world, office).drain_once().await.unwrap();
    assert_eq!(fate(&world, "c1").await, "cancelled | 0 | the customer unsubscribed");
    assert_eq!(fate(&world, "c2").await, "cancelled | 0 | the customer unsubscribed");
    assert_eq!(fate(&world, "c3").await, "accepted | 1");
    assert_eq!(site.counted().recorded, 2);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_program_that_tries_again_is_told_the_same_and_nothing_is_written_twice() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    for _ in 0..3 {
        assert_eq!(site.post(&url, ONE_CLICK).await.0, 200);
    }
    assert_eq!(said(&world).await.len(), 1);
    // pressed together
    world.sql("truncate tend.choice").await;
    let (one, two) = tokio::join!(site.post(&url, ONE_CLICK), site.post(&url, ONE_CLICK));
    assert_eq!((one.0, two.0), (200, 200));
    assert_eq!(said(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_may_stop_only_the_topic_where_the_settings_say_so() {
    let world = world(1).await;
    let site = Site::with(&world, PublicSettings { one_click: OneClick::Topic, ..settings() }).await;
    site.post(&site.unsubscribe(&bearer(&world, "c1").await), ONE_CLICK).await;
    assert_eq!(said(&world).await, ["c1\tmarketing\tbirthday\temail\tfalse\tone_click\tfalse"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_shows_what_can_be_stopped_in_the_customers_language_and_changes_nothing() {
    let world = world(2).await;
    world.sql("update crm.customer set locale = 'zh_Hans_CN', name = '林晓燕' where customer_id = 'c1'").await;
    let site = Site::open(&world).await;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    let (status, page) = site.get(&url).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("lang=\"zh-CN\"") && page.contains("仅退订“生日祝福”") && page.contains("退订全部优惠与资讯邮件"),
        "{page}"
    );
    assert!(page.contains("云岭 &amp; Co") && !page.contains("林晓燕") && !page.contains("@example.com"), "{page}");
    let (_, english) = site.get(&site.unsubscribe(&bearer(&world, "c2").await)).await;
    assert!(english.contains("Only “Birthday &lt;greetings&gt;”"), "{english}");
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE"] {
        site.client.request(method.parse().unwrap(), &url).form(ONE_CLICK).send().await.unwrap();
    }
    site.get(&format!("{url}?List-Unsubscribe=One-Click&action=all")).await;
    assert_eq!(said(&world).await, Vec::<String>::new());
    assert_eq!(world.value("select count(*) from tend.wording").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buttons_stop_a_topic_or_all_and_take_it_back_with_the_wording_as_evidence() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    let (status, page) = site.post(&url, &[("action", "topic")]).await;
    assert!(status == 200 && page.contains("You will get no more “Birthday &lt;greetings&gt;” by email."), "{page}");
    assert!(page.contains("value=\"again_topic\"") && page.contains("mail.shop.example&#x2f;m&#x2f;p&#x2f;"), "{page}");
    assert!(site.post(&url, &[("action", "again_topic")]).await.1.contains("Welcome back"));
    site.post(&url, &[("action", "all")]).await;
    site.post(&url, &[("action", "again_all")]).await;
    assert_eq!(
        said(&world).await,
        [
            "c1\tmarketing\tbirthday\temail\tfalse\tpage\ttrue",
            "c1\tmarketing\tbirthday\temail\ttrue\tpage\ttrue",
            "c1\tmarketing\t\temail\tfalse\tpage\ttrue",
            "c1\tmarketing\t\temail\ttrue\tpage\ttrue",
        ]
    );
    let wording = world
        .value(
            "select w.body from tend.choice c join tend.wording w on w.version = c.wording order by choice_id limit 1",
        )
        .await;
    assert!(
        wording.contains("Only “Birthday <greetings>”") && wording.contains("All offers and news by email"),
        "{wording}"
    );
    let (status, page) = site.post(&url, &[("action", "dance")]).await;
    assert!(status == 400 && page.contains("Nothing was changed"), "{page}");
    assert_eq!(site.post(&url, &[]).await.0, 400);
    assert_eq!(said(&world).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_work_after_the_message_was_pruned_and_the_customer_was_deleted() {
    let world = world(2).await;
    let site = Site::open(&world).await;
    let (one, two) = (bearer(&world, "c1").await, bearer(&world, "c2").await);
    world.sql("delete from tend.outbox; delete from crm.customer where customer_id = 'c1'").await;
    for bearer in [&one, &two] {
        assert_eq!(site.post(&site.unsubscribe(bearer), ONE_CLICK).await.0, 200);
        assert_eq!(site.post(&site.unsubscribe(bearer), ONE_CLICK).await.0, 200);
    }
    let rows = "select customer_id, address_key = tend.address_key('email', 'c1@example.com') as c1 from tend.choice order by choice_id";
    assert_eq!(
        world.rows(rows).await,
        ["\ttrue", "c2\tfalse"],
        "who is gone is not written down again, the address is"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_started_himself_cannot_be_unsubscribed_from() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let owed = tend::outbox::link::Bearer { purpose: "transactional".into(), ..bearer(&world, "c1").await };
    let url = site.unsubscribe(&owed);
    for (status, page) in
        [site.get(&url).await, site.post(&url, ONE_CLICK).await, site.post(&url, &[("action", "all")]).await]
    {
        assert!(status == 200 && page.contains("cannot be unsubscribed from") && !page.contains("<form"), "{page}");
    }
    assert_eq!(said(&world).await, Vec::<String>::new());
}
