//! A JSON object where an object is meant. Serde takes a list as well for a struct, field by field in their order: a body that
//! is read like that would change its meaning with the next field. And it takes `600.0` for no whole number, though JSON knows
//! one kind of number only and some languages write them all like that.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What was read from an object, and only from an object.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        fields.values_mut().for_each(whole);
        serde_json::from_value(Value::Object(fields)).map(Self).map_err(D::Error::custom)
    }
}

/// From here on, not every whole number can be told from its neighbours.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes whole numbers as such. The parser has bounded how deep values lie in each other.
fn whole(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Number(number) => {
            let exact = number.as_f64().filter(|f| number.is_f64() && f.fract() == 0.0 && f.abs() < EXACT);
            if let Some(exact) = exact {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and within bounds")]
                let exact = exact as i64;
                *value = exact.into();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Sample {
        seconds: u32,
        list: Vec<i64>,
    }

    fn read(text: &str) -> Option<Sample> {
        serde_json::from_str::<Object<Sample>>(text).ok().map(|object| object.0)
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let expected = Sample { seconds: 600, list: vec![-1, 2] };
        assert_eq!(read(r#"{"seconds":600.0,"list":[-1.0,2e0]}"#), Some(expected));
        for wrong in [
            r#"{"seconds":600.5,"list":[]}"#,
            r#"{"seconds":1e300,"list":[]}"#,
            r#"{"seconds":-1.0,"list":[]}"#,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_is_no_object() {
        assert_eq!(read("[600,[]]"), None);
    }
}
