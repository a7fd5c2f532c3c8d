//! Bans in the kernel's table `inet stockade`: changes of them, and looking at what it holds. Laying out and comparing the
//! whole table is `reconcile`'s business.

use std::collections::{HashMap, HashSet};

use event::{Moment, Subject};
use rustix::io::Errno;

use crate::Enforcement;
use crate::batch::{Batch, kind};
use crate::difference::Step;
use crate::elements::{self, Bound, Written};
use crate::error::EnforcementError;
use crate::frame::range;
use crate::held;
use crate::inventory;
use crate::layout::{Applied, Change, DropCounter, Element, FirewallDrops, Layout, Reconciled};
use crate::lifetime::millis_left;
use crate::nets::{NetStep, Nets};
use crate::plan::{Plan, Record, counter_owner};
use crate::relay;
use crate::socket::Netlink;
use crate::watch::Watch;
use crate::{firewall, sip_limit};

/// How often a transaction is tried when elements expire between looking and writing.
const TRIES: u32 = 4;

/// The kernel's nftables as enforcement.
pub struct Nftables {
    pub(crate) netlink: Netlink,
    pub(crate) plan: Plan,
    /// Owners whose drop counters exist.
    pub(crate) counters: HashSet<u16>,
    /// By bucket; only those of subnets are used.
    pub(crate) nets: Vec<Nets>,
    /// Bans on all ports of clients that another jail bans for longer: the kernel's map has one value for a key.
    pub(crate) seconds: HashMap<(u16, u64), Vec<(u16, Moment)>>,
    pub(crate) laid: bool,
    clock: fn() -> Moment,
    /// What the clock showed when the present call began.
    began: Moment,
}

impl Nftables {
    /// Opens a socket in the thread's network namespace. Changes nothing.
    pub fn open() -> Result<Self, EnforcementError> {
        Ok(Self {
            netlink: Netlink::open()?,
            plan: Plan::new(&Layout::default()),
            counters: HashSet::new(),
            nets: Vec::new(),
            seconds: HashMap::new(),
            laid: false,
            clock: Moment::default,
            began: Moment::default(),
        })
    }

    /// Looks at this clock during long calls, so that what is written late does not end late. Without one, a call takes no
    /// time as far as it knows.
    pub fn with_clock(mut self, clock: fn() -> Moment) -> Self {
        self.clock = clock;
        self
    }

    /// The present moment within a call that was given `now`.
    pub(crate) fn present(&self, now: Moment) -> Moment {
        now.after((self.clock)().since(self.began))
    }

    pub(crate) fn begin(&mut self) {
        self.began = (self.clock)();
    }

    /// Watches the table for changes by others, from now on. Open it before the first `reconcile`.
    pub fn watch(&self) -> Result<Watch, EnforcementError> {
        Watch::open(self.netlink.port())
    }

    /// Carries out steps in bounded transactions; where the kernel holds something else than a step expects, since an
    /// element has just expired, looks and tries again.
    pub(crate) fn do_steps(&mut self, steps: &[Step], now: Moment) -> Result<(), EnforcementError> {
        for chunk in steps.chunks(self.netlink.elements_per_transaction()) {
            let mut settled = chunk.to_vec();
            for _ in 0..TRIES {
                if self.try_steps(&settled, now)? {
                    settled.clear();
                    break;
                }
                settled = self.settle(chunk)?;
            }
            if !settled.is_empty() {
                return Err(self.explain(&settled, now));
            }
        }
        Ok(())
    }

    /// Carries out steps in one transaction. False, and nothing done, if the expectation of one does not hold.
    fn try_steps(&mut self, steps: &[Step], now: Moment) -> Result<bool, EnforcementError> {
        let mut batch = self.netlink.batch();
        let new_counters = self.write_steps(&mut batch, steps, self.present(now));
        match self.netlink.commit(batch) {
            Ok(()) => {
                self.counters.extend(new_counters);
                Ok(true)
            }
            Err(refused) if matches!(refused.errno, Errno::NOENT | Errno::EXIST | Errno::BUSY) => Ok(false),
            Err(refused) => Err(refused.into()),
        }
    }

    /// The refusal itself, after all tries.
    fn explain(&mut self, steps: &[Step], now: Moment) -> EnforcementError {
        let mut batch = self.netlink.batch();
        self.write_steps(&mut batch, steps, now);
        match self.netlink.commit(batch) {
            Err(refused) => refused.into(),
            Ok(()) => EnforcementError::Unsteady { operation: "write elements".to_owned() },
        }
    }

    /// Writes steps, and before them the counters that they need; returns the owners of those counters.
    pub(crate) fn write_steps(&self, batch: &mut Batch, steps: &[Step], now: Moment) -> Vec<u16> {
        let mut new_counters: Vec<u16> = Vec::new();
        let mut sorted: Vec<&Step> = steps.iter().collect();
        sorted.sort_by_key(|step| step.record().set);
        for step in &sorted {
            let owner = step.record().owner;
            if !matches!(step, Step::Drop(_))
                && self.is_shared(step.record())
                && !self.counters.contains(&owner)
                && !new_counters.contains(&owner)
            {
                new_counters.push(owner);
                relay::add_counter(batch, &self.plan.counter(owner));
            }
        }
        for of_set in sorted.chunk_by(|a, b| a.record().set == b.record().set) {
            let gone = of_set.iter().filter(|step| !matches!(step, Step::Put(_)));
            self.write_records(batch, of_set[0].record().set, gone.map(|step| step.record()), now, false);
        }
        for of_set in sorted.chunk_by(|a, b| a.record().set == b.record().set) {
            let put = of_set.iter().filter(|step| !matches!(step, Step::Drop(_)));
            self.write_records(batch, of_set[0].record().set, put.map(|step| step.record()), now, true);
        }
        new_counters
    }

    fn write_records<'a>(
        &self,
        batch: &mut Batch,
        set: u32,
        records: impl Iterator<Item = &'a Record>,
        now: Moment,
        add: bool,
    ) {
        let bucket = self.plan.bucket_of(set);
        let records: Vec<&Record> = records.collect();
        let counters = if bucket.shared { self.counter_names() } else { Vec::new() };
        let keys: Vec<_> = records.iter().map(|record| bucket.kind.key_bytes(record.key)).collect();
        let items: Vec<Written<'_>> = records
            .iter()
            .zip(&keys)
            .map(|(record, key)| Written {
                key: key.as_slice(),
                bound: Bound::Begins,
                millis_left: millis_left(record.until, now),
                counter: counters.get(usize::from(record.owner)).map_or("", String::as_str),
            })
            .collect();
        let name = &self.plan.sets[set as usize].name;
        if add {
            elements::add(batch, name, &items);
        } else {
            elements::delete(batch, name, &items);
        }
    }

    fn counter_names(&self) -> Vec<String> {
        (0..self.plan.owners.len() as u16).map(|owner| self.plan.counter(owner)).collect()
    }

    pub(crate) fn is_shared(&self, record: &Record) -> bool {
        self.plan.bucket_of(record.set).shared
    }

    /// Brings the kernel's subnets of every bucket in line with what is wanted, each bucket in one transaction.
    pub(crate) fn do_nets(&mut self, now: Moment) -> Result<(u64, u64), EnforcementError> {
        let (mut added, mut removed) = (0, 0);
        for bucket in 0..self.nets.len() {
            let steps = self.nets[bucket].steps(now);
            self.do_nets_of(bucket, &steps, now)?;
            self.nets[bucket].done(&steps);
            added += steps.iter().filter(|step| matches!(step, NetStep::Add { .. })).count() as u64;
            removed += steps.iter().filter(|step| matches!(step, NetStep::Delete { .. })).count() as u64;
        }
        Ok((added, removed))
    }

    /// Carries out the steps of one bucket in one transaction. A subnet that has just expired cannot be deleted, which undoes
    /// the whole transaction: then those that are still held are looked up. Adding each before its deletion would make that
    /// certain at once, but since Linux 6.12 listeners are then told of half an interval.
    fn do_nets_of(&mut self, bucket: usize, steps: &[NetStep], now: Moment) -> Result<(), EnforcementError> {
        let mut settled = steps.to_vec();
        for tries_left in (0..TRIES).rev() {
            if settled.is_empty() {
                break;
            }
            let mut batch = self.netlink.batch();
            let new_counters = self.write_nets(&mut batch, bucket, &settled, self.present(now));
            match self.netlink.commit(batch) {
                Ok(()) => {
                    self.counters.extend(new_counters);
                    break;
                }
                Err(refused) if refused.errno == Errno::NOENT && tries_left > 0 => {
                    settled = self.settle_nets(bucket, settled)?;
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        Ok(())
    }

    /// The steps without deletions of what the kernel does not hold.
    fn settle_nets(&mut self, bucket: usize, steps: Vec<NetStep>) -> Result<Vec<NetStep>, EnforcementError> {
        let name = &self.plan.sets[self.plan.set_of(bucket as u16, 0) as usize].name;
        let (held, _) = held::read_nets(&mut self.netlink, name, self.plan.buckets[bucket].kind)?;
        let held: HashSet<Subject> = held.into_iter().map(|(subject, ..)| subject).collect();
        let possible = |step: &NetStep| match step {
            NetStep::Delete { subject, .. } => held.contains(subject),
            NetStep::Add { .. } => true,
        };
        Ok(steps.into_iter().filter(possible).collect())
    }

    /// Writes the steps of one bucket's subnets; returns the owners of counters that it had to add.
    pub(crate) fn write_nets(
        &self,
        batch: &mut Batch,
        bucket: usize,
        steps: &[NetStep],
        now: Moment,
    ) -> Vec<u16> {
        let counters = self.counter_names();
        let shared = self.plan.buckets[bucket].shared;
        let set = &self.plan.sets[self.plan.set_of(bucket as u16, 0) as usize].name;
        let mut new_counters = Vec::new();
        for step in steps {
            let (NetStep::Delete { owner, .. } | NetStep::Add { owner, .. }) = *step;
            if shared && !self.counters.contains(&owner) && !new_counters.contains(&owner) {
                new_counters.push(owner);
                relay::add_counter(batch, &counters[usize::from(owner)]);
            }
        }
        let counter = |owner: u16| if shared { counters[usize::from(owner)].as_str() } else { "" };
        let (mut gone, mut put) = (Vec::new(), Vec::new());
        for step in steps {
            match *step {
                NetStep::Delete { subject, owner } => gone.push((range(&subject), counter(owner), None)),
                NetStep::Add { subject, owner, until } => {
                    put.push((range(&subject), counter(owner), millis_left(until, now)));
                }
            }
        }
        elements::delete(batch, set, &ends(&gone));
        elements::add(batch, set, &ends(&put));
        new_counters
    }
}

impl Enforcement for Nftables {
    fn apply(&mut self, changes: &[Change], now: Moment) -> Result<Applied, EnforcementError> {
        if !self.laid {
            return Err(EnforcementError::NotLaid);
        }
        self.begin();
        let mut applied = Applied::default();
        let wishes = self.take_changes(changes, now, &mut applied);
        self.fulfil(wishes, now, &mut applied)?;
        let (added, removed) = self.do_nets(now)?;
        applied.added += added;
        applied.removed += removed;
        applied.covered = self.covered();
        Ok(applied)
    }

    fn reconcile(
        &mut self,
        layout: &Layout,
        wanted: &mut dyn Iterator<Item = Element>,
        now: Moment,
    ) -> Result<Reconciled, EnforcementError> {
        self.reconcile_table(layout, wanted, now)
    }

    fn counters(&mut self) -> Result<Vec<DropCounter>, EnforcementError> {
        let counted = inventory::counters(&mut self.netlink)?;
        Ok(counted
            .into_iter()
            .filter_map(|counted| {
                let (jail, scope) = counter_owner(&counted.name)?;
                Some(DropCounter { jail, scope, packets: counted.packets, bytes: counted.bytes })
            })
            .collect())
    }

    fn firewall_drops(&mut self) -> Result<FirewallDrops, EnforcementError> {
        let mut drops = FirewallDrops::default();
        for counted in inventory::counters(&mut self.netlink)? {
            match counted.name.as_str() {
                firewall::DROPPED => {
                    (drops.dropped_packets, drops.dropped_bytes) = (counted.packets, counted.bytes);
                }
                sip_limit::LIMITED => {
                    (drops.limited_packets, drops.limited_bytes) = (counted.packets, counted.bytes);
                }
                _ => (),
            }
        }
        Ok(drops)
    }

    fn held(&mut self, now: Moment) -> Result<Vec<Element>, EnforcementError> {
        crate::held::read(&mut self.netlink, now)
    }

    fn remove_all(&mut self) -> Result<(), EnforcementError> {
        let mut batch = self.netlink.batch();
        batch.message(kind::DEL_TABLE, 0, |_| ());
        match self.netlink.commit(batch) {
            Err(refused) if refused.errno != Errno::NOENT => return Err(refused.into()),
            _ => (),
        }
        self.laid = false;
        self.counters.clear();
        self.nets.clear();
        self.seconds.clear();
        Ok(())
    }
}

impl Nftables {
    /// Bans that wait behind another.
    pub(crate) fn covered(&self) -> u64 {
        let nets: usize = self.nets.iter().map(Nets::covered).sum();
        (nets + self.seconds.values().map(Vec::len).sum::<usize>()) as u64
    }
}

type Interval<'a> = ((Vec<u8>, Option<Vec<u8>>), &'a str, Option<u64>);

/// The two elements of each interval: where it begins, and the first address behind it.
fn ends<'a>(intervals: &'a [Interval<'a>]) -> Vec<Written<'a>> {
    let mut items = Vec::with_capacity(intervals.len() * 2);
    for ((first, end), counter, millis_left) in intervals {
        let bound = if end.is_some() { Bound::Begins } else { Bound::BeginsLast };
        items.push(Written { key: first, bound, millis_left: *millis_left, counter });
        if let Some(end) = end {
            // The end goes with its beginning; the kernel takes no timeout for it.
            items.push(Written { key: end, bound: Bound::Ends, millis_left: None, counter: "" });
        }
    }
    items
}
