//! `kind = "smtp"`.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::{OnUnknown, Rates, ReportSettings, RetryAfter, Sort, VerifySettings, duration, email, four};

/// `tls` of an SMTP channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// STARTTLS, required (port 587).
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// No encryption: a relay on the same machine.
    None,
}

/// `kind = "smtp"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Always email.
    #[serde(default = "email")]
    pub sort: Sort,
    /// Host name of the relay; also the name its certificate must carry.
    pub host: String,
    /// Port; default 587, with `tls = "tls"` 465, with `"none"` 25.
    pub port: Option<u16>,
    /// Encryption; default starttls.
    #[serde(default = "starttls")]
    pub tls: SmtpTls,
    /// PEM file with a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Login; none: no login.
    pub username: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// File that holds the password (a trailing line break is ignored).
    pub password_file: Option<PathBuf>,
    /// `Name <address>` messages come from.
    pub from: String,
    /// Address replies go to; none: `from`.
    pub reply_to: Option<String>,
    /// Name given in EHLO; none: the host name of the machine.
    pub hello: Option<String>,
    /// Connections of one process.
    #[serde(default = "four")]
    pub connections: u16,
    /// Time for connecting, TLS and login.
    #[serde(default = "seconds_10", deserialize_with = "duration")]
    pub connect_timeout: Duration,
    /// Time for each answer of the server. RFC 5321 allows it minutes after DATA.
    #[serde(default = "minutes_5", deserialize_with = "duration")]
    pub timeout: Duration,
    /// A connection that was idle for longer is closed.
    #[serde(default = "seconds_30", deserialize_with = "duration")]
    pub idle: Duration,
    /// DKIM signature; none: the relay signs.
    pub dkim: Option<DkimSettings>,
    /// Rates over all replicas.
    #[serde(default)]
    pub rates: Rates,
    /// Waits between attempts.
    #[serde(default)]
    pub retry_after: RetryAfter,
    /// Messages whose fate is unknown; default hold.
    #[serde(default = "hold")]
    pub on_unknown: OnUnknown,
    /// Receipts that the relay posts to `/r/NAME`.
    pub reports: Option<ReportSettings>,
    /// How it proves that it is the relay.
    pub verify: Option<VerifySettings>,
}

impl SmtpSettings {
    /// The port in force.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        })
    }

    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        if self.sort != Sort::Email {
            say("sort", "SMTP carries email only; use kind = \"webhook\" for SMS");
        }
        if self.from.parse::<lettre::message::Mailbox>().is_err() {
            say("from", "is not an address such as `Shop <care@shop.example>`");
        }
        if self.reply_to.as_deref().is_some_and(|to| to.parse::<lettre::message::Mailbox>().is_err()) {
            say("reply_to", "is not an address such as `Shop <care@shop.example>`");
        }
        if self.connections == 0 || self.connections > 200 {
            say("connections", "must be between 1 and 200");
        }
        if self.password.is_some() && self.password_file.is_some() {
            say("password", "give either password or password_file");
        }
        if self.username.is_some() && self.password.is_none() && self.password_file.is_none() {
            say("password", "username is given without password or password_file");
        }
        if self.username.is_some() && self.tls == SmtpTls::None && !is_loopback(&self.host) {
            say("tls", "a password would cross the network in clear text; use \"starttls\" or \"tls\"");
        }
    }
}

/// `[channels.NAME.dkim]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimSettings {
    /// Signing domain (`d=`); should be that of `from`.
    pub domain: String,
    /// Selector (`s=`); the public key is at `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// PEM file with an RSA key (PKCS#1 or PKCS#8) or an Ed25519 key (PKCS#8).
    pub key_file: PathBuf,
    /// Headers signed.
    #[serde(default = "dkim_headers")]
    pub headers: Vec<String>,
}

fn starttls() -> SmtpTls {
    SmtpTls::Starttls
}

fn hold() -> OnUnknown {
    OnUnknown::Hold
}

fn seconds_10() -> Duration {
    Duration::from_secs(10)
}

fn seconds_30() -> Duration {
    Duration::from_secs(30)
}

fn minutes_5() -> Duration {
    Duration::from_secs(300)
}

fn dkim_headers() -> Vec<String> {
    [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "MIME-Version",
        "Content-Type",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ]
    .map(String::from)
    .into()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
