//! What mails about tasks, missed visits, deadlines and surges say, as they come out of a real relay, in both languages.

use std::collections::BTreeMap;

use mail_parser::MessageParser;
use tend::engine::door::{Run, Step, Trigger, Tx};
use tend::jobfile::folder::{Folder, read_folder};
use tend::jobs::KINDS;
use tend::outbox::link::Links;
use tend::settings::PublicSettings;
use tokio_util::sync::CancellationToken;

use crate::outbox::office::{dispatcher, options};
use crate::support::process::Bench;
use crate::support::smtp::SmtpServer;
use crate::support::{World, instant};

/// The jobs of the shipped folder, in force.
struct House {
    world: World,
    folder: Folder,
    hashes: BTreeMap<String, String>,
    runs: i64,
}

impl House {
    /// 李雷 has a supervisor and a manager, all of whom read the language; 陈静 is one customer, the other has a name that has
    /// to be escaped and nobody who looks after her.
    async fn open(locale: &str) -> Self {
        let world = World::new().await;
        let bench = Bench::new(world.url());
        let text = std::fs::read_to_string(bench.path().join("jobs/callbacks.toml")).unwrap();
        bench.job("callbacks", &text.replace("[callbacks]", "[callbacks]\nmail = \"all\""));
        bench.ok(&["apply"]);
        let jobs = bench.path().join("jobs");
        let folder = read_folder(&jobs, KINDS).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let hashes: Vec<(String, String)> =
            sqlx::query_as("select job, hash from tend.spec").fetch_all(world.pool()).await.unwrap();
        world
            .sql(&format!(
                "insert into crm.staff (staff_id, name, email, role, manager_id, team, locale, timezone) values
                     ('li', '李雷', 'li@shop.example', 'agent', 'wu', 'field', '{locale}', 'Asia/Shanghai'),
                     ('wu', 'Wu', 'wu@shop.example', 'supervisor', 'bo', null, '{locale}', 'Asia/Shanghai'),
                     ('bo', 'Bo', 'bo@shop.example', 'manager', null, null, '{locale}', 'Asia/Shanghai');
                 insert into crm.customer (customer_id, name, owner_id, created_at) values
                     ('c1', '陈静', 'li', '2020-01-01Z'), ('c2', 'O''Neil & <Söhne>', null, '2020-01-01Z');
                 insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
                 values ('c1', 'value-tiers', 'high', '2020-01-01Z', 0, '{{}}')"
            ))
            .await;
        Self { world, folder, hashes: hashes.into_iter().collect(), runs: 100 }
    }

    /// A run of a job, with all its steps.
    async fn run(&mut self, job: &str, at: &str) {
        let (spec, as_of) = (&self.folder.jobs[job], instant(at));
        self.runs += 1;
        let timezone = chrono_tz::Asia::Shanghai;
        let run = Run {
            run_id: self.runs,
            job: job.to_owned(),
            spec_hash: self.hashes[job].clone(),
            as_of,
            business_date: as_of.with_timezone(&timezone).date_naive(),
            timezone,
            trigger: Trigger::Schedule,
        };
        let mut cursor = None;
        loop {
            let mut tx = self.world.pool().begin().await.unwrap();
            let mut step = Step { run: &run, tx: Tx::lend(&mut tx), cursor, cancelled: CancellationToken::new() };
            cursor = spec.code.step(&mut step).await.unwrap().next;
            tx.commit().await.unwrap();
            if cursor.is_none() {
                return;
            }
        }
    }

    /// A callback that is new, then overdue; a visit that nobody recorded; complaints that surge.
    async fn work(&mut self) {
        self.world
            .sql(
                "insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id, state, solved_at, subject)
                 values ('T-90', 'c1', '2026-05-29Z', 'li', 'solved', '2026-05-31T03:00Z', '送货');
                 insert into crm.ticket (ticket_id, customer_id, opened_at, kind, topic, assignee_id)
                 select 'T-' || (100 + n), 'c1', '2026-05-30Z', 'complaint', 'product', 'li' from generate_series(1, 6) n",
            )
            .await;
        self.run("callbacks", "2026-05-31T04:05:00Z").await;
        self.run("callbacks", "2026-06-01T03:05:00Z").await;
        self.run("complaint-surge", "2026-06-01T00:30:00Z").await;
        self.run("visits", "2026-05-27T22:00:00Z").await;
        let friday = "update tend.task set on_day = '2026-05-29', opens_at = '2026-05-28T16:00Z', due_at = '2026-05-29T10:00Z', state = 'open',
                          state_at = '2026-05-28T16:00Z', title = title
                      where task_id = (select min(task_id) from tend.task where kind = 'visit')";
        self.world.sql(friday).await;
        self.run("visits", "2026-05-31T22:00:00Z").await;
    }

    /// Requests from the morning on: one by itself, one of a customer nobody looks after, then seven at once.
    async fn deadlines(&mut self) {
        self.run("sla", "2026-06-01T00:59:00Z").await;
        self.world
            .sql(
                "insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id, subject, urgency, channel) values
                     ('T-1', 'c1', '2026-06-01T01:00Z', 'li', '等了太久 & 没人接', 'normal', 'app'),
                     ('T-2', 'c2', '2026-06-01T01:00Z', null, 'Where is <my> parcel?', 'normal', 'app');
                 insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id)
                 select 'T-' || (10 + n), 'c1', '2026-06-01T01:30Z', 'li' from generate_series(1, 7) n",
            )
            .await;
        for at in ["01:31", "02:37", "04:13", "05:01", "05:31"] {
            self.run("sla", &format!("2026-06-01T{at}:00Z")).await;
        }
    }

    /// What the relay was given: subject, text and HTML, in order.
    async fn sent(&self) -> Vec<(String, String, String)> {
        self.world.advance_to(instant("2026-06-01T06:00:00Z")).await;
        let server = SmtpServer::start().await;
        let settings = PublicSettings { base_url: "https://care.shop.example".into(), ..Default::default() };
        let channel = format!(
            "kind = \"smtp\"\nhost = \"localhost\"\nport = {}\nfrom = \"Shop <care@shop.example>\"\ntls = \"none\"\n",
            server.port()
        );
        let mut options = options(&[("mail", &channel)]);
        options.links = Some(Links::new(&settings, &"a secret of more than thirty-two bytes".to_owned().into()));
        dispatcher(&self.world, options).drain_once().await.unwrap();
        let lost = "select job, occasion, recipient, state, state_reason from tend.outbox where state <> 'accepted'";
        assert_eq!(self.world.rows(lost).await, [""; 0]);
        let mails = server.mails();
        let mails = mails.iter().map(|mail| {
            let parsed = MessageParser::default().parse(mail.text.as_bytes()).unwrap();
            let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
            let html = parsed.body_html(0).unwrap().into_owned();
            (format!("{} · {}", mail.to, parsed.subject().unwrap_or_default()), text, html)
        });
        let mut mails: Vec<_> = mails.collect();
        mails.sort();
        mails
    }
}

/// Signed addresses differ from day to day.
fn unsigned(text: &str) -> String {
    let mut parts = text.split("https://care.shop.example/");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|sign: char| sign.is_whitespace() || ")>\"".contains(sign)).unwrap_or(part.len());
        shown.push_str(&format!("[link {}]{}", &part[..2], &part[end..]));
    }
    shown
}

/// What they say; each is looked through for what no reader should see.
async fn mails_in(locale: &str) -> String {
    let mut house = House::open(locale).await;
    house.work().await;
    house.deadlines().await;
    let mails = house.sent().await;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails");
    std::fs::create_dir_all(&folder).unwrap();
    let mut shown = String::new();
    for (place, (subject, text, html)) in mails.iter().enumerate() {
        // for the eyes of whoever changes a template
        std::fs::write(folder.join(format!("{locale}-{place:02}.html")), html).unwrap();
        for part in [subject, text, html] {
            for slip in ["undefined", "{{", "{%", "None", "null", "none", "&amp;amp;", "&amp;lt;"] {
                let part = part.replace("display:none", "").replace("text-decoration:none", "").replace(": none", "");
                let at = part.find(slip).map(|at| part[at..].chars().take(100).collect::<String>());
                assert!(at.is_none(), "{slip:?} in {subject}: {at:?}");
            }
        }
        assert!(!subject.ends_with("· "), "a subject");
        // the owner of a job is written to in the language of its file
        let wanted = if subject.starts_with("service@") { "zh-CN" } else { locale };
        assert!(html.contains(&format!("lang=\"{wanted}\"")), "{subject} is not in {wanted}");
        assert!(!text.contains("&amp;") && !text.contains("&lt;"), "{text}");
        shown.push_str(&format!("=== {subject}\n{}\n", unsigned(text).trim()));
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_about_work_and_deadlines_in_chinese() {
    let shown = mails_in("zh-CN").await;
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("mails_in_chinese", shown) });
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_about_work_and_deadlines_in_english() {
    let shown = mails_in("en").await;
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("mails_in_english", shown) });
}
