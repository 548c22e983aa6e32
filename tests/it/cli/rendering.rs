//! `tend render`, `tend send-test`, and the length of text messages in `tend plan`.

use mail_parser::MessageParser;

use super::{bench, company, json, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_would_get_is_written_into_files_and_nothing_is_kept() {
    let (world, bench) = bench().await;
    company(&world).await;
    world.sql("update crm.customer set name = 'Ann <b>' where customer_id = 'c03'").await;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let to = out.to_str().unwrap();
    let said = bench.ok(&["render", "birthday", "--customer", "c03", "--at", "2026-06-01", "--out", to]);
    assert!(said.contains("What c03 gets from birthday"), "{said}");
    let mail = std::fs::read(out.join("birthday-email.eml")).unwrap();
    let mail = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(mail.subject(), Some("Ann <b>, your birthday present is here early"));
    let html = std::fs::read_to_string(out.join("birthday-email.html")).unwrap();
    assert!(html.contains("Ann &lt;b&gt;") && html.contains("/u/example"), "{html}");
    assert!(std::fs::read_to_string(out.join("birthday-email.txt")).unwrap().contains("¥15 birthday coupon"));
    assert!(!out.join("birthday-sms.txt").exists(), "the channel that would be taken, and no other");
    // on a day without an occasion: an example in each channel
    let said =
        bench.ok(&["render", "birthday", "--customer", "c01", "--at", "2026-03-01", "--offer", "high", "--out", to]);
    assert!(said.contains("An example (with the offer \"high\", as asked for)"), "{said}");
    assert!(std::fs::read_to_string(out.join("birthday-sms.txt")).unwrap().contains("专属定制礼物"));
    let said =
        json(&bench.run(&["render", "birthday", "--customer", "c01", "--at", "2026-03-01", "--out", to, "--json"]));
    assert!(said["example_because"].as_str().unwrap().contains("nothing is due"), "{said}");
    // what the trigger tells of the occasion is made up too, and every step is written
    bench.ok(&["render", "festivals", "--customer", "c01", "--at", "2026-03-01", "--out", to]);
    let mail = std::fs::read_to_string(out.join("festivals-email.txt")).unwrap();
    assert!(mail.contains("春节") && mail.contains("2月6日"), "{mail}");
    bench.ok(&["render", "dormant-wakeup", "--customer", "c01", "--at", "2026-03-01", "--out", to]);
    assert!(std::fs::read_to_string(out.join("dormant-wakeup-email.txt")).unwrap().contains("180"));
    assert!(out.join("dormant-reminder-sms.txt").exists());
    for table in ["tend.outbox", "tend.occasion", "tend.decision", "tend.link_secret"] {
        assert_eq!(world.value(&format!("select count(*) from {table}")).await, "0", "{table}");
    }
    for (arguments, why) in [
        (["render", "birthday", "--customer", "nobody", "--out", to].as_slice(), "no customer `nobody`"),
        (&["render", "birthday", "--customer", "c01", "--offer", "hihg", "--out", to], "high, mid, normal"),
        (&["render", "value-tiers", "--customer", "c01", "--out", to], "sends no messages"),
    ] {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_is_sent_marked_and_leaves_no_trace() {
    let (world, mut bench) = bench().await;
    company(&world).await;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap().to_owned();
    for (name, sort) in [("mail", "email"), ("text", "sms")] {
        bench.set(&format!("channels.{name}.kind"), "recording");
        bench.set(&format!("channels.{name}.sort"), sort);
        bench.set(&format!("channels.{name}.folder"), &folder);
    }
    let said = bench.ok(&["send-test", "birthday", "--to", "me@shop.example", "--customer", "c01", "--offer", "mid"]);
    assert!(said.contains("The channel mail took the test message"), "{said}");
    let file = std::fs::read_dir(dir.path())
        .unwrap()
        .flatten()
        .find(|file| file.path().extension().is_some_and(|e| e == "eml"));
    let bytes = std::fs::read(file.unwrap().path()).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert!(mail.subject().unwrap().starts_with("[test] "), "{:?}", mail.subject());
    assert_eq!(mail.to().and_then(|to| to.first()?.address()), Some("me@shop.example"));
    assert!(mail.header("List-Unsubscribe").is_none(), "nobody unsubscribes a customer by trying a message");
    bench.ok(&["send-test", "birthday", "--to", "+8613800138000"]);
    assert!(std::fs::read_to_string(dir.path().join("sms.jsonl")).unwrap().contains("[test] 【"));
    for table in ["tend.outbox", "tend.occasion", "tend.attempt", "tend.decision"] {
        assert_eq!(world.value(&format!("select count(*) from {table}")).await, "0", "{table}");
    }
    bench.ok(&["send-test", "dormant-wakeup", "--to", "+8613800138000", "--step", "reminder"]);
    let output = bench.run(&["send-test", "dormant-wakeup", "--to", "me@shop.example", "--step", "reminder"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("It has: email, sms, sms at the step `reminder`"), "{}", stderr(&output));
    let output = bench.run(&["send-test", "birthday", "--to", "not-an-address"]);
    assert!(!output.status.success(), "{}", stderr(&output));
    let output = bench.run(&["send-test", "birthday", "--to", "me@shop.example", "--channel", "text"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("carries sms"), "{}", stderr(&output));
    bench.ok(&["pause", "--all"]);
    let output = bench.run(&["send-test", "birthday", "--to", "me@shop.example"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("all sending is stopped"), "{}", stderr(&output));
    bench.ok(&["resume", "--all"]);
    bench.set("outbox.redirect_to.email", "staging@shop.example");
    let said = bench.ok(&["send-test", "birthday", "--to", "me@shop.example"]);
    assert!(said.contains("to the address of outbox.redirect_to"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_measures_the_longest_text_message() {
    let (world, bench) = bench().await;
    company(&world).await;
    world
        .sql(
            "update crm.customer set email = null, phone = '+86138001380' || right(customer_id, 2);
             insert into crm.consent (customer_id, channel, purpose, recorded_at, granted, source)
             select customer_id, 'sms', 'marketing', '2025-01-01', true, 'test' from crm.customer;
             update crm.customer set name = repeat('长', 40) where customer_id = 'c05'",
        )
        .await;
    let said = bench.ok(&["plan", "birthday", "--at", "2026-06-01"]);
    assert!(said.contains("Text messages\n  the longest, to c05, has "), "{said}");
    let said = json(&bench.run(&["plan", "birthday", "--at", "2026-06-01", "--json"]));
    assert_eq!(said["longest_text"]["customer_id"], "c05");
    assert_eq!(said["longest_text"]["parts"], 2);
    assert_eq!(said["longest_text"]["max_parts"], 2);
}
