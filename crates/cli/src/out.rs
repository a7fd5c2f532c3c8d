//! Standard output. Whoever reads it may have had enough, as `head` has after ten lines: that is no error, and nothing to
//! panic about, as the standard library's own macros do.

use std::fmt::Arguments;
use std::io::{BufWriter, Write, stdout};

/// Prints a line.
#[macro_export]
macro_rules! say {
    () => { $crate::out::line(format_args!("")) };
    ($($text:tt)*) => { $crate::out::line(format_args!($($text)*)) };
}

/// Prints text as it is.
pub fn text(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a line; see `say!`.
pub fn line(line: Arguments<'_>) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// One JSON value on a line.
pub fn json(value: &impl serde::Serialize) {
    let mut out = BufWriter::new(stdout().lock());
    let _ = serde_json::to_writer(&mut out, value).map(|()| writeln!(out).and_then(|()| out.flush()));
}

/// A sentence for people, or as JSON.
pub fn tell(message: &str, json: bool) {
    if json {
        self::json(&serde_json::json!({ "message": message }));
    } else {
        line(format_args!("{message}"));
    }
}
