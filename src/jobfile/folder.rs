//! The job folder: all files, read and checked together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::calendars::{self, CalendarFolder};
use super::file::{JobFile, Surroundings, levels_in, sha256};
use super::kind::{CAPS, Kind, Ladders, SegmentFile, SegmentSource, Segments};
use super::problem::{Problem, Problems};
use crate::outbox::template::TemplateFolder;

/// A folder that is right.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Its jobs by name.
    pub jobs: BTreeMap<String, JobFile>,
    /// Its template files.
    pub templates: TemplateFolder,
    /// Its segments by name, used or not.
    pub segments: BTreeMap<String, SegmentFile>,
    /// The business calendars.
    pub calendars: CalendarFolder,
    /// The levels of its ladders, from the top.
    pub ladders: BTreeMap<String, Vec<String>>,
    /// Names what the folder says: over the specs and the calendars that are put in force with them.
    pub hash: String,
}

impl Folder {
    /// The segments as those take them who read conditions.
    #[must_use]
    pub fn sources(&self) -> Segments {
        Segments::new(self.segments.iter().map(|(name, segment)| (name.clone(), segment.source.clone())).collect())
    }
}

/// A longer file is no job file.
const LONGEST_FILE: u64 = 256 * 1024;
/// Names end up in files, tables and labels of metrics.
const LONGEST_NAME: usize = 63;

/// Where the templates of a job folder lie: in it, else beside it.
#[must_use]
pub fn templates_dir(dir: &Path) -> PathBuf {
    let inside = dir.join("templates");
    if inside.is_dir() {
        return inside;
    }
    match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("templates"),
        Some(parent) => parent.join("templates"),
        None => inside,
    }
}

/// Reads and checks every `*.toml` of the folder with the templates that go with it. Its calendars are those tend brings
/// along.
///
/// # Errors
/// Everything that is wrong, over all files.
pub fn read_folder(dir: &Path, kinds: &[&dyn Kind]) -> Result<Folder, Problems> {
    read_with(dir, None, kinds)
}

/// The same with a folder of business calendars.
///
/// # Errors
/// Everything that is wrong, over all files.
pub fn read_with(dir: &Path, calendars: Option<&Path>, kinds: &[&dyn Kind]) -> Result<Folder, Problems> {
    let mut problems = Problems::default();
    let mut texts = BTreeMap::new();
    for path in job_files(dir, &mut problems) {
        if let Some((job, file, text)) = read_file(&path, &mut problems) {
            texts.insert(job, (file, text));
        }
    }
    let mut segments = segments(dir, &texts, &mut problems);
    segments.extend(caps(dir, &mut problems).map(|caps| (CAPS.to_owned(), caps)));
    if texts.is_empty() && problems.is_empty() {
        let help = "a job is a file such as jobs/birthday.toml; name another folder with --jobs DIR".to_owned();
        problems.add_whole(shown(dir), "there is no job file in this folder", Some(help));
    }
    let templates_dir = templates_dir(dir);
    let templates = TemplateFolder::read(&templates_dir).unwrap_or_else(|error| {
        problems.add_whole(shown(&templates_dir), format!("the templates cannot be read: {error}"), None);
        TemplateFolder::default()
    });
    let calendars = CalendarFolder::read(calendars, &mut problems);
    check_all(&texts, (&templates, &shown(&templates_dir)), segments, calendars, kinds, problems)
}

/// Where the segments of a job folder lie.
#[must_use]
pub fn segments_dir(dir: &Path) -> PathBuf {
    dir.join("segments")
}

/// The files of `segments/`, by name.
fn segments(dir: &Path, jobs: &Texts, problems: &mut Problems) -> BTreeMap<String, SegmentSource> {
    let dir = segments_dir(dir);
    let mut found = BTreeMap::new();
    if !dir.is_dir() {
        return found;
    }
    for path in job_files(&dir, problems) {
        let Some((name, file, text)) = read_file(&path, problems) else { continue };
        if jobs.contains_key(&name) {
            let help = "give one of them another name, so that `tend plan` knows which is meant".to_owned();
            problems.add_whole(file.clone(), format!("there is a job {name:?} too"), Some(help));
        }
        found.insert(name, SegmentSource { file, text });
    }
    found
}

/// The company's caps, `policy/caps.toml`; what else lies in that folder was meant to be something.
fn caps(dir: &Path, problems: &mut Problems) -> Option<SegmentSource> {
    let dir = dir.join("policy");
    let mut found = None;
    if !dir.is_dir() {
        return found;
    }
    for path in job_files(&dir, problems) {
        let Some((name, file, text)) = read_file(&path, problems) else { continue };
        if name == "caps" {
            found = Some(SegmentSource { file, text });
        } else {
            let help = "this folder holds caps.toml; jobs lie one folder up".to_owned();
            problems.add_whole(file, "there is no policy of this name", Some(help));
        }
    }
    found
}

/// Texts by job name: the file as messages name it, and what it says.
type Texts = BTreeMap<String, (Arc<str>, Arc<str>)>;

fn check_all(
    texts: &Texts,
    (templates, templates_dir): (&TemplateFolder, &str),
    segments: BTreeMap<String, SegmentSource>,
    calendars: CalendarFolder,
    kinds: &[&dyn Kind],
    mut problems: Problems,
) -> Result<Folder, Problems> {
    let ladders: BTreeMap<_, _> =
        texts.iter().filter_map(|(job, (_, text))| Some((job.clone(), levels_in(text, kinds)?))).collect();
    let names: Vec<&str> = texts.keys().map(String::as_str).collect();
    let mut read_segments = BTreeMap::new();
    for kind in kinds {
        let (read, wrong) = kind.read_segments(&Segments::new(segments.clone()), &Ladders::new(ladders.clone()));
        problems.merge(wrong);
        problems.merge(kind.check_policy(&Segments::new(segments.clone()), &Ladders::new(ladders.clone())));
        read_segments.extend(read.into_iter().map(|segment| (segment.name.clone(), segment)));
    }
    let around = Surroundings {
        kinds,
        templates,
        templates_dir,
        ladders: &ladders,
        segments: &segments,
        calendars: Some(calendars.all()),
        jobs: Some(&names),
    };
    let mut jobs = BTreeMap::new();
    for (job, (file, text)) in texts {
        match JobFile::read(job, file, text, &around) {
            Ok(read) => drop(jobs.insert(job.clone(), read)),
            Err(wrong) => problems.merge(wrong),
        }
    }
    for circle in circles(&jobs) {
        let job = &jobs[&circle[0]];
        let message = format!("these jobs wait for each other in a circle: {} → {}", circle.join(" → "), circle[0]);
        let help = Some("take one of them out of `after`".to_owned());
        problems.add(Problem { file: job.file.clone(), span: job.after_span.clone(), message, help }, &job.text);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let specs = jobs.values().flat_map(|job| [job.job.as_str(), job.hash.as_str()]);
    let named = jobs.values().flat_map(|job| job.calendars.iter().map(String::as_str));
    let hash = sha256(specs.chain(calendars::parts(&calendars, named)));
    Ok(Folder { jobs, templates: templates.clone(), segments: read_segments, calendars, ladders, hash })
}

/// The job files of a folder, sorted; whatever else lies there is left alone.
fn job_files(dir: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let help = match dir.parent().filter(|_| dir.is_file()).filter(|parent| parent.is_dir()) {
                Some(folder) => format!("a job is checked with its folder: {}", folder.display()),
                None => "name the job folder with --jobs DIR".to_owned(),
            };
            problems.add_whole(shown(dir), format!("the job folder cannot be read: {error}"), Some(help));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| is_job_file(path)).collect();
    files.sort();
    files
}

/// Name, shown path and text of each `*.toml` of a folder that can be read.
pub(super) fn toml_files(dir: &Path, problems: &mut Problems) -> Vec<(String, Arc<str>, Arc<str>)> {
    job_files(dir, problems).iter().filter_map(|path| read_file(path, problems)).collect()
}

/// `*.toml`, not hidden (editors leave hidden files while they write).
pub(super) fn is_job_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    path.extension().is_some_and(|extension| extension == "toml") && !hidden && !path.is_dir()
}

/// Name, shown path and text of a job file.
fn read_file(path: &Path, problems: &mut Problems) -> Option<(String, Arc<str>, Arc<str>)> {
    let file: Arc<str> = shown(path).into();
    let job = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let named = is_job_name(job);
    if !named {
        let help = format!("for example: {}.toml", suggested(job));
        let message =
            "a job's name is lower-case letters, digits and dashes, begins with a letter and is at most 63 long";
        problems.add_whole(file.clone(), message, Some(help));
    }
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > LONGEST_FILE => {
            let message =
                format!("the file has {} KiB, and a job file has at most {}", meta.len() / 1024, LONGEST_FILE / 1024);
            problems.add_whole(
                file,
                message,
                Some("long lists belong into tags or attributes of the customers".into()),
            );
            return None;
        }
        _ => {}
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.add_whole(file, format!("the file cannot be read: {error}"), None);
            return None;
        }
    };
    match String::from_utf8(bytes) {
        // some editors begin a file with a byte order mark
        Ok(text) => named.then(|| (job.to_owned(), file, text.strip_prefix('\u{feff}').unwrap_or(&text).into())),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text: Arc<str> = String::from_utf8_lossy(error.as_bytes()).into();
            let help = Some("save the file again as UTF-8".to_owned());
            problems.add(
                Problem { file, span: Some(at..at + 1), message: "here the file is not UTF-8".into(), help },
                &text,
            );
            None
        }
    }
}

/// Lower-case letters, digits, dashes.
#[must_use]
pub fn is_job_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn suggested(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .collect();
    let plain: String = plain
        .trim_matches('-')
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')
        .chars()
        .take(LONGEST_NAME)
        .collect();
    if plain.is_empty() { "birthday".into() } else { plain }
}

/// The circles in `after`, each once, beginning with its first name.
fn circles(jobs: &BTreeMap<String, JobFile>) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for start in jobs.keys() {
        if let Some(circle) = circle_through(jobs, start)
            && circle.iter().min() == Some(start)
        {
            found.push(circle);
        }
    }
    found
}

/// The shortest way from a job along `after` back to itself.
fn circle_through(jobs: &BTreeMap<String, JobFile>, start: &String) -> Option<Vec<String>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut ways = std::collections::VecDeque::from([vec![start.clone()]]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().and_then(|job| jobs.get(job));
        for next in last.iter().flat_map(|job| &job.head.after) {
            if next == start {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push_back(way.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}
