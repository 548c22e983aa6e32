//! Mails that come back, as servers write them: the fixtures in `mails/` follow the formats their makers document, with made-up
//! names.

use std::path::PathBuf;

use chrono::TimeDelta;
use tend::outbox::returned::mail::{Returned, read};
use tend::outbox::returned::mailbox::{Tally, mails};
use tend::outbox::returned::{About, Consequences, News, Said, Source, Taken, take};

use super::{anything, id, sent, states, suppressed};
use crate::support::{World, instant};

pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/it/returned/mails/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub async fn taken(world: &World, raw: &[u8]) -> Tally {
    let mut conn = world.pool().acquire().await.unwrap();
    mails(&mut conn, raw, Consequences::default(), instant("2026-06-01T02:00:00Z")).await.unwrap()
}

#[tokio::test]
async fn reports_of_fourteen_servers_are_understood() {
    let world = sent(14, "email", "smtp").await;
    for (file, at) in [
        ("postfix.eml", 1),
        ("exim.eml", 2),
        ("exim-plain.eml", 3),
        ("exchange.eml", 4),
        ("gmail.eml", 5),
        ("gmail-delay.eml", 6),
        ("qq.eml", 7),
        ("163.eml", 8),
        ("sendmail.eml", 9),
        ("qmail.eml", 10),
        ("yahoo-arf.eml", 11),
        ("aol-arf.eml", 12),
        ("ses.eml", 13),
        ("exchange-policy.eml", 14),
    ] {
        let raw = fixture(file);
        let tally = taken(&world, &raw).await;
        assert_eq!((tally.mails, tally.recorded), (1, 1), "{file}: {:?}", read(&raw));
        assert_eq!(taken(&world, &raw).await.known, 1, "{file}: again");
        assert_eq!(
            world.value(&format!("select count(*) from tend.receipt where message_id = {at}")).await,
            "1",
            "{file}"
        );
        // as a mail server with other line ends hands it on
        let crlf = String::from_utf8_lossy(&raw).replace('\n', "\r\n");
        assert!(matches!(read(crlf.as_bytes()), Returned::News(_)), "{file} with CRLF");
    }
    insta::assert_snapshot!(
        world
            .rows("select message_id, source, said, code, at, detail from tend.receipt order by message_id")
            .await
            .join("\n")
    );
    let by_state = world
        .rows(
            "select state, string_agg(customer_id, ' ' order by message_id) from tend.outbox group by state order by 1",
        )
        .await;
    assert_eq!(by_state, ["accepted\tc6", "bounced\tc1 c2 c3 c4 c5 c7 c8 c9 c10 c13 c14", "complained\tc11 c12"]);
    let suppressed: Vec<_> = suppressed(&world).await.iter().map(|line| line.replace("email\t", "")).collect();
    assert_eq!(
        suppressed,
        [
            "c1\tbounced",
            "c10\tbounced",
            "c11\tcomplained",
            "c12\tcomplained",
            "c13\tbounced",
            "c2\tbounced",
            "c4\tbounced",
            "c5\tbounced",
            "c7\tbounced",
            "c8\tbounced"
        ],
        "a full mailbox and an unwanted message say nothing against the address"
    );
}

#[tokio::test]
async fn what_is_no_report_changes_nothing() {
    let world = sent(11, "email", "smtp").await;
    for (file, kind) in [
        ("vacation.eml", "auto_reply"),
        ("vacation-zh.eml", "auto_reply"),
        ("person.eml", "other"),
        ("not-spam-arf.eml", "other"),
    ] {
        assert_eq!(read(&fixture(file)).as_str(), kind, "{file}");
        assert_eq!(taken(&world, &fixture(file)).await.recorded, 0, "{file}");
    }
    for (raw, kind) in [(&b""[..], "unreadable"), (b"\xff\xfe", "other"), (b"\n\n\n", "unreadable")] {
        assert_eq!(read(raw).as_str(), kind, "{raw:?}");
    }
    assert_eq!(world.value("select count(*) from tend.receipt").await, "0");
}

#[tokio::test]
async fn forged_reports_count_for_nothing() {
    let world = sent(2, "email", "smtp").await;
    let postfix = String::from_utf8(fixture("postfix.eml")).unwrap();
    let arf = String::from_utf8(fixture("yahoo-arf.eml"))
        .unwrap()
        .replace("c11@", "c1@")
        .replace("000000000011", "000000000001");
    for (what, raw) in [
        ("a message tend never sent", postfix.replace("-000000000001@", "-000000000077@").replace("0001\"", "0077\"")),
        (
            "another customer's address, by somebody's own message",
            postfix
                .replace("rfc822; c1@example.com", "rfc822; c2@example.com")
                .replace("rfc822;c1@example.com", "rfc822;c2@example.com"),
        ),
        (
            "no address",
            postfix
                .replace("rfc822; c1@example.com", "rfc822; nobody")
                .replace("rfc822;c1@example.com", "x400; c1@example.com"),
        ),
        ("no id of ours", postfix.replace("<00000000-0000-4000-8000-000000000001@", "<1@").replace("tend-0", "x-0")),
        ("an id that nobody's database makes", postfix.replace("-4000-8000-", "-1000-8000-").replace("tend-0", "x-0")),
        ("a complaint about another's mail", arf.replace("Original-Rcpt-To: c1@", "Original-Rcpt-To: c2@")),
    ] {
        let tally = taken(&world, raw.as_bytes()).await;
        assert_eq!((tally.recorded, tally.not_ours), (0, 1), "{what}");
    }
    assert_eq!(states(&world).await, ["c1: accepted", "c2: accepted"]);
    assert_eq!(suppressed(&world).await, Vec::<String>::new());
    // a text message cannot come back as a mail
    world.sql("update tend.outbox set channel = 'sms'").await;
    assert_eq!(taken(&world, postfix.as_bytes()).await.not_ours, 1);
    // whoever may make codes up does not fill the table
    world.sql("update tend.outbox set channel = 'email'").await;
    for detail in 0..40 {
        taken(&world, postfix.replace("5.1.1", &format!("5.1.{detail}")).as_bytes()).await;
    }
    assert_eq!(world.value("select count(*) from tend.receipt").await, "20");
}

#[tokio::test]
async fn an_address_that_fails_again_and_again_is_suppressed_in_the_end() {
    let world = sent(1, "email", "smtp").await;
    world
        .sql(
            "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, provider, template, locale, data,
                                      not_before, not_after, state, state_at, created_at, public_id)
             select 1, 't', repeat('a', 64), 'c1', 'o' || i, 'marketing', 't', 'email', 'smtp', 't', 'en', '{}', '2026-06-01', '2026-06-04', 'accepted',
                    '2026-06-01', '2026-06-01', ('00000000-0000-4000-8000-' || lpad((100 + i)::text, 12, '0'))::uuid
             from generate_series(1, 6) i",
        )
        .await;
    let full = String::from_utf8(fixture("sendmail.eml")).unwrap().replace("c9@example.com", "c1@example.com");
    let fails = async |n: usize| {
        let raw = full.replace(&id(9), &id(100 + n));
        assert_eq!(taken(&world, raw.as_bytes()).await.recorded, 1, "{n}");
        assert_eq!(taken(&world, raw.as_bytes()).await.known, 1);
    };
    for n in 1..=4 {
        fails(n).await;
    }
    assert_eq!(suppressed(&world).await, Vec::<String>::new());
    fails(5).await;
    assert_eq!(suppressed(&world).await, ["email\tc1\tbounced"]);
    // staff lifts it; the old reports say nothing new
    world.sql("update tend.suppression set lifted_at = '2026-06-01'").await;
    assert_eq!(taken(&world, full.replace(&id(9), &id(105)).as_bytes()).await.known, 1);
    assert_eq!(suppressed(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_mailbox_that_is_full_now_and_then_among_mails_that_arrive_stays_an_address() {
    // one mail a week from 2026-04-06; what was taken so long ago and is silent since has arrived
    for (failing, silent, expected) in [
        (&[1, 3, 5, 7, 9][..], true, Vec::new()),
        (&[1, 2, 3, 4, 6], true, Vec::new()),
        (&[5, 6, 7, 8, 9], true, vec!["email\tc1\tbounced".to_owned()]),
        // the mails between went elsewhere, or nobody took them
        (&[1, 3, 5, 7, 9], false, vec!["email\tc1\tbounced".to_owned()]),
    ] {
        let world = sent(1, "email", "smtp").await;
        world
            .sql(&format!(
                "delete from tend.outbox; delete from tend.occasion;
                 insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, provider, template, locale,
                                          data, not_before, not_after, state, state_at, created_at, public_id)
                 select 1, 't', repeat('a', 64), 'c1', 'o' || i, 'marketing', 't', 'email', 'smtp', 't', 'en', '{{}}', at, at + interval '1 day',
                        case when {silent} or i in (1, 3, 5, 7, 9) then 'accepted' else case i when 2 then 'expired' else 'accepted' end end,
                        at, at, ('00000000-0000-4000-8000-' || lpad((100 + i)::text, 12, '0'))::uuid
                 from generate_series(1, 9) i, lateral (select '2026-04-06Z'::timestamptz + (i - 1) * interval '7 days' as at) d;
                 insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
                 select job, customer_id, occasion, not_before::date,
                        tend.address_key('email', case when {silent} or occasion not in ('o4', 'o6', 'o8') then 'c1@example.com' else 'old@example.com' end),
                        1, not_before
                 from tend.outbox"
            ))
            .await;
        let mut conn = world.pool().acquire().await.unwrap();
        for n in failing {
            let news = News {
                about: About::Ours(id(100 + n).parse().unwrap()),
                source: Source::Dsn,
                provider: None,
                said: Said::Failed,
                code: "4.2.2".into(),
                detail: String::new(),
                at: None,
                to: Vec::new(),
            };
            let weeks = TimeDelta::weeks(i64::try_from(*n).unwrap() - 1);
            let now = instant("2026-04-06T01:00:00Z") + weeks;
            assert_eq!(take(&mut conn, &news, Consequences::default(), now).await.unwrap(), Taken::New);
        }
        assert_eq!(suppressed(&world).await, expected, "{failing:?} {silent}");
    }
}

/// The examples of a folder here, with which the fuzz targets begin, too.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("{}/tests/it/returned/{folder}", env!("CARGO_MANIFEST_DIR")));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_providers_post_is_understood_by_their_channel() {
    for file in files("posted") {
        let name = file.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
        assert!(anything::call(&std::fs::read(&file).unwrap()).contains(&name.as_str()), "{}", file.display());
    }
}

#[test]
fn no_bytes_whatever_break_the_readers() {
    let mut seed = 0x2026_0601_u64;
    let mut dice = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below.max(1) as u64).unwrap()
    };
    let files: Vec<_> = ["mails", "posted"].into_iter().flat_map(files).collect();
    let words: [&[u8]; 8] =
        [b"\n\n", b"--", b"Content-Type: message/rfc822\n\n", b"boundary=", b"\xb0\xa1", b"\0", b": ", b"=?gb18030?B?"];
    let mut tried = 0;
    for file in files {
        let whole = std::fs::read(&file).unwrap();
        for _ in 0..250 {
            let mut bytes = whole.clone();
            for _ in 0..=dice(6) {
                let (at, other) = (dice(bytes.len()), dice(bytes.len()));
                let (from, to) = (at.min(other), at.max(other));
                match dice(6) {
                    0 => bytes.truncate(at),
                    1 => drop(bytes.drain(from..to)),
                    2 => bytes[at] = u8::try_from(dice(256)).unwrap(),
                    3 => drop(bytes.splice(at..at, words[dice(words.len())].iter().copied())),
                    4 => {
                        let piece = bytes[from..to].to_vec();
                        bytes.splice(at..at, piece);
                    }
                    _ => bytes[from..to].reverse(),
                }
                if bytes.is_empty() {
                    bytes = b"x".to_vec();
                }
            }
            anything::mail(&bytes);
            anything::call(&bytes);
            tried += 1;
        }
    }
    assert!(tried >= 4_000, "{tried}");
}

#[test]
fn mails_made_to_hurt_are_read_in_no_time_or_refused() {
    let started = std::time::Instant::now();
    let nested = "Content-Type: message/rfc822\n\n".repeat(20_000);
    let parts = format!(
        "Content-Type: multipart/mixed; boundary=a\n\n{}",
        "--a\nContent-Type: multipart/x; boundary=b\n\n".repeat(20_000)
    );
    let headers = "X: y\n".repeat(400_000);
    let fields = format!(
        "Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/delivery-status\n\n{}",
        "Final-Recipient: x; y\nAction: failed\n\n".repeat(20_000)
    );
    let complaint = format!(
        "Content-Type: multipart/report; boundary=a\nMessage-ID: <{0}@x>\n\n--a\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: abuse\n{1}\n--a\nContent-Type: message/rfc822\n\nMessage-ID: <{0}@x>\n\nx\n--a--\n",
        id(1),
        (0..10_000).map(|n| format!("Original-Rcpt-To: c{n}@x.y\n")).collect::<String>()
    );
    assert_eq!(read(complaint.as_bytes()).as_str(), "report");
    let folded = format!("Subject: x\nMessage-ID:{}", "\n <a@b>".repeat(100_000));
    for raw in [
        nested,
        parts,
        headers,
        fields,
        complaint,
        folded,
        "From ".repeat(200_000),
        "\n\nFrom ".repeat(100_000),
        "<".repeat(1_000_000),
    ] {
        anything::mail(raw.as_bytes());
    }
    let deep = format!("Content-Type: multipart/digest; boundary=a\n\n{}", "--a\n\n".repeat(100_000));
    anything::mail(deep.as_bytes());
    assert!(started.elapsed() < std::time::Duration::from_secs(60), "{:?}", started.elapsed());
}
