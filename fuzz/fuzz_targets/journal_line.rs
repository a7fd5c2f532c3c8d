//! Any bytes as a line of `journalctl --output=json`: what is read of it is what a plain JSON parser reads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use source::fuzzing::journal_line;

fuzz_target!(|line: &[u8]| {
    let Some(read) = journal_line(line) else { return };
    let Ok(Value::Object(plain)) = serde_json::from_slice(line) else {
        panic!("read as an entry, and is no JSON object");
    };
    let text = |field: &str| plain.get(field).and_then(Value::as_str);
    if let Some(message) = text("MESSAGE") {
        assert_eq!(read.message.as_deref(), Some(message.as_bytes()));
    }
    if let Some(cursor) = text("__CURSOR") {
        assert_eq!(read.cursor.as_deref(), Some(cursor));
    }
    if let Some(Value::Array(bytes)) = plain.get("MESSAGE")
        && let Some(bytes) = bytes.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>()
    {
        let message = read.message.expect("a list of bytes is a message");
        assert!(message.iter().copied().map(u64::from).eq(bytes));
    }
});
