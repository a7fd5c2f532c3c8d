//! Which literal texts every match of a pattern must contain: what the prefilter looks for.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter literals stand in too many lines to be worth looking for.
const BYTES_MIN: usize = 3;
/// More alternatives than this make the prefilter slower than they spare.
const ALTERNATIVES_MAX: usize = 24;

/// What begins a literal stands wherever the literal does. More of it is hardly rarer, and the automaton takes the square
/// of its length to build where it repeats itself.
const BYTES_MAX: usize = 64;

/// A few literals of which every match contains at least one.
pub type Set = Vec<Vec<u8>>;

/// The best set of literals of which every match contains at least one; `None` if there is no good one.
pub fn required(hir: &Hir) -> Option<Set> {
    let mut best: Option<Set> = None;
    visit(hir, &mut |set| {
        if best.as_ref().is_none_or(|best| worth(&set) > worth(best)) {
            best = Some(set);
        }
    });
    best
}

/// Sets of which every match contains one literal each, the best first, at most so many. Left out is a set that says no more than a
/// better one.
pub fn all_required(hir: &Hir, most: usize) -> Vec<Set> {
    let mut offered = Vec::new();
    visit(hir, &mut |set| offered.push(set));
    // The first of equals stays the first, so that the best is that of `required`.
    offered.sort_by_key(|set| std::cmp::Reverse(worth(set)));
    let mut kept: Vec<Set> = Vec::new();
    for set in offered {
        let says_less = |better: &Set| {
            better.iter().all(|long| set.iter().any(|short| memchr::memmem::find(long, short).is_some()))
        };
        if kept.len() < most && !kept.iter().any(says_less) {
            kept.push(set);
        }
    }
    kept
}

fn visit(hir: &Hir, best: &mut dyn FnMut(Set)) {
    match hir.kind() {
        HirKind::Literal(literal) => offer(vec![literal.0.to_vec()], best),
        HirKind::Capture(capture) => visit(&capture.sub, best),
        HirKind::Repetition(repetition) if repetition.min > 0 => visit(&repetition.sub, best),
        HirKind::Concat(parts) => visit_sequence(parts, best),
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

/// Neighbours that can each only be one of a few texts make longer texts together.
fn visit_sequence(parts: &[Hir], best: &mut dyn FnMut(Set)) {
    let mut run: Vec<Vec<u8>> = Vec::new();
    for part in parts {
        visit(part, best);
        let texts = exact(part).unwrap_or_default();
        let joined = run.len() * texts.len();
        if (1..=ALTERNATIVES_MAX).contains(&joined) {
            run = run
                .iter()
                .flat_map(|head| texts.iter().map(move |tail| [&head[..], tail].concat()))
                .collect();
        } else {
            offer(std::mem::replace(&mut run, texts), best);
        }
    }
    offer(run, best);
}

/// All texts that `hir` can match, if they are few.
fn exact(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let texts = match hir.kind() {
        HirKind::Literal(literal) => vec![literal.0.to_vec()],
        HirKind::Capture(capture) => exact(&capture.sub)?,
        HirKind::Class(Class::Bytes(class)) if class.ranges().len() <= ALTERNATIVES_MAX => {
            let bytes = class.iter().flat_map(|range| range.start()..=range.end());
            bytes.take(ALTERNATIVES_MAX + 1).map(|byte| vec![byte]).collect()
        }
        HirKind::Concat(parts) => parts.iter().try_fold(vec![Vec::new()], |heads: Vec<Vec<u8>>, part| {
            let tails = exact(part)?;
            if heads.len() * tails.len() > ALTERNATIVES_MAX {
                return None;
            }
            Some(
                heads
                    .iter()
                    .flat_map(|head| tails.iter().map(move |tail| [&head[..], tail].concat()))
                    .collect(),
            )
        })?,
        HirKind::Alternation(branches) => branches.iter().map(exact).collect::<Option<Vec<_>>>()?.concat(),
        _ => return None,
    };
    (texts.len() <= ALTERNATIVES_MAX).then_some(texts)
}

fn offer(mut set: Set, best: &mut dyn FnMut(Set)) {
    set.iter_mut().for_each(|literal| literal.truncate(BYTES_MAX));
    set.sort();
    set.dedup();
    let usable =
        (1..=ALTERNATIVES_MAX).contains(&set.len()) && set.iter().all(|literal| literal.len() >= BYTES_MIN);
    if usable {
        best(set);
    }
}

/// A long literal is rare, letters and digits more so than the punctuation that stands in every line; few alternatives
/// are quicker to look for than many.
fn worth(set: &[Vec<u8>]) -> i64 {
    let rarity = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() => 4,
        b' ' | b'"' | b'[' | b']' | b':' | b',' | b'(' | b')' => 1,
        b'.' | b'/' | b'-' | b'=' | b'\'' => 2,
        _ => 3,
    };
    let rarities = set.iter().map(|literal| literal.iter().take(32).map(rarity).sum::<i64>());
    rarities.min().unwrap_or(0) - i64::from(set.len().max(1).ilog2())
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
        assert_eq!(of("^(?:wrong|broken) (\\w+)$"), Some(vec!["broken ".to_owned(), "wrong ".to_owned()]));
        assert_eq!(of("^\\d+ab.*$"), None);
        assert_eq!(
            of("^\\d+ (?:h(?:g/hgrc|tpasswd)|npmrc)$"),
            Some([" hg/hgrc", " htpasswd", " npmrc"].map(str::to_owned).into())
        );
        assert_eq!(of("^.*%2[eE]%.*$"), Some(vec!["%2E%".to_owned(), "%2e%".to_owned()]));
    }

    #[test]
    fn a_long_literal_is_known_by_its_beginning() {
        let long = "<a ".repeat(20_000);
        assert_eq!(of(&format!("^{long}$")), Some(vec![long[..64].to_owned()]));
        assert_eq!(of(&format!("^(?:{long}x|{long}y)$")), Some(vec![long[..64].to_owned()]));
    }
}
