//! Reading the tags of HTML and MJML, as far as people write them and the MJML compiler makes them.

/// The `>` that ends the tag at the start of `rest`; one in quotes does not.
pub fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '>') => return Some(at),
            _ => {}
        }
    }
    None
}

/// The name of an opening, closing or empty tag, in lower case; `tag` without its angle brackets.
pub fn tag_name(tag: &str) -> String {
    let name = tag.trim_start_matches('/').split(|c: char| c.is_whitespace() || c == '/').next();
    name.unwrap_or_default().to_ascii_lowercase()
}

/// The value of an attribute, as it is written.
pub fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut from = 0;
    while let Some(at) = tag[from..].find(name).map(|found| from + found) {
        let rest = &tag[at + name.len()..];
        let starts = tag[..at].ends_with(char::is_whitespace);
        if let Some(value) = rest.strip_prefix("=\"").filter(|_| starts) {
            return value.split('"').next();
        }
        if let Some(value) = rest.strip_prefix("='").filter(|_| starts) {
            return value.split('\'').next();
        }
        from = at + name.len();
    }
    None
}
