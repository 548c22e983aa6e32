//! Coupon codes: reserved with the message, given back when it failed, waited for, counted.

use std::io::Write as _;
use std::sync::Arc;

use tend::clock::Clock;
use tend::outbox::coupon;
use tend::outbox::dispatch::Options;

use super::people::{Person, come, outcome};
use super::plan::{Plan, changed};
use crate::support::{World, instant};

/// The shipped file whose last offer, the only one taken here, has a coupon.
fn with(coupon: &str) -> String {
    changed("name = \"normal\"", &format!("name = \"normal\"\ncoupon = {{ pool = \"bday\", {coupon} }}"))
}

async fn pool(world: &World, codes: u32) {
    world
        .sql(&format!(
            "insert into tend.coupon_pool (pool, low_water, created_at) values ('bday', 2, 'epoch');
             insert into tend.coupon (pool, code, imported_at) select 'bday', 'CODE' || i, 'epoch' from generate_series(1, {codes}) i"
        ))
        .await;
}

fn people(count: usize) -> impl Iterator<Item = Person> {
    (1..=count).map(|place| Person::born(&format!("p{place}"), 11, 24))
}

/// Who carries which code; `-` waits or goes without.
async fn carried(world: &World) -> String {
    world
        .rows(
            "select m.customer_id || ':' || coalesce(c.code, '-') || case m.state when 'planned' then '' else ' ' || m.state end
             from tend.outbox m left join tend.coupon c using (coupon_id) order by m.customer_id collate \"C\"",
        )
        .await
        .join(" ")
}

async fn free(world: &World) -> String {
    world.value("select count(*) from tend.coupon where reserved_at is null").await
}

#[tokio::test]
async fn each_message_gets_a_code_of_its_own_and_the_preview_says_how_many() {
    let world = World::new().await;
    pool(&world, 5).await;
    come(&world, people(3)).await;
    let plan = Plan::file(&with("valid_for = \"30d\""));
    let preview = plan.explained(&world, "2026-11-21", false).await;
    assert_eq!(preview.json["coupons"].to_string(), r#"[{"left":2,"pool":"bday","taken":3,"waiting":0}]"#);
    assert!(preview.text.contains("Coupon codes\n"), "{}", preview.text);
    assert_eq!(free(&world).await, "5", "a preview keeps nothing");
    plan.on(&world, "2026-11-21").await;
    assert_eq!(carried(&world).await, "p1:CODE1 p2:CODE2 p3:CODE3");
    assert_eq!(world.value("select string_agg(distinct told_until::text, ' ') from tend.coupon").await, "2026-12-21");
}

#[tokio::test]
async fn codes_that_end_too_early_are_not_handed_out_and_those_that_end_first_go_first() {
    let world = World::new().await;
    pool(&world, 4).await;
    world
        .sql(
            "update tend.coupon set expires_on = '2026-12-20' where code = 'CODE1';
             update tend.coupon set expires_on = '2027-12-31' where code = 'CODE2';
             update tend.coupon set expires_on = '2027-06-30' where code = 'CODE3'",
        )
        .await;
    come(&world, people(3)).await;
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    assert_eq!(carried(&world).await, "p1:CODE3 p2:CODE2 p3:CODE4");
}

#[tokio::test]
async fn an_empty_pool_holds_skips_or_sends_without_as_the_file_says() {
    for (on_empty, messages, reasons) in [
        ("on_empty = \"hold\"", "p1:CODE1 p2:- held", "p1 p2 | "),
        ("on_empty = \"skip\"", "p1:CODE1", "p1 | p2:no_coupon"),
        ("on_empty = \"send_without\"", "p1:CODE1 p2:-", "p1 p2 | "),
    ] {
        let world = World::new().await;
        pool(&world, 1).await;
        come(&world, people(2)).await;
        Plan::file(&with(on_empty)).on(&world, "2026-11-21").await;
        assert_eq!(carried(&world).await, messages, "{on_empty}");
        assert_eq!(outcome(&world).await, reasons, "{on_empty}");
    }
}

#[tokio::test]
async fn who_was_skipped_gets_a_code_the_next_night() {
    let world = World::new().await;
    pool(&world, 0).await;
    come(&world, people(1)).await;
    let plan = Plan::file(&with("on_empty = \"skip\""));
    plan.on(&world, "2026-11-21").await;
    assert_eq!(carried(&world).await, "");
    world.sql("insert into tend.coupon (pool, code, imported_at) values ('bday', 'NEW', 'epoch')").await;
    plan.on(&world, "2026-11-22").await;
    assert_eq!(carried(&world).await, "p1:NEW");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_never_take_the_same_code() {
    let world = Arc::new(World::new().await);
    pool(&world, 40).await;
    come(&world, people(30)).await;
    // three jobs over the same pool: the ledger is apart by job, so each wants a code for each customer
    let runs: Vec<_> = (1..=3)
        .map(|number| {
            let (world, file) = (world.clone(), with(&format!("valid_for = \"{number}d\"")));
            tokio::spawn(async move {
                Plan::file(&file).under(&format!("job{number}")).on(&world, "2026-11-21").await;
            })
        })
        .collect();
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(world.value("select count(*) from tend.outbox where coupon_id is not null").await, "40");
    assert_eq!(world.value("select count(distinct coupon_id) from tend.outbox").await, "40");
    assert_eq!(world.value("select count(*) from tend.outbox where state = 'held'").await, "50");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_somebody_else_is_taking_are_passed_over_without_waiting() {
    let world = World::new().await;
    pool(&world, 5).await;
    come(&world, people(3)).await;
    let mut other = world.pool().begin().await.unwrap();
    sqlx::query("update tend.coupon set reserved_at = 'epoch' where coupon_id in (select coupon_id from tend.free_coupons('bday', '2026-12-31', 2))")
        .execute(&mut *other)
        .await
        .unwrap();
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    assert_eq!(carried(&world).await, "p1:CODE3 p2:CODE4 p3:CODE5");
    other.rollback().await.unwrap();
    assert_eq!(free(&world).await, "2");
}

#[tokio::test]
async fn messages_that_wait_for_an_empty_pool_do_not_keep_others_from_theirs() {
    let world = World::new().await;
    pool(&world, 0).await;
    world
        .sql(
            "insert into tend.coupon_pool (pool, low_water, created_at) values ('other', 0, 'epoch');
             insert into tend.coupon (pool, code, imported_at) values ('other', 'OTHER', 'epoch');
             insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data, priority,
                                      not_before, not_after, state, state_reason, state_at, created_at)
             select 1, 'j', 'x', 'c' || i, 'o', 'marketing', 't', 'email', 't', 'en',
                    jsonb_build_object('coupon', jsonb_build_object('pool', case i when 0 then 'other' else 'bday' end)), least(i, 50),
                    '2026-11-21Z', '2026-11-24Z', 'held', 'coupon', '2026-11-21Z', '2026-11-21Z'
             from generate_series(0, 1000) i",
        )
        .await;
    let mut conn = world.pool().acquire().await.unwrap();
    assert_eq!(coupon::fill(&mut conn, instant("2026-11-21T02:00:00Z")).await.unwrap(), 1);
    assert_eq!(world.value("select customer_id from tend.outbox where coupon_id is not null").await, "c0");
}

#[tokio::test]
async fn a_code_stays_with_a_message_that_may_still_go_by_another_channel() {
    let world = World::new().await;
    pool(&world, 1).await;
    come(&world, people(1)).await;
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    world.sql("update tend.outbox set fallback = '[{\"channel\": \"sms\"}]'").await;
    world.sql("update tend.outbox set state = 'rejected'").await;
    assert_eq!(free(&world).await, "0", "the text message will carry it");
    world.sql("update tend.outbox set fallback = null").await;
    assert_eq!(free(&world).await, "1", "nothing is left to try");
}

#[tokio::test]
async fn a_message_that_waits_in_a_copied_database_waits_for_a_person() {
    let world = World::new().await;
    pool(&world, 0).await;
    come(&world, people(1)).await;
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    let mut conn = world.pool().acquire().await.unwrap();
    tend::outbox::home::hold(&mut conn, instant("2026-11-21T02:00:00Z")).await.unwrap();
    world.sql("insert into tend.coupon (pool, code, imported_at) values ('bday', 'NEW', 'epoch')").await;
    assert_eq!(coupon::fill(&mut conn, instant("2026-11-21T02:00:00Z")).await.unwrap(), 0);
    assert!(world.value("select state_reason from tend.outbox").await.starts_with("clone: "));
}

#[tokio::test]
async fn a_code_comes_back_after_a_definite_failure_and_stays_in_doubt() {
    let world = World::new().await;
    pool(&world, 8).await;
    come(&world, people(8)).await;
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    let end = async |customer: &str, state: &str| {
        world
            .sql(&format!(
                "update tend.outbox set state = '{state}', state_reason = 'test' where customer_id = '{customer}'"
            ))
            .await;
    };
    let attempt = async |customer: &str, outcome: &str| {
        world
            .sql(&format!(
                "insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
                 select message_id, 1, gen_random_uuid(), '2026-11-21Z', '2026-11-21Z', '{outcome}', 'rejected'
                 from tend.outbox where customer_id = '{customer}'"
            ))
            .await;
    };
    attempt("p1", "rejected").await;
    end("p1", "rejected").await;
    end("p2", "expired").await;
    end("p3", "suppressed").await;
    end("p4", "cancelled").await;
    end("p5", "accepted").await;
    end("p6", "in_doubt").await;
    // somebody gave it up though it may have arrived
    attempt("p7", "in_doubt").await;
    end("p7", "cancelled").await;
    end("p8", "dead").await;
    let back = world.rows("select code from tend.coupon where reserved_at is null order by code").await;
    assert_eq!(back, ["CODE1", "CODE2", "CODE3", "CODE4"]);
}

#[tokio::test]
async fn an_import_gives_codes_to_who_waits_and_bad_files_change_nothing() {
    let world = World::new().await;
    world.advance_to(instant("2026-11-21T01:00:00Z")).await;
    come(&world, people(2)).await;
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    assert_eq!(carried(&world).await, "p1:- held p2:- held");
    let import = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let out = world.tend().args(["coupons", "import", "bday"]).arg(file.path()).output().unwrap();
        let said = String::from_utf8_lossy(if out.status.success() { &out.stdout } else { &out.stderr }).into_owned();
        (out.status.success(), said.replace(&file.path().display().to_string(), "FILE"))
    };
    for (bad, why) in [
        ("SECRET-1\nSECRET-2\n", "line 1: the first line names the columns"),
        ("code\n", "there are no codes"),
        ("code\nOK-1\nSECRET 2\n", "line 3: a code is"),
        ("code,expires\nSECRET-1,2026-11-20\n", "line 2: the code ended on 2026-11-20"),
        ("code,expires\nSECRET-1,soon\n", "line 2: expires is a day"),
    ] {
        let (done, said) = import(bad);
        assert!(!done && said.contains(why), "{bad:?}: {said}");
        assert!(!said.contains("SECRET"), "codes are not shown: {said}");
    }
    assert_eq!(world.value("select count(*) from tend.coupon").await, "0");
    let (done, said) = import("code,expires\nA-1,2027-06-01\nA-1,2027-06-01\nB_2,\nC.3,2027-01-01\n");
    assert!(done, "{said}");
    assert_eq!(
        said.trim(),
        "bday: 4 read, 3 new, 1 were there already; 2 messages that waited for a code are owed now"
    );
    assert_eq!(carried(&world).await, "p1:C.3 p2:A-1");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"code\nA-1\n").unwrap();
    let out = world.tend().args(["coupons", "import", "other"]).arg(file.path()).output().unwrap();
    assert!(
        !out.status.success() && String::from_utf8_lossy(&out.stderr).contains("line 2: the code is in another pool")
    );
    let out = world.tend().args(["coupons", "list"]).output().unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&out.stdout));
}

#[tokio::test]
async fn the_mail_shows_the_code_and_who_waits_is_not_sent_without() {
    let world = World::new().await;
    world
        .sql(
            "insert into tend.template (hash, body) values (repeat('3', 64), 'Code {{ coupon.code }} until {{ coupon.expires|date(\"%-d %B\") }}');
             insert into tend.spec (hash, job, kind, body, templates) values (repeat('0', 64), 'birthday', 'message', '',
                 jsonb_build_object('birthday/sms.zh-CN.txt', repeat('3', 64), 'birthday/sms.en.txt', repeat('3', 64)))",
        )
        .await;
    pool(&world, 1).await;
    come(
        &world,
        (1..=2)
            .map(|n| Person::born(&format!("p{n}"), 11, 24).set("email", "null").phone(&format!("+861380013800{n}"))),
    )
    .await;
    Plan::file(&with("valid_for = \"30d\"")).on(&world, "2026-11-21").await;
    // somebody sends the one that waits all the same
    world.sql("update tend.outbox set state = 'planned' where state = 'held'").await;
    let dir = tempfile::tempdir().unwrap();
    let channel = toml::from_str(&format!("kind = \"recording\"\nsort = \"sms\"\nfolder = {:?}", dir.path())).unwrap();
    let options =
        Options { channels: [("text".to_owned(), channel)].into(), host: "test".into(), ..Options::default() };
    world.advance_to(instant("2026-11-21T03:00:00Z")).await;
    let office = tend::outbox::dispatch::Dispatcher::new(world.db().clone(), world.clock(), options).unwrap();
    office.drain_once().await.unwrap();
    let sent = std::fs::read_to_string(dir.path().join("sms.jsonl")).unwrap();
    assert!(sent.contains("Code CODE1 until 21 December"), "{sent}");
    assert_eq!(carried(&world).await, "p1:CODE1 accepted p2:- held");
    // a code that comes back goes to who waits
    world.sql("insert into tend.coupon (pool, code, imported_at) values ('bday', 'BACK', 'epoch')").await;
    office.drain_once().await.unwrap();
    assert_eq!(carried(&world).await, "p1:CODE1 accepted p2:BACK accepted");
}

#[tokio::test]
async fn pools_are_counted() {
    let world = World::new().await;
    pool(&world, 3).await;
    let mut conn = world.pool().acquire().await.unwrap();
    let now = Clock::Driven.now(&mut conn).await.unwrap();
    let pools = coupon::pools(&mut conn, now).await.unwrap();
    assert_eq!((pools[0].left, pools[0].reserved, pools[0].low_water), (3, 0, 2));
}

#[test]
fn a_template_may_show_a_code_only_where_there_is_one() {
    use tend::outbox::channel::settings::Sort;
    use tend::outbox::template::{Codes, Known, TemplateFolder};
    let said = |text: &str, coupon: Codes| {
        let folder = TemplateFolder::from_files([("t/sms.en.txt", text)]);
        let known = Known { coupon, ..Known::default() };
        folder
            .check("t", &[Sort::Sms], &known)
            .into_iter()
            .map(|problem| problem.message)
            .collect::<Vec<_>>()
            .join("; ")
    };
    let all = Codes { some: true, all: true, expire: true };
    let some = Codes { all: false, ..all };
    assert_eq!(said("{{ coupon.code }}", Codes::default()), "unknown variable `coupon.code`");
    assert_eq!(said("{{ coupon.cod }}", all), "unknown variable `coupon.cod`");
    assert_eq!(said("{{ coupon.code }} {{ coupon.expires }}", all), "");
    assert_eq!(said("{{ coupon.code }}", some), "some messages of the job have no code, so `coupon.code` may be empty");
    assert_eq!(said("{% if coupon.code %}Code {{ coupon.code }}{% endif %}", some), "");
    assert!(said("{% if coupon.code %}ok{% else %}{{ coupon.code }}{% endif %}", some).contains("may be empty"));
    assert!(said("{{ coupon.expires }}", Codes { expire: false, ..all }).contains("no `valid_for`"));
}
