//! Mail by SMTP: lettre speaks the protocol, over connections of our own.
//!
//! lettre's pool sets no TCP_NODELAY (40 ms a mail) and its `send` cannot tell an error before DATA from one after it;
//! so connections are opened here and the commands are given one by one. Every worker keeps one session.

use anyhow::Context as _;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret as _;

use super::Outgoing;
use super::dkim::Dkim;
use super::message::{Mail, Sender};
use super::settings::{SmtpSettings, SmtpTls, secret};

mod envelope;
mod open;
mod reply;
mod session;
mod stream;

pub use session::Session;

/// A relay.
pub struct Smtp {
    name: String,
    settings: SmtpSettings,
    sender: Sender,
    dkim: Option<Dkim>,
    hello: ClientId,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Smtp {
    pub(super) fn new(name: &str, settings: &SmtpSettings) -> anyhow::Result<Self> {
        let key = |key: &str| format!("channels.{name}.{key}");
        let password = secret(&key("password_file"), settings.password.as_ref(), settings.password_file.as_deref())?;
        let credentials = settings.username.clone().zip(password);
        let hello = settings.hello.as_ref().map_or_else(ClientId::default, |hello| ClientId::Domain(hello.clone()));
        Ok(Self {
            sender: Sender::new(&settings.from, settings.reply_to.as_deref()).with_context(|| key("from"))?,
            dkim: settings.dkim.as_ref().map(|dkim| Dkim::new(name, dkim)).transpose()?,
            tls: tls(name, settings)?,
            credentials: credentials
                .map(|(user, password)| Credentials::new(user, password.expose_secret().to_owned())),
            name: name.to_owned(),
            settings: settings.clone(),
            hello,
        })
    }

    pub(super) fn prepare(&self, outgoing: &Outgoing) -> Result<Mail, String> {
        self.sender.build(outgoing, self.dkim.as_ref())
    }
}

fn tls(name: &str, settings: &SmtpSettings) -> anyhow::Result<Option<TlsParameters>> {
    if settings.tls == SmtpTls::None {
        return Ok(None);
    }
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let place = || format!("channels.{name}.ca_file: {}", file.display());
        let pem = std::fs::read(file).with_context(place)?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).with_context(place)?);
    }
    builder.build_rustls().map(Some).with_context(|| format!("channels.{name}.tls"))
}
