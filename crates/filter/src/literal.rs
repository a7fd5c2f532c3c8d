//! Which literal texts every match of a pattern must contain: what the prefilter looks for.

use regex_syntax::hir::{Hir, HirKind};

/// Shorter literals stand in too many lines to be worth looking for.
const BYTES_MIN: usize = 3;
/// More alternatives than this make the prefilter slower than they spare.
const ALTERNATIVES_MAX: usize = 24;

/// The best set of literals of which every match contains at least one; `None` if there is no good one.
pub fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut best: Option<Vec<Vec<u8>>> = None;
    visit(hir, &mut best);
    best
}

fn visit(hir: &Hir, best: &mut Option<Vec<Vec<u8>>>) {
    match hir.kind() {
        HirKind::Literal(literal) => offer(vec![literal.0.to_vec()], best),
        HirKind::Capture(capture) => visit(&capture.sub, best),
        HirKind::Repetition(repetition) if repetition.min > 0 => visit(&repetition.sub, best),
        HirKind::Concat(parts) => parts.iter().for_each(|part| visit(part, best)),
        HirKind::Alternation(branches) => {
            // One set from each branch: a match goes through one of them.
            let sets: Option<Vec<_>> = branches.iter().map(required).collect();
            if let Some(sets) = sets {
                offer(sets.concat(), best);
            }
        }
        _ => {}
    }
}

fn offer(mut set: Vec<Vec<u8>>, best: &mut Option<Vec<Vec<u8>>>) {
    set.sort();
    set.dedup();
    let usable = set.len() <= ALTERNATIVES_MAX && set.iter().all(|literal| literal.len() >= BYTES_MIN);
    if usable && best.as_ref().is_none_or(|best| worth(&set) > worth(best)) {
        *best = Some(set);
    }
}

/// A long literal is rare, and few alternatives are quick to look for.
fn worth(set: &[Vec<u8>]) -> i64 {
    let shortest = set.iter().map(Vec::len).min().unwrap_or(0).min(32);
    4 * i64::try_from(shortest).unwrap_or(0) - 3 * i64::from(set.len().ilog2())
}

#[cfg(test)]
mod tests {
    fn of(pattern: &str) -> Option<Vec<String>> {
        let hir = crate::pattern::parse(pattern).unwrap();
        let set = super::required(&hir)?;
        Some(set.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect())
    }

    #[test]
    fn the_longest_text_that_every_match_has() {
        assert_eq!(of("^ab (?:longer text )?then \\d+$"), Some(vec!["then ".to_owned()]));
        assert_eq!(of("^(?:wrong|broken) (\\w+)$"), Some(vec!["broken".to_owned(), "wrong".to_owned()]));
        assert_eq!(of("^\\d+ab.*$"), None);
    }
}
