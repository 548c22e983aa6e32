//! Named parameters of SQL templates: `:as_of` instead of `$4`, so that files which are put together into one statement
//! need not agree on numbers.
//!
//! Names are looked for where SQL would look for a parameter: not in comments, not in texts in quotes, not behind a
//! second colon (`::date`).

/// A stretch of a statement: text to keep, or the name of a parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'s> {
    /// SQL as it stands.
    Text(&'s str),
    /// What stands behind a colon.
    Name(&'s str),
}

/// Takes a statement apart at its named parameters.
pub(super) fn parts(sql: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < sql.len() {
        let rest = &sql[at..];
        if let Some(name) = name(rest) {
            parts.extend([Part::Text(&sql[from..at]), Part::Name(name)]);
            at += 1 + name.len();
            from = at;
        } else {
            at += opaque(rest);
        }
    }
    parts.push(Part::Text(&sql[from..]));
    parts
}

/// The name when a parameter begins here.
fn name(rest: &str) -> Option<&str> {
    let behind = rest.strip_prefix(':')?;
    let len = behind.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_').unwrap_or(behind.len());
    behind.starts_with(|c: char| c.is_ascii_lowercase()).then(|| &behind[..len])
}

/// How many bytes from here on hold no parameter, at least one character.
fn opaque(rest: &str) -> usize {
    let through = |skip: usize, end: &str| rest[skip..].find(end).map_or(rest.len(), |at| skip + at + end.len());
    match rest.as_bytes() {
        [b':', b':', ..] => 2,
        [b'-', b'-', ..] => through(2, "\n"),
        [b'/', b'*', ..] => through(2, "*/"),
        [b'\'', ..] => through(1, "'"),
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_a_parameter_may_stand_and_nowhere_else() {
        let sql = "select :as_of::date, 'a:b ''c:d' -- not :this\n  /* nor :that */, x[:n], 'é:f', :job";
        let names: Vec<_> =
            parts(sql).into_iter().filter_map(|part| if let Part::Name(n) = part { Some(n) } else { None }).collect();
        assert_eq!(names, ["as_of", "n", "job"]);
        let whole: String = parts(sql)
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => text.to_owned(),
                Part::Name(name) => format!(":{name}"),
            })
            .collect();
        assert_eq!(whole, sql);
    }
}
