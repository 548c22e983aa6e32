//! The rounds of a run: the review of everybody, then that of each team whose leader gets it, each a step of its own.
//!
//! Promises: a round is kept with its mails, or not at all; a run that was killed goes on with the round it was at; only one
//! review with its cases is in memory at a time, however many teams there are.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mail::Leader;
use super::{Report, Review, Verdict, actions, mail};
use crate::engine::door::{JobError, Step, Stepped};
use crate::jobs::letter::{self, Recipient};
use crate::jobs::readers;

/// What a run has done so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Done {
    /// The team whose review was made last; empty: that of everybody. They go by name.
    team: String,
    period: String,
    figures: usize,
    missed: usize,
    failed: usize,
    mails: Mails,
}

/// What became of the mails of a run.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Mails {
    /// Mails written; those that a run before has written do not count.
    letters: i64,
    /// Teams that have a review of their own.
    teams: usize,
    /// Who should get that of a team and has none.
    without_team: usize,
}

impl Done {
    fn progress(&self) -> Value {
        let Self { team: _, period, figures, missed, failed, mails } = self;
        json!({ "made": true, "period": period, "figures": figures, "missed": missed, "failed": failed, "mails": mails })
    }
}

impl Report {
    /// The next round of a run.
    pub(super) async fn round(&self, step: &mut Step<'_>) -> Result<Stepped, JobError> {
        let run = step.run;
        let so_far: Option<Done> =
            step.cursor.take().map(serde_json::from_value).transpose().map_err(JobError::fail)?;
        if so_far.is_none()
            && let Some(why) = self.not_due(run, step.tx.conn()).await?
        {
            return Ok(Stepped { next: None, progress: json!({ "made": false, "why": why }) });
        }
        let leaders = match &self.mail {
            Some(mail) => mail.leaders(run, step.tx.conn()).await?,
            None => Vec::new(),
        };
        let done = match so_far {
            None => self.everybody(&leaders, step).await?,
            Some(done) => match next(&leaders, &done.team) {
                Some(team) => self.team(team, &leaders, done, step).await?,
                // it is gone since the round before
                None => done,
            },
        };
        let more = next(&leaders, &done.team).is_some();
        Ok(Stepped { next: more.then(|| json!(done)), progress: done.progress() })
    }

    async fn everybody(&self, leaders: &[Leader], step: &mut Step<'_>) -> Result<Done, JobError> {
        let run = step.run;
        let review = self.made_of(("", None), step).await?;
        let failed = review.figures().filter(|figure| figure.verdict == Verdict::Failed).count();
        let mut letters = 0;
        if let Some(mail) = &self.mail {
            let mut who = readers::recipients(step.tx.conn(), &mail.to, run.business_date).await?;
            if failed > 0 {
                let owner = letter::owner(run, step.tx.conn()).await?.map(Recipient::Address);
                who.extend(owner.filter(|owner| !who.contains(owner)));
            }
            letters = self.send(mail, &mail::Made { review: &review, team: "", people: None }, &who, step).await?;
        }
        let without_team = leaders.iter().filter(|leader| leader.team.is_none()).count();
        Ok(Done {
            team: String::new(),
            period: review.period.name.clone(),
            figures: review.figures().count(),
            missed: review.missed,
            failed,
            mails: Mails { letters, teams: 0, without_team },
        })
    }

    /// The review of the people of a team, kept beside that of all.
    async fn team(&self, team: &str, leaders: &[Leader], done: Done, step: &mut Step<'_>) -> Result<Done, JobError> {
        let people = sqlx::query_scalar!("select staff_id from crm.staff where team = $1 order by staff_id", team);
        let people = people.fetch_all(step.tx.conn()).await?;
        let review = self.made_of((team, Some(&people)), step).await?;
        let mut letters = 0;
        if let Some(mail) = &self.mail {
            let own = leaders.iter().filter(|leader| leader.team.as_deref() == Some(team));
            let who: Vec<Recipient> = own.map(|leader| leader.who.clone()).collect();
            letters = self.send(mail, &mail::Made { review: &review, team, people: Some(&people) }, &who, step).await?;
        }
        let Mails { letters: before, teams, without_team } = done.mails;
        let mails = Mails { letters: before + letters, teams: teams + 1, without_team };
        Ok(Done { team: team.to_owned(), mails, ..done })
    }

    /// The review of everybody, or of the people of a team; kept.
    async fn made_of(
        &self,
        (team, people): (&str, Option<&[String]>),
        step: &mut Step<'_>,
    ) -> Result<Review, JobError> {
        let mut review = self.review(step.run, &mut step.tx, people, &step.cancelled).await?;
        review.actions = actions::seen(step.run, &review, team, step.tx.conn()).await?;
        Self::keep(step.run, &review, team, step.tx.conn()).await?;
        Ok(review)
    }
}

/// The team after one, by name; none: that was the last.
fn next<'l>(leaders: &'l [Leader], after: &str) -> Option<&'l str> {
    leaders.iter().filter_map(|leader| leader.team.as_deref()).filter(|team| *team > after).min()
}
