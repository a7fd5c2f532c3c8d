//! A LAPI's answer, `{"new":[…],"deleted":[…]}`, read while it arrives: of each decision only what is needed is kept, whatever the length of
//! the answer. Takes bans of addresses and subnets; what else there is, is counted.

use std::fmt;
use std::io::{self, Read};

use event::limit::FETCHED_TEXT_BYTES;
use event::{Moment, Subject};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use crate::entry::Entry;
use crate::held::Held;
use crate::{duration, fence};

/// What an answer says.
#[derive(Debug, Default)]
pub struct Answer {
    /// Decisions that hold.
    pub new: Vec<Entry>,
    /// Of those held, who is so no more.
    pub deleted: Vec<Subject>,
    /// Decisions of the first kind that were left out.
    pub left_out: u64,
}

/// How an answer is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// What was said so far; `None` if the answer is to say everything, in which case nothing can be deleted.
    pub held: Option<&'a Held>,
    /// At most so many decisions are taken.
    pub most: usize,
    /// When it was asked for.
    pub now: Moment,
}

impl Reading<'_> {
    /// Reads to the end. An answer that is cut off is an error.
    pub fn read(self, body: impl Read) -> serde_json::Result<Answer> {
        let body = io::BufReader::with_capacity(64 * 1024, BoundedTexts { body, since_quote: 0 });
        let mut reader = serde_json::Deserializer::from_reader(body);
        let answer = self.deserialize(&mut reader)?;
        reader.end()?;
        Ok(answer)
    }

    /// `None` if it is no ban of an address.
    fn told(&self, written: &Written) -> Option<Entry> {
        let is_wanted =
            written.kind.0.is_some() && written.scope.0.is_some() && written.simulated.0.is_none();
        let subject = written.value.0.filter(|_| is_wanted).filter(fence::is_fit)?;
        let left = written.duration.0?.0;
        let until = Moment::from_millis(self.now.millis().saturating_add(left));
        Some(Entry { subject, until })
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Answer;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Answer, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with 'new' and 'deleted'")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer, A::Error> {
        let (mut answer, mut is_answer) = (Answer::default(), false);
        while let Some(Word(name)) = map.next_key::<Word<List>>()? {
            match name {
                Some(list) => {
                    is_answer = true;
                    map.next_value_seed(Decisions { reading: self, list, answer: &mut answer })?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if is_answer { Ok(answer) } else { Err(A::Error::missing_field("new")) }
    }
}

/// The two lists of an answer.
#[derive(Clone, Copy, Debug)]
enum List {
    New,
    Deleted,
}

/// Reads one list into the answer.
struct Decisions<'a> {
    reading: Reading<'a>,
    list: List,
    answer: &'a mut Answer,
}

impl<'de> DeserializeSeed<'de> for Decisions<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        // CrowdSec up to 1.4 writes `null` for an empty list.
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Decisions<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of decisions")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { reading, list: which, answer } = self;
        while let Some(written) = list.next_element::<Written>()? {
            let told = reading.told(&written);
            match which {
                List::New => match told.filter(|_| answer.new.len() < reading.most) {
                    Some(told) => answer.new.push(told),
                    None => answer.left_out += 1,
                },
                // What is not held cannot go, so these are no more than there are decisions.
                List::Deleted => answer.deleted.extend(
                    told.map(|told| told.subject)
                        .filter(|subject| reading.held.is_some_and(|held| held.holds(subject))),
                ),
            }
        }
        Ok(())
    }
}

/// A decision, as far as it matters.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    #[serde(rename = "type")]
    kind: Word<Ban>,
    scope: Word<Address>,
    value: Word<Subject>,
    duration: Word<Millis>,
    simulated: Word<Simulated>,
}

/// A value that is understood, or is not; without a copy of its text.
struct Word<T>(Option<T>);

impl<T> Default for Word<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// How a value is understood.
trait Meaning: Sized {
    fn of_text(text: &str) -> Option<Self>;

    fn of_truth(_: bool) -> Option<Self> {
        None
    }
}

/// `ban`.
struct Ban;

/// `Ip` or `Range`.
struct Address;

/// Decided only to see what would be.
struct Simulated;

/// A duration.
#[derive(Clone, Copy)]
struct Millis(i64);

impl Meaning for List {
    fn of_text(text: &str) -> Option<Self> {
        match text {
            "new" => Some(Self::New),
            "deleted" => Some(Self::Deleted),
            _ => None,
        }
    }
}

impl Meaning for Ban {
    fn of_text(text: &str) -> Option<Self> {
        text.eq_ignore_ascii_case("ban").then_some(Self)
    }
}

impl Meaning for Address {
    fn of_text(text: &str) -> Option<Self> {
        (text.eq_ignore_ascii_case("ip") || text.eq_ignore_ascii_case("range")).then_some(Self)
    }
}

impl Meaning for Subject {
    fn of_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Meaning for Simulated {
    fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_truth(truth: bool) -> Option<Self> {
        truth.then_some(Self)
    }
}

impl Meaning for Millis {
    fn of_text(text: &str) -> Option<Self> {
        duration::millis(text).map(Self)
    }
}

impl<'de, T: Meaning> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(WordVisitor(std::marker::PhantomData)).map(Self)
    }
}

struct WordVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Meaning> Visitor<'de> for WordVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        Ok(T::of_text(text))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Option<T>, E> {
        Ok(T::of_truth(truth))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Refuses a text that is longer than any is in earnest: the reader of JSON would hold it as a whole.
struct BoundedTexts<R> {
    body: R,
    since_quote: usize,
}

impl<R: Read> Read for BoundedTexts<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        let bytes = &buffer[..count];
        let mut pieces = bytes.split(|byte| *byte == b'"');
        let first = pieces.next().map_or(0, <[u8]>::len);
        let mut longest = self.since_quote + first;
        self.since_quote += first;
        for piece in pieces {
            longest = longest.max(piece.len());
            self.since_quote = piece.len();
        }
        if longest > FETCHED_TEXT_BYTES {
            let text = format!("a text of more than {FETCHED_TEXT_BYTES} bytes in it");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_seconds(1000);

    fn read(text: &str, held: Option<&Held>, most: usize) -> serde_json::Result<Answer> {
        Reading { held, most, now: NOW }.read(text.as_bytes())
    }

    fn short(told: &[Entry]) -> Vec<String> {
        told.iter().map(|one| format!("{} {}", one.subject, one.until.millis())).collect()
    }

    #[test]
    fn bans_of_addresses_are_taken_and_others_counted() {
        let text = r#"{"deleted":null,"unheard":{"of":[1,"}"]},"new":[
            {"duration":"59m59.5s","id":2,"origin":"cscli","scenario":"manual","scope":"Range","type":"ban","value":"198.51.100.0/24"},
            {"duration":"4h","id":3,"scope":"ip","type":"BAN","value":"2001:db8::1","uuid":null,"until":"2026"},
            {"duration":"4h","scope":"Ip","type":"ban","value":"192.0.2.1","simulated":false,"scenario":{"a":[2]}},
            {"duration":"4h","id":4,"scope":"Ip","type":"captcha","value":"192.0.2.2"},
            {"duration":"4h","id":5,"scope":"Country","type":"ban","value":"AQ"},
            {"duration":"4h","id":6,"scope":"AS","type":"ban","value":"64496"},
            {"duration":"soon","id":7,"scope":"Ip","type":"ban","value":"192.0.2.3"},
            {"duration":"4h","id":8,"scope":"Ip","type":"ban","value":"somebody"},
            {"duration":"4h","id":9,"scope":"Range","type":"ban","value":"0.0.0.0/0"},
            {"duration":"4h","id":10,"scope":"Ip","type":"ban","value":"192.0.2.4","simulated":true},
            {"id":11,"scope":"Ip","type":"ban","value":"192.0.2.5"},
            {"duration":"4h","id":12,"scope":"Ip","value":"192.0.2.5"},
            {}]}"#;
        let answer = read(text, None, 100).unwrap();
        assert_eq!(
            short(&answer.new),
            ["198.51.100.0/24 4599500", "2001:db8::1 15400000", "192.0.2.1 15400000"]
        );
        assert_eq!((answer.left_out, answer.deleted.len()), (10, 0));
        let answer = read(text, None, 1).unwrap();
        assert_eq!((answer.new.len(), answer.left_out), (1, 12));
    }

    #[test]
    fn only_who_is_held_can_go() {
        let mut held = Held::default();
        let known = Entry { subject: "192.0.2.1".parse().unwrap(), until: Moment::from_seconds(2000) };
        held.replace(&[known], 10, NOW);
        let text = r#"{"new":[],"deleted":[
            {"duration":"-13.900208ms","id":1,"scope":"Ip","type":"ban","value":"192.0.2.1"},
            {"duration":"-1s","id":1,"scope":"Ip","type":"captcha","value":"192.0.2.1"},
            {"duration":"-1s","id":2,"scope":"Ip","type":"ban","value":"192.0.2.2"}]}"#;
        assert_eq!(read(text, Some(&held), 10).unwrap().deleted, [known.subject]);
        assert!(read(text, None, 10).unwrap().deleted.is_empty());
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let endless = format!(r#"{{"new":[{{"value":"{}"}}]}}"#, "x".repeat(FETCHED_TEXT_BYTES + 1));
        let deep = format!("{{\"new\":{}", "[".repeat(100_000));
        for text in [
            "",
            "<html>",
            "[]",
            "null",
            "{}",
            r#"{"message":"access forbidden"}"#,
            r#"{"new":["#,
            r#"{"new":[],"deleted":[]"#,
            r#"{"new":[{"id":1}"#,
            r#"{"new":{}}"#,
            r#"{"new":[1]}"#,
            r#"{"new":[]} and more"#,
            &endless,
            &deep,
        ] {
            assert!(read(text, None, 10).is_err(), "{}", &text[..text.len().min(60)]);
        }
    }

    proptest::proptest! {
        /// Whatever a LAPI says, also in the middle of what is right.
        #[test]
        fn any_answer_is_read(noise: Vec<u8>, at in 0_usize..200, value in "[0-9a-f.:/]{0,12}", duration in "-?[0-9.hms\u{b5}]{0,8}") {
            let mut text = format!(
                r#"{{"new":[{{"type":"ban","scope":"Ip","value":"{value}","duration":"{duration}"}}],"deleted":[]}}"#
            )
            .into_bytes();
            assert!(Reading { held: None, most: 1, now: NOW }.read(text.as_slice()).is_ok());
            text.splice(at.min(text.len()).., noise);
            let _ = Reading { held: None, most: 1, now: NOW }.read(text.as_slice());
        }
    }
}
