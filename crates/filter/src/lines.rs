//! The lines of a block. It refuses to know what stands in them.

use memchr::memchr;

/// The lines of `block`, each with its newline; the last may have none.
pub fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        let end = match memchr(b'\n', rest) {
            Some(at) => at + 1,
            None if rest.is_empty() => return None,
            None => rest.len(),
        };
        let (line, behind) = rest.split_at(end);
        rest = behind;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_line_has_its_newline_but_for_the_last() {
        let lines = |text: &'static str| super::lines(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(lines("a\n\nbc"), [&b"a\n"[..], b"\n", b"bc"]);
        assert_eq!(lines("a\n"), [b"a\n"]);
        assert!(lines("").is_empty());
    }
}
