//! Slots that say which of several conditions holds.

use super::Filter;
use super::compose::Composer;
use super::emit::Emit;

/// A condition and the text that stands for it; without condition it always holds.
pub type Case<'f> = (Option<&'f Filter>, &'f str);

impl Composer {
    /// Fills a slot with the text of the first case whose condition holds. Null when none holds.
    #[must_use]
    pub fn first_of<'f>(self, slot: &str, cases: impl IntoIterator<Item = Case<'f>>) -> Self {
        self.fill_with(slot, |emit| first_of(emit, cases))
    }

    /// Fills a slot with an array of such texts, one a list; null where no list has a case.
    #[must_use]
    pub fn first_of_each<'f>(self, slot: &str, lists: impl IntoIterator<Item = Vec<Case<'f>>>) -> Self {
        let lists: Vec<_> = lists.into_iter().collect();
        if lists.iter().all(Vec::is_empty) {
            return self.fill_with(slot, |_| "null::text[]".to_owned());
        }
        self.fill_with(slot, |emit| {
            let each: Vec<_> = lists.into_iter().map(|cases| first_of(emit, cases)).collect();
            format!("array[{}]", each.join(", "))
        })
    }
}

fn first_of<'f>(emit: &mut Emit, cases: impl IntoIterator<Item = Case<'f>>) -> String {
    let whens = cases.into_iter().map(|(filter, text)| {
        let condition = filter.map_or_else(|| "true".to_owned(), |filter| emit.filter(filter));
        format!(" when {condition} then {}", emit.text(text))
    });
    let whens: String = whens.collect();
    if whens.is_empty() { "null::text".into() } else { format!("case{whens} end") }
}
