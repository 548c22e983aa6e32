//! Fields of reports: groups of `Name: value`, folded, separated by empty lines (RFC 3464, 2.1).

use mail_parser::decoders::charsets::map::charset_decoder;

/// Groups that are read.
const GROUPS: usize = 100;

/// One group.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field; the name in lower case.
    pub fn get(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a field.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// The groups of a report.
pub fn groups(text: &str) -> Vec<Fields> {
    let mut groups = vec![Fields::default()];
    for line in text.lines() {
        if line.trim().is_empty() {
            if groups.last().is_some_and(|last| !last.0.is_empty()) {
                if groups.len() == GROUPS {
                    break;
                }
                groups.push(Fields::default());
            }
            continue;
        }
        let Some(Fields(last)) = groups.last_mut() else { break };
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = last.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            last.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups.retain(|group| !group.0.is_empty());
    groups
}

/// The address of `rfc822; ann@example.com`; also of UTF-8 ones, and in angle brackets.
pub fn address(value: &str) -> Option<String> {
    let (kind, rest) = value.split_once(';').unwrap_or(("rfc822", value));
    if !["rfc822", "utf-8"].contains(&kind.trim().to_ascii_lowercase().as_str()) {
        return None;
    }
    // a comment may follow
    let address = rest.trim().split(|c: char| c.is_whitespace() || c == '(').next()?.trim_matches(['<', '>', '"', ',']);
    (address.contains('@') && address.len() <= 320).then(|| ascii(address))
}

/// With a domain in ASCII, as it was sent.
fn ascii(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((user, domain)) if !domain.is_ascii() => {
            idna::domain_to_ascii(domain).map_or_else(|_| address.to_owned(), |domain| format!("{user}@{domain}"))
        }
        _ => address.to_owned(),
    }
}

/// Text that does not say its charset: UTF-8, else what Chinese servers write.
pub fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => charset_decoder(b"gb18030")
            .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes)),
    }
}
