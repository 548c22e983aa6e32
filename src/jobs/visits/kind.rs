//! The kind, as job files know it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{decided, read, schema};
use crate::engine::door::{Decision, Job};
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::Reader;

/// The kind `visits`.
#[derive(Debug, Clone, Copy)]
pub struct VisitsKind;

impl Kind for VisitsKind {
    fn name(&self) -> &'static str {
        "visits"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["audience"]
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        read::read(file, context).map(|visits| Arc::new(visits) as Arc<dyn Job>)
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        schema::schema()
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        decided::expect(expect)
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }
}
