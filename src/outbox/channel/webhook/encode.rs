//! Fields on their way: as JSON, as a form, in the query.

use reqwest::Url;
use serde_json::{Map, Value};

use super::BodyKind;

/// The body with its content type, and the address to call.
pub fn encoded(fields: &Map<String, Value>, body: BodyKind, url: &Url) -> (String, Option<&'static str>, Url) {
    let mut url = url.clone();
    match body {
        BodyKind::Json => (Value::Object(fields.clone()).to_string(), Some("application/json; charset=utf-8"), url),
        BodyKind::Form => {
            let mut form = Url::parse("form:").expect("a constant URL");
            form.query_pairs_mut().extend_pairs(pairs(fields));
            (form.query().unwrap_or_default().to_owned(), Some("application/x-www-form-urlencoded"), url)
        }
        BodyKind::Query => {
            url.query_pairs_mut().extend_pairs(pairs(fields));
            (String::new(), None, url)
        }
    }
}

/// A list is written once for every entry that is a plain value, and as JSON when it holds objects.
fn pairs(fields: &Map<String, Value>) -> Vec<(&str, String)> {
    let mut pairs = Vec::new();
    for (key, value) in fields {
        match value {
            Value::Array(list) if list.iter().all(|item| !item.is_array() && !item.is_object()) => {
                pairs.extend(list.iter().map(|item| (key.as_str(), plain(item))));
            }
            value => pairs.push((key.as_str(), plain(value))),
        }
    }
    pairs
}

/// A value as text: a text without quotation marks.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
