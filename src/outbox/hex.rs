//! Bytes as digits of base 16, in lower case.

use std::fmt::Write as _;

/// The digits.
#[must_use]
pub fn written(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes; none when these are not digits, two a byte.
#[must_use]
pub fn read(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit))
        .then(|| digits.chunks(2).map(pair).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        assert_eq!(written(&[0, 10, 255]), "000aff");
        assert_eq!(read("000AfF "), Some(vec![0, 10, 255]));
        for bad in ["0", "0g", "+1", "é"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
