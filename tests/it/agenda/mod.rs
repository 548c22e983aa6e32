//! Agendas: who gets one, what is in it, and the same as a calendar.

use mail_parser::{MessageParser, MimeHeaders as _};

use crate::outbox::office::{dispatcher, options};
use crate::support::smtp::SmtpServer;
use crate::support::{World, instant};
use crate::web::Site;

/// Monday, 2026-06-01 07:00 in Shanghai.
const MORNING: &str = "2026-05-31T23:00:00Z";

async fn company() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, email, locale, active, timezone, calendar) values
                 ('s1', '李雷', 'li@shop.example', 'zh-CN', true, null, null),
                 ('s2', 'Ann', 'ann@shop.example', 'en', true, 'Asia/Shanghai', 'always'),
                 ('away', 'Away', 'away@shop.example', 'en', true, null, null),
                 ('left', 'Left', 'left@shop.example', 'en', false, null, null),
                 ('mute', 'Mute', ' ', 'en', true, 'Mars/Base', null),
                 ('idle', 'Idle', 'idle@shop.example', 'en', true, null, null);
             insert into crm.absence values ('away', '2026-05-30', '2026-06-01');
             insert into crm.customer (customer_id, name, phone, birthday_month, birthday_day) values
                 ('c1', '王小明', '+8613800138000', 6, 3), ('c2', '<b>Eve</b>', null, null, null);
             insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c1', 'o1', '2026-05-20Z', 1288.50);
             insert into crm.ticket (ticket_id, customer_id, opened_at) values ('T1', 'c1', '2026-05-30Z');
             insert into crm.interaction (customer_id, interaction_id, at, kind) values ('c1', 'i1', '2026-05-21Z', 'visit');
             insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason) values ('c1', 'value-tiers', 'high', '2026-01-01Z', 1, '{}')",
        )
        .await;
    for (origin, kind, customer, staff, due, day, starts, state) in [
        ("a", "callback", "c1", "s1", "2026-05-30T08:00:00Z", "null", "null", "open"),
        ("b", "visit", "c1", "s1", "2026-06-01T10:00:00Z", "'2026-06-01'", "'14:30'", "planned"),
        ("c", "visit", "c2", "s1", "2026-06-03T10:00:00Z", "'2026-06-03'", "null", "planned"),
        ("d", "visit", "c2", "s1", "2026-06-12T10:00:00Z", "'2026-06-12'", "null", "planned"),
        ("e", "callback", "c2", "s1", "2026-06-01T09:00:00Z", "null", "null", "done"),
        ("f", "callback", "c2", "s2", "2026-06-01T09:15:00Z", "null", "null", "open"),
        ("g", "callback", "c2", "away", "2026-06-01T09:15:00Z", "null", "null", "open"),
        ("h", "callback", "c2", "left", "2026-06-01T09:15:00Z", "null", "null", "open"),
        ("i", "callback", "c2", "mute", "2026-06-01T09:15:00Z", "null", "null", "open"),
    ] {
        world
            .sql(&format!(
                "insert into tend.task (kind, origin, job, customer_id, title, assignee_id, opens_at, due_at, on_day, starts, zone, state, state_at, created_at)
                 values ('{kind}', '{origin}', 'visits', '{customer}', 'Task {origin}', '{staff}', '2026-05-29Z', '{due}', {day}, {starts}, 'Asia/Shanghai',
                         '{state}', '2026-05-29Z', '2026-05-29Z')"
            ))
            .await;
    }
    world
}

fn tend(world: &World, command: &str, at: &str) -> String {
    let output = world.tend().args([command, "staff-agenda", "--at", at]).output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success(), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn each_person_at_work_gets_one_mail_in_the_own_language_with_what_is_due_and_what_to_know() {
    let world = company().await;
    world.advance_to(instant(MORNING)).await;
    let preview = tend(&world, "plan", MORNING);
    assert!(preview.contains("2 agendas for 2026-06-01") && preview.contains("1      1      1  李雷 s1"), "{preview}");
    assert_eq!(world.value("select count(*) from tend.outbox").await, "0", "a preview writes nothing");
    tend(&world, "run", MORNING);
    tend(&world, "run", MORNING);
    assert_eq!(
        world.rows("select recipient, occasion, locale from tend.outbox order by 1").await,
        ["staff:s1\tagenda:2026-06-01 > staff:s1\tzh-CN", "staff:s2\tagenda:2026-06-01 > staff:s2\ten"],
        "one each, though the job ran twice"
    );
    let counts = "select progress from tend.job_run where job = 'staff-agenda' order by run_id limit 1";
    let counts: serde_json::Value = serde_json::from_str(&world.value(counts).await).unwrap();
    assert_eq!(
        counts,
        serde_json::json!({ "staff": 5, "letters": 2, "nothing_to_do": 1, "not_at_work": 1, "without_address": 1 })
    );
    let server = SmtpServer::start().await;
    let mail = format!(
        "kind = \"smtp\"\nhost = \"localhost\"\nport = {}\nfrom = \"Shop <care@shop.example>\"\ntls = \"none\"\n",
        server.port()
    );
    let site = Site::open(&world).await;
    let mut options = options(&[("mail", &mail)]);
    options.links = Some(site.links.clone());
    dispatcher(&world, options).drain_once().await.unwrap();
    let fates = world.rows("select state, coalesce(state_reason, '') from tend.outbox order by recipient").await;
    assert_eq!(fates, ["accepted\t", "accepted\t"]);
    let mut mails = server.mails();
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ann@shop.example", "li@shop.example"]);
    let parsed = MessageParser::default().parse(mails[1].text.as_bytes()).unwrap();
    assert_eq!(parsed.subject(), Some("周一：今天 1 项，逾期 1 项"));
    let text = parsed.body_text(0).unwrap();
    insta::assert_snapshot!("agenda_text", without_tokens(&text));
    let html = parsed.body_html(0).unwrap();
    assert!(html.contains("&lt;b&gt;Eve&lt;/b&gt;") && !html.contains("<b>Eve"), "names are no markup");
    let file = parsed.attachments().next().unwrap();
    assert_eq!(file.attachment_name(), Some("agenda-2026-06-01.ics"));
    let calendar = String::from_utf8(file.contents().to_vec()).unwrap();
    for line in ["UID:task-1@tend", "DTSTART:20260601T063000Z", "DTSTART;VALUE=DATE:20260603", "BEGIN:VCALENDAR"] {
        assert!(calendar.contains(line), "{line} in {calendar}");
    }

    // the same as a feed, as long as the person is there
    let feed = html.split("/f/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let url = format!("http://{}/f/{feed}", site.address);
    let answer = site.client.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/calendar"));
    let body = answer.text().await.unwrap();
    assert_eq!(body.matches("BEGIN:VEVENT").count(), 5, "also what is done, and what comes later: {body}");
    assert_eq!(site.client.get(format!("{url}.ics")).send().await.unwrap().status(), 200);
    assert_eq!(
        site.client.get(format!("http://{}/t/{feed}", site.address)).send().await.unwrap().status(),
        404,
        "for nothing else"
    );
    world.sql("update crm.staff set active = false where staff_id = 's1'").await;
    assert_eq!(site.client.get(&url).send().await.unwrap().status(), 410);
    assert_eq!(site.client.get(format!("{url}x")).send().await.unwrap().status(), 404);
}

/// Links without what is signed, which differs.
fn without_tokens(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.find("https://mail.shop.example/m/") {
            Some(at) => format!("{}…\n", &line[..at + 30]),
            None => line.to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn on_a_day_off_nobody_gets_one_but_those_whose_calendar_says_otherwise() {
    let world = company().await;
    // the Dragon Boat Festival
    world.advance_to(instant("2026-06-18T23:00:00Z")).await;
    tend(&world, "run", "2026-06-18T23:00:00Z");
    assert_eq!(world.rows("select recipient from tend.outbox").await, ["staff:s2"], "who works round the clock");
}

#[tokio::test]
async fn mistakes_in_an_agenda_are_told_all_at_once() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = "title = \"Agenda\"\n\n[agenda]\ncalendar = \"cm\"\ndays_ahead = 90\ntemplate = \"birthday\"\nlocale = \"xx\"\nladders = [\"value\"]\nfeeds = true\n";
    std::fs::write(folder.path().join("agenda.toml"), file).unwrap();
    let output = world.tend().arg("check").arg("--jobs").arg(folder.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    for part in ["cm", "days_ahead", "feeds", "value", "birthday"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}
