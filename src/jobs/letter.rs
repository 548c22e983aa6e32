//! Letters of a run: to people of the house, once each.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use sqlx::PgConnection;

use crate::engine::door::Run;
use crate::figures::is_chinese;
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::outbox::channel::settings::Sort;
use crate::outbox::letter::{self, Writer};
pub use crate::outbox::letter::{Letter, LinkTo, Recipient, link};
use crate::outbox::template::Known;

/// What letters are written on: a template for mail with its languages.
#[derive(Debug, Clone)]
pub struct Paper {
    /// Folder below templates/.
    pub template: String,
    /// The language of readers whose own is not known.
    pub locale: String,
    /// Paths of the template's files.
    pub files: Vec<String>,
}

impl Paper {
    /// Reads `template` (`shipped` is the one that comes with tend) and `locale`; `known` is what the template may use of
    /// the occasion. None: what is wrong was noted.
    pub fn read(own: &mut Reader<'_>, context: &ReadContext<'_>, shipped: &str, known: &[&str]) -> Option<Self> {
        let template = own.required_string("template", &format!("\"{shipped}\""));
        let locale = own.string("locale");
        let template = template?;
        let occasion = known.iter().map(|key| (*key).to_owned()).collect();
        let known = Known { occasion, letter: true, ..Known::default() };
        for problem in context.templates.check(&template, &[Sort::Email], &known) {
            context.template_problem(own, problem);
        }
        let languages: BTreeSet<String> = context.templates.locales(&template, Sort::Email).into_iter().collect();
        let has = |locale: &String| languages.is_empty() || languages.contains(locale);
        if let Some(locale) = locale.as_ref().filter(|locale| !has(locale)) {
            let known: Vec<&str> = languages.iter().map(String::as_str).collect();
            let message = format!("the template has no language {locale:?}");
            own.problem("locale", message, Some(did_you_mean(locale, &known)));
        }
        let locale = locale.or_else(|| languages.first().cloned())?;
        Some(Self { files: context.templates.paths(&template), template, locale })
    }
}

const DAYS: [(&str, &str); 7] = [
    ("Monday", "周一"),
    ("Tuesday", "周二"),
    ("Wednesday", "周三"),
    ("Thursday", "周四"),
    ("Friday", "周五"),
    ("Saturday", "周六"),
    ("Sunday", "周日"),
];

/// The name of the weekday in a language; English where none is known.
#[must_use]
pub fn weekday(day: NaiveDate, locale: &str) -> &'static str {
    let (english, chinese) = DAYS[day.weekday().num_days_from_monday() as usize];
    if is_chinese(locale) { chinese } else { english }
}

/// Where the owner of the job is written to, who hears of what concerns nobody else; none: the file does not say it.
///
/// # Errors
/// When the database refuses.
pub async fn owner(run: &Run, conn: &mut PgConnection) -> sqlx::Result<Option<String>> {
    let owner = sqlx::query_scalar!("select owner from tend.spec where hash = $1", run.spec_hash);
    Ok(owner.fetch_optional(conn).await?.flatten())
}

/// Writes the letters of a run; how many were new.
///
/// # Errors
/// When the database refuses.
pub async fn write(conn: &mut PgConnection, run: &Run, letters: &[Letter]) -> sqlx::Result<i64> {
    let writer = Writer { run_id: run.run_id, job: &run.job, spec_hash: &run.spec_hash, at: run.as_of };
    letter::write(conn, writer, letters).await
}
