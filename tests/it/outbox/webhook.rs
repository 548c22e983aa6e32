//! The dispatcher against a real HTTP receiver that misbehaves.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::office::{dispatcher, fate, options, owing, states};
use crate::support::http::{HttpServer, Reply};
use crate::support::{World, instant};

fn settings(server: &HttpServer, more: &str) -> String {
    format!(
        "kind = \"webhook\"\nurl = {:?}\nallow_private_addresses = true\ntimeout = \"400ms\"\nconnections = 1\nretry_after = [\"1m\", \"1h\"]\n{more}",
        server.url()
    )
}

async fn owing_texts(count: usize) -> World {
    let world = owing(count).await;
    world.sql("update tend.outbox set channel = 'sms'").await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_receiver_ends_in_a_clear_reason_and_a_correct_row() {
    let say = |status, headers: &[(&'static str, &str)], body| {
        Reply::Say(status, headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), body)
    };
    let rule = "reference = \"/id\"\n[success]\njson = \"/Code\"\nequals = \"OK\"";
    let coded = "on_unknown = \"hold\"\nsuccess = { json = \"/Code\", equals = \"OK\" }\n\
                 codes = { retry = [\"BUSY\"], unknown = [\"LOST*\"] }";
    let cases = [
        ("200", "", say("200 OK", &[], "")),
        ("202 with rule", rule, say("202 Accepted", &[], r#"{"Code":"OK","id":"r-9"}"#)),
        ("an id with a NUL", rule, say("202 Accepted", &[], r#"{"Code":"OK","id":"r\u0000-9"}"#)),
        ("an error in a 200", rule, say("200 OK", &[], r#"{"Code":"isv.LIMIT","phone":"+8613800000001"}"#)),
        ("garbage in a 200", rule, say("200 OK", &[], "<html>\u{0}garbage</html>")),
        ("429 with seconds", "", say("429 Too Many Requests", &[("retry-after", "7200")], "")),
        ("429 without", "", say("429 Too Many Requests", &[], "")),
        (
            "503 with a date",
            "",
            say("503 Service Unavailable", &[("retry-after", "Mon, 01 Jun 2026 03:00:00 GMT")], ""),
        ),
        ("503 without", "", say("503 Service Unavailable", &[], "")),
        ("501", "on_unknown = \"hold\"", say("501 Not Implemented", &[], "")),
        ("500", "", say("500 Internal Server Error", &[], "stack trace")),
        ("500, hold", "on_unknown = \"hold\"", say("500 Internal Server Error", &[], "stack trace")),
        ("500 with a code, hold", coded, say("500 Internal Server Error", &[], r#"{"Code":"BUSY"}"#)),
        ("200 with a code, hold", coded, say("200 OK", &[], r#"{"Code":"LOST.3"}"#)),
        ("504, hold", "on_unknown = \"hold\"", say("504 Gateway Timeout", &[], "")),
        ("502, resend", "", say("502 Bad Gateway", &[], "")),
        ("301", "", say("301 Moved Permanently", &[("location", "http://169.254.169.254/")], "")),
        ("400", "", say("400 Bad Request", &[], "no such number +8613800000001")),
        ("401", "", say("401 Unauthorized", &[], "")),
        ("410", "", say("410 Gone", &[], "")),
        ("stall, hold", "on_unknown = \"hold\"", Reply::Stall(Duration::from_secs(30))),
        ("stall, resend", "", Reply::Stall(Duration::from_secs(30))),
        ("closes", "on_unknown = \"drop\"", Reply::Close),
    ];
    let mut fates = Vec::new();
    for (what, more, reply) in cases {
        let world = owing_texts(1).await;
        let server = HttpServer::start().await;
        server.answers(reply);
        dispatcher(&world, options(&[("text", &settings(&server, more))])).drain_once().await.unwrap();
        let channel = world
            .value("select coalesce((select concat_ws(' ', 'channel:', failures, 'failures, closed until', coalesce(open_until::text, '-')) from tend.provider_state), '')")
            .await;
        let next = world.value("select case when state = 'planned' then 'again in ' || round(extract(epoch from not_before - '2026-06-01') / 60) || ' min' else coalesce(provider_ref, '') end from tend.outbox").await;
        assert_eq!(server.calls().len(), 1, "{what}");
        fates.push(
            format!("{what}: {} | {next} | {channel}", fate(&world, "c1").await).replace(server.url().as_str(), "URL"),
        );
    }
    insta::assert_snapshot!(fates.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_signed_and_carry_the_same_id_when_they_are_repeated() {
    let world = owing_texts(1).await;
    let server = HttpServer::start().await;
    server.answers(Reply::Say("500 Internal Server Error", vec![], ""));
    let secret = format!("whsec_{}", STANDARD.encode([7; 24]));
    let more = format!(
        "secret = \"{secret}\"\nbasic = {{ username = \"u\", password = \"p\" }}\n[headers]\nx-key = \"k\"\n\
         [fields]\n\"to.number\" = \"{{{{ to }}}}\"\ntext = \"{{{{ text }}}}\"\nout_id = \"{{{{ id }}}}\"\nparam = '{{\"name\": {{{{ name|json }}}}}}'"
    );
    let office = dispatcher(&world, options(&[("text", &settings(&server, &more))]));
    world.sql("update crm.customer set name = 'A \"B\" 王'").await;
    office.drain_once().await.unwrap();
    server.answers(Reply::Say("200 OK", vec![], ""));
    world.advance_to(instant("2026-06-01T00:05:00Z")).await;
    office.drain_once().await.unwrap();
    let calls = server.calls();
    assert_eq!((calls.len(), states(&world).await), (2, vec!["accepted\t1".to_owned()]));
    assert_eq!(calls[0].headers["webhook-id"], calls[1].headers["webhook-id"]);
    assert_eq!(calls[1].headers["webhook-id"], world.value("select public_id from tend.outbox").await);
    assert_eq!((calls[1].headers["x-key"].as_str(), calls[1].headers["authorization"].as_str()), ("k", "Basic dTpw"));
    for call in &calls {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 24]).unwrap();
        mac.update(
            format!("{}.{}.{}", call.headers["webhook-id"], call.headers["webhook-timestamp"], call.body).as_bytes(),
        );
        assert_eq!(call.headers["webhook-signature"], format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).unwrap();
    assert_eq!(body["to"]["number"], "+8613800000001");
    assert_eq!(body["text"], "Happy birthday A \"B\" 王, a rose");
    let param: serde_json::Value = serde_json::from_str(body["param"].as_str().unwrap()).unwrap();
    assert_eq!(param["name"], "A \"B\" 王");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_encoded_and_a_private_address_is_refused() {
    let world = owing_texts(1).await;
    let server = HttpServer::start().await;
    world.sql("update crm.customer set name = 'A&B=王'").await;
    dispatcher(&world, options(&[("text", &settings(&server, "body = \"form\""))])).drain_once().await.unwrap();
    let call = &server.calls()[0];
    assert_eq!(call.headers["content-type"], "application/x-www-form-urlencoded");
    let pairs: Vec<(String, String)> =
        reqwest::Url::parse(&format!("x:?{}", call.body)).unwrap().query_pairs().into_owned().collect();
    assert!(pairs.contains(&("text".into(), "Happy birthday A&B=王, a rose".into())), "{pairs:?}");
    // by number when the settings are read, by name at the connection
    let refused = |url: &str| {
        let toml = format!("kind = \"webhook\"\nurl = \"{url}\"\nconnections = 1");
        tend::outbox::dispatch::Dispatcher::new(world.db().clone(), world.clock(), options(&[("text", &toml)]))
    };
    let error = refused("https://127.0.0.1:1/").err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some(
            "channels.text.url: 127.0.0.1 is an address of a private network; set allow_private_addresses when that is meant"
        )
    );
    world.sql("update tend.outbox set state = 'planned'").await;
    refused("https://localhost:1/").unwrap().drain_once().await.unwrap();
    let reason = fate(&world, "c1").await;
    assert!(reason.starts_with("planned | 2") && reason.contains("private network"), "{reason}");
}
