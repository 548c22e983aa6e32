//! Which orders of one customer are credited to which messages: for `tend why`.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

use super::{Goals, words};

/// An order, and the message it is credited to.
#[derive(Debug, Serialize)]
pub struct Credited {
    /// The message.
    pub message_id: i64,
    /// The company's key.
    pub order_id: String,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// What was paid.
    pub amount: Decimal,
    /// In which currency.
    pub currency: String,
}

impl Credited {
    /// "the order o1 of 120.00 CNY is credited to this message"
    #[must_use]
    pub fn words(&self) -> String {
        let money = words::money(self.amount, std::slice::from_ref(&self.currency));
        format!("the order {} of {money} is credited to this message", self.order_id)
    }
}

/// The orders of a customer until then that are credited to a message, in order.
///
/// # Errors
/// When the database cannot be asked.
pub async fn of_customer(
    conn: &mut PgConnection,
    customer: &str,
    until: DateTime<Utc>,
    goals: &Goals,
) -> sqlx::Result<Vec<Credited>> {
    let (jobs, seconds) = goals.credit();
    sqlx::query_file_as!(
        Credited,
        "src/jobs/effects/customer.sql",
        customer,
        until,
        &jobs,
        &seconds as &[Option<f64>],
        Goals::credit_of_unknown()
    )
    .fetch_all(conn)
    .await
}
