//! The known word that a mistyped one is nearest to. It refuses to guess where too many letters differ.

/// The nearest of `known`, if no more than a third of the letters differ.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > 64 {
        return None;
    }
    let best = known.iter().map(|known| (distance(word, known), *known)).min()?;
    (best.0 * 3 <= word.chars().count()).then_some(best.1)
}

/// How many letters must be put in, taken out or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(corner + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_seen_and_other_words_are_not() {
        let known = ["bantime", "findtime", "maxretry"];
        assert_eq!(nearest("bantme", &known), Some("bantime"));
        assert_eq!(nearest("max_retry", &known), Some("maxretry"));
        assert_eq!(nearest("colour", &known), None);
    }
}
