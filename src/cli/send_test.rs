//! `tend send-test`: one real message to one's own address, marked as a test. Neither the ledger nor caps know of it, and
//! no coupon code is used.

use serde_json::json;
use uuid::Uuid;

use super::args::{Arguments, SendTestArgs};
use super::failure::Failure;
use super::render::{Looked, look, outgoing};
use super::work::Work;
use super::{folder, print};
use crate::outbox::channel::settings::Sort;
use crate::outbox::channel::{Channel, Fate, Outgoing};
use crate::outbox::dispatch::post;
use crate::outbox::sample::Sample;

/// In front of the subject, or of the text message.
const MARK: &str = "[test]";

/// Sends it, and says what became of it.
pub async fn run(arguments: &Arguments, command: &SendTestArgs) -> Result<(), Failure> {
    let folder = folder::read(arguments)?;
    let work = Work::on(arguments, &folder, &command.job).await?;
    let sort = sort_of(&command.to)?;
    let name = channel(&work, sort, command.channel.as_deref())?;
    let mut conn = work.opened.db.pool().acquire().await?;
    let now = work.settings.time.source.now(&mut conn).await?;
    drop(conn);
    let looked = look(&work, now, command.customer.as_deref(), command.offer.as_deref()).await?;
    let step = |sample: &Sample| command.step.as_ref().is_none_or(|step| *step == sample.step);
    let sample = looked.samples.iter().find(|sample| sample.sort == sort && step(sample));
    // what the run would send goes by one channel; by the other it is an example
    let sample = match sample {
        Some(sample) => sample.clone(),
        None => {
            return Err(Failure::Usage(nothing(&command.job, sort, command.step.as_deref(), &looked)));
        }
    };
    let mut message = outgoing(&work.settings, &folder, &sample, now)?;
    mark(&mut message, &command.to);
    if let Some(redirect) = &work.settings.outbox.redirect_to {
        let to = if sort == Sort::Email { redirect.email.as_ref() } else { redirect.sms.as_ref() };
        message.to = to.cloned().ok_or_else(|| {
            Failure::failed(anyhow::anyhow!("outbox.redirect_to is set and names nobody for {sort}: nothing is sent"))
        })?;
    }
    let redirected = work.settings.outbox.redirect_to.is_some();
    let (fate, detail) = send(&work, &name, &message).await?;
    let accepted = fate == Fate::Accepted;
    if arguments.json {
        print::json(&json!({
            "job": command.job, "channel": name, "accepted": accepted, "detail": detail, "redirected": redirected,
            "message_id": message.id, "example_because": looked.example_because,
        }))?;
    } else if accepted {
        let where_to = if redirected { " (to the address of outbox.redirect_to)" } else { "" };
        print::text(format!("The channel {name} took the test message{where_to}: {detail}"))?;
    }
    match accepted {
        true => Ok(()),
        false if arguments.json => Err(Failure::Said(1)),
        false => Err(Failure::failed(anyhow::anyhow!("the channel {name} did not take the test message: {detail}"))),
    }
}

/// Why there is nothing to send, and what to try.
fn nothing(job: &str, sort: Sort, step: Option<&str>, looked: &Looked) -> String {
    let step = step.map(|step| format!(" at the step `{step}`")).unwrap_or_default();
    if looked.example_because.is_none() {
        return format!("{job} would not send {sort} to this customer{step}; --offer NAME sends an example");
    }
    let has = looked.samples.iter().map(|sample| match sample.step.as_str() {
        "" => sample.sort.to_string(),
        step => format!("{} at the step `{step}`", sample.sort),
    });
    format!("{job} has no template for {sort}{step}. It has: {}", has.collect::<Vec<_>>().join(", "))
}

/// An address has an @, a number begins with + and has its country.
fn sort_of(to: &str) -> Result<Sort, Failure> {
    let digits = to.strip_prefix('+').unwrap_or_default();
    if (6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Sort::Sms);
    }
    if to.parse::<lettre::Address>().is_ok() {
        return Ok(Sort::Email);
    }
    Err(Failure::Usage("--to is neither a mail address nor a number such as +8613800138000".to_owned()))
}

/// The channel asked for, else the one the settings name for the sort.
fn channel(work: &Work, sort: Sort, wanted: Option<&str>) -> Result<String, Failure> {
    let channels = &work.settings.channels;
    let name = match wanted {
        Some(name) => name,
        None => work.settings.outbox.default_channel(sort, channels).ok_or_else(|| {
            Failure::settings(format!(
                "the settings have no channel for {sort}, or several and outbox.{sort} names none"
            ))
        })?,
    };
    match channels.get(name) {
        Some(found) if found.sort() == sort => Ok(name.to_owned()),
        Some(found) => {
            Err(Failure::Usage(format!("the channel {name} carries {}, and --to is for {sort}", found.sort())))
        }
        None => {
            let known: Vec<&str> = channels.keys().map(String::as_str).collect();
            Err(Failure::Usage(format!("there is no channel `{name}`. There are: {}", known.join(", "))))
        }
    }
}

/// To the tester, recognisable, and never taken for a message of the outbox.
#[expect(clippy::disallowed_methods, reason = "a test message has no row to take its id from, and no two are the same")]
fn mark(message: &mut Outgoing, to: &str) {
    message.id = Uuid::new_v4();
    message.to = to.to_owned();
    message.name = String::new();
    message.unsubscribe = None;
    match &mut message.subject {
        Some(subject) => *subject = format!("{MARK} {subject}"),
        None => message.text = format!("{MARK} {}", message.text),
    }
}

async fn send(work: &Work, name: &str, message: &Outgoing) -> Result<(Fate, String), Failure> {
    let settings = &work.settings.channels[name];
    let channel = Channel::new(name, settings).map_err(Failure::failed)?;
    let clock = work.settings.time.source;
    let rates = settings.rates();
    let answer = post(work.opened.db.pool(), clock, (name, &channel, &rates), message).await;
    let answer = answer.map_err(Failure::failed)?;
    Ok((answer.fate, answer.detail))
}
