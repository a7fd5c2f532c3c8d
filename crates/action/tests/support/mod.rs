//! A configuration of fail2ban as our reader and model make jails of it, for tests. It runs nothing.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use dropin::{Counts, Edition, Host, JailModel, LiveBan, LogTarget, Model, Wrong};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use fail2ban::Value;
use fail2ban::stream::{self, Ask, Logs};

/// The time.
#[allow(clippy::disallowed_methods, reason = "tests have no other clock")]
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(0))
}

/// The jails of a folder such as `/etc/fail2ban`.
pub fn jails(folder: &Path) -> Vec<JailModel> {
    let stream = stream::read(folder, &Ask { logs: Logs::AsWritten, ..Ask::default() });
    assert!(stream.broken.is_empty(), "{:?}", stream.broken);
    let mut model = Model::new(Edition::default());
    for command in &stream.commands {
        model.obey(command, &mut Unborn).unwrap_or_else(|wrong| panic!("{command:?}: {wrong}"));
    }
    model.jails().to_vec()
}

/// Jails of one action each, the texts of whose files are given.
#[allow(dead_code, reason = "not every test needs it")]
pub fn of_actions(folder: &Path, actions: &[(&str, &str)]) -> Vec<JailModel> {
    let jail = |(name, _): &(&str, &str)| format!("[{name}]\nenabled = true\naction = {name}\n");
    for (name, text) in actions {
        put(&folder.join(format!("action.d/{name}.conf")), text);
    }
    configure(folder, &actions.iter().map(jail).collect::<String>());
    jails(folder)
}

/// A folder with these jails.
pub fn configure(folder: &Path, jails: &str) {
    put(&folder.join("fail2ban.conf"), "[Definition]\n");
    put(&folder.join("filter.d/none.conf"), "[Definition]\nfailregex = ^failure of <HOST>$\n");
    let head = "[DEFAULT]\nbackend = polling\nfilter = none\nlogpath = /nowhere/at/all\nbantime = 600\n";
    put(&folder.join("jail.conf"), &format!("{head}{jails}"));
}

/// Writes a file and the folders above it.
pub fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A ban for ten minutes.
pub fn ban(jail: &str, subject: &str, since: Moment, failures: u32) -> Ban {
    let subject: Subject = subject.parse().unwrap();
    Ban {
        subject,
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since,
        until: since.after(Duration::from_secs(600)),
        failures,
        proof: Proof::Proven,
        reason: String::new(),
    }
}

/// Keeps what it is told and does nothing.
struct Unborn;

impl Host for Unborn {
    fn start(&mut self, _: &JailModel) -> Result<(), Wrong> {
        Ok(())
    }
    fn change(&mut self, _: &JailModel) {}
    fn stop(&mut self, _: &str) {}
    fn bans(&self, _: &str) -> Vec<LiveBan> {
        Vec::new()
    }
    fn counts(&self, _: &str) -> Counts {
        Counts::default()
    }
    fn ban(&mut self, _: &JailModel, _: &str) -> bool {
        false
    }
    fn unban(&mut self, _: &str, _: &str) -> bool {
        false
    }
    fn unban_all(&mut self, _: &str) -> usize {
        0
    }
    fn attempt(&mut self, _: &JailModel, _: &str, _: &[&str]) {}
    fn call(&mut self, _: &JailModel, _: &dropin::ActionModel, _: &str, _: &str) -> Result<Value, Wrong> {
        Ok(Value::None)
    }
    fn look_at(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }
    fn set_log_level(&mut self, _: &str) {}
    fn set_log_target(&mut self, _: &LogTarget) -> bool {
        true
    }
    fn flush_logs(&mut self) {}
    fn set_database(&mut self, _: Option<&str>) -> Result<(), Wrong> {
        Ok(())
    }
    fn set_database_bounds(&mut self, _: i64, _: &Value) {}
    fn allow_ipv6(&mut self, _: Option<bool>) {}
    fn config_error(&mut self, _: &str) {}
    fn quit(&mut self) {}
}
