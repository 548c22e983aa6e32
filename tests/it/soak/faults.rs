//! A relay and an SMS gateway that misbehave, dispatchers killed by kill -9 and a Postgres that is restarted at once, all at
//! random and all together: nobody gets two messages except where the row says `resend`, nobody is lost except where it
//! says `drop`, every unknown is listed, and the books balance to the row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Row as _};

use super::Dice;
use super::office::{CONNECTIONS, Harm, Office, bench};
use crate::support::World;
use crate::support::http::{Call, HttpServer, Reply};
use crate::support::smtp::SmtpServer;

/// What the relay does to customer n, by n modulo 100; `once-` faults pass at the second attempt.
const RELAY: [(u32, &str); 8] = [
    (2, "once-refuse-450"),
    (12, "once-grey"),
    (22, "refuse-550"),
    (32, "once-drop-mid"),
    (42, "once-drop-after"),
    (52, "once-stall"),
    (62, "once-after-450"),
    (72, "after-550"),
];

/// What a message that nobody owes twice may become.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Fate {
    state: String,
    reason: String,
    on_unknown: String,
    public_id: String,
}

/// An SMS gateway with books of its own: what it took, by number, with the id it was called by.
#[derive(Default)]
struct Gateway {
    taken: Mutex<BTreeMap<u32, Vec<String>>>,
    calls: Mutex<HashMap<u32, u32>>,
}

impl Gateway {
    /// What it does to customer n, by n modulo 100: faults at the first call only, refusals always.
    fn answer(&self, call: &Call) -> Reply {
        let number: u32 = call.body.split("+861").nth(1).and_then(|rest| rest.get(..10)?.parse().ok()).unwrap_or(0);
        let nth = {
            let mut calls = self.calls.lock().unwrap();
            let nth = calls.entry(number).or_default();
            *nth += 1;
            *nth
        };
        let say = |status, headers| Reply::Say(status, headers, "{\"code\":\"OK\"}");
        let (takes, reply) = match (number % 100, nth) {
            // each stops the channel for everybody, so they are few
            (3, 1) if number % 1_000 == 3 => (false, say("429 Too Many Requests", vec![])),
            (13, 1) if number % 1_000 == 13 => {
                (false, say("429 Too Many Requests", vec![("retry-after", "20".to_owned())]))
            }
            (23 | 33, 1) => (false, say("500 Internal Server Error", vec![])),
            (43, _) => (false, say("400 Bad Request", vec![])),
            // it has the message, and nobody learns of it
            (53, 1) => (true, Reply::Close),
            (63, 1) => (true, Reply::Stall(Duration::from_secs(30))),
            (73, 1) => (true, say("200 OK\r\ncontent-length: 999", vec![])),
            (83, _) => (false, Reply::Say("200 OK", vec![], "{\"code\":\"isv.BLACKLIST\"}")),
            _ => (true, say("200 OK", vec![])),
        };
        if takes {
            let id = call.headers.get("webhook-id").cloned().unwrap_or_default();
            self.taken.lock().unwrap().entry(number).or_default().push(id);
        }
        reply
    }
}

/// Customers 1 to `count`: the even ones are owed a mail, the odd ones a text; one in ten may be sent twice, one in ten
/// dropped.
async fn owe(world: &World, count: u32) {
    crate::outbox::office::stored(world).await;
    let faults: String =
        RELAY.iter().map(|(at, fault)| format!("when n % 100 = {at} then '{fault}+'")).collect::<Vec<_>>().join(" ");
    let statements = format!(
        "insert into crm.customer (customer_id, name, email, phone, locale)
         select 'c' || n, 'Customer ' || n, case {faults} when n % 2500 = 82 then 'once-refuse-421+' else 'weary+' end
                || 'c' || n || '@d' || n % 97 || '.example', '+861' || lpad(n::text, 10, '0'), 'en'
         from generate_series(1, {count}) n;
         insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data,
                                  not_before, not_after, on_unknown, state_at, created_at)
         select 1, 't', repeat('a', 64), 'c' || n, 'soak', 'transactional', 'soak', case when n % 2 = 0 then 'email' else 'sms' end,
                'birthday', 'en', '{{\"offer\": {{\"gift\": \"a rose\"}}, \"occasion\": {{\"date\": \"2026-06-04\", \"year\": 2026, \"kind\": \"birthday\"}}}}',
                '2026-06-01', '2027-06-01', case n / 100 % 10 when 7 then 'resend' when 8 then 'drop' end, '2026-06-01', '2026-06-01'
         from generate_series(1, {count}) n;
         analyze"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(world.pool()).await.expect("the messages are owed");
}

async fn fates(world: &World) -> BTreeMap<u32, Fate> {
    let rows = sqlx::query(
        "select substr(customer_id, 2)::int as customer, state, coalesce(state_reason, '') as reason,
                coalesce(on_unknown, '') as on_unknown, public_id::text as public_id
         from tend.outbox",
    );
    let rows = rows.fetch_all(world.pool()).await.unwrap();
    rows.into_iter()
        .map(|row| {
            let text = |column: &str| row.get::<String, _>(column);
            let fate = Fate {
                state: text("state"),
                reason: text("reason"),
                on_unknown: text("on_unknown"),
                public_id: text("public_id"),
            };
            (row.get::<i32, _>("customer").cast_unsigned(), fate)
        })
        .collect()
}

/// The ids under which each customer's message arrived, over both.
fn arrived(relay: &SmtpServer, gateway: &Gateway) -> BTreeMap<u32, Vec<String>> {
    let mut arrived = gateway.taken.lock().unwrap().clone();
    for mail in relay.mails() {
        let customer = mail.to.split('@').next().and_then(|local| local.rsplit('c').next()?.parse().ok());
        arrived.entry(customer.expect("a customer's address")).or_default().push(mail.message_id);
    }
    arrived
}

/// The promises, message by message; gives how many copies there were where the row says resend.
fn judged(fates: &BTreeMap<u32, Fate>, arrived: &BTreeMap<u32, Vec<String>>) -> (usize, BTreeMap<String, usize>) {
    let (mut copies, mut states, mut broken) = (0, BTreeMap::new(), Vec::new());
    let none = Vec::new();
    for (customer, fate) in fates {
        let ids = arrived.get(customer).unwrap_or(&none);
        let own = ids.iter().all(|id| id.contains(&fate.public_id));
        let may_repeat = fate.on_unknown == "resend";
        let kept = match fate.state.as_str() {
            "accepted" => !ids.is_empty(),
            "rejected" => ids.is_empty(),
            "in_doubt" => fate.on_unknown == "hold",
            "dead" => fate.on_unknown == "drop" && fate.reason.starts_with("dropped"),
            _ => false,
        };
        if !kept || !own || (ids.len() > 1 && !may_repeat) {
            broken.push(format!("{customer}: {fate:?}, arrived {} times", ids.len()));
        }
        copies += ids.len().saturating_sub(1);
        *states.entry(format!("{} ({})", fate.state, fate.on_unknown)).or_default() += 1;
    }
    assert!(broken.is_empty(), "{} promises broken: {:#?}", broken.len(), &broken[..broken.len().min(20)]);
    let strangers: Vec<_> = arrived.keys().filter(|customer| !fates.contains_key(customer)).collect();
    assert!(strangers.is_empty(), "messages nobody owed: {strangers:?}");
    (copies, states)
}

/// The daemon with both channels, and no job that would do anything.
async fn office(gateway: &HttpServer) -> Office {
    let world = World::with_own_server().await;
    let relay = SmtpServer::start().await;
    let mut bench = bench(world.url(), &relay, "hold");
    bench.only(&[]);
    bench.ladder("quiet", "cron = \"0 0 1 1 *\"\ntimezone = \"UTC\"");
    let path = bench.path().join("config/staging.toml");
    let series = "retry_after = [\"5s\", \"10s\", \"20s\", \"40s\", \"1m\", \"1m\", \"1m\", \"2m\", \"2m\", \"2m\", \"2m\", \"2m\", \"2m\"]\n";
    let text = std::fs::read_to_string(&path).unwrap() + "timeout = \"1500ms\"\n" + series;
    let channel = format!(
        "[channels.gateway]\nkind = \"webhook\"\nurl = {:?}\nallow_private_addresses = true\ntimeout = \"1500ms\"\non_unknown = \"hold\"\n\
         connections = {CONNECTIONS}\nsuccess = {{ json = \"/code\", equals = \"OK\" }}\n{series}",
        gateway.url()
    );
    std::fs::write(&path, text + &channel).unwrap();
    bench.set("outbox.batch", 200);
    Office { world, bench, relay }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_channels_under_every_fault_keep_their_promises() {
    let count = 2_500 * super::factor();
    let mut dice = Dice::any("faults");
    let gateway = Arc::new(Gateway::default());
    let at_the_door = Arc::clone(&gateway);
    let server = HttpServer::with(move |call| at_the_door.answer(call)).await;
    let office = office(&server).await;
    owe(&office.world, count).await;
    let mut harm = Harm::default();
    office.only_sending_under_fire(count, &mut dice, &mut harm).await;

    let (fates, arrived) = (fates(&office.world).await, arrived(&office.relay, &gateway));
    assert_eq!(fates.len(), count as usize, "as many as were planned");
    let (copies, states) = judged(&fates, &arrived);
    assert_eq!(states.values().sum::<usize>(), count as usize, "the books balance: {states:?}");
    assert_eq!(office.figure("select count(*) from tend.attempt where outcome is null").await, 0);
    let in_doubt: BTreeSet<_> =
        fates.iter().filter(|(_, fate)| fate.state == "in_doubt").map(|(customer, _)| format!("c{customer}")).collect();
    let list: serde_json::Value = serde_json::from_str(&office.bench.ok(&["outbox", "list", "--json"])).unwrap();
    let rows = list.as_array().unwrap().iter().filter(|row| row["state"] == "in_doubt");
    let listed: BTreeSet<_> = rows.map(|row| row["customer_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, in_doubt, "each unknown is listed");
    let twice =
        arrived.iter().filter(|(customer, ids)| ids.len() > 1 && fates[customer].on_unknown != "resend").count();
    eprintln!(
        "{count} messages, {harm:?}: {} arrived, {twice} twice without resend, {copies} copies with resend, {} in doubt; {states:?}",
        arrived.len(),
        in_doubt.len()
    );
}
