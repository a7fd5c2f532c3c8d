//! Brings the whole table in line with what is wanted: reads the kernel, writes only the difference. A table that is laid
//! out differently is laid anew (see `relay`) without a moment in which a packet of a banned source passes.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use event::{Moment, Subject, limit};
use rustix::io::Errno;

use crate::batch::{Batch, kind};
use crate::difference::{Step, difference};
use crate::elements;
use crate::error::EnforcementError;
use crate::frame::Frame;
use crate::held;
use crate::inventory::{Inventory, steadily};
use crate::layout::{Element, Layout, Reconciled};
use crate::lifetime::{lasting, until};
use crate::nets::Nets;
use crate::nftables::Nftables;
use crate::plan::{Kind, Plan, Record, counter_owner, key_of, shard_name, wants_spread};
use crate::relay;
use crate::socket::Refused;

/// An owner that no jail has: what another program put into our maps.
const STRANGER: u16 = u16::MAX;

/// The wanted bans in the form in which they are compared.
struct Wanted {
    /// Sorted by set and key, each key once.
    clients: Vec<Record>,
    /// With their buckets.
    nets: Vec<(u16, Subject, u16, Moment)>,
}

impl Nftables {
    pub(crate) fn reconcile_table(
        &mut self,
        layout: &Layout,
        wanted: &mut dyn Iterator<Item = Element>,
        now: Moment,
    ) -> Result<Reconciled, EnforcementError> {
        self.begin();
        let mut result = Reconciled::default();
        let mut plan = Plan::new(layout);
        let mut wanted = gather(&mut plan, wanted, now, &mut result);
        let old = Inventory::read(&mut self.netlink)?;
        spread(&mut plan, &wanted.clients, old.as_ref());
        self.seconds = place(&plan, &mut wanted.clients);
        self.laid = false;
        self.take_plan(plan, old.as_ref());
        let frame = Frame::of(layout, &self.plan, old.as_ref());
        let fresh = if old.as_ref().is_some_and(|old| old.matches(&frame)) {
            vec![false; self.plan.sets.len()]
        } else {
            result.rebuilt = true;
            self.lay(&frame, &wanted, old.as_ref(), now, &mut result)?
        };
        self.laid = true;
        self.reconcile_clients(&wanted.clients, &fresh, now, &mut result)?;
        self.reconcile_nets(&wanted.nets, &fresh, now, &mut result)?;
        result.covered = self.covered();
        Ok(result)
    }

    fn take_plan(&mut self, plan: Plan, old: Option<&Inventory>) {
        self.plan = plan;
        self.counters.clear();
        for name in old.iter().flat_map(|old| &old.counters) {
            if let Some((jail, scope)) = counter_owner(name) {
                let owner = self.plan.owner(&jail, scope);
                self.counters.insert(owner);
            }
        }
        self.nets.clear();
        self.nets.resize_with(self.plan.buckets.len(), Nets::default);
    }

    /// Lays the table; true for each set that is new and empty. Over a table that stands, new sets are filled before the
    /// rules are switched to them, and no set is empty afterwards: its bans must not lapse for a moment.
    fn lay(
        &mut self,
        frame: &Frame,
        wanted: &Wanted,
        old: Option<&Inventory>,
        now: Moment,
        result: &mut Reconciled,
    ) -> Result<Vec<bool>, EnforcementError> {
        let sets = self.plan.sets.len();
        let Some(old) = old else {
            let mut batch = self.netlink.batch();
            relay::create(&mut batch, frame, &self.counters_of_owners());
            self.netlink.commit(batch)?;
            self.all_counters_exist();
            return Ok(vec![true; sets]);
        };
        if !relay::can_stay(frame, old) || self.relay(frame, wanted, old, now, result).is_err() {
            self.replace_table(frame, wanted, now, result)?;
        }
        Ok(vec![false; sets])
    }

    fn relay(
        &mut self,
        frame: &Frame,
        wanted: &Wanted,
        old: &Inventory,
        now: Moment,
        result: &mut Reconciled,
    ) -> Result<(), EnforcementError> {
        let mut batch = self.netlink.batch();
        relay::prepare(&mut batch, frame, &self.counters_of_owners(), old);
        self.netlink.commit(batch)?;
        self.all_counters_exist();
        let fresh: Vec<bool> = frame.ban_sets.iter().map(|definition| !old.has_set(definition)).collect();
        let clients: Vec<Step> = wanted
            .clients
            .iter()
            .filter(|record| fresh[record.set as usize])
            .map(|record| Step::Put(*record))
            .collect();
        self.do_and_count(&clients, now, result)?;
        let mut batch = self.netlink.batch();
        result.added += self.fill_nets(&mut batch, wanted, &fresh, now);
        self.netlink.commit(batch)?;
        let mut batch = self.netlink.batch();
        relay::switch(&mut batch, frame, old);
        self.netlink.commit(batch)?;
        let mut batch = self.netlink.batch();
        relay::sweep(&mut batch, frame, old);
        Ok(self.netlink.commit(batch)?)
    }

    /// The table as it is resists: deletes it and makes it anew, with all its bans, in one transaction. For the time of the
    /// kernel's commit the maps of ports may be empty; no other way is open then.
    fn replace_table(
        &mut self,
        frame: &Frame,
        wanted: &Wanted,
        now: Moment,
        result: &mut Reconciled,
    ) -> Result<(), EnforcementError> {
        let mut batch = self.netlink.batch();
        batch.message(kind::NEW_TABLE, crate::wire::flag::CREATE, |_| ());
        batch.message(kind::DEL_TABLE, 0, |_| ());
        relay::create(&mut batch, frame, &self.counters_of_owners());
        self.all_counters_exist();
        let clients: Vec<Step> = wanted.clients.iter().map(|record| Step::Put(*record)).collect();
        self.write_steps(&mut batch, &clients, now);
        let fresh = vec![true; self.plan.sets.len()];
        result.added = clients.len() as u64 + self.fill_nets(&mut batch, wanted, &fresh, now);
        Ok(self.netlink.commit(batch)?)
    }

    /// Adds the wanted subnets of new sets to a transaction; says how many.
    fn fill_nets(&self, batch: &mut Batch, wanted: &Wanted, fresh: &[bool], now: Moment) -> u64 {
        let mut filled = 0;
        for bucket in 0..self.plan.buckets.len() {
            if self.plan.buckets[bucket].kind.is_interval()
                && fresh[self.plan.set_of(bucket as u16, 0) as usize]
            {
                let mut nets = Nets::default();
                for &(_, subject, owner, until) in
                    wanted.nets.iter().filter(|net| usize::from(net.0) == bucket)
                {
                    nets.add(subject, owner, until);
                }
                let steps = nets.steps(now);
                self.write_nets(batch, bucket, &steps, now);
                filled += steps.len() as u64;
            }
        }
        filled
    }

    fn reconcile_clients(
        &mut self,
        wanted: &[Record],
        fresh: &[bool],
        now: Moment,
        result: &mut Reconciled,
    ) -> Result<(), EnforcementError> {
        let mut steps: Vec<Step> = Vec::new();
        let mut rest = wanted;
        for set in 0..self.plan.sets.len() as u32 {
            let (wanted, more) = rest.split_at(rest.partition_point(|record| record.set <= set));
            rest = more;
            if self.plan.bucket_of(set).kind.is_interval() {
                continue;
            }
            if fresh[set as usize] {
                steps.extend(wanted.iter().map(|record| Step::Put(*record)));
            } else {
                steps.extend(difference(wanted, &self.read_clients(set, now)?));
            }
            let whole = steps.len() - steps.len() % limit::ELEMENTS_PER_TRANSACTION;
            let tail = steps.split_off(whole);
            self.do_and_count(&steps, now, result)?;
            steps = tail;
        }
        self.do_and_count(&steps, now, result)
    }

    fn do_and_count(
        &mut self,
        steps: &[Step],
        now: Moment,
        result: &mut Reconciled,
    ) -> Result<(), EnforcementError> {
        self.do_steps(steps, now)?;
        let removed = steps.iter().filter(|step| matches!(step, Step::Drop(_))).count() as u64;
        result.removed += removed;
        result.added += steps.len() as u64 - removed;
        Ok(())
    }

    /// The clients in a set, sorted by key.
    fn read_clients(&mut self, set: u32, now: Moment) -> Result<Vec<Record>, EnforcementError> {
        let bucket = self.plan.bucket_of(set);
        let (kind, shared) = (bucket.kind, bucket.shared);
        let name = self.plan.sets[set as usize].name.clone();
        let own = if shared { STRANGER } else { self.owner_of_bucket(self.plan.sets[set as usize].bucket) };
        let by_name: HashMap<String, u16> =
            (0..self.plan.owners.len() as u16).map(|owner| (self.plan.counter(owner), owner)).collect();
        let now = self.present(now);
        let mut found: Vec<Record> = Vec::new();
        steadily(|| {
            found.clear();
            elements::read(&mut self.netlink, &name, |shown| {
                let owner =
                    if shared { by_name.get(shown.counter).copied().unwrap_or(STRANGER) } else { own };
                let until = until(shown.millis_left, now);
                found.extend(held::key(kind, &shown).map(|key| Record { set, owner, key, until }));
            })
        })?;
        found.sort_unstable_by_key(|record| record.key);
        Ok(found)
    }

    fn owner_of_bucket(&mut self, bucket: u16) -> u16 {
        let jail = self.plan.guards[usize::from(bucket) / 4 - 1].0.clone();
        self.plan.owner(&jail, event::Scope::Jail)
    }

    fn reconcile_nets(
        &mut self,
        wanted: &[(u16, Subject, u16, Moment)],
        fresh: &[bool],
        now: Moment,
        result: &mut Reconciled,
    ) -> Result<(), EnforcementError> {
        for bucket in 0..self.plan.buckets.len() {
            if !self.plan.buckets[bucket].kind.is_interval() {
                continue;
            }
            let set = self.plan.set_of(bucket as u16, 0);
            let held = if fresh[set as usize] { Vec::new() } else { self.read_nets(set, now)? };
            self.nets[bucket].restart(held);
            for &(_, subject, owner, until) in wanted.iter().filter(|net| usize::from(net.0) == bucket) {
                self.nets[bucket].add(subject, owner, until);
            }
        }
        let (added, removed) = self.do_nets(now)?;
        result.added += added;
        result.removed += removed;
        Ok(())
    }

    /// The subnets in a set. One that holds what cannot be ours is emptied first.
    fn read_nets(&mut self, set: u32, now: Moment) -> Result<Vec<(Subject, u16, Moment)>, EnforcementError> {
        let bucket = self.plan.sets[set as usize].bucket;
        let shared = self.plan.bucket_of(set).shared;
        let kind = self.plan.bucket_of(set).kind;
        let name = self.plan.sets[set as usize].name.clone();
        let now = self.present(now);
        let (found, mut ours) = held::read_nets(&mut self.netlink, &name, kind)?;
        let mut nets = Vec::with_capacity(found.len());
        for (subject, counter, millis_left) in found {
            let owner = match counter_owner(&counter) {
                _ if !shared => self.owner_of_bucket(bucket),
                Some((jail, scope)) => self.plan.owner(&jail, scope),
                None => {
                    ours = false;
                    continue;
                }
            };
            nets.push((subject, owner, until(millis_left, now)));
        }
        if ours {
            return Ok(nets);
        }
        let mut batch = self.netlink.batch();
        elements::flush(&mut batch, &name);
        match self.netlink.commit(batch) {
            Err(Refused { errno, error }) if errno != Errno::NOENT => Err(error),
            _ => Ok(Vec::new()),
        }
    }

    fn counters_of_owners(&self) -> Vec<String> {
        (0..self.plan.owners.len() as u16).map(|owner| self.plan.counter(owner)).collect()
    }

    fn all_counters_exist(&mut self) {
        self.counters = (0..self.plan.owners.len() as u16).collect::<HashSet<u16>>();
    }
}

/// Sorts the wanted bans by what they are. The set of a client is its bucket for now.
fn gather(
    plan: &mut Plan,
    wanted: &mut dyn Iterator<Item = Element>,
    now: Moment,
    result: &mut Reconciled,
) -> Wanted {
    let mut gathered = Wanted { clients: Vec::with_capacity(wanted.size_hint().0), nets: Vec::new() };
    for element in wanted.filter(|element| element.until > now) {
        let Some(place) = plan.place(&element.jail, element.scope, &element.subject) else {
            result.unguarded += 1;
            continue;
        };
        let until = lasting(element.until, now);
        if Kind::of(&element.subject).is_interval() {
            gathered.nets.push((place.bucket, element.subject, place.owner, until));
        } else {
            let (set, key) = (u32::from(place.bucket), key_of(&element.subject));
            gathered.clients.push(Record { set, owner: place.owner, key, until });
        }
    }
    gathered
}

/// Decides which buckets are spread over several sets.
fn spread(plan: &mut Plan, clients: &[Record], old: Option<&Inventory>) {
    let mut counts = vec![0; plan.buckets.len()];
    for record in clients {
        counts[record.set as usize] += 1;
    }
    for (index, count) in counts.into_iter().enumerate() {
        let first_shard = shard_name(&plan.buckets[index].name, 0);
        let spread_now = old.is_some_and(|old| old.sets.contains_key(&first_shard));
        if wants_spread(count, spread_now) {
            plan.spread(index);
        }
    }
}

/// Gives each client its set and sorts. Of several bans on one client in a shared map, the longest stays; the others
/// are returned.
fn place(plan: &Plan, clients: &mut Vec<Record>) -> HashMap<(u16, u64), Vec<(u16, Moment)>> {
    for record in clients.iter_mut() {
        record.set = plan.set_of(record.set as u16, record.key);
    }
    clients.sort_unstable_by_key(|record| (record.set, record.key, Reverse((record.until, record.owner))));
    let mut seconds: HashMap<(u16, u64), Vec<(u16, Moment)>> = HashMap::new();
    clients.dedup_by(|later, first| {
        let same = (later.set, later.key) == (first.set, first.key);
        if same && later.owner != first.owner {
            let bucket = plan.sets[first.set as usize].bucket;
            seconds.entry((bucket, first.key)).or_default().push((later.owner, later.until));
        }
        same
    });
    seconds
}
