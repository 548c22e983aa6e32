//! `sms.LOCALE.toml`: a text message that the gateway makes of a template it has approved.
//!
//! ```toml
//! template  = "SMS_123456789"                     # what the gateway calls it
//! signature = "云岭生活"                            # the gateway puts it in front, as 【…】
//! text      = "${name}，为您备好${gift}。拒收请回复R"   # as approved; or with {1}, {2} where the gateway counts
//!
//! [params]                                        # in the order of the placeholders
//! name = "{{ customer.name|default('会员') }}"
//! gift = "{{ offer.gift }}"
//! ```
//!
//! The gateway gets the template and the values; the text is made here too, so that its parts are counted, people see
//! what will be said, and gateways that take texts can send it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

/// The file.
#[derive(Debug, Clone)]
pub struct SmsFile {
    /// What the gateway calls the template.
    pub template: String,
    /// What stands in 【】.
    pub signature: Spanned<String>,
    /// The approved text.
    pub text: Spanned<String>,
    /// Names and templates of the values, in the order of the file.
    pub params: Vec<(String, Spanned<String>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    template: String,
    signature: Spanned<String>,
    text: Spanned<String>,
    #[serde(default)]
    params: BTreeMap<String, Spanned<String>>,
}

/// A place of the text to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    /// `${name}`
    Named(String),
    /// `{1}`
    Counted(usize),
}

impl SmsFile {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(source: &str) -> Result<Self, (String, Option<Range<usize>>)> {
        let raw: Raw = toml::from_str(source).map_err(|error| (error.message().trim_end().to_owned(), error.span()))?;
        let mut params: Vec<_> = raw.params.into_iter().collect();
        params.sort_by_key(|(_, value)| value.span().start);
        Ok(Self { template: raw.template, signature: raw.signature, text: raw.text, params })
    }

    /// What is wrong between placeholders and values.
    pub fn problems(&self) -> Vec<(Range<usize>, String)> {
        let text = self.text.span();
        let mut found = Vec::new();
        let slots: Vec<Slot> = pieces(self.text.get_ref()).into_iter().filter_map(Result::err).collect();
        let named: BTreeSet<&str> = slots
            .iter()
            .filter_map(|slot| if let Slot::Named(name) = slot { Some(name.as_str()) } else { None })
            .collect();
        let counted: BTreeSet<usize> =
            slots.iter().filter_map(|slot| if let Slot::Counted(place) = slot { Some(*place) } else { None }).collect();
        if !named.is_empty() && !counted.is_empty() {
            found.push((
                text,
                "the text has placeholders by name and by number; a gateway knows one of them".to_owned(),
            ));
            return found;
        }
        if counted.is_empty() {
            for name in named.iter().filter(|name| !self.params.iter().any(|(param, _)| param == *name)) {
                found.push((
                    text.clone(),
                    format!("the placeholder ${{{name}}} has no value: add `{name} = \"…\"` to [params]"),
                ));
            }
            for (param, value) in self.params.iter().filter(|(param, _)| !named.contains(param.as_str())) {
                found.push((value.span(), format!("the text has no placeholder ${{{param}}}")));
            }
        } else if counted.iter().copied().ne(1..=self.params.len()) {
            let places: Vec<_> = counted.iter().map(|place| format!("{{{place}}}")).collect();
            let message = format!(
                "the text has the placeholders {} and [params] {} values; they are {{1}} to {{{}}}",
                places.join(" "),
                self.params.len(),
                self.params.len()
            );
            found.push((text, message));
        }
        found
    }

    /// The whole text, with the values of the parameters in their order.
    pub fn filled(&self, values: &[(String, String)]) -> String {
        let mut out = format!("【{}】", self.signature.get_ref().trim());
        for piece in pieces(self.text.get_ref()) {
            match piece {
                Ok(words) => out.push_str(words),
                Err(Slot::Named(name)) => {
                    out.push_str(values.iter().find(|(param, _)| *param == name).map_or("", |(_, value)| value));
                }
                Err(Slot::Counted(place)) => {
                    out.push_str(place.checked_sub(1).and_then(|at| values.get(at)).map_or("", |(_, value)| value));
                }
            }
        }
        out
    }
}

/// The words and the slots of a text, in their order.
fn pieces(text: &str) -> Vec<Result<&str, Slot>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(open) = rest[from..].find('{').map(|at| from + at) {
        let slot = rest[open..].find('}').and_then(|end| {
            let inner = &rest[open + 1..open + end];
            let is_name = !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            match rest[..open].strip_suffix('$') {
                Some(before) if is_name => Some((before.len(), open + end + 1, Slot::Named(inner.to_owned()))),
                None => inner.parse().ok().map(|place| (open, open + end + 1, Slot::Counted(place))),
                Some(_) => None,
            }
        });
        match slot {
            Some((start, end, slot)) => {
                found.push(Ok(&rest[..start]));
                found.push(Err(slot));
                rest = &rest[end..];
                from = 0;
            }
            None => from = open + 1,
        }
    }
    found.push(Ok(rest));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, params: &[&str]) -> SmsFile {
        let params: String = params.iter().map(|name| format!("{name} = \"v\"\n")).collect();
        SmsFile::read(&format!("template = \"T\"\nsignature = \"云\"\ntext = '{text}'\n[params]\n{params}")).unwrap()
    }

    fn said(text: &str, params: &[&str]) -> String {
        file(text, params).problems().into_iter().map(|(_, message)| message).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn placeholders_and_values_must_match() {
        assert_eq!(said("${name} and ${gift}", &["name", "gift"]), "");
        assert_eq!(said("{1} and {2}", &["zulu", "alpha"]), "");
        assert!(said("${name}", &["name", "gift"]).contains("no placeholder ${gift}"));
        assert!(said("${name} ${gift}", &["name"]).contains("${gift} has no value"));
        assert!(said("{1} {3}", &["a", "b"]).contains("{1} {3} and [params] 2 values"));
        assert!(said("{1} ${b}", &["a", "b"]).contains("by name and by number"));
    }

    #[test]
    fn values_go_to_their_places_in_the_order_of_the_file() {
        let values =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), format!("<{name}>"))).collect::<Vec<_>>();
        assert_eq!(
            file("a {2} b {1} { c", &["zulu", "alpha"]).filled(&values(&["zulu", "alpha"])),
            "【云】a <alpha> b <zulu> { c"
        );
        assert_eq!(file("hi ${zulu}!", &["zulu"]).filled(&values(&["zulu"])), "【云】hi <zulu>!");
    }
}
