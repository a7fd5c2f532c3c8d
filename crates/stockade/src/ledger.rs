//! Numbers for `status`: what each jail has seen since the start, which bounds were reached, which bans were refused.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use control::answer::{self, Notice};
use control::time::rfc3339;
use event::limit::REFUSALS;
use event::{JailName, Moment, Refusal, Subject};

/// What was so within this time is so still.
const LATELY: Duration = Duration::from_secs(60 * 60);

/// What a jail has seen since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Failures found.
    pub failures: u64,
    /// The last one.
    pub last_failure: Option<Moment>,
    /// Bans made.
    pub bans: u64,
}

/// All numbers.
#[derive(Debug, Default)]
pub struct Ledger {
    tallies: BTreeMap<JailName, Tally>,
    refusals: VecDeque<Refusal>,
    /// The latest failure of someone who is banned, long enough after the ban for the kernel to have acted.
    ineffective: Option<(Subject, JailName, Moment)>,
    /// The latest failure that came from a container's own gateway.
    hidden: Option<(JailName, IpAddr, Moment)>,
}

impl Ledger {
    /// Counts failures of a jail.
    pub fn failed(&mut self, jail: &JailName, count: u32, at: Moment) {
        let tally = self.tally_mut(jail);
        tally.failures += u64::from(count);
        tally.last_failure = tally.last_failure.max(Some(at));
    }

    /// A jail begins anew, with bans that stood before: they count as made by it, as with fail2ban.
    pub fn begins(&mut self, jail: &JailName, bans: usize) {
        *self.tally_mut(jail) = Tally { bans: bans as u64, ..Tally::default() };
    }

    /// Counts a ban.
    pub fn banned(&mut self, jail: &JailName) {
        self.tally_mut(jail).bans += 1;
    }

    /// Keeps a refusal for `status` and `why`.
    pub fn refused(&mut self, refusal: &Refusal) {
        // An attacker who goes on would fill the list with one address.
        self.refusals.retain(|known| (known.subject, &known.jail) != (refusal.subject, &refusal.jail));
        self.refusals.push_front(refusal.clone());
        self.refusals.truncate(REFUSALS);
    }

    /// A banned subject still fails: its ban does not hold.
    pub fn still_fails(&mut self, subject: Subject, jail: &JailName, at: Moment) {
        self.ineffective = Some((subject, jail.clone(), at));
    }

    /// A failure came from the gateway, behind which everybody is hidden.
    pub fn hidden(&mut self, jail: &JailName, gateway: IpAddr, at: Moment) {
        self.hidden = Some((jail.clone(), gateway, at));
    }

    /// What to do about a gateway that hides everybody, if one did of late.
    pub fn hiding(&self, now: Moment) -> Option<Notice> {
        let (jail, gateway, _) = self.hidden.as_ref().filter(|(_, _, at)| now.since(*at) < LATELY)?;
        let (jail, gateway) = (jail.to_string(), gateway.to_string());
        let text = format!(
            "{jail}: failures come from {gateway}, the gateway of this container, so nobody can be told apart and nobody is \
             banned; publish the ports without docker's userland proxy, or use the host's network"
        );
        Some(Notice::new("address-hidden", &[("jail", &jail), ("address", &gateway)], text))
    }

    /// What a jail has seen.
    pub fn tally(&self, jail: &JailName) -> Tally {
        self.tallies.get(jail).copied().unwrap_or_default()
    }

    /// The refusals that concern `subject`, or all, newest first.
    pub fn refusals(&self, subject: Option<&Subject>) -> Vec<answer::Refused> {
        let concerned =
            self.refusals.iter().filter(|one| subject.is_none_or(|subject| one.subject.overlaps(subject)));
        let rows = concerned.map(|one| answer::Refused {
            address: one.subject.to_string(),
            jail: one.jail.to_string(),
            at: rfc3339(one.at),
            reason: one.reason.clone(),
        });
        rows.collect()
    }

    /// What to do about a ban that does not hold.
    pub fn ineffective(&self) -> Option<Notice> {
        let (subject, jail, at) = self.ineffective.as_ref()?;
        let (subject, at) = (subject.to_string(), rfc3339(*at));
        let text = format!(
            "{subject} is banned in {jail} and still failed at {at}: does the service see the address of a proxy, or does it \
             listen on other ports than the jail's?"
        );
        Some(Notice::new("still-fails", &[("address", &subject), ("jail", jail.as_str()), ("at", &at)], text))
    }

    fn tally_mut(&mut self, jail: &JailName) -> &mut Tally {
        if !self.tallies.contains_key(jail) {
            self.tallies.insert(jail.clone(), Tally::default());
        }
        self.tallies.get_mut(jail).expect("it was put there above")
    }
}
