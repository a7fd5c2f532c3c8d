//! How often fail2ban would say that somebody was banned before, where bans of all jails count (`bantime.overalljails`). It adds up the
//! counts that each jail's latest ban was noted with, and those hold the other jails' already: two jails that take turns drive
//! each other up. Its users have tuned their times by that, so it is counted the same way here.

use std::collections::BTreeMap;

use event::limit::EARLIER_BANS;
use event::{JailName, Subject};
use store::Ending;

use crate::engine::Engine;

/// What a jail makes of a ban's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    /// Its bans do not grow.
    Never,
    /// By its own bans.
    Alone,
    /// By those of all jails.
    WithAll,
}

impl Engine {
    /// For the next ban of `subject` in a jail that counts with all.
    pub(crate) fn earlier_over_all_jails(&self, subject: &Subject) -> u32 {
        let past = self.store.history(Some(subject), EARLIER_BANS).unwrap_or_else(|cause| {
            tracing::error!("a ban does not grow, since earlier ones cannot be counted: {cause}");
            Vec::new()
        });
        let past = past.into_iter().map(|one| (one.ban, one.ending == Ending::Unbanned));
        let live = self.decider.bans_of(subject).into_iter().filter(|ban| ban.subject == *subject);
        let mut bans: Vec<_> = past.chain(live.map(|ban| (ban, false))).collect();
        bans.sort_by_key(|(ban, _)| ban.since);
        let jails = self.told_jails();
        let counted = bans.iter().filter_map(|(ban, lifted)| {
            let jail = jails.iter().find(|jail| jail.name == ban.jail)?;
            let counting = match (jail.grows(), jail.counts_all_jails()) {
                (false, _) => Counting::Never,
                (true, false) => Counting::Alone,
                (true, true) => Counting::WithAll,
            };
            Some((&ban.jail, counting, *lifted))
        });
        let from_before = self.decider.remembered(subject).map_or(0, |memory| memory.times);
        sum(counted).saturating_add(from_before)
    }
}

/// What all jails' counts come to behind these bans, the oldest first. Whom somebody let off, that jail forgets.
fn sum<'b>(bans: impl Iterator<Item = (&'b JailName, Counting, bool)>) -> u32 {
    let mut counts: BTreeMap<&JailName, u32> = BTreeMap::new();
    for (jail, counting, lifted) in bans {
        let before = match counting {
            Counting::Never => 0,
            Counting::Alone => counts.get(jail).copied().unwrap_or(0),
            Counting::WithAll => total(&counts),
        };
        counts.insert(jail, if lifted { 0 } else { before.saturating_add(1) });
    }
    total(&counts)
}

fn total(counts: &BTreeMap<&JailName, u32>) -> u32 {
    counts.values().fold(0, |sum: u32, count| sum.saturating_add(*count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jails_that_count_with_all_drive_each_other_up() {
        let (a, b) = (JailName::new("a"), JailName::new("b"));
        let count = |bans: &[(&JailName, Counting, bool)]| sum(bans.iter().copied());
        let all = Counting::WithAll;
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[(&a, all, false), (&a, all, false)]), 2);
        assert_eq!(count(&[(&a, all, false), (&b, all, false)]), 3);
        assert_eq!(count(&[(&a, all, false), (&b, all, false), (&a, all, false)]), 6);
        assert_eq!(count(&[(&a, all, false), (&b, all, false), (&a, all, true)]), 2);
        assert_eq!(count(&[(&a, Counting::Alone, false), (&b, all, false), (&a, Counting::Alone, false)]), 4);
        assert_eq!(count(&[(&a, Counting::Never, false), (&a, Counting::Never, false)]), 1);
    }
}
