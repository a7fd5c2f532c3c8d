//! Enforcement without a kernel: accepts everything, blocks nobody. For observing, and where netfilter is not to be had.

use event::Moment;

use crate::Enforcement;
use crate::error::EnforcementError;
use crate::layout::{Applied, Change, DropCounter, Element, FirewallDrops, Layout, Reconciled};

/// Blocks nobody and holds nothing. What is wanted stays with the caller, as it does with the kernel's enforcement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observe;

impl Enforcement for Observe {
    fn apply(&mut self, _changes: &[Change], _now: Moment) -> Result<Applied, EnforcementError> {
        Ok(Applied::default())
    }

    fn reconcile(
        &mut self,
        _layout: &Layout,
        _wanted: &mut dyn Iterator<Item = Element>,
        _now: Moment,
    ) -> Result<Reconciled, EnforcementError> {
        Ok(Reconciled::default())
    }

    fn counters(&mut self) -> Result<Vec<DropCounter>, EnforcementError> {
        Ok(Vec::new())
    }

    fn firewall_drops(&mut self) -> Result<FirewallDrops, EnforcementError> {
        Ok(FirewallDrops::default())
    }

    fn held(&mut self, _now: Moment) -> Result<Vec<Element>, EnforcementError> {
        Ok(Vec::new())
    }

    fn remove_all(&mut self) -> Result<(), EnforcementError> {
        Ok(())
    }
}
