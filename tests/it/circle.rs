//! The whole circle: birthday mails, a survey by real SMTP and a text message by a real webhook go out; an answer, a returned
//! mail, a complaint report, a receipt, a STOP and a purchase come back; each shows up in `tend why`, in `tend effects` and in the
//! next run's decisions.

use mail_parser::MessageParser;
use serde_json::json;
use tend::outbox::channel::settings::ChannelSettings;
use tend::outbox::dispatch::{Company, Dispatcher, Options};
use tend::outbox::link::Links;
use tend::settings::PublicSettings;

use crate::message::path::{planned, planned_job};
use crate::message::people::{Person, come, refused};
use crate::returned::mails::taken;
use crate::returned::{SECRET, answer, site, suppressed};
use crate::support::World;
use crate::support::http::HttpServer;
use crate::support::instant;
use crate::support::smtp::SmtpServer;
use crate::web::BASE;

/// A report in parts around the mail as it went out.
fn report(kind: &str, fields: &str, mail: &str) -> String {
    format!(
        "From: MAILER-DAEMON@relay.example\nTo: care@shop.example\nSubject: report\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type={kind}; boundary=b1\n\n--b1\nContent-Type: text/plain\n\nSee below.\n\n\
         --b1\nContent-Type: message/{kind}\n\n{fields}\n\n--b1\nContent-Type: message/rfc822\n\n{mail}\n--b1--\n"
    )
}

/// What a command prints, its lines joined.
fn said(world: &World, command: &[&str]) -> String {
    let output = world.tend().args(command).output().unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_comes_back_and_the_next_run_knows_it() {
    let world = World::new().await;
    come(
        &world,
        [
            Person::born("a", 11, 24).tier("mid"),
            Person::born("b", 11, 24).tier("mid"),
            Person::born("c", 11, 24).set("email", "null").phone("+8613800138000"),
            Person::born("d", 11, 24).tier("mid"),
            Person::born("e", 6, 1).tier("mid"),
        ],
    )
    .await;
    world
        .sql(
            "insert into crm.staff (staff_id, name) values ('s1', 'Li');
             insert into crm.ticket (ticket_id, customer_id, opened_at, solved_at, state, assignee_id)
             values ('T1', 'e', '2026-11-19 02:00Z', '2026-11-20 07:00Z', 'solved', 's1')",
        )
        .await;
    planned(&world, "2026-11-21T00:00:00Z").await;
    planned_job(&world, "csat", "2026-11-21T00:00:00Z").await;

    // out
    let (relay, gateway) = (SmtpServer::start().await, HttpServer::start().await);
    let mail = format!(
        "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"care@shop.example\"",
        relay.port()
    );
    let text = format!(
        "kind = \"webhook\"\nurl = {:?}\nallow_private_addresses = true\n[verify]\nby = \"token\"\nsecret = \"{SECRET}\"\n\
         [reports]\nid = \"/id\"\nstatus = \"/status\"\ndelivered = [\"DELIVERED\"]\n[replies]\nfrom = \"/from\"\ntext = \"/text\"",
        gateway.url()
    );
    let read = |toml: &str| toml::from_str::<ChannelSettings>(toml).unwrap();
    let public = PublicSettings { base_url: BASE.into(), ..PublicSettings::default() };
    let options = Options {
        channels: [("mail".to_owned(), read(&mail)), ("text".to_owned(), read(&text))].into(),
        company: Company { name: "云岭生活".into(), url: "https://shop.example".into(), address: "上海".into() },
        links: Some(Links::new(&public, &SECRET.to_owned().into())),
        host: "test".into(),
        ..Options::default()
    };
    world.advance_to(instant("2026-11-21T02:30:00Z")).await;
    Dispatcher::new(world.db().clone(), world.clock(), options).unwrap().drain_once().await.unwrap();
    assert_eq!((relay.mails().len(), gateway.calls().len()), (4, 1));

    // back
    world.advance_to(instant("2026-11-21T03:00:00Z")).await;
    let site = site(&world, "text", &text).await;
    let sent = |customer: &str| {
        let to = format!("{customer}@example.com");
        relay.mails().into_iter().find(|mail| mail.to.contains(&to)).unwrap().text
    };
    let bounce = "Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; b@example.com\nAction: failed\nStatus: 5.1.1\n\
                  Diagnostic-Code: smtp; 550 5.1.1 user unknown";
    let complaint = "Feedback-Type: abuse\nUser-Agent: SomeFBL/1\nVersion: 1\nOriginal-Rcpt-To: <d@example.com>";
    for raw in [report("delivery-status", bounce, &sent("b")), report("feedback-report", complaint, &sent("d"))] {
        assert_eq!(taken(&world, raw.as_bytes()).await.recorded, 1, "{raw}");
    }
    let survey = relay.mails().into_iter().find_map(|mail| {
        let mail = MessageParser::default().parse(mail.text.as_bytes())?;
        let text = mail.body_text(0)?.into_owned();
        let link = &text[text.find(&format!("{BASE}/s/"))?..];
        link.split(['?', '\r', '\n', ' ']).next().map(str::to_owned)
    });
    let survey = site.here(&survey.expect("a mail with a link to the question"));
    let (status, page) = answer(site.client.post(&survey).form(&[("answer", "1")])).await;
    assert_eq!(status, 200, "{page}");
    let id = world.value("select public_id from tend.outbox where customer_id = 'c'").await;
    let receipt = json!({"id": id, "status": "DELIVERED"});
    assert_eq!(answer(site.provider(&format!("/r/text/{SECRET}")).json(&receipt)).await.0, 200);
    let stop = json!({"from": "+8613800138000", "text": "退订"});
    assert_eq!(answer(site.provider(&format!("/i/text/{SECRET}")).json(&stop)).await.0, 200);
    world
        .sql("insert into crm.orders (customer_id, order_id, placed_at, amount) values ('a', 'o1', '2026-11-22Z', 320), ('e', 'o2', '2026-11-01Z', 50)")
        .await;
    let states = world.rows("select customer_id, state from tend.outbox where job = 'birthday' order by 1").await;
    assert_eq!(states, ["a\taccepted", "b\tbounced", "c\tdelivered", "d\tcomplained"]);
    assert_eq!(suppressed(&world).await, ["email\tb\tbounced", "email\td\tcomplained"]);

    // why
    world.advance_to(instant("2026-11-23T00:00:00Z")).await;
    for (customer, words) in [
        ("b", &["a returned mail says bounced (5.1.1)", "the address is suppressed: bounced"][..]),
        (
            "c",
            &[
                "a receipt says delivered",
                "a text message said stop, after message",
                "no more marketing by sms (said by sms)",
            ],
        ),
        ("d", &["a complaint report says complained (abuse)", "the address is suppressed: complained"]),
    ] {
        let told = said(&world, &["why", "--customer", customer, "--job", "birthday"]);
        for words in words {
            assert!(told.contains(words), "{customer}: {words}\n{told}");
        }
    }
    let told = said(&world, &["why", "--customer", "e", "--job", "csat"]);
    assert!(told.contains("answered csat: 1"), "{told}");
    assert_eq!(
        world.rows("select kind, customer_id, assignee_id, state from tend.task").await,
        ["callback\te\ts1\topen"]
    );

    // who was just dissatisfied is not invited
    world.advance_to(instant("2026-12-01T01:00:00Z")).await;
    planned_job(&world, "invitations", "2026-12-01T01:00:00Z").await;
    let told = said(&world, &["why", "--customer", "e", "--job", "invitations"]);
    assert!(told.contains("not in the audience") && told.contains("answer"), "{told}");
    assert_eq!(
        world.value("select count(*) from tend.outbox where job = 'invitations' and customer_id = 'e'").await,
        "0"
    );

    // effects
    world.advance_to(instant("2027-01-05T00:00:00Z")).await;
    let told = said(&world, &["effects", "birthday", "--from", "2026-11-20", "--to", "2026-11-22"]);
    let credited = "1 order of 1 customer is credited to this job (320.00 CNY)";
    assert!(told.contains(credited) && told.contains("did not arrive"), "{told}");
    let told = said(&world, &["effects", "csat", "--from", "2026-11-20", "--to", "2026-11-22"]);
    assert!(told.contains("answered by the link 1 of 1"), "{told}");

    // the next birthday
    planned(&world, "2027-11-21T00:00:00Z").await;
    let queued = world
        .rows("select customer_id from tend.outbox where job = 'birthday' and occasion like '%2027%' order by 1")
        .await;
    assert_eq!(queued, ["a"]);
    let refused = refused(&world).await.join("\n");
    for (customer, reason) in [("b", "suppressed"), ("c", "unsubscribed"), ("d", "suppressed")] {
        let held =
            format!("select count(*) from tend.decision where customer_id = '{customer}' and reason = '{reason}'");
        assert_eq!(world.value(&held).await, "1", "{customer}\n{refused}");
    }
}
