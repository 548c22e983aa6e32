//! Opening a connection: address, TCP with nodelay, TLS, EHLO, login. Nothing was handed off while any of this fails.

use std::time::Instant;

use lettre::transport::smtp::authentication::Mechanism;
#[expect(deprecated, reason = "see stream.rs")]
use lettre::transport::smtp::client::AsyncNetworkStream;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Ehlo;
use tokio::net::TcpStream;

use super::super::Unready;
use super::super::settings::SmtpTls;
use super::Smtp;
use super::session::{Open, words};
use super::stream::Encrypted;

impl Smtp {
    /// A connection that is ready for MAIL.
    pub(super) async fn open(&self) -> Result<Open, Unready> {
        let limit = self.settings.connect_timeout;
        match tokio::time::timeout(limit, self.open_unlimited()).await {
            Ok(opened) => opened,
            Err(_) => Err(self.unready(format!("no connection within {limit:?}"), "connect_timeout")),
        }
    }

    async fn open_unlimited(&self) -> Result<Open, Unready> {
        let tcp = TcpStream::connect((self.settings.host.as_str(), self.settings.port()))
            .await
            .map_err(|error| self.unready(format!("cannot connect: {error}"), "host"))?;
        tcp.set_nodelay(true).map_err(|error| self.unready(format!("cannot connect: {error}"), "host"))?;
        let mut connection = match (&self.tls, self.settings.tls) {
            (Some(tls), SmtpTls::Tls) => {
                #[expect(deprecated, reason = "see stream.rs")]
                let mut stream = AsyncNetworkStream::use_existing_tokio1(Box::new(tcp));
                stream.upgrade_tls(tls.clone()).await.map_err(|error| self.refused("TLS", &error, "tls"))?;
                let stream = Encrypted::new(stream).map_err(|error| self.unready(format!("TLS: {error}"), "tls"))?;
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await
            }
            _ => AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &self.hello).await,
        }
        .map_err(|error| self.refused("greeting", &error, "host"))?;
        if let (Some(tls), SmtpTls::Starttls) = (&self.tls, self.settings.tls) {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(self.unready("the server does not offer STARTTLS".into(), "tls"));
            }
            connection
                .starttls(tls.clone(), &self.hello)
                .await
                .map_err(|error| self.refused("STARTTLS", &error, "tls"))?;
        }
        // lettre keeps only the extensions it knows
        let greeting = connection.command(Ehlo::new(self.hello.clone())).await;
        let greeting = greeting.map_err(|error| self.refused("EHLO", &error, "hello"))?;
        let offers = |name: &str| {
            greeting.message().map(str::trim).find_map(|line| {
                let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
                word.eq_ignore_ascii_case(name).then(|| rest.trim().to_owned())
            })
        };
        // RFC 1870; 0 and nothing mean that there is no fixed limit
        let size = offers("SIZE").map(|limit| limit.parse().ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX));
        let pipelining = offers("PIPELINING").is_some();
        if let Some(credentials) = &self.credentials {
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await;
            login.map_err(|error| self.refused("the server refused the login", &error, "username"))?;
        }
        Ok(Open { connection, pipelining, size, used: Instant::now() })
    }

    fn unready(&self, what: String, key: &str) -> Unready {
        Unready::new(
            format!("{}:{}: {what} (channels.{}.{key})", self.settings.host, self.settings.port(), self.name),
            None,
        )
    }

    fn refused(&self, step: &str, error: &lettre::transport::smtp::Error, key: &str) -> Unready {
        self.unready(format!("{step}: {}", words(error)), key)
    }
}
