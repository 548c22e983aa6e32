//! Reviews as mails: who gets which, in which language, once; what the subject says; what could not be computed.

use mail_parser::MessageParser;
use tend::outbox::link::Links;

use super::{company, ticket};
use crate::outbox::office::{dispatcher, options};
use crate::support::process::Bench;
use crate::support::smtp::{Mail, SmtpServer};
use crate::support::{World, instant};

/// Monday, 2026-06-01 08:00 in Shanghai: the first working day after May.
pub const MORNING: &str = "2026-06-01T00:00:00Z";

/// Two teams with a supervisor each, a manager who reads English and one who reads Chinese, and tickets of both teams.
pub async fn house() -> World {
    let world = company().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, email, role, team, locale, active) values
                 ('m1', 'Mary', 'mary@shop.example', 'manager', null, 'en', true),
                 ('m2', '韩梅梅', 'han@shop.example', 'manager', null, 'zh-CN', true),
                 ('gone', 'Gone', 'gone@shop.example', 'manager', null, 'en', false),
                 ('sn', 'Nora', 'nora@shop.example', 'supervisor', 'north', 'en', true),
                 ('ss', 'Sid', 'sid@shop.example', 'supervisor', 'south', 'en', true),
                 ('sx', 'Xi', 'xi@shop.example', 'supervisor', null, 'en', true)",
        )
        .await;
    for (id, customer, who, answered) in
        [("T1", "c1", "ann", "11:00"), ("T2", "c2", "bob", "18:00"), ("T3", "c2", "bob", "20:00")]
    {
        let (says, log) = (format!("assignee_id = '{who}'"), format!("agent_message - {who} 2026-05-12 {answered}"));
        ticket(&world, id, customer, "2026-05-12 09:00", &says, &log).await;
    }
    world
}

/// A review of the month before in the shipped folder.
pub fn bench(world: &World) -> Bench {
    let mut bench = Bench::new(world.url());
    bench.set("time.source", "driven");
    let text = r#"title = "Monthly review"
owner = "owner@shop.example"
[schedule]
cron = "0 8 1 * *"
timezone = "Asia/Shanghai"
[report]
period = "month"
to = ["role:manager", "boss@shop.example"]
teams = "role:supervisor"
template = "review"
locale = "en"
few = 1
[[report.section]]
title = { en = "Service", zh-CN = "服务" }
figures = ["first_answer", "tickets", "nps"]
per = "person"
[[report.target]]
figure = "first_answer"
at_most = "4h"
"#;
    bench.job("review", text);
    bench
}

/// The mails that go out, by reader.
pub async fn delivered(world: &World) -> Vec<Mail> {
    delivered_with(world, None).await
}

/// The same; their links lead where `links` says.
pub async fn delivered_with(world: &World, links: Option<Links>) -> Vec<Mail> {
    let server = SmtpServer::start().await;
    let mail = format!(
        "kind = \"smtp\"\nhost = \"localhost\"\nport = {}\nfrom = \"Shop <care@shop.example>\"\ntls = \"none\"\n",
        server.port()
    );
    let mut options = options(&[("mail", &mail)]);
    options.links = links;
    dispatcher(world, options).drain_once().await.unwrap();
    let mut mails = server.mails();
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    mails
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_gets_the_review_once_in_the_own_language_and_leaders_that_of_their_team() {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    assert!(bench.ok(&["plan", "review", "--at", MORNING]).contains("1 of 1 targets missed"));
    assert_eq!(world.value("select count(*) from tend.outbox").await, "0", "a preview writes nothing");
    bench.ok(&["run", "review", "--at", MORNING]);
    bench.ok(&["run", "review", "--at", MORNING]);
    let progress = "select progress ->> 'mails' from tend.job_run where job = 'review' order by run_id";
    assert_eq!(
        world.rows(progress).await,
        [r#"{"teams": 2, "letters": 5, "without_team": 1}"#, r#"{"teams": 2, "letters": 0, "without_team": 1}"#],
        "once each, though the job ran twice"
    );
    let mails = delivered(&world).await;
    let subjects: Vec<(String, String)> = mails
        .iter()
        .map(|mail| {
            let parsed = MessageParser::default().parse(mail.text.as_bytes()).unwrap();
            (mail.to.clone(), parsed.subject().unwrap_or_default().to_owned())
        })
        .collect();
    let subject = |to: &str| subjects.iter().find(|(who, _)| who == to).map(|(_, subject)| subject.as_str());
    assert_eq!(subjects.len(), 5, "{subjects:?}");
    assert_eq!(subject("mary@shop.example"), Some("2026-05: 1 of 1 target missed"));
    assert_eq!(subject("boss@shop.example"), Some("2026-05: 1 of 1 target missed"));
    assert_eq!(subject("han@shop.example"), Some("2026-05：1 项目标中 1 项未达成"));
    assert_eq!(subject("nora@shop.example"), Some("2026-05: the target is met (team north)"), "two hours in the north");
    assert_eq!(subject("sid@shop.example"), Some("2026-05: 1 of 1 target missed (team south)"));
    for (who, name) in [("mary@shop.example", "review_en"), ("han@shop.example", "review_zh")] {
        let mail = mails.iter().find(|mail| mail.to == who).unwrap();
        let parsed = MessageParser::default().parse(mail.text.as_bytes()).unwrap();
        insta::assert_snapshot!(name, parsed.body_text(0).unwrap().replace('\r', ""));
        assert!(!parsed.body_html(0).unwrap().contains("undefined"));
    }
    let kept = "select team, jsonb_path_query_first(figures, '$.sections[0].figures[0].now.cases') from tend.report
                where run_id = (select min(run_id) from tend.report) order by team";
    assert_eq!(world.rows(kept).await, ["\t3", "north\t1", "south\t2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_that_fails_is_told_on_top_and_the_owner_gets_the_mail_too() {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    let file = std::fs::read_to_string(bench.path().join("jobs/review.toml")).unwrap();
    bench.job("review", &file.replace("\"nps\"", "\"complaint_surges\""));
    world.sql("drop table tend.surge").await;
    bench.ok(&["run", "review", "--at", MORNING]);
    let mails = delivered(&world).await;
    let owner = mails.iter().find(|mail| mail.to == "owner@shop.example").expect("the owner is told");
    let parsed = MessageParser::default().parse(owner.text.as_bytes()).unwrap();
    let text = parsed.body_text(0).unwrap();
    assert_eq!(parsed.subject(), Some("2026-05: 1 of 1 target missed"));
    assert!(text.contains("1 figure could not be computed") && text.contains("Not computed: "), "{text}");
}
