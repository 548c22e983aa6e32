//! One customer's decision as a page.

use serde::Serialize;

use super::Verdict;
use crate::engine::door::JobError;
use crate::jobs::page;
use crate::jobs::page::tree::Tree;

/// What `judge.html` shows.
#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    head: page::Head,
    ladder: &'a str,
    customer: &'a str,
    name: &'a str,
    way: &'static str,
    sign: &'static str,
    before: String,
    after: &'a str,
    why: String,
    beside: Vec<Fact>,
    levels: Vec<Level<'a>>,
}

#[derive(Serialize)]
struct Fact {
    heading: &'static str,
    words: String,
}

#[derive(Serialize)]
struct Level<'a> {
    title: &'a str,
    here: bool,
    result: bool,
    trees: Vec<Tree>,
}

impl Verdict<'_> {
    pub(super) fn page(&self) -> Result<String, JobError> {
        let (from, to) = (self.decision.from, self.decision.to);
        let (way, sign) = match from {
            None => ("new", "＋"),
            Some(from) if to < from => ("up", "↑"),
            Some(from) if to > from => ("down", "↓"),
            Some(_) => ("stay", "＝"),
        };
        let title = if self.ladder.title.is_empty() { &self.run.job } else { &self.ladder.title };
        let levels = self.ladder.levels.iter().enumerate().map(|(place, level)| Level {
            title: &level.title,
            here: from == Some(place),
            result: to == place,
            trees: self.trees(place),
        });
        let page = Page {
            head: page::Head::new(format!("{} on {title}", self.customer), self.run),
            ladder: title,
            customer: self.customer,
            name: &self.standing.name,
            way,
            sign,
            before: self.before(),
            after: &self.ladder.levels[to].title,
            why: self.why(),
            beside: self.beside().into_iter().map(|(heading, words)| Fact { heading, words }).collect(),
            levels: levels.collect(),
        };
        page::render(include_str!("judge.html"), &page)
    }

    fn trees(&self, place: usize) -> Vec<Tree> {
        self.rules_of(place).into_iter().map(|(heading, node)| Tree::new(heading, node)).collect()
    }
}
