//! `tend plan`: the real run, rolled back.

use serde_json::json;

use super::args::{Arguments, PlanArgs};
use super::failure::Failure;
use super::page::PageFile;
use super::work::Work;
use super::{print, when};
use crate::engine::preview::preview;

/// Shows what a run of the job would do now.
pub async fn run(arguments: &Arguments, command: &PlanArgs) -> Result<(), Failure> {
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let work = Work::begin(arguments, &command.job).await?;
    let slot = work.slot(command.at.as_deref()).await?;
    let explained = preview(&work.engine, &work.spec, slot).await.map_err(Failure::failed)?;
    if let Some(page) = page {
        page.write(explained.html.as_deref())?;
    }
    if arguments.json {
        return print::json(
            &json!({ "job": work.spec.job, "as_of": slot, "spec": work.spec.hash, "plan": explained.json }),
        );
    }
    print::text(format!(
        "What {} would do as of {} (nothing is changed):\n\n{}",
        work.spec.job,
        when::both(slot, work.spec.timezone),
        explained.text
    ))
}
