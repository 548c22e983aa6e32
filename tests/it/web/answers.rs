//! Surveys and invitations: the page, the answer, and what follows from it.

use serde_json::{Value, json};
use tend::outbox::link::Asked;
use tend::settings::PublicSettings;

use super::{Site, settings, world};
use crate::support::{World, instant};

/// A question as a job file's reader stores it, of a kind.
fn question(kind: &str) -> Value {
    let within = |hours: i64, to: &str, title: &str| json!({ "kind": "callback", "to": to, "title": title, "due_secs": hours * 3_600 });
    let task = |to: &str, title: &str| within(24, to, title);
    let reasons = json!([{ "name": "price", "words": { "en": "Price <high>", "zh-CN": "价格" } },
                         { "name": "service", "words": { "en": "Service", "zh-CN": "服务" } }]);
    let (reasons, follows) = match kind {
        "csat" => (reasons, json!([{ "scores": [1, 2], "choice": null, "create_task": task("owner", "Call back") }])),
        "nps" => (
            reasons,
            json!([{ "scores": [0, 3], "choice": null, "create_task": task("supervisor", "Call at once") },
                   { "scores": [4, 6], "choice": null, "create_task": within(72, "assignee", "Call") }]),
        ),
        "choice" => (
            reasons,
            json!([{ "scores": null, "choice": "service", "create_task": task("care team", "Ask what went wrong") }]),
        ),
        _ => (json!([]), json!([])),
    };
    json!({ "kind": kind, "question": { "en": "How was it & why?", "zh-CN": "您满意吗？" }, "reasons": reasons,
            "comment": true, "link_ttl_secs": 2_592_000, "on_answer": follows })
}

/// A world whose customers `c1` … were asked; `c1` looked after by `s1`, who reports to `s2`.
pub async fn asking(kind: &str, customers: usize) -> World {
    let world = world(customers).await;
    world
        .sql(&format!(
            "update tend.spec set asks = $t${}$t$ where hash = repeat('a', 64);
             insert into crm.staff (staff_id, name, manager_id) values ('s1', 'Li', 's2'), ('s2', 'Wu', null), ('s3', 'Ma', 's2');
             insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) values ('T1', 'c1', '2026-05-30Z', 's3');
             update crm.customer set owner_id = 's1' where customer_id = 'c1'",
            question(kind)
        ))
        .await;
    world
}

/// Where a customer answers.
pub async fn link(world: &World, site: &Site, customer: &str) -> String {
    let message = world.value(&format!("select public_id from tend.outbox where customer_id = '{customer}'")).await;
    let asked = Asked { message: message.parse().unwrap(), expires: instant("2026-07-01T00:00:00Z") };
    site.here(&site.links.answer(asked))
}

/// Customer, kind, score, choice, comment, language and whether it was changed.
pub async fn answers(world: &World) -> Vec<String> {
    world
        .rows("select customer_id, survey, score, choice, comment, locale, changed_at is not null as changed from tend.answer order by message_id")
        .await
}

async fn tasks(world: &World) -> Vec<String> {
    world.rows("select kind, customer_id, title, assignee_id, team, state, extract(hour from due_at - opens_at)::integer + 24 * extract(day from due_at - opens_at)::integer as hours, detail ->> 'score' as score from tend.task order by task_id").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_shows_the_question_in_the_customers_language_and_records_nothing() {
    let world = asking("nps", 2).await;
    world.sql("update crm.customer set locale = 'zh_Hans', name = '林晓燕' where customer_id = 'c2'").await;
    let site = Site::open(&world).await;
    let (one, two) = (link(&world, &site, "c1").await, link(&world, &site, "c2").await);
    let (status, page) = site.get(&format!("{one}?a=9")).await;
    assert!(status == 200 && page.contains("<h1>How was it &amp; why?</h1>") && page.contains("lang=\"en\""), "{page}");
    assert!(page.contains("value=\"9\" required checked") && page.matches(" checked>").count() == 2, "{page}");
    assert!(page.contains("Price &lt;high&gt;") && !page.contains("<script") && !page.contains("Customer 1"), "{page}");
    for score in 0..=10 {
        assert!(page.contains(&format!("name=\"answer\" value=\"{score}\"")), "{score}");
    }
    let (_, page) = site.get(&two).await;
    assert!(page.contains("您满意吗？") && page.contains("lang=\"zh-CN\"") && page.contains("价格"), "{page}");
    assert!(!page.contains("林晓燕") && !page.contains("@example.com"), "{page}");
    for odd in ["?a=11", "?a=%00%ff", "?a=<b>", "?answer=9&a=", "?", "?a=9&a=3"] {
        let (status, page) = site.get(&format!("{one}{odd}")).await;
        assert!(status == 200 && !page.contains("<b>\""), "{odd} {page}");
    }
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE"] {
        site.client.request(method.parse().unwrap(), &one).form(&[("answer", "3")]).send().await.unwrap();
    }
    assert_eq!(answers(&world).await, Vec::<String>::new());
    assert_eq!(tasks(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_recorded_once_can_be_changed_for_a_day_and_then_stays() {
    let world = asking("nps", 1).await;
    let site = Site::open(&world).await;
    let url = link(&world, &site, "c1").await;
    let said = [("answer", "9"), ("reason", "price"), ("comment", "  good\r\n\u{7}tea\u{0} ")];
    for _ in 0..2 {
        let (status, page) = site.post(&url, &said).await;
        assert!(status == 200 && page.contains("Thank you") && page.contains("9 · Price &lt;high&gt;"), "{page}");
    }
    assert_eq!(answers(&world).await, ["c1\tnps\t9\tprice\tgood\ntea\ten\tfalse"], "a second time is no change");
    assert_eq!(site.counted().recorded, 1);
    let (_, page) = site.get(&url).await;
    assert!(page.contains("value=\"9\" required checked") && page.contains("You have answered before"), "{page}");
    assert!(page.contains("good\ntea</textarea>"), "{page}");
    world.advance_to(instant("2026-06-01T23:59:59Z")).await;
    assert_eq!(site.post(&url, &[("answer", "8")]).await.0, 200);
    assert_eq!(answers(&world).await, ["c1\tnps\t8\tnull\tnull\ten\ttrue"]);
    world.advance_to(instant("2026-06-02T00:00:00Z")).await;
    let (status, page) = site.get(&url).await;
    assert!(status == 200 && page.contains("You have answered already") && !page.contains("<form"), "{page}");
    let (status, page) = site.post(&url, &[("answer", "1")]).await;
    assert!(status == 409 && page.contains("You have answered already"), "{page}");
    assert_eq!(answers(&world).await, ["c1\tnps\t8\tnull\tnull\ten\ttrue"]);
    assert_eq!(tasks(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_score_makes_one_task_that_follows_the_answer_until_somebody_has_touched_it() {
    let world = asking("nps", 1).await;
    world.sql("update tend.outbox set occasion = 'ticket_solved:T1'").await;
    let site = Site::open(&world).await;
    let url = link(&world, &site, "c1").await;
    let answer = async |score: &str| assert_eq!(site.post(&url, &[("answer", score)]).await.0, 200);
    answer("5").await;
    assert_eq!(tasks(&world).await, ["callback\tc1\tCall\ts3\tassignee\topen\t72\t5"]);
    let about = "select about ->> 'ticket' || (about ->> 'staff') from tend.answer";
    assert_eq!(world.value(about).await, "T1s3");
    // asked with the word about a ticket, whose name goes on behind the key
    world
        .sql("delete from tend.answer; update tend.outbox set occasion = 'ticket:T1:solved', data = data || '{\"occasion\": {\"ticket\": \"T1\"}}'")
        .await;
    answer("5").await;
    assert_eq!(world.value(about).await, "T1s3");
    answer("2").await;
    assert_eq!(tasks(&world).await, ["callback\tc1\tCall at once\ts2\tsupervisor\topen\t24\t2"], "no second one");
    answer("9").await;
    assert_eq!(tasks(&world).await, ["callback\tc1\tCall at once\ts2\tsupervisor\tcancelled\t24\t2"]);
    assert!(world.value("select note from tend.task").await.contains("changed the answer"));
    answer("6").await;
    assert_eq!(tasks(&world).await, ["callback\tc1\tCall\ts3\tassignee\topen\t72\t6"]);
    world.advance_to(instant("2026-06-01T02:00:00Z")).await;
    world.sql("update tend.task set state = 'done', state_at = '2026-06-01T01:00Z', result = 'talked'").await;
    answer("10").await;
    answer("0").await;
    assert_eq!(
        tasks(&world).await,
        ["callback\tc1\tCall\ts3\tassignee\tdone\t72\t6"],
        "what somebody has done stays as it is"
    );
    assert_eq!(answers(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_a_task_is_follows_from_owner_and_team_and_nobody_who_has_left_gets_one() {
    let world = asking("csat", 3).await;
    world
        .sql(
            "insert into crm.staff (staff_id, active) values ('gone', false);
             update crm.customer set owner_id = 'gone' where customer_id = 'c2'",
        )
        .await;
    let site = Site::open(&world).await;
    for customer in ["c1", "c2", "c3"] {
        assert_eq!(site.post(&link(&world, &site, customer).await, &[("answer", "2")]).await.0, 200);
    }
    let whose = world.rows("select customer_id, assignee_id, team from tend.task order by customer_id").await;
    assert_eq!(whose, ["c1\ts1\towner", "c2\tnull\towner", "c3\tnull\towner"]);
    let world = asking("choice", 1).await;
    let site = Site::open(&world).await;
    assert_eq!(site.post(&link(&world, &site, "c1").await, &[("answer", "service")]).await.0, 200);
    assert_eq!(
        world.rows("select assignee_id, team from tend.task").await,
        ["s2\tcare team"],
        "a team of nobody: the supervisor has it"
    );
    assert_eq!(answers(&world).await, ["c1\tchoice\tnull\tservice\tnull\ten\tfalse"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_or_declined_by_one_of_two_buttons() {
    let world = asking("invitation", 1).await;
    world.sql("update tend.spec set asks = jsonb_set(asks, '{question,en}', '\"Will you come for {{ offer.gift }}?\"') where asks is not null").await;
    let site = Site::open(&world).await;
    let url = link(&world, &site, "c1").await;
    let (_, page) = site.get(&format!("{url}?a=declined")).await;
    assert!(page.contains("<h1>Will you come for a rose?</h1>"), "{page}");
    assert!(page.contains("value=\"declined\" class=\"first\"") && !page.contains("accepted\" class"), "{page}");
    let (_, page) = site.post(&url, &[("answer", "accepted"), ("comment", "with a friend")]).await;
    assert!(page.contains("We look forward to seeing you"), "{page}");
    assert!(site.post(&url, &[("answer", "declined")]).await.1.contains("another time"));
    assert_eq!(answers(&world).await, ["c1\tinvitation\tnull\tdeclined\tnull\ten\ttrue"]);
    assert_eq!(site.post(&url, &[("answer", "5")]).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_pressed_together_are_one_answer_and_one_task() {
    let world = asking("csat", 1).await;
    let site = Site::open(&world).await;
    let url = link(&world, &site, "c1").await;
    let press = || site.post(&url, &[("answer", "1")]);
    let (one, two, three) = tokio::join!(press(), press(), press());
    assert_eq!((one.0, two.0, three.0), (200, 200, 200));
    assert_eq!((answers(&world).await.len(), tasks(&world).await.len()), (1, 1));
    assert_eq!(site.counted().recorded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_told_and_leaves_nothing_behind() {
    let world = asking("csat", 1).await;
    let site = Site::open(&world).await;
    let url = link(&world, &site, "c1").await;
    let (status, page) = site.post(&url, &[("comment", "<b>hello</b>"), ("reason", "service")]).await;
    assert!(status == 422 && page.contains("Please choose a score first") && page.contains("role=\"alert\""), "{page}");
    assert!(
        page.contains("&lt;b&gt;hello") && page.contains("value=\"service\" checked"),
        "what was typed is kept: {page}"
    );
    let long = "很".repeat(1_001);
    let (status, page) = site.post(&url, &[("answer", "4"), ("comment", &long)]).await;
    assert!(status == 422 && page.contains("below 1,000") && page.contains("value=\"4\" required checked"), "{page}");
    assert_eq!(site.post(&url, &[("answer", "4"), ("comment", &"很".repeat(1_000))]).await.0, 200);
    world.sql("delete from tend.answer").await;
    for wrong in ["0", "6", "-1", "4.0", "４", "nan", "1e0", "\u{0}", "null", "accepted", "1 "] {
        let (status, page) = site.post(&url, &[("answer", wrong)]).await;
        assert!(status == 400 && page.contains("Nothing was changed"), "{wrong:?} {page}");
    }
    assert_eq!(site.post(&url, &[("answer", "4"), ("reason", "weather")]).await.0, 400);
    for body in ["answer=%ff%fe", "\u{1}", "answer", "=&=&=", "answer[]=4"] {
        let sent =
            site.client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body.to_owned());
        let status = sent.send().await.unwrap().status().as_u16();
        assert!([400, 422].contains(&status), "{body:?} {status}");
    }
    for kind in ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary="] {
        let sent = site.client.post(&url).header("content-type", kind).body("{\"answer\": 4}");
        let status = sent.send().await.unwrap().status().as_u16();
        assert!((400..500).contains(&status), "{kind} {status}");
    }
    let (status, _) = site.post(&url, &[("answer", "4"), ("comment", &"x".repeat(200_000))]).await;
    assert_eq!(status, 413);
    assert_eq!(answers(&world).await, Vec::<String>::new());
    assert_eq!(tasks(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_misused_links_give_one_page_and_one_that_is_over_says_so() {
    let world = asking("csat", 2).await;
    let site = Site::with(&world, PublicSettings { bad_links: 1_000, ..settings() }).await;
    let good = link(&world, &site, "c1").await;
    let flipped = format!("{}{}", &good[..good.len() - 5], if good.ends_with("AAAAA") { "BBBBB" } else { "AAAAA" });
    let who = super::bearer(&world, "c1").await;
    let bad = [
        flipped,
        site.unsubscribe(&who).replace("/u/", "/s/"),
        site.preferences(&who).replace("/p/", "/s/"),
        format!("{good}x"),
        good[..good.len() - 4].to_owned(),
        format!("http://{}/s/x", site.address),
        format!("http://{}/s/{}", site.address, "A".repeat(5_000)),
    ];
    let mut pages = std::collections::BTreeSet::new();
    for url in &bad {
        for (status, page) in [site.get(url).await, site.post(url, &[("answer", "1")]).await] {
            assert_eq!(status, 404, "{url}");
            pages.insert(page);
        }
    }
    assert_eq!(pages.len(), 1, "they cannot be told from each other");
    assert_eq!(site.counted().bad_links, 14);
    for other in ["u", "p"] {
        assert_eq!(
            site.get(&good.replace("/s/", &format!("/{other}/"))).await.0,
            404,
            "a link to answer does nothing else"
        );
    }
    // of a message that is gone, of a customer who is gone, of one that never was, and expired: all the same
    let nobody = Asked { message: uuid::Uuid::from_u128(5), expires: instant("2026-07-01T00:00:00Z") };
    let (first, second) = (good.clone(), link(&world, &site, "c2").await);
    world.sql("delete from crm.customer where customer_id = 'c2'").await;
    let mut over = std::collections::BTreeSet::new();
    for url in [site.here(&site.links.answer(nobody)), second] {
        for (status, page) in [site.get(&url).await, site.post(&url, &[("answer", "1")]).await] {
            assert_eq!(status, 410, "{url}");
            over.insert(page);
        }
    }
    world.advance_to(instant("2026-07-01T00:00:00Z")).await;
    let (status, page) = site.post(&first, &[("answer", "1")]).await;
    assert!(status == 410 && page.contains("This link is over"), "{page}");
    over.insert(page);
    assert_eq!(over.len(), 1);
    assert_eq!(answers(&world).await, Vec::<String>::new());
    assert_eq!(tasks(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_slowly_is_cut_off_and_a_database_that_is_away_leaves_no_half_an_answer() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = asking("csat", 1).await;
    let site =
        Site::with(&world, PublicSettings { timeout: std::time::Duration::from_millis(700), ..settings() }).await;
    let url = link(&world, &site, "c1").await;
    let path = url.split_once(&site.address.to_string()).unwrap().1.to_owned();
    let mut stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nanswer="
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    drop(site);
    let site = Site::open(&world).await;
    // the answer could be written, the task could not: neither is there
    world.sql("alter table tend.task rename to task_away").await;
    let (status, page) = site.post(&url, &[("answer", "1")]).await;
    assert!(status == 503 && page.contains("our fault") && !page.contains("task_away"), "{page}");
    assert_eq!(answers(&world).await, Vec::<String>::new());
    world.sql("alter table tend.task_away rename to task").await;
    assert_eq!(site.post(&url, &[("answer", "1")]).await.0, 200);
    assert_eq!((answers(&world).await.len(), tasks(&world).await.len()), (1, 1));
}
