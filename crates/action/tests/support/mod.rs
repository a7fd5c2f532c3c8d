//! A configuration of fail2ban as our reader and model make jails of it, for tests. It runs nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use dropin::{Edition, JailModel, Model, Unborn};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use fail2ban::stream::{self, Ask, Logs};

/// The time.
#[allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "tests have no other clock, and not every one needs it"
)]
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

/// Programs that are what they are.
const REAL: &str = "sh cat grep tail head wc awk sed tr rm touch cut mktemp mv cp ls perl truncate uname printf echo test expr sleep env sort uniq \
    file iconv basename dirname mkdir";

/// A folder for PATH: `stand_ins` are all this script, and what a shell needs beside them is what it is.
#[allow(dead_code, reason = "not every test needs it")]
pub fn programs(bin: &Path, stand_ins: &str, script: &str) {
    fs::create_dir_all(bin).unwrap();
    for name in stand_ins.split_whitespace() {
        fs::write(bin.join(name), script).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    for name in REAL.split_whitespace() {
        let found = ["/usr/bin", "/bin", "/usr/sbin"].iter().map(|at| Path::new(at).join(name));
        if let Some(real) = found.into_iter().find(|path| path.exists()) {
            symlink(real, bin.join(name)).unwrap();
        }
    }
}

/// Writes a file and the folders above it.
pub fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A ban for ten minutes.
#[allow(dead_code, reason = "not every test needs it")]
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
