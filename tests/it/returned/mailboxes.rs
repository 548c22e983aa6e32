//! Where mails that come back arrive: a pipe, a Maildir, a folder, an mbox.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use tend::outbox::returned::Consequences;
use tend::outbox::returned::mailbox::{Place, Tally, look};
use tokio_util::sync::CancellationToken;

use super::mails::fixture;
use super::{id, sent, states};
use crate::support::{World, instant};

async fn looked(world: &World, place: &Place) -> Tally {
    tried(world, place, &CancellationToken::new()).await.unwrap()
}

async fn tried(world: &World, place: &Place, stop: &CancellationToken) -> anyhow::Result<Tally> {
    let mut conn = world.pool().acquire().await.unwrap();
    look(&mut conn, place, Consequences::default(), instant("2026-06-01T02:00:00Z"), stop).await
}

#[tokio::test]
async fn a_maildir_and_a_folder_are_read_and_what_was_read_is_put_away() {
    let world = sent(2, "email", "smtp").await;
    let dir = tempfile::tempdir().unwrap();
    for below in ["new", "cur", "tmp"] {
        std::fs::create_dir(dir.path().join(below)).unwrap();
    }
    std::fs::write(dir.path().join("new/1.host"), fixture("postfix.eml")).unwrap();
    std::fs::write(dir.path().join("new/2.host"), fixture("person.eml")).unwrap();
    std::fs::write(dir.path().join("tmp/3.host"), fixture("exim.eml")).unwrap();
    let maildir = Place::Maildir(dir.path().to_owned());
    let tally = looked(&world, &maildir).await;
    assert_eq!((tally.mails, tally.recorded, tally.other), (2, 1, 1));
    assert_eq!(looked(&world, &maildir).await, Tally::default());
    assert!(dir.path().join("cur/1.host:2,S").exists() && dir.path().join("tmp/3.host").exists());

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.eml"), fixture("exim.eml")).unwrap();
    std::fs::write(dir.path().join(".hidden"), "x").unwrap();
    let folder = Place::Folder(dir.path().to_owned());
    assert_eq!(looked(&world, &folder).await.recorded, 1);
    assert!(dir.path().join("done/a.eml").exists());
    assert_eq!(looked(&world, &folder).await, Tally::default());
    assert!(states(&world).await.iter().all(|state| state.contains("bounced")));
}

#[tokio::test]
async fn nothing_is_put_away_that_could_not_be_written_down() {
    let world = sent(1, "email", "smtp").await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.eml"), fixture("postfix.eml")).unwrap();
    world.sql("alter table tend.receipt rename to receipt_away").await;
    let place = Place::Folder(dir.path().to_owned());
    assert!(tried(&world, &place, &CancellationToken::new()).await.is_err());
    world.sql("alter table tend.receipt_away rename to receipt").await;
    assert!(dir.path().join("a.eml").exists());
    assert_eq!(looked(&world, &place).await.recorded, 1);
}

#[tokio::test]
async fn an_mbox_is_emptied_under_the_lock_that_mail_servers_respect() {
    let world = sent(2, "email", "smtp").await;
    let dir = tempfile::tempdir().unwrap();
    let (file, lock) = (dir.path().join("bounces"), dir.path().join("bounces.lock"));
    let mbox = [
        &b"From MAILER-DAEMON Mon\n"[..],
        &fixture("postfix.eml"),
        b"\n\nFrom MAILER-DAEMON Mon\n",
        &fixture("exim.eml"),
    ]
    .concat();
    let place = Place::Mbox(file.clone());
    assert_eq!(looked(&world, &place).await, Tally::default(), "there is none yet");
    std::fs::write(&file, &mbox).unwrap();
    std::fs::write(&lock, "1").unwrap();
    assert_eq!(looked(&world, &place).await, Tally::default(), "somebody delivers");
    let old = std::time::SystemTime::now() - Duration::from_secs(600);
    std::fs::File::options().write(true).open(&lock).unwrap().set_modified(old).unwrap();
    assert_eq!(looked(&world, &place).await.recorded, 2, "a lock that was left behind");
    assert_eq!((std::fs::read(&file).unwrap().len(), lock.exists()), (0, false));
    assert_eq!(looked(&world, &place).await, Tally::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_too_large_to_be_read_whole_is_refused_and_stays_as_it_is() {
    let world = sent(1, "email", "smtp").await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bounces");
    std::fs::write(&file, [&b"From MAILER-DAEMON Mon\n"[..], &fixture("postfix.eml")].concat()).unwrap();
    let size = 256 * 1024 * 1024 + 1;
    std::fs::File::options().write(true).open(&file).unwrap().set_len(size).unwrap();
    let looked = tried(&world, &Place::Mbox(file.clone()), &CancellationToken::new()).await;
    let said = looked.expect_err("not read in part").to_string();
    assert!(said.contains("larger than 256 MB"), "{said}");
    let (code, out, said) = piped(&world, &["bounces", file.to_str().unwrap()], b"", false);
    assert!(code == Some(2) && said.contains("larger than 256 MB"), "{code:?} {out} {said}");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), size);
    assert_eq!(states(&world).await, ["c1: accepted"]);
}

/// An mbox with a report about each of so many customers' messages.
fn many(count: usize) -> Vec<u8> {
    let report = String::from_utf8(fixture("postfix.eml")).unwrap();
    let of = |n: usize| report.replace("c1@example.com", &format!("c{n}@example.com")).replace(&id(1), &id(n));
    (1..=count).flat_map(|n| format!("From MAILER-DAEMON Mon\n{}\n\n", of(n)).into_bytes()).collect()
}

#[tokio::test]
async fn an_mbox_is_written_down_piece_by_piece_and_emptied_at_the_end_only() {
    let world = sent(130, "email", "smtp").await;
    let dir = tempfile::tempdir().unwrap();
    let (file, mbox) = (dir.path().join("bounces"), many(130));
    let place = Place::Mbox(file.clone());
    std::fs::write(&file, &mbox).unwrap();
    world.sql("alter table tend.receipt add constraint away check (message_id <> 120)").await;
    assert!(tried(&world, &place, &CancellationToken::new()).await.is_err());
    assert_eq!(world.value("select count(*) from tend.receipt").await, "100", "trouble with one costs few others");
    assert!(std::fs::read(&file).unwrap() == mbox && !dir.path().join("bounces.lock").exists());
    world.sql("alter table tend.receipt drop constraint away").await;
    let tally = looked(&world, &place).await;
    assert_eq!((tally.mails, tally.recorded, tally.known), (130, 30, 100));
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
}

#[tokio::test]
async fn a_stop_is_heard_before_the_next_mail_and_what_was_not_taken_stays() {
    let world = sent(3, "email", "smtp").await;
    let dir = tempfile::tempdir().unwrap();
    let (file, mbox) = (dir.path().join("bounces"), many(3));
    std::fs::write(&file, &mbox).unwrap();
    let folder = dir.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.eml"), fixture("postfix.eml")).unwrap();
    let told = CancellationToken::new();
    told.cancel();
    for place in [Place::Mbox(file.clone()), Place::Folder(folder.clone())] {
        assert_eq!(tried(&world, &place, &told).await.unwrap(), Tally::default());
    }
    assert!(std::fs::read(&file).unwrap() == mbox && folder.join("a.eml").exists());
    // what is written down is only put away later: all of it is taken then, and nothing twice
    assert_eq!(looked(&world, &Place::Mbox(file)).await.recorded, 3);
    assert_eq!(looked(&world, &Place::Folder(folder)).await.known, 1);
}

/// What `tend bounces -` says to a mail server that pipes this into it.
fn piped(world: &World, arguments: &[&str], input: &[u8], break_it: bool) -> (Option<i32>, String, String) {
    let mut command = world.tend();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if break_it {
        command
            .env("TEND__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")
            .env("TEND__DATABASE__CONNECT_TIMEOUT", "1s");
    }
    let mut child = command.spawn().unwrap();
    // a mail server that is cut off bounces the bounce: all of it is read
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_pipes_mails_in_and_keeps_them_while_the_database_is_away() {
    let world = sent(2, "email", "smtp").await;
    let (code, _, said) = piped(&world, &["bounces", "-"], &fixture("postfix.eml"), true);
    assert_eq!(code, Some(75), "{said}");
    let (code, out, said) = piped(&world, &["bounces", "-"], &fixture("postfix.eml"), false);
    assert_eq!((code, out.as_str()), (Some(0), "1 mail: 1 written down\n"), "{said}");
    assert!(states(&world).await[0].starts_with("c1: bounced"));
    let large = [&fixture("exim.eml")[..], &vec![b'x'; 3_000_000]].concat();
    let (code, out, _) = piped(&world, &["bounces", "-", "--json"], &large, false);
    let tally: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &tally["recorded"], &tally["mails"]), (Some(0), &1.into(), &1.into()));
    for rubbish in [&b""[..], b"hello", &[0xff; 5_000]] {
        assert_eq!(piped(&world, &["bounces", "-"], rubbish, false).0, Some(0), "who pipes cannot do better either");
    }
    let (code, _, said) = piped(&world, &["bounces", "/nonexistent/file"], b"", false);
    assert!(code == Some(2) && said.contains("/nonexistent/file"), "{said}");
}
