//! By which goals jobs are judged: those of the files as they are now, also for messages that went out under an earlier
//! version, so that one question has one answer.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::jobs::message::{Event, Goal, Judged};
use crate::outbox::policy::Purpose;

/// Job → how it is judged. Orders are credited once over all jobs, so that the goals of all of them are asked for.
#[derive(Debug, Clone, Default)]
pub struct Goals {
    jobs: BTreeMap<String, Judged>,
}

impl Goals {
    /// Of the message jobs in force, and of those that were until their files were removed.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn in_force(conn: &mut PgConnection) -> sqlx::Result<Self> {
        let rows = sqlx::query!(
            "select j.job, s.body from tend.job j join tend.spec s on s.hash = j.spec_hash where j.kind = 'message'"
        )
        .fetch_all(conn)
        .await?;
        Ok(Self { jobs: rows.into_iter().map(|row| (row.job, Judged::by(&row.body))).collect() })
    }

    /// The same, and the text of a job file that is to count instead of the one in force.
    #[must_use]
    pub fn with(self, job: &str, text: &str) -> Self {
        self.judging(job, Judged::by(text))
    }

    /// The same for a file that was read already.
    #[must_use]
    pub fn judging(mut self, job: &str, judged: Judged) -> Self {
        self.jobs.insert(job.to_owned(), judged);
        self
    }

    /// How a job is judged.
    #[must_use]
    pub fn of(&self, job: &str) -> Judged {
        self.jobs.get(job).cloned().unwrap_or_else(|| Judged::by(""))
    }

    /// All jobs, by name.
    pub fn jobs(&self) -> impl Iterator<Item = &str> {
        self.jobs.keys().map(String::as_str)
    }

    /// The jobs that advertise, by name.
    pub fn campaigns(&self) -> impl Iterator<Item = &str> {
        let advertise = self.jobs.iter().filter(|(_, judged)| judged.purpose == Some(Purpose::Marketing));
        advertise.map(|(job, _)| job.as_str())
    }

    /// Within how many seconds orders are credited to which job; none: it is credited with none.
    pub(super) fn credit(&self) -> (Vec<String>, Vec<Option<f64>>) {
        self.jobs.iter().map(|(job, judged)| (job.clone(), seconds(&judged.goal))).unzip()
    }

    /// The same for marketing whose file nobody knows any more.
    pub(super) fn credit_of_unknown() -> Option<f64> {
        seconds(&Goal::default_for(Some(Purpose::Marketing)))
    }
}

fn seconds(goal: &Goal) -> Option<f64> {
    (goal.event == Event::Order).then(|| goal.within.as_duration().as_secs_f64())
}
