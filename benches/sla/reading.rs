//! Reads job files about tickets, for the benchmark and for tests.

use tend::calendar::business::Calendars;
use tend::jobfile::calendars::NamedCalendars;
use tend::jobfile::kind::{Cuts, Ladders, ReadContext};
use tend::jobfile::problem::Problems;
use tend::jobfile::reader::read_text;
use tend::jobs::sla::{self, Sla};
use tend::outbox::template::TemplateFolder;

/// The job of a text; the ladder value-tiers and the template sla-alert are there.
pub fn read(text: &str) -> (Option<Sla>, Problems) {
    let levels = ["high", "mid", "normal"].map(String::from).to_vec();
    let ladders = Ladders::new([("value-tiers".to_owned(), levels)].into());
    let templates = TemplateFolder::from_files(
        ["en", "zh-CN"].map(|locale| (format!("sla-alert/email.{locale}.mjml"), "<mjml></mjml>")),
    );
    let cuts = Cuts::default();
    let calendars = NamedCalendars::new(Some(Calendars::shipped().clone()));
    let context = ReadContext {
        job: "sla",
        timezone: chrono_tz::UTC,
        templates_dir: "templates",
        templates: &templates,
        ladders: &ladders,
        cuts: &cuts,
        segments: &Default::default(),
        jobs: None,
        calendars: &calendars,
    };
    read_text(&"jobs/sla.toml".into(), &text.into(), |file| {
        file.leave(&["title", "description", "owner", "schedule", "check"]);
        sla::read(file, &context)
    })
}
