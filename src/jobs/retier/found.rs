//! What a run of a ladder found, as it stands in the database: the figures of `tend.ladder_run` and sample customers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::engine::door::Run;

/// Customers shown for every move.
const SAMPLES: i64 = 3;

/// Figure → share → lowest value that is still in; none when nobody was ranked.
pub(super) type Cuts = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// The row of `tend.ladder_run`.
#[derive(Debug)]
pub(super) struct Found {
    /// Where the ranks begin.
    pub cuts: Cuts,
    /// Every pair of levels with its customers, also those who stayed.
    pub flows: Vec<Flow>,
    /// Condition → customers for whom a value was missing.
    pub missing: BTreeMap<String, i64>,
    /// For how many the conditions were evaluated; none in runs of before this was recorded.
    pub evaluated: Option<i64>,
    /// Why every run evaluates them for everybody, where that is so.
    pub everybody: Option<String>,
    /// Customers who have not fallen, or not that far, although a lower level is due.
    pub held: i64,
    /// What decided beside the conditions → customers, of those looked at.
    pub kept: BTreeMap<String, i64>,
}

/// Where the ranks began at the run before.
#[derive(Debug, Serialize)]
pub(super) struct CutsBefore {
    /// As-of of that run.
    pub as_of: DateTime<Utc>,
    /// Its cuts.
    pub cuts: Cuts,
}

/// Customers who went the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flow {
    /// None: they had no level yet.
    pub from: Option<String>,
    /// None: the customer does not exist any more.
    pub to: Option<String>,
    /// How many.
    pub customers: i64,
}

/// A customer who moved or got a first level.
#[derive(Debug)]
pub(super) struct Sample {
    pub customer_id: String,
    pub name: String,
    pub from: Option<String>,
    pub to: String,
    pub reason: Value,
}

impl Found {
    /// None when the run has not evaluated the ladder.
    pub async fn read(run_id: i64, conn: &mut PgConnection) -> Result<Option<Self>, sqlx::Error> {
        let row = sqlx::query!(
            r#"select cuts as "cuts: Json<Cuts>",
                      moves as "moves: Json<Vec<Flow>>",
                      missing as "missing: Json<BTreeMap<String, i64>>", evaluated, everybody, held,
                      kept as "kept: Json<BTreeMap<String, i64>>"
               from tend.ladder_run where run_id = $1"#,
            run_id
        )
        .fetch_optional(conn)
        .await?;
        Ok(row.map(|row| Self {
            cuts: row.cuts.0,
            flows: row.moves.0,
            missing: row.missing.0,
            evaluated: row.evaluated,
            everybody: row.everybody.filter(|why| super::scope::is_lasting(why)),
            held: row.held,
            kept: row.kept.0,
        }))
    }

    /// The cuts of the run of the ladder before that one, with its as-of.
    pub async fn cuts_before(run: &Run, conn: &mut PgConnection) -> Result<Option<CutsBefore>, sqlx::Error> {
        let row = sqlx::query!(
            r#"select as_of, cuts as "cuts: Json<Cuts>" from tend.ladder_run
               where ladder = $1 and (as_of, run_id) < ($2::timestamptz, $3::bigint)
               order by as_of desc, run_id desc
               limit 1"#,
            run.job,
            run.as_of,
            run.run_id
        )
        .fetch_optional(conn)
        .await?;
        Ok(row.map(|row| CutsBefore { as_of: row.as_of, cuts: row.cuts.0 }))
    }

    /// Customers of the flows that match.
    pub fn count(&self, matching: impl Fn(&Flow) -> bool) -> i64 {
        self.flows.iter().filter(|flow| matching(flow)).map(|flow| flow.customers).sum()
    }
}

/// A few customers of every move of a run, or of its first assignments where nobody moved.
pub(super) async fn samples(run_id: i64, ladder: &str, conn: &mut PgConnection) -> Result<Vec<Sample>, sqlx::Error> {
    sqlx::query_file_as!(Sample, "src/jobs/retier/samples.sql", run_id, ladder, SAMPLES).fetch_all(conn).await
}
