//! Where the whole lines of a buffer end. Costs a few jumps per buffer, whatever the number of lines in it.

use event::limit::LINE_BYTES;

/// What a buffer that starts at the start of a line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// This many bytes are whole lines, none of them longer than the bound.
    Whole(usize),
    /// A line longer than the bound, perhaps without its end.
    TooLong,
    /// The beginning of a line that is still within the bound.
    Partial,
}

/// Finds the longest run of whole lines. It jumps from bound to bound: if there is a `\n` within `LINE_BYTES` of a line's
/// start, then no line up to that `\n` is too long, however many there are.
pub(crate) fn run(text: &[u8]) -> Run {
    let mut start = 0;
    while start < text.len() {
        let window = &text[start..text.len().min(start + LINE_BYTES + 1)];
        match memchr::memrchr(b'\n', window) {
            Some(end) => start += end + 1,
            None if start == 0 && window.len() > LINE_BYTES => return Run::TooLong,
            None => break,
        }
    }
    if start == 0 { Run::Partial } else { Run::Whole(start) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_end_at_the_last_newline() {
        assert_eq!(run(b""), Run::Partial);
        assert_eq!(run(b"ab"), Run::Partial);
        assert_eq!(run(b"\n"), Run::Whole(1));
        assert_eq!(run(b"a\nb\nc"), Run::Whole(4));
    }

    #[test]
    fn a_line_of_exactly_the_bound_is_not_too_long() {
        let mut text = vec![b'x'; LINE_BYTES];
        assert_eq!(run(&text), Run::Partial);
        text.push(b'\n');
        assert_eq!(run(&text), Run::Whole(LINE_BYTES + 1));
        text.insert(0, b'x');
        assert_eq!(run(&text), Run::TooLong);
    }

    #[test]
    fn lines_before_a_long_one_come_first() {
        let mut text = b"a\nb\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 2 * LINE_BYTES));
        text.extend(b"\nc\n");
        assert_eq!(run(&text), Run::Whole(4));
        assert_eq!(run(&text[4..]), Run::TooLong);
    }

    #[test]
    fn many_short_lines_are_one_run() {
        let text = b"line\n".repeat(100_000);
        assert_eq!(run(&text), Run::Whole(text.len()));
    }
}
