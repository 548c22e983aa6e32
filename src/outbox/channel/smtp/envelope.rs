//! MAIL, RCPT and DATA: one after the other, or in one packet where the server says PIPELINING (RFC 2920).

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};

/// A command that failed.
pub enum Failed {
    /// The server answered with a code, or the answer could not be read.
    Smtp(Error),
    /// No answer in time.
    Silent,
}

/// Which command failed.
pub struct Refused {
    /// MAIL, RCPT or DATA.
    pub step: &'static str,
    /// How.
    pub failed: Failed,
    /// The connection cannot be used any more: answers are missing, or the server waits for a text.
    pub unusable: bool,
}

/// Waits for the answer to each.
pub async fn stepwise(
    connection: &mut AsyncSmtpConnection,
    from: Mail,
    to: Rcpt,
    limit: Duration,
) -> Result<(), Refused> {
    let refused = |step| move |failed| Refused { step, failed, unusable: false };
    within(limit, connection.command(from)).await.map_err(refused("MAIL"))?;
    within(limit, connection.command(to)).await.map_err(refused("RCPT"))?;
    within(limit, connection.command(Data)).await.map_err(refused("DATA"))?;
    Ok(())
}

/// Sends all three and reads the three answers.
pub async fn pipelined(
    connection: &mut AsyncSmtpConnection,
    from: Mail,
    to: Rcpt,
    limit: Duration,
) -> Result<(), Refused> {
    let mail = within(limit, connection.command(format!("{from}{to}{Data}"))).await;
    if let Err(failed) = mail {
        return Err(behind(connection, "MAIL", failed, 2, limit).await);
    }
    if let Err(failed) = within(limit, connection.read_response()).await {
        return Err(behind(connection, "RCPT", failed, 1, limit).await);
    }
    let data = within(limit, connection.read_response()).await;
    data.map(drop).map_err(|failed| Refused { step: "DATA", failed, unusable: false })
}

/// Reads the answers to what was sent behind a command that was refused. They are refusals too; a server that wants the
/// text all the same, or says nothing, is left.
async fn behind(
    connection: &mut AsyncSmtpConnection,
    step: &'static str,
    failed: Failed,
    answers: usize,
    limit: Duration,
) -> Refused {
    let answered =
        matches!(&failed, Failed::Smtp(error) if error.status().is_some_and(|code| code.to_string() != "421"));
    let mut unusable = !answered;
    for _ in 0..answers {
        if unusable {
            break;
        }
        unusable = match within(limit, connection.read_response()).await {
            Ok(response) => response.has_code(354),
            Err(Failed::Smtp(error)) => error.status().is_none(),
            Err(Failed::Silent) => true,
        };
    }
    Refused { step, failed, unusable }
}

/// The answer, or none in time.
pub async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<T, Failed> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(Failed::Smtp),
        Err(_) => Err(Failed::Silent),
    }
}
