//! How tend may meet a customer: reachable, consented, the random bucket.

use chrono::{Datelike as _, NaiveDate};
use toml::de::DeValue;

use super::emit::Emit;
use super::leaf::{Leaf, Subject};
use super::operand::Scalar;
use super::operator;
use super::read::plain;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobfile::value::Found;

/// The channels there are, each with the customer's address and what an address looks like, as the policy has it.
const CHANNELS: [(&str, &str, &str); 2] =
    [("email", "c.email", "^[^@[:space:]]+@[^@[:space:]]+$"), ("sms", "c.phone", "^\\+[1-9][0-9]{5,14}$")];
const PURPOSES: [(&str, &str); 2] = [("marketing", "marketing"), ("service", "service")];
/// More buckets than this tell nobody apart.
const MOST_BUCKETS: i64 = 10_000;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Has an address on one of the channels to which something may be sent.
    Reachable(Vec<String>),
    /// The newest word on a purpose, on one of the channels.
    Consented {
        /// marketing or service.
        purpose: String,
        /// email, sms.
        channels: Vec<String>,
    },
    /// A number from 0 up to `of`, always the same for the same customer and salt.
    Bucket {
        /// How many buckets.
        of: i64,
        /// Different salts deal out the customers differently.
        salt: String,
        /// The numbers go up by one, round and round, with every month or quarter.
        moves: Option<Moves>,
    },
}

/// How often buckets move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moves {
    /// With every month.
    Month,
    /// With every quarter.
    Quarter,
}

impl Moves {
    /// What files say.
    const WORDS: [(&str, Self); 2] = [("month", Self::Month), ("quarter", Self::Quarter)];

    fn as_str(self) -> &'static str {
        if self == Self::Month { "month" } else { "quarter" }
    }

    /// How many there have been by that day.
    fn by(self, day: NaiveDate) -> i64 {
        let months = i64::from(day.year()) * 12 + i64::from(day.month0());
        if self == Self::Month { months } else { months.div_euclid(3) }
    }
}

impl Standing {
    /// A true or false, not a number.
    pub(super) fn is_flag(&self) -> bool {
        !matches!(self, Self::Bucket { .. })
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Reachable(channels) => format!("reachable by {}", channels.join(" or ")),
            Self::Consented { purpose, channels } => format!("consent to {purpose} by {}", channels.join(" or ")),
            Self::Bucket { of, salt, moves } => {
                let salt = if salt.is_empty() { String::new() } else { format!(" (salt {salt})") };
                let moves = moves.map_or_else(String::new, |moves| format!(" that moves every {}", moves.as_str()));
                format!("bucket of {of}{salt}{moves}")
            }
        }
    }

    /// The value as SQL.
    pub(super) fn value(&self, emit: &mut Emit) -> String {
        match self {
            Self::Reachable(channels) => {
                let known = CHANNELS.iter().filter(|(channel, ..)| channels.iter().any(|one| one == channel));
                let each: Vec<_> = known.map(reachable).collect();
                format!("({})", each.join(" or "))
            }
            Self::Consented { purpose, channels } => {
                let (purpose, as_of) = (emit.text(purpose), emit.as_of());
                let words: Vec<_> = channels
                    .iter()
                    .map(|channel| {
                        let channel = emit.text(channel);
                        format!("(select n.granted from crm.consent n where n.customer_id = c.customer_id and n.channel = {channel} and n.purpose = {purpose} and n.recorded_at < {as_of} order by n.recorded_at desc limit 1)")
                    })
                    .collect();
                // nulls do not count, and true is greater than false
                format!("greatest({})", words.join(", "))
            }
            Self::Bucket { of, salt, moves } => {
                let moved = moves.map_or(0, |moves| moves.by(emit.frame.today()).rem_euclid(*of));
                let (salt, moved, of) = (emit.text(salt), emit.number(moved.into()), emit.number((*of).into()));
                format!(
                    "mod({moved}::bigint + ('x' || left(encode(sha256(convert_to({salt} || ':' || c.customer_id, 'UTF8')), 'hex'), 12))::bit(48)::bigint, {of}::bigint)"
                )
            }
        }
    }
}

/// An address that looks like one, and that nothing forbids.
fn reachable((channel, address, looks): &(&str, &str, &str)) -> String {
    format!(
        "coalesce(btrim({address}) ~ '{looks}' and not exists (select from tend.suppression s where s.channel = '{channel}' \
         and s.lifted_at is null and s.address_key = tend.address_key('{channel}', btrim({address}))), false)"
    )
}

/// `{ reachable = "sms" }`, `{ reachable = ["email", "sms"] }`
pub(super) fn on_reachable(reader: &mut Reader<'_>) -> Option<Leaf> {
    let channels = channels(reader, "reachable")?;
    flag(Standing::Reachable(channels))
}

/// `{ consented = "marketing", channel = "email" }`
pub(super) fn on_consented(reader: &mut Reader<'_>) -> Option<Leaf> {
    let purpose = reader.choice("consented", &PURPOSES);
    let channels = if reader.has("channel") {
        channels(reader, "channel")
    } else {
        Some(CHANNELS.iter().map(|(channel, ..)| (*channel).to_owned()).collect())
    };
    flag(Standing::Consented { purpose: purpose?.to_owned(), channels: channels? })
}

fn flag(standing: Standing) -> Option<Leaf> {
    Some(plain(Subject::Standing(standing), operator::find("is")?, vec![Scalar::Flag(true)]))
}

fn channels(reader: &mut Reader<'_>, key: &str) -> Option<Vec<String>> {
    let node = reader.value(key)?;
    let named = match node.get_ref() {
        DeValue::String(channel) => vec![channel.to_string()],
        DeValue::Array(_) => reader.strings(key)?,
        other => {
            let message = format!("`{key}` names a channel or a list of them, but it is {}", Found(other));
            reader.note(node.span(), message, Some(format!("for example: {key} = \"email\"")));
            return None;
        }
    };
    let known = CHANNELS.map(|(channel, ..)| channel);
    if let Some(wrong) = named.iter().find(|channel| !known.contains(&channel.as_str())) {
        reader.problem(key, format!("there is no channel {wrong:?}"), Some(did_you_mean(wrong, &known)));
        return None;
    }
    if named.is_empty() {
        reader.problem(key, format!("`{key}` is an empty list"), Some(format!("for example: {key} = \"email\"")));
        return None;
    }
    Some(named)
}

/// `{ bucket = { of = 100, from = 0, to = 9, salt = "spring" } }`
pub(super) fn on_bucket(reader: &mut Reader<'_>) -> Option<Leaf> {
    let mut table = reader.table("bucket")?;
    for (key, example) in [("of", "100"), ("from", "0"), ("to", "9")] {
        table.required(key, example);
    }
    let of = table.integer("of", 2..=MOST_BUCKETS);
    let last = of.map_or(MOST_BUCKETS, |of| of - 1);
    let (from, to) = (table.integer("from", 0..=last), table.integer("to", 0..=last));
    let moves = table.choice("moves", &Moves::WORDS);
    let salt = if table.has("salt") { table.string("salt") } else { Some(String::new()) };
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        table.problem("from", "the buckets begin above their end", Some("the smaller one stands first".into()));
        table.finish();
        return None;
    }
    table.finish();
    let operand = vec![Scalar::Number(from?.into()), Scalar::Number(to?.into())];
    let subject = Subject::Standing(Standing::Bucket { of: of?, salt: salt?, moves });
    Some(plain(subject, operator::find("between")?, operand))
}
