//! What a change did to the settings file, for the journal.

use event::limit::DIFFERENCE_BYTES;
use similar::TextDiff;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 2;

/// A unified diff from `before` to `after`, without file names; cut at a line's end past `limit::DIFFERENCE_BYTES`, which it says.
pub fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after).unified_diff().context_radius(CONTEXT).to_string();
    if diff.len() <= DIFFERENCE_BYTES {
        return diff;
    }
    let kept =
        diff.as_bytes()[..DIFFERENCE_BYTES].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    format!("{}… the rest of this difference is not kept\n", &diff[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changed_lines_are_shown() {
        let told = difference("a = 1\nb = 2\n", "a = 1\nb = 3\n");
        assert!(told.contains("\n-b = 2\n+b = 3\n"), "{told}");
        assert_eq!(difference("a\n", "a\n"), "");
    }

    #[test]
    fn a_long_one_is_cut_at_a_line() {
        let after: String = (0..DIFFERENCE_BYTES).map(|number| format!("ключ{number} = 1\n")).collect();
        let told = difference("", &after);
        assert!(told.len() < DIFFERENCE_BYTES + 100 && told.ends_with("is not kept\n"));
    }
}
