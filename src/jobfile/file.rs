//! One job file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::calendars::NamedCalendars;
use super::checks::{self, Check};
use super::head::{self, Head};
use super::kind::{CAPS, Cuts, Kind, Ladders, ReadContext, SegmentSource, Segments};
use super::problem::Problems;
use super::reader::{Reader, read_text};
use crate::calendar::business::Calendars;
use crate::engine::door::Job;
use crate::engine::specs::{Spec, StoredSpec};
use crate::outbox::template::TemplateFolder;
use crate::spelling::nearest;

/// A job file that is right.
#[derive(Debug, Clone)]
pub struct JobFile {
    /// The job's name: the file's stem.
    pub job: String,
    /// The file as messages name it.
    pub file: Arc<str>,
    /// What all kinds share.
    pub head: Head,
    /// The code behind it.
    pub kind: &'static str,
    /// The job.
    pub code: Arc<dyn Job>,
    /// The file as it is.
    pub text: Arc<str>,
    /// Its templates: path below `templates/` → hash.
    pub templates: BTreeMap<String, String>,
    /// The ladders its conditions name, with their levels: the spec depends on them.
    pub ladders: BTreeMap<String, Vec<String>>,
    /// What it says about itself with examples; none for a spec that was stored: nobody runs those.
    pub checks: Vec<Check>,
    /// The segments its conditions use, with their files: the spec depends on them.
    pub segments: BTreeMap<String, String>,
    /// The business calendars it names; those in force under these names are counted with.
    pub calendars: BTreeSet<String>,
    /// Names this version: over the job's name, the text, the templates, the ladders and the segments.
    pub hash: String,
    /// Where `after` stands.
    pub(super) after_span: Option<Range<usize>>,
}

/// What a file is read with.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The kinds there are.
    pub kinds: &'a [&'a dyn Kind],
    /// The template files.
    pub templates: &'a TemplateFolder,
    /// Where they lie, for messages.
    pub templates_dir: &'a str,
    /// The levels of the folder's ladders.
    pub ladders: &'a BTreeMap<String, Vec<String>>,
    /// The folder's segments.
    pub segments: &'a BTreeMap<String, SegmentSource>,
    /// The calendars that can be named; none when a stored spec is read alone.
    pub calendars: Option<&'a Calendars>,
    /// The names of the folder's jobs; none when a stored spec is read alone.
    pub jobs: Option<&'a [&'a str]>,
}

impl std::fmt::Debug for dyn Kind + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl JobFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(job: &str, file: &Arc<str>, text: &Arc<str>, around: &Surroundings<'_>) -> Result<Self, Problems> {
        let (ladders, cuts) = (Ladders::new(around.ladders.clone()), Cuts::default());
        let segments = Segments::new(around.segments.clone());
        let calendars = NamedCalendars::new(around.calendars.cloned());
        let (read, problems) = read_text(file, text, |reader| {
            let kind = kind_of(reader, around.kinds);
            let head = head::read(reader, job, around.jobs);
            let Some(kind) = kind else {
                leave_all(reader, around.kinds);
                return None;
            };
            reader.leave(&[kind.name()]);
            reader.leave(kind.keys());
            let timezone = head.as_ref().map_or(chrono_tz::Tz::UTC, |head| head.timezone);
            let context = ReadContext {
                job,
                timezone,
                templates: around.templates,
                templates_dir: around.templates_dir,
                ladders: &ladders,
                cuts: &cuts,
                segments: &segments,
                calendars: &calendars,
                jobs: around.jobs,
            };
            let code = kind.read(reader, &context);
            let checks = match around.jobs {
                Some(_) => {
                    let levels = levels_in(text, &[kind]).unwrap_or_default();
                    checks::read(reader, checks::Around { kind, context, levels: &levels }, &cuts)
                }
                None => {
                    reader.leave(&["check"]);
                    Vec::new()
                }
            };
            Some((head?, kind.name(), code?, checks, reader.span_of("after")))
        });
        let Some((head, kind, code, checks, after_span)) = read.filter(|_| problems.is_empty()) else {
            return Err(or_unexplained(problems, file));
        };
        let templates = template_hashes(code.as_ref(), around.templates);
        let (ladders, segments) = (ladders.asked(), segments.asked());
        let hash = hash(job, text, &templates, &ladders, &segments);
        let (job, file, text, calendars) = (job.to_owned(), file.clone(), text.clone(), calendars.named());
        Ok(Self {
            job,
            file,
            head,
            kind,
            code,
            text,
            templates,
            ladders,
            segments,
            calendars,
            checks,
            hash,
            after_span,
        })
    }

    /// As the engine takes it.
    #[must_use]
    pub fn to_spec(&self) -> Spec {
        let head = &self.head;
        Spec {
            job: self.job.clone(),
            hash: self.hash.clone(),
            schedule: head.schedule.clone(),
            catch_up: head.catch_up,
            after: head.after.clone(),
            after_max: head.after_max.as_duration(),
            jitter: head.jitter.unwrap_or(super::duration::Span::days(0)).as_duration(),
            start_deadline: head.start_deadline.map(super::duration::Span::as_duration),
            timezone: head.timezone,
            enabled: head.enabled,
            owner: head.owner.clone(),
            code: self.code.clone(),
        }
    }

    /// Names the part of the schedule that decides which instants are slots. A watermark belongs to it.
    #[must_use]
    pub fn schedule_hash(&self) -> String {
        let mut parts = Vec::new();
        if let Some(schedule) = &self.head.schedule {
            let days = self.head.days.map_or_else(String::new, |days| format!("{days:?}"));
            parts = vec![schedule.cron().to_owned(), schedule.timezone().name().to_owned(), days];
        }
        sha256(parts.iter().map(String::as_str))
    }
}

/// Makes a spec of a stored one again, for replicas and later attempts.
///
/// # Errors
/// When this binary cannot read it any more.
pub fn spec_from_stored(stored: &StoredSpec, kinds: &[&dyn Kind]) -> anyhow::Result<Arc<Spec>> {
    let templates =
        TemplateFolder::from_files(stored.templates.iter().map(|(path, text)| (path.clone(), text.as_str())));
    let segments = stored.segments.iter().map(|(name, text)| {
        let folder = if name == CAPS { "" } else { "segments/" };
        let file = format!("{folder}{name}.toml (stored)").into();
        (name.clone(), SegmentSource { file, text: text.as_str().into() })
    });
    let around = Surroundings {
        kinds,
        templates: &templates,
        templates_dir: "templates",
        ladders: &stored.ladders,
        segments: &segments.collect(),
        calendars: None,
        jobs: None,
    };
    let file: Arc<str> = format!("{}.toml (stored)", stored.job).into();
    let read = JobFile::read(&stored.job, &file, &stored.body.as_str().into(), &around)?;
    anyhow::ensure!(
        read.hash == stored.hash,
        "its hash is {}: the stored text, templates, ladders or segments are not those of the spec",
        read.hash
    );
    Ok(Arc::new(read.to_spec()))
}

/// The levels of the ladder a file describes, if it does.
#[must_use]
pub fn levels_in(text: &str, kinds: &[&dyn Kind]) -> Option<Vec<String>> {
    let (table, _) = DeTable::parse_recoverable(text);
    let table = table.get_ref();
    kinds.iter().find_map(|kind| kind.levels(table.get(kind.name())?.get_ref().as_table()?))
}

/// Which of the kinds' keys are right in a file without a kind is not known, but a key that none of them has is wrong.
fn leave_all(reader: &mut Reader<'_>, kinds: &[&dyn Kind]) {
    for kind in kinds {
        reader.leave(&[kind.name()]);
        reader.leave(kind.keys());
    }
    reader.leave(&["check"]);
}

/// The one kind a file is of.
fn kind_of<'k>(reader: &mut Reader<'_>, kinds: &[&'k dyn Kind]) -> Option<&'k dyn Kind> {
    let keys = reader.keys();
    let found: Vec<&dyn Kind> = kinds.iter().copied().filter(|kind| keys.contains(&kind.name())).collect();
    match found.as_slice() {
        [kind] => Some(*kind),
        [first, second, ..] => {
            let message = format!("a job has one kind, and this file has [{}] and [{}]", first.name(), second.name());
            reader.problem_with_key(second.name(), message, Some("make it two files".into()));
            None
        }
        [] => {
            let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
            let listed = names.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(", ");
            match misspelt_kind(reader, kinds) {
                Some((key, near)) => {
                    let meant = near.map_or_else(String::new, |near| format!("did you mean [{near}]? "));
                    reader.problem_with_key(
                        key,
                        format!("there is no kind of job [{key}]"),
                        Some(format!("{meant}kinds are: {listed}")),
                    );
                    reader.pass(key);
                }
                None => reader.missing_kind(&listed),
            }
            None
        }
    }
}

/// The table of a file without a kind that was meant to name it, and the kind it looks like: one that looks like a
/// kind, else the first that does not look like anything else.
fn misspelt_kind<'d>(reader: &Reader<'d>, kinds: &[&dyn Kind]) -> Option<(&'d str, Option<&'static str>)> {
    let names: Vec<&'static str> = kinds.iter().map(|kind| kind.name()).collect();
    let mut others: Vec<&'static str> = head::schema().into_iter().map(|(key, _)| key).collect();
    others.push("check");
    others.extend(kinds.iter().flat_map(|kind| kind.keys()));
    let unknown: Vec<&str> =
        reader.keys().into_iter().filter(|key| !others.contains(key) && reader.is_table(key)).collect();
    let meant = |key: &&'d str| nearest(key, names.iter().chain(&others).copied());
    let near = unknown.iter().find_map(|key| Some((*key, meant(key).filter(|near| names.contains(near))?)));
    match near {
        Some((key, near)) => Some((key, Some(near))),
        None => unknown.into_iter().find(|key| meant(key).is_none()).map(|key| (key, None)),
    }
}

/// A kind that gives no job must say why; if it did not, that is its defect, and still no job.
fn or_unexplained(mut problems: Problems, file: &Arc<str>) -> Problems {
    if problems.is_empty() {
        problems.add_whole(
            file.clone(),
            "no job can be made of this file, and its kind does not say why",
            Some("please report this".into()),
        );
    }
    problems
}

fn template_hashes(code: &dyn Job, templates: &TemplateFolder) -> BTreeMap<String, String> {
    code.templates().into_iter().filter_map(|path| templates.hash(&path).map(|hash| (path, hash))).collect()
}

fn hash(
    job: &str,
    text: &str,
    templates: &BTreeMap<String, String>,
    ladders: &BTreeMap<String, Vec<String>>,
    segments: &BTreeMap<String, String>,
) -> String {
    let templates = templates.iter().flat_map(|(path, hash)| ["template", path, hash]);
    let ladders =
        ladders.iter().flat_map(|(name, levels)| ["ladder", name].into_iter().chain(levels.iter().map(String::as_str)));
    let segments = segments.iter().flat_map(|(name, text)| ["segment", name, text]);
    sha256(["job", job, text].into_iter().chain(templates).chain(ladders).chain(segments))
}

/// SHA-256 over texts, each with its length, so that no two lists look alike; hex.
#[must_use]
pub(super) fn sha256<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
