//! What the model asks of whoever runs its jails: everything that is live. The model keeps what was told; the host does it.

use std::time::Duration;

use event::Moment;
use fail2ban::Value;
use jiff::tz::TimeZone;

use crate::model::{ActionModel, JailModel};
use crate::wrong::Wrong;

/// Runs jails. All is called from one thread at a time, in the order in which clients asked; nothing here should wait for long.
pub trait Host {
    /// A jail begins. What of it cannot be honoured is said in the log, not here: fail2ban's client stops at the first error.
    fn start(&mut self, jail: &JailModel) -> Result<(), Wrong>;

    /// A jail that runs was told something else; it is handed over whole. Its bans and counts stay.
    fn change(&mut self, jail: &JailModel);

    /// A jail ends: its bans are lifted, in the kernel too, but not in the database, so that a jail of this name has them again.
    fn stop(&mut self, jail: &str);

    /// The bans of a jail, in the order in which they were made.
    fn bans(&self, jail: &str) -> Vec<LiveBan>;

    /// What a jail has counted.
    fn counts(&self, jail: &str) -> Counts;

    /// Bans by hand. Whether it is a new ban; one that is banned already stays banned, for longer if that is longer.
    fn ban(&mut self, jail: &JailModel, id: &str) -> bool;

    /// Lifts a ban and forgets it in the database, where it may be though nobody is banned. Whether somebody was banned.
    fn unban(&mut self, jail: &str, id: &str) -> bool;

    /// Lifts all bans of a jail and forgets them in the database. How many there were.
    fn unban_all(&mut self, jail: &str) -> usize;

    /// Counts failures of an address as if its lines had been read: one for each line, or one if there is none. They may lead to a ban.
    fn attempt(&mut self, jail: &JailModel, id: &str, lines: &[&str]);

    /// Calls a method of an action, with arguments as JSON. The answer is what the client prints.
    fn call(
        &mut self,
        jail: &JailModel,
        action: &ActionModel,
        method: &str,
        arguments: &str,
    ) -> Result<Value, Wrong>;

    /// Whether a log file can be read just now. It is looked at once, when it is added.
    fn look_at(&mut self, path: &str) -> std::io::Result<()> {
        let kind = std::fs::metadata(path)?.file_type();
        if !kind.is_file() && !kind.is_dir() {
            // To open a pipe is to wait for its other end.
            return Ok(());
        }
        // A directory opens, but cannot be read.
        std::io::Read::read(&mut std::fs::File::open(path)?, &mut [0; 1]).map(drop)
    }

    /// The files that a jail's log is: itself, or what a pattern finds, if the host reads patterns.
    fn files(&self, log: &str) -> Vec<String> {
        vec![log.to_owned()]
    }

    /// What is logged from now on.
    fn set_log_level(&mut self, level: &str);

    /// Where the log goes. Whether it can go there; if not, it goes where it went.
    fn set_log_target(&mut self, target: &LogTarget) -> bool;

    /// Opens the log anew, or writes out what waits.
    fn flush_logs(&mut self);

    /// Keeps bans in this database of fail2ban's, `None` in none. Called while there is no jail.
    fn set_database(&mut self, path: Option<&str>) -> Result<(), Wrong>;

    /// How many lines of a ban the database keeps, and for how many seconds it keeps bans that are over.
    fn set_database_bounds(&mut self, lines: i64, seconds: &Value);

    /// Whether IPv6 is banned too; `None` is for the host to find out.
    fn allow_ipv6(&mut self, allowed: Option<bool>);

    /// The client could not read a jail's configuration, and tells why.
    fn config_error(&mut self, text: &str);

    /// All is to end, after the answer is sent. Every jail was stopped.
    fn quit(&mut self);

    /// The zone in which times are told.
    fn zone(&self) -> TimeZone {
        TimeZone::system()
    }
}

/// A ban that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveBan {
    /// The address as text, or whatever else was banned.
    pub id: String,
    /// Since when.
    pub since: Moment,
    /// For how long; none is for ever.
    pub span: Option<Duration>,
}

/// What a jail has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Addresses with failures that count just now.
    pub failed: u64,
    /// Failures since the jail began.
    pub failed_total: u64,
    /// Bans since the jail began.
    pub banned_total: u64,
}

/// Where the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTarget {
    /// `STDOUT`, `STDERR`, `SYSOUT`, `SYSLOG`, `SYSTEMD-JOURNAL`, in letters of any size, or a file.
    pub name: String,
    /// `facility`, `format`, `datetime`, `padding`.
    pub options: Vec<(String, String)>,
    /// The socket of `SYSLOG`.
    pub syslog_socket: String,
}
