//! `[audience]`: about whom a job is at all. Kinds that have one read it alike.

use crate::filter::{self, Filter, Scope};
use crate::jobfile::reader::Reader;

/// Reads `[audience]`, which a file must have.
pub fn read(file: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Filter> {
    if !file.has("audience") {
        file.missing("audience", "{ field = \"status\", is = \"active\" }");
    }
    filter::read(file, "audience", scope)
}
