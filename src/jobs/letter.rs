//! Letters of a run: to people of the house, once each.

use sqlx::PgConnection;

use crate::engine::door::Run;
use crate::outbox::letter::{self, Writer};
pub use crate::outbox::letter::{Letter, LinkTo, Recipient, link};

/// Writes the letters of a run; how many were new.
///
/// # Errors
/// When the database refuses.
pub async fn write(conn: &mut PgConnection, run: &Run, letters: &[Letter]) -> sqlx::Result<i64> {
    let writer = Writer { run_id: run.run_id, job: &run.job, spec_hash: &run.spec_hash, at: run.as_of };
    letter::write(conn, writer, letters).await
}
