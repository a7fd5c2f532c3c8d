//! Which known key a mistyped one was meant to be.

/// What administrators who come from fail2ban write, and what it is called here.
const FAMILIAR: &[(&str, &str)] = &[
    ("ignoreip", "addresses in [whitelist]"),
    ("ignoreself", "own_addresses in [whitelist]"),
    ("logpath", "logs"),
    ("journalmatch", "journal"),
    ("maxretry", "max_retry"),
    ("findtime", "find_time"),
    ("bantime", "ban_time"),
    ("loglevel", "level in [log]"),
    ("DEFAULT", "defaults"),
];

/// What to write instead of `key`, ready to stand behind the complaint.
pub(crate) fn advice(key: &str, known: &[&str]) -> String {
    if let Some((_, ours)) = FAMILIAR.iter().find(|(theirs, _)| *theirs == key) {
        return format!("here it is {ours}");
    }
    match nearest(key, known) {
        Some(near) => format!("did you mean '{near}'"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// The known word that is the fewest edits away, if those are few enough to be a slip.
pub(crate) fn nearest<'known>(word: &str, known: &[&'known str]) -> Option<&'known str> {
    let word = word.to_lowercase();
    let allowed = |known: &str| (known.len().max(word.len()) / 3).max(1);
    known
        .iter()
        .map(|known| (distance(&word, known), *known))
        .filter(|(distance, known)| *distance <= allowed(known))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    // Longer than any key: not a slip, and not worth the square of its length.
    const LONGEST: usize = 64;
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len() > LONGEST || to.len() > LONGEST {
        return usize::MAX;
    }
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let replaced = last[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_few_edits() {
        for (from, to, edits) in
            [("", "abc", 3), ("find_time", "fnid_time", 1), ("ports", "port", 1), ("a", "a", 0)]
        {
            assert_eq!(distance(from, to), edits, "{from} {to}");
        }
    }

    #[test]
    fn only_a_slip_has_a_nearest_word() {
        let known = ["max_retry", "find_time", "ban_time"];
        assert_eq!(nearest("max_retires", &known), Some("max_retry"));
        assert_eq!(nearest("BAN_TIME", &known), Some("ban_time"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"x".repeat(1000), &known), None);
    }
}
