//! The fields of a request, whether they come as JSON, as a form or in the query, read as leniently as MikoPBX reads them: numbers
//! may be texts, booleans may be `1`, `true` or `on`. What cannot be read is a flaw of that field; all flaws come together.

use std::ops::RangeInclusive;

use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Map, Value};

use crate::refusal::{Flaw, Refusal};

/// A message names this much of what is wrong.
const CITED_CHARACTERS: usize = 80;

/// What the client sent, and what was found to be wrong with it so far.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    flaws: Vec<Flaw>,
}

impl Fields {
    /// Those of the body.
    pub async fn of_body(request: Request) -> Result<Self, Refusal> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|cause| unread(cause.into_response().status()))?;
        match body.trim_ascii() {
            b"" => Ok(Self::default()),
            text if is_json || (!is_form && text.starts_with(b"{")) => Self::of_json(text),
            _ => Self::of_form(body).await,
        }
    }

    /// Those of the query.
    pub fn of_query(uri: &Uri) -> Result<Self, Refusal> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        pairs
            .map(|Query(pairs)| Self::of_pairs(pairs))
            .map_err(|cause| Refusal::flaw("query", cause.body_text()))
    }

    fn of_json(text: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(values)) => Ok(Self { values, flaws: Vec::new() }),
            // PHP writes an empty object like this.
            Ok(Value::Array(list)) if list.is_empty() => Ok(Self::default()),
            Ok(_) => Err(Refusal::flaw("body", "an object with the fields was expected".to_owned())),
            Err(cause) => Err(Refusal::flaw("body", format!("it is not JSON ({cause})"))),
        }
    }

    async fn of_form(body: Bytes) -> Result<Self, Refusal> {
        let request = Request::post("/").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request =
            request.body(Body::from(body)).map_err(|cause| Refusal::flaw("body", cause.to_string()))?;
        let pairs = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let Form(pairs) = pairs.map_err(|cause| Refusal::flaw("body", cause.body_text()))?;
        Ok(Self::of_pairs(pairs))
    }

    /// `currentRules[SIP]=true` is how PHP and jQuery write a table into a form.
    fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        let mut values = Map::new();
        for (name, value) in pairs {
            let inner = name.strip_suffix(']').and_then(|name| name.split_once('['));
            match inner {
                Some((table, key)) => {
                    let entry = values.entry(table).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(table) = entry {
                        table.insert(key.to_owned(), Value::String(value));
                    }
                }
                None => {
                    values.insert(name, Value::String(value));
                }
            }
        }
        Self { values, flaws: Vec::new() }
    }

    /// Whether the field was sent. Null is as if it was not.
    pub fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    /// A whole number, as one or as a text.
    pub fn integer(&mut self, field: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(field)?;
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let (first, last) = (*range.start(), *range.end());
        let expected = match last {
            i64::MAX => format!("a whole number from {first} up"),
            _ => format!("a whole number from {first} to {last}"),
        };
        let problem = match number {
            None => format!("{} is not a whole number; expected {expected}", cited(value)),
            Some(number) if number < first => format!("{number} is less than {first}; expected {expected}"),
            Some(number) if number > last => format!("{number} is more than {last}; expected {expected}"),
            Some(_) => return number,
        };
        self.refuse(field, problem);
        None
    }

    /// A boolean, in one of the ways in which MikoPBX's clients write it.
    pub fn boolean(&mut self, field: &str) -> Option<bool> {
        let value = self.value(field)?;
        let truth = truth_of(value);
        if truth.is_none() {
            let problem = format!("{} is not a boolean; expected true or false", cited(value));
            self.refuse(field, problem);
        }
        truth
    }

    /// A text of bounded length, without the spaces around it.
    pub fn text(&mut self, field: &str, characters: usize) -> Option<String> {
        self.bounded(field, characters).map(|text| text.trim().to_owned())
    }

    /// A text of bounded length, to the letter.
    pub fn secret(&mut self, field: &str, characters: usize) -> Option<String> {
        self.bounded(field, characters)
    }

    fn bounded(&mut self, field: &str, characters: usize) -> Option<String> {
        let text = match self.value(field)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => {
                let problem = format!("{} is not a text; expected one", cited(other));
                self.refuse(field, problem);
                return None;
            }
        };
        let length = text.chars().count();
        if length > characters {
            self.refuse(field, format!("it is {length} characters long; expected {characters} at most"));
            return None;
        }
        Some(text)
    }

    /// A table of names and values: an object, or an object as a text, as forms send it.
    pub fn table(&mut self, field: &str) -> Option<Map<String, Value>> {
        let table = match self.value(field)? {
            Value::Object(table) => Some(table.clone()),
            Value::Array(list) if list.is_empty() => Some(Map::new()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        };
        if table.is_none() {
            self.refuse(
                field,
                "it is not a table of names and booleans; expected e.g. {\"SIP\": true}".to_owned(),
            );
        }
        table
    }

    /// Notes a flaw.
    pub fn refuse(&mut self, field: &str, text: String) {
        self.flaws.push(Flaw { field: field.to_owned(), text });
    }

    /// All flaws, if there are any.
    pub fn judged(self) -> Result<(), Refusal> {
        if self.flaws.is_empty() { Ok(()) } else { Err(Refusal::Input(self.flaws)) }
    }

    fn value(&self, field: &str) -> Option<&Value> {
        self.values.get(field).filter(|value| !value.is_null())
    }
}

/// What a value says, if it says yes or no.
pub fn truth_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim() {
            "1" | "true" | "on" | "yes" | "allow" => Some(true),
            "" | "0" | "false" | "off" | "no" | "block" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A value as a message names it: its beginning, where it is long.
pub fn cited(value: &Value) -> String {
    let text = value.to_string();
    let mut start: String = text.chars().take(CITED_CHARACTERS).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

fn unread(status: StatusCode) -> Refusal {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::flaw("body", "it ended early; send it again".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        Fields::of_json(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn integers_come_in_many_ways() {
        let cases = [
            (json!(5), Some(5)),
            (json!("5"), Some(5)),
            (json!(" 7 "), Some(7)),
            (json!(0), None),
            (json!(101), None),
            (json!(5.5), None),
            (json!("five"), None),
            (json!(true), None),
            (json!([5]), None),
        ];
        for (value, expected) in cases {
            let mut fields = fields(&json!({ "maxretry": value }));
            assert_eq!(fields.integer("maxretry", 1..=100), expected, "{value}");
            assert_eq!(fields.judged().is_ok(), expected.is_some(), "{value}");
        }
    }

    #[test]
    fn nothing_and_null_are_no_flaw() {
        let mut fields = fields(&json!({ "a": null }));
        assert_eq!(fields.integer("a", 1..=2), None);
        assert_eq!(fields.boolean("b"), None);
        assert!(!fields.has("a") && fields.judged().is_ok());
    }

    #[test]
    fn booleans_come_in_many_ways() {
        for value in [json!(true), json!(1), json!("1"), json!("true"), json!("on"), json!("allow")] {
            assert_eq!(truth_of(&value), Some(true), "{value}");
        }
        for value in [json!(false), json!(0), json!("0"), json!("false"), json!(""), json!("block")] {
            assert_eq!(truth_of(&value), Some(false), "{value}");
        }
        for value in [json!(2), json!("maybe"), json!([]), json!({})] {
            assert_eq!(truth_of(&value), None, "{value}");
        }
    }

    #[test]
    fn tables_come_as_objects_as_texts_and_in_brackets() {
        let mut object = fields(&json!({ "currentRules": { "SIP": true } }));
        let mut text = fields(&json!({ "currentRules": "{\"SIP\": true}" }));
        let mut form = Fields::of_pairs(vec![("currentRules[SIP]".to_owned(), "true".to_owned())]);
        for fields in [&mut object, &mut text, &mut form] {
            let table = fields.table("currentRules").unwrap();
            assert_eq!(truth_of(&table["SIP"]), Some(true));
        }
        let mut wrong = fields(&json!({ "currentRules": "SIP" }));
        assert_eq!(wrong.table("currentRules"), None);
        assert!(wrong.judged().is_err());
    }

    #[test]
    fn a_text_is_bounded_in_characters_not_bytes() {
        let mut fields = fields(&json!({ "description": "сеть", "number": 12 }));
        assert_eq!(fields.text("description", 4).as_deref(), Some("сеть"));
        assert_eq!(fields.text("number", 4).as_deref(), Some("12"));
        assert_eq!(fields.text("description", 3), None);
        assert!(fields.judged().is_err());
    }

    #[test]
    fn what_is_no_object_is_a_flaw() {
        for text in ["{", "[1]", "5", "\"text\"", "null"] {
            assert!(Fields::of_json(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Fields::of_json(b"[]").is_ok());
    }
}
