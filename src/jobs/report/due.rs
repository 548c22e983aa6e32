//! Whether a slot is the one on which the review of a period is made.

use anyhow::anyhow;
use sqlx::PgConnection;

use super::{Period, Report};
use crate::calendar::business::Calendar;
use crate::engine::door::{JobError, Run, Trigger};
use crate::jobs::calendars;

impl Report {
    /// The period the run is about.
    pub(super) fn period(&self, run: &Run) -> Result<Period, JobError> {
        let period = self.length.last_whole(run.as_of, run.timezone);
        period.ok_or_else(|| JobError::fail(anyhow!("{} is beyond the days there are", run.as_of)))
    }

    /// Why a planned run makes no review: the working day has not come, or there is one of the period, whose run did not fail
    /// over the review of a team. Whoever asks for one by hand gets it.
    pub(super) async fn not_due(&self, run: &Run, conn: &mut PgConnection) -> Result<Option<String>, JobError> {
        if !matches!(run.trigger, Trigger::Schedule | Trigger::Catchup) {
            return Ok(None);
        }
        let period = self.period(run)?;
        let there = sqlx::query_scalar!(
            "select r.run_id
             from tend.report r
             left join tend.job_run j on j.run_id = r.run_id
             where r.job = $1 and r.first_day = $2 and r.last_day = $3 and j.state is distinct from 'failed' and j.state is distinct from 'cancelled'
             order by r.run_id <> $4, r.run_id
             limit 1",
            run.job,
            period.first_day,
            period.last_day,
            run.run_id
        );
        // one that this run has made is made again, and is the same
        if let Some(made_by) = there.fetch_optional(&mut *conn).await? {
            return Ok((made_by != run.run_id).then(|| format!("there is a review of {} already", period.name)));
        }
        let (Some(nth), Some(calendar)) = (self.working_day, self.calendar(conn).await?) else { return Ok(None) };
        let Some(next) = period.last_day.succ_opt() else { return Ok(None) };
        // days the calendar does not know yet hold nothing up: that it ends is told elsewhere
        let Ok(come) = calendar.working_days(next, run.business_date) else { return Ok(None) };
        Ok((come.len() < nth)
            .then(|| format!("{} is before working day {nth} after {}", run.business_date, period.name)))
    }

    /// The calendar the file names.
    pub(super) async fn calendar(&self, conn: &mut PgConnection) -> Result<Option<Calendar>, JobError> {
        let Some(name) = &self.calendar else { return Ok(None) };
        let calendars = calendars::load(conn).await?;
        let found = calendars.get(name).cloned();
        let gone = || {
            JobError::fail(anyhow!(
                "there is no calendar {name:?} in force any more; `tend apply` puts the folder's in force"
            ))
        };
        found.map(Some).ok_or_else(gone)
    }
}
