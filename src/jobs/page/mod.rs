//! Previews as pages: one HTML file that needs nothing but itself, for browsers (light and dark, wide and narrow) and
//! for paper.
//!
//! Promises: everything a page shows is escaped, and a page can load and run nothing at all (its own policy forbids
//! scripts and requests); names of any script stand as they are, without turning the line around them; no information is
//! carried by colour alone. A kind brings its template, which extends `page.html`.

pub mod flow;
pub mod tables;
pub mod tree;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::door::{JobError, Run, Trigger};

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_debug(false); // debug output prints the variables, which are customers
    for (name, text) in [
        ("page.html", include_str!("page.html")),
        ("page.css", include_str!("page.css")),
        ("flow.svg", include_str!("flow.svg")),
        ("missing.html", include_str!("missing.html")),
        ("tree.html", include_str!("tree.html")),
    ] {
        env.add_template(name, text).expect("the templates of the program are tested");
    }
    env
});

/// What `page.html` shows of every report, whatever the kind.
#[derive(Debug, Serialize)]
pub struct Head {
    title: String,
    what: &'static str,
    preview: bool,
    job: String,
    run: i64,
    spec: String,
    when: String,
}

impl Head {
    /// Of the report about a run.
    #[must_use]
    pub fn new(title: String, run: &Run) -> Self {
        let preview = run.trigger == Trigger::Preview;
        Self {
            title,
            what: if preview { "Preview of" } else { "Report of" },
            preview,
            job: run.job.clone(),
            run: run.run_id,
            spec: run.spec_hash.chars().take(12).collect(),
            when: local(run.as_of, run.timezone),
        }
    }
}

/// "2026-06-01 02:00 Asia/Shanghai"
#[must_use]
pub fn local(at: DateTime<Utc>, zone: Tz) -> String {
    format!("{} {zone}", at.with_timezone(&zone).format("%Y-%m-%d %H:%M"))
}

/// Renders a page from a template that extends `page.html`.
///
/// # Errors
/// When the template asks for what `context` does not have.
pub fn render(template: &str, context: &impl Serialize) -> Result<String, JobError> {
    let context = serde_json::to_value(context).map_err(JobError::fail)?;
    TEMPLATES.render_named_str("kind.html", template, shown(&context)).map_err(JobError::fail)
}

/// What a template sees of a value.
fn shown(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::from(number.as_f64()), Value::from),
        Json::String(text) => Value::from(text),
        Json::Array(list) => Value::from_iter(list.iter().map(shown)),
        Json::Object(map) => Value::from_pairs(map.iter().map(|(key, value)| (key.as_str(), shown(value)))),
    }
}
