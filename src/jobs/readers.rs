//! Who gets the letters of a job: `to = "role:manager"`, or a list of such words. Kinds that write to people of the house
//! read it alike.

use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::letter::Recipient;
use crate::jobfile::reader::Reader;

/// Whom a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Everybody with this `crm.staff.role`; who is away is stood in for.
    Role(String),
    /// A mail address.
    Address(String),
    /// A chat, by the name of its channel.
    Robot(String),
}

/// What words of a file may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// `role:NAME`
    Role,
    /// `NAME@HOST`
    Address,
    /// `robot:CHANNEL`
    Robot,
}

impl Sort {
    const fn form(self) -> &'static str {
        match self {
            Self::Role => "role:NAME",
            Self::Address => "NAME@HOST",
            Self::Robot => "robot:CHANNEL",
        }
    }

    const fn pattern(self) -> &'static str {
        match self {
            Self::Role => "^role:.+$",
            Self::Address => "^[^@:]+@[^@]+$",
            Self::Robot => "^robot:.+$",
        }
    }

    fn read(self, word: &str) -> Option<To> {
        let name = |sort: &str| word.strip_prefix(sort).map(str::trim).filter(|name| !name.is_empty());
        match self {
            Self::Role => name("role:").map(|role| To::Role(role.to_owned())),
            Self::Robot => name("robot:").map(|channel| To::Robot(channel.to_owned())),
            Self::Address => {
                let known = !word.contains([':', ' ', '<', '>', ',']);
                let (local, host) = word.split_once('@').filter(|_| known)?;
                (!local.is_empty() && host.contains('.') && !host.contains('@')).then(|| To::Address(word.to_owned()))
            }
        }
    }
}

/// Reads who is told; none: nobody is named, or what is wrong was noted.
pub fn read(own: &mut Reader<'_>, key: &'static str, sorts: &[Sort]) -> Option<Vec<To>> {
    let words = match own.value(key)?.get_ref().as_str() {
        Some(word) => vec![word.to_owned()],
        None => own.strings(key)?,
    };
    let mut found: Vec<To> = Vec::new();
    for word in &words {
        match sorts.iter().find_map(|sort| sort.read(word)) {
            Some(to) if found.contains(&to) => own.problem(key, format!("{word:?} stands here twice"), None),
            Some(to) => found.push(to),
            None => {
                let forms: Vec<&str> = sorts.iter().map(|sort| sort.form()).collect();
                own.problem(key, format!("nobody is called {word:?}"), Some(forms.join(" or ")));
            }
        }
    }
    if words.is_empty() {
        own.problem(key, "nobody is told", Some(format!("for example: {key} = \"role:manager\"")));
    }
    (!found.is_empty()).then_some(found)
}

/// Those people, in the order of the file, each once.
///
/// # Errors
/// When the database refuses.
pub async fn recipients(conn: &mut PgConnection, to: &[To], on: NaiveDate) -> sqlx::Result<Vec<Recipient>> {
    let mut all: Vec<Recipient> = Vec::new();
    for to in to {
        let found = match to {
            To::Robot(channel) => vec![Recipient::Robot(channel.clone())],
            To::Address(address) => vec![Recipient::Address(address.clone())],
            To::Role(role) => {
                let people = sqlx::query_scalar!(
                    r#"select distinct tend.stand_in(s.staff_id, $2) as who from crm.staff s where s.role = $1 and s.active order by 1"#,
                    role,
                    on
                );
                people.fetch_all(&mut *conn).await?.into_iter().flatten().map(Recipient::Staff).collect()
            }
        };
        for one in found {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    Ok(all)
}

/// JSON schema of such words.
pub fn schema(sorts: &[Sort], description: &str) -> Value {
    let patterns: Vec<&str> = sorts.iter().map(|sort| sort.pattern()).collect();
    let reader = json!({ "type": "string", "pattern": patterns.join("|") });
    let forms: Vec<&str> = sorts.iter().map(|sort| sort.form()).collect();
    let description = format!("{description}: {}", forms.join(", "));
    json!({ "anyOf": [reader, { "type": "array", "minItems": 1, "items": reader }], "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_roles_addresses_and_chats() {
        let read = |word: &str| [Sort::Role, Sort::Address, Sort::Robot].iter().find_map(|sort| sort.read(word));
        assert_eq!(read("role: manager"), Some(To::Role("manager".into())));
        assert_eq!(read("boss@shop.example"), Some(To::Address("boss@shop.example".into())));
        assert_eq!(read("robot:ops"), Some(To::Robot("ops".into())));
        for wrong in ["role:", "boss", "boss@shop", "Boss <boss@shop.example>", "a@b@c.example", "staff:S1", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
