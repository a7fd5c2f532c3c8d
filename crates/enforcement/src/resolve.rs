//! From changes to wishes about single clients, and from these to steps that fit what the kernel holds. The kernel's map
//! for bans on all ports has one value for a key: of several jails' bans on one client, the longest stands there, and the
//! others wait in `seconds`.

use std::collections::{HashMap, HashSet};

use event::Moment;

use crate::difference::Step;
use crate::elements;
use crate::error::EnforcementError;
use crate::layout::{Applied, Change};
use crate::lifetime::{lasting, until};
use crate::nftables::Nftables;
use crate::plan::{Kind, Record, counter_owner, key_of};

/// What one owner wants of one client: banned until then, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) set: u32,
    pub(crate) key: u64,
    pub(crate) owner: u16,
    pub(crate) until: Option<Moment>,
}

/// A ban as the kernel has it: the owner, where the set tells, and the end.
type Held = Option<(Option<u16>, Moment)>;
type Seconds = HashMap<(u16, u64), Vec<(u16, Moment)>>;

impl Nftables {
    /// Takes changes of subnets into `nets`, and returns those of single clients as wishes.
    pub(crate) fn take_changes(
        &mut self,
        changes: &[Change],
        now: Moment,
        applied: &mut Applied,
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for change in changes {
            let (jail, scope, subject, until) = match change {
                Change::Add(e) => {
                    (&e.jail, e.scope, &e.subject, (e.until > now).then_some(lasting(e.until, now)))
                }
                Change::Remove { jail, scope, subject } => (jail, *scope, subject, None),
            };
            let Some(place) = self.plan.place(jail, scope, subject) else {
                applied.unguarded += u64::from(until.is_some());
                continue;
            };
            if Kind::of(subject).is_interval() {
                let nets = &mut self.nets[usize::from(place.bucket)];
                match until {
                    Some(until) => nets.add(*subject, place.owner, until),
                    None => nets.remove(subject, place.owner),
                }
            } else {
                let key = key_of(subject);
                let set = self.plan.set_of(place.bucket, key);
                wishes.push(Wish { set, key, owner: place.owner, until });
            }
        }
        wishes
    }

    /// Carries wishes out: looks at each client in the kernel, then writes what differs.
    pub(crate) fn fulfil(
        &mut self,
        wishes: Vec<Wish>,
        now: Moment,
        applied: &mut Applied,
    ) -> Result<(), EnforcementError> {
        for chunk in last_wins(wishes).chunks(self.netlink.elements_per_transaction()) {
            let (steps, seconds) = self.resolve(chunk, now)?;
            self.do_steps(&steps, now)?;
            count(&steps, applied);
            for (place, bans) in seconds {
                if bans.is_empty() {
                    self.seconds.remove(&place);
                } else {
                    self.seconds.insert(place, bans);
                }
            }
        }
        Ok(())
    }

    /// Looks at what the kernel holds for each client and says what must be done, and which bans wait afterwards.
    fn resolve(&mut self, wishes: &[Wish], now: Moment) -> Result<(Vec<Step>, Seconds), EnforcementError> {
        let clients: Vec<&[Wish]> = wishes.chunk_by(|a, b| (a.set, a.key) == (b.set, b.key)).collect();
        let held = self.look_at(clients.iter().map(|wishes| (wishes[0].set, wishes[0].key)), now)?;
        let (mut steps, mut seconds) = (Vec::new(), Seconds::new());
        for (wishes, held) in clients.into_iter().zip(held) {
            let Wish { set, key, owner, .. } = wishes[0];
            let place = (self.plan.sets[set as usize].bucket, key);
            let shared = self.plan.bucket_of(set).shared;
            // A set of one jail does not say whose ban it is: it has but one owner.
            let held = held.map(|(found, until)| (found.filter(|_| shared).unwrap_or(owner), until));
            let mut bans = self.seconds.get(&place).cloned().unwrap_or_default();
            bans.extend(held);
            for wish in wishes {
                bans.retain(|(owner, _)| *owner != wish.owner);
                bans.extend(wish.until.map(|until| (wish.owner, until)));
            }
            bans.retain(|(_, until)| *until > now);
            bans.sort_by_key(|(owner, until)| (*until, *owner));
            let best = bans.pop();
            seconds.insert(place, bans);
            let record = |(owner, until)| Record { set, owner, key, until };
            match (held, best) {
                (None, None) => (),
                (None, Some(best)) => steps.push(Step::Put(record(best))),
                (Some(held), None) => steps.push(Step::Drop(record(held))),
                (Some(held), Some(best)) if held == best => (),
                (Some(_), Some(best)) => steps.push(Step::Replace(record(best))),
            }
        }
        Ok((steps, seconds))
    }

    /// Steps with expectations that fit what the kernel holds now.
    pub(crate) fn settle(&mut self, steps: &[Step]) -> Result<Vec<Step>, EnforcementError> {
        let clients = steps.iter().map(|step| (step.record().set, step.record().key));
        let held = self.look_at(clients, Moment::default())?;
        Ok(steps
            .iter()
            .zip(held)
            .filter_map(|(step, held)| match (step, held.is_some()) {
                (Step::Drop(_), false) => None,
                (Step::Drop(record), true) => Some(Step::Drop(*record)),
                (Step::Put(record) | Step::Replace(record), false) => Some(Step::Put(*record)),
                (Step::Put(record) | Step::Replace(record), true) => Some(Step::Replace(*record)),
            })
            .collect())
    }

    /// The owner (in shared maps) and the end of each client's ban, as the kernel has it.
    fn look_at(
        &mut self,
        clients: impl Iterator<Item = (u32, u64)>,
        now: Moment,
    ) -> Result<Vec<Held>, EnforcementError> {
        let now = self.present(now);
        let clients: Vec<(u32, u64)> = clients.collect();
        let mut found: Vec<Held> = vec![None; clients.len()];
        let mut owners: Vec<Option<(event::JailName, event::Scope)>> = vec![None; clients.len()];
        let keys = clients.iter().map(|&(set, key)| {
            (self.plan.sets[set as usize].name.as_str(), self.plan.bucket_of(set).kind, key)
        });
        elements::look_up(&mut self.netlink, keys, |place, shown| {
            if let Some(shown) = shown {
                owners[place] = counter_owner(shown.counter);
                found[place] = Some((None, until(shown.millis_left, now)));
            }
        })?;
        for (found, owner) in found.iter_mut().zip(owners) {
            if let (Some((found, _)), Some((jail, scope))) = (found, owner) {
                *found = Some(self.plan.owner(&jail, scope));
            }
        }
        Ok(found)
    }
}

/// Sorted by client and owner; of several wishes of one owner about one client, the last.
fn last_wins(mut wishes: Vec<Wish>) -> Vec<Wish> {
    wishes.reverse();
    let mut seen = HashSet::with_capacity(wishes.len());
    wishes.retain(|wish| seen.insert((wish.set, wish.key, wish.owner)));
    wishes.sort_by_key(|wish| (wish.set, wish.key, wish.owner));
    wishes
}

fn count(steps: &[Step], applied: &mut Applied) {
    let drops = steps.iter().filter(|step| matches!(step, Step::Drop(_))).count() as u64;
    applied.removed += drops;
    applied.added += steps.len() as u64 - drops;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_owners_wishes_the_last_counts() {
        let wish = |key, owner, seconds: Option<i64>| Wish {
            set: 0,
            key,
            owner,
            until: seconds.map(Moment::from_seconds),
        };
        let wishes = vec![
            wish(2, 0, Some(1)),
            wish(1, 1, Some(1)),
            wish(1, 0, Some(5)),
            wish(1, 1, None),
            wish(2, 0, Some(9)),
        ];
        assert_eq!(last_wins(wishes), [wish(1, 0, Some(5)), wish(1, 1, None), wish(2, 0, Some(9))]);
    }
}
