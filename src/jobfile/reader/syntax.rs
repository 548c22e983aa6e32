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
        sink.syntax(error.span(), lines, value::syntax(error.message()));
        if ends {
            return;
        }
    }
}

/// The lines a span touches, in bytes.
fn line_around(text: &str, span: &Range<usize>) -> Range<usize> {
    let (from, to) = (text.floor_char_boundary(span.start), text.floor_char_boundary(span.end));
    let first = text[..from].rfind('\n').map_or(0, |at| at + 1);
    first..text[to..].find('\n').map_or(text.len(), |at| to + at + 1)
}
