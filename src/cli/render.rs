//! `tend render`: what a customer would get, written into files; and the messages `tend send-test` sends.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::args::{Arguments, RenderArgs};
use super::failure::Failure;
use super::mail_files::Files;
use super::plan::nobody;
use super::work::Work;
use super::{folder, print, when};
use crate::engine::door::{MadeUp, Run};
use crate::engine::preview::preview_with;
use crate::jobfile::folder::Folder;
use crate::outbox::channel::Outgoing;
use crate::outbox::channel::message::Sender;
use crate::outbox::channel::settings::{ChannelSettings, Sort};
use crate::outbox::dispatch::Company;
use crate::outbox::sample::{self, Sample};
use crate::outbox::survey::{self, Survey};
use crate::outbox::template::nearest;
use crate::settings::Settings;

/// Steps of one occasion, at most.
const MOST: i64 = 20;

/// Messages to look at, and where they come from.
pub struct Looked {
    /// Not empty.
    pub samples: Vec<Sample>,
    /// The run would queue exactly these; otherwise an example, for this reason.
    pub example_because: Option<String>,
}

/// Writes what the customer would get.
pub async fn run(arguments: &Arguments, command: &RenderArgs) -> Result<(), Failure> {
    let folder = folder::read(arguments)?;
    let work = Work::on(arguments, &folder, &command.job).await?;
    let slot = work.slot(command.at.as_deref()).await?;
    let looked = look(&work, slot, Some(&command.customer), command.offer.as_deref()).await?;
    let mut files = Files::new(&command.out)?;
    for sample in &looked.samples {
        let outgoing = outgoing(&work.settings, &folder, sample, slot)?;
        write(&mut files, sample, &outgoing, &work.settings)?;
    }
    let files = files.written();
    if arguments.json {
        return print::json(&json!({
            "job": command.job, "customer_id": command.customer, "as_of": slot, "files": files,
            "example_because": looked.example_because,
        }));
    }
    let head = match &looked.example_because {
        None => format!("What {} gets from {}, as of", command.customer, command.job),
        Some(why) => format!("An example ({why}): what {} would get from {}, as of", command.customer, command.job),
    };
    print::text(format!("{head} {}:\n  {}", when::both(slot, work.spec.timezone), files.join("\n  ")))
}

/// The messages the run would queue for the customer; where there are none, or an offer is asked for, an example in
/// each channel.
pub async fn look(
    work: &Work,
    slot: DateTime<Utc>,
    customer: Option<&str>,
    offer: Option<&str>,
) -> Result<Looked, Failure> {
    let run = Run::asked(&work.spec.job, &work.spec.hash, slot, work.spec.timezone);
    let made_up = work.spec.code.made_up(&run, offer).ok_or_else(|| {
        Failure::Usage(format!("{} sends no messages: only message jobs can be rendered", work.spec.job))
    })?;
    let made_up = made_up.map_err(|known| no_offer(offer.unwrap_or_default(), &known))?;
    let asks = survey::read(work.spec.code.asks());
    let mut conn = work.opened.db.pool().acquire().await?;
    let person = match customer {
        Some(customer) => person(&mut conn, customer).await?.ok_or_else(|| nobody(customer))?,
        None => Person::example(),
    };
    drop(conn);
    let because = match (customer, offer) {
        (_, Some(offer)) => format!("with the offer {offer:?}, as asked for"),
        (None, None) => "a made-up customer".to_owned(),
        (Some(customer), None) => {
            let (samples, why) = preview_with(&work.engine, &work.spec, slot, async |run, conn| {
                let samples = sample::of_run(conn, run.run_id, Some(customer), None, MOST, asks.as_ref()).await?;
                let tx = &mut crate::engine::door::Tx::lend(conn);
                Ok((samples, work.spec.code.decided(run, customer, tx).await?))
            })
            .await
            .map_err(Failure::failed)?;
            if !samples.is_empty() {
                return Ok(Looked { samples, example_because: None });
            }
            why.map_or_else(|| "nothing is due".to_owned(), |why| why.why)
        }
    };
    let samples = made_up.iter().flat_map(|made_up| examples(made_up, &person, asks.as_ref())).collect();
    Ok(Looked { samples, example_because: Some(because) })
}

fn no_offer(offer: &str, known: &[String]) -> Failure {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Failure::Usage(format!("there is no offer `{offer}` in the file. There are: {known}"))
}

/// Who is written to.
struct Person {
    customer_id: String,
    name: String,
    locale: Option<String>,
    country: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl Person {
    fn example() -> Self {
        let (name, customer_id) = (String::new(), "example".to_owned());
        Self { customer_id, name, locale: None, country: None, email: None, phone: None }
    }
}

async fn person(conn: &mut PgConnection, customer: &str) -> sqlx::Result<Option<Person>> {
    sqlx::query_as!(
        Person,
        r#"select customer_id as "customer_id!", coalesce(name, '') as "name!", locale, country, email, phone
           from crm.customer where customer_id = $1"#,
        customer
    )
    .fetch_optional(conn)
    .await
}

/// One message by each channel of the job.
fn examples(made_up: &MadeUp, person: &Person, asks: Option<&Arc<Survey>>) -> Vec<Sample> {
    let sorts = [Sort::Email, Sort::Sms].into_iter();
    let of = |sort: Sort| -> Option<Sample> {
        let tags = made_up.languages.get(sort.as_str())?;
        let wanted = person.locale.as_deref().unwrap_or(&made_up.locale);
        let fallback = tags.iter().map(String::as_str);
        // the language of the file comes first, as when a message is planned
        let first = tags.iter().filter(|tag| **tag == made_up.locale).map(String::as_str);
        let locale = nearest(wanted, first.chain(fallback))?.to_owned();
        Some(Sample {
            public_id: Uuid::nil(),
            customer_id: person.customer_id.clone(),
            step: made_up.step.clone(),
            sort,
            template: made_up.template.clone(),
            asks: asks.cloned(),
            data: made_up.data.get(&locale).cloned().unwrap_or(Value::Null),
            locale,
            purpose: made_up.purpose.to_owned(),
            name: person.name.clone(),
            reads: person.locale.clone(),
            country: person.country.clone(),
            address: if sort == Sort::Email { person.email.clone() } else { person.phone.clone() },
        })
    };
    sorts.filter_map(of).collect()
}

/// Who writes, as the settings say.
pub fn company(settings: &Settings) -> Company {
    let company = settings.company.clone();
    Company { name: company.name, url: company.url, address: company.address }
}

/// The rendered message.
pub fn outgoing(
    settings: &Settings,
    folder: &Folder,
    sample: &Sample,
    date: DateTime<Utc>,
) -> Result<Outgoing, Failure> {
    let rendered = sample.outgoing(&folder.templates, &company(settings), &settings.public.base_url, date);
    let (outgoing, _) = rendered.map_err(|error| Failure::failed(anyhow::anyhow!(error)))?;
    Ok(outgoing)
}

fn write(files: &mut Files, sample: &Sample, outgoing: &Outgoing, settings: &Settings) -> Result<(), Failure> {
    // steps that share a template are told apart by their names
    let plain = format!("{}-{}", sample.template, sample.sort);
    let name = match files.has(&format!("{plain}.txt")) {
        true => format!("{}-{}-{}", sample.template, sample.step, sample.sort),
        false => plain,
    };
    if sample.sort == Sort::Email {
        let sender = sender(settings).map_err(Failure::failed)?;
        let mail = sender.build(outgoing, None).map_err(|error| Failure::failed(anyhow::anyhow!(error)))?;
        files.put(&format!("{name}.eml"), &mail.bytes)?;
        files.put(&format!("{name}.html"), outgoing.html.as_deref().unwrap_or_default().as_bytes())?;
    }
    files.put(&format!("{name}.txt"), outgoing.text.as_bytes())
}

/// Who the mail of the settings comes from.
pub fn sender(settings: &Settings) -> anyhow::Result<Sender> {
    let channel = settings.outbox.default_channel(Sort::Email, &settings.channels);
    match channel.and_then(|name| settings.channels.get(name)) {
        Some(ChannelSettings::Smtp(smtp)) => Sender::new(&smtp.from, smtp.reply_to.as_deref()),
        Some(ChannelSettings::Recording(recording)) => Sender::new(&recording.from, None),
        _ => Sender::new("tend <tend@localhost>", None),
    }
}
