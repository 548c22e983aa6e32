//! Where something stands in a call that a provider makes to us.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// One place, as the settings write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `/out_id`: a JSON pointer, or the name of a form's field behind a slash.
    Field(String),
    /// `?id`: a parameter of the address.
    Query(String),
    /// `@X-Signature`: a header.
    Header(String),
    /// `=.`: the text itself.
    Literal(String),
    /// `body`: the body as it came.
    Body,
    /// `url`: the address as the provider calls it.
    Url,
}

impl Place {
    /// Reads it.
    ///
    /// # Errors
    /// A sentence that says what a place looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
        match first {
            "/" => Ok(Self::Field(text.to_owned())),
            "?" if !rest.is_empty() => Ok(Self::Query(rest.to_owned())),
            "@" if !rest.is_empty() => Ok(Self::Header(rest.to_ascii_lowercase())),
            "=" => Ok(Self::Literal(rest.to_owned())),
            _ if text == "body" => Ok(Self::Body),
            _ if text == "url" => Ok(Self::Url),
            _ => Err(format!(
                "`{text}` is no place: it is /field (a JSON pointer, or a field of a form), ?parameter of the address, \
                 @Header, =text, body or url"
            )),
        }
    }
}

/// Several places, whose texts are put together; in the settings a text or a list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(pub Vec<Place>);

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Places;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a place such as \"/out_id\", or a list of places")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Places, E> {
                Ok(Places(vec![Place::parse(text).map_err(E::custom)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Places, A::Error> {
                let mut places = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    places.push(Place::parse(&text).map_err(A::Error::custom)?);
                }
                Ok(Places(places))
            }
        }
        deserializer.deserialize_any(Reading)
    }
}
