//! A host that runs nothing but keeps bans and counts, as fail2ban would after the same commands.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileTypeExt;
use std::time::Duration;

use dropin::{ActionModel, Counts, Host, JailModel, LiveBan, LogTarget, Stop, Wrong};
use event::Moment;
use fail2ban::Value;

#[derive(Default)]
struct Live {
    bans: Vec<LiveBan>,
    /// Failures that count, by address.
    failing: BTreeMap<String, i64>,
    failed_total: u64,
    banned_total: u64,
}

pub struct Memory {
    jails: BTreeMap<String, Live>,
    stop: Stop,
}

impl Memory {
    pub fn new(stop: Stop) -> Self {
        Self { jails: BTreeMap::new(), stop }
    }

    fn ban_in(&mut self, jail: &JailModel, id: &str) -> bool {
        let live = self.jails.entry(jail.name.clone()).or_default();
        let span = u64::try_from(jail.ban_time).ok().map(Duration::from_secs);
        // A test may read the clock; it is the host's to do so.
        let since = Moment::from_millis(jiff::Timestamp::now().as_millisecond());
        if let Some(ban) = live.bans.iter_mut().find(|ban| ban.id == id) {
            // It ends when the later of the two would.
            let passed = Duration::from_millis((since.millis() - ban.since.millis()).unsigned_abs());
            ban.span = ban.span.zip(span).map(|(held, new)| held.max(passed + new));
            return false;
        }
        live.bans.push(LiveBan { id: id.to_owned(), since, span });
        live.banned_total += 1;
        true
    }
}

impl Host for Memory {
    fn start(&mut self, jail: &JailModel) -> Result<(), Wrong> {
        self.jails.insert(jail.name.clone(), Live::default());
        Ok(())
    }

    fn change(&mut self, _jail: &JailModel) {}

    fn stop(&mut self, jail: &str) {
        self.jails.remove(jail);
    }

    fn bans(&self, jail: &str) -> Vec<LiveBan> {
        self.jails.get(jail).map(|live| live.bans.clone()).unwrap_or_default()
    }

    fn counts(&self, jail: &str) -> Counts {
        let count = |live: &Live| Counts {
            failed: live.failing.len() as u64,
            failed_total: live.failed_total,
            banned_total: live.banned_total,
        };
        self.jails.get(jail).map(count).unwrap_or_default()
    }

    fn ban(&mut self, jail: &JailModel, id: &str) -> bool {
        self.ban_in(jail, id)
    }

    fn unban(&mut self, jail: &str, id: &str) -> bool {
        let Some(live) = self.jails.get_mut(jail) else { return false };
        let before = live.bans.len();
        live.bans.retain(|ban| ban.id != id);
        live.bans.len() < before
    }

    fn unban_all(&mut self, jail: &str) -> usize {
        self.jails.get_mut(jail).map_or(0, |live| std::mem::take(&mut live.bans).len())
    }

    fn attempt(&mut self, jail: &JailModel, id: &str, lines: &[&str]) {
        let live = self.jails.entry(jail.name.clone()).or_default();
        live.failed_total += 1;
        let count = live.failing.entry(id.to_owned()).or_default();
        *count += lines.len().max(1) as i64;
        if *count >= jail.max_retry {
            live.failing.remove(id);
            self.ban_in(jail, id);
        }
    }

    fn call(&mut self, _: &JailModel, _: &ActionModel, method: &str, _: &str) -> Result<Value, Wrong> {
        Ok(match method {
            "start" | "stop" | "flush" => Value::Bool(true),
            _ => Value::None,
        })
    }

    fn set_log_level(&mut self, _level: &str) {}

    fn set_log_target(&mut self, target: &LogTarget) -> bool {
        match target.name.to_uppercase().as_str() {
            "STDOUT" | "STDERR" | "SYSOUT" | "SYSTEMD-JOURNAL" => true,
            "SYSLOG" => {
                std::fs::metadata(&target.syslog_socket).is_ok_and(|found| found.file_type().is_socket())
            }
            _ => OpenOptions::new().append(true).create(true).open(&target.name).is_ok(),
        }
    }

    fn flush_logs(&mut self) {}

    fn set_database(&mut self, _path: Option<&str>) -> Result<(), Wrong> {
        Ok(())
    }

    fn set_database_bounds(&mut self, _lines: i64, _seconds: &Value) {}

    fn allow_ipv6(&mut self, _allowed: Option<bool>) {}

    fn config_error(&mut self, _text: &str) {}

    fn quit(&mut self) {
        self.stop.stop();
    }
}
