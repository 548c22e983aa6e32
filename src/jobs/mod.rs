//! The kinds of jobs, one folder each with its SQL beside it.

pub mod agenda;
pub mod audience;
pub mod calendars;
pub mod callbacks;
pub mod effects;
pub mod judged;
pub mod layout;
pub mod letter;
pub mod message;
pub mod missing;
pub mod page;
pub mod readers;
pub mod report;
pub mod rescue;
pub mod retier;
pub mod segment;
pub mod sla;
pub mod surge;
pub mod visits;
pub mod work;

use crate::jobfile::kind::Kind;

/// The one registry: a new kind is its folder and its line here.
pub static KINDS: &[&dyn Kind] = &[
    &message::MessageKind,
    &retier::Retier,
    &sla::SlaKind,
    &surge::SurgeKind,
    &agenda::AgendaKind,
    &visits::VisitsKind,
    &callbacks::CallbacksKind,
    &rescue::RescueKind,
    &report::ReportKind,
];
