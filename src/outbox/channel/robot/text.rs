//! A text that fits: robots refuse what is too long, and then nobody hears anything.

/// The text, or as many of its lines as fit into `limit` bytes with a line that says how many more there were.
pub fn fitted(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    let rest = |kept: usize| format!("\n… ({} more lines)", lines.len() - kept);
    let mut room = limit.saturating_sub(rest(0).len());
    let mut kept = Vec::new();
    for line in &lines {
        let Some(left) = room.checked_sub(line.len() + 1) else { break };
        kept.push(*line);
        room = left;
    }
    if kept.is_empty() {
        // one line that is too long: cut between characters
        let end = (0..=limit.saturating_sub('…'.len_utf8())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        return format!("{}…", &text[..end]);
    }
    format!("{}{}", kept.join("\n"), rest(kept.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_line_and_says_so() {
        assert_eq!(fitted("short", 10), "short");
        let long = vec!["一行十二个字节"; 100].join("\n");
        for limit in [60, 100, 500, 2_000] {
            let cut = fitted(&long, limit);
            assert!(cut.len() <= limit, "{} > {limit}", cut.len());
            assert!(cut.ends_with("more lines)"), "{cut}");
        }
        let one = "字".repeat(100);
        assert_eq!(fitted(&one, 10), "字字…");
    }
}
