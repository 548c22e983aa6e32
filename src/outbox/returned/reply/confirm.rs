//! The body of an answer that carries a confirmation on to the customer: made once, tried at the start.

use minijinja::{AutoEscape, Environment, Error, context};
use serde_json::Value;

use crate::outbox::template::{describe, environment};

/// Name of the only template.
const NAME: &str = "confirm_with";
/// What it is tried with.
const SAMPLE: &str = "sample";

/// Carries a confirmation: as text of XML where the body begins with `<`, as a JSON string where the body is JSON, else as it is.
#[derive(Debug)]
pub struct Confirm(Environment<'static>);

impl Confirm {
    /// Reads the template and tries it; `place` is its key in the settings.
    ///
    /// # Errors
    /// What is wrong with it, behind the key.
    pub fn new(place: &str, source: &str) -> anyhow::Result<Self> {
        let tried = |escape: AutoEscape| -> anyhow::Result<(Self, String)> {
            let said = |error: Error| anyhow::anyhow!("{place}: {}", describe(&error));
            let mut env = environment();
            env.set_auto_escape_callback(move |_| escape.clone());
            env.add_template_owned(NAME, source.to_owned()).map_err(said)?;
            let this = Self(env);
            let sample = this.body(SAMPLE).map_err(said)?;
            Ok((this, sample))
        };
        if source.trim_start().starts_with('<') {
            return Ok(tried(AutoEscape::Html)?.0);
        }
        let (json, sample) = tried(AutoEscape::Json)?;
        if is_json(&sample) {
            return Ok(json);
        }
        let (plain, sample) = tried(AutoEscape::None)?;
        if is_json(&sample) {
            anyhow::bail!("{place}: leave out the quotes around {{{{ text }}}}: in JSON they are written with it");
        }
        Ok(plain)
    }

    /// The body that carries this text.
    pub fn body(&self, text: &str) -> Result<String, Error> {
        self.0.get_template(NAME)?.render(context! { text })
    }
}

fn is_json(text: &str) -> bool {
    matches!(serde_json::from_str(text), Ok(Value::Object(_) | Value::Array(_)))
}
