//! The fields that have a meaning here, each of a form that the accessors can rely on.
//!
//! A refusal comes from within the value, so that its place is the value's: after it, the reader may
//! have gone on to the next line.

use std::fmt;
use std::marker::PhantomData;

use credentials::{AccessToken, ApiKey, IdToken, MalformedSecret, RefreshToken};
use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The whole document.
#[derive(Deserialize)]
pub(super) struct Shape {
    #[serde(default, rename = "auth_mode")]
    _auth_mode: Option<String>,
    #[serde(default, rename = "OPENAI_API_KEY", deserialize_with = "api_key")]
    _api_key: (),
    #[serde(default, rename = "personal_access_token", deserialize_with = "access_token")]
    _personal_access_token: (),
    #[serde(default, rename = "tokens", deserialize_with = "tokens")]
    _tokens: (),
    #[serde(default, rename = "last_refresh", deserialize_with = "time")]
    _last_refresh: (),
}

#[derive(Deserialize)]
struct TokensShape {
    #[serde(default, rename = "id_token", deserialize_with = "id_token")]
    _id_token: (),
    #[serde(default, rename = "access_token", deserialize_with = "access_token")]
    _access_token: (),
    #[serde(default, rename = "refresh_token", deserialize_with = "refresh_token")]
    _refresh_token: (),
    #[serde(default, rename = "account_id")]
    _account_id: Option<String>,
}

fn tokens<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    OrNull(ObjectOf::<TokensShape>(PhantomData)).deserialize(input)
}

fn api_key<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    OrNull(Text(|text| is_secret_or_empty(ApiKey::new(text)))).deserialize(input)
}

fn id_token<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    input.deserialize_any(IdTokenOrClaims)
}

fn access_token<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    OrNull(Text(|text| is_secret_or_empty(AccessToken::new(text)))).deserialize(input)
}

fn refresh_token<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    OrNull(Text(|text| is_secret_or_empty(RefreshToken::new(text)))).deserialize(input)
}

/// Codex CLI writes the empty text for a refresh token that it lacks.
fn is_secret_or_empty<T>(made: Result<T, MalformedSecret>) -> bool {
    made.map_or_else(|error| error == MalformedSecret::Empty, |_| true)
}

/// A time with its zone; Codex CLI refuses one without. It refuses the empty text as well, which says
/// no more than null, and which the next refresh replaces.
fn time<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    let is_time = |text: &str| text.is_empty() || text.parse::<Timestamp>().is_ok();
    OrNull(Text(is_time)).deserialize(input)
}

/// Null, or what the other one reads.
pub(super) struct OrNull<T>(pub(super) T);

impl<'de, T: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for OrNull<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_option(self)
    }
}

impl<'de, T: DeserializeSeed<'de, Value = ()>> Visitor<'de> for OrNull<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        self.0.deserialize(input)
    }
}

/// A text of which this is true.
pub(super) struct Text(pub(super) fn(&str) -> bool);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_str(self)
    }
}

impl Visitor<'_> for Text {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if self.0(text) { Ok(()) } else { Err(E::custom("not of this form")) }
    }
}

/// An ID token, or the claims that another program has read from it and put in its place.
struct IdTokenOrClaims;

impl<'de> Visitor<'de> for IdTokenOrClaims {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        Text(|text| is_secret_or_empty(IdToken::new(text))).visit_str(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<(), A::Error> {
        while claims.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// An object of the shape `T`. Of itself a derived shape also takes a list of its values.
pub(super) struct ObjectOf<T>(pub(super) PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ObjectOf<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOf<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(drop)
    }
}
