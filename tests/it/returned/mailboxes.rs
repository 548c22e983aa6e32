//! Where mails that come back arrive: a pipe, a Maildir, a folder, an mbox.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use tend::outbox::returned::Consequences;
use tend::outbox::returned::mailbox::{Place, Tally, look};

use super::mails::fixture;
use super::{sent, states};
use crate::support::{World, instant};

async fn looked(world: &World, place: &Place) -> Tally {
    let mut conn = world.pool().acquire().await.unwrap();
    look(&mut conn, place, Consequences::default(), instant("2026-06-01T02:00:00Z")).await.unwrap()
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
    let mut conn = world.pool().acquire().await.unwrap();
    let place = Place::Folder(dir.path().to_owned());
    assert!(look(&mut conn, &place, Consequences::default(), instant("2026-06-01T02:00:00Z")).await.is_err());
    drop(conn);
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
