//! Messages whose fate is unknown, settled by asking the gateway for their receipt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tend::outbox::channel::{Channel, Question, Receipt};

use super::office::{channel, dispatcher, fate, options, owing, states};
use super::vendors::{acs3, shipped, text};
use crate::support::http::{Call, HttpServer, Reply};
use crate::support::{World, instant};

/// What a gateway keeps: ids with their state, and how often it was sent to.
#[derive(Default)]
struct Books {
    states: BTreeMap<String, &'static str>,
    sent: usize,
    asked: usize,
}

/// Takes or loses what it is sent, without a word either way, and answers questions unless it is dumb.
fn gateway(books: &Mutex<Books>, call: &Call) -> Reply {
    let mut books = books.lock().unwrap();
    if call.path.starts_with("/ask") {
        books.asked += 1;
        let id = call.path.split("id=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default().to_owned();
        if call.path.ends_with("0000004") {
            return Reply::Say("500 Internal Server Error", vec![], "");
        }
        let list: Vec<_> =
            books.states.get(&id).map(|state| serde_json::json!({"id": id, "state": state})).into_iter().collect();
        let body = serde_json::json!({"code": "OK", "list": list}).to_string();
        return Reply::Say("200 OK", vec![], body.leak());
    }
    books.sent += 1;
    let id = call.headers["webhook-id"].clone();
    let number = call.body.split("+861380000000").nth(1).and_then(|rest| rest.chars().next());
    match number {
        Some('1') => drop(books.states.insert(id, "DELIVERED")),
        Some('3') => drop(books.states.insert(id, "FAILED")),
        // the second time it goes well
        Some('2') if books.sent > 4 => return Reply::Say("200 OK", vec![], "{\"code\":\"OK\"}"),
        _ => {}
    }
    Reply::Close
}

async fn in_doubt() -> (World, HttpServer, Arc<Mutex<Books>>, String) {
    let world = owing(4).await;
    world.sql("update tend.outbox set channel = 'sms'; update crm.customer set phone = '+861380000000' || substr(customer_id, 2)").await;
    let books = Arc::new(Mutex::new(Books::default()));
    let at_the_door = Arc::clone(&books);
    let server = HttpServer::with(move |call| gateway(&at_the_door, call)).await;
    let toml = format!(
        "kind = \"webhook\"\nurl = {:?}\nallow_private_addresses = true\nconnections = 1\non_unknown = \"hold\"\n\
         success = {{ json = \"/code\", equals = \"OK\" }}\n[receipt]\nurl = {:?}\nmethod = \"GET\"\nbody = \"query\"\n\
         fields = {{ to = \"{{{{ to }}}}\", id = \"{{{{ id }}}}\" }}\nsuccess = {{ json = \"/code\", equals = \"OK\" }}\n\
         list = \"/list\"\nmatch = {{ json = \"/id\" }}\nstatus = \"/state\"\nrefused = [\"FAILED\"]\nafter = \"5m\"",
        server.url(),
        server.url().replace("/send", "/ask"),
    );
    (world, server, books, toml)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_asked_before_anything_is_sent_again() {
    let (world, _server, books, toml) = in_doubt().await;
    world.sql("update tend.outbox set on_unknown = 'resend' where customer_id = 'c1'").await;
    let office = dispatcher(&world, options(&[("text", &toml)]));
    office.drain_once().await.unwrap();
    // three unknowns in a row stop a channel for a while
    world.advance_to(instant("2026-06-01T00:02:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["in_doubt\t4"], "also the one that may be sent twice: it is asked about first");
    assert_eq!(books.lock().unwrap().asked, 0, "its books may lag behind");
    assert!(fate(&world, "c1").await.ends_with("; the gateway is asked"));
    world.advance_to(instant("2026-06-01T00:08:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(fate(&world, "c1").await, "accepted | 1 | settled by its receipt: the gateway says DELIVERED");
    assert_eq!(fate(&world, "c3").await, "rejected | 1 | settled by its receipt: the gateway says FAILED");
    assert_eq!(
        states(&world).await,
        ["accepted\t1", "in_doubt\t2", "rejected\t1"],
        "it is too early to call one missing"
    );
    world.advance_to(instant("2026-06-01T00:20:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(fate(&world, "c2").await, "accepted | 2", "the gateway never had it");
    assert_eq!(books.lock().unwrap().sent, 5, "nothing else was sent a second time");
    // the one it gives no answer about waits for a person in the end
    world.advance_to(instant("2026-06-02T01:00:00Z")).await;
    office.drain_once().await.unwrap();
    let left = fate(&world, "c4").await;
    assert_eq!(left, "in_doubt | 1 | fate unknown, and the gateway gives no receipt; a person decides");
    let asked = books.lock().unwrap().asked;
    world.advance_to(instant("2026-06-03T01:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(books.lock().unwrap().asked, asked, "and is not asked about any more");
    assert_eq!(world.value("select count(*) from tend.inquiry where ended_at is null").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_settled_by_receipts_too_and_a_moved_number_is_not_taken_for_a_missing_message() {
    let (world, _server, books, toml) = in_doubt().await;
    let office = dispatcher(&world, options(&[("text", &toml)]));
    // four messages were handed off by a dispatcher that is gone; the gateway has the first
    world
        .sql(
            "update tend.outbox set state = 'claimed', owner = '00000000-0000-4000-8000-000000000001', provider = 'text', on_unknown = 'resend';
             insert into tend.attempt (message_id, attempt, owner, handed_off_at)
             select message_id, 1, owner, '2026-06-01' from tend.outbox;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select job, customer_id, occasion, '2026-06-04', tend.address_key('sms', case customer_id when 'c3' then '+861' else '+861380000000' || substr(customer_id, 2) end), 1, '2026-06-01'
             from tend.outbox",
        )
        .await;
    let first = world.value("select public_id from tend.outbox where customer_id = 'c1'").await;
    books.lock().unwrap().states.insert(first, "QUEUED");
    books.lock().unwrap().sent = 4;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["in_doubt\t4"]);
    world.advance_to(instant("2026-06-01T00:20:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(fate(&world, "c1").await, "accepted | 1 | settled by its receipt: the gateway says QUEUED");
    assert_eq!(fate(&world, "c2").await, "accepted | 2", "never sent, and sent now");
    assert!(fate(&world, "c3").await.starts_with("in_doubt | 1"), "nobody can tell by another number");
    assert_eq!(
        world.value("select said from tend.inquiry join tend.outbox using (message_id) where customer_id = 'c3'").await,
        "the address has changed since"
    );
}

#[tokio::test]
async fn aliyun_is_asked_by_our_own_number_of_the_message() {
    let server = HttpServer::start().await;
    let aliyun = shipped("aliyun-sms.toml", &server, &[]);
    let message = text(1);
    let question = Question {
        id: message.id,
        to: message.to.clone(),
        sent: instant("2026-06-01T20:30:05Z"),
        now: instant("2026-06-01T20:32:05Z"),
        reference: None,
    };
    let detail = |out_id: &str, status: u8| {
        let body = format!(
            "{{\"Code\":\"OK\",\"TotalCount\":1,\"SmsSendDetailDTOs\":{{\"SmsSendDetailDTO\":[{{\"OutId\":\"{out_id}\",\
             \"SendStatus\":{status},\"PhoneNum\":\"13800000001\"}}]}}}}"
        );
        Reply::Say("200 OK", vec![], body.leak())
    };
    let id = message.id.to_string();
    for (reply, expected) in [
        (detail(&id, 3), Receipt::Delivered("the gateway says 3".into())),
        (detail(&id, 1), Receipt::Taken("the gateway says 1".into())),
        (detail(&id, 2), Receipt::Refused("the gateway says 2".into())),
        (detail("another", 3), Receipt::Missing),
    ] {
        server.answers(reply);
        assert_eq!(aliyun.ask(&question).await, expected);
    }
    for reply in [
        Reply::Say("200 OK", vec![], "{\"Code\":\"isv.INVALID_PARAMETERS\"}"),
        Reply::Say("200 OK", vec![], "<html>"),
        Reply::Say("503 Service Unavailable", vec![], ""),
        Reply::Stall(Duration::from_millis(1)),
    ] {
        server.answers(reply);
        let said = aliyun.ask(&question).await;
        assert!(matches!(said, Receipt::Silent(_)), "no answer says nothing about the message: {said:?}");
    }
    let call = &server.calls()[0];
    acs3(call);
    assert_eq!(call.headers["x-acs-action"], "QuerySendDetails");
    assert!(call.body.contains("SendDate=20260602"), "the day in Shanghai: {}", call.body);
}

#[test]
fn wrong_questions_are_found_when_the_settings_are_read() {
    for (receipt, said) in [
        ("fields = {}\nmatch = { json = \"id\" }", "channels.text.receipt.match.json: must be a JSON pointer"),
        ("fields = { a = \"{{ nobody }}\" }\nmatch = { json = \"/id\" }", "channels.text.receipt.a"),
        ("fields = {}\nmatch = { json = \"/id\" }\nmethod = \"GET\"", "receipt.method: GET carries no body"),
        ("fields = {}\nmatch = { json = \"/id\" }\nrefused = [\"2\"]", "receipt.refused: nothing says where"),
        ("fields = {}\nmatch = { json = \"/id\" }\nafter = \"1h\"", "receipt.after: must not be longer"),
        ("fields = {}\nmatch = { json = \"/id\" }\nurl = \"http://10.0.0.1/\"", "receipt.url: 10.0.0.1 is an address"),
    ] {
        let settings = channel(&format!("kind = \"webhook\"\nurl = \"https://h.example/\"\n[receipt]\n{receipt}"));
        let error = format!("{:#}", Channel::new("text", &settings).err().unwrap());
        assert!(error.contains(said), "{receipt}: {error}");
    }
}
