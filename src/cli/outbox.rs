//! `tend outbox`: messages that wait for a person.

use serde_json::json;

use super::args::{Arguments, OutboxAction};
use super::control::who;
use super::failure::Failure;
use super::{connect, print};
use crate::clock::shown;
use crate::db::Database;
use crate::jobs::layout::{Align, clip, counted, table, verb};
use crate::outbox::desk::{self, Decided};
use crate::outbox::home::{self, Held};
use crate::settings::Settings;

/// Most messages a person is shown at a time.
const SHOWN: i64 = 200;

/// Lists them, or carries a decision out.
pub async fn run(arguments: &Arguments, action: &OutboxAction) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut conn = opened.db.pool().acquire().await?;
    let (messages, again) = match action {
        OutboxAction::List => return list(arguments, &settings, &mut conn).await,
        OutboxAction::Confirm { release, drop } => {
            return confirm(arguments, &settings, &opened.db, *release, *drop).await;
        }
        OutboxAction::Resend { message } => (message, true),
        OutboxAction::Drop { message } => (message, false),
    };
    let now = settings.time.source.now(&mut conn).await?;
    let mut outcomes = Vec::new();
    for &message in messages {
        let decided = match again {
            true => desk::resend(&mut conn, message, &who(), now).await?,
            false => desk::give_up(&mut conn, message, &who(), now).await?,
        };
        outcomes.push((message, decided));
    }
    if arguments.json {
        let rows = outcomes.iter().map(|(message, decided)| json!({ "message": message, "outcome": decided }));
        print::json(&rows.collect::<Vec<_>>())?;
    } else {
        let lines = outcomes.iter().map(|(message, decided)| format!("message {message} {}\n", in_words(*decided)));
        print::text(lines.collect::<String>())?;
    }
    let done = outcomes.iter().all(|(_, decided)| matches!(decided, Decided::Planned | Decided::Dropped));
    if done { Ok(()) } else { Err(Failure::Said(1)) }
}

/// Says that this database is the one that sends.
async fn confirm(
    arguments: &Arguments,
    settings: &Settings,
    db: &Database,
    release: bool,
    drop: bool,
) -> Result<(), Failure> {
    let held = match (release, drop) {
        (true, _) => Held::Release,
        (_, true) => Held::Drop,
        _ => Held::Keep,
    };
    let mut tx = db.begin("confirm").await?;
    let now = settings.time.source.now(&mut tx).await?;
    let done = home::confirm(&mut tx, &who(), now, held).await?;
    tx.commit().await?;
    if arguments.json {
        return print::json(&done);
    }
    let said =
        if done.changed { "This database is the one that sends; sending goes on." } else { "It was so already." };
    let rest = match (held, done.messages) {
        (_, 0) => String::new(),
        (Held::Keep, messages) => format!(
            " {} planned before {} still held: `tend outbox confirm --release` sends them, --drop gives them \
             up, `tend outbox resend N` sends one.",
            counted(messages, "message"),
            verb(messages, "is", "are")
        ),
        (Held::Release, messages) => {
            format!(" {} planned before {} owed again.", counted(messages, "message"), verb(messages, "is", "are"))
        }
        (Held::Drop, messages) => {
            format!(" {} planned before {} given up.", counted(messages, "message"), verb(messages, "is", "are"))
        }
    };
    print::text(format!("{said}{rest}\n"))
}

async fn list(arguments: &Arguments, settings: &Settings, conn: &mut sqlx::PgConnection) -> Result<(), Failure> {
    if arguments.json {
        return print::json(&desk::waiting(conn, None).await?);
    }
    // one more than is shown, to know whether there are more
    let waiting = desk::waiting(conn, Some(SHOWN + 1)).await?;
    if waiting.is_empty() {
        return print::text("No message waits for a person.");
    }
    let head =
        ["message", "state", "job", "customer", "occasion", "channel", "since", "why"].map(str::to_owned).to_vec();
    let shown_most = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let rows = waiting.iter().take(shown_most).map(|message| {
        vec![
            message.message_id.to_string(),
            message.state.clone(),
            message.job.clone(),
            clip(&message.customer_id, 20),
            message.occasion.clone(),
            message.channel.clone(),
            shown(message.state_at, settings.defaults.timezone),
            clip(why(message.state_reason.as_deref().unwrap_or_default()), 70),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let more = match waiting.len() > shown_most {
        true => "These are the oldest, there are more: --json lists all.\n",
        false => "",
    };
    print::text(
        table(&[Align::Right], &rows)
            + more
            + "What waits for approval, or because too many of the job came back, goes by `tend approve`, what waits for a code by\n\
               `tend coupons import`. Of the others `tend outbox resend N` sends one (again), `tend outbox drop N` gives it up.\n",
    )
}

/// What a held message waits for, in words; the reasons of other states are words already.
fn why(reason: &str) -> &str {
    match reason {
        "approval" => "waits for approval",
        "canary" => "waits for the first share of its run",
        "coupon" => "waits for a coupon code",
        "limit" => "waits for a person: too many of the job came back",
        other => other,
    }
}

fn in_words(decided: Decided) -> &'static str {
    match decided {
        Decided::Planned => "is owed again, under the same Message-ID",
        Decided::Dropped => "is given up",
        Decided::TooLate => "stays as it is: its end of life has passed",
        Decided::NotApproved => "stays as it is: its run waits; `tend approve` lets it go",
        Decided::NotWaiting => "stays as it is: it does not wait for a person",
        Decided::Unknown => "does not exist",
    }
}
