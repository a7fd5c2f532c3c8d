//! An entry of a stream as Redis gives it: fields of bytes, whatever they are. The library's own reading of streams fails as a whole for
//! one field name that is no text; here such a field is one that nobody asks for.

use redis::{Value, from_redis_value};

use crate::share::position::EntryId;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: EntryId,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// The value of the first field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(field, _)| field == name.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

/// The entries in a list of them. One without a number is left out; one without fields was taken out and has none.
pub(crate) fn entries_in(list: Value) -> Vec<Entry> {
    let Value::Array(list) = list else { return Vec::new() };
    list.into_iter().filter_map(entry_in).collect()
}

fn entry_in(value: Value) -> Option<Entry> {
    let Value::Array(parts) = value else { return None };
    let mut parts = parts.into_iter();
    let id: String = from_redis_value(parts.next()?).ok()?;
    let fields = match parts.next()? {
        Value::Array(flat) => {
            let texts: Vec<Vec<u8>> =
                flat.into_iter().map(|text| from_redis_value(text).unwrap_or_default()).collect();
            texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
        }
        _ => Vec::new(),
    };
    Some(Entry { id: id.parse().ok()?, fields })
}
