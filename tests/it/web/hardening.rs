//! Who has no valid link, and who comes to do harm.

use std::time::Duration;

use tend::outbox::link::Bearer;
use tend::settings::PublicSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Site, bearer, said, settings, world};
use crate::support::instant;

async fn raw(site: &Site, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    // the listener may hang up before it has everything
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_garbled_expired_and_misused_links_give_one_page_and_nothing_is_recorded() {
    let world = world(1).await;
    let site = Site::with(&world, PublicSettings { bad_links: 1_000, ..settings() }).await;
    let who = bearer(&world, "c1").await;
    let expired = Bearer { expires: Some(instant("2026-05-01T00:00:00Z")), ..who.clone() };
    let good = site.unsubscribe(&who);
    let flipped = format!("{}{}", &good[..good.len() - 5], if good.ends_with("AAAAA") { "BBBBB" } else { "AAAAA" });
    let other = site.preferences(&who).replace("/p/", "/u/");
    let bad = [
        flipped,
        other,
        site.unsubscribe(&expired),
        format!("{good}x"),
        format!("{}%00", &good[..60]),
        format!("http://{}/u/x", site.address),
    ];
    let mut pages = std::collections::BTreeSet::new();
    for url in &bad {
        let (status, page) = site.get(url).await;
        assert_eq!(status, 404, "{url}");
        pages.insert(page);
        let (status, page) = site.post(url, &[("List-Unsubscribe", "One-Click")]).await;
        assert_eq!(status, 404, "{url}");
        pages.insert(page);
    }
    assert_eq!(pages.len(), 1, "they cannot be told from each other");
    assert_eq!(said(&world).await, Vec::<String>::new());
    assert_eq!(site.counted().bad_links, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tries_many_links_is_told_to_wait_and_good_links_work_all_the_same() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let mut statuses = Vec::new();
    for n in 0..7 {
        statuses.push(site.get(&format!("http://{}/u/AQ{n}", site.address)).await.0);
    }
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429, 429]);
    assert_eq!(site.counted().refused, 2);
    let good = site.unsubscribe(&bearer(&world, "c1").await);
    assert_eq!(site.post(&good, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_keep_it_private_and_no_cookie() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let good = site.unsubscribe(&bearer(&world, "c1").await);
    for url in [
        good,
        format!("http://{}/u/x", site.address),
        format!("http://{}/", site.address),
        format!("http://{}/robots.txt", site.address),
    ] {
        let answer = site.client.get(&url).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{url}");
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        assert_eq!(header("x-robots-tag").as_deref(), Some("noindex, nofollow"));
        let policy = header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(header("set-cookie"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_with_and_without_the_path_of_the_proxy() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let link = site.links.unsubscribe(&bearer(&world, "c1").await).url;
    let kept = link.replace("https://mail.shop.example", &format!("http://{}", site.address));
    assert_eq!(site.get(&kept).await.0, 200);
    assert_eq!(site.get(&site.here(&link)).await.0, 200);
    assert_eq!(site.get(&kept.replace("/m/", "/other/")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_heads_and_bodies_are_refused() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    let large = "x".repeat(200_000);
    let (status, page) = site.post(&url, &[("List-Unsubscribe", "One-Click"), ("x", &large)]).await;
    assert!(status == 413 && page.contains("Nothing was changed"), "{status} {page:.300}");
    let path = url.split_once(&site.address.to_string()).unwrap().1.to_owned();
    let host = "Host: x\r\n";
    let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    for head in [format!("X-Large: {large}\r\n"), many] {
        let answer =
            raw(&site, format!("GET {path} HTTP/1.1\r\n{host}{head}Connection: close\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer:.100}");
    }
    let answer = raw(&site, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer:.100}");
    assert_eq!(said(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_cut_off_and_do_not_keep_others_out() {
    let world = world(1).await;
    let slow = PublicSettings { timeout: Duration::from_millis(700), connections: 8, ..settings() };
    let site = Site::with(&world, slow).await;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    let path = url.split_once(&site.address.to_string()).unwrap().1.to_owned();
    let heads = [
        "GET / HTT".to_owned(),
        String::new(),
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 90\r\n\r\nList-"
        ),
    ];
    let mut open = Vec::new();
    for n in 0..8 {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(heads[n % heads.len()].as_bytes()).await.unwrap();
        open.push(stream);
    }
    // all places are taken; a customer gets one as soon as they are cut off
    assert_eq!(site.get(&url).await.0, 200);
    for mut stream in open {
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "a slow connection is still open");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert_eq!(said(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_politely_and_nothing_leaks() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    world.sql("alter table tend.choice rename to choice_away").await;
    let (status, page) = site.post(&url, &[("List-Unsubscribe", "One-Click")]).await;
    assert!(status == 503 && page.contains("our fault") && !page.contains("choice"), "{page}");
    world.sql("alter table tend.choice_away rename to choice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_the_request_at_work_and_takes_no_new_one() {
    let world = world(1).await;
    let site = Site::open(&world).await;
    let address = site.address;
    let url = site.unsubscribe(&bearer(&world, "c1").await);
    let mut lock = world.pool().begin().await.unwrap();
    sqlx::query("lock table tend.choice in exclusive mode").execute(&mut *lock).await.unwrap();
    let at_work = tokio::spawn(site.client.post(&url).form(&[("List-Unsubscribe", "One-Click")]).send());
    crate::support::eventually("the request waits for the lock", async || {
        world.value("select count(*) from pg_locks where not granted and relation = 'tend.choice'::regclass").await
            != "0"
    })
    .await;
    site.stop.cancel();
    crate::support::eventually("the listener is closed", async || TcpStream::connect(address).await.is_err()).await;
    lock.rollback().await.unwrap();
    assert_eq!(at_work.await.unwrap().unwrap().status(), 200);
    site.close().await;
    assert_eq!(said(&world).await.len(), 1);
}
