//! A JSON object where an object is meant. Serde takes a list as well for a struct, field by field in their order: a body that
//! is read like that would change its meaning with the next field.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What was read from an object, and only from an object.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        serde_json::from_value(Value::Object(fields)).map(Self).map_err(D::Error::custom)
    }
}
