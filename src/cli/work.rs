//! What `plan`, `run` and `backfill` share: the folder, the database, an engine, the job's spec.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::args::Arguments;
use super::at::At;
use super::failure::Failure;
use super::{connect, folder};
use crate::daemon;
use crate::db::Opened;
use crate::engine::Engine;
use crate::engine::specs::Spec;
use crate::jobfile::file::JobFile;
use crate::jobfile::folder::Folder;
use crate::jobfile::store;
use crate::settings::Settings;
use crate::spelling::nearest;

/// A command at work on one job.
pub struct Work {
    /// The settings of this call.
    pub settings: Settings,
    /// The database; keeps a private server alive.
    pub opened: Opened,
    /// An engine of this process; it plans nothing by itself.
    pub engine: Arc<Engine>,
    /// The job as its file says, stored by its hash.
    pub spec: Arc<Spec>,
}

impl Work {
    /// Reads the folder, finds the job, and stores its spec by content hash: what is in force stays as it is.
    pub async fn begin(arguments: &Arguments, job: &str) -> Result<Self, Failure> {
        Self::on(arguments, &folder::read(arguments)?, job).await
    }

    /// The same with a folder that was read.
    pub async fn on(arguments: &Arguments, folder: &Folder, job: &str) -> Result<Self, Failure> {
        let settings = connect::settings(arguments)?;
        let file = find(folder, &arguments.jobs, job)?;
        let spec = Arc::new(file.to_spec());
        let opened = connect::ready(&settings).await?;
        let mut conn = opened.db.pool().acquire().await?;
        let now = settings.time.source.now(&mut conn).await?;
        store::keep(&mut conn, folder, file, now).await?;
        drop(conn);
        let engine = Arc::new(daemon::engine(&opened.db, &settings));
        Ok(Self { settings, opened, engine, spec })
    }

    /// The slot that `--at` names; now when it was left out.
    pub async fn slot(&self, at: Option<&str>) -> Result<DateTime<Utc>, Failure> {
        match at {
            Some(text) => At::parse(text)?.slot(&self.spec),
            None => Ok(self.settings.time.source.now(&mut *self.opened.db.pool().acquire().await?).await?),
        }
    }
}

/// The job's file, or a guess at what was meant.
pub fn find<'f>(folder: &'f Folder, dir: &Path, job: &str) -> Result<&'f JobFile, Failure> {
    folder.jobs.get(job).ok_or_else(|| {
        let names: Vec<&str> = folder.jobs.keys().map(String::as_str).collect();
        let guess =
            nearest(job, names.iter().copied()).map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
        Failure::Usage(format!("there is no job `{job}` in {}.{guess} There are: {}", dir.display(), names.join(", ")))
    })
}
