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

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::TimeDelta;
use sqlx::PgConnection;

use self::charts::{Charts, Gallery};
use super::words::is_chinese;
use super::{Report, Review};
use crate::engine::door::{JobError, Run, Step};
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::Reader;
use crate::jobs::letter::{self, Letter, Paper, Recipient};
use crate::jobs::readers::{self, Sort, To};
use crate::outbox::channel::Attachment;

/// Nobody wants to read it later.
const LIFE: TimeDelta = TimeDelta::days(3);
const PRIORITY: i16 = 50;
const READERS: [Sort; 2] = [Sort::Role, Sort::Address];
const LEADERS: [Sort; 1] = [Sort::Role];

/// Whom the file wants to have it.
#[derive(Debug)]
pub(super) struct Mail {
    /// Who gets the review of everybody.
    pub to: Vec<To>,
    teams: Vec<To>,
    paper: Paper,
}

/// A review that goes out.
#[derive(Clone, Copy)]
pub(super) struct Made<'m> {
    pub review: &'m Review,
    /// Whose figures they are; empty: everybody's.
    pub team: &'m str,
    /// The people of the team; none: everybody.
    pub people: Option<&'m [String]>,
}

/// Somebody who leads a team.
pub(super) struct Leader {
    pub who: Recipient,
    pub team: Option<String>,
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

    fn letter(&self, run: &Run, made: &Made<'_>, who: &Recipient, shown: (&str, &Charts, &Attachment)) -> Letter {
        let (Made { review, team, .. }, (locale, charts, book)) = (*made, shown);
        Letter {
            recipient: who.clone(),
            occasion: format!("review:{}", review.period.name),
            occurs_on: run.business_date,
            step: team.to_owned(),
            template: self.paper.template.clone(),
            locale: self.paper.locale.clone(),
            data: dress::dressed(review, team, locale, dress::Giver::of(run, review, team, who), charts),
            customers: Vec::new(),
            attachments: charts.attachments().chain([book.clone()]).collect(),
            archived: true,
            again_of: None,
            priority: PRIORITY,
            not_before: run.as_of,
            not_after: run.as_of + LIFE,
        }
    }

    /// In which language somebody reads.
    async fn language(&self, who: &Recipient, conn: &mut PgConnection) -> sqlx::Result<String> {
        let Recipient::Staff(staff) = who else { return Ok(self.paper.locale.clone()) };
        let own = sqlx::query_scalar!("select locale from crm.staff where staff_id = $1", staff).fetch_optional(conn);
        Ok(own.await?.flatten().unwrap_or_else(|| self.paper.locale.clone()))
    }

    /// Who leads a team, and which.
    pub async fn leaders(&self, run: &Run, conn: &mut PgConnection) -> sqlx::Result<Vec<Leader>> {
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
    /// Writes the mails of a review that was just made to who reads it; how many were new.
    pub(super) async fn send(
        &self,
        mail: &Mail,
        made: &Made<'_>,
        readers: &[Recipient],
        step: &mut Step<'_>,
    ) -> Result<i64, JobError> {
        if readers.is_empty() {
            return Ok(0);
        }
        let (run, tx) = (step.run, &mut step.tx);
        let behind = self.behind(run, made.review, tx, (made.people, &step.cancelled)).await?;
        let mut gallery = Gallery::open(made.review, self.length, made.team, tx.conn()).await?;
        let mut books: BTreeMap<bool, Attachment> = BTreeMap::new();
        let mut new = 0;
        for who in readers {
            let locale = mail.language(who, tx.conn()).await?;
            let charts = gallery.charts(run, made.review, &locale).await;
            let book = match books.entry(is_chinese(&locale)) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => {
                    place.insert(book::book(made.review, &behind, &locale).map_err(JobError::fail)?)
                }
            };
            let letter = mail.letter(run, made, who, (&locale, &charts, book));
            // each carries its files: one at a time is in memory
            new += letter::write(tx.conn(), run, &[letter]).await?;
        }
        Ok(new)
    }
}
