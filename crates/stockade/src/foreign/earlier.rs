//! How often fail2ban would say that somebody was banned before. Where bans of all jails count (`bantime.overalljails`), it adds up the
//! counts that each jail's latest ban was noted with, and those hold the other jails' already: two jails that take turns drive
//! each other up. A jail's latest ban is forgotten, and its count with it, when it is over for so long as `dbpurgeage` and its own length say.
//! Its users have tuned their times by that, so it is counted the same way here.

use std::collections::BTreeMap;

use event::limit::EARLIER_BANS;
use event::{Ban, JailName, Moment, Subject};
use store::Ending;

use crate::engine::Engine;
use crate::foreign::ForeignJail;

/// A ban is remembered from its begin on for so many times its own length, and for `dbpurgeage` behind that.
const OUTDATED: i64 = 3;

impl Engine {
    /// Before a ban of `subject` in `jail` at this time: that ban grows by it, and is noted with it.
    pub(crate) fn earlier_bans(&self, subject: &Subject, jail: &ForeignJail, at: Moment) -> u32 {
        match Counting::of(jail) {
            Counting::Never => 0,
            Counting::Alone => self.count(subject, &jail.name, at, |counts| counts.of(&jail.name)),
            Counting::WithAll => self.count(subject, &jail.name, at, |counts| counts.total()),
        }
    }

    /// What the latest ban by this very jail was noted with: a failure counts for the more.
    pub(crate) fn noted_bans(&self, subject: &Subject, jail: &ForeignJail, at: Moment) -> u32 {
        self.count(subject, &jail.name, at, |counts| counts.of(&jail.name))
    }

    /// Which jails have banned it, though not now, and nobody has let it off since.
    pub(crate) fn past_jails(&self, subject: &Subject) -> Vec<JailName> {
        let past = self.store.history(Some(subject), EARLIER_BANS).unwrap_or_else(|cause| {
            tracing::error!("earlier bans of {subject} cannot be looked up: {cause}");
            Vec::new()
        });
        let expired = past.into_iter().filter(|one| one.ending == Ending::Expired).map(|one| one.ban.jail);
        let just_now =
            self.batch.expired.iter().filter(|(who, _)| who == subject).map(|(_, jail)| jail.clone());
        expired.chain(just_now).collect()
    }

    /// As the record knows it, with what fail2ban's database knew when it was taken over.
    fn count(
        &self,
        subject: &Subject,
        jail: &JailName,
        at: Moment,
        sum: impl FnOnce(&Counts<'_>) -> u32,
    ) -> u32 {
        let past = self.store.history(Some(subject), EARLIER_BANS).unwrap_or_else(|cause| {
            tracing::error!("a ban does not grow, since earlier ones cannot be counted: {cause}");
            Vec::new()
        });
        let past = past.into_iter().map(|one| (one.ban, one.ending == Ending::Unbanned));
        // The jail's own live one is the ban that is asked about, or is replaced by it.
        let live = self.decider.bans_of(subject).into_iter();
        let live = live.filter(|ban| ban.subject == *subject && ban.jail != *jail).map(|ban| (ban, false));
        let mut bans: Vec<_> = past.chain(live).filter(|(ban, _)| ban.since < at).collect();
        bans.sort_by_key(|(ban, _)| ban.since);
        let jails = self.told_jails();
        let age = self.chronicle.remembers_for;
        let mut counts = Counts::default();
        for (ban, lifted) in &bans {
            counts.forget(age, ban.since);
            if let Some(jail) = jails.iter().find(|jail| jail.name == ban.jail) {
                counts.add(ban, Counting::of(jail), *lifted);
            }
        }
        counts.forget(age, at);
        sum(&counts)
    }
}

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

impl Counting {
    fn of(jail: &ForeignJail) -> Self {
        match (jail.grows(), jail.counts_all_jails()) {
            (false, _) => Self::Never,
            (true, false) => Self::Alone,
            (true, true) => Self::WithAll,
        }
    }
}

/// What each jail's latest ban was noted with, and when it held.
#[derive(Default)]
struct Counts<'b> {
    latest: BTreeMap<&'b JailName, (u32, Moment, Moment)>,
}

impl<'b> Counts<'b> {
    /// The next ban. Whom somebody let off, that jail forgets.
    fn add(&mut self, ban: &'b Ban, counting: Counting, lifted: bool) {
        let before = match counting {
            Counting::Never => 0,
            Counting::Alone => self.of(&ban.jail),
            Counting::WithAll => self.total(),
        };
        if lifted {
            self.latest.remove(&ban.jail);
        } else {
            self.latest.insert(&ban.jail, (before.saturating_add(1), ban.since, ban.until));
        }
    }

    /// What is too old at this time counts no more.
    fn forget(&mut self, age: i64, at: Moment) {
        self.latest.retain(|_, (_, since, until)| !is_outdated((*since, *until), age, at));
    }

    fn of(&self, jail: &JailName) -> u32 {
        self.latest.get(jail).map_or(0, |(count, ..)| *count)
    }

    fn total(&self) -> u32 {
        self.latest.values().fold(0, |sum: u32, (count, ..)| sum.saturating_add(*count))
    }
}

/// fail2ban looks once in an hour; here, a ban is forgotten when it would be at such a look.
fn is_outdated((since, until): (Moment, Moment), age: i64, at: Moment) -> bool {
    let length = until.millis().saturating_sub(since.millis());
    let remembered = length.saturating_mul(OUTDATED).saturating_add(age.saturating_mul(1000));
    until != Moment::NEVER && since.millis().saturating_add(remembered) < at.millis()
}

#[cfg(test)]
mod tests {
    use event::{Proof, Scope};

    use super::*;

    const DAY: i64 = 86_400;

    fn ban(jail: &str, since: i64, seconds: i64) -> Ban {
        let until = if seconds < 0 { Moment::NEVER } else { Moment::from_seconds(since + seconds) };
        Ban {
            subject: "192.0.2.1".parse().unwrap(),
            jail: JailName::new(jail),
            scope: Scope::Jail,
            since: Moment::from_seconds(since),
            until,
            failures: 3,
            proof: Proof::Proven,
            reason: String::new(),
        }
    }

    /// Bans with their counting and whether they were lifted; the count of jail `a`, and that of all, at this time.
    fn count(bans: &[(Ban, Counting, bool)], at: i64) -> (u32, u32) {
        let age = DAY;
        let mut counts = Counts::default();
        for (ban, counting, lifted) in bans {
            counts.forget(age, ban.since);
            counts.add(ban, *counting, *lifted);
        }
        counts.forget(age, Moment::from_seconds(at));
        (counts.of(&JailName::new("a")), counts.total())
    }

    #[test]
    fn jails_that_count_with_all_drive_each_other_up() {
        let all = Counting::WithAll;
        let bans = |told: &[(&str, Counting, bool)]| {
            let bans =
                (0..).zip(told).map(|(at, (jail, how, lifted))| (ban(jail, at * 60, 60), *how, *lifted));
            count(&bans.collect::<Vec<_>>(), 600).1
        };
        assert_eq!(bans(&[]), 0);
        assert_eq!(bans(&[("a", all, false), ("a", all, false)]), 2);
        assert_eq!(bans(&[("a", all, false), ("b", all, false)]), 3);
        assert_eq!(bans(&[("a", all, false), ("b", all, false), ("a", all, false)]), 6);
        assert_eq!(bans(&[("a", all, false), ("b", all, false), ("a", all, true)]), 2);
        let alone = Counting::Alone;
        assert_eq!(bans(&[("a", alone, false), ("b", all, false), ("a", alone, false)]), 4);
        let never = Counting::Never;
        assert_eq!(bans(&[("a", never, false), ("a", never, false)]), 1);
    }

    /// What Debian's fail2ban says of the same bans of one jail: times, lengths, and the time of a purge before each and at the end.
    const THEIRS: &str = "
import sys
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from fail2ban.server.database import Fail2BanDb
from fail2ban.server.jail import Jail
from fail2ban.server.mytime import MyTime
from fail2ban.server.ticket import BanTicket
db, jail = Fail2BanDb(':memory:'), Jail('a')
db.addJail(jail)
def count(at):
    MyTime.setTime(at)
    db.purge()
    return next((found[0] for found in db.getBan('192.0.2.1', jail)), 0)
for ban in sys.argv[2:]:
    at, length = map(int, ban.split(','))
    ticket = BanTicket('192.0.2.1', at)
    ticket.setBanTime(length)
    ticket.setBanCount(count(at) + 1)
    db.addBan(jail, ticket)
print(count(int(sys.argv[1])))
";

    #[test]
    fn debians_database_forgets_as_well() {
        let cases: [(i64, &[(i64, i64)]); 8] = [
            (97_200, &[(0, 3600)]),
            (97_201, &[(0, 3600)]),
            (100_000, &[(0, 3600), (97_200, 7200)]),
            (100_000, &[(0, 3600), (97_201, 7200)]),
            (345_600, &[(0, 60), (100, 86_400)]),
            (345_701, &[(0, 60), (100, 86_400)]),
            (90_000_000, &[(0, 60), (100, -1)]),
            (200_000, &[(0, 60), (60_000, 60), (120_000, 60), (180_000, 60)]),
        ];
        for (at, told) in cases {
            let words = told.iter().map(|(since, length)| format!("{since},{length}"));
            let mut python = std::process::Command::new("/usr/bin/python3");
            let output = python.args(["-c", THEIRS, &at.to_string()]).args(words).output().unwrap();
            let theirs = String::from_utf8_lossy(&output.stdout);
            let bans: Vec<_> = told
                .iter()
                .map(|(since, length)| (ban("a", *since, *length), Counting::Alone, false))
                .collect();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(theirs.trim(), count(&bans, at).0.to_string(), "{told:?} at {at}: {said}");
        }
    }

    #[test]
    fn what_is_over_for_long_is_forgotten_with_all_that_was_before() {
        let alone = |since, seconds| (ban("a", since, seconds), Counting::Alone, false);
        // An hour's ban is remembered for three hours and a day from its begin on.
        let end = 3 * 3600 + DAY;
        assert_eq!(count(&[alone(0, 3600)], end).0, 1);
        assert_eq!(count(&[alone(0, 3600)], end + 1).0, 0);
        assert_eq!(count(&[alone(0, 3600), alone(end, 7200)], end + 7200).0, 2);
        assert_eq!(count(&[alone(0, 3600), alone(end + 1, 7200)], end + 7200).0, 1);
        assert_eq!(count(&[alone(0, 10 * DAY), alone(20 * DAY, 60)], 20 * DAY + 60).0, 2);
        assert_eq!(count(&[alone(0, -1)], 1000 * DAY).0, 1);
        // Of another jail only what is its own.
        let other = (ban("b", 5 * DAY, 60), Counting::WithAll, false);
        assert_eq!(count(&[alone(0, DAY), other.clone()], 5 * DAY + 60), (0, 1));
        assert_eq!(count(&[alone(0, 2 * DAY), other], 5 * DAY + 60), (1, 3));
    }
}
