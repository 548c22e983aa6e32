//! Names as people and attackers write them, made harmless for subjects, headers and texts.

/// Longest name shown, in characters; what is longer is cut.
const LONGEST: usize = 80;

/// A name without line breaks, control characters and marks that turn the direction of the text around it; cut when it
/// is no name any more; one written from right to left is isolated, so that it does not drag the words around it along
/// (FSI … PDI, Unicode UAX 9).
pub fn name(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).filter(|c| !turns(*c));
    let mut name = String::with_capacity(text.len().min(4 * LONGEST));
    let mut length = 0;
    for c in plain {
        if c == ' ' && (name.is_empty() || name.ends_with(' ')) {
            continue;
        }
        if length == LONGEST {
            name.truncate(name.trim_end().len());
            name.push('…');
            break;
        }
        name.push(c);
        length += 1;
    }
    name.truncate(name.trim_end().len());
    if name.chars().any(is_right_to_left) { format!("\u{2068}{name}\u{2069}") } else { name }
}

/// Embeddings, overrides, isolates and marks of direction, and what joins nothing: they are seen only by what they do to
/// the rest. The joiner of emoji stays.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
        | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{fff9}'..='\u{fffb}')
}

/// Hebrew, Arabic and the scripts between and beyond them that run from right to left.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_are_made_harmless_and_stay_names() {
        for (written, shown) in [
            ("王小明", "王小明"),
            ("  Zoë   O'Neil ", "Zoë O'Neil"),
            ("Ann\r\nBcc: all@example.com", "Ann Bcc: all@example.com"),
            ("tab\tnul\0bell\u{7}", "tab nul bell"),
            ("evil\u{202e}gpj.exe", "evilgpj.exe"),
            ("محمد", "\u{2068}محمد\u{2069}"),
            ("\u{2067}דוד\u{2069}", "\u{2068}דוד\u{2069}"),
            ("👩‍👩‍👧 Müller", "👩‍👩‍👧 Müller"),
            ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
            ("", ""),
        ] {
            assert_eq!(name(written), shown, "{written:?}");
        }
        let long = name(&"长".repeat(5_000));
        assert_eq!(long.chars().count(), 81, "eighty and the dots");
        assert!(long.ends_with('…'));
    }
}
