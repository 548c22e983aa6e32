//! `docs/figures.md`: all figures, out of their heads.

use std::fmt::Write as _;

use super::catalogue::{Better, Unit, all};

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Figures of reviews\n\nWhat `figures = [...]` of a job file of the kind `report` can name. Made from the heads of \
         `src/jobs/report/figures/*.sql` (`TEND_UPDATE_DOCS=1 cargo test --test it report::`); do not edit.\n",
    );
    for entry in all() {
        let unit = match entry.unit {
            Unit::Share => "a share, in percent",
            Unit::Seconds => "a length of time",
            Unit::Count => "a number of cases",
            Unit::Money => "an amount of money",
            Unit::Score => "a mean of 1 to 5",
            Unit::Points => "points from -100 to 100",
            Unit::Number => "a number",
        };
        let better = match entry.better {
            Better::More => "more is better",
            Better::Less => "less is better",
            Better::Neither => "neither more nor less is better",
        };
        let _ = write!(
            page,
            "\n## `{}`: {} · {}\n\n{}\n\n{}\n\nUnit: {unit}; {better}. `per`: {}.\n",
            entry.name,
            entry.title.en,
            entry.title.zh_cn,
            entry.definition.en,
            entry.definition.zh_cn,
            entry.by.join(", ")
        );
    }
    page
}
