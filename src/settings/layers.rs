//! The layers, merged by the `config` crate.

use std::path::Path;

use config::{Config, ConfigError, FileFormat, Format, Map, Source, Value, ValueKind};

use super::Environment;

const BUILT_IN: &str = include_str!("../../config/default.toml");
pub(super) const PREFIX: &str = "TEND__";
/// The default of `--config`; only this one may be missing.
const USUAL: &str = "config";

/// Our variables, `(SECTION__KEY, value)`.
pub(super) fn ours(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let ours = variables.into_iter().filter(|(_, value)| !value.is_empty());
    ours.filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value))).collect()
}

/// What `TEND__ENVIRONMENT` says; development when it says nothing.
pub(super) fn environment(variables: &[(String, String)]) -> Result<Environment, String> {
    match variables.iter().find(|(name, _)| name == "ENVIRONMENT").map(|(_, value)| value.as_str()) {
        None | Some("development") => Ok(Environment::Development),
        Some("staging") => Ok(Environment::Staging),
        Some("production") => Ok(Environment::Production),
        Some(other) => Err(format!("TEND__ENVIRONMENT is {other:?}; it must be development, staging or production")),
    }
}

/// The name of the variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// All layers in one; what is wrong with a layer goes to `problems`, and the others are merged all the same. Without an
/// environment there is no file of it.
pub(super) fn merge(
    dir: &Path,
    environment: Option<Environment>,
    variables: Vec<(String, String)>,
    problems: &mut Vec<String>,
) -> Value {
    if !dir.is_dir() && dir != Path::new(USUAL) {
        problems.push(format!("--config {}: there is no such folder", dir.display()));
    }
    let own = environment.map(|environment| format!("{environment}.toml"));
    let files = ["default.toml"].into_iter().chain(own.as_deref()).map(|name| Layer::read(&dir.join(name)));
    let mut layers = Config::builder();
    for layer in std::iter::once(Layer::parse(None, BUILT_IN)).chain(files) {
        match layer {
            Ok(layer) => layers = layers.add_source(layer),
            Err(problem) => problems.push(problem),
        }
    }
    for (name, value) in variables.into_iter().filter(|(name, _)| name != "ENVIRONMENT") {
        let key = name.to_lowercase().replace("__", ".");
        // Not config's own `Environment`: it cannot say which variable a value came from.
        let value = Value::new(Some(&format!("{PREFIX}{name}")), value);
        match layers.clone().set_override(&key, value) {
            Ok(with) => layers = with,
            Err(_) => {
                problems.push(format!("{PREFIX}{name} does not name a setting; it looks like TEND__DATABASE__URL"));
            }
        }
    }
    match layers.build() {
        Ok(merged) => merged.cache,
        Err(error) => {
            problems.push(error.to_string());
            Value::new(None, ValueKind::Nil)
        }
    }
}

/// One file. Not config's own `File`: that takes a file which may not be read for one that is not there, and shows
/// paths as seen from the working directory.
#[derive(Debug, Clone)]
struct Layer(Map<String, Value>);

impl Layer {
    /// Empty when there is no such file.
    fn read(path: &Path) -> Result<Self, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(Some(&path.display().to_string()), &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self(Map::new())),
            Err(error) => Err(format!("{}: cannot be read: {error}", path.display())),
        }
    }

    fn parse(path: Option<&String>, text: &str) -> Result<Self, String> {
        FileFormat::Toml.parse(path, text).map(Self).map_err(|error| {
            let said = error.to_string().trim_end().replace('\n', "\n    ");
            format!("{}: {said}", path.map_or("built-in settings", String::as_str))
        })
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}
