//! What a segment holds, and why a customer is in it or not, as pages.

use serde::Serialize;

use super::Plan;
use crate::engine::door::JobError;
use crate::filter::segment::Segment;
use crate::filter::{Frame, Node};
use crate::jobs::layout::count;
use crate::jobs::missing::Missing;
use crate::jobs::page::tree::Tree;
use crate::jobs::page::{self, flow};

/// What `segment.html` shows.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    segment: &'a str,
    when: String,
    description: Option<&'a str>,
    members: String,
    share: String,
    customers: String,
    condition: String,
    missing: Vec<Missing>,
    samples: Vec<Person<'a>>,
}

#[derive(Serialize)]
struct Person<'a> {
    id: &'a str,
    name: &'a str,
}

/// What `member.html` shows.
#[derive(Serialize)]
struct Member<'a> {
    title: &'a str,
    segment: &'a str,
    when: String,
    customer: &'a str,
    name: &'a str,
    member: bool,
    tree: Tree,
}

impl Plan<'_> {
    pub(super) fn page(&self) -> Result<String, JobError> {
        let Self { segment, frame, .. } = self;
        let page = Page {
            title: &segment.title,
            segment: &segment.name,
            when: page::local(frame.as_of, frame.timezone),
            description: segment.description.as_deref(),
            members: count(self.members),
            share: flow::share(self.members, self.customers),
            customers: count(self.customers),
            condition: segment.when.describe(),
            missing: self.missing(),
            samples: self.samples.iter().map(|(id, name)| Person { id, name }).collect(),
        };
        page::render(include_str!("segment.html"), &page)
    }
}

/// Why a customer is in the segment or not.
pub(super) fn member(
    segment: &Segment,
    frame: Frame,
    (customer, name): (&str, &str),
    node: &Node,
) -> Result<String, JobError> {
    let page = Member {
        title: &segment.title,
        segment: &segment.name,
        when: page::local(frame.as_of, frame.timezone),
        customer,
        name,
        member: node.holds(),
        tree: Tree::new(segment.title.clone(), node),
    };
    page::render(include_str!("member.html"), &page)
}
