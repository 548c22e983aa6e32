//! Noting what is wrong, each time with its place.

use std::ops::Range;

use toml::Spanned;

use super::super::problem::Problem;
use super::Reader;

impl Reader<'_> {
    /// Notes that a key is not there. `example` is what could stand there, as in `"Birthday mail"`.
    pub fn missing(&self, key: &str, example: &str) {
        let place = if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) };
        self.sink.missing(
            self.place(),
            format!("{place} needs `{key}`"),
            Some(format!("for example: {key} = {example}")),
        );
    }

    /// Notes that the file names no kind. `kinds` are those there are.
    pub fn missing_kind(&self, kinds: &str) {
        let help = format!("the table that says what the job does, one of: {kinds}");
        self.sink.missing(None, "the file does not say what kind of job it is", Some(help));
    }

    /// Notes a problem with a key's value, or with the table when the key is not there.
    pub fn problem(&self, key: &str, message: impl Into<String>, help: Option<String>) {
        let span = self.table.get(key).map(Spanned::span).or_else(|| self.place());
        self.sink.problem(span, message, help);
    }

    /// Notes a problem with a piece of a key's text; `within` counts bytes of the text.
    pub fn problem_within(
        &self,
        key: &str,
        within: Option<Range<usize>>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let Some(node) = self.table.get(key) else { return self.problem_here(message, help) };
        let whole = node.span();
        let text = node.get_ref().as_str().unwrap_or_default();
        // the text as it stands in the file, when it stands there letter by letter
        let piece =
            within.filter(|piece| whole.len() == text.len() + 2 && piece.end <= text.len() && !piece.is_empty());
        let span = piece.map_or(whole.clone(), |piece| whole.start + 1 + piece.start..whole.start + 1 + piece.end);
        self.note(span, message, help);
    }

    /// Notes a problem with a key itself.
    pub fn problem_with_key(&self, key: &str, message: impl Into<String>, help: Option<String>) {
        let span = self.table.get_key_value(key).map(|(key, _)| key.span()).or_else(|| self.place());
        self.sink.problem(span, message, help);
    }

    /// Notes a problem with the table as a whole.
    pub fn problem_here(&self, message: impl Into<String>, help: Option<String>) {
        self.sink.problem(self.place(), message, help);
    }

    /// Notes a problem with a piece of the file.
    pub fn note(&self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.sink.problem(Some(span), message, help);
    }

    /// Notes a problem in another file that belongs to this one, such as a template.
    pub fn problem_elsewhere(
        &self,
        file: &str,
        text: &str,
        span: Option<Range<usize>>,
        message: String,
        help: Option<String>,
    ) {
        self.sink.elsewhere(file.into(), text.into(), Problem { file: file.into(), span, message, help });
    }
}
