//! Who calls that should not, and who calls badly: both endpoints of providers.

use std::time::Duration;

use base64::Engine as _;
use hmac::{KeyInit as _, Mac as _};
use serde_json::json;
use tend::settings::PublicSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{SECRET, answer, id, sent, shipped, site, states, twilio};
use crate::outbox::office::{channel, options};
use crate::support::{World, instant};
use crate::web::{BASE, Site, settings};

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub fn hmac_hex(message: &str) -> String {
    hmac(SECRET.as_bytes(), message.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn untouched(world: &World) {
    assert_eq!(states(world).await, ["c1: accepted"]);
    for table in ["receipt", "reply", "choice", "suppression"] {
        assert_eq!(world.value(&format!("select count(*) from tend.{table}")).await, "0", "{table}");
    }
}

/// Both endpoints of a channel, with something they would take.
fn doors(name: &str) -> [(String, serde_json::Value); 2] {
    [
        (
            format!("/r/{name}"),
            json!({"reports": [{"request_id": id(1), "status": "DELIVERED"}], "id": id(1), "s": "x"}),
        ),
        (
            format!("/i/{name}"),
            json!({"messages": [{"from": "+8613800000001", "text": "STOP"}], "from": "+8613800000001"}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_alike_and_nothing_is_written() {
    let world = sent(1, "sms", "sms-gateway").await;
    let (name, toml) = shipped("json-gateway.toml");
    let site = site(&world, &name, &toml).await;
    let key = base64::engine::general_purpose::STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let now = instant("2026-06-01T00:00:00Z").timestamp();
    let signed = |body: &str, at: i64| {
        let tag = hmac(&key, format!("m1.{at}.{body}").as_bytes());
        format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(tag))
    };
    for (path, body) in doors("sms-gateway") {
        let body = body.to_string();
        let good = signed(&body, now);
        let mut answers = std::collections::BTreeSet::new();
        for (path, body, at, signature) in [
            (path.clone(), body.clone(), now, "v1,AAAA".to_owned()),
            (path.clone(), body.clone(), now, String::new()),
            (path.clone(), body.replace("1", "2"), now, good.clone()),
            (path.clone(), body.clone(), now + 1, good.clone()),
            // made long ago, or in the future, and signed so
            (path.clone(), body.clone(), now - 400, signed(&body, now - 400)),
            (path.clone(), body.clone(), now + 400, signed(&body, now + 400)),
            (path.replace("sms-gateway", "nobody"), body.clone(), now, good.clone()),
        ] {
            let request = site
                .provider(&path)
                .header("webhook-id", "m1")
                .header("webhook-timestamp", at)
                .header("webhook-signature", signature)
                .body(body);
            answers.insert(answer(request).await);
        }
        assert_eq!(answers.into_iter().collect::<Vec<_>>(), [(403, String::new())]);
        untouched(&world).await;
        let request = |body: String| {
            let signature = format!("v1,bm9uc2Vuc2U= {}", signed(&body, now));
            site.provider(&path)
                .header("webhook-id", "m1")
                .header("webhook-timestamp", now)
                .header("webhook-signature", signature)
                .body(body)
        };
        for malformed in ["{\"reports\": [", "[[[[", "\u{0}\u{1}", "{\"reports\": 1e999}"] {
            let (status, _) = answer(request(malformed.to_owned())).await;
            assert_eq!(
                status,
                if malformed.starts_with('\u{0}') { 200 } else { 400 },
                "{malformed:?}: a form may be anything"
            );
        }
        for strange in
            ["{}", "[]", "{\"reports\": {\"a\": []}}", "{\"reports\": [1, null, \"x\", {\"request_id\": {}}]}"]
        {
            assert_eq!(answer(request(strange.to_owned())).await.0, 200, "{strange}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(answer(request(deep)).await.0, 400);
        untouched(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_known_in_hex_and_base64_with_the_name_of_its_hash_in_front_or_without() {
    let world = sent(1, "sms", "gw").await;
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let body = |n: u32| json!({"n": n, "id": id(1), "s": "unknown"}).to_string();
    // a signature that itself begins with `sha`: there is one among some 260,000
    let sign = |body: &str| hmac(SECRET.as_bytes(), body.as_bytes());
    let unlucky = (0..).find(|n| base64(&sign(&body(*n))).starts_with("sha")).unwrap();
    for (encoding, written) in [
        ("hex", Box::new(|body: &str| hmac_hex(body)) as Box<dyn Fn(&str) -> String>),
        ("base64", Box::new(|body: &str| base64(&sign(body)))),
    ] {
        let toml = format!(
            "kind = \"webhook\"\nurl = \"https://h.example/\"\n[verify]\nby = \"hmac\"\nsecret = \"{SECRET}\"\n\
             signature = \"@x-sign\"\nencoding = \"{encoding}\"\n[reports]\nid = \"/id\"\nstatus = \"/s\"\ndelivered = [\"ok\"]"
        );
        let site = site(&world, "gw", &toml).await;
        for n in [0, unlucky] {
            let body = body(n);
            let good = written(&body);
            for (signature, status) in [
                (good.clone(), 200),
                (format!("sha256={good}"), 200),
                (format!("sha1={good}"), 200),
                (format!("sha={good}"), 403),
                (format!("shark={good}"), 403),
                (format!("sha256=sha256={good}"), 403),
                ("sha256=".to_owned(), 403),
            ] {
                let request = site.provider("/r/gw").header("x-sign", &signature).body(body.clone());
                assert_eq!(answer(request).await.0, status, "{encoding} {signature}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_twilio_signature_is_refused_whatever_was_changed() {
    let world = sent(1, "sms", "sms-twilio").await;
    let (name, toml) = shipped("twilio-sms.toml");
    let site = site(&world, &name, &toml).await;
    let fields = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    let path = format!("/r/sms-twilio?id={}", id(1));
    let good = twilio(&format!("{BASE}{path}"), &fields);
    for (path, fields, signature) in [
        (path.clone(), fields.to_vec(), None),
        (path.clone(), fields.to_vec(), Some("bm8=".to_owned())),
        (path.clone(), vec![fields[0], ("MessageStatus", "failed")], Some(good.clone())),
        (path.clone(), [&fields[..], &[("a", "b")]].concat(), Some(good.clone())),
        (path.replace("0001", "0002"), fields.to_vec(), Some(good.clone())),
        (path.replace("/r/", "/i/"), fields.to_vec(), Some(good.clone())),
    ] {
        let mut request = site.provider(&path).form(&fields);
        if let Some(signature) = signature {
            request = request.header("X-Twilio-Signature", signature);
        }
        assert_eq!(answer(request).await.0, 403, "{path}");
    }
    untouched(&world).await;
    // the proxy may leave the path of base_url in place
    let kept = site.provider(&format!("/m{path}")).header("X-Twilio-Signature", good).form(&fields);
    assert_eq!(answer(kept).await.0, 200);
    assert_eq!(states(&world).await, ["c1: delivered"]);
}

/// The shipped SendGrid with the signed webhook that its comment shows, and a key.
fn sendgrid(public_key: &str) -> (String, String) {
    let file = format!("{}/config/channels/sendgrid-mail.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let (before, rest) = text.split_once("by = \"token\"").unwrap();
    let (_, rest) = rest.split_once("\n#by").unwrap();
    let (comment, after) = rest.split_once("\n\n").unwrap();
    let table: toml::Table = toml::from_str(&format!("{before}by{}\n{after}", comment.replace("\n#", "\n"))).unwrap();
    let (name, channel) = table["channels"].as_table().unwrap().iter().next().unwrap();
    let mut channel = channel.as_table().unwrap().clone();
    let shown = channel["verify"]["public_key"].as_str().unwrap();
    assert!(public_key.replace('\n', "").contains(shown), "the beginning of a key on that curve");
    channel["verify"].as_table_mut().unwrap().insert("public_key".into(), public_key.into());
    (name.clone(), toml::to_string(&channel).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_the_providers_own_key_is_known_and_every_other_refused() {
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING as WAY, EcdsaKeyPair, KeyPair as _};
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let random = ring::rand::SystemRandom::new();
    let pair = || {
        let made = EcdsaKeyPair::generate_pkcs8(&WAY, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(&WAY, made.as_ref(), &random).unwrap()
    };
    let (theirs, others) = (pair(), pair());
    let sign = |pair: &EcdsaKeyPair, text: String| base64(pair.sign(&random, text.as_bytes()).unwrap().as_ref());
    let key = format!("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE{}", base64(&theirs.public_key().as_ref()[1..]));
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &key[..64], &key[64..]);
    let now = instant("2026-06-01T00:00:00Z").timestamp();
    let body = json!([{"event": "delivered", "timestamp": now, "tend_id": id(1)}]).to_string();
    let good = sign(&theirs, format!("{now}{body}"));
    for key in [key, pem] {
        let world = sent(1, "email", "mail-sendgrid").await;
        let (name, toml) = sendgrid(&key);
        let site = site(&world, &name, &toml).await;
        let post = async |body: String, at: Option<i64>, signature: Option<String>| {
            let mut request = site.provider("/r/mail-sendgrid").header("content-type", "application/json").body(body);
            if let Some(at) = at {
                request = request.header("X-Twilio-Email-Event-Webhook-Timestamp", at);
            }
            if let Some(signature) = signature {
                request = request.header("X-Twilio-Email-Event-Webhook-Signature", signature);
            }
            answer(request).await.0
        };
        for (body, at, signature) in [
            (body.clone(), Some(now), None),
            (body.clone(), None, Some(good.clone())),
            (body.clone(), Some(now), Some(String::new())),
            (body.clone(), Some(now), Some("no base64!".into())),
            (body.clone(), Some(now), Some(base64(&[0; 70]))),
            (body.clone(), Some(now), Some(sign(&others, format!("{now}{body}")))),
            (body.clone(), Some(now), Some(sign(&theirs, body.clone()))),
            (body.replace("delivered", "bounce"), Some(now), Some(good.clone())),
            (body.clone(), Some(now + 1), Some(good.clone())),
            (body.clone(), Some(now - 100_000), Some(sign(&theirs, format!("{}{body}", now - 100_000)))),
        ] {
            assert_eq!(post(body.clone(), at, signature.clone()).await, 403, "{body} {at:?} {signature:?}");
        }
        untouched(&world).await;
        for _ in 0..2 {
            assert_eq!(post(body.clone(), Some(now), Some(good.clone())).await, 200, "also said once more");
        }
        assert_eq!(states(&world).await, ["c1: delivered"]);
        assert_eq!(world.value("select count(*) from tend.receipt").await, "1");
    }
}

#[test]
fn what_is_no_public_key_is_told_at_the_start() {
    let head = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
    let short = format!("{head}{}", "A".repeat(80));
    // a key on another curve, P-384
    for wrong in ["", "x", head, &short, "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE"] {
        let toml = format!(
            "kind = \"webhook\"\nurl = \"https://h.example/\"\n[verify]\nby = \"ecdsa\"\npublic_key = \"{wrong}\"\nsignature = \"@x\"\n\
             [reports]\nid = \"/id\"\nstatus = \"/s\"\ndelivered = [\"ok\"]"
        );
        let error = tend::outbox::returned::calls::Callers::new(&options(&[("gw", &toml)]).channels);
        let error = error.expect_err(wrong).to_string();
        assert!(
            error.starts_with("channels.gw.verify.public_key: is no public key on the curve P-256"),
            "{wrong}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_messages_are_answered_as_known_ones_and_counted() {
    let world = sent(1, "sms", "sms-tencent").await;
    let (name, toml) = shipped("tencent-sms.toml");
    let site = site(&world, &name, &toml).await;
    let path = format!("/r/sms-tencent/{SECRET}");
    let entry =
        |sid: &str| json!([{"sid": sid, "report_status": "FAIL", "errmsg": "UNDELIV", "mobile": "13800000001"}]);
    let unknown = answer(site.provider(&path).json(&entry("nobody's"))).await;
    assert_eq!(answer(site.provider(&path).json(&entry("ref-1"))).await, unknown);
    assert_eq!(unknown, (200, "{\"result\": 0, \"errmsg\": \"OK\"}".to_owned()));
    assert_eq!((site.counted().receipts, site.counted().unknown), (1, 1));
    for token in ["", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"] {
        assert_eq!(answer(site.provider(&format!("/r/sms-tencent/{token}")).json(&entry("ref-1"))).await.0 / 100, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_and_slow_calls_are_cut_off() {
    let world = sent(1, "sms", "sms-aliyun").await;
    let (name, toml) = shipped("aliyun-sms.toml");
    let slow = PublicSettings { timeout: Duration::from_millis(700), ..settings() };
    let site = Site::called(&world, slow, &[(&name, &toml)]).await;
    for door in ["r", "i"] {
        let path = format!("/{door}/sms-aliyun/{SECRET}");
        let large = "x".repeat(1024 * 1024 + 1);
        assert_eq!(answer(site.provider(&path).body(large)).await.0, 413);
        assert_eq!(answer(site.client.get(format!("http://{}{path}", site.address))).await.0, 405);
        let mut stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n[{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        assert!(String::from_utf8_lossy(&said).starts_with("HTTP/1.1 408"), "{}", String::from_utf8_lossy(&said));
    }
    untouched(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tries_many_is_told_to_wait_and_a_database_that_is_away_is_said_so_that_it_is_posted_again() {
    let world = sent(1, "sms", "sms-aliyun").await;
    let (name, toml) = shipped("aliyun-sms.toml");
    let site = Site::called(&world, settings(), &[(&name, &toml)]).await;
    let mut statuses = Vec::new();
    for n in 0..7 {
        statuses.push(answer(site.provider(&format!("/r/sms-aliyun/{n}")).body("{}")).await.0);
    }
    assert_eq!(statuses, [403, 403, 403, 403, 403, 429, 429]);
    let good = [
        (format!("/r/sms-aliyun/{SECRET}"), json!([{"out_id": id(1), "success": true}])),
        (format!("/i/sms-aliyun/{SECRET}"), json!([{"phone_number": "13800000001", "content": "T"}])),
    ];
    world.sql("alter table tend.receipt rename to receipt_away; alter table tend.reply rename to reply_away").await;
    for (path, body) in &good {
        assert_eq!(answer(site.provider(path).json(body)).await, (503, String::new()));
    }
    world.sql("alter table tend.receipt_away rename to receipt; alter table tend.reply_away rename to reply").await;
    untouched(&world).await;
    for (path, body) in &good {
        assert_eq!(answer(site.provider(path).json(body)).await.0, 200, "also from an address that tried too much");
    }
}

#[test]
fn what_is_wrong_with_the_settings_is_said_when_they_are_read() {
    for (toml, said) in [
        ("[reports]\nid = \"/id\"\nstatus = \"/s\"\ndelivered = [\"x\"]", "channels.c.verify: is missing"),
        ("[verify]\nby = \"token\"", "channels.c.verify.secret: is missing"),
        ("[verify]\nby = \"hmac\"\nsecret = \"x\"", "channels.c.verify.signature: is missing"),
        (
            "[verify]\nby = \"hmac\"\nsecret = \"x\"\nsignature = \"X-Sign\"",
            "channels.c.verify.signature: `X-Sign` is no place",
        ),
        ("[verify]\nby = \"basic\"\nsecret = \"x\"", "channels.c.verify.username: is missing"),
        ("[verify]\nby = \"ecdsa\"\nsignature = \"@x\"", "channels.c.verify.public_key: is missing"),
        ("[verify]\nby = \"ecdsa\"\npublic_key = \"x\"", "channels.c.verify.signature: is missing"),
        ("[verify]\nby = \"ecdsa\"\npublic_key = \"x\"\nsecret = \"x\"", "channels.c.verify.secret: has no effect"),
        ("[verify]\nby = \"token\"\nsecret = \"x\"\npublic_key = \"x\"", "channels.c.verify.public_key: has no effect"),
        ("[verify]\nby = \"twilio\"\nsecret = \"x\"\nusername = \"y\"", "channels.c.verify.username: has no effect"),
        ("[reports]\nstatus = \"/s\"\ndelivered = [\"x\"]", "channels.c.reports.id: is missing"),
        ("[reports]\nid = \"/id\"\nstatus = \"/s\"", "channels.c.reports.delivered: no state means anything"),
        (
            "[reports]\nid = \"/id\"\nstatus = \"/s\"\ntimezone = \"Mars\"\ndelivered = [\"x\"]",
            "channels.c.reports.timezone: is not a zone",
        ),
        (
            "[replies]\nfrom = \"/f\"\ntext = \"/t\"\nnumbers = \"national\"",
            "channels.c.replies.country_code: must be digits",
        ),
        (
            "[replies]\nfrom = \"/f\"\ntext = \"/t\"\nstopped = { en = \"bye\" }",
            "channels.c.replies.confirm_with: is missing",
        ),
        ("[replies]\nfrom = \"/f\"\ntext = \"/t\"\nstop = []", "channels.c.replies.stop: no word would stop anything"),
    ] {
        let text = format!("kind = \"webhook\"\nurl = \"https://h.example/\"\n{toml}");
        let problems = channel(&text).problems("c").join("\n");
        assert!(problems.contains(said), "{toml}: {problems}");
    }
    let mail =
        "kind = \"webhook\"\nsort = \"email\"\nurl = \"https://h.example/\"\n[replies]\nfrom = \"/f\"\ntext = \"/t\"";
    assert!(channel(mail).problems("c").join("\n").contains("channels.c.replies: only text messages"));
    // whatever is shipped is right, but for its secrets
    for file in std::fs::read_dir(format!("{}/config/channels", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        if file.ends_with(".toml") && file != "robots.toml" {
            let (name, toml) = shipped(&file);
            assert_eq!(channel(&toml).problems(&name), Vec::<String>::new(), "{file}");
            tend::outbox::returned::calls::Callers::new(&options(&[(&name, &toml)]).channels).unwrap();
        }
    }
}
