//! How previews are laid out for a terminal of 100 columns: columns that line up also under Chinese names, long lines
//! folded between words. Figures are written as [`crate::figures`] has them.

use unicode_width::UnicodeWidthStr;

pub use crate::figures::{count, counted, decimal, verb};

/// Columns of a terminal a preview is made for.
pub const WIDTH: usize = 100;

/// Where a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// Lays rows out in columns, two spaces in and two spaces between, one line a row. Columns beyond `align` are words.
#[must_use]
pub fn table(align: &[Align], rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let space = " ".repeat(widths[column] - cell.width());
            line.push_str("  ");
            match align.get(column) {
                Some(Align::Right) => line.extend([space.as_str(), cell]),
                _ => line.extend([cell, space.as_str()]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Whether no line is wider than [`WIDTH`].
#[must_use]
pub fn fits(text: &str) -> bool {
    text.lines().all(|line| line.width() <= WIDTH)
}

/// Cuts a text that is wider than `width` columns, with "…" at the end.
#[must_use]
pub fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + c.to_string().width() + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// Folds a text between words so that no line is wider than [`WIDTH`]; every line begins with `indent` spaces.
#[must_use]
pub fn fold(text: &str, indent: usize) -> String {
    hang("", text, indent, 0)
}

/// The same behind a heading that takes `width` columns; the lines that follow stand below the text.
#[must_use]
pub fn hang(heading: &str, text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent + width);
    let first = format!("{}{heading}", " ".repeat(indent));
    let mut lines = vec![first.clone() + &" ".repeat(margin.len().saturating_sub(first.width()))];
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if !is_empty && line.width() + 1 + word.width() > WIDTH {
            lines.push(margin.clone() + word);
        } else {
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
        }
        is_empty = false;
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_chinese_names() {
        let rows = [vec!["高价值".into(), "813".into()], vec!["mid".into(), "1,475".into()]];
        assert_eq!(table(&[Align::Left, Align::Right], &rows), "  高价值    813\n  mid     1,475\n");
    }

    #[test]
    fn long_lines_fold_between_words_and_texts_are_clipped_by_width() {
        let folded = fold(&"价值 value ".repeat(20), 4);
        assert!(folded.lines().all(|line| line.width() <= WIDTH && line.starts_with("    ") && !line.ends_with(' ')));
        assert_eq!(folded.lines().count(), 3);
        assert_eq!(clip("欧阳娜娜", 5), "欧阳…");
        assert_eq!(clip("Anna", 5), "Anna");
    }
}
