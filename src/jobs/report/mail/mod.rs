//! The mails of a review: who gets which, once for each period.
//!
//! Promises: one mail a reader and period, whatever is run again; who leads a team gets the figures of that team alone; when
//! a figure could not be computed the mail says so on top and the job's owner gets it too.

mod actions;
mod axis;
mod book;
mod cases;
mod charts;
mod dress;
mod subject;

pub(super) use subject::again;

use chrono::TimeDelta;
use serde::Serialize;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use self::charts::{Charts, Gallery};
use super::behind::Behind;
use super::{Report, Review, Verdict};
use crate::engine::door::{JobError, Run, Step, Tx};
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::Reader;
use crate::jobs::letter::{self, Letter, Paper, Recipient};
use crate::jobs::readers::{self, Sort, To};

/// Nobody wants to read it later.
const LIFE: TimeDelta = TimeDelta::days(3);
const PRIORITY: i16 = 50;
const READERS: [Sort; 2] = [Sort::Role, Sort::Address];
const LEADERS: [Sort; 1] = [Sort::Role];

/// Whom the file wants to have it.
#[derive(Debug)]
pub(super) struct Mail {
    to: Vec<To>,
    teams: Vec<To>,
    paper: Paper,
}

/// What became of the mails of a run.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sent {
    /// Mails written; those that a run before has written do not count.
    letters: i64,
    /// Teams that have a review of their own.
    teams: usize,
    /// Who should get that of a team and has none.
    without_team: usize,
}

/// A review that goes out.
#[derive(Clone, Copy)]
struct Made<'m> {
    review: &'m Review,
    behind: &'m [Behind],
    /// Whose figures they are; empty: everybody's.
    team: &'m str,
}

/// Somebody who leads a team.
struct Leader {
    who: Recipient,
    team: Option<String>,
}

impl Mail {
    /// Reads `to`, `teams`, `template` and `locale`; none: nobody is to get it, or what is wrong was noted.
    pub fn read(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Self> {
        let (to, teams) = (readers::read(own, "to", &READERS), readers::read(own, "teams", &LEADERS));
        if !own.has("to") && !own.has("teams") {
            own.leave(&["template", "locale"]);
            if own.has("template") {
                let help = "name them: to = \"role:manager\"".to_owned();
                own.problem_with_key("template", "there is a template for mails, and nobody gets one", Some(help));
            }
            return None;
        }
        let paper = Paper::read(own, context, "review", &dress::KNOWN);
        Some(Self { to: to.unwrap_or_default(), teams: teams.unwrap_or_default(), paper: paper? })
    }

    /// JSON schema of the readers.
    pub fn readers_schema() -> serde_json::Value {
        readers::schema(&READERS, "Who gets it by mail")
    }

    /// JSON schema of who leads a team.
    pub fn teams_schema() -> serde_json::Value {
        readers::schema(&LEADERS, "Who gets the figures of the own team (crm.staff.team)")
    }

    /// Paths of the template's files.
    pub fn files(&self) -> Vec<String> {
        self.paper.files.clone()
    }

    /// The language of who has none.
    pub fn locale(&self) -> &str {
        &self.paper.locale
    }

    fn letter(&self, run: &Run, made: &Made<'_>, who: &Recipient, shown: (&str, &Charts)) -> Result<Letter, JobError> {
        let (Made { review, behind, team }, (locale, charts)) = (*made, shown);
        let book = book::book(review, behind, locale).map_err(JobError::fail)?;
        Ok(Letter {
            recipient: who.clone(),
            occasion: format!("review:{}", review.period.name),
            occurs_on: run.business_date,
            step: team.to_owned(),
            template: self.paper.template.clone(),
            locale: self.paper.locale.clone(),
            data: dress::dressed(review, team, locale, dress::Giver::of(run, review, team, who), charts),
            customers: Vec::new(),
            attachments: charts.attachments().chain([book]).collect(),
            archived: true,
            again_of: None,
            priority: PRIORITY,
            not_before: run.as_of,
            not_after: run.as_of + LIFE,
        })
    }

    /// In which language somebody reads.
    async fn language(&self, who: &Recipient, conn: &mut PgConnection) -> sqlx::Result<String> {
        let Recipient::Staff(staff) = who else { return Ok(self.paper.locale.clone()) };
        let own = sqlx::query_scalar!("select locale from crm.staff where staff_id = $1", staff).fetch_optional(conn);
        Ok(own.await?.flatten().unwrap_or_else(|| self.paper.locale.clone()))
    }

    async fn leaders(&self, run: &Run, conn: &mut PgConnection) -> sqlx::Result<Vec<Leader>> {
        let mut leaders = Vec::new();
        for who in readers::recipients(conn, &self.teams, run.business_date).await? {
            let Recipient::Staff(staff) = &who else { continue };
            let team = sqlx::query_scalar!("select team from crm.staff where staff_id = $1", staff);
            let team = team.fetch_optional(&mut *conn).await?.flatten().filter(|team| !team.is_empty());
            leaders.push(Leader { who, team });
        }
        Ok(leaders)
    }
}

impl Report {
    /// Writes the mails of a review that was just made.
    pub(super) async fn send(&self, run: &Run, review: &Review, step: &mut Step<'_>) -> Result<Sent, JobError> {
        let Some(mail) = &self.mail else { return Ok(Sent::default()) };
        let (tx, cancelled) = (&mut step.tx, &step.cancelled);
        let mut readers = readers::recipients(tx.conn(), &mail.to, run.business_date).await?;
        if review.figures().any(|figure| figure.verdict == Verdict::Failed) {
            let owner = letter::owner(run, tx.conn()).await?.map(Recipient::Address);
            if let Some(owner) = owner.filter(|owner| !readers.contains(owner)) {
                readers.push(owner);
            }
        }
        let mut letters = Vec::new();
        let behind = match readers.is_empty() {
            true => Vec::new(),
            false => self.behind(run, review, tx, (None, cancelled)).await?,
        };
        let made = Made { review, behind: &behind, team: "" };
        let mut gallery = Gallery::open(review, self.length, "", tx.conn()).await?;
        for who in &readers {
            let locale = mail.language(who, tx.conn()).await?;
            let charts = gallery.charts(run, review, &locale).await;
            letters.push(mail.letter(run, &made, who, (&locale, &charts))?);
        }
        let mut sent = Sent::default();
        let leaders = mail.leaders(run, tx.conn()).await?;
        sent.without_team = leaders.iter().filter(|leader| leader.team.is_none()).count();
        let mut teams: Vec<&str> = leaders.iter().filter_map(|leader| leader.team.as_deref()).collect();
        teams.sort_unstable();
        teams.dedup();
        sent.teams = teams.len();
        for team in teams {
            let (theirs, behind) = self.of_team(run, team, tx, cancelled).await?;
            let made = Made { review: &theirs, behind: &behind, team };
            let mut gallery = Gallery::open(&theirs, self.length, team, tx.conn()).await?;
            for leader in leaders.iter().filter(|leader| leader.team.as_deref() == Some(team)) {
                let locale = mail.language(&leader.who, tx.conn()).await?;
                let charts = gallery.charts(run, &theirs, &locale).await;
                letters.push(mail.letter(run, &made, &leader.who, (&locale, &charts))?);
            }
        }
        sent.letters = letter::write(tx.conn(), run, &letters).await?;
        Ok(sent)
    }

    /// The review of the people of a team, kept beside that of all.
    async fn of_team(
        &self,
        run: &Run,
        team: &str,
        tx: &mut Tx<'_>,
        cancelled: &CancellationToken,
    ) -> Result<(Review, Vec<Behind>), JobError> {
        let people = sqlx::query_scalar!("select staff_id from crm.staff where team = $1 order by staff_id", team);
        let people = people.fetch_all(tx.conn()).await?;
        let mut review = self.review(run, tx, Some(&people), cancelled).await?;
        review.actions = super::actions::seen(run, &review, team, tx.conn()).await?;
        Self::keep(run, &review, team, tx.conn()).await?;
        let behind = self.behind(run, &review, tx, (Some(&people), cancelled)).await?;
        Ok((review, behind))
    }
}
