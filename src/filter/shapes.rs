//! Which kinds of fields an operator takes, and with which values; operators of a family share a list.

use super::field::Kind;
use super::operand::{Arity, Item, Shape};

const fn one(item: Item) -> Shape {
    Shape { arity: Arity::One, item }
}

const fn many(item: Item) -> Shape {
    Shape { arity: Arity::Many, item }
}

const fn two(item: Item) -> Shape {
    Shape { arity: Arity::Two, item }
}

/// What can be equal.
pub(super) const EQUAL: &[(Kind, Shape)] = &[
    (Kind::Text, one(Item::Text)),
    (Kind::Number, one(Item::Number)),
    (Kind::Count, one(Item::Whole)),
    (Kind::Score, one(Item::Whole)),
    (Kind::Share, one(Item::Percent)),
    (Kind::Days, one(Item::Days)),
    (Kind::Attribute, one(Item::Any)),
    (Kind::Level, one(Item::Level)),
];
/// What can be one of a list.
pub(super) const SET: &[(Kind, Shape)] = &[
    (Kind::Text, many(Item::Text)),
    (Kind::Number, many(Item::Number)),
    (Kind::Count, many(Item::Whole)),
    (Kind::Score, many(Item::Whole)),
    (Kind::Days, many(Item::Days)),
    (Kind::Attribute, many(Item::Any)),
    (Kind::Level, many(Item::Level)),
];
/// What can be more or less.
pub(super) const ORDER: &[(Kind, Shape)] = &[
    (Kind::Number, one(Item::Number)),
    (Kind::Count, one(Item::Whole)),
    (Kind::Score, one(Item::Whole)),
    (Kind::Share, one(Item::Percent)),
    (Kind::Days, one(Item::Days)),
    (Kind::Attribute, one(Item::Number)),
    (Kind::Level, one(Item::Level)),
];
/// What can lie between two values.
pub(super) const RANGE: &[(Kind, Shape)] = &[
    (Kind::Number, two(Item::Number)),
    (Kind::Count, two(Item::Whole)),
    (Kind::Score, two(Item::Whole)),
    (Kind::Share, two(Item::Percent)),
    (Kind::Days, two(Item::Days)),
    (Kind::Attribute, two(Item::Number)),
];
/// What can be missing.
pub(super) const PRESENCE: &[(Kind, Shape)] = &[
    (Kind::Text, one(Item::Flag)),
    (Kind::Birthday, one(Item::Flag)),
    (Kind::Tags, one(Item::Flag)),
    (Kind::Instant, one(Item::Flag)),
    (Kind::Number, one(Item::Flag)),
    (Kind::Score, one(Item::Flag)),
    (Kind::Share, one(Item::Flag)),
    (Kind::Days, one(Item::Flag)),
    (Kind::Attribute, one(Item::Flag)),
    (Kind::Level, one(Item::Flag)),
];
/// What is text.
pub(super) const WORDS: &[(Kind, Shape)] = &[(Kind::Text, one(Item::Text)), (Kind::Attribute, one(Item::Text))];
/// What is a list, asked for one word.
pub(super) const HAS_ONE: &[(Kind, Shape)] = &[(Kind::Tags, one(Item::Text)), (Kind::Attribute, one(Item::Text))];
/// What is a list, asked for several words.
pub(super) const HAS_SOME: &[(Kind, Shape)] = &[(Kind::Tags, many(Item::Text)), (Kind::Attribute, many(Item::Text))];
/// What is so long ago or ahead.
pub(super) const LENGTH: &[(Kind, Shape)] = &[
    (Kind::Instant, one(Item::Span)),
    (Kind::Birthday, one(Item::DaysOfYear)),
    (Kind::Attribute, one(Item::SpanOfDays)),
];
/// What can only be longer ago.
pub(super) const AGE: &[(Kind, Shape)] = &[(Kind::Instant, one(Item::Span)), (Kind::Attribute, one(Item::SpanOfDays))];
/// What is on a day.
pub(super) const ON_DAY: &[(Kind, Shape)] =
    &[(Kind::Instant, one(Item::Day)), (Kind::Birthday, one(Item::Day)), (Kind::Attribute, one(Item::Day))];
/// What is before or after a day.
pub(super) const DAY: &[(Kind, Shape)] = &[(Kind::Instant, one(Item::Day)), (Kind::Attribute, one(Item::Day))];
/// What can have moved, in a time.
pub(super) const MOVED: &[(Kind, Shape)] = &[(Kind::Level, one(Item::Span))];
/// What can have moved, to or from a level.
pub(super) const NAMED_MOVE: &[(Kind, Shape)] = &[(Kind::Level, one(Item::Level))];
/// What can fit a pattern.
pub(super) const PATTERN: &[(Kind, Shape)] = &[(Kind::Text, one(Item::Pattern)), (Kind::Attribute, one(Item::Pattern))];
/// What lies in a period of the calendar.
pub(super) const PERIOD: &[(Kind, Shape)] =
    &[(Kind::Instant, one(Item::Period)), (Kind::Birthday, one(Item::Period)), (Kind::Attribute, one(Item::Period))];
/// What is compared with the window before.
pub(super) const SURGE: &[(Kind, Shape)] = &[(Kind::Surge, two(Item::Number))];
/// What is ranked.
pub(super) const RANK: &[(Kind, Shape)] =
    &[(Kind::Number, one(Item::Percent)), (Kind::Count, one(Item::Percent)), (Kind::Share, one(Item::Percent))];
