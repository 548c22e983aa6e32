//! The preference page.

use super::{Site, bearer, said, world};

fn boxes(page: &str) -> Vec<String> {
    let inputs = page.split("name=\"on\" value=\"").skip(1);
    inputs
        .map(|rest| {
            let (key, rest) = rest.split_once('"').unwrap();
            format!("{key} {}", if rest.starts_with(" checked") { "on" } else { "off" })
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_what_the_customer_gets_by_topic_and_channel_and_changes_nothing() {
    let world = world(2).await;
    world
        .sql(
            "insert into crm.consent values ('c1', 'email', 'marketing', '2026-01-01Z', true);
             update crm.customer set phone = null where customer_id = 'c2';
             update tend.job set enabled = false where job = 'festivals'",
        )
        .await;
    let site = Site::open(&world).await;
    let (status, page) = site.get(&site.preferences(&bearer(&world, "c1").await)).await;
    assert_eq!(status, 200);
    assert_eq!(
        boxes(&page),
        ["marketing:email:birthday on", "marketing:sms:birthday off", "service:email:care on", "service:sms:care on"],
        "{page}"
    );
    let (_, page) = site.get(&site.preferences(&bearer(&world, "c2").await)).await;
    assert_eq!(boxes(&page), ["marketing:email:birthday off", "service:email:care on"]);
    assert_eq!(said(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_recorded_and_what_was_not_shown_stays() {
    let world = world(1).await;
    world.sql("insert into crm.consent values ('c1', 'email', 'marketing', '2026-01-01Z', true)").await;
    let site = Site::open(&world).await;
    let url = site.preferences(&bearer(&world, "c1").await);
    let (status, page) = site
        .post(
            &url,
            &[
                ("action", "save"),
                ("shown", "marketing:email:birthday"),
                ("shown", "marketing:sms:birthday"),
                ("shown", "service:email:care"),
                ("shown", "marketing:email:made-up"),
                ("on", "marketing:sms:birthday"),
                ("on", "service:email:care"),
                ("on", "transactional:email:orders"),
            ],
        )
        .await;
    assert!(status == 200 && page.contains("Saved"), "{page}");
    assert_eq!(
        said(&world).await,
        [
            "c1\tmarketing\tbirthday\temail\tfalse\tpreferences\ttrue",
            "c1\tmarketing\tbirthday\tsms\ttrue\tpreferences\ttrue"
        ]
    );
    assert_eq!(
        boxes(&page),
        [
            "marketing:email:birthday off",
            "marketing:sms:birthday on",
            "marketing:email:festival-greetings on",
            "marketing:sms:festival-greetings off",
            "service:email:care on",
            "service:sms:care on"
        ]
    );
    let keys = "select bool_and(address_key = tend.address_key(channel, case channel when 'email' then 'c1@example.com' else '+8613800000001' end)) from tend.choice";
    assert_eq!(world.value(keys).await, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_at_all_holds_for_topics_to_come_and_can_be_taken_back_topic_by_topic() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let url = site.preferences(&bearer(&world, "c1").await);
    let (_, page) = site.post(&url, &[("action", "none")]).await;
    assert!(boxes(&page).iter().all(|line| line.ends_with(" off")), "{page}");
    assert!(page.contains("class=\"plain\">Nothing at all, please</button>"), "{page}");
    assert_eq!(world.value("select count(*) from tend.choice where topic = '' and not granted").await, "4");
    let back = [("action", "save"), ("shown", "marketing:email:birthday"), ("on", "marketing:email:birthday")];
    let (_, page) = site.post(&url, &back).await;
    let on: Vec<String> = boxes(&page).into_iter().filter(|line| line.ends_with(" on")).collect();
    assert_eq!(on, ["marketing:email:birthday on"]);
    assert_eq!(site.post(&url, &[("shown", "marketing:email:birthday")]).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_gone_has_nothing_to_choose() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let url = site.preferences(&bearer(&world, "c1").await);
    world.sql("delete from crm.customer").await;
    let (status, page) = site.get(&url).await;
    assert!(status == 200 && page.contains("nothing to choose") && !page.contains("<form"), "{page}");
}
