//! Delivery receipts of the shipped providers, as they document them.

use serde_json::{Value, json};
use tend::outbox::returned::{About, Consequences, News, Said, Source, Taken, take};

use super::{answer, id, sent, shipped, site, states, suppressed, twilio};
use crate::support::{World, instant};
use crate::web::BASE;

/// A receipt of the gateway, by its own id.
fn delivered(reference: &str) -> News {
    News {
        about: About::Theirs(reference.into()),
        source: Source::Receipt,
        provider: Some("gw".into()),
        said: Said::Delivered,
        code: String::new(),
        detail: String::new(),
        at: None,
        to: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_reports_by_a_signed_form_and_the_address_names_the_message() {
    let world = sent(5, "sms", "sms-twilio").await;
    let (name, toml) = shipped("twilio-sms.toml");
    let site = site(&world, &name, &toml).await;
    let report = async |path: String, fields: &[(&str, &str)]| {
        let signature = twilio(&format!("{BASE}{path}"), fields);
        answer(site.provider(&path).header("X-Twilio-Signature", signature).form(fields)).await
    };
    for (customer, fields) in [
        (1, vec![("MessageSid", "SM1"), ("MessageStatus", "sent")]),
        (1, vec![("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", "+8613800000001")]),
        (2, vec![("MessageSid", "SM2"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005")]),
        (3, vec![("MessageSid", "SM3"), ("MessageStatus", "failed"), ("ErrorCode", "30003")]),
        (4, vec![("MessageSid", "SM4"), ("MessageStatus", "undelivered"), ("ErrorCode", "30007")]),
    ] {
        let path = format!("/r/sms-twilio?id={}", id(customer));
        assert_eq!(report(path, &fields).await, (200, String::new()), "{fields:?}");
    }
    // by Twilio's own id, where the address has none
    let done = report("/r/sms-twilio".into(), &[("MessageSid", "ref-5"), ("MessageStatus", "delivered")]).await;
    assert_eq!(done.0, 200);
    assert_eq!(
        states(&world).await,
        [
            "c1: delivered",
            "c2: bounced (came back, there is no such address: 30005 undelivered 30005)",
            "c3: bounced (came back: 30003 failed 30003)",
            "c4: bounced (came back, refused: 30007 undelivered 30007)",
            "c5: delivered",
        ]
    );
    assert_eq!(suppressed(&world).await, ["sms\tc2\tbounced"]);
    let counted = site.counted();
    assert_eq!((counted.receipts, counted.ignored, counted.unknown), (5, 1, 0), "sent means nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn aliyun_posts_lists_to_an_address_that_holds_the_secret_and_settles_what_is_in_doubt() {
    let world = sent(3, "sms", "sms-aliyun").await;
    world
        .sql(
            "update tend.attempt set outcome = 'in_doubt', becomes = case message_id when 3 then 'planned' else 'in_doubt' end;
             update tend.outbox set state = case message_id when 3 then 'planned' else 'in_doubt' end, state_reason = 'fate unknown';
             insert into tend.inquiry (message_id, attempt, channel, ask_at) values (1, 1, 'sms-aliyun', '2026-06-01')",
        )
        .await;
    let (name, toml) = shipped("aliyun-sms.toml");
    let site = site(&world, &name, &toml).await;
    let entry = |customer: usize, success: bool, code: &str| {
        json!({"phone_number": format!("1380000000{customer}"), "send_time": "2026-06-01 07:00:00", "report_time": "2026-06-01 07:30:00",
               "success": success, "err_code": code, "err_msg": "用户 13800000001", "sms_size": "1", "biz_id": "932", "out_id": id(customer)})
    };
    let body = json!([entry(1, true, "DELIVERED"), entry(2, false, "MK:0011"), entry(3, true, "DELIVERED"), entry(9, true, "DELIVERED"), {"x": 1}]);
    let (status, said) = answer(site.provider(&format!("/r/sms-aliyun/{}", super::SECRET)).json(&body)).await;
    assert_eq!((status, said.as_str()), (200, "{\"code\": 0, \"msg\": \"OK\"}"));
    assert_eq!(
        states(&world).await,
        [
            "c1: delivered (settled by its receipt: delivered)",
            "c2: bounced (came back: MK:0011 用户 ***)",
            "c3: delivered (settled by its receipt: delivered)",
        ],
        "the third was about to be sent again"
    );
    assert_eq!(world.value("select at from tend.receipt where message_id = 1").await, "2026-05-31 23:30:00+00");
    assert_eq!(
        world.value("select count(*) from tend.inquiry where ended_at is null").await,
        "0",
        "nobody asks any more"
    );
    assert_eq!((site.counted().unknown, site.counted().ignored), (1, 1));
}

/// Posts what a mail service documents, one event a customer.
async fn mails(file: &str, events: &[Value], path: &str, basic: bool) -> (Vec<String>, Vec<String>) {
    let (name, toml) = shipped(file);
    let world = sent(events.len(), "email", &name).await;
    let site = site(&world, &name, &toml).await;
    for event in events {
        let request = site.provider(path).json(event);
        let request = if basic { request.basic_auth("tend", Some(super::SECRET)) } else { request };
        assert_eq!(answer(request).await.0, 200, "{event}");
    }
    let kinds = states(&world).await.into_iter().map(|line| line.split(" (").next().unwrap().to_owned()).collect();
    (kinds, suppressed(&world).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn postmark_sendgrid_and_mailgun_report_bounces_complaints_and_deliveries() {
    let postmark = |customer: usize, kind: &str, sort: &str| {
        json!({"RecordType": kind, "Type": sort, "MessageID": "883953f4", "Email": "x@example.com", "BouncedAt": "2026-06-01T07:00:00Z",
               "Description": "The server was unable to deliver your message", "Metadata": {"tend_id": id(customer)}})
    };
    let events = [
        postmark(1, "Bounce", "HardBounce"),
        postmark(2, "Bounce", "SoftBounce"),
        postmark(3, "SpamComplaint", "SpamComplaint"),
        json!({"RecordType": "Delivery", "MessageID": "ref-4", "DeliveredAt": "2026-06-01T07:00:00Z"}),
        postmark(5, "Bounce", "Transient"),
    ];
    let (states, suppressed) = mails("postmark-mail.toml", &events, "/r/mail-postmark", true).await;
    assert_eq!(states, ["c1: bounced", "c2: bounced", "c3: complained", "c4: delivered", "c5: accepted"]);
    assert_eq!(suppressed, ["email\tc1\tbounced", "email\tc3\tcomplained"]);

    let sendgrid = |customer: usize, event: &str, sort: &str, status: &str| {
        json!({"event": event, "type": sort, "status": status, "timestamp": 1_780_272_000, "email": "x@example.com", "reason": "said so",
               "sg_message_id": "14c5d75ce93.dfd.64b469", "tend_id": id(customer)})
    };
    let events = [json!([
        sendgrid(1, "bounce", "bounce", "5.1.1"),
        sendgrid(2, "bounce", "bounce", "5.2.2"),
        sendgrid(3, "bounce", "blocked", "5.7.1"),
        sendgrid(4, "deferred", "", "4.2.1"),
        sendgrid(5, "delivered", "", "2.0.0"),
    ])];
    let (name, toml) = shipped("sendgrid-mail.toml");
    let world = sent(5, "email", &name).await;
    let site = site(&world, &name, &toml).await;
    let posted = answer(site.provider(&format!("/r/mail-sendgrid/{}", super::SECRET)).json(&events[0])).await;
    assert_eq!(posted.0, 200);
    let said = world.rows("select said from tend.receipt order by message_id").await;
    assert_eq!(said, ["bounced", "failed", "refused", "delayed", "delivered"]);

    let stamp = instant("2026-06-01T00:00:00Z").timestamp().to_string();
    let mailgun = |customer: usize, event: &str, severity: &str, reason: &str| {
        json!({"signature": {"timestamp": stamp, "token": "abc", "signature": super::calls::hmac_hex(&format!("{stamp}abc"))},
               "event-data": {"event": event, "severity": severity, "reason": reason, "timestamp": 1_780_272_000.5,
                              "delivery-status": {"code": 550, "message": "no"}, "user-variables": {"tend_id": id(customer)}}})
    };
    let events = [
        mailgun(1, "failed", "permanent", "bounce"),
        mailgun(2, "delivered", "", ""),
        mailgun(3, "complained", "", ""),
    ];
    let (states, suppressed) = mails("mailgun-mail.toml", &events, "/r/mail-mailgun", false).await;
    assert_eq!(states, ["c1: bounced", "c2: delivered", "c3: complained"]);
    assert_eq!(suppressed, ["email\tc1\tbounced", "email\tc3\tcomplained"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_and_however_often_the_outcome_is_the_same() {
    // what is said when (minute), and what the message is in the end
    for (said, becomes) in [
        (&[("delivered", 1), ("COMPLAINT", 2)][..], "complained"),
        (&[("delivered", 3), ("COMPLAINT", 2)], "complained"),
        (&[("delivered", 1), ("bad", 2)], "bounced"),
        (&[("delivered", 3), ("bad", 2)], "bounced"),
        (&[("fail", 1), ("delivered", 2)], "delivered"),
        (&[("delivered", 1), ("fail", 2)], "bounced"),
        (&[("later", 1), ("later", 2)], "accepted"),
        (&[("bad", 1), ("COMPLAINT", 2), ("delivered", 3), ("fail", 4)], "complained"),
    ] {
        for turned in [false, true] {
            let world = sent(1, "sms", "gw").await;
            let site = site(
                &world,
                "gw",
                &format!(
                    "kind = \"webhook\"\nurl = \"https://h.example/\"\n[verify]\nby = \"token\"\nplace = \"@x-token\"\nsecret = \"{}\"\n\
                     [reports]\nid = \"/id\"\nstatus = \"/s\"\nat = \"/at\"\ndelivered = [\"delivered\"]\nbounced = [\"bad\"]\n\
                     failed = [\"fail\"]\ndelayed = [\"later\"]\ncomplained = [\"COMPL*\"]",
                    super::SECRET
                ),
            )
            .await;
            let mut order = said.to_vec();
            if turned {
                order.reverse();
            }
            for (state, minute) in order.iter().chain(&order) {
                let body = json!({"id": id(1), "s": state, "at": format!("2026-05-31T23:{minute:02}:00Z")});
                let posted = site.provider("/r/gw").header("x-token", super::SECRET).json(&body);
                assert_eq!(answer(posted).await.0, 200);
            }
            assert_eq!(world.value("select state from tend.outbox").await, becomes, "{said:?} {turned}");
            let rows = world.value("select count(distinct said) = count(*) from tend.receipt").await;
            assert_eq!(rows, "true", "said again, written once");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_is_quicker_than_we_are_is_not_lost() {
    let world = sent(1, "sms", "sms-aliyun").await;
    world
        .sql(
            "update tend.outbox set state = 'claimed', owner = gen_random_uuid(), attempts = 0;
             update tend.attempt set finished_at = null, outcome = null, becomes = null",
        )
        .await;
    let (name, toml) = shipped("aliyun-sms.toml");
    let site = site(&world, &name, &toml).await;
    let body = json!([{"success": true, "err_code": "DELIVERED", "out_id": id(1)}]);
    assert_eq!(answer(site.provider(&format!("/r/sms-aliyun/{}", super::SECRET)).json(&body)).await.0, 200);
    assert_eq!(states(&world).await, ["c1: claimed"]);
    let settle = async || {
        let mut conn = world.pool().acquire().await.unwrap();
        tend::outbox::returned::settle(&mut conn, instant("2026-06-01T00:01:00Z")).await.unwrap()
    };
    assert_eq!(settle().await, 0, "still in the network");
    world.sql("update tend.outbox set state = 'accepted', owner = null, attempts = 1").await;
    assert_eq!(settle().await, 1);
    assert_eq!(states(&world).await, ["c1: delivered"]);
    assert_eq!(settle().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_with_a_time_before_all_times_is_taken_as_one_without() {
    let world = sent(2, "sms", "sms-aliyun").await;
    let (name, toml) = shipped("aliyun-sms.toml");
    let site = site(&world, &name, &toml).await;
    for (customer, at) in [(1, "-200000-01-01 00:00:00"), (2, "0001-01-01T00:00:00Z")] {
        let entry = json!({"success": true, "err_code": "DELIVERED", "report_time": at, "out_id": id(customer)});
        assert_eq!(
            answer(site.provider(&format!("/r/sms-aliyun/{}", super::SECRET)).json(&entry)).await.0,
            200,
            "{at}"
        );
    }
    assert_eq!(world.rows("select said, at from tend.receipt").await, ["delivered\t2026-06-01T00:00:00+00:00"; 2]);
}

#[tokio::test]
async fn what_arrived_by_an_earlier_attempt_is_not_sent_once_more_also_while_it_is_held() {
    let world = sent(4, "sms", "gw").await;
    // 1 to 3: the first attempt in doubt and sent again, the second put off; 4: both put off
    world
        .sql(
            "update tend.attempt set outcome = case when message_id < 4 then 'in_doubt' else 'retry' end, becomes = 'planned';
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes, retry_at)
             select message_id, 2, owner, handed_off_at, finished_at, 'retry', 'planned', '2026-06-01T02:00:00Z' from tend.attempt;
             update tend.outbox set attempts = 2, state = case message_id when 2 then 'held' else 'planned' end,
                 state_reason = case message_id when 2 then 'limit' else 'put off' end",
        )
        .await;
    let mut conn = world.pool().acquire().await.unwrap();
    for (customer, said) in [(1, Said::Delivered), (2, Said::Delivered), (3, Said::Bounced), (4, Said::Delivered)] {
        let news = News { about: About::Ours(id(customer).parse().unwrap()), ..delivered("") };
        let news = News { said, ..news };
        let now = instant("2026-06-01T01:00:00Z");
        assert_eq!(take(&mut conn, &news, Consequences::default(), now).await.unwrap(), Taken::New);
    }
    assert_eq!(
        states(&world).await,
        [
            "c1: delivered (settled by its receipt: delivered)",
            "c2: delivered (settled by its receipt: delivered)",
            "c3: bounced (came back, there is no such address:)",
            "c4: planned (put off)",
        ],
        "nobody can have had the fourth"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounced_mail_goes_on_by_the_next_channel_and_late_news_of_the_first_do_not_touch_it() {
    let world = sent(1, "email", "mail-postmark").await;
    let (name, toml) = shipped("postmark-mail.toml");
    let site = site(&world, &name, &toml).await;
    let post = async |kind: &str, sort: &str| {
        let body = json!({"RecordType": kind, "Type": sort, "Metadata": {"tend_id": id(1)}});
        answer(site.provider("/r/mail-postmark").basic_auth("tend", Some(super::SECRET)).json(&body)).await.0
    };
    world.sql("update tend.outbox set fallback = '[{\"channel\": \"sms\", \"locale\": \"en\"}]'").await;
    assert_eq!(post("Bounce", "HardBounce").await, 200);
    let office = crate::outbox::office::dispatcher(
        &world,
        crate::outbox::office::options(&[(
            "files",
            "kind = \"recording\"\nsort = \"sms\"\nfolder = \"/nonexistent/tend\"",
        )]),
    );
    office.drain_once().await.unwrap();
    let state = world.value("select channel || ' ' || state from tend.outbox").await;
    assert!(state.starts_with("sms "), "{state}");
    assert_eq!(post("SpamComplaint", "SpamComplaint").await, 200, "a channel speaks of its own messages only");
    assert_eq!(world.value("select channel || ' ' || state from tend.outbox").await, state);
}

#[tokio::test]
async fn messages_are_found_by_index() {
    let world = sent(1, "sms", "gw").await;
    world
        .sql(
            "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, provider, template, locale, data,
                                      not_before, not_after, state, state_at, created_at, provider_ref)
             select 1, 't', repeat('a', 64), 'x' || i, 'o', 'marketing', 't', 'sms', 'gw', 't', 'en', '{}', '2026-06-01', '2026-06-04', 'accepted',
                    '2026-06-01', '2026-06-01', 'many-' || i
             from generate_series(1, 20000) i;
             analyze tend.outbox",
        )
        .await;
    let written = include_str!("../../../src/outbox/returned/take.sql");
    let types = "uuid, text, text, text[], text, text, text, text, timestamptz, timestamptz, boolean, bigint, timestamptz, timestamptz";
    let arguments = "null, 'many-7', 'gw', '{}', 'receipt', 'failed', '', '', now(), now(), true, 5, now(), now()";
    let reply = include_str!("../../../src/outbox/returned/reply/take.sql");
    let of_reply = "text, text, text, timestamptz, timestamptz, text, text, boolean, timestamptz, boolean";
    for (statement, types, arguments) in [
        (written, types, arguments),
        (reply, of_reply, "'+8613800000001', 'gw', 'stop', now(), now(), null, '', false, now(), true"),
    ] {
        for mode in ["generic", "custom"] {
            let plan = plan(&world, mode, types, statement, arguments).await;
            for table in ["outbox", "receipt", "occasion", "customer", "choice", "reply"] {
                assert!(!plan.contains(&format!("Seq Scan on {table}")), "{mode} {table}: {plan}");
            }
        }
    }
    let started = std::time::Instant::now();
    let mut conn = world.pool().acquire().await.unwrap();
    for n in 0..50 {
        let news = delivered(&format!("many-{n}"));
        take(&mut conn, &news, Consequences::default(), instant("2026-06-01T01:00:00Z")).await.unwrap();
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}

/// How a statement is carried out, without statistics of small tables talking it into reading them whole.
async fn plan(world: &World, mode: &str, types: &str, statement: &str, arguments: &str) -> String {
    let mut conn = world.pool().acquire().await.unwrap();
    let prepared = format!(
        "begin; set local enable_seqscan = off; set local plan_cache_mode = force_{mode}_plan; prepare statement ({types}) as {}",
        statement.replace("!\"", "\"")
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(prepared)).execute(&mut *conn).await.unwrap();
    let explain = format!("explain (costs off) execute statement ({arguments})");
    let plan = sqlx::raw_sql(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *conn).await.unwrap();
    let lines: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, 0)).collect();
    conn.close().await.unwrap();
    lines.join("\n")
}
