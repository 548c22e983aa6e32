//! The whole way: the shipped folder is applied, the job runs, the dispatcher pays, the mail lies in a folder.

use std::path::Path;

use mail_parser::{MessageParser, MimeHeaders as _};
use tend::clock::Clock;
use tend::engine::door::{Run, Trigger};
use tend::jobfile::folder::read_folder;
use tend::jobfile::store::{Applying, Basis, apply_folder};
use tend::jobs::KINDS;
use tend::outbox::channel::settings::ChannelSettings;
use tend::outbox::dispatch::{Company, Dispatcher, Options};
use tend::outbox::link::Links;
use tend::settings::PublicSettings;

use super::people::{Person, come};
use super::plan::{SHANGHAI, step};
use crate::support::{World, instant};

/// The shipped folder in force, and its birthday job run for a morning.
pub async fn planned(world: &World, as_of: &str) {
    planned_job(world, "birthday", as_of).await;
}

/// The shipped folder in force, and one of its jobs run.
pub async fn planned_job(world: &World, job: &str, as_of: &str) {
    let folder = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs"), KINDS)
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let applying = Applying { who: "test", basis: Basis::Found, clock: Clock::Driven, kinds: KINDS };
    apply_folder(world.db(), &folder, applying).await.unwrap();
    let file = &folder.jobs[job];
    let as_of = instant(as_of);
    let business_date = as_of.with_timezone(&SHANGHAI).date_naive();
    let run_id = sqlx::query_scalar(
        "insert into tend.job_run (job, trigger, slot, business_date, business_key, state, run_after, spec_hash, created_at, finished_at)
         values ($1, 'schedule', $2, $3, $3::text, 'succeeded', $2, $4, $2, $2) returning run_id",
    )
    .bind(job)
    .bind(as_of)
    .bind(business_date)
    .bind(&file.hash)
    .fetch_one(world.pool())
    .await
    .unwrap();
    let run = Run {
        run_id,
        job: job.to_owned(),
        spec_hash: file.hash.clone(),
        as_of,
        business_date,
        timezone: SHANGHAI,
        trigger: Trigger::Schedule,
    };
    let mut tx = world.pool().begin().await.unwrap();
    step(file.code.as_ref(), &run, &mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Pays everything that may go at an instant into the folder.
async fn paid(world: &World, at: &str, folder: &Path) {
    world.advance_to(instant(at)).await;
    let channel = |sort: &str| -> ChannelSettings {
        toml::from_str(&format!(
            "kind = \"recording\"\nsort = \"{sort}\"\nfolder = {folder:?}\nfrom = \"云岭生活 <care@shop.example>\""
        ))
        .unwrap()
    };
    let options = Options {
        channels: [("mail".to_owned(), channel("email")), ("text".to_owned(), channel("sms"))].into(),
        company: Company {
            name: "云岭生活".into(),
            url: "https://shop.example".into(),
            address: "上海市静安区".into(),
        },
        links: Some(Links::new(
            &PublicSettings { base_url: "https://mail.shop.example".into(), ..PublicSettings::default() },
            &"0123456789abcdef0123456789abcdef".to_owned().into(),
        )),
        host: "test".into(),
        ..Options::default()
    };
    Dispatcher::new(world.db().clone(), world.clock(), options).unwrap().drain_once().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_birthday_becomes_a_mail_that_opens_in_a_mail_program() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    come(
        &world,
        [
            Person::born("a", 11, 24).set("name", "'林晓燕 🎂'").tier("mid"),
            Person::born("b", 11, 24).set("name", "'محمد <b>'").set("locale", "'en'").tier("high"),
            Person::born("c", 11, 24).set("name", "'王伟'").set("email", "null").phone("+8613800138000"),
            Person::born("d", 11, 24).without_consent(),
        ],
    )
    .await;
    planned(&world, "2026-11-21T00:00:00Z").await;
    paid(&world, "2026-11-21T01:59:59Z", dir.path()).await;
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "not before ten in the morning");
    paid(&world, "2026-11-21T02:00:00Z", dir.path()).await;
    assert_eq!(
        world.rows("select customer_id, state from tend.outbox order by 1").await,
        ["a\taccepted", "b\taccepted", "c\taccepted"]
    );

    let mail = async |customer: &str| {
        let id = world.value(&format!("select public_id from tend.outbox where customer_id = '{customer}'")).await;
        std::fs::read(dir.path().join(format!("{id}.eml"))).unwrap()
    };
    let bytes = mail("a").await;
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.subject(), Some("林晓燕 🎂，您的生日礼物提前到了"));
    assert_eq!(parsed.to().and_then(|to| to.first()?.address()), Some("a@example.com"));
    assert_eq!(parsed.from().and_then(|from| from.first()?.name()), Some("云岭生活"));
    let (html, text) = (parsed.body_html(0).unwrap(), parsed.body_text(0).unwrap());
    assert!(
        html.contains("满 200 元立减 50 元") && html.contains("11月24日") && html.contains("上海市静安区"),
        "{html}"
    );
    assert!(text.contains("满 200 元立减 50 元") && !text.contains('<'), "{text}");
    assert!(parsed.parts.iter().all(|part| part.attachment_name().is_none()));

    let bytes = mail("b").await;
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.subject(), Some("\u{2068}محمد <b>\u{2069}, your birthday present is here early"));
    assert!(parsed.body_html(0).unwrap().contains("<bdi>&#8296;محمد &lt;b&gt;&#8297;</bdi>"));
    assert!(parsed.body_html(0).unwrap().contains("A gift made for you"));

    let texts = std::fs::read_to_string(dir.path().join("sms.jsonl")).unwrap();
    let texts: Vec<serde_json::Value> = texts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0]["to"], "+8613800138000");
    assert_eq!(
        texts[0]["text"],
        "【云岭生活】王伟，11月24日生日快乐！为您备好无门槛生日券 15 元，生日当天起 30 天内有效，欢迎回来看看。拒收请回复R"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_turn_comes_at_night_waits_for_morning_and_dies_with_the_birthday() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    come(&world, [Person::born("a", 11, 24), Person::born("b", 11, 21)]).await;
    planned(&world, "2026-11-21T00:00:00Z").await;
    // the dispatcher stood still until half past nine in the evening: for b the day is as good as over
    paid(&world, "2026-11-21T13:30:00Z", dir.path()).await;
    let fates = "select customer_id, state, not_before from tend.outbox order by 1";
    assert_eq!(
        world.rows(fates).await,
        ["a\tplanned\t2026-11-22T01:00:00+00:00", "b\texpired\t2026-11-21T02:00:00+00:00"]
    );
    paid(&world, "2026-11-22T01:00:00Z", dir.path()).await;
    assert_eq!(
        world.rows("select customer_id, state from tend.outbox order by 1").await,
        ["a\taccepted", "b\texpired"]
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_after_the_plan_gets_nothing() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    come(&world, [Person::born("a", 11, 24), Person::born("b", 11, 24)]).await;
    planned(&world, "2026-11-21T00:00:00Z").await;
    world.sql("insert into crm.consent values ('b', 'email', 'marketing', '2026-11-21 00:30Z', false)").await;
    paid(&world, "2026-11-21T02:00:00Z", dir.path()).await;
    assert_eq!(
        world.rows("select customer_id, state from tend.outbox order by 1").await,
        ["a\taccepted", "b\tcancelled"]
    );
}
