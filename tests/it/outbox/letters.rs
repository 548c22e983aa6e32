//! Letters to people of the house, over real SMTP and a real chat.

use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::json;
use tend::outbox::channel::Attachment;
use tend::outbox::letter::{Letter, LinkTo, Recipient, Writer, link, write};
use tend::outbox::link::{Links, Purpose};
use tend::settings::PublicSettings;

use super::office::{dispatcher, options};
use crate::support::http::{HttpServer, Reply};
use crate::support::smtp::SmtpServer;
use crate::support::{World, instant};

const MJML: &str = "<mjml><mj-head><mj-title>{{ occasion.tasks|length }} tasks, {{ recipient.name }}</mj-title></mj-head><mj-body><mj-section><mj-column>\
{% for task in occasion.tasks %}<mj-text>{{ task.who }} <a href=\"{{ task.link }}\">open</a></mj-text>{% endfor %}</mj-column></mj-section></mj-body></mjml>";

async fn house() -> World {
    let world = World::new().await;
    world
        .sql(&format!(
            "insert into tend.template (hash, body) values (repeat('1', 64), $t${MJML}$t$), (repeat('2', 64), $t${}$t$);
             insert into tend.spec (hash, job, kind, body, templates) values (repeat('a', 64), 'agenda', 'agenda', '',
                 jsonb_build_object('agenda/email.en.mjml', repeat('1', 64), 'agenda/email.zh-CN.mjml', repeat('2', 64)));
             insert into crm.staff (staff_id, name, email, locale, active)
             values ('s1', '李雷', 'li@shop.example', 'zh-CN', true), ('s2', 'Ann', 'ann@shop.example', null, true),
                    ('s3', 'Gone', 'gone@shop.example', null, true), ('s4', 'Silent', null, null, true);
             insert into crm.customer (customer_id, name) values ('c1', '王小明')",
            MJML.replace(" tasks, ", " 项任务，")
        ))
        .await;
    world
}

fn letter(recipient: Recipient) -> Letter {
    let staff = match &recipient {
        Recipient::Staff(staff) => staff.clone(),
        _ => String::new(),
    };
    Letter {
        recipient,
        occasion: "agenda:2026-06-01".into(),
        occurs_on: "2026-06-01".parse().unwrap(),
        step: String::new(),
        template: "agenda".into(),
        locale: "en".into(),
        data: json!({ "tasks": [{ "who": "王小明 <b>", "link": link(LinkTo::Task, "12", &staff) }] }),
        customers: vec!["c1".into()],
        attachments: vec![Attachment {
            name: "day.ics".into(),
            media_type: "text/calendar; charset=utf-8".into(),
            content_id: None,
            body: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".into(),
            optional: true,
        }],
        archived: false,
        again_of: None,
        priority: 50,
        not_before: instant("2026-06-01T00:00:00Z"),
        not_after: instant("2026-06-02T00:00:00Z"),
    }
}

async fn written(world: &World, letters: &[Letter]) -> i64 {
    let spec = "a".repeat(64);
    let at = instant("2026-06-01T00:00:00Z");
    let mut conn = world.pool().acquire().await.unwrap();
    write(&mut conn, Writer { run_id: 1, job: "agenda", spec_hash: &spec, at }, letters).await.unwrap()
}

fn to(staff: &str) -> Letter {
    letter(Recipient::Staff(staff.into()))
}

fn mail(server: &SmtpServer) -> String {
    format!(
        "kind = \"smtp\"\nhost = \"localhost\"\nport = {}\nfrom = \"Shop <care@shop.example>\"\ntls = \"none\"\n",
        server.port()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_to_each_reader_once_in_the_readers_language_with_its_files_and_signed_links() {
    let world = house().await;
    let all = ["s1", "s2", "s3", "s4"].map(to);
    assert_eq!(written(&world, &all).await, 4);
    assert_eq!(written(&world, &all).await, 0, "a second time nothing is owed");
    world.sql("update crm.staff set active = false where staff_id = 's3'").await;
    let spoken = "select count(*) from tend.outbox where data::text ~ '王' or occasion ~ '王' or customer_id <> ''";
    assert_eq!(world.value(spoken).await, "0", "names stand in the letter alone");

    let server = SmtpServer::start().await;
    let secret = "a secret of more than thirty-two bytes".to_owned().into();
    let links =
        Links::new(&PublicSettings { base_url: "https://care.shop.example".into(), ..Default::default() }, &secret);
    let mut options = options(&[("mail", &mail(&server))]);
    options.links = Some(links.clone());
    dispatcher(&world, options).drain_once().await.unwrap();
    let fates = "select recipient, state, coalesce(state_reason, '') from tend.outbox order by 1";
    assert_eq!(
        world.rows(fates).await,
        [
            "staff:s1\taccepted\t",
            "staff:s2\taccepted\t",
            "staff:s3\tcancelled\tits reader has left, or what it said is gone",
            "staff:s4\trejected\tno address"
        ]
    );
    let mut mails = server.mails();
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    assert_eq!(mails.len(), 2);
    let parsed: Vec<_> =
        mails.iter().map(|mail| MessageParser::default().parse(mail.text.as_bytes()).unwrap()).collect();
    assert_eq!(parsed[0].subject(), Some("1 tasks, Ann"));
    assert_eq!(parsed[1].subject(), Some("1 项任务，李雷"), "the reader's own language");
    let html = parsed[0].body_html(0).unwrap();
    assert!(html.contains("王小明 &lt;b&gt;"), "{html}");
    let token = html.split("https://care.shop.example/t/").nth(1).unwrap().split('"').next().unwrap();
    let work = links.read_work(Purpose::Task, token, instant("2026-06-20T00:00:00Z")).unwrap();
    assert_eq!((work.subject.as_str(), work.staff.as_str()), ("12", "s2"));
    assert!(links.read_work(Purpose::Task, token, instant("2026-07-02T00:00:00Z")).is_err(), "over after a month");
    assert!(links.read_work(Purpose::Acknowledge, token, instant("2026-06-02T00:00:00Z")).is_err());
    let file = parsed[0].attachments().next().unwrap();
    assert_eq!(file.attachment_name(), Some("day.ics"));
    assert_eq!(file.contents(), b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    assert!(!mails[0].text.contains("List-Unsubscribe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_gets_subject_and_text_and_a_file_that_is_needed_is_never_left_out_silently() {
    let world = house().await;
    let needed = {
        let mut letter = letter(Recipient::Robot("staff".into()));
        letter.step = "with file".into();
        letter.attachments[0].optional = false;
        letter
    };
    assert_eq!(written(&world, &[letter(Recipient::Robot("staff".into())), needed]).await, 2);
    let server = HttpServer::start().await;
    server.answers(Reply::Say("200 OK", vec![], r#"{"errcode":0,"errmsg":"ok"}"#));
    let robot = format!(
        "kind = \"robot\"\nservice = \"wecom\"\nurl = \"{}?key=k\"\nallow_private_addresses = true\n",
        server.url()
    );
    dispatcher(&world, options(&[("staff", &robot)])).drain_once().await.unwrap();
    let calls = server.calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].body.contains("王小明 <b>"), "{}", calls[0].body);
    assert_eq!(
        world.rows("select step, state, coalesce(state_reason, '') from tend.outbox order by 1").await,
        [
            "\taccepted\t",
            "with file\trejected\tthis channel carries no files, and \"day.ics\" belongs to the mail; send it by SMTP"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_go_with_a_mail_and_where_none_can_go_their_words_stand() {
    let world = house().await;
    let pictures = "<mj-image src=\"cid:{{ occasion.chart }}\" alt=\"Up &amp; up\" /><mj-image src=\"cid:{{ occasion.gone }}\" alt=\"Gone\" /></mj-column>";
    world.sql(&format!("update tend.template set body = replace(body, '</mj-column>', '{pictures}')")).await;
    let pictured = |step: &str| {
        let mut letter = Letter { step: step.into(), ..to("s2") };
        (letter.data["chart"], letter.data["gone"]) = ("chart@tend".into(), "gone@tend".into());
        letter.attachments.push(Attachment {
            name: "chart.png".into(),
            media_type: "image/png".into(),
            content_id: Some("chart@tend".into()),
            body: b"\x89PNG".to_vec(),
            optional: true,
        });
        letter
    };
    assert_eq!(written(&world, &[pictured("by smtp")]).await, 1);
    let server = SmtpServer::start().await;
    dispatcher(&world, options(&[("mail", &mail(&server))])).drain_once().await.unwrap();
    let mails = server.mails();
    let parsed = MessageParser::default().parse(mails[0].text.as_bytes()).unwrap();
    let html = parsed.body_html(0).unwrap();
    assert!(html.contains("cid:chart@tend") && !html.contains("cid:gone@tend") && html.contains("Gone"), "{html}");
    let picture = parsed.parts.iter().find(|part| part.content_id() == Some("chart@tend")).unwrap();
    assert_eq!(picture.contents(), b"\x89PNG");

    assert_eq!(written(&world, &[pictured("by webhook")]).await, 1);
    let server = HttpServer::start().await;
    let channel = format!(
        "kind = \"webhook\"\nsort = \"email\"\nurl = \"{}\"\nallow_private_addresses = true\nfields = {{ html = \"{{{{ html }}}}\" }}\n",
        server.url()
    );
    dispatcher(&world, options(&[("mail", &channel)])).drain_once().await.unwrap();
    let body = &server.calls()[0].body;
    assert!(!body.contains("cid:") && body.contains("Up &amp; up") && body.contains("Gone"), "{body}");
}

#[tokio::test]
async fn forgetting_a_customer_takes_the_letters_that_speak_of_the_customer_and_old_ones_are_swept() {
    let world = house().await;
    let other = Letter { customers: vec![], step: "other".into(), ..to("s1") };
    assert_eq!(written(&world, &[to("s1"), other]).await, 2);
    let text = world.tend().args(["forget", "c1", "--yes"]).output().unwrap();
    assert!(text.status.success(), "{}", String::from_utf8_lossy(&text.stderr));
    assert_eq!(
        world.value("select count(*) || ' ' || (select count(*) from tend.letter_part) from tend.letter").await,
        "1 1"
    );
    world.sql("update tend.letter set keep_until = '2026-05-01Z'").await;
    assert_eq!(written(&world, &[to("s2")]).await, 1);
    assert_eq!(world.value("select count(*) from tend.letter").await, "1");
}
