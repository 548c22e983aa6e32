//! Which of the languages a template has is nearest to the one a customer reads. `tend.nearest_locale` does the same in
//! SQL when a message is planned; this one is for what the planner could not know.

/// Whether the text is a language tag: `en`, `zh-CN`, `zh-Hant-TW`.
pub fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    parts
        .next()
        .is_some_and(|language| (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase()))
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The nearest of `offered`, which is never empty handed when there is one: the same tag, the same language in the same
/// script (`zh-Hans-CN` → `zh-CN`), the same language, else the first.
pub fn nearest<'o>(wanted: &str, offered: impl Iterator<Item = &'o str>) -> Option<&'o str> {
    let want = wanted.replace('_', "-").to_ascii_lowercase();
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    let mut best: Option<(&str, u8)> = None;
    for tag in offered {
        let have = tag.to_ascii_lowercase();
        let score = match () {
            () if have == want => 3,
            () if language(&have) == language(&want) && is_traditional(&have) == is_traditional(&want) => 2,
            () if language(&have) == language(&want) => 1,
            () => 0,
        };
        if best.is_none_or(|(_, top)| score > top) {
            best = Some((tag, score));
        }
    }
    best.map(|(tag, _)| tag)
}

fn is_traditional(tag: &str) -> bool {
    tag.strip_prefix("zh-").is_some_and(|rest| rest.split('-').any(|part| matches!(part, "hant" | "tw" | "hk" | "mo")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_is_the_same_tag_then_the_script_then_the_language_then_the_first() {
        let of = |wanted, offered: &[&'static str]| nearest(wanted, offered.iter().copied());
        assert_eq!(of("zh-Hans-CN", &["en", "zh-CN", "zh-TW"]), Some("zh-CN"));
        assert_eq!(of("zh-HK", &["en", "zh-CN", "zh-TW"]), Some("zh-TW"));
        assert_eq!(of("zh_CN", &["en", "zh"]), Some("zh"));
        assert_eq!(of("zh-TW", &["en", "zh-CN"]), Some("zh-CN"));
        assert_eq!(of("fr", &["en", "zh-CN"]), Some("en"));
        assert_eq!(of("", &["zh-CN"]), Some("zh-CN"));
        assert_eq!(of("en", &[]), None);
    }
}
