//! `tend override`: levels given by hand.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::json;
use sqlx::PgConnection;

use super::args::{Arguments, OverrideArgs};
use super::at::At;
use super::control::who;
use super::failure::Failure;
use super::{connect, folder, print};
use crate::clock::shown;
use crate::jobfile::file::levels_in;
use crate::jobfile::folder::Folder;
use crate::jobs::KINDS;
use crate::jobs::layout::{clip, table};
use crate::jobs::retier::by_hand::{self, ByHand, Giving, Wanted};
use crate::spelling::nearest;

/// A ladder of the folder.
struct Known {
    levels: Vec<String>,
    zone: Tz,
}

/// Gives a level, takes it back, or lists.
pub async fn run(arguments: &Arguments, command: &OverrideArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let folder = folder::read(arguments)?;
    let known = command.ladder.as_deref().map(|ladder| ladder_of(&folder, ladder)).transpose()?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("override").await?;
    let now = settings.time.source.now(&mut tx).await?;
    if let Some(customer) = &command.customer {
        check_customer(&mut tx, customer, command.level.is_none()).await?;
    }
    match (&command.ladder, &command.customer, known) {
        (Some(ladder), Some(customer), Some(known)) if command.level.is_some() || command.clear => {
            let change = Change { arguments, command, ladder, customer, known: &known, now };
            let said = if command.clear { change.clear(&mut tx).await? } else { change.give(&mut tx).await? };
            tx.commit().await?;
            said.print(arguments)
        }
        _ => {
            let wanted = Wanted {
                ladder: command.ladder.as_deref(),
                customer_id: command.customer.as_deref(),
                past: command.past,
            };
            list(arguments, &by_hand::list(&mut tx, wanted, now).await?, now, settings.defaults.timezone)
        }
    }
}

/// A change somebody asked for.
struct Change<'a> {
    arguments: &'a Arguments,
    command: &'a OverrideArgs,
    ladder: &'a str,
    customer: &'a str,
    known: &'a Known,
    now: DateTime<Utc>,
}

/// What came of it.
struct Said {
    document: serde_json::Value,
    text: String,
}

impl Said {
    fn print(self, arguments: &Arguments) -> Result<(), Failure> {
        if arguments.json { print::json(&self.document) } else { print::text(self.text) }
    }
}

impl Change<'_> {
    async fn give(&self, conn: &mut PgConnection) -> Result<Said, Failure> {
        let level = self.command.level.as_deref().unwrap_or_default();
        check_level(self.ladder, level, &self.known.levels)?;
        let until = end(self.command.until.as_deref().unwrap_or_default(), self.known.zone)?;
        if until <= self.now {
            let now = shown(self.now, self.known.zone);
            return Err(Failure::Usage(format!("--until is over already: it is {now}; give a day that is ahead")));
        }
        let giving = Giving { ladder: self.ladder, customer_id: self.customer, level, until, note: &self.command.note };
        let number = by_hand::give(conn, giving, &who(), self.now).await?;
        let Self { ladder, customer, known, .. } = self;
        let text = format!(
            "{customer} has {level} on {ladder} by hand until {} ({}), from the next run of {ladder} on.\n\
             `tend plan {ladder}` shows what that does, `tend override {ladder} {customer} --clear` takes it back.",
            shown(until, known.zone),
            known.zone
        );
        let document = json!({
            "override_id": number, "ladder": ladder, "customer_id": customer, "level": level, "until": until,
        });
        Ok(Said { document, text })
    }

    async fn clear(&self, conn: &mut PgConnection) -> Result<Said, Failure> {
        let Self { ladder, customer, .. } = self;
        let ended = by_hand::take_back(conn, ladder, customer, &who(), self.now).await?;
        let text = match ended {
            Some(_) => format!("The next run of {ladder} judges {customer} by the conditions again."),
            None => format!("{customer} has no level by hand on {ladder}."),
        };
        let document = json!({ "changed": ended.is_some(), "override_id": ended, "said": text });
        if ended.is_none() && !self.arguments.json {
            return Err(Failure::failed(anyhow::anyhow!(text)));
        }
        Ok(Said { document, text })
    }
}

/// The end: an instant, or a day, which counts to its end.
fn end(text: &str, zone: Tz) -> Result<DateTime<Utc>, Failure> {
    match At::parse(text)? {
        At::Instant(instant) => Ok(instant),
        At::Day(day) => {
            let next: NaiveDate = day + Days::new(1);
            // a day that a zone left out: the one after it
            At::Day(next).start(zone).or_else(|_| At::Day(next + TimeDelta::days(1)).start(zone))
        }
    }
}

fn ladder_of(folder: &Folder, ladder: &str) -> Result<Known, Failure> {
    let ladders = folder.jobs.iter().filter_map(|(name, file)| {
        levels_in(&file.text, KINDS).map(|levels| (name.as_str(), Known { levels, zone: file.head.timezone }))
    });
    let mut names = Vec::new();
    for (name, known) in ladders {
        if name == ladder {
            return Ok(known);
        }
        names.push(name);
    }
    Err(Failure::Usage(format!("there is no ladder `{ladder}`.{}", guess(ladder, &names, "There are"))))
}

fn check_level(ladder: &str, level: &str, levels: &[String]) -> Result<(), Failure> {
    let names: Vec<&str> = levels.iter().map(String::as_str).collect();
    if names.contains(&level) {
        return Ok(());
    }
    let guess = guess(level, &names, "From the top, it has");
    Err(Failure::Usage(format!("the ladder {ladder} has no level `{level}`.{guess}")))
}

/// A customer must be there; of one who is gone only what is on record can be asked for.
async fn check_customer(conn: &mut PgConnection, customer: &str, looks_only: bool) -> Result<(), Failure> {
    let Err(alike) = by_hand::find_customer(conn, customer).await? else { return Ok(()) };
    let on_record = by_hand::list(
        conn,
        Wanted { customer_id: Some(customer), past: true, ..Wanted::default() },
        DateTime::UNIX_EPOCH,
    );
    if looks_only && !on_record.await?.is_empty() {
        return Ok(());
    }
    let near = nearest(customer, alike.iter().map(String::as_str));
    let guess = near.map_or_else(
        || " It is the company's own key, as in crm.customer.customer_id.".to_owned(),
        |near| format!(" Did you mean `{near}`?"),
    );
    Err(Failure::Usage(format!("there is no customer `{customer}`.{guess}")))
}

fn guess(word: &str, known: &[&str], there_are: &str) -> String {
    let near = nearest(word, known.iter().copied()).map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
    format!("{near} {there_are}: {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") })
}

fn list(arguments: &Arguments, found: &[ByHand], now: DateTime<Utc>, zone: Tz) -> Result<(), Failure> {
    if arguments.json {
        return print::json(&found);
    }
    if found.is_empty() {
        return print::text("No level is given by hand.");
    }
    let head = ["ladder", "customer", "level", "until", "by", "since", "note"].map(str::to_owned).to_vec();
    let rows = found.iter().map(|one| {
        let until = match (&one.ended_by, one.ended_at) {
            (Some(who), Some(at)) => format!("ended {} by {}", shown(at, zone), clip(who, 20)),
            _ if one.until <= now => format!("{} (over)", shown(one.until, zone)),
            _ => shown(one.until, zone),
        };
        vec![
            clip(&one.ladder, 30),
            clip(&one.customer_id, 30),
            clip(&one.level, 20),
            until,
            clip(&one.set_by, 20),
            shown(one.set_at, zone),
            clip(&one.note, 60),
        ]
    });
    print::text(table(&[], &std::iter::once(head).chain(rows).collect::<Vec<_>>()))
}
