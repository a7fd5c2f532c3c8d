//! A unified diff, line by line, so that a page can mark what came and what went by more than a colour.

/// The difference of two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its lines, without the heads of the files.
    pub lines: Vec<Line>,
    /// Lines that came.
    pub added: usize,
    /// Lines that went.
    pub removed: usize,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It came.
    Added(String),
    /// It went.
    Removed(String),
    /// It stayed.
    Same(String),
    /// Lines in between are left out.
    Gap,
}

impl Difference {
    /// The difference in a text, or `None` if it is no diff: a sentence.
    pub fn of_text(text: &str) -> Option<Self> {
        if !text.lines().any(|line| line.starts_with("@@ ")) {
            return None;
        }
        let mut lines = Vec::new();
        // Until the first hunk, `---` and `+++` name the files; behind it, they are lines that begin with dashes.
        let mut in_hunk = false;
        for line in text.lines() {
            if line.starts_with("@@ ") {
                if in_hunk {
                    lines.push(Line::Gap);
                }
                in_hunk = true;
            } else if in_hunk {
                lines.push(Line::of_text(line));
            }
        }
        let added = lines.iter().filter(|line| matches!(line, Line::Added(_))).count();
        let removed = lines.iter().filter(|line| matches!(line, Line::Removed(_))).count();
        Some(Self { lines, added, removed })
    }
}

impl Line {
    fn of_text(line: &str) -> Self {
        match (line.chars().next(), line.get(1..)) {
            (Some('+'), Some(rest)) => Self::Added(rest.to_owned()),
            (Some('-'), Some(rest)) => Self::Removed(rest.to_owned()),
            (Some(' '), Some(rest)) => Self::Same(rest.to_owned()),
            _ => Self::Same(line.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_and_heads_left_out() {
        let text = "--- before\n+++ after\n@@ -1,3 +1,3 @@\n [defaults]\n-max_retry = 10\n+max_retry = 5\n@@ -9 +9 @@\n--- dashes\n";
        let difference = Difference::of_text(text).unwrap();
        assert_eq!(
            difference.lines,
            [
                Line::Same("[defaults]".to_owned()),
                Line::Removed("max_retry = 10".to_owned()),
                Line::Added("max_retry = 5".to_owned()),
                Line::Gap,
                Line::Removed("-- dashes".to_owned()),
            ]
        );
        assert_eq!((difference.added, difference.removed), (1, 2));
    }

    #[test]
    fn a_sentence_is_no_difference() {
        assert_eq!(Difference::of_text("probing\n- and more"), None);
        assert_eq!(Difference::of_text(""), None);
    }

    #[test]
    fn a_cut_difference_and_letters_of_several_bytes_do_no_harm() {
        let difference = Difference::of_text("@@ -1 +1 @@\n+ключ = 1\nё…\n\n").unwrap();
        assert_eq!(difference.lines[0], Line::Added("ключ = 1".to_owned()));
        assert_eq!(difference.lines.len(), 3);
    }
}
