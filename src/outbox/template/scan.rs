//! Reads the tags of a template: where they stand, what is in them, and which of them may not be there.
//!
//! Templates belong to the people who write the job files, yet a slip must not take the daemon down: fuel does not
//! limit what one operator or filter allocates (minijinja #924), so whatever can grow a value without bound is refused
//! when the file is read: multiplication, concatenation inside `set`, block `set`, macros, includes.

use std::ops::Range;

use crate::spelling::nearest;

/// What a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// `{{ … }}`
    Expression,
    /// `{% … %}`
    Statement,
    /// `{# … #}`
    Comment,
}

/// One tag of a template.
#[derive(Debug, Clone)]
pub struct Tag {
    /// What it is.
    pub kind: TagKind,
    /// From the first brace to the last.
    pub range: Range<usize>,
    /// The words, operators and literals in it, each with its place.
    pub tokens: Tokens,
}

impl Tag {
    /// The keyword of a statement.
    pub fn keyword<'s>(&self, source: &'s str) -> Option<&'s str> {
        match self.tokens.first() {
            Some((Token::Word, range)) if self.kind == TagKind::Statement => Some(&source[range.clone()]),
            _ => None,
        }
    }
}

/// A part of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A name, perhaps dotted: `customer.name`.
    Word,
    /// A quoted text or a number.
    Literal,
    /// Anything else, one character at a time (`**` and the like are two).
    Sign(char),
}

/// The words, operators and literals of a tag, each with its place.
type Tokens = Vec<(Token, Range<usize>)>;

/// Something wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub range: Range<usize>,
    /// What.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
}

const STATEMENTS: [&str; 7] = ["if", "elif", "else", "endif", "for", "endfor", "set"];

/// The tags of `source`, in order. An unfinished tag ends the list: the compiler says what is wrong with it.
pub fn tags(source: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(start) = source[at..].find('{').map(|found| at + found) {
        let kind = match source.as_bytes().get(start + 1) {
            Some(b'{') => TagKind::Expression,
            Some(b'%') => TagKind::Statement,
            Some(b'#') => TagKind::Comment,
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some((end, tokens)) = tag_end(source, start + 2, kind) else { break };
        tags.push(Tag { kind, range: start..end, tokens });
        at = end;
    }
    tags
}

fn tag_end(source: &str, from: usize, kind: TagKind) -> Option<(usize, Tokens)> {
    let close = match kind {
        TagKind::Expression => "}}",
        TagKind::Statement => "%}",
        TagKind::Comment => return source[from..].find("#}").map(|found| (from + found + 2, Vec::new())),
    };
    let mut tokens = Vec::new();
    let mut at = from;
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with(close) {
            return Some((at + 2, tokens));
        }
        let first = rest.chars().next()?;
        let length = match first {
            '"' | '\'' => quoted(rest, first)?,
            _ if first.is_alphabetic() || first == '_' => word(rest),
            _ if first.is_ascii_digit() => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let token = match first {
            '"' | '\'' => Some(Token::Literal),
            _ if first.is_alphabetic() || first == '_' => Some(Token::Word),
            _ if first.is_ascii_digit() => Some(Token::Literal),
            _ if first.is_whitespace() => None,
            sign => Some(Token::Sign(sign)),
        };
        // the whitespace marks of `{{-` and `-}}` are no operators
        let mark = first == '-' && (at == from || rest[1..].starts_with(close));
        if let Some(token) = token.filter(|_| !mark) {
            tokens.push((token, at..at + length));
        }
        at += length;
    }
    None
}

fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn word(rest: &str) -> usize {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').len()
}

/// What may not be in a template. `filters` are those there are.
pub fn refused(source: &str, tags: &[Tag], filters: &[&str]) -> Vec<Refused> {
    let mut found = Vec::new();
    for tag in tags {
        let keyword = tag.keyword(source);
        if let Some(word) = keyword.filter(|word| !STATEMENTS.contains(word)) {
            found.push(Refused {
                range: tag.range.clone(),
                message: format!("`{{% {word} %}}` is not available in templates"),
                help: Some("there are if, elif, else, for and set".into()),
            });
            continue;
        }
        let is_set = keyword == Some("set");
        if is_set && !tag.tokens.iter().any(|(token, _)| *token == Token::Sign('=')) {
            found.push(Refused {
                range: tag.range.clone(),
                message: "`{% set %}` needs a value: {% set name = … %}".into(),
                help: None,
            });
        }
        refused_in(source, tag, is_set, filters, &mut found);
    }
    found
}

fn refused_in(source: &str, tag: &Tag, is_set: bool, filters: &[&str], found: &mut Vec<Refused>) {
    let mut before = None;
    for (token, range) in &tag.tokens {
        match token {
            Token::Sign('*') if before != Some(Token::Sign('*')) => found.push(Refused {
                range: range.clone(),
                message: "`*` is not available in templates".into(),
                help: Some("use a filter: {{ offer.points|times(2) }}".into()),
            }),
            Token::Sign('~' | '+') if is_set => found.push(Refused {
                range: range.clone(),
                message: "texts cannot be joined inside `{% set %}`".into(),
                help: Some("join them where they are written out: {{ a ~ b }}".into()),
            }),
            Token::Word if before == Some(Token::Sign('|')) && !filters.contains(&&source[range.clone()]) => {
                let name = &source[range.clone()];
                found.push(Refused {
                    range: range.clone(),
                    message: format!("there is no filter `{name}`"),
                    help: nearest(name, filters.iter().copied()).map(|near| format!("did you mean `{near}`?")),
                });
            }
            _ => {}
        }
        before = Some(*token);
    }
}

/// Where `{{ … }}` shows something of a variable, and whether that stands in an `if` that asks for the variable.
pub fn guarded(source: &str, tags: &[Tag], variable: &str) -> Vec<(Range<usize>, bool)> {
    let names = |tag: &Tag| -> Vec<Range<usize>> {
        let words = tag.tokens.iter().filter(|(token, _)| *token == Token::Word).map(|(_, range)| range.clone());
        words.filter(|range| source[range.clone()].split('.').next() == Some(variable)).collect()
    };
    let mut open: Vec<bool> = Vec::new();
    let mut found = Vec::new();
    for tag in tags {
        match tag.keyword(source) {
            Some("if") => open.push(!names(tag).is_empty()),
            Some("elif") => drop(open.pop().map(|_| open.push(!names(tag).is_empty()))),
            Some("else") => drop(open.pop().map(|_| open.push(false))),
            Some("endif") => drop(open.pop()),
            _ if tag.kind == TagKind::Expression => {
                found.extend(names(tag).into_iter().map(|range| (range, open.contains(&true))));
            }
            _ => {}
        }
    }
    found
}

/// Line (from 1) of a byte offset.
pub fn line_of(source: &str, offset: usize) -> usize {
    source.as_bytes()[..offset.min(source.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
