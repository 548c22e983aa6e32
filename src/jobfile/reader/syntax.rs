//! Broken syntax: what is said about it, and how much of the file is left to be read.

use std::ops::Range;

use super::super::{problem::Sink, value};

/// Notes what is wrong with the syntax, and for how much of the file that means silence about everything else.
pub(super) fn note(sink: &mut Sink, text: &str, mut errors: Vec<toml::de::Error>) {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    for error in errors {
        let ends = value::ends_the_sense(error.message());
        let whole = ends || error.message().starts_with("unclosed table");
        let place = error.span().filter(|_| !whole);
        let lines = place.map_or(0..text.len() + 1, |span| line_around(text, &span));
        match error.span().and_then(|span| valueless_key(text, span.start)) {
            Some(key) => {
                let help = format!("write it behind the `=`, or take the key out: {} = …", &text[key.clone()]);
                sink.syntax(Some(key), lines, ("this key has no value".to_owned(), Some(help)));
            }
            None => sink.syntax(error.span(), lines, value::syntax(error.message())),
        }
        if ends {
            return;
        }
    }
}

/// The key before `at` when nothing stands between its `=` and the end of the line or table. The parser takes the
/// nothing for a text without quotes.
fn valueless_key(text: &str, at: usize) -> Option<Range<usize>> {
    let at = text.floor_char_boundary(at);
    let nothing = text[at..].trim_start_matches([' ', '\t', '\r']);
    if !nothing.is_empty() && !nothing.starts_with(['\n', '#', '}', ']', ',']) {
        return None;
    }
    let before = text[..at].trim_end_matches([' ', '\t']).strip_suffix('=')?.trim_end_matches([' ', '\t']);
    let start = before.rfind(['\n', '{', ',', '=']).map_or(0, |found| found + 1);
    let start = start + before[start..].len() - before[start..].trim_start().len();
    (start < before.len()).then_some(start..before.len())
}

/// The lines a span touches, in bytes; the last one with the end of the file, where a value may be missing.
fn line_around(text: &str, span: &Range<usize>) -> Range<usize> {
    let (from, to) = (text.floor_char_boundary(span.start), text.floor_char_boundary(span.end));
    let first = text[..from].rfind('\n').map_or(0, |at| at + 1);
    first..text[to..].find('\n').map_or(text.len() + 1, |at| to + at + 1)
}
