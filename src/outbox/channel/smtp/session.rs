//! One session of one worker: ready, send, close.

use std::error::Error as _;
use std::time::{Duration, Instant};

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Mail as MailCommand, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};

use super::super::message::Mail;
use super::super::{Answer, Fate, Trouble, Unready};
use super::envelope::{self, Failed, within};
use super::{Smtp, reply};

/// The place of a worker's connection.
pub struct Session<'c> {
    smtp: &'c Smtp,
    open: Option<Open>,
}

/// An open connection.
pub(super) struct Open {
    /// What speaks.
    pub connection: AsyncSmtpConnection,
    /// The server takes several commands in one packet (RFC 2920).
    pub pipelining: bool,
    /// Bytes of the largest mail it takes; none: it does not say (RFC 1870).
    pub size: Option<usize>,
    /// When it was last used.
    pub used: Instant,
}

impl<'c> Session<'c> {
    pub(in super::super) fn new(smtp: &'c Smtp) -> Self {
        Self { smtp, open: None }
    }

    pub(in super::super) fn idle(&self) -> Duration {
        self.smtp.settings.idle
    }

    /// An open connection; one that was idle for long is asked whether it still is.
    pub(in super::super) async fn ready(&mut self) -> Result<(), Unready> {
        if let Some(Open { connection, used, .. }) = &mut self.open {
            let rested = used.elapsed();
            if rested < Duration::from_secs(1) {
                return Ok(());
            }
            let alive = rested < self.smtp.settings.idle
                && tokio::time::timeout(self.smtp.settings.connect_timeout, connection.test_connected()).await
                    == Ok(true);
            if alive {
                *used = Instant::now();
                return Ok(());
            }
            self.drop_connection().await;
        }
        self.open = Some(self.smtp.open().await?);
        Ok(())
    }

    /// Sends one mail.
    pub(in super::super) async fn send(&mut self, mail: &Mail) -> Answer {
        let mut first = true;
        loop {
            match self.attempt(mail).await {
                // a connection the server had closed meanwhile is no failure of the message: nothing was sent
                Err(Failed::Smtp(error)) if first && error.status().is_none() => {
                    first = false;
                    self.drop_connection().await;
                    if let Err(unready) = self.ready().await {
                        return Answer::new(Fate::NotSent, None, unready.detail).with(Trouble::Stop(unready.wait));
                    }
                }
                Err(failed) => return self.failed("MAIL", failed, false).await,
                Ok(answer) => return answer,
            }
        }
    }

    /// An error is one of the first command.
    async fn attempt(&mut self, mail: &Mail) -> Result<Answer, Failed> {
        let Some(open) = &mut self.open else { return Ok(closed()) };
        open.used = Instant::now();
        let limit = self.smtp.settings.timeout;
        let options = match options(mail, open) {
            Ok(options) => options,
            Err(answer) => return Ok(answer),
        };
        let Some(to) = mail.envelope.to().first() else {
            return Ok(Answer::rejected(None, "the mail has no recipient"));
        };
        let from = MailCommand::new(mail.envelope.from().cloned(), options);
        let recipient = Rcpt::new(to.clone(), Vec::new());
        let refused = if open.pipelining {
            envelope::pipelined(&mut open.connection, from, recipient, limit).await
        } else {
            envelope::stepwise(&mut open.connection, from, recipient, limit).await
        };
        if let Err(refused) = refused {
            if refused.unusable {
                self.drop_connection().await;
            }
            return match refused.step {
                "MAIL" => Err(refused.failed),
                step => Ok(self.failed(step, refused.failed, true).await),
            };
        }
        Ok(self.message(mail, limit).await)
    }

    /// The text itself. An answer with a code is an answer; without one nobody knows whether the server has the mail.
    async fn message(&mut self, mail: &Mail, limit: Duration) -> Answer {
        let Some(open) = &mut self.open else { return closed() };
        match within(limit, open.connection.command(&mail.wire)).await {
            Ok(response) => {
                let code = response.code().to_string();
                Answer::accepted(Some(code), response.message().collect::<Vec<_>>().join(" "))
            }
            Err(Failed::Smtp(error)) if error.status().is_some() => {
                self.failed("message", Failed::Smtp(error), true).await
            }
            Err(Failed::Smtp(error)) => {
                self.drop_connection().await;
                Answer::unknown(format!("fate unknown: the connection ended after DATA: {}", words(&error)))
            }
            Err(Failed::Silent) => {
                self.drop_connection().await;
                Answer::unknown(format!("fate unknown: no answer within {limit:?} after DATA"))
            }
        }
    }

    /// What a failed command means for the message, before the server can have taken it or with its own word.
    async fn failed(&mut self, step: &str, failed: Failed, of_recipient: bool) -> Answer {
        let error = match failed {
            Failed::Silent => {
                self.drop_connection().await;
                let detail = format!("{step}: no answer within {:?}", self.smtp.settings.timeout);
                return Answer::new(Fate::Retry(None), None, detail).with(Trouble::Channel);
            }
            Failed::Smtp(error) => error,
        };
        let Some(code) = error.status() else {
            self.drop_connection().await;
            let detail = format!("{step}: the connection ended: {}", words(&error));
            return Answer::new(Fate::Retry(None), None, detail).with(Trouble::Channel);
        };
        let code = code.to_string();
        let detail = format!("{step}: {code} {}", words(&error));
        if code == "421" {
            self.drop_connection().await;
        } else {
            self.reset().await;
        }
        let (fate, trouble) = reply::meaning(&code, &words(&error), of_recipient);
        Answer { trouble, ..Answer::new(fate, Some(code), detail) }
    }

    /// Ready for the next mail, or closed.
    async fn reset(&mut self) {
        if let Some(open) = &mut self.open
            && within(self.smtp.settings.connect_timeout, open.connection.command(Rset)).await.is_err()
        {
            self.drop_connection().await;
        }
    }

    async fn drop_connection(&mut self) {
        if let Some(Open { mut connection, .. }) = self.open.take() {
            // `abort` says QUIT and waits for the answer
            let _ = tokio::time::timeout(Duration::from_millis(200), connection.abort()).await;
        }
    }

    pub(in super::super) async fn close(&mut self) {
        self.drop_connection().await;
    }
}

fn closed() -> Answer {
    Answer::new(Fate::NotSent, None, "there was no connection")
}

/// What MAIL must say about the mail.
fn options(mail: &Mail, open: &Open) -> Result<Vec<MailParameter>, Answer> {
    let mut options = Vec::new();
    if !mail.envelope.to().iter().all(|to| AsRef::<str>::as_ref(to).is_ascii()) {
        if !open.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Answer::rejected(None, "the address needs SMTPUTF8, which the server does not offer"));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if let Some(most) = open.size {
        let size = mail.bytes.len();
        if size > most {
            let said = format!(
                "the mail has {size} bytes and the server takes {most}: make its pictures smaller or link them"
            );
            return Err(Answer::rejected(None, said));
        }
        options.push(MailParameter::Size(size));
    }
    if !mail.wire.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// What the server or the network said.
pub(super) fn words(error: &Error) -> String {
    let mut text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let mut cause = error.source().and_then(std::error::Error::source);
    while let Some(next) = cause {
        // causes often repeat what is said already
        if !text.contains(&next.to_string()) {
            text = format!("{text}: {next}");
        }
        cause = next.source();
    }
    text
}
