//! Text made from HTML for the text part of a mail.

use super::markup::{attribute, tag_end, tag_name};

/// Mail as text: what a person reads, a paragraph per block, links as `words (address)`.
///
/// It works on the HTML the MJML compiler makes and on what people put into `mj-text` and `mj-raw`; it need not
/// understand any page of the web.
pub fn from_html(html: &str) -> String {
    let mut out = Writer::default();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.words(&rest[..open]);
        rest = &rest[open..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.find("-->").map_or("", |end| &after[end + 3..]);
            continue;
        }
        let Some(close) = tag_end(rest) else { break };
        let tag = &rest[1..close];
        rest = &rest[close + 1..];
        let name = tag_name(tag);
        if !tag.starts_with('/') && matches!(name.as_str(), "style" | "script" | "title" | "head") {
            let end = format!("</{name}");
            rest = rest.to_ascii_lowercase().find(&end).map_or("", |at| &rest[at..]);
            continue;
        }
        out.tag(&name, tag);
    }
    out.words(rest);
    out.finish()
}

#[derive(Default)]
struct Writer {
    text: String,
    space: bool,
    link: Option<(String, usize)>,
    hidden: Option<usize>,
    depth: usize,
}

impl Writer {
    fn words(&mut self, raw: &str) {
        if self.hidden.is_some() {
            return;
        }
        let decoded = decode(raw);
        for c in decoded.chars() {
            match c {
                // the filler the compiler puts behind the preheader
                '\u{200b}' | '\u{200c}' | '\u{feff}' | '\u{ad}' => {}
                _ if c.is_whitespace() => self.space = true,
                _ => {
                    if self.space && !self.text.is_empty() && !self.text.ends_with('\n') {
                        self.text.push(' ');
                    }
                    self.space = false;
                    self.text.push(c);
                }
            }
        }
    }

    fn line(&mut self) {
        self.space = false;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn paragraph(&mut self) {
        self.line();
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn tag(&mut self, name: &str, tag: &str) {
        let closing = tag.starts_with('/');
        if name == "div" && !closing {
            self.depth += 1;
            if self.hidden.is_none() && tag.replace(' ', "").contains("display:none") {
                self.hidden = Some(self.depth);
            }
        }
        match name {
            "a" if closing => self.end_link(),
            "a" => self.link = attribute(tag, "href").map(|href| (decode(href), self.text.len())),
            "br" => self.line(),
            "li" if !closing => {
                self.line();
                self.text.push_str("- ");
            }
            "img" => {
                if let Some(alt) = attribute(tag, "alt") {
                    self.words(alt);
                }
            }
            // each element of MJML is a row of its own
            "p" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "ul" | "ol" => self.paragraph(),
            "div" => self.line(),
            "td" => self.space = true,
            _ => {}
        }
        if name == "div" && closing {
            if self.hidden == Some(self.depth) {
                self.hidden = None;
            }
            self.depth = self.depth.saturating_sub(1);
        }
    }

    fn end_link(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        let words = self.text.get(from..).unwrap_or_default().trim();
        if self.hidden.is_none() && !href.is_empty() && !href.starts_with('#') && words != href {
            self.text.push_str(&if words.is_empty() { href } else { format!(" ({href})") });
        }
    }

    fn finish(self) -> String {
        let mut lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
        let mut text = lines.join("\n").trim().to_owned();
        text.push('\n');
        text
    }
}

/// Character references replaced; only those that mail templates contain and the numeric ones.
pub fn decode(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';').map(|(end, _)| end);
        match end.and_then(|end| reference(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "ensp" | "emsp" | "thinsp" => Some(' '),
        "copy" => Some('©'),
        "reg" => Some('®'),
        "hellip" => Some('…'),
        "mdash" => Some('—'),
        "ndash" => Some('–'),
        "middot" => Some('·'),
        "yen" => Some('¥'),
        "euro" => Some('€'),
        "zwnj" => Some('\u{200c}'),
        _ => match name.strip_prefix(['#'])? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            digits => number(digits, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_lines_with_links_and_without_hidden_parts() {
        let html = "<html><head><title>x</title><style>a{}</style></head><body><div style=\"display:none;\">preheader<div>deep</div></div>\
                    <!--[if mso]><table><tr><td>no</td></tr></table><![endif]--><div><p>Hello&nbsp;&lt;Ann&gt; &amp; co</p>\
                    <a href=\"https://a.example/?x=1&amp;y=2\"> Shop <b>now</b></a></div><ul><li>one</li><li>two</li></ul><img alt=\"a rose\" src=\"x\"></body></html>";
        assert_eq!(
            from_html(html),
            "Hello <Ann> & co\n\nShop now (https://a.example/?x=1&y=2)\n\n- one\n- two\n\na rose\n"
        );
    }
}
