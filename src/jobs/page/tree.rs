//! A condition as it came out for one customer, as a table of a page: `{% include "tree.html" %}` shows the `tree` at hand.

use serde::Serialize;

use crate::filter::Node;

/// What `tree.html` shows.
#[derive(Debug, Serialize)]
pub struct Tree {
    heading: String,
    holds: bool,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    depth: usize,
    holds: bool,
    words: String,
    found: String,
}

impl Tree {
    /// Of a condition, with what it is called.
    #[must_use]
    pub fn new(heading: String, node: &Node) -> Self {
        let lines = node.lines().into_iter().map(|line| Line {
            depth: line.depth,
            holds: line.holds,
            words: line.words,
            found: line.found.unwrap_or_default(),
        });
        Self { heading, holds: node.holds(), lines: lines.collect() }
    }
}
