//! Where one daemon lives: its namespace, settings, filters, log and state, and its commands as an operator types them.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use super::namespace::Namespace;
use super::words::{FILTERS, wrong};
use super::{Daemon, deadline};

/// The binary under test.
pub const STOCKADE: &str = env!("CARGO_BIN_EXE_stockade");

/// A place of its own, gone when dropped.
pub struct Place {
    pub kernel: Namespace,
    dir: TempDir,
    barriers: AtomicU8,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// What was printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|cause| panic!("{cause}: {self:?}"))
    }
}

impl Place {
    /// A place with these settings; jails that they do not name are off, `sshd`, `gate` and `barrier` read `auth.log`.
    pub fn new(settings: &str) -> Self {
        let place = Self {
            kernel: Namespace::enter(),
            dir: tempfile::tempdir().expect("a directory"),
            barriers: AtomicU8::new(0),
        };
        fs::create_dir(place.path("filters")).expect("make the directory of filters");
        for (name, text) in FILTERS {
            fs::write(place.path("filters").join(format!("{name}.toml")), text).expect("write a filter");
        }
        fs::write(place.log(), "").expect("make the log");
        place.configure(settings);
        place
    }

    /// Something in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        self.path("auth.log")
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// The settings file.
    pub fn settings(&self) -> PathBuf {
        self.path("stockade.toml")
    }

    /// Writes the settings as an editor does: beside, then over the old ones.
    pub fn configure(&self, settings: &str) {
        let new = self.path("stockade.toml.new");
        fs::write(&new, self.complete(settings)).expect("write the settings");
        fs::rename(new, self.settings()).expect("move the settings into place");
    }

    /// What `settings` leave out: the tests' own jails are on, the jails of the machine's services are off.
    fn complete(&self, settings: &str) -> String {
        let log = self.log();
        let mut text = format!("{settings}\n");
        let named = |jail: &str| settings.contains(&format!("[jails.{jail}]"));
        for (jail, limits) in [("sshd", ""), ("gate", ""), ("barrier", "max_retry = 1\nban_time = '1h'\n")] {
            if !named(jail) {
                text.push_str(&format!("[jails.{jail}]\nenabled = true\nlogs = {log:?}\n{limits}"));
            }
        }
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../filters");
        for entry in fs::read_dir(shipped).expect("list the shipped filters").flatten() {
            let path = entry.path();
            let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            if path.extension() == Some(OsStr::new("toml")) && name != "sshd" && !named(name) {
                text.push_str(&format!("[jails.{name}]\nenabled = false\n"));
            }
        }
        if !settings.contains("[filters]") {
            text.push_str(&format!("[filters]\ndir = {:?}\n", self.path("filters")));
        }
        text
    }

    /// The daemon, ready.
    pub fn start(&self) -> Daemon {
        self.launch(&[]).ready()
    }

    /// The daemon, just started, by way of `wrapper` (`setpriv` and its options); it dies with the test.
    pub fn launch(&self, wrapper: &[&str]) -> Daemon {
        self.launch_with(wrapper, &[])
    }

    /// The same with more words behind `run`.
    pub fn launch_with(&self, wrapper: &[&str], words: &[&str]) -> Daemon {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(wrapper).arg(STOCKADE).arg("run");
        command.arg("--config").arg(self.settings()).arg("--state-dir").arg(self.state());
        command.args(words);
        Daemon::start(command)
    }

    /// Carries out a command and waits for its end.
    pub fn run(&self, words: &[&str]) -> Answer {
        self.run_with(words, "")
    }

    /// The same with something on standard input.
    pub fn run_with(&self, words: &[&str], input: &str) -> Answer {
        let mut command = Command::new(STOCKADE);
        command.args(words).arg("--state-dir").arg(self.state());
        finish(command, input)
    }

    /// What a command answers with `--json`, however it ends.
    pub fn json(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--json"]].concat()).json()
    }

    /// The ban of `address`, as `banned --json` has it.
    pub fn ban_of(&self, address: &str) -> Option<Value> {
        let rows = self.json(&["banned"]);
        rows.as_array().expect("an array").iter().find(|row| row["address"] == address).cloned()
    }

    /// Failures that count against `address` in `jail`.
    pub fn counted(&self, address: &str, jail: &str) -> u64 {
        let why = self.json(&["why", address]);
        let standings = why["standings"].as_array().expect("standings").clone();
        let standing = standings.iter().find(|standing| standing["jail"] == jail);
        standing.map_or(0, |standing| standing["failures"].as_u64().expect("a number"))
    }

    /// Appends to the log.
    pub fn append(&self, text: &str) {
        append(&self.log(), text);
    }

    /// So many wrong passwords from `address`, now.
    pub fn fail(&self, address: &str, times: usize) {
        self.append(&wrong(address).repeat(times));
    }

    /// Waits until everything that was appended so far has been judged.
    pub fn settle(&self, daemon: &mut Daemon) {
        let number = self.barriers.fetch_add(1, Ordering::Relaxed) + 1;
        self.append(&format!("BARRIER 203.0.113.{number}\n"));
        daemon.says(&format!("ban 203.0.113.{number}: "));
    }
}

/// Appends to a file, which is made if it is not there.
pub fn append(path: &Path, text: &str) {
    append_bytes(path, text.as_bytes());
}

/// The same with bytes that need not be text.
pub fn append_bytes(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("open the log");
    file.write_all(bytes).expect("append to the log");
}

/// Runs a command to its end.
pub fn finish(mut command: Command, input: &str) -> Answer {
    // The width of help texts must not depend on the terminal of whoever runs the tests.
    command.env_remove("COLUMNS").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("start the command");
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("wait for the command");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    Answer { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Whole seconds from one RFC 3339 time to another.
pub fn seconds_between(from: &Value, to: &Value) -> i64 {
    seconds_of(to) - seconds_of(from)
}

/// An RFC 3339 time in UTC, as seconds since 1970; anything else is an error.
pub fn seconds_of(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is not a text"));
    assert!(
        text.ends_with('Z') && text.len() == "2026-11-22T12:00:00Z".len(),
        "{text} is not RFC 3339 in UTC"
    );
    text.parse::<jiff::Timestamp>().expect("RFC 3339").as_second()
}

/// Seconds since 1970, now.
pub fn now_seconds() -> i64 {
    deadline::now().as_second()
}
