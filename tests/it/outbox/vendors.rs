//! The shipped channels against a server that checks each call as the provider documents it, and answers as it does.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tend::outbox::channel::settings::{ChannelSettings, Sort};
use tend::outbox::channel::{Answer, Channel, Fate, Form, Outgoing, Trouble};
use tend::outbox::link::Unsubscribe;

use crate::support::http::{Call, HttpServer, Reply};
use crate::support::instant;

pub const SECRET: &str = "a-secret-of-a-test";

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/channels")
}

/// The channel of a shipped file, sending to the server; a changed key is `("sign.action", …)`.
pub fn shipped(file: &str, server: &HttpServer, changes: &[(&str, toml::Value)]) -> Channel {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let mut table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let channels = table["channels"].as_table_mut().unwrap();
    let (name, channel) = channels.iter_mut().next().unwrap();
    let name = name.clone();
    let channel = channel.as_table_mut().unwrap();
    let mut url = reqwest::Url::parse(channel["url"].as_str().unwrap()).unwrap();
    let ours = reqwest::Url::parse(&server.url()).unwrap();
    url.set_scheme("http").unwrap();
    url.set_ip_host("127.0.0.1".parse().unwrap()).unwrap();
    url.set_port(ours.port()).unwrap();
    channel.insert("url".into(), url.to_string().into());
    channel.insert("allow_private_addresses".into(), true.into());
    inline(channel, &format!("whsec_{}", STANDARD.encode([7; 24])));
    for key in ["sign", "basic"] {
        if let Some(table) = channel.get_mut(key).and_then(toml::Value::as_table_mut) {
            inline(table, SECRET);
        }
    }
    for (key, value) in changes {
        let mut at = &mut *channel;
        let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
        for part in path.split('.').filter(|part| !part.is_empty()) {
            at = at.entry(part).or_insert_with(|| toml::Table::new().into()).as_table_mut().unwrap();
        }
        at.insert(last.to_owned(), value.clone());
    }
    let settings: ChannelSettings = toml::Value::Table(channel.clone()).try_into().unwrap();
    Channel::new(&name, &settings).unwrap_or_else(|error| panic!("{file}: {error:#}"))
}

/// Secrets stand in files that a test does not have.
fn inline(table: &mut toml::Table, secret: &str) {
    for key in ["secret", "password"] {
        if table.remove(&format!("{key}_file")).is_some() {
            table.insert(key.into(), secret.into());
        }
    }
}

pub fn text(number: usize) -> Outgoing {
    Outgoing {
        id: uuid::Uuid::from_u128(number as u128),
        sort: Sort::Sms,
        to: format!("+861380000000{number}"),
        name: "王 \"Ann\"".into(),
        locale: "zh-CN".into(),
        subject: None,
        html: None,
        text: "【公司】生日快乐，王 & \"Ann\" ~* 退订回T".into(),
        form: Some(Form {
            template: "SMS_123".into(),
            params: vec![("name".into(), "王 \"Ann\"".into()), ("gift".into(), "50 元".into())],
        }),
        date: instant("2026-06-01T20:30:05Z"),
        unsubscribe: None,
        redirected_from: None,
        attachments: Vec::new(),
    }
}

fn mail() -> Outgoing {
    Outgoing {
        sort: Sort::Email,
        to: "ann@bücher.example".into(),
        subject: Some("生日快乐".into()),
        html: Some("<p>生日快乐</p>".into()),
        form: None,
        ..text(1)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sign(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub fn sha(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn form(body: &str) -> BTreeMap<String, String> {
    reqwest::Url::parse(&format!("x:?{body}")).unwrap().query_pairs().into_owned().collect()
}

fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

async fn answered(channel: &Channel, server: &HttpServer, status: &'static str, body: &'static str) -> Answer {
    server.answers(Reply::Say(status, vec![], body));
    channel.deliver(&text(1)).await.unwrap()
}

/// How each answer ends: what the provider says, the fate, whether the channel stops.
async fn ends(channel: &Channel, server: &HttpServer, cases: &[(&'static str, &'static str, Fate, bool)]) {
    for (status, body, fate, stops) in cases {
        let answer = answered(channel, server, status, body).await;
        let stopped = matches!(answer.trouble, Some(Trouble::Stop(_)));
        assert_eq!((answer.fate, stopped), (*fate, *stops), "{status} {body}: {answer:?}");
    }
}

#[test]
fn every_shipped_channel_is_read_as_it_stands() {
    let mut files = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let table: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            for (name, channel) in table["channels"].as_table().unwrap() {
                let settings: ChannelSettings =
                    channel.clone().try_into().unwrap_or_else(|error| panic!("{path:?}: {error}"));
                assert_eq!(settings.problems(name), [""; 0], "{path:?}");
            }
            files += 1;
        }
    }
    assert!(files >= 7, "{files}");
}

/// ACS3-HMAC-SHA256 as the documentation of Alibaba Cloud tells a server to check it.
pub fn acs3(call: &Call) -> String {
    let header = |name: &str| call.headers.get(name).map(String::as_str).unwrap_or_default();
    let authorization = header("authorization");
    let part = |name: &str| authorization.split(name).nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(part("Credential="), "LTAI…");
    let names = part("SignedHeaders=");
    assert_eq!(
        names, "content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version",
        "all that the documentation wants signed"
    );
    assert_eq!(header("x-acs-content-sha256"), sha(&call.body));
    let lines: String = names.split(';').map(|name| format!("{name}:{}\n", header(name).trim())).collect();
    let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", sha(&call.body));
    let expected = hex(&sign(SECRET.as_bytes(), &format!("ACS3-HMAC-SHA256\n{}", sha(&canonical))));
    assert_eq!(part("Signature="), expected);
    header("x-acs-signature-nonce").to_owned()
}

#[tokio::test]
async fn aliyun_gets_signed_forms_and_its_codes_are_understood() {
    let server = HttpServer::start().await;
    let channel = shipped("aliyun-sms.toml", &server, &[]);
    let answer = answered(
        &channel,
        &server,
        "200 OK",
        r#"{"Message":"OK","RequestId":"F655A8D5","Code":"OK","BizId":"9006197469364984^0"}"#,
    )
    .await;
    assert_eq!((answer.fate, answer.reference.as_deref()), (Fate::Accepted, Some("9006197469364984^0")));
    let later = Outgoing { date: instant("2026-06-01T20:31:05Z"), ..text(1) };
    channel.deliver(&later).await.unwrap();
    let calls = server.calls();
    assert_ne!(acs3(&calls[0]), acs3(&calls[1]), "each call has a nonce of its own");
    assert_eq!(calls[0].headers["x-acs-date"], "2026-06-01T20:30:05Z");
    assert_eq!(calls[0].headers["x-acs-action"], "SendSms");
    let fields = form(&calls[0].body);
    assert_eq!((fields["PhoneNumbers"].as_str(), fields["TemplateCode"].as_str()), ("8613800000001", "SMS_123"));
    assert_eq!(json(&fields["TemplateParam"]), serde_json::json!({"name": "王 \"Ann\"", "gift": "50 元"}));
    assert_eq!(fields["OutId"], text(1).id.to_string());
    let cases = [
        ("200 OK", r#"{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"x"}"#, Fate::Rejected, false),
        ("200 OK", r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"x"}"#, Fate::Retry(None), false),
        ("200 OK", r#"{"Code":"isv.AMOUNT_NOT_ENOUGH","Message":"x"}"#, Fate::Retry(None), true),
        ("403 Forbidden", r#"{"Code":"SignatureDoesNotMatch","Message":"x"}"#, Fate::Retry(None), true),
        ("400 Bad Request", r#"{"Code":"Throttling.User","Message":"x"}"#, Fate::Retry(None), true),
        ("400 Bad Request", r#"{"Code":"MissingPhoneNumbers","Message":"x"}"#, Fate::Rejected, false),
        ("200 OK", "<html>", Fate::Unknown, false),
    ];
    ends(&channel, &server, &cases).await;
}

/// TC3-HMAC-SHA256 as the documentation of Tencent Cloud tells a server to check it.
fn tc3(call: &Call) {
    let header = |name: &str| call.headers[name].as_str();
    let (day, timestamp) = ("2026-06-01", header("x-tc-timestamp"));
    assert_eq!(timestamp, instant("2026-06-01T20:30:05Z").timestamp().to_string());
    let signed = format!("content-type:{}\nhost:{}\n", header("content-type"), header("host"));
    let canonical = format!("POST\n/\n\n{signed}\ncontent-type;host\n{}", sha(&call.body));
    let to_sign = format!("TC3-HMAC-SHA256\n{timestamp}\n{day}/sms/tc3_request\n{}", sha(&canonical));
    let key = sign(&sign(&sign(format!("TC3{SECRET}").as_bytes(), day), "sms"), "tc3_request");
    assert_eq!(
        header("authorization"),
        format!(
            "TC3-HMAC-SHA256 Credential=AKID…/{day}/sms/tc3_request, SignedHeaders=content-type;host, Signature={}",
            hex(&sign(&key, &to_sign))
        )
    );
}

#[tokio::test]
async fn a_call_of_several_messages_is_named_by_all_of_them() {
    let server = HttpServer::start().await;
    let channel = shipped("tencent-sms.toml", &server, &[]);
    let prepared: Vec<_> =
        [text(1), text(2), text(3)].iter().map(|message| channel.prepare(message).unwrap()).collect();
    server.answers(Reply::Say("200 OK", vec![], "{}"));
    for together in [&[0, 1][..], &[0, 1], &[0, 2], &[0]] {
        let load: Vec<_> = together.iter().map(|at| &prepared[*at]).collect();
        channel.connection().send(&load).await;
    }
    let ids: Vec<_> = server.calls().iter().map(|call| call.headers["webhook-id"].clone()).collect();
    assert_eq!(ids[0], ids[1], "the same messages again");
    assert!(ids[2] != ids[0] && ids[2] != ids[3], "or a receiver would take it for the call before: {ids:?}");
    assert_eq!(ids[3], text(1).id.to_string());
}

#[tokio::test]
async fn tencent_gets_signed_json_with_positional_parameters_and_many_numbers_in_a_call() {
    let server = HttpServer::start().await;
    let channel = shipped("tencent-sms.toml", &server, &[]);
    let other = Outgoing { form: Some(Form { template: "1".into(), params: vec![] }), ..text(4) };
    let prepared: Vec<_> =
        [text(1), text(2), text(3), other].iter().map(|message| channel.prepare(message).unwrap()).collect();
    assert!(prepared[1].goes_with(&prepared[0]), "the same text to another number");
    assert!(!prepared[3].goes_with(&prepared[0]), "another template");
    server.answers(Reply::Say(
        "200 OK",
        vec![],
        r#"{"Response":{"SendStatusSet":[
            {"SerialNo":"5000:1","PhoneNumber":"+8613800000001","Fee":1,"Code":"Ok","Message":"send success","IsoCode":"CN"},
            {"SerialNo":"","PhoneNumber":"+8613800000002","Fee":0,"Code":"FailedOperation.PhoneNumberInBlacklist","Message":"x"}],
            "RequestId":"a0aabda6"}}"#,
    ));
    let answers = channel.connection().send(&[&prepared[0], &prepared[1], &prepared[2]]).await;
    let fates: Vec<_> = answers.iter().map(|answer| answer.fate).collect();
    assert_eq!(fates, [Fate::Accepted, Fate::Rejected, Fate::Unknown], "each has its own result: {answers:?}");
    assert_eq!(answers[0].reference.as_deref(), Some("5000:1"));
    assert!(!answers[1].detail.contains("13800000002"), "no numbers in reasons: {}", answers[1].detail);
    let call = &server.calls()[0];
    tc3(call);
    assert_eq!(
        json(&call.body),
        serde_json::json!({
            "PhoneNumberSet": ["+8613800000001", "+8613800000002", "+8613800000003"], "SmsSdkAppId": "1400006666",
            "SignName": "您的签名", "TemplateId": "SMS_123", "TemplateParamSet": ["王 \"Ann\"", "50 元"],
        })
    );
    let cases = [
        (
            "200 OK",
            r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"x"}}}"#,
            Fate::Retry(None),
            true,
        ),
        ("200 OK", r#"{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"x"}}}"#, Fate::Retry(None), true),
        ("200 OK", r#"{"Response":{"Error":{"Code":"InternalError.Timeout","Message":"x"}}}"#, Fate::Unknown, false),
        ("200 OK", r#"{"Response":{"Error":{"Code":"InvalidParameter","Message":"x"}}}"#, Fate::Rejected, false),
        (
            "200 OK",
            r#"{"Response":{"SendStatusSet":[{"Code":"LimitExceeded.PhoneNumberDailyLimit"}]}}"#,
            Fate::Retry(None),
            false,
        ),
        ("200 OK", r#"{"Response":{"SendStatusSet":[]}}"#, Fate::Unknown, false),
    ];
    ends(&channel, &server, &cases).await;
}

#[tokio::test]
async fn twilio_gets_a_form_with_a_login_and_its_numbers_are_understood() {
    let server = HttpServer::start().await;
    let channel = shipped("twilio-sms.toml", &server, &[]);
    let answer =
        answered(&channel, &server, "201 Created", r#"{"sid":"SM1","status":"queued","error_code":null}"#).await;
    assert_eq!((answer.fate, answer.reference.as_deref()), (Fate::Accepted, Some("SM1")));
    let plain = Outgoing { form: None, ..text(1) };
    channel.deliver(&plain).await.unwrap();
    let calls = server.calls();
    assert!(calls[0].path.ends_with("/Messages.json"), "{}", calls[0].path);
    let login = STANDARD.encode(format!("ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:{SECRET}"));
    assert_eq!(calls[0].headers["authorization"], format!("Basic {login}"));
    let (made, said) = (form(&calls[0].body), form(&calls[1].body));
    assert_eq!(
        made.keys().collect::<Vec<_>>(),
        ["ContentSid", "ContentVariables", "MessagingServiceSid", "StatusCallback", "To"]
    );
    assert_eq!(said.keys().collect::<Vec<_>>(), ["Body", "MessagingServiceSid", "StatusCallback", "To"]);
    assert_eq!((said["To"].as_str(), said["Body"].as_str()), ("+8613800000001", plain.text.as_str()));
    let cases = [
        ("400 Bad Request", r#"{"code":21211,"message":"invalid To","status":400}"#, Fate::Rejected, false),
        ("401 Unauthorized", r#"{"code":20003,"message":"Authenticate","status":401}"#, Fate::Retry(None), true),
        ("429 Too Many Requests", r#"{"code":20429,"message":"Too many","status":429}"#, Fate::Retry(None), true),
        ("500 Internal Server Error", r#"{"code":20500,"message":"x"}"#, Fate::Unknown, false),
    ];
    ends(&channel, &server, &cases).await;
}

#[tokio::test]
async fn a_plain_gateway_gets_many_messages_in_a_signed_call() {
    let server = HttpServer::start().await;
    let channel = shipped("json-gateway.toml", &server, &[]);
    let prepared: Vec<_> = (1..=3).map(|number| channel.prepare(&text(number)).unwrap()).collect();
    let body = r#"{"results":[{"code":"OK","message_id":"m1"},{"code":"DUPLICATE"},{"code":"BUSY"}]}"#;
    server.answers(Reply::Say("200 OK", vec![], body));
    let answers = channel.connection().send(&prepared.iter().collect::<Vec<_>>()).await;
    let fates: Vec<_> = answers.iter().map(|answer| answer.fate).collect();
    assert_eq!(fates, [Fate::Accepted, Fate::Accepted, Fate::Retry(None)]);
    let call = &server.calls()[0];
    let signed = format!("{}.{}.{}", call.headers["webhook-id"], call.headers["webhook-timestamp"], call.body);
    assert_eq!(call.headers["webhook-signature"], format!("v1,{}", STANDARD.encode(sign(&[7; 24], &signed))));
    let body = json(&call.body);
    let ids: Vec<_> = body["messages"].as_array().unwrap().iter().map(|each| each["request_id"].clone()).collect();
    assert_eq!(ids, (1..=3).map(|number| text(number).id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn mail_services_get_their_fields_and_no_headers_that_are_not_there() {
    let server = HttpServer::start().await;
    for (file, status, body) in [
        ("sendgrid-mail.toml", "202 Accepted", ""),
        ("postmark-mail.toml", "200 OK", r#"{"ErrorCode":0,"Message":"OK","MessageID":"b7bc2f4a"}"#),
        ("mailgun-mail.toml", "200 OK", r#"{"id":"<2026@mail.example.com>","message":"Queued. Thank you."}"#),
    ] {
        let channel = shipped(file, &server, &[]);
        server.answers(Reply::Say(status, vec![], body));
        let answer = channel.deliver(&mail()).await.unwrap();
        assert_eq!(answer.fate, Fate::Accepted, "{file}: {answer:?}");
    }
    let calls = server.calls();
    assert_eq!(calls[0].headers["authorization"], format!("Bearer {SECRET}"));
    let sendgrid = json(&calls[0].body);
    assert_eq!(sendgrid["personalizations"][0]["to"][0]["email"], "ann@xn--bcher-kva.example");
    assert_eq!(sendgrid["content"][1]["value"], "<p>生日快乐</p>");
    assert!(sendgrid.get("headers").is_none(), "{sendgrid}");
    let postmark = json(&calls[1].body);
    assert_eq!((&postmark["Subject"], &postmark["Headers"]), (&"生日快乐".into(), &serde_json::json!([])));
    let mailgun = form(&calls[2].body);
    assert_eq!(mailgun["v:tend_id"], mail().id.to_string());
    assert!(!mailgun.contains_key("h:List-Unsubscribe"));
    let unsubscribe = Some(Unsubscribe { url: "https://x.example/u/t".into(), mailto: None });
    let with_link = Outgoing { unsubscribe, ..mail() };
    for file in ["sendgrid-mail.toml", "postmark-mail.toml", "mailgun-mail.toml"] {
        shipped(file, &server, &[]).deliver(&with_link).await.unwrap();
    }
    let calls = server.calls();
    let (link, post) = ("<https://x.example/u/t>", "List-Unsubscribe=One-Click");
    let headers = serde_json::json!({"List-Unsubscribe": link, "List-Unsubscribe-Post": post});
    assert_eq!(json(&calls[3].body)["headers"], headers);
    assert_eq!(json(&calls[4].body)["Headers"][1], serde_json::json!({"Name": "List-Unsubscribe-Post", "Value": post}));
    assert_eq!(form(&calls[5].body)["h:List-Unsubscribe"], link);
    let postmark = shipped("postmark-mail.toml", &server, &[]);
    for (body, fate) in [
        (r#"{"ErrorCode":406,"Message":"inactive recipient"}"#, Fate::Rejected),
        (r#"{"ErrorCode":10,"Message":"bad token"}"#, Fate::Retry(None)),
    ] {
        server.answers(Reply::Say("422 Unprocessable Entity", vec![], body));
        assert_eq!(postmark.deliver(&mail()).await.unwrap().fate, fate, "{body}");
    }
}
