//! What messages say: a folder `templates/<name>/` with `email.LOCALE.mjml`, optionally `email.LOCALE.txt`, and
//! `sms.LOCALE.txt`, or `sms.LOCALE.toml` for a template that the gateway has.
//!
//! * A mail's subject is the `<mj-title>`, its preheader the `<mj-preview>`; without a `.txt` the text part is made from
//!   the HTML.
//! * Templates are checked when the job files are read ([`TemplateFolder::check`]): an unknown variable stops `tend
//!   check`, not the sending.
//! * Values are escaped by context: HTML in mails, nothing in text. There is no `safe` filter: a customer's name is
//!   never markup.
//! * Mails that advertise have a preheader and a link to unsubscribe, text messages a signature and a way to refuse.
//! * Rendering cannot run away: fuel, capped output, and nothing in the language that grows a value without bound.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::channel::settings::Sort;

mod asks;
mod check;
mod compiled;
mod dark;
mod environment;
pub(in crate::outbox) mod harmless;
mod length;
mod line;
mod lint;
mod locale;
pub(in crate::outbox) mod markup;
mod mjml;
mod scan;
mod sms;
mod text;

pub use asks::{Asking, Asks};
pub use check::TemplateProblem;
pub(in crate::outbox) use compiled::describe;
pub use compiled::{ByTemplate, Compiled, Context, MessageLinks, RenderError, Rendered};
pub use environment::FILTERS;
pub(in crate::outbox) use environment::environment;
pub use length::Length;
pub use line::{check_line, render_line};
pub use locale::nearest;

/// Longest template file, bytes.
const MAX_FILE: usize = 256 * 1024;

/// The template files, by path below `templates/` (`birthday/email.zh-CN.mjml`).
#[derive(Debug, Clone, Default)]
pub struct TemplateFolder {
    files: BTreeMap<String, Arc<str>>,
}

/// What a template may use besides the fixed variables.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Keys that every offer of the job sets: `offer.gift` and so on.
    pub offer: BTreeSet<String>,
    /// What the job's trigger says of the occasion beyond kind, date and year: `occasion.days` and so on.
    pub occasion: BTreeSet<String>,
    /// The trigger is wrong itself: what it says of the occasion is not known, and nothing of it a mistake.
    pub any_occasion: bool,
    /// Whether there are codes: `coupon.code`, `coupon.expires`.
    pub coupon: Codes,
    /// The job advertises: its messages must say how to refuse them.
    pub advertises: bool,
    /// What there is to answer.
    pub asks: Asking,
    /// Whether every file must show how: the messages of steps behind the first need not.
    pub must_ask: bool,
    /// It is a letter to people of the house: `recipient` instead of `customer`, no links of customers.
    pub letter: bool,
}

/// Which messages of a job carry a coupon code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codes {
    /// Some do.
    pub some: bool,
    /// All do.
    pub all: bool,
    /// Each of them says until when: every coupon has `valid_for`.
    pub expire: bool,
}

/// What a file of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Mjml,
    MailText,
    Sms,
    SmsForm,
}

impl TemplateFolder {
    /// Reads every file of the folder, one level of subfolders deep. A folder that is not there is an empty one.
    ///
    /// # Errors
    /// When a file cannot be read or is not UTF-8; the error names it.
    pub fn read(dir: &Path) -> std::io::Result<Self> {
        let mut files = BTreeMap::new();
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(named(dir, &error)),
        };
        for entry in entries {
            let folder = entry?.path();
            let Some(name) = folder.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
            else {
                continue;
            };
            if !folder.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(&folder).map_err(|error| named(&folder, &error))? {
                let path = file?.path();
                let Some(file) = path.file_name().and_then(|file| file.to_str()).filter(|file| !file.starts_with('.'))
                else {
                    continue;
                };
                if path.is_file() {
                    let text = read_start(&path).map_err(|error| named(&path, &error))?;
                    files.insert(format!("{name}/{file}"), text.into());
                }
            }
        }
        Ok(Self { files })
    }

    /// A folder that is not on disk: stored templates, tests. Paths are those below `templates/`.
    pub fn from_files<P: Into<String>, T: Into<Arc<str>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        Self { files: files.into_iter().map(|(path, text)| (path.into(), text.into())).collect() }
    }

    /// The names of the templates.
    pub fn names(&self) -> BTreeSet<&str> {
        self.files.keys().filter_map(|path| path.split_once('/')).map(|(name, _)| name).collect()
    }

    /// The paths of a template's files, sorted; empty when there is no such template.
    pub fn paths(&self, template: &str) -> Vec<String> {
        self.of(template).map(|(path, _)| path.to_owned()).collect()
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|text| &**text)
    }

    /// SHA-256 of the text of a file, hex: its key in `tend.template`.
    pub fn hash(&self, path: &str) -> Option<String> {
        self.text(path).map(hash)
    }

    /// The languages a template has for a sort of channel.
    pub fn locales(&self, template: &str, sort: Sort) -> Vec<String> {
        let wanted: &[Part] = match sort {
            // a chat gets the subject and the text part of the mail
            Sort::Email | Sort::Robot => &[Part::Mjml],
            Sort::Sms => &[Part::Sms, Part::SmsForm],
        };
        self.of(template)
            .filter_map(|(path, _)| part_of(path))
            .filter(|(part, _)| wanted.contains(part))
            .map(|(_, locale)| locale.to_owned())
            .collect()
    }

    /// Everything that is wrong with a template which must serve `sorts` of channels. Empty when all is well.
    pub fn check(&self, template: &str, sorts: &[Sort], known: &Known) -> Vec<TemplateProblem> {
        check::check(self, template, sorts, known)
    }

    /// Makes a template ready to render.
    ///
    /// # Errors
    /// When a file does not compile; [`check`](Self::check) says it better.
    pub fn compile(&self, template: &str) -> Result<Compiled, RenderError> {
        Compiled::new(self, template)
    }

    fn of<'f>(&'f self, template: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> + 'f {
        self.files
            .iter()
            .filter(move |(path, _)| path.strip_prefix(template).is_some_and(|rest| rest.starts_with('/')))
            .map(|(path, text)| (path.as_str(), &**text))
    }
}

/// SHA-256, hex.
pub fn hash(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What a file is and its language; none when the name says nothing to us.
fn part_of(path: &str) -> Option<(Part, &str)> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (part, locale) = if let Some(locale) = file.strip_prefix("email.").and_then(|rest| rest.strip_suffix(".mjml")) {
        (Part::Mjml, locale)
    } else if let Some(locale) = file.strip_prefix("email.").and_then(|rest| rest.strip_suffix(".txt")) {
        (Part::MailText, locale)
    } else {
        let rest = file.strip_prefix("sms.")?;
        match rest.strip_suffix(".toml") {
            Some(locale) => (Part::SmsForm, locale),
            None => (Part::Sms, rest.strip_suffix(".txt")?),
        }
    };
    locale::is_tag(locale).then_some((part, locale))
}

/// A file, or of one that is too long as much as shows that it is.
fn read_start(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path)?;
    if file.metadata()?.len() <= MAX_FILE as u64 {
        return std::io::read_to_string(file);
    }
    let mut start = Vec::with_capacity(MAX_FILE + 4);
    file.take(MAX_FILE as u64 + 4).read_to_end(&mut start)?;
    Ok(String::from_utf8_lossy(&start).into_owned())
}

fn named(path: &Path, error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
