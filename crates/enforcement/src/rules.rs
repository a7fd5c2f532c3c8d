//! Which rules stay, go and come when a table is laid anew. Pure; `relay` writes the steps.
//!
//! A rule that is wanted as it stands stays: `nft monitor` (1.0.6 to at least 1.1.6) forgets each set that a deleted rule
//! looked into, though the set is still there, and tells nothing of its elements from then on.

use std::collections::BTreeMap;

use crate::expression;
use crate::frame::Rule;
use crate::wire::{self, Attributes};

/// A rule as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) handle: u64,
    pub(crate) expressions: Vec<u8>,
}

/// The rules of each chain, in order.
pub(crate) type Chains = BTreeMap<String, Vec<Standing>>;

/// What is to be done with rules.
#[derive(Debug, Default)]
pub(crate) struct Exchange<'a> {
    /// Chain and handle of each that goes.
    pub(crate) gone: Vec<(&'a str, u64)>,
    /// Those that come, in order, each with the rule that it must stand before; at the end of its chain if there is none.
    pub(crate) new: Vec<(&'a Rule, Option<u64>)>,
}

/// From the rules as they stand to those that are wanted. A rule that looks into a set of which `replaced` is true cannot
/// stay.
pub(crate) fn exchange<'a>(
    wanted: &'a [Rule],
    standing: &'a Chains,
    replaced: impl Fn(&str) -> bool,
) -> Exchange<'a> {
    let mut exchange = Exchange::default();
    let mut wanted = by_chain(wanted);
    for (chain, standing) in standing {
        let wanted = wanted.remove(chain.as_str()).unwrap_or_default();
        let kept = kept(&wanted, standing, &replaced);
        let gone = standing.iter().map(|rule| rule.handle).filter(|handle| !kept.contains(&Some(*handle)));
        exchange.gone.extend(gone.map(|handle| (chain.as_str(), handle)));
        for (place, rule) in wanted.iter().enumerate().filter(|(place, _)| kept[*place].is_none()) {
            exchange.new.push((rule, kept[place..].iter().flatten().next().copied()));
        }
    }
    exchange.new.extend(wanted.into_values().flatten().map(|rule| (rule, None)));
    exchange
}

/// Whether all rules stand as they are wanted, and no others.
pub(crate) fn match_exactly(wanted: &[Rule], standing: &Chains) -> bool {
    let wanted = by_chain(wanted);
    wanted.len() == standing.len()
        && standing.iter().all(|(chain, standing)| {
            wanted.get(chain.as_str()).is_some_and(|wanted| {
                wanted.len() == standing.len()
                    && wanted.iter().zip(standing).all(|(wanted, standing)| is_as_wanted(wanted, standing))
            })
        })
}

/// Whether these rules, and no others, stand in a chain.
pub(crate) fn stand(wanted: &[Rule], standing: &[Standing]) -> bool {
    wanted.len() == standing.len()
        && wanted.iter().zip(standing).all(|(wanted, standing)| is_as_wanted(wanted, standing))
}

fn by_chain(rules: &[Rule]) -> BTreeMap<&str, Vec<&Rule>> {
    let mut chains: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        chains.entry(&rule.chain).or_default().push(rule);
    }
    chains
}

/// For each wanted rule, the handle of the one that stands and can stay, in order.
fn kept(wanted: &[&Rule], standing: &[Standing], replaced: &impl Fn(&str) -> bool) -> Vec<Option<u64>> {
    let mut rest = standing;
    wanted
        .iter()
        .map(|rule| {
            let place = rest.iter().position(|standing| is_as_wanted(rule, standing))?;
            if expression::set_of(&rule.expressions).is_some_and(replaced) {
                return None;
            }
            let handle = rest[place].handle;
            rest = &rest[place + 1..];
            Some(handle)
        })
        .collect()
}

/// Whether the kernel shows the expressions that we would send, each with at least our attributes.
fn is_as_wanted(wanted: &Rule, standing: &Standing) -> bool {
    let mut wanted = Attributes { rest: &wanted.expressions };
    let mut shown = Attributes { rest: &standing.expressions };
    loop {
        match (wanted.next(), shown.next()) {
            (None, None) => return true,
            (Some((_, wanted)), Some((_, shown))) if wire::contains(wanted, shown) => (),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Wire;

    fn rule(chain: &str, set: &str) -> Rule {
        let mut wire = Wire::default();
        expression::in_set(&mut wire, set);
        Rule { chain: chain.to_owned(), expressions: wire.bytes().to_vec(), comment: String::new() }
    }

    fn standing(chains: &[(&str, &[&str])]) -> Chains {
        let mut handle = 0;
        let mut stand = |set: &&str| {
            handle += 1;
            Standing { handle, expressions: rule("", set).expressions }
        };
        chains
            .iter()
            .map(|(chain, sets)| ((*chain).to_owned(), sets.iter().map(&mut stand).collect()))
            .collect()
    }

    fn shown(wanted: &[&str], standing: &Chains, replaced: &str) -> (Vec<u64>, Vec<(String, Option<u64>)>) {
        let wanted: Vec<Rule> = wanted.iter().map(|set| rule("base", set)).collect();
        let exchange = exchange(&wanted, standing, |set| set == replaced);
        let name = |rule: &Rule| expression::set_of(&rule.expressions).unwrap().to_owned();
        (
            exchange.gone.iter().map(|(_, handle)| *handle).collect(),
            exchange.new.iter().map(|(rule, before)| (name(rule), *before)).collect(),
        )
    }

    #[test]
    fn what_is_wanted_as_it_stands_stays() {
        let standing = standing(&[("base", &["a", "b", "c", "d"]), ("other", &["x"])]);
        let new = |set: &str, before| (set.to_owned(), before);
        assert_eq!(shown(&["a", "b", "c", "d"], &standing, ""), (vec![5], vec![]));
        assert_eq!(
            shown(&["a", "e", "f", "c", "g"], &standing, ""),
            (vec![2, 4, 5], vec![new("e", Some(3)), new("f", Some(3)), new("g", None)])
        );
        assert_eq!(shown(&["a", "b", "c", "d"], &standing, "b"), (vec![2, 5], vec![new("b", Some(3))]));
        assert_eq!(shown(&["b", "a"], &standing, ""), (vec![1, 3, 4, 5], vec![new("a", None)]));
        assert_eq!(shown(&["a"], &Chains::new(), ""), (vec![], vec![new("a", None)]));
    }
}
