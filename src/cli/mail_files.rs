//! Mails written into a folder, to be looked at: as they cross the network, and taken apart.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mail_parser::{MessageParser, MimeHeaders as _};

use super::failure::Failure;

/// A folder that files are written into.
pub struct Files {
    dir: PathBuf,
    written: Vec<String>,
}

impl Files {
    /// Makes the folder when it is not there.
    pub fn new(dir: &Path) -> Result<Self, Failure> {
        made(dir)?;
        Ok(Self { dir: dir.to_owned(), written: Vec::new() })
    }

    /// Writes a file.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.dir.join(name);
        let failed = || format!("cannot write {}", path.display());
        std::fs::write(&path, bytes).with_context(failed).map_err(Failure::failed)?;
        self.written.push(path.display().to_string());
        Ok(())
    }

    /// Whether a file of that name was written.
    pub fn has(&self, name: &str) -> bool {
        self.written.contains(&self.dir.join(name).display().to_string())
    }

    /// Writes a mail: `NAME.eml`, and in a folder of its name the page, the text, pictures and files. The page shows its
    /// pictures from that folder.
    pub fn mail(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let name = plain(name);
        self.put(&format!("{name}.eml"), bytes)?;
        let Some(mail) = MessageParser::default().parse(bytes) else { return Ok(()) };
        made(&self.dir.join(&name))?;
        let mut page = mail.body_html(0).map(std::borrow::Cow::into_owned).unwrap_or_default();
        for part in mail.attachments() {
            let id = part.content_id().map(|id| id.trim_matches(['<', '>']));
            let file = plain(part.attachment_name().or(id).unwrap_or("file"));
            if let Some(id) = id {
                page = page.replace(&format!("cid:{id}"), &file);
            }
            self.put(&format!("{name}/{file}"), part.contents())?;
        }
        if mail.html_body_count() > 0 {
            self.put(&format!("{name}/mail.html"), page.as_bytes())?;
        }
        let text = mail.body_text(0).unwrap_or_default();
        self.put(&format!("{name}/mail.txt"), text.as_bytes())
    }

    /// The files written, in order.
    pub fn written(self) -> Vec<String> {
        self.written
    }
}

fn made(dir: &Path) -> Result<(), Failure> {
    let failed = || format!("cannot make the folder {}", dir.display());
    std::fs::create_dir_all(dir).with_context(failed).map_err(Failure::failed)
}

/// A name that is one file of the folder, whatever it was made of.
fn plain(name: &str) -> String {
    let fit = |c: char| if c.is_alphanumeric() || "-_.@".contains(c) { c } else { '-' };
    let plain: String = name.chars().map(fit).take(120).collect();
    let plain = plain.trim_matches('.');
    if plain.is_empty() { "file".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_file_of_the_folder() {
        for (name, file) in [
            ("12-staff:M1", "12-staff-M1"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("评审 2026.xlsx", "评审-2026.xlsx"),
            ("..", "file"),
            ("boss@shop.example", "boss@shop.example"),
        ] {
            assert_eq!(plain(name), file);
        }
    }
}
