//! Conditions on the ticket at hand: `{ ticket = "urgency", is = "urgent" }`, where there is one. The statement offers
//! it as `t`, beside its customer `c`.

use super::field::{Field, Kind, Source};
use super::leaf::{Leaf, Subject};
use super::read::{comparison, plain};
use super::scope::Scope;
use crate::jobfile::reader::{Reader, did_you_mean};

/// What a job file calls what it asks of: `ticket`.
pub(super) const KEY: &str = "ticket";

const fn field(name: &'static str, kind: Kind, sql: &'static str, doc: &'static str) -> Field {
    Field { name, kind, source: Source::Customer(sql), doc }
}

/// All that can be asked, under the names it has in words.
pub(super) static ALL: &[Field] = &[
    field("ticket kind", Kind::Text, "t.kind", "request, complaint or a word of the company"),
    field(
        "ticket topic",
        Kind::Text,
        "t.topic",
        "What it is about: product, service, delivery; missing until it is set",
    ),
    field("ticket urgency", Kind::Text, "t.urgency", "urgent or normal"),
    field("ticket channel", Kind::Text, "t.channel", "How it came: chat, phone, app, social, email"),
    field("ticket assignee", Kind::Text, "t.assignee_id", "staff_id of who has it; missing until somebody has"),
    field("ticket subject", Kind::Text, "t.subject", "One line in the customer's words"),
    field("ticket opened_at", Kind::Instant, "t.opened_at", "When it arrived"),
];

/// What files call a field.
pub(super) fn name(field: &Field) -> &'static str {
    field.name.strip_prefix("ticket ").unwrap_or(field.name)
}

/// Reads a condition on the ticket at hand.
pub(super) fn on_ticket(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Leaf> {
    let asked = reader.required_string(KEY, "\"urgency\"")?;
    if !scope.ticket {
        let help = "of the customer's tickets: { open_ticket = true } or { event = \"ticket\", … }".to_owned();
        reader.problem_with_key(KEY, "there is no ticket at hand here to ask about", Some(help));
        return None;
    }
    let Some(field) = ALL.iter().find(|field| name(field) == asked) else {
        let known: Vec<_> = ALL.iter().map(name).collect();
        reader.problem(KEY, format!("a ticket has no {asked:?} to ask about"), Some(did_you_mean(&asked, &known)));
        return None;
    };
    let (operator, operand) = comparison(reader, field.kind, &format!("`{asked}`"), &[KEY])?;
    Some(plain(Subject::Field { field, window: None }, operator, operand))
}
