//! Patterns of `matches`: a small, safe part of regular expressions.
//!
//! A pattern must fit the whole text. There are letters as they are, `.` (any character), classes `[a-z0-9]` and
//! `[^…]`, `\d` `\w` `\s`, groups, `|`, and `?` `*` `+` `{n}` `{n,}` `{n,m}`. What could make the database work for
//! long is refused: repeats within repeats, patterns that would grow beyond [`LARGEST`], references back, looks ahead.
//! What goes to Postgres is written anew from what was understood, never the text itself.

use std::iter::Peekable;
use std::str::Chars;

/// Longer patterns nobody can read.
const LONGEST: usize = 200;
/// Single characters to be matched, once repeats are written out.
const LARGEST: usize = 1_000;
/// Most repeats that can be named.
const MOST: usize = 100;
/// Deeper groups nobody can read.
const DEEPEST: usize = 10;

/// The same pattern for Postgres, anchored at both ends.
///
/// # Errors
/// What to write instead.
pub(super) fn translate(text: &str) -> Result<String, String> {
    if text.chars().count() > LONGEST {
        return Err(format!("a pattern has at most {LONGEST} characters"));
    }
    let mut parser = Parser { rest: text.chars().peekable(), depth: 0 };
    let part = parser.either()?;
    match parser.rest.next() {
        None if part.size <= LARGEST => Ok(format!("^(?:{})$", part.sql)),
        None => Err("the repeats make this pattern too large: name smaller numbers".into()),
        Some(_) => Err("a `)` too many; the character itself is written \\)".into()),
    }
}

/// A piece that was understood.
struct Part {
    sql: String,
    /// How many characters it stands for, repeats written out.
    size: usize,
    repeats: bool,
}

struct Parser<'t> {
    rest: Peekable<Chars<'t>>,
    depth: usize,
}

impl Parser<'_> {
    /// `a|b`
    fn either(&mut self) -> Result<Part, String> {
        let mut all = self.sequence()?;
        while self.rest.next_if_eq(&'|').is_some() {
            let next = self.sequence()?;
            all.sql = format!("{}|{}", all.sql, next.sql);
            all.size += next.size;
            all.repeats |= next.repeats;
        }
        Ok(all)
    }

    fn sequence(&mut self) -> Result<Part, String> {
        let mut all = Part { sql: String::new(), size: 0, repeats: false };
        while self.rest.peek().is_some_and(|next| !matches!(next, '|' | ')')) {
            let part = self.repeated()?;
            all.sql.push_str(&part.sql);
            all.size += part.size;
            all.repeats |= part.repeats;
        }
        Ok(all)
    }

    fn repeated(&mut self) -> Result<Part, String> {
        let mut part = self.single()?;
        let (mark, most) = match self.rest.peek() {
            Some('?') => ("?".to_owned(), 1),
            Some(sign @ ('*' | '+')) => (sign.to_string(), 1),
            Some('{') => self.bounds()?,
            _ => return Ok(part),
        };
        if !mark.starts_with('{') {
            self.rest.next();
        }
        if part.repeats {
            return Err("a repeat within a repeat can take the database very long: write it without one of them".into());
        }
        if self.rest.peek().is_some_and(|next| matches!(next, '?' | '*' | '+' | '{')) {
            return Err("two repeats behind each other: keep one; the character itself is written with \\".into());
        }
        part.sql.push_str(&mark);
        part.size = part.size.saturating_mul(most);
        part.repeats = true;
        Ok(part)
    }

    /// `{3}`, `{3,}`, `{3,5}`
    fn bounds(&mut self) -> Result<(String, usize), String> {
        let help = || format!("repeats are {{3}}, {{3,}} or {{3,5}}, at most {MOST}; the brace itself is written \\{{");
        self.rest.next();
        let mut inside = String::new();
        loop {
            match self.rest.next() {
                Some('}') => break,
                Some(sign) if (sign.is_ascii_digit() || sign == ',') && inside.len() < 9 => inside.push(sign),
                _ => return Err(help()),
            }
        }
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number <= MOST).ok_or_else(help);
        match inside.split_once(',') {
            None => number(&inside).map(|n| (format!("{{{n}}}"), n.max(1))),
            Some((from, "")) => number(from).map(|n| (format!("{{{n},}}"), n.max(1))),
            Some((from, to)) => {
                let (from, to) = (number(from)?, number(to)?);
                if from > to { Err(help()) } else { Ok((format!("{{{from},{to}}}"), to.max(1))) }
            }
        }
    }

    fn single(&mut self) -> Result<Part, String> {
        let one = |sql: String| Part { sql, size: 1, repeats: false };
        match self.rest.next() {
            Some('(') => self.group(),
            Some('[') => self.class().map(one),
            Some('.') => Ok(one(".".into())),
            Some('\\') => match self.rest.next() {
                Some('d') => Ok(one("[0-9]".into())),
                Some('w') => Ok(one("[A-Za-z0-9_]".into())),
                Some('s') => Ok(one("[ \\t\\n\\r]".into())),
                other => escaped(other).map(|sign| one(literal(sign))),
            },
            Some('^' | '$') => {
                Err("a pattern fits the whole text anyway: leave ^ and $ out, and put .* where anything may stand"
                    .into())
            }
            Some(sign @ ('?' | '*' | '+' | '{')) => {
                Err(format!("`{sign}` has nothing to repeat; the character itself is written \\{sign}"))
            }
            Some(sign) => Ok(one(literal(sign))),
            None => Err("the pattern ends too early".into()),
        }
    }

    fn group(&mut self) -> Result<Part, String> {
        if self.rest.peek() == Some(&'?') {
            return Err("groups are plain here: (a|b)".into());
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("groups are nested more than {DEEPEST} deep"));
        }
        let part = self.either()?;
        self.depth -= 1;
        match self.rest.next() {
            Some(')') => Ok(Part { sql: format!("(?:{})", part.sql), ..part }),
            _ => Err("a group is not closed: add a `)`; the character itself is written \\(".into()),
        }
    }

    /// `[a-z_]`, behind its bracket.
    fn class(&mut self) -> Result<String, String> {
        let mut sql = String::from(if self.rest.next_if_eq(&'^').is_some() { "[^" } else { "[" });
        let mut empty = true;
        loop {
            let from = match self.rest.next() {
                None => return Err("a class is not closed: add a `]`; the character itself is written \\[".into()),
                Some(']') if empty => return Err("a class is empty; the character itself is written \\]".into()),
                Some(']') => break,
                Some('[') => return Err("within a class, `[` is written \\[".into()),
                Some('\\') => match self.rest.next() {
                    Some('d') => {
                        sql.push_str("0-9");
                        empty = false;
                        continue;
                    }
                    other => escaped(other)?,
                },
                Some(sign) => sign,
            };
            empty = false;
            sql.push_str(&literal(from));
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('-') && ahead.peek().is_some_and(|next| *next != ']') {
                self.rest.next();
                let to = match self.rest.next() {
                    Some('\\') => escaped(self.rest.next())?,
                    Some(sign) if sign != '[' => sign,
                    _ => return Err("a range in a class ends with a character: [a-z]".into()),
                };
                if from > to {
                    return Err(format!("the range {from}-{to} is empty: the smaller one stands first"));
                }
                sql.push('-');
                sql.push_str(&literal(to));
            }
        }
        sql.push(']');
        Ok(sql)
    }
}

/// The character behind a backslash; letters and digits there would mean something else.
fn escaped(sign: Option<char>) -> Result<char, String> {
    match sign {
        Some(sign) if sign.is_ascii_punctuation() || sign == ' ' => Ok(sign),
        _ => Err("behind a backslash stands a sign such as \\. or one of \\d \\w \\s (in TOML, '…' keeps backslashes)"
            .into()),
    }
}

/// A character that stands for itself.
fn literal(sign: char) -> String {
    if sign.is_ascii_punctuation() { format!("\\{sign}") } else { sign.to_string() }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn what_is_understood_is_written_anew() {
        for (text, sql) in [
            ("ab", "^(?:ab)$"),
            (r"\d{4}-\d+", r"^(?:[0-9]{4}\-[0-9]+)$"),
            ("(a|b)?c", "^(?:(?:a|b)?c)$"),
            ("[a-z_.-]*", r"^(?:[a-z\_\.\-]*)$"),
            ("[^一-龥]", "^(?:[^一-龥])$"),
            (r".*@example\.com", r"^(?:.*\@example\.com)$"),
            ("", "^(?:)$"),
        ] {
            assert_eq!(translate(text).as_deref(), Ok(sql), "{text}");
        }
    }

    #[test]
    fn what_could_take_long_or_mean_something_else_is_refused() {
        let long = "a".repeat(201);
        let wide = "(abcdefghijklmnop){100}";
        for text in [
            "(a+)+",
            "((a{9}){9}){9}",
            "(a|b*)*",
            "a{101}",
            "a{5,2}",
            "a{x}",
            "a**",
            "*a",
            "(?i)a",
            "(?=a)",
            r"\1",
            r"\y",
            "^a",
            "a$",
            "(a",
            "a)",
            "[a",
            "[]",
            "[z-a]",
            "[[:alpha:]]",
            "a\\",
            &long,
            wide,
            "((((((((((((a))))))))))))",
        ] {
            assert!(translate(text).is_err(), "{text}");
        }
    }
}
