//! What comes back: receipts and replies by real HTTP, mails by file and by pipe, and what follows.

mod anything;
mod calls;
mod mailboxes;
pub mod mails;
mod receipts;
mod replies;

use std::collections::BTreeMap;

use reqwest::RequestBuilder;
use tend::settings::PublicSettings;

use crate::outbox::office::owing;
use crate::support::World;
use crate::web::{Site, read, settings};

pub use anything::SECRET;

/// A world where `count` customers have had a message of a channel: `c1` with the id that [`id`] gives, known to the
/// provider as `ref-1`.
pub async fn sent(count: usize, sort: &str, provider: &str) -> World {
    let world = owing(count).await;
    world
        .sql(&format!(
            "update tend.outbox set public_id = ('00000000-0000-4000-8000-' || lpad(substr(customer_id, 2), 12, '0'))::uuid,
                 state = 'accepted', state_at = '2026-06-01', attempts = 1, provider = '{provider}', channel = '{sort}',
                 provider_ref = 'ref-' || substr(customer_id, 2);
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 1, gen_random_uuid(), '2026-06-01', '2026-06-01', 'accepted', 'accepted' from tend.outbox;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select job, customer_id, occasion, '2026-06-04', tend.address_key('{sort}', case '{sort}' when 'email' then c.email else c.phone end), 1, '2026-06-01'
             from tend.outbox join crm.customer c using (customer_id)"
        ))
        .await;
    world
}

/// The id of a customer's message.
pub fn id(customer: usize) -> String {
    format!("00000000-0000-4000-8000-{customer:012}")
}

/// The table of a shipped channel, with [`SECRET`] in place of files.
pub fn shipped(file: &str) -> (String, String) {
    let path = format!("{}/config/channels/{file}", env!("CARGO_MANIFEST_DIR"));
    let (name, channel) = anything::channel(&std::fs::read_to_string(path).unwrap());
    (name, toml::to_string(&channel).unwrap())
}

/// A listener that a channel's provider calls; strangers may try often.
pub async fn site(world: &World, name: &str, toml: &str) -> Site {
    Site::called(world, PublicSettings { bad_links: 1_000, ..settings() }, &[(name, toml)]).await
}

impl Site {
    /// A call of a provider.
    pub fn provider(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("http://{}{path}", self.address))
    }
}

/// Status and body.
pub async fn answer(request: RequestBuilder) -> (u16, String) {
    read(request.send().await.unwrap()).await
}

/// What a form says, as Twilio signs it.
pub fn twilio(url: &str, fields: &[(&str, &str)]) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let fields: BTreeMap<_, _> = fields.iter().copied().collect();
    let text = fields.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// customer: state (reason).
pub async fn states(world: &World) -> Vec<String> {
    world.rows("select customer_id || ': ' || state || coalesce(' (' || state_reason || ')', '') from tend.outbox order by message_id").await
}

/// channel customer reason, of what is suppressed.
pub async fn suppressed(world: &World) -> Vec<String> {
    world
        .rows("select channel, customer_id, reason from tend.suppression where lifted_at is null order by channel, customer_id")
        .await
}
