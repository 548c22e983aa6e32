//! The binary as a person and a script use it: exit codes, fixed names, shapes of JSON, texts.

mod by_hand;
mod codes;
mod deciding;
mod demo;
mod names;
mod pages;
mod planning;
mod rendering;
mod retail;
mod rfm;
mod serving;
mod tasks;
mod texts;
mod waiting;
mod why;

use std::process::Output;

use serde_json::Value;

use crate::support::World;
use crate::support::process::Bench;

/// A database with driven time and a bench on it.
async fn bench() -> (World, Bench) {
    let world = World::new().await;
    let mut bench = Bench::new(world.url());
    bench.set("time.source", "driven");
    (world, bench)
}

/// Twelve customers with consent, an address, orders and a birthday on 4 June.
async fn company(world: &World) {
    world
        .sql(
            "insert into crm.customer (customer_id, name, email, locale, timezone, country, birthday_month, birthday_day)
             select 'c' || lpad(n::text, 2, '0'), '客户' || n, 'c' || n || '@example.com',
                    case when n % 3 = 0 then 'en' else 'zh-CN' end, 'Asia/Shanghai', 'CN', 6, 4 from generate_series(1, 12) n;
             insert into crm.consent (customer_id, channel, purpose, recorded_at, granted, source)
             select 'c' || lpad(n::text, 2, '0'), 'email', 'marketing', '2025-01-01', n <> 12, 'test' from generate_series(1, 11) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || lpad(n::text, 2, '0'), 'o' || n || '-' || m, '2026-01-01'::date + n * 5 + m, 10 * n
             from generate_series(1, 10) n, generate_series(1, 3) m",
        )
        .await;
}

/// What a command printed, as one JSON document.
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        panic!("{error}: not one JSON document:\n{out}\n{err}")
    })
}

/// The names of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Who the commands say did it.
fn whoami() -> String {
    let mut names = ["SUDO_USER", "USER", "LOGNAME"].iter().filter_map(|name| std::env::var(name).ok());
    let account = || {
        let output = std::process::Command::new("id").arg("-un").output().expect("id");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    names.find(|name| !name.is_empty()).unwrap_or_else(account)
}
