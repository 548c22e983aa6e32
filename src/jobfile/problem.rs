//! What is wrong with files, and how it is shown: file, line, column, the offending text, what to do.

use std::{cell::RefCell, collections::BTreeMap, fmt, ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::figures::counted;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as the person who runs the command would name it.
    pub file: Arc<str>,
    /// Bytes of the text that is wrong; none when it is the file or folder as a whole.
    pub span: Option<Range<usize>>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Collects the problems of one file while it is read.
#[derive(Debug)]
pub struct Sink {
    file: Arc<str>,
    /// The file's text, and those of others that problems are in.
    texts: RefCell<BTreeMap<Arc<str>, Arc<str>>>,
    /// Lines (from 0) on which the syntax is broken: whatever else would be said about them is a consequence.
    broken_lines: Vec<Range<usize>>,
    list: RefCell<Vec<Problem>>,
}

impl Sink {
    /// For a file, with nothing found yet.
    #[must_use]
    pub fn new(file: Arc<str>, text: Arc<str>) -> Self {
        let texts = RefCell::new(BTreeMap::from([(file.clone(), text)]));
        Self { file, texts, broken_lines: Vec::new(), list: RefCell::default() }
    }

    /// Notes a problem in another file.
    pub(super) fn elsewhere(&self, file: Arc<str>, text: Arc<str>, problem: Problem) {
        self.texts.borrow_mut().insert(file, text);
        self.list.borrow_mut().push(problem);
    }

    /// Notes a broken piece of syntax, and that nothing else shall be said about `lines` (bytes).
    pub(super) fn syntax(
        &mut self,
        span: Option<Range<usize>>,
        lines: Range<usize>,
        (message, help): (String, Option<String>),
    ) {
        let problem = Problem { file: self.file.clone(), span, message, help };
        self.list.borrow_mut().push(problem);
        self.broken_lines.push(lines);
    }

    /// Notes a problem, unless it is a consequence of broken syntax in the same place.
    pub fn problem(&self, span: Option<Range<usize>>, message: impl Into<String>, help: Option<String>) {
        let at = span.as_ref().map_or(0, |span| span.start);
        if self.broken_lines.iter().any(|broken| broken.contains(&at)) {
            return;
        }
        let problem = Problem { file: self.file.clone(), span, message: message.into(), help };
        let mut list = self.list.borrow_mut();
        if !list.contains(&problem) {
            list.push(problem);
        }
    }

    /// Notes that something is not there; said only when the syntax is whole, since otherwise it may well be there.
    pub fn missing(&self, span: Option<Range<usize>>, message: impl Into<String>, help: Option<String>) {
        if self.broken_lines.is_empty() {
            self.problem(span, message, help);
        }
    }

    /// How many were found so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.borrow().len()
    }

    /// All that was found: in the order of the file, then the others.
    #[must_use]
    pub fn into_problems(self) -> Problems {
        let mut list = self.list.into_inner();
        list.sort_by_key(|problem| (problem.file != self.file, problem.span.as_ref().map_or(0, |span| span.start)));
        Problems { texts: self.texts.into_inner(), list }
    }
}

/// More than these nobody reads; `to_json` has them all.
const MOST: usize = 100;

/// All that is wrong with a folder.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    texts: BTreeMap<Arc<str>, Arc<str>>,
    list: Vec<Problem>,
}

impl Problems {
    /// Adds something that is wrong with a file or folder as a whole.
    pub fn add_whole(&mut self, file: impl Into<Arc<str>>, message: impl Into<String>, help: Option<String>) {
        self.list.push(Problem { file: file.into(), span: None, message: message.into(), help });
    }

    /// Takes over those of another.
    /// A problem that both have (a template that two jobs use) stays one.
    pub fn merge(&mut self, other: Self) {
        self.texts.extend(other.texts);
        for problem in other.list {
            if !self.list.contains(&problem) {
                self.list.push(problem);
            }
        }
    }

    /// Adds a problem at a place of a file, whose text is needed to show where.
    pub fn add(&mut self, problem: Problem, text: &Arc<str>) {
        self.texts.insert(problem.file.clone(), text.clone());
        self.list.push(problem);
    }

    /// Nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// For people: every problem with the line it is in and a closing count. `colour` for a terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let files: std::collections::BTreeSet<_> = self.list.iter().map(|problem| &problem.file).collect();
        let count = format!("{} in {}", counted(self.list.len(), "problem"), counted(files.len(), "file"));
        [self.render_each(colour), count].join("\n\n")
    }

    /// The same without the count.
    #[must_use]
    pub fn render_each(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut shown: Vec<String> =
            self.list.iter().take(MOST).map(|problem| self.render_one(&renderer, problem)).collect();
        if self.list.len() > MOST {
            shown.push(format!("… and {} more", self.list.len() - MOST));
        }
        shown.join("\n\n")
    }

    fn render_one(&self, renderer: &Renderer, problem: &Problem) -> String {
        let mut group = Level::ERROR.primary_title(problem.message.as_str()).elements(Vec::<Origin<'_>>::new());
        group = match (&problem.span, self.texts.get(&problem.file)) {
            (Some(span), Some(text)) => {
                let excerpt = Excerpt::around(text, span);
                let annotation = AnnotationKind::Primary.span(excerpt.span.clone());
                let snippet = Snippet::source(excerpt.text).line_start(excerpt.line).path(&*problem.file);
                group.element(snippet.annotation(annotation))
            }
            _ => group.element(Origin::path(&*problem.file)),
        };
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// For programs: a list of `{file, line, column, message, help, text}`; columns count characters from 1.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.list.iter().map(|problem| self.one_to_json(problem)).collect()
    }

    fn one_to_json(&self, problem: &Problem) -> Value {
        let place = problem.span.as_ref().zip(self.texts.get(&problem.file));
        let (line, column) = place.map(|(span, text)| line_and_column(text, span.start)).unzip();
        let text = place.map(|(span, text)| {
            text[floor(text, span.start)..floor(text, span.end)].chars().take(200).collect::<String>()
        });
        json!({
            "file": &*problem.file, "line": line, "column": column,
            "message": problem.message, "help": problem.help, "text": text,
        })
    }
}

/// As on a screen without colours.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// The lines a problem is in, without the rest of the file.
struct Excerpt<'t> {
    text: &'t str,
    line: usize,
    span: Range<usize>,
}

impl<'t> Excerpt<'t> {
    /// A span that crosses lines is shown by its first line; a line without end is cut behind the span.
    fn around(text: &'t str, span: &Range<usize>) -> Self {
        const MORE: usize = 2_000;
        let start = floor(text, span.start);
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let end_of_line = text[start..].find('\n').map_or(text.len(), |at| start + at);
        // the line's end itself may be what is wrong: show one place behind the text
        let end = floor(text, span.end).clamp(start, end_of_line.max(start));
        let to = floor(text, end_of_line.min(start + MORE));
        let line = text[..first].matches('\n').count() + 1;
        Self { text: &text[first..to], line, span: start - first..end.min(to) - first }
    }
}

/// Line and column of a byte, both from 1; columns count characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..floor(text, at)];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// The largest boundary of a character that is not behind `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}
