//! Customers with a birthday right after the day the company is first looked at, so that the first summary shows each
//! reason for which somebody gets no message.

use chrono::{Days, NaiveDate};

use super::Company;

/// What is special about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Neither mail nor phone.
    NoAddress,
    /// Never asked for consent.
    NotAsked,
    /// Took the consent back.
    Withdrew,
    /// The address is suppressed.
    Suppressed,
    /// Shares the address with [`Case::Shared`], and gets the mail.
    Shares,
    /// Has the address of the customer before.
    Shared,
    /// No customer any more.
    Closed,
}

/// The case of a customer of that number, if there is one.
pub(super) fn of(number: u64) -> Option<Case> {
    Some(match number {
        7 => Case::NoAddress,
        8 => Case::NotAsked,
        9 => Case::Withdrew,
        10 => Case::Suppressed,
        11 => Case::Shares,
        12 => Case::Shared,
        13 => Case::Closed,
        _ => return None,
    })
}

/// The birthday of all of them: due on the first day.
pub(super) fn birthday(company: &Company) -> NaiveDate {
    company.founded + Days::new(super::HISTORY_DAYS + 3)
}

/// When [`Case::Withdrew`] did: after everyone of these had joined.
pub(super) fn withdrawal(company: &Company) -> NaiveDate {
    company.founded + Days::new(700)
}
