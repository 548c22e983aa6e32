//! Segment files with their checks, read by the one who can try them out.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::{judge, plan};
use crate::engine::door::{Decided, Decision, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::filter::segment::{self, Segment};
use crate::filter::{self, Frame};
use crate::jobfile::calendars::NamedCalendars;
use crate::jobfile::checks::{self, Around, Check};
use crate::jobfile::head::zone_if_any;
use crate::jobfile::kind::{Cuts, Kind, Ladders, ReadContext, SegmentFile, Segments};
use crate::jobfile::problem::Problems;
use crate::jobfile::reader::{Reader, read_text};
use crate::outbox::template::TemplateFolder;

const MEMBER: &str = "member";

/// Reads all segments of a folder, also those that nobody uses; when one is wrong, none.
#[must_use]
pub fn read_all(segments: &Segments, ladders: &Ladders) -> (Vec<SegmentFile>, Problems) {
    let mut problems = segment::check(segments, ladders);
    if !problems.is_empty() {
        return (Vec::new(), problems);
    }
    let mut files = Vec::new();
    for name in segments.names() {
        segments.forget();
        let Some(source) = segments.open(name) else { continue };
        let (read, wrong) = read_text(&source.file, &source.text, |file| {
            let cuts = Cuts::default();
            let segment = segment::in_file(file, name, segments, ladders, &cuts)?;
            let timezone = zone_if_any(file);
            let templates = TemplateFolder::default();
            let context = ReadContext {
                jobs: None,
                job: name,
                timezone: timezone.unwrap_or(chrono_tz::Tz::UTC),
                templates: &templates,
                templates_dir: "",
                ladders,
                cuts: &cuts,
                segments,
                calendars: &NamedCalendars::default(),
            };
            let checks = checks::read(file, Around { kind: &SegmentKind, context, levels: &[] }, &cuts);
            one_day_each(file, &checks);
            let (name, source) = (name.to_owned(), source.clone());
            Some(SegmentFile { name, source, timezone, code: Arc::new(Members(segment)), checks })
        });
        problems.merge(wrong);
        files.extend(read);
    }
    (files, problems)
}

/// A ladder remembers the day before; who is in a segment is asked anew each time.
fn one_day_each(file: &Reader<'_>, checks: &[Check]) {
    for check in checks.iter().filter(|check| check.on.len() > 1) {
        let help = "name the last one alone, or make a check of each".to_owned();
        file.note(check.span.clone(), "a segment remembers nothing from one day to the next", Some(help));
    }
}

/// JSON schema of segment files.
#[must_use]
pub fn schema() -> Value {
    filter::schema::of_segments(&checks::schema::schema(&[&SegmentKind]))
}

/// How checks see segments; no job file is of this kind.
struct SegmentKind;

impl Kind for SegmentKind {
    fn name(&self) -> &'static str {
        "segment"
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        let segment = segment::in_file(file, context.job, context.segments, context.ladders, context.cuts)?;
        Some(Arc::new(Members(segment)))
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        expect.required(MEMBER, "true")?;
        expect.bool(MEMBER).map(|member| Decision::from([(MEMBER, member.into())]))
    }

    fn expect_schema(&self) -> Map<String, Value> {
        let member = json!({ "type": "boolean", "description": "Whether the customer is in the segment" });
        Map::from_iter([(MEMBER.to_owned(), member)])
    }
}

/// A job that looks and changes nothing: who is in the segment.
#[derive(Debug)]
struct Members(Segment);

impl Members {
    fn frame(run: &Run) -> Frame {
        Frame { as_of: run.as_of, timezone: run.timezone, window: None }
    }
}

impl Job for Members {
    fn step<'a>(&'a self, _: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(std::future::ready(Ok(Stepped { next: None, progress: json!({}) })))
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(plan(tx.conn(), &self.0, Self::frame(run)))
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move {
            let judged = judge(tx.conn(), &self.0, Self::frame(run), customer_id).await?;
            Ok(judged.map(|judged| Decided {
                what: Decision::from([(MEMBER, judged.json[MEMBER].clone())]),
                why: String::new(),
            }))
        })
    }

    fn judge<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(judge(tx.conn(), &self.0, Self::frame(run), customer))
    }

    fn replay(&self) -> Replay {
        Replay::Current
    }
}
