//! Texts taken apart into words: as a shell does it, and at commas and white space. It refuses to expand anything.

/// The words of a line as a shell reads it: quotes and backslashes count, variables and patterns do not. What an open quote holds is
/// one word up to the end.
pub fn shell(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') => {
                let next = letters.next().unwrap_or('\\');
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\') {
                    word.push('\\');
                }
                word.push(next);
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(letters.next()),
            (None, c) if c.is_whitespace() => found.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    found
}

/// The words between commas, spaces and line ends.
pub fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\n']).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(shell("_UNIT=a.service + _COMM=b"), ["_UNIT=a.service", "+", "_COMM=b"]);
        assert_eq!(shell(r#""a b"'c d' e\ f "" "\"\x""#), ["a bc d", "e f", "", r#""\x"#]);
        assert_eq!(shell("'open end"), ["open end"]);
    }

    #[test]
    fn lists_are_split_at_commas_and_spaces() {
        assert_eq!(listed(" a, b\nc,,d ").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }
}
