//! Scores from 1 to 5: recency, frequency and money.
//!
//! The buyers of a window are ranked ascending by a value, equal values sharing the lowest place. The span between the
//! lowest and the highest place is cut into five of equal width, upper edge included. Orders and spend score the number
//! of their fifth, days since the last order 6 less that number. Where all are equal everybody scores 3.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Score, what is ranked, whether less is better.
const SCORES: [(&str, &str, bool); 3] = [
    ("recency_score", "days_since_last_order", true),
    ("frequency_score", "orders", false),
    ("monetary_score", "spend", false),
];

/// The score of that name, when it is one.
pub(super) fn find(column: &str) -> Option<&'static str> {
    SCORES.iter().map(|(name, ..)| *name).find(|name| *name == column)
}

/// The facts of a window with the scores beside them.
pub(super) fn beside(facts: String, scores: &BTreeSet<&'static str>) -> String {
    if scores.is_empty() {
        return facts;
    }
    let (mut below, mut score) = (String::new(), String::new());
    for (name, value, less_is_better) in SCORES.iter().filter(|(name, ..)| scores.contains(name)) {
        let _ = write!(
            below,
            ",\n           case when r.orders > 0 then rank() over (partition by r.orders > 0 order by r.{value}) - 1 end as below_{value}"
        );
        // ⌈5 · place ÷ last place⌉, in whole numbers
        let fifth = format!(
            "case max(s.below_{value}) over () when 0 then 3\
             \n                 else greatest(1, (5 * s.below_{value} + max(s.below_{value}) over () - 1) / max(s.below_{value}) over ()) end"
        );
        let mark = if *less_is_better { format!("6 - {fifth}") } else { fifth };
        let _ = write!(score, ",\n           case when s.orders > 0 then {mark} end as {name}");
    }
    format!("select s.*{score}\n    from (\n    select r.*{below}\n    from (\n    {facts}\n    ) r\n    ) s")
}
