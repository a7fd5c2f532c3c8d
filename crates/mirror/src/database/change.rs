//! What a happening changes in the database, in the database's own terms: whole seconds, names, JSON. A failure changes nothing.

use dropin::Happening;
use event::{Moment, Subject, limit};

use crate::legacy::{self, Offset};

/// One change.
pub enum Change {
    /// A jail runs.
    On(String),
    /// A jail runs no more; its bans stay.
    Off(String),
    /// Somebody is banned, or for longer.
    Ban(Row),
    /// A ban stands since before the database was opened: it was written there, unless that could not be done any more.
    Restored(Row),
    /// A ban stands, of before or not.
    Stands(Row),
    /// A ban stood before the database was opened, by another name.
    Stood(Row),
    /// Somebody is not banned any more, by hand: fail2ban forgets the ban.
    Unban { jail: String, ip: String },
    /// The time is over: fail2ban keeps the ban for a while.
    Over { jail: String, ip: String },
    /// A log was read.
    Read(Offset),
}

/// A ban as a row.
#[derive(Clone)]
pub struct Row {
    pub jail: String,
    pub ip: String,
    pub since: i64,
    /// Seconds; -1 for ever.
    pub ban_time: i64,
    pub ban_count: u32,
    pub data: Vec<u8>,
}

impl Change {
    /// `max_matches` lines are kept at most.
    pub fn of(happening: &Happening, max_matches: i64) -> Option<Self> {
        Some(match happening {
            Happening::Found { .. } | Happening::Ignored { .. } | Happening::AlreadyBanned { .. } => {
                return None;
            }
            Happening::Started { jail } => Self::On(jail.clone()),
            Happening::Stopped { jail } => Self::Off(jail.clone()),
            Happening::Banned { jail, ban, earlier, lines, restored, .. } => {
                let kept = usize::try_from(max_matches).unwrap_or(0).min(limit::FAIL2BAN_DATABASE_MATCHES);
                let lines = &lines[lines.len().saturating_sub(kept)..];
                let data = legacy::write_data(ban.failures, lines, kept > 0);
                let row = Row::new(jail, &ban.subject, (ban.since, ban.until), *earlier, data);
                if *restored { Self::Restored(row) } else { Self::Ban(row) }
            }
            Happening::Unbanned { jail, subject, expired, .. } => {
                let (jail, ip) = (jail.clone(), subject.to_string());
                if *expired { Self::Over { jail, ip } } else { Self::Unban { jail, ip } }
            }
        })
    }

    /// Of text.
    pub fn bytes(&self) -> usize {
        match self {
            Self::On(jail) | Self::Off(jail) => jail.len(),
            Self::Ban(row) | Self::Restored(row) | Self::Stands(row) | Self::Stood(row) => {
                row.jail.len() + row.ip.len() + row.data.len()
            }
            Self::Unban { jail, ip } | Self::Over { jail, ip } => jail.len() + ip.len(),
            Self::Read(offset) => offset.jail.len() + offset.path.len() + offset.first_line_md5.len(),
        }
    }
}

impl Row {
    pub fn new(jail: &str, subject: &Subject, times: (Moment, Moment), earlier: u32, data: Vec<u8>) -> Self {
        let (since, until) = (rounded(times.0), rounded(times.1));
        let ban_time = if times.1 == Moment::NEVER { -1 } else { until.saturating_sub(since).max(0) };
        let ban_count = earlier.saturating_add(1);
        Self { jail: jail.to_owned(), ip: subject.to_string(), since, ban_time, ban_count, data }
    }
}

/// To the next second, as fail2ban does it.
pub fn rounded(moment: Moment) -> i64 {
    moment.millis().saturating_add(500).div_euclid(1000)
}
