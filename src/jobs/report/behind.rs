//! The cases behind the figures of a review, for its workbook: which tickets, orders, visits they are about.

use anyhow::anyhow;
use tokio_util::sync::CancellationToken;

use super::catalogue::{About, Entry};
use super::make::{Desk, PERSON, names};
use super::measure::{Cases, cases};
use super::words::Words;
use super::{Chosen, Report, Review};
use crate::engine::door::{JobError, Run, Tx};

/// The cases of the figures of a section.
#[derive(Debug)]
pub(super) struct Behind {
    /// What the section is about.
    pub title: Words,
    /// In the order of the file, each figure once; none: they could not be read.
    pub figures: Vec<(&'static Entry, Option<Cases>)>,
}

impl Behind {
    /// Whether there is nothing to show: no case, and none that could not be read.
    pub fn is_empty(&self) -> bool {
        self.figures.iter().all(|(_, cases)| cases.as_ref().is_some_and(|cases| cases.rows.is_empty()))
    }
}

impl Report {
    /// The cases behind a review that was just made, of everybody or of the people named.
    ///
    /// # Errors
    /// What trying again may help against; a statement that fails leaves its cases out.
    pub(super) async fn behind(
        &self,
        run: &Run,
        review: &Review,
        tx: &mut Tx<'_>,
        (team, stop): (Option<&[String]>, &CancellationToken),
    ) -> Result<Vec<Behind>, JobError> {
        let desk = self.desk(run, team, tx.conn()).await?;
        let mut sections = Vec::new();
        for chosen in &self.sections {
            let shown =
                |entry: &Entry| review.figures().any(|figure| figure.name == entry.name && figure.failed.is_none());
            let mut figures: Vec<(&'static Entry, Option<Cases>)> = Vec::new();
            for entry in chosen.figures.iter().copied().filter(|entry| entry.row.is_some() && shown(entry)) {
                if stop.is_cancelled() {
                    return Err(JobError::retry(anyhow!("told to stop")));
                }
                if team.is_none() || entry.about == About::Customers {
                    figures.push((entry, self.listed(entry, chosen, &desk, tx).await?));
                }
            }
            if !figures.is_empty() {
                sections.push(Behind { title: chosen.title.clone(), figures });
            }
        }
        Ok(sections)
    }

    async fn listed(
        &self,
        entry: &Entry,
        chosen: &Chosen,
        desk: &Desk<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Option<Cases>, JobError> {
        let Ok(asked) = self.asked(entry, chosen, desk, 0) else { return Ok(None) };
        tx.begin_piece().await?;
        let done = cases(tx.conn(), entry, &desk.periods.now, &asked).await.map_err(JobError::from);
        let Ok(mut found) = tx.end_piece(done).await? else {
            tracing::warn!(run.id = desk.run.run_id, figure = entry.name, "the cases of a figure could not be listed");
            return Ok(None);
        };
        if let Some(cases) = &mut found {
            let people: Vec<String> = cases.parts(PERSON).into_iter().map(str::to_owned).collect();
            cases.rename(PERSON, &names(&people, tx.conn()).await?);
        }
        Ok(found)
    }
}
