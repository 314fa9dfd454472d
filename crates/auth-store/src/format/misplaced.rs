use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use super::shape::{OrNull, Text};
use crate::flat;

/// An object without the secrets of another program's sign-in, see [`flat`].
pub(super) struct NoSecret;

impl<'de> DeserializeSeed<'de> for NoSecret {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for NoSecret {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key::<String>()? {
            match name.as_str() {
                name if flat::is_secret(name) => {
                    object.next_value_seed(OrNull(Text(str::is_empty)))?;
                }
                flat::PROVIDER => object.next_value_seed(OrNull(Self))?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
