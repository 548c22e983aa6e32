//! The recording channel: mails as `.eml` files that open in a mail program, text messages as lines of `sms.jsonl`.

use std::path::PathBuf;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

use super::message::Sender;
use super::settings::{RecordingSettings, Sort};
use super::{Answer, Fate, Outgoing, Trouble, Unready};

/// How the files of mails are called.
const ENDING: &str = ".eml";

/// A folder.
#[derive(Debug)]
pub struct Recording {
    folder: PathBuf,
    sort: Sort,
    sender: Sender,
    /// Lines of several messages must not mix.
    lines: Mutex<()>,
}

/// What is written.
#[derive(Debug)]
pub struct Record {
    name: String,
    bytes: Vec<u8>,
}

impl Record {
    /// The mail, if it is one.
    pub(super) fn mail(&self) -> Option<&[u8]> {
        self.name.ends_with(ENDING).then_some(&self.bytes)
    }
}

impl Recording {
    pub(super) fn new(name: &str, settings: &RecordingSettings) -> anyhow::Result<Self> {
        let sender = Sender::new(&settings.from, None).with_context(|| format!("channels.{name}.from"))?;
        Ok(Self { folder: settings.folder.clone(), sort: settings.sort, sender, lines: Mutex::new(()) })
    }

    pub(super) fn prepare(&self, outgoing: &Outgoing) -> Result<Record, String> {
        if self.sort == Sort::Email {
            let mail = self.sender.build(outgoing, None)?;
            return Ok(Record { name: format!("{}{ENDING}", outgoing.id), bytes: mail.bytes });
        }
        let line = serde_json::json!({
            "id": outgoing.id, "at": outgoing.date, "to": outgoing.to, "locale": outgoing.locale, "text": outgoing.text,
            "redirected_from": outgoing.redirected_from,
        });
        Ok(Record { name: "sms.jsonl".into(), bytes: format!("{line}\n").into_bytes() })
    }

    pub(super) async fn ready(&self) -> Result<(), Unready> {
        tokio::fs::create_dir_all(&self.folder)
            .await
            .map_err(|error| Unready::new(format!("cannot make the folder {}: {error}", self.folder.display()), None))
    }

    pub(super) async fn send(&self, record: &Record) -> Answer {
        let written = if self.sort == Sort::Email { self.replace(record).await } else { self.append(record).await };
        match written {
            Ok(()) => Answer::accepted(None, "recorded"),
            Err(error) => {
                Answer::new(Fate::NotSent, None, format!("cannot write to {}: {error}", self.folder.display()))
                    .with(Trouble::Stop(None))
            }
        }
    }

    /// A file that is there is whole.
    async fn replace(&self, record: &Record) -> std::io::Result<()> {
        let part = self.folder.join(format!("{}.part", record.name));
        tokio::fs::write(&part, &record.bytes).await?;
        tokio::fs::rename(&part, self.folder.join(&record.name)).await
    }

    async fn append(&self, record: &Record) -> std::io::Result<()> {
        let _one_at_a_time = self.lines.lock().await;
        let mut file =
            tokio::fs::OpenOptions::new().create(true).append(true).open(self.folder.join(&record.name)).await?;
        file.write_all(&record.bytes).await?;
        file.flush().await
    }
}
