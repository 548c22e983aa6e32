//! How long a text message is and in how many parts it goes out, as carriers count.

/// The GSM 7-bit alphabet; those of the second text count twice (3GPP TS 23.038).
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// A text message, measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Characters as the carrier counts them: of the GSM alphabet, where some count twice, else UTF-16 units.
    pub units: usize,
    /// Parts it is sent as.
    pub parts: usize,
    /// One part holds 160 (of several each 153) instead of 70 (67).
    pub gsm: bool,
}

impl Length {
    /// Measures a text, its signature included.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let weights = || {
            text.chars().map(|c| match c {
                _ if GSM.contains(c) => Some(1),
                _ if GSM_EXTENSION.contains(c) => Some(2),
                _ => None,
            })
        };
        if weights().all(|weight| weight.is_some()) {
            Self { units: weights().flatten().sum(), parts: parts(weights().flatten(), 160, 153), gsm: true }
        } else {
            let units = || text.chars().map(char::len_utf16);
            Self { units: units().sum(), parts: parts(units(), 70, 67), gsm: false }
        }
    }
}

/// One part holds `one`, of several each holds `several`; a character of two units is never cut in two.
fn parts(weights: impl Iterator<Item = usize> + Clone, one: usize, several: usize) -> usize {
    let whole: usize = weights.clone().sum();
    if whole <= one {
        return usize::from(whole > 0);
    }
    let (mut parts, mut left) = (1, several);
    for weight in weights {
        if weight > left {
            (parts, left) = (parts + 1, several);
        }
        left -= weight;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_messages_are_counted_as_carriers_do() {
        let cases: [(String, usize, usize); 16] = [
            (String::new(), 0, 0),
            ("a".repeat(160), 160, 1),
            ("a".repeat(161), 161, 2),
            ("a".repeat(306), 306, 2),
            ("a".repeat(307), 307, 3),
            ("[".repeat(80), 160, 1),
            ("[".repeat(81), 162, 2),
            // 153 is odd: the last half of a part stays empty
            ("[".repeat(153), 306, 3),
            ("生".repeat(70), 70, 1),
            ("生".repeat(71), 71, 2),
            ("生".repeat(134), 134, 2),
            ("生".repeat(135), 135, 3),
            ("生".repeat(160), 160, 3),
            ("😀".repeat(35), 70, 1),
            ("😀".repeat(36), 72, 2),
            // 67 is odd: an emoji is never cut in two
            ("😀".repeat(67), 134, 3),
        ];
        for (text, units, parts) in cases {
            let length = Length::of(&text);
            assert_eq!(
                (length.units, length.parts),
                (units, parts),
                "{} × {:?}",
                text.chars().count(),
                text.chars().next()
            );
        }
        assert!(Length::of("Grüße, 5 €").gsm && !Length::of("naïve").gsm);
    }
}
