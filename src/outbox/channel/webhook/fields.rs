//! What a call says: the fields of the settings, filled for one message or for many.
//!
//! A text is a template. One that is a single `{{ … }}` keeps what it finds: a list becomes a list, an object an object.
//! What comes out as none is left out; in a list it takes its whole entry along. `{ each = … }` is a list with an entry
//! for every message of the call; what stands outside must be the same for all of them, which [`Filled::goes_with`] tells.

use minijinja::value::ValueKind;
use minijinja::{Environment, Value as Known};
use serde_json::{Map, Number, Value};

use super::BodyKind;
use crate::outbox::template;

/// The key of a list with an entry for every message.
const EACH: &str = "each";

/// The fields of a channel, read.
#[derive(Debug)]
pub struct Fields {
    env: Environment<'static>,
    root: Node,
}

#[derive(Debug)]
enum Node {
    Fixed(Value),
    /// Name of a template in the environment.
    Text(String),
    /// Where it stands, and an expression.
    Expression(String, String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    Each(Box<Node>),
}

/// The fields with the values of one message.
#[derive(Debug, PartialEq)]
pub enum Filled {
    /// A value; null is left out.
    Value(Value),
    /// A list.
    List(Vec<Filled>),
    /// An object.
    Table(Vec<(String, Filled)>),
    /// This message's entry of a list.
    Each(Box<Filled>),
}

impl Fields {
    /// Reads the fields of the settings. In JSON a key with dots makes objects in objects.
    ///
    /// # Errors
    /// Which field is wrong, and what.
    pub fn new(fields: &Map<String, Value>, body: BodyKind) -> Result<Self, String> {
        let fields = if body == BodyKind::Json { nested(fields)? } else { fields.clone() };
        let mut env = template::environment();
        env.add_filter("json", |value: &Known| json(value).to_string());
        let root = Node::read(&mut env, "", &Value::Object(fields))?;
        Ok(Self { env, root })
    }

    /// Whether one call can carry many messages.
    pub fn carries_many(&self) -> bool {
        self.root.has_each()
    }

    /// The fields with these values.
    ///
    /// # Errors
    /// Which field cannot be filled, and why.
    pub fn fill(&self, values: &Known) -> Result<Filled, String> {
        self.root.fill(&self.env, values)
    }
}

impl Node {
    fn read(env: &mut Environment<'static>, place: &str, value: &Value) -> Result<Self, String> {
        let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        Ok(match value {
            Value::String(text) => match expression(text) {
                Some(expression) => {
                    env.compile_expression(expression)
                        .map_err(|error| format!("{place}: {}", template::describe(&error)))?;
                    Self::Expression(place.to_owned(), expression.to_owned())
                }
                None => {
                    env.add_template_owned(place.to_owned(), text.clone())
                        .map_err(|error| format!("{place}: {}", template::describe(&error)))?;
                    Self::Text(place.to_owned())
                }
            },
            Value::Array(list) => {
                let read = |(at, item): (usize, &Value)| Self::read(env, &below(&at.to_string()), item);
                Self::List(list.iter().enumerate().map(read).collect::<Result<_, _>>()?)
            }
            Value::Object(table) => match table.get(EACH).filter(|_| table.len() == 1 && !place.is_empty()) {
                Some(each) => Self::Each(Box::new(Self::read(env, &below(EACH), each)?)),
                None => {
                    let read = |(key, item): (&String, &Value)| Ok((key.clone(), Self::read(env, &below(key), item)?));
                    Self::Table(table.iter().map(read).collect::<Result<_, String>>()?)
                }
            },
            fixed => Self::Fixed(fixed.clone()),
        })
    }

    fn has_each(&self) -> bool {
        match self {
            Self::Each(_) => true,
            Self::List(list) => list.iter().any(Self::has_each),
            Self::Table(table) => table.iter().any(|(_, node)| node.has_each()),
            Self::Fixed(_) | Self::Text(_) | Self::Expression(..) => false,
        }
    }

    fn fill(&self, env: &Environment<'static>, values: &Known) -> Result<Filled, String> {
        let failed = |place: &str, error: &minijinja::Error| format!("{place}: {}", template::describe(error));
        Ok(match self {
            Self::Fixed(value) => Filled::Value(value.clone()),
            Self::Text(place) => {
                let text = env.get_template(place).and_then(|template| template.render(values));
                Filled::Value(text.map_err(|error| failed(place, &error))?.into())
            }
            Self::Expression(place, source) => {
                let found = env.compile_expression(source).and_then(|expression| expression.eval(values));
                let found = found.map_err(|error| failed(place, &error))?;
                if found.is_undefined() {
                    return Err(format!("{place}: there is no value {source}"));
                }
                Filled::Value(json(&found))
            }
            Self::List(list) => Filled::List(list.iter().map(|node| node.fill(env, values)).collect::<Result<_, _>>()?),
            Self::Table(table) => {
                let fill = |(key, node): &(String, Self)| Ok((key.clone(), node.fill(env, values)?));
                Filled::Table(table.iter().map(fill).collect::<Result<_, String>>()?)
            }
            Self::Each(node) => Filled::Each(Box::new(node.fill(env, values)?)),
        })
    }
}

impl Filled {
    /// Whether one call can carry both messages.
    pub fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Each(_), Self::Each(_)) => true,
            (Self::List(one), Self::List(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.goes_with(two))
            }
            (Self::Table(one), Self::Table(two)) => one.iter().zip(two).all(|((_, one), (_, two))| one.goes_with(two)),
            (one, two) => one == two,
        }
    }

    /// One call for these messages, which go with each other: what is sent.
    pub fn together(messages: &[&Self]) -> Map<String, Value> {
        match Self::joined(messages) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// None: left out.
    fn joined(messages: &[&Self]) -> Option<Value> {
        match *messages.first()? {
            Self::Value(value) => Some(value.clone()).filter(|value| !value.is_null()),
            Self::List(list) => {
                let entry = |at: usize| {
                    let entries: Vec<&Self> = messages.iter().filter_map(|message| message.item(at)).collect();
                    let whole = entries.first().is_none_or(|entry| !entry.lacks());
                    Self::joined(&entries).filter(|_| whole)
                };
                Some((0..list.len()).filter_map(entry).collect())
            }
            Self::Table(table) => {
                let field = |(at, (key, _)): (usize, &(String, Self))| {
                    let values: Vec<&Self> = messages.iter().filter_map(|message| message.item(at)).collect();
                    Some((key.clone(), Self::joined(&values)?))
                };
                let map: Map<String, Value> = table.iter().enumerate().filter_map(field).collect();
                (!map.is_empty() || table.is_empty()).then_some(Value::Object(map))
            }
            Self::Each(_) => {
                let own = |message: &&Self| match *message {
                    Self::Each(own) => Self::joined(&[own.as_ref()]),
                    _ => None,
                };
                Some(messages.iter().filter_map(own).collect())
            }
        }
    }

    fn item(&self, at: usize) -> Option<&Self> {
        match self {
            Self::List(list) => list.get(at),
            Self::Table(table) => table.get(at).map(|(_, value)| value),
            Self::Value(_) | Self::Each(_) => None,
        }
    }

    /// An object with a field that is none.
    fn lacks(&self) -> bool {
        matches!(self, Self::Table(table) if table.iter().any(|(_, value)| *value == Self::Value(Value::Null)))
    }
}

/// A value of a template as JSON.
fn json(value: &Known) -> Value {
    let entries = || value.try_iter().into_iter().flatten();
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Value::Null,
        ValueKind::Bool => value.is_true().into(),
        ValueKind::Number => value.to_string().parse::<Number>().map_or(Value::Null, Value::Number),
        ValueKind::Seq | ValueKind::Iterable => entries().map(|item| json(&item)).collect(),
        ValueKind::Map => {
            let field = |key: Known| (key.to_string(), value.get_item(&key).map_or(Value::Null, |item| json(&item)));
            Value::Object(entries().map(field).collect())
        }
        _ => value.to_string().into(),
    }
}

/// What stands between the braces of a text that is one expression.
fn expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim_matches('-').trim();
    (!inner.contains("{{") && !inner.contains("}}") && !inner.contains("{%")).then_some(inner)
}

/// Keys with dots make objects in objects.
fn nested(fields: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut root = Map::new();
    for (key, value) in fields {
        let mut at = &mut root;
        let (parents, last) = key.rsplit_once('.').map_or(("", key.as_str()), |(parents, last)| (parents, last));
        for part in parents.split('.').filter(|part| !part.is_empty()) {
            let child = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
            at = child.as_object_mut().ok_or_else(|| format!("{key}: `{part}` is a value already"))?;
        }
        if at.insert(last.to_owned(), value.clone()).is_some() {
            return Err(format!("{key}: stands there twice"));
        }
    }
    Ok(root)
}
