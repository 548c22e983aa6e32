//! Robots of chats against a server that checks the call as each service documents it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tend::outbox::channel::settings::{ChannelSettings, Sort};
use tend::outbox::channel::{Channel, Fate, Outgoing, Trouble};
use tend::outbox::dispatch::{NotSent, post};

use super::office::channel as read;
use crate::support::http::{HttpServer, Reply};
use crate::support::{World, instant};

fn settings(service: &str, server: &HttpServer, more: &str) -> ChannelSettings {
    let url = server.url();
    read(&format!(
        "kind = \"robot\"\nservice = \"{service}\"\nurl = \"{url}?key=k\"\nallow_private_addresses = true\n{more}"
    ))
}

fn robot(service: &str, server: &HttpServer, more: &str) -> Channel {
    Channel::new("staff", &settings(service, server, more)).unwrap_or_else(|error| panic!("{error:#}"))
}

fn message(text: &str) -> Outgoing {
    Outgoing {
        id: uuid::Uuid::from_u128(7),
        sort: Sort::Robot,
        to: String::new(),
        name: String::new(),
        locale: "zh-CN".into(),
        subject: Some("3 calls are overdue".into()),
        html: None,
        text: text.into(),
        form: None,
        date: instant("2026-06-01T20:30:05.123Z"),
        unsubscribe: None,
        redirected_from: None,
        attachments: Vec::new(),
    }
}

fn sign(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn each_service_gets_its_body_and_its_signature() {
    let server = HttpServer::start().await;
    server.answers(Reply::Say("200 OK", vec![], r#"{"errcode":0,"code":0,"errmsg":"ok"}"#));
    for (service, more) in [
        ("wecom", ""),
        ("dingtalk", "secret = \"SEC1\"\nkeyword = \"tend\""),
        ("feishu", "secret = \"S2\""),
        ("slack", ""),
    ] {
        let answer = robot(service, &server, more).deliver(&message("**王** is waiting")).await.unwrap();
        assert_eq!(answer.fate, Fate::Accepted, "{service}: {answer:?}");
    }
    let calls = server.calls();
    let bodies: Vec<serde_json::Value> = calls.iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect();
    assert_eq!(bodies[0], serde_json::json!({"msgtype": "markdown", "markdown": {"content": "**王** is waiting"}}));
    assert_eq!(bodies[1]["markdown"]["title"], "3 calls are overdue");
    assert_eq!(bodies[1]["markdown"]["text"], "tend\n**王** is waiting", "the keyword the robot is set to");
    assert_eq!(bodies[2]["card"]["elements"][0]["content"], "**王** is waiting");
    assert_eq!(bodies[3], serde_json::json!({"text": "**王** is waiting"}));
    // DingTalk: key = secret, message = milliseconds and secret, in the query
    let milliseconds = instant("2026-06-01T20:30:05.123Z").timestamp_millis();
    let query = reqwest::Url::parse(&format!("http://x{}", calls[1].path)).unwrap();
    let pairs: std::collections::BTreeMap<_, _> = query.query_pairs().into_owned().collect();
    assert_eq!(pairs["timestamp"], milliseconds.to_string());
    assert_eq!(
        (pairs["sign"].as_str(), pairs["key"].as_str()),
        (sign("SEC1", &format!("{milliseconds}\nSEC1")).as_str(), "k")
    );
    // Feishu: key = seconds and secret, message empty, in the body
    let seconds = milliseconds / 1_000;
    assert_eq!(bodies[2]["timestamp"], seconds.to_string());
    assert_eq!(bodies[2]["sign"], sign(&format!("{seconds}\nS2"), ""));
}

#[tokio::test]
async fn errors_inside_a_success_are_understood_and_long_texts_are_cut() {
    let server = HttpServer::start().await;
    for (service, status, body, fate, stops) in [
        ("wecom", "200 OK", r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, Fate::Retry(None), true),
        ("wecom", "200 OK", r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, Fate::Retry(None), true),
        ("wecom", "200 OK", r#"{"errcode":40058,"errmsg":"invalid request parameter"}"#, Fate::Rejected, false),
        ("dingtalk", "200 OK", r#"{"errcode":310000,"errmsg":"sign not match"}"#, Fate::Retry(None), true),
        ("dingtalk", "200 OK", r#"{"errcode":-1,"errmsg":"系统繁忙"}"#, Fate::Retry(None), false),
        (
            "feishu",
            "200 OK",
            r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#,
            Fate::Retry(None),
            true,
        ),
        ("feishu", "400 Bad Request", r#"{"code":11232,"msg":"frequency limited psm"}"#, Fate::Retry(None), true),
        ("slack", "404 Not Found", "no_service", Fate::Retry(None), false),
        ("slack", "400 Bad Request", "invalid_payload", Fate::Rejected, false),
    ] {
        server.answers(Reply::Say(status, vec![], body));
        let answer = robot(service, &server, "").deliver(&message("x")).await.unwrap();
        let stopped = matches!(answer.trouble, Some(Trouble::Stop(_)));
        assert_eq!((answer.fate, stopped), (fate, stops), "{service} {body}: {answer:?}");
    }
    let long = vec!["王小明 waits since Monday \"urgent\""; 300].join("\n");
    robot("wecom", &server, "").deliver(&message(&long)).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&server.calls().last().unwrap().body).unwrap();
    let text = body["markdown"]["content"].as_str().unwrap();
    assert!(text.len() <= 4_096 && text.ends_with("more lines)"), "{}", text.len());
    robot("feishu", &server, "").deliver(&message(&long)).await.unwrap();
    assert!(server.calls().last().unwrap().body.len() <= 20_000);
}

#[test]
fn an_address_is_a_secret_and_wrong_settings_say_what_is_wrong() {
    let with = |toml: &str| {
        let settings = read(&format!("kind = \"robot\"\n{toml}"));
        (Channel::new("staff", &settings), format!("{settings:?}"))
    };
    let (robot, shown) = with("service = \"wecom\"\nurl = \"https://qyapi.example/send?key=geheim\"");
    assert!(!shown.contains("geheim") && !format!("{:?}", robot.unwrap()).contains("geheim"));
    for (toml, said) in [
        ("service = \"wecom\"", "channels.staff.url: is missing"),
        ("service = \"slack\"\nurl = \"https://h.example/x\"\nsecret = \"s\"", "channels.staff.secret: has no effect"),
        ("service = \"slack\"\nurl = \"http://h.example/x\"", "channels.staff.url: must be https"),
    ] {
        let error = format!("{:#}", with(toml).0.err().unwrap());
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_takes_twenty_a_minute_over_all_replicas_and_rests_when_it_fails() {
    let (world, server) = (World::new().await, HttpServer::start().await);
    let settings = settings("wecom", &server, "");
    let channel = Channel::new("staff", &settings).unwrap();
    let rates = settings.rates();
    let send = async || post(world.pool(), world.clock(), ("staff", &channel, &rates), &message("x")).await;
    server.answers(Reply::Say("200 OK", vec![], r#"{"errcode":0}"#));
    let mut sent = 0;
    for _ in 0..30 {
        match send().await {
            Ok(answer) => sent += u32::from(answer.fate == Fate::Accepted),
            Err(error) => assert!(matches!(error, NotSent::Waits(_)), "{error}"),
        }
    }
    assert!((1..=20).contains(&sent), "{sent} in a minute");
    world.advance_to(instant("2026-06-01T00:02:00Z")).await;
    server.answers(Reply::Say("200 OK", vec![], r#"{"errcode":45009}"#));
    assert_eq!(send().await.unwrap().fate, Fate::Retry(None));
    assert!(matches!(send().await, Err(NotSent::Waits(_))), "it is left alone now");
    world.sql("insert into tend.sending_pause values (true, '2026-06-01', 'ann', '')").await;
    assert!(matches!(send().await, Err(NotSent::Paused)));
}
