//! Words in the two languages of reviews.

use serde::{Deserialize, Serialize};

pub(super) use crate::figures::is_chinese;

/// The same in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese, as written on the mainland.
    pub zh_cn: String,
}

impl Words {
    /// Both.
    #[must_use]
    pub fn new(en: &str, zh_cn: &str) -> Self {
        Self { en: en.to_owned(), zh_cn: zh_cn.to_owned() }
    }

    /// Chinese for any Chinese locale, else English.
    #[must_use]
    pub fn in_locale(&self, locale: &str) -> &str {
        if is_chinese(locale) { &self.zh_cn } else { &self.en }
    }
}
