//! What conditions are read with.

use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Cuts, Ladders, ReadContext, Segments};

/// What a condition may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The file's own window; without one a condition on orders must name its own.
    pub window: Option<Span>,
    /// The ladders of the folder.
    pub ladders: &'a Ladders,
    /// Where ranks begin, when a check of the file says it.
    pub cuts: &'a Cuts,
    /// The segments of the folder.
    pub segments: &'a Segments,
    /// The segments that are being read, the outermost first; none for a job.
    pub inside: &'a [&'a str],
    /// A ticket is at hand, which conditions can ask about.
    pub ticket: bool,
}

impl<'a> Scope<'a> {
    /// For conditions of a job file with that window.
    #[must_use]
    pub fn of(context: &ReadContext<'a>, window: Option<Span>) -> Self {
        Self {
            window,
            ladders: context.ladders,
            cuts: context.cuts,
            segments: context.segments,
            inside: &[],
            ticket: false,
        }
    }

    /// The same where a ticket of the customer is at hand, as `t`.
    #[must_use]
    pub fn with_ticket(self) -> Self {
        Self { ticket: true, ..self }
    }
}
