//! `[experiment]`: a share of those who would get the message is held out, so that its effect can be seen.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Value, json};

use super::schema;
use crate::jobfile::reader::Reader;
use crate::outbox::policy::Purpose;

/// More than this is no comparison but a cancelled campaign.
const MOST: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// Smaller groups than one in ten thousand tell nothing.
const PARTS: i64 = 10_000;

/// A hold-out.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// How many of ten thousand customers are held out.
    pub of_ten_thousand: i64,
    /// The group that is drawn, when several jobs share it; none: the job's own.
    pub group: Option<String>,
}

impl Experiment {
    /// Salt of the draw: jobs with the same one hold out the same customers.
    pub fn control(&self, job: &str) -> String {
        self.group.clone().unwrap_or_else(|| job.to_owned())
    }
}

/// Reads `[experiment]`.
pub fn read(file: &mut Reader<'_>, purpose: Option<Purpose>) -> Option<Experiment> {
    let mut table = file.table("experiment")?;
    table.required("holdout", "\"5%\"");
    let share = table.percent("holdout");
    let parts = share.and_then(|share| (share * Decimal::from(PARTS)).round().to_i64());
    if share.is_some_and(|share| share > MOST) || parts == Some(0) {
        let help = "a share from \"0.01%\" to \"50%\"; without a hold-out leave [experiment] out".to_owned();
        table.problem("holdout", "nobody would be held out, or more than get the message", Some(help));
    }
    if purpose == Some(Purpose::Transactional) {
        let help = "leave [experiment] out: a customer waits for this message".to_owned();
        table.problem("holdout", "nobody is held out of transactional messages", Some(help));
    }
    let group = table.string("group");
    if group.as_ref().is_some_and(String::is_empty) {
        table.problem("group", "`group` is empty", Some("for example: group = \"everybody\"".into()));
    }
    if table.has("goal") {
        table.pass("goal");
        let help = "write it as [goal], outside of [experiment]".to_owned();
        table.problem(
            "goal",
            "the goal has a table of its own: it counts for jobs without a hold-out, too",
            Some(help),
        );
    }
    table.finish();
    Some(Experiment { of_ten_thousand: parts?, group })
}

/// JSON schema of `[experiment]`.
pub fn schema() -> Value {
    schema::table(
        "A share of those who would get the message is held out, so that its effect can be seen",
        &["holdout"],
        json!({
            "holdout": { "description": "The share, such as \"5%\"; the same customers every time", "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?[%％]$" },
            "group": schema::text("Jobs with the same group hold out the same customers; default: the job's own"),
        }),
    )
}
