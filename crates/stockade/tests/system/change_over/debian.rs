//! Debian's own fail2ban in a network namespace of its own: what it banned, when and for how long, by its client and its database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Ban;
use crate::support::Deadline;
use crate::support::namespace::tool;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A server that runs until it is dropped.
pub struct Debian {
    namespace: String,
    folder: PathBuf,
    server: Child,
}

impl Debian {
    /// Starts it on this configuration, which says where its socket, its database and its log are; waits until it answers.
    pub fn start(folder: &Path) -> Self {
        Self::start_by(&[], folder)
    }

    /// The same by way of `wrapper`.
    pub fn start_by(wrapper: &[&str], folder: &Path) -> Self {
        let namespace =
            format!("stockade-debian-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        tool("ip", &["netns", "add", &namespace]);
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{namespace}")).args(["setpriv", "--pdeathsig", "KILL"]);
        command.args(wrapper).args(["fail2ban-server", "-f", "-c"]).arg(folder).arg("start");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().expect("start Debian's fail2ban");
        let debian = Self { namespace, folder: folder.to_owned(), server };
        let deadline = Deadline::start();
        while client(folder, &["ping"]).1 != "Server replied: pong\n" {
            assert!(!deadline.left().is_zero(), "Debian's fail2ban does not answer: {}", debian.log());
        }
        debian
    }

    /// Ends it as its client does, and waits until it has.
    pub fn stop(mut self) {
        assert_eq!(self.client(&["stop"]), "Shutdown successful\n");
        self.server.wait().expect("wait for our own child");
    }

    /// What its client prints.
    pub fn client(&self, words: &[&str]) -> String {
        client(&self.folder, words).1
    }

    /// Its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("run/fail2ban.log")).unwrap_or_default()
    }

    /// Its sets in the kernel, as text.
    pub fn kernel(&self) -> String {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.namespace)).args(["nft", "list", "ruleset"]);
        let output = command.output().expect("run nft");
        String::from_utf8(output.stdout).expect("nft prints text")
    }

    /// Every ban that it ever made, by its database.
    pub fn history(&self) -> Vec<Ban> {
        let mut command = Command::new("sqlite3");
        command.arg(self.folder.join("run/fail2ban.sqlite3")).args(["-cmd", ".timeout 5000"]);
        command.arg("select jail, ip, timeofban, bantime from bans order by timeofban");
        let output = command.output().expect("run sqlite3");
        let rows = String::from_utf8(output.stdout).expect("it prints text");
        rows.lines().map(row).collect()
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = Command::new("ip").args(["netns", "delete", &self.namespace]).status();
    }
}

/// How Debian's client ends that talks to whoever serves this configuration's socket, and what it prints.
pub fn client(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = Command::new("fail2ban-client").arg("-c").arg(folder).args(words).output();
    let output = output.expect("run fail2ban-client");
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).expect("it prints text"))
}

/// The bans that are in force in `jail`, as `get JAIL banip --with-time` tells them: byte for byte the same from both.
pub fn banned(folder: &Path, jail: &str) -> Vec<Ban> {
    let (code, text) = client(folder, &["get", jail, "banip", "--with-time"]);
    assert_eq!(code, 0, "{text}");
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| with_time(jail, line)).collect()
}

/// `192.0.2.1 <tab>2026-11-23 00:43:34 + 600 = 2026-11-23 00:53:34`.
fn with_time(jail: &str, line: &str) -> Ban {
    let wrong = || panic!("{jail}: '{line}' is no ban with its time");
    let (address, rest) = line.split_once(" \t").unwrap_or_else(wrong);
    let (since, rest) = rest.split_once(" + ").unwrap_or_else(wrong);
    let (seconds, _) = rest.split_once(" = ").unwrap_or_else(wrong);
    let since: jiff::civil::DateTime = since.parse().expect("a time");
    let since = since.to_zoned(jiff::tz::TimeZone::system()).expect("a time of this zone");
    Ban {
        jail: jail.to_owned(),
        address: address.to_owned(),
        since: since.timestamp().as_second(),
        seconds: seconds.parse().expect("seconds"),
    }
}

fn row(line: &str) -> Ban {
    let columns: Vec<&str> = line.split('|').collect();
    let [jail, address, since, seconds] = columns[..] else { panic!("'{line}' is no row") };
    Ban {
        jail: jail.to_owned(),
        address: address.to_owned(),
        since: since.parse().expect("a time"),
        seconds: seconds.parse::<f64>().expect("seconds").round() as i64,
    }
}
