//! What a text message of a customer says: stop, start, or something else.

use crate::outbox::returned::reply::Kind;

/// Words that stop, unless the channel has its own: what carriers in China (T, TD, R, N, 退订) and elsewhere (CTIA) know.
pub const STOP: &[&str] = &[
    "T",
    "TD",
    "R",
    "N",
    "QX",
    "退订",
    "退訂",
    "我要退订",
    "请退订",
    "取消订阅",
    "取消",
    "拒收",
    "不再接收",
    "STOP",
    "STOPALL",
    "STOP ALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "OPTOUT",
    "OPT OUT",
    "OPT-OUT",
    "REVOKE",
    "ARRET",
    "BAJA",
];
/// Words that start again.
pub const START: &[&str] = &["START", "UNSTOP", "SUBSCRIBE", "订阅", "訂閱", "恢复订阅", "重新订阅"];

/// Longest message that can be a word with something polite behind it, in characters.
const LONGEST: usize = 40;
/// Most words of such a message.
const WORDS: usize = 4;

/// Knows the words of a channel.
#[derive(Debug)]
pub struct Words {
    stop: Vec<Vec<String>>,
    start: Vec<Vec<String>>,
}

impl Words {
    /// The channel's own, or the usual ones.
    pub fn new(stop: Option<&[String]>, start: Option<&[String]>) -> Self {
        let read = |own: Option<&[String]>, usual: &[&str]| match own {
            Some(own) => own.iter().map(|word| tokens(word)).collect(),
            None => usual.iter().map(|word| tokens(word)).collect(),
        };
        Self { stop: read(stop, STOP), start: read(start, START) }
    }

    /// What a message says. A word counts in any case, in full-width letters, with blanks and punctuation around, and with a
    /// few words behind ("STOP please", "退订谢谢"); a single letter only alone or before another such word ("T退订"):
    /// "N, see you at 5" stops nothing. In doubt whether somebody wants no more, they get no more.
    pub fn kind(&self, text: &str) -> Kind {
        let said = tokens(text);
        if text.chars().count() > LONGEST * 2 || said.iter().map(|token| token.chars().count()).sum::<usize>() > LONGEST
        {
            return Kind::Other;
        }
        if self.begins(&said, &self.stop) {
            Kind::Stop
        } else if self.begins(&said, &self.start) {
            Kind::Start
        } else {
            Kind::Other
        }
    }

    fn begins(&self, said: &[String], words: &[Vec<String>]) -> bool {
        words.iter().filter(|word| !word.is_empty()).any(|word| {
            let Some(rest) = after(said, word) else { return false };
            let letter = word.len() == 1 && word[0].chars().count() == 1;
            match rest.as_slice() {
                [] => true,
                rest if letter => self.begins(rest, words),
                rest => said.len().max(rest.len() + word.len()) <= WORDS,
            }
        })
    }
}

/// What follows a word; of a language without blanks the word may be the beginning of a longer piece.
fn after(said: &[String], word: &[String]) -> Option<Vec<String>> {
    let (last, before) = word.split_last()?;
    if said.len() < word.len() || said[..before.len()] != *before {
        return None;
    }
    let piece = &said[before.len()];
    let rest = said[word.len()..].to_vec();
    match piece.strip_prefix(last.as_str())? {
        "" => Some(rest),
        left if wide(last) => Some([vec![left.to_owned()], rest].concat()),
        _ => None,
    }
}

fn wide(text: &str) -> bool {
    text.chars().all(|c| !c.is_ascii())
}

/// Capital pieces of one script each, without punctuation, full-width forms as plain ones.
fn tokens(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for c in text.chars() {
        let c = match c {
            // full-width ASCII (U+FF01 to U+FF5E)
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        };
        if !c.is_alphanumeric() {
            // invisible characters and apostrophes stand within words
            open = open && (matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}' | '\'' | '’'));
            continue;
        }
        let same_script = found.last().is_some_and(|last| last.ends_with(|l: char| l.is_ascii() == c.is_ascii()));
        // what is written without blanks may have some all the same
        if !(same_script && (open || !c.is_ascii())) {
            found.push(String::new());
        }
        open = true;
        if let Some(last) = found.last_mut() {
            last.extend(c.to_uppercase());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_is_understood_as_people_write_it() {
        let words = Words::new(None, None);
        for text in [
            "T",
            "t",
            " Ｔ ",
            "TD",
            "ＴＤ",
            "td。",
            "R",
            "N",
            "n!",
            "退订",
            "退 订",
            "退订。",
            "【退订】",
            "退订谢谢",
            "T退订",
            "回T退订".trim_start_matches('回'),
            "TD 谢谢",
            "TD谢谢",
            "我要退订！",
            "取消订阅",
            "STOP",
            "stop.",
            "\"Stop\"",
            "STOP please",
            "stop it now, thanks",
            "Unsubscribe me",
            "opt-out",
            "Opt out",
            "S\u{200b}TOP",
            "ＳＴＯＰ",
            "拒收",
            "不再接收",
            "STOP ALL",
            "stopall",
            "\u{feff}T\r\n",
        ] {
            assert_eq!(words.kind(text), Kind::Stop, "{text:?}");
        }
    }

    #[test]
    fn start_and_all_else_are_told_from_it() {
        let words = Words::new(None, None);
        for text in ["start", "Ｓｔａｒｔ", "unstop", "订阅", "恢复订阅", "START please"] {
            assert_eq!(words.kind(text), Kind::Start, "{text:?}");
        }
        for text in [
            "",
            "  ",
            "thanks",
            "Thanks, see you",
            "N, see you at 5",
            "R u sure",
            "TDD",
            "Tea please",
            "谢谢",
            "不要退订",
            "stopping by at six",
            "STOP the delivery of my sofa to the old address and bring it to the new one",
            "don't stop",
            "Nice",
            "T5",
            "订单什么时候到",
            "👍",
            "1",
        ] {
            assert_eq!(words.kind(text), Kind::Other, "{text:?}");
        }
        assert_eq!(words.kind(&"退订".repeat(500)), Kind::Other, "nobody writes that by hand");
    }

    #[test]
    fn a_channel_may_have_its_own_words() {
        let words = Words::new(Some(&["NEIN DANKE".into(), "0000".into()]), None);
        assert_eq!(words.kind("nein, danke!"), Kind::Stop);
        assert_eq!(words.kind("０000"), Kind::Stop);
        assert_eq!(words.kind("stop"), Kind::Other);
    }
}
