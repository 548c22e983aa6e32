//! Reviews that were made: kept as they were sent, shown, sent again; what a preview writes into a folder.

use std::path::Path;

use mail_parser::{MessageParser, MimeHeaders as _};

use super::mailed::{MORNING, bench, delivered, house};
use crate::support::process::Bench;
use crate::support::{World, instant};

/// The review of May was made and its mails went out; the mails by reader, and the run.
async fn sent() -> (World, Bench, Vec<crate::support::smtp::Mail>, String) {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    bench.ok(&["run", "review", "--at", MORNING]);
    let mails = delivered(&world).await;
    let run = world.value("select max(run_id)::text from tend.report").await;
    (world, bench, mails, run)
}

/// A file of those whose names end so; there is one.
fn only(dir: &Path, ends: &str) -> String {
    let named = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut found: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(named).filter(|name| name.ends_with(ends)).collect();
    assert_eq!(found.len(), 1, "{ends}: {found:?}");
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_kept_byte_for_byte_with_its_figures_and_the_file_it_was_made_by() {
    let (world, bench, mails, run) = sent().await;
    let listed = bench.ok(&["report", "list"]);
    assert!(listed.contains("3 sent") && listed.contains("north") && listed.contains("2026-05"), "{listed}");
    // the file and the template change afterwards, and the letters are past their days: what was sent stays
    std::fs::write(bench.path().join("templates/review/email.en.mjml"), "<mjml><mj-body></mj-body></mjml>").unwrap();
    world.advance_to(instant("2027-06-01T00:00:00Z")).await;
    let out = bench.path().join("kept");
    let told = bench.ok(&["report", "show", &run, "--out", out.to_str().unwrap()]);
    assert!(
        told.contains("1 of 1 targets missed") && told.contains("staff:m1 Mary") && told.contains("accepted"),
        "{told}"
    );
    for (reader, file) in [("mary@shop.example", "staff-m1.eml"), ("boss@shop.example", "boss@shop.example.eml")] {
        let kept = std::fs::read(out.join(only(&out, file))).unwrap();
        // the server keeps the lines as they came, with the dots that SMTP doubles
        let taken = mails.iter().find(|mail| mail.to == reader).unwrap().text.replace("\r\n..", "\r\n.");
        let kept = String::from_utf8(kept).unwrap();
        let differs = kept.lines().zip(taken.lines()).find(|(kept, taken)| kept != taken);
        assert_eq!((differs, kept.lines().count()), (None, taken.lines().count()), "as the server got it");
        let dir = out.join(only(&out, file.strip_suffix(".eml").unwrap()));
        assert!(std::fs::read_to_string(dir.join("mail.html")).unwrap().contains("What missed its target"));
        assert!(std::fs::read(dir.join("review-2026-05.xlsx")).unwrap().starts_with(b"PK"));
    }
    let figures: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("figures.json")).unwrap()).unwrap();
    assert_eq!(figures["period"]["name"], "2026-05");
    assert!(std::fs::read_to_string(out.join("review.toml")).unwrap().contains("title = \"Monthly review\""));
    let north = bench.ok(&["report", "show", &run, "--team", "north", "--json"]);
    let north: serde_json::Value = serde_json::from_str(&north).unwrap();
    assert_eq!(north["report"]["mails"].as_array().unwrap().len(), 1);
    assert_eq!(north["report"]["mails"][0]["reader"], "staff:sn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_sent_again_only_when_asked_and_says_so() {
    let (world, bench, _, run) = sent().await;
    world.advance_to(instant("2026-06-05T02:00:00Z")).await;
    let told =
        bench.ok(&["report", "resend", &run, "--to", "new@shop.example", "--to", "staff:m2", "--to", "staff:ss"]);
    assert!(told.contains("3 mails will be sent again"), "{told}");
    let mails = delivered(&world).await;
    let parsed = |to: &str| {
        let mail = mails.iter().find(|mail| mail.to == to).unwrap_or_else(|| panic!("{to} got none"));
        MessageParser::default().parse(mail.text.as_bytes()).unwrap().into_owned()
    };
    assert_eq!(mails.len(), 3);
    assert_eq!(parsed("new@shop.example").subject(), Some("[Sent again] 2026-05: 1 of 1 target missed"));
    assert_eq!(parsed("han@shop.example").subject(), Some("【重发】2026-05：1 项目标中 1 项未达成"));
    let text = parsed("sid@shop.example").body_text(0).unwrap().into_owned();
    assert!(
        text.contains("Sent again on 2026-06-05. The figures are those of the review made on 2026-06-01."),
        "{text}"
    );
    let han = parsed("han@shop.example");
    assert_eq!(
        han.attachments().filter_map(|part| part.attachment_name()).collect::<Vec<_>>(),
        ["review-2026-05.xlsx"]
    );
    // everybody who got one, and again: each time messages of their own beside the first
    assert!(bench.ok(&["report", "resend", &run, "--team", "north"]).contains("1 mail will be sent again"));
    assert!(bench.ok(&["report", "resend", &run, "--team", "north"]).contains("1 mail will be sent again"));
    assert_eq!(delivered(&world).await.len(), 2);
    let shown = bench.ok(&["report", "show", &run, "--team", "north"]);
    assert_eq!(shown.matches("again, of").count(), 2, "{shown}");
    assert!(bench.ok(&["report", "list"]).contains("6 sent"), "three and three again");
    bench.ok(&["run", "review", "--at", MORNING]);
    assert_eq!(delivered(&world).await.len(), 0, "a run sends nothing again");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_what_is_not_there_is_told_what_is() {
    let (world, bench, _, run) = sent().await;
    let refused = |arguments: &[&str]| {
        let out = bench.run(arguments);
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, said) = refused(&["report", "show", "999"]);
    assert!(code == Some(1) && said.contains("`tend report list` shows those there are"), "{said}");
    let (code, said) = refused(&["report", "show", &run, "--team", "west"]);
    assert!(code == Some(1) && said.contains("there are: north, south"), "{said}");
    for (to, word) in [("nobody", "name staff:ID or a mail address"), ("staff:gone", "no active staff gone")] {
        let (code, said) = refused(&["report", "resend", &run, "--to", to]);
        assert!(code == Some(2) && said.contains(word), "{said}");
    }
    // what tend of before kept for a month only
    world.sql("delete from tend.letter").await;
    let (code, said) = refused(&["report", "resend", &run, "--to", "staff:m1"]);
    assert!(code == Some(1) && said.contains("is no longer kept; nothing was sent"), "{said}");
    assert!(bench.ok(&["report", "show", &run]).contains("1 of 1 targets missed"));
    world.sql("delete from tend.report").await;
    assert!(bench.ok(&["report", "list"]).contains("No reviews were made yet."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_writes_the_mails_as_readers_would_get_them_and_keeps_nothing() {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    let out = bench.path().join("preview");
    let told = bench.ok(&["plan", "review", "--at", MORNING, "--out", out.to_str().unwrap()]);
    assert!(told.contains("preview/01-staff-m1.eml"), "{told}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 10, "five mails, each with its folder");
    let page = std::fs::read_to_string(out.join("02-staff-m2/mail.html")).unwrap();
    assert!(page.contains("1 项目标中 1 项未达成"), "in the language of the reader");
    assert!(out.join("02-staff-m2/review-2026-05.xlsx").exists());
    assert_eq!(world.value("select count(*) from tend.letter").await, "0");
    assert_eq!(world.value("select count(*) from tend.report").await, "0");
    let out = bench.run(&["plan", "review", "--out", "x", "--customer", "c1"]);
    assert_eq!(out.status.code(), Some(2), "what one customer gets is something else");
}
