//! Text messages of customers.

use serde_json::json;
use tend::outbox::returned::calls::Callers;

use super::{SECRET, answer, sent, shipped, site, suppressed, twilio};
use crate::outbox::office::options;
use crate::support::{World, instant};
use crate::web::{BASE, Site};

const GATEWAY: &str = "kind = \"webhook\"\nurl = \"https://h.example/\"\n[verify]\nby = \"token\"\nsecret = \"0123456789abcdef0123456789abcdef\"\n\
    [replies]\nfrom = \"/from\"\ntext = \"/text\"\nreference = \"/ref\"\nanswer = \"ok\"\nconfirm_with = '{\"say\": {{ text }}}'\n\
    stopped = { en = \"Bye \\\"you\\\"\", \"zh-CN\" = \"已退订\" }\nstarted = { en = \"Hello\" }\n";

async fn say(site: &Site, from: &str, text: &str) -> String {
    let (status, said) =
        answer(site.provider(&format!("/i/gw/{SECRET}")).json(&json!({"from": from, "text": text}))).await;
    assert_eq!(status, 200);
    said
}

/// purpose granted source, in order.
async fn choices(world: &World) -> Vec<String> {
    world.rows("select customer_id, purpose, granted, source from tend.choice order by choice_id").await
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_is_written_down_as_the_unsubscribe_page_does_and_confirmed_once() {
    let world = sent(2, "sms", "gw").await;
    let site = site(&world, "gw", GATEWAY).await;
    assert_eq!(say(&site, "+8613800000001", " Ｔ。").await, "{\"say\": \"Bye \\\"you\\\"\"}");
    assert_eq!(choices(&world).await, ["c1\tmarketing\tfalse\tsms", "c1\tservice\tfalse\tsms"]);
    assert_eq!(say(&site, "+8613800000001", "STOP").await, "ok", "nothing changed, nothing is said");
    assert_eq!(choices(&world).await.len(), 2);
    assert_eq!(say(&site, "+8613800000001", "start").await, "ok", "not twice within a day");
    assert_eq!(choices(&world).await[2..], ["c1\tmarketing\ttrue\tsms", "c1\tservice\ttrue\tsms"]);
    let replies = world
        .rows("select customer_id, kind, text, message_id is not null, confirmed from tend.reply order by reply_id")
        .await;
    assert_eq!(replies, ["c1\tstop\tnull\ttrue\ttrue", "c1\tstop\tnull\ttrue\tfalse", "c1\tstart\tnull\ttrue\tfalse"]);
    world.advance_to(instant("2026-06-03T00:00:00Z")).await;
    world.sql("update crm.customer set locale = 'zh-CN'").await;
    assert_eq!(say(&site, "+8613800000001", "退订").await, "{\"say\": \"已退订\"}");
    // the page and a text message have one meaning: what the customer said last counts
    assert_eq!(choices(&world).await.len(), 6);
    assert_eq!(suppressed(&world).await, Vec::<String>::new(), "what an own order needs still goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_is_written_as_the_body_is_json_xml_or_plain_text() {
    for (with, body, kind) in [
        ("{{ text }}", "Bye \"you\" & co", "text/plain; charset=utf-8"),
        ("[Shop] {{ text }}", "[Shop] Bye \"you\" & co", "text/plain; charset=utf-8"),
        ("{Shop} {{ text }}", "{Shop} Bye \"you\" & co", "text/plain; charset=utf-8"),
        ("[{{ text }}]", "[\"Bye \\\"you\\\" & co\"]", "application/json"),
        (" <R>{{ text }}</R>", " <R>Bye &quot;you&quot; &amp; co</R>", "text/xml; charset=utf-8"),
    ] {
        let world = sent(1, "sms", "gw").await;
        let toml = GATEWAY.replace("{\"say\": {{ text }}}", with).replace("Bye \\\"you\\\"", "Bye \\\"you\\\" & co");
        let site = site(&world, "gw", &toml).await;
        let posted = site.provider(&format!("/i/gw/{SECRET}")).json(&json!({"from": "+8613800000001", "text": "T"}));
        let posted = posted.send().await.unwrap();
        assert_eq!(posted.headers()["content-type"], kind, "{with}");
        assert_eq!(posted.text().await.unwrap(), body, "{with}");
    }
}

#[test]
fn a_slip_in_a_confirmation_is_told_at_the_start() {
    for (with, said) in [
        ("{{ text }} {{ nobody }}", "channels.gw.replies.confirm_with: undefined value"),
        ("{{ text }} {{ text", "channels.gw.replies.confirm_with: syntax error"),
        ("{{ text }} {{ text|nothing }}", "channels.gw.replies.confirm_with: unknown filter"),
        ("{\"say\": \"{{ text }}\"}", "channels.gw.replies.confirm_with: leave out the quotes around {{ text }}"),
    ] {
        let toml = GATEWAY.replace("{\"say\": {{ text }}}", with);
        let error = Callers::new(&options(&[("gw", &toml)]).channels).expect_err(with).to_string();
        assert!(error.starts_with(said), "{with}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_with_the_same_numbers_in_another_order_do_not_stand_in_each_others_way() {
    let world = sent(30, "sms", "gw").await;
    let toml = GATEWAY.replace("from = \"/from\"", "list = \"/all\"\nfrom = \"/from\"");
    let site = site(&world, "gw", &toml).await;
    let call = async |round: usize, turned: bool| {
        let mut all: Vec<_> = (1..=30)
            .map(|n| json!({"from": format!("+861380000{n:04}"), "text": "hm", "ref": format!("{round}-{turned}-{n}")}))
            .collect();
        if turned {
            all.reverse();
        }
        answer(site.provider(&format!("/i/gw/{SECRET}")).json(&json!({ "all": all }))).await.0
    };
    for round in 0..5 {
        assert_eq!(tokio::join!(call(round, false), call(round, true)), (200, 200), "{round}");
    }
    assert_eq!(world.value("select count(*) from tend.reply").await, "300");
    // two words of one number are taken as they stand
    let all = json!({"all": [{"from": "+8613800000002", "text": "hm"}, {"from": "+8613800000001", "text": "START"},
                             {"from": "+8613800000001", "text": "STOP"}]});
    assert_eq!(answer(site.provider(&format!("/i/gw/{SECRET}")).json(&all)).await.0, 200);
    assert_eq!(choices(&world).await, ["c1\tmarketing\tfalse\tsms", "c1\tservice\tfalse\tsms"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_more_is_sent_after_a_stop_and_other_customers_keep_theirs() {
    let world = sent(2, "sms", "gw").await;
    let site = site(&world, "gw", GATEWAY).await;
    say(&site, "+8613800000001", "TD").await;
    world
        .sql("update tend.outbox set state = 'planned', provider = null, attempts = 0; delete from tend.attempt")
        .await;
    let folder = tempfile::tempdir().unwrap();
    let files = format!("kind = \"recording\"\nsort = \"sms\"\nfolder = {:?}", folder.path());
    let office = crate::outbox::office::dispatcher(&world, crate::outbox::office::options(&[("files", &files)]));
    office.drain_once().await.unwrap();
    let states = world.rows("select customer_id, state, state_reason from tend.outbox order by 1").await;
    assert_eq!(states, ["c1\tcancelled\tthe customer unsubscribed", "c2\taccepted\tnull"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn start_lifts_only_what_stop_did() {
    let world = sent(1, "sms", "gw").await;
    let site = site(&world, "gw", GATEWAY).await;
    world
        .sql("insert into tend.choice (customer_id, channel, address_key, purpose, granted, at, source)
              values ('c1', 'sms', tend.address_key('sms', '+8613800000001'), 'marketing', false, '2026-05-01', 'page')")
        .await;
    assert_eq!(say(&site, "+8613800000001", "START").await, "ok");
    assert_eq!(choices(&world).await, ["c1\tmarketing\tfalse\tpage"]);
    // stop adds what was not stopped yet; start takes back that much
    say(&site, "+8613800000001", "STOP").await;
    say(&site, "+8613800000001", "START").await;
    assert_eq!(choices(&world).await[1..], ["c1\tservice\tfalse\tsms", "c1\tservice\ttrue\tsms"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_of_customers_are_kept_for_people_and_those_of_strangers_are_not() {
    let world = sent(1, "sms", "gw").await;
    let site = site(&world, "gw", GATEWAY).await;
    assert_eq!(say(&site, "0086 138-0000-0001", "几点开门？\u{0}").await, "ok");
    assert_eq!(say(&site, "+8613900000009", "who is this").await, "ok");
    assert_eq!(
        say(&site, "+8613900000009", "STOP").await,
        "{\"say\": \"Bye \\\"you\\\"\"}",
        "also of a number nobody knows"
    );
    for nobody in ["", "anonymous", "12", "+86138000000010000000000"] {
        assert_eq!(say(&site, nobody, "STOP").await, "ok");
    }
    let rows = world.rows("select customer_id, kind, text from tend.reply order by reply_id").await;
    assert_eq!(rows, ["c1\tother\t几点开门？", "null\tother\tnull", "null\tstop\tnull"]);
    assert_eq!(choices(&world).await, ["\tmarketing\tfalse\tsms", "\tservice\tfalse\tsms"]);
    assert_eq!((site.counted().replies, site.counted().ignored), (3, 4));
    // the same one posted again is taken once
    for _ in 0..2 {
        let body = json!({"from": "+8613800000001", "text": "hello", "ref": "m-1"});
        assert_eq!(answer(site.provider(&format!("/i/gw/{SECRET}")).json(&body)).await.0, 200);
    }
    assert_eq!(world.value("select count(*) from tend.reply where reference = 'm-1'").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_robots_do_not_talk_for_ever() {
    let world = sent(1, "sms", "gw").await;
    let site = site(&world, "gw", GATEWAY).await;
    let mut said = 0;
    for n in 0..20 {
        let text = if n % 2 == 0 { "STOP" } else { "START" };
        said += usize::from(say(&site, "+8613800000001", text).await != "ok");
    }
    assert_eq!(said, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_aliyun_and_tencent_bring_replies_as_they_document_them() {
    let world = sent(1, "sms", "sms-twilio").await;
    let (name, toml) = shipped("twilio-sms.toml");
    let twilio_site = site(&world, &name, &toml).await;
    let fields =
        [("MessageSid", "SM9"), ("From", "+8613800000001"), ("To", "+15550100"), ("Body", "Stop"), ("NumMedia", "0")];
    let request = twilio_site
        .provider("/i/sms-twilio")
        .header("X-Twilio-Signature", twilio(&format!("{BASE}/i/sms-twilio"), &fields))
        .form(&fields);
    let posted = request.send().await.unwrap();
    assert_eq!(posted.headers()["content-type"], "text/xml; charset=utf-8");
    assert_eq!(posted.text().await.unwrap(), "<Response/>");
    assert_eq!(suppressed(&world).await, ["sms\tc1\tunsubscribed"]);
    assert_eq!(world.value("select count(*) from tend.choice").await, "2");

    let world = sent(2, "sms", "sms-aliyun").await;
    let (name, toml) = shipped("aliyun-sms.toml");
    let aliyun = site(&world, &name, &toml).await;
    let body = json!([
        {"phone_number": "13800000001", "content": "td", "send_time": "2026-06-01 07:00:00", "sign_name": "x", "dest_code": "1069", "sequence_id": 1234567890},
        {"phone_number": "13800000002", "content": "好的", "send_time": "2026-06-01 07:00:01", "sequence_id": 1234567891},
    ]);
    for _ in 0..2 {
        let (status, said) = answer(aliyun.provider(&format!("/i/sms-aliyun/{SECRET}")).json(&body)).await;
        assert_eq!((status, said.as_str()), (200, "{\"code\": 0, \"msg\": \"OK\"}"));
    }
    let rows = world.rows("select customer_id, kind, text, at from tend.reply order by reply_id").await;
    assert_eq!(rows, ["c1\tstop\tnull\t2026-05-31T23:00:00+00:00", "c2\tother\t好的\t2026-05-31T23:00:01+00:00"]);

    let world = sent(1, "sms", "sms-tencent").await;
    let (name, toml) = shipped("tencent-sms.toml");
    let tencent = site(&world, &name, &toml).await;
    let body = json!({"extend": "1", "mobile": "13800000001", "nationcode": "86", "sign": "x", "text": "退订", "time": 1_780_272_000});
    let (status, said) = answer(tencent.provider(&format!("/i/sms-tencent/{SECRET}")).json(&body)).await;
    assert_eq!((status, said.as_str()), (200, "{\"result\": 0, \"errmsg\": \"OK\"}"));
    assert_eq!(world.value("select customer_id || kind from tend.reply").await, "c1stop");
}
