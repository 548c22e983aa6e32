//! What a person reads, where it is the same every time.

use crate::support::process::Bench;

use super::{bench, company, stderr};

/// Words that differ from run to run.
fn steady(text: &str) -> String {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let took = regex_lite(&text, " in ", " s");
    took.replace(&super::whoami(), "somebody")
}

/// Replaces the figure between two words by `N`.
fn regex_lite(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let figures = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let rest = &part[figures..];
        let figure = if figures > 0 && rest.starts_with(after) { "N" } else { &part[..figures] };
        whole.push_str(&format!("{before}{figure}{rest}"));
    }
    whole
}

/// What the commands print, one after the other, as on a terminal.
pub(super) fn session(bench: &Bench, commands: &[&[&str]]) -> String {
    let mut text = String::new();
    for arguments in commands {
        let output = bench.run(arguments);
        text.push_str(&format!("$ tend {}\n", arguments.join(" ")));
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        text.push_str(&stderr(&output));
        if let Some(code) = output.status.code().filter(|code| *code != 0) {
            text.push_str(&format!("[exit code {code}]\n"));
        }
        text.push('\n');
    }
    steady(&text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketer_changes_a_job() {
    let (world, bench) = bench().await;
    company(&world).await;
    let mut text =
        session(&bench, &[&["status"], &["apply"], &["apply"], &["next", "--from", "2026-06-01", "--count", "2"]]);
    let shipped = std::fs::read_to_string(bench.path().join("jobs/birthday.toml")).unwrap();
    bench.job("birthday", &shipped.replace("offset       = \"-3d\"", "offset       = \"-5d\""));
    text.push_str(&session(&bench, &[&["apply"]]));
    bench.job("birthday", &shipped);
    text.push_str(&session(&bench, &[&["apply"], &["apply", "--force"]]));
    bench.job(
        "birthday",
        &shipped.replace("offset       = \"-3d\"", "offset       = \"-3\"").replace("feb_29 ", "feb29 "),
    );
    text.push_str(&session(&bench, &[&["check"]]));
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn ladders_and_messages_are_planned_run_and_run_again() {
    let (world, bench) = bench().await;
    company(&world).await;
    bench.ok(&["apply"]);
    insta::assert_snapshot!(session(
        &bench,
        &[
            &["plan", "value-tiers", "--at", "2026-06-01"],
            &["run", "value-tiers", "--at", "2026-06-01"],
            &["run", "value-tiers", "--at", "2026-06-01"],
            &["plan", "birthday", "--at", "2026-06-01"],
            &["backfill", "value-tiers", "--from", "2026-05-01", "--to", "2026-05-03"],
            &["status"],
        ]
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_pause_and_resume() {
    let (_world, bench) = bench().await;
    bench.ok(&["apply"]);
    insta::assert_snapshot!(session(
        &bench,
        &[
            &["pause", "birthday", "--note", "stocktaking"],
            &["pause", "birthday"],
            &["pause", "--all", "--note", "wrong voucher"],
            &["pause", "--all"],
            &["status"],
            &["resume", "birthday"],
            &["resume", "birthday"],
            &["resume", "--all"],
            &["resume", "--all"],
            &["outbox", "list"],
            &["outbox", "resend", "12"],
        ]
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_imported() {
    let (_world, bench) = bench().await;
    let file = |name: &str, text: &str| std::fs::write(bench.path().join(name), text).unwrap();
    file(
        "people.csv",
        "customer_id,name,email,birthday,email_consent\nc1,Ann,ann@example.com,05-04,yes\nc2,Bob,bob at example.com,,\nc3,Cat,cat@example.com,30 May,maybe\n,Dan,,,\n",
    );
    let mut text = session(
        &bench,
        &[
            &["import", "customers", "people.csv", "--strict"],
            &["import", "customers", "people.csv"],
            &["import", "customers", "people.csv", "--rejects", "bad.csv"],
            &["import", "orders", "people.csv"],
        ],
    );
    text.push_str(&std::fs::read_to_string(bench.path().join("bad.csv")).unwrap());
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_from_standard_input() {
    use std::io::Write as _;
    use std::process::Stdio;
    let (world, bench) = bench().await;
    let mut command = bench.command(&["import", "customers", "-", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("\u{feff}customer_id,name\nc1,Ann\n".as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(super::json(&output)["inserted"], 1);
    assert_eq!(world.value("select name from crm.customer").await, "Ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_names_every_command_and_the_exit_codes() {
    let (_world, bench) = bench().await;
    insta::assert_snapshot!(bench.ok(&["--help"]));
}
