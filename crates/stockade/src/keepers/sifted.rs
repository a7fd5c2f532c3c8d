//! The rows of fail2ban's database, held against our own store: which of them a fail2ban made that ran meanwhile, and which are only left of
//! bans that are known here. It changes neither.

use std::collections::HashMap;

use event::limit::EARLIER_BANS;
use event::{JailName, Moment, Subject};
use mirror::{Legacy, LegacyBan};
use store::{Ending, Sqlite, Store, StoreError};

use crate::foreign::name_of;
use crate::obey::as_counted;
use crate::start::Restored;

/// What became of the rows.
#[derive(Debug, Default)]
pub struct Sifted {
    /// What is not known here, and where logs were read to.
    pub legacy: Legacy,
    /// What is not to stand there any more: a ban that was lifted just before a kill, or a single address whose network has a row of its own.
    pub outdated: Vec<LegacyBan>,
}

/// The latest ban of a subject by a jail that is known here: since when, and whether somebody lifted it.
type Latest = (Moment, bool);

impl Sifted {
    /// The rows of jails that run; those of others wait until theirs does.
    pub fn of(
        legacy: Legacy,
        restored: &Restored,
        is_run: impl Fn(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let live = restored.bans.iter().map(|ban| ((ban.subject, &ban.jail), ban.since)).collect();
        let mut sifted = Self::default();
        sifted.legacy.offsets = legacy.offsets;
        for (rows, may_hold) in [(legacy.past, false), (legacy.bans, true)] {
            for row in rows.into_iter().filter(|row| is_run(&row.jail)) {
                sifted.take(row, may_hold, &live, &restored.store)?;
            }
        }
        Ok(sifted)
    }

    fn take(
        &mut self,
        row: LegacyBan,
        may_hold: bool,
        live: &HashMap<(Subject, &JailName), Moment>,
        store: &Sqlite,
    ) -> Result<(), StoreError> {
        let Ok(subject) = row.ip.parse::<Subject>() else { return Ok(()) };
        let (counted, jail) = (as_counted(&subject), name_of(&row.jail));
        let latest = match live.get(&(counted, &jail)) {
            Some(since) => Some((*since, false)),
            None => latest(store, &counted, &jail)?,
        };
        match latest.filter(|(since, _)| is_as_late(*since, &row)) {
            Some((_, is_lifted)) if is_lifted || counted != subject => self.outdated.push(row),
            Some(_) => {}
            None if may_hold => self.legacy.bans.push(row),
            None => self.legacy.past.push(row),
        }
        Ok(())
    }
}

fn latest(store: &Sqlite, subject: &Subject, jail: &JailName) -> Result<Option<Latest>, StoreError> {
    let past = store.history(Some(subject), EARLIER_BANS)?;
    let of_jail = past.into_iter().filter(|one| one.ban.jail == *jail);
    Ok(of_jail.map(|one| (one.ban.since, one.ending == Ending::Unbanned)).max())
}

/// A row tells its ban's begin rounded to a second.
fn is_as_late(since: Moment, row: &LegacyBan) -> bool {
    since.millis().saturating_add(500) >= row.since.millis()
}
