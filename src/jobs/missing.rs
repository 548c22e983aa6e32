//! Values that conditions ask for and customers do not have: each said once, however many conditions ask for it.

use serde::Serialize;

use super::layout::count;

/// What is said above them.
pub const HEADING: &str = "Customers without the value a condition asks for (it does not hold for them)";

/// A value that some customers do not have.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The condition that asks for it; of several, the value and how many they are.
    pub words: String,
    /// How many customers: "1,234".
    pub customers: String,
}

/// A condition: what it looks at, the condition in words, and how many customers lack the value.
pub type Lacking = (String, String, i64);

/// In the order of the conditions; those that nobody lacks a value for are left out.
#[must_use]
pub fn once(conditions: impl IntoIterator<Item = Lacking>) -> Vec<Missing> {
    let mut values: Vec<(String, i64, Vec<String>)> = Vec::new();
    for (value, words, customers) in conditions.into_iter().filter(|(.., customers)| *customers > 0) {
        // an attribute that is asked for as a number by one and as a text by another counts differently
        match values.iter_mut().find(|(known, count, _)| *known == value && *count == customers) {
            Some((.., asked)) if asked.contains(&words) => {}
            Some((.., asked)) => asked.push(words),
            None => values.push((value, customers, vec![words])),
        }
    }
    let missing = values.into_iter().map(|(value, customers, asked)| Missing {
        words: match asked.as_slice() {
            [one] => one.clone(),
            several => format!("{value}, asked for by {} conditions", several.len()),
        },
        customers: count(customers),
    });
    missing.collect()
}

/// For a terminal, each a row.
#[must_use]
pub fn rows(missing: Vec<Missing>) -> Vec<Vec<String>> {
    missing.into_iter().map(|one| vec![one.customers, one.words]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_said_once() {
        let lacking = |value: &str, asked: &str, customers| (value.to_owned(), format!("{value} {asked}"), customers);
        let told = once([
            lacking("recency_score", "is 5", 1_472),
            lacking("country", "is CN", 3),
            lacking("recency_score", "is at least 3", 1_472),
            lacking("recency_score", "is 5", 1_472),
            lacking("attribute size", "is XL", 7),
            lacking("attribute size", "is above 40", 9),
            lacking("spend", "is above 1", 0),
        ]);
        let told: Vec<_> = told.iter().map(|one| format!("{} {}", one.customers, one.words)).collect();
        let expected = [
            "1,472 recency_score, asked for by 2 conditions",
            "3 country is CN",
            "7 attribute size is XL",
            "9 attribute size is above 40",
        ];
        assert_eq!(told, expected);
    }
}
