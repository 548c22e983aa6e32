//! The shipped ladder by value, as its file is and without its stability, for benchmarks and tests.

use tend::jobfile::kind::{Cuts, Ladders, ReadContext};
use tend::jobfile::problem::Problems;
use tend::jobfile::reader::{Reader, read_text};
use tend::outbox::template::TemplateFolder;

/// The shipped file.
pub const SHIPPED: &str = include_str!("../../jobs/value-tiers.toml");

/// The file without its stability: levels follow from the day alone.
pub fn without_stability() -> String {
    let (above, rest) = SHIPPED.split_once("[retier.stability]").expect("the shipped ladder has stability");
    let (_, below) = rest.split_once("\n\n").expect("an empty line stands behind it");
    format!("{above}{below}")
}

/// Reads the text of a ladder's file, in which other ladders may be named.
pub fn read<T>(
    text: &str,
    others: &Ladders,
    read: impl FnOnce(&mut Reader<'_>, &ReadContext<'_>) -> T,
) -> (T, Problems) {
    let (templates, cuts) = (TemplateFolder::default(), Cuts::default());
    let context = ReadContext {
        job: "value-tiers",
        timezone: chrono_tz::Asia::Shanghai,
        templates_dir: "templates",
        templates: &templates,
        ladders: others,
        cuts: &cuts,
        segments: &Default::default(),
        calendars: &Default::default(),
        jobs: None,
    };
    read_text(&"jobs/value-tiers.toml".into(), &text.into(), |file| {
        file.leave(&["title", "description", "owner", "schedule", "check"]);
        read(file, &context)
    })
}
