//! A host changes over from Debian's fail2ban: the same configuration and the same logs are given to both, each in a network namespace
//! of its own, and the same addresses are banned by the same jails, for the same time.
//!
//! What is meant to differ, and is not held against either:
//! - An IPv6 address stands for its /64: whoever has one has all of them, and fail2ban's ban of one is walked around. Both are compared
//!   by /64, and each attacker here has one address in it.
//! - fail2ban's bans begin with the second that the log tells, ours with the moment in which the line was read. Read from history, both go
//!   by the log. So ends may differ by `SLACK_SECONDS`, lengths by nothing.
//! - Lines that name a host by name count against nobody here, since names are never looked up; there are none in these logs.
//! - Failures further apart than `findtime` are scaled by fail2ban to what their rate would come to within it; here only those within it
//!   count. An attacker slower than the limit by less than about a seventh is banned by fail2ban alone; there is none in these logs.
//! - Who is banned is not counted meanwhile: what still comes was on its way. fail2ban counts it, and prolongs the ban if it is enough.
//! - fail2ban counts in threads of their own what an address did between the line that banned it and the note in its database. Nobody
//!   fails again in that moment here.

pub mod debian;
mod journals;
mod scenario;
mod words;
mod by_hand;
mod back;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use store::Archive;

use crate::support::deadline::now;
use crate::support::place::append;
use crate::support::{Daemon, Deadline, Place};
use debian::{Debian, banned, client};
use scenario::{Chance, Plan};
use words::{JAILS, failure};

/// How far the ends of two bans of the same failures may be apart: a polling fail2ban reads a line within a second or two, and counts whole
/// seconds.
const SLACK_SECONDS: i64 = 3;

/// Told among recidive's lines, it reads the log that each of them writes itself; else one that is prepared, the same for both.
const OWN_LOG: &str = "# its own log\n";

/// The jails with their `maxretry`.
const LIMITS: [(&str, usize); 4] = [("sshd", 5), ("asterisk", 4), ("nginx-http-auth", 3), ("recidive", 3)];

/// A ban of either.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ban {
    pub jail: String,
    pub address: String,
    pub since: i64,
    pub seconds: i64,
}

/// The two of them on the same logs.
struct Contest {
    _daemon: Daemon,
    debian: Debian,
    place: Place,
    written: usize,
}

impl Contest {
    /// With these lines in `[DEFAULT]`, and those for recidive, which has its own times; `before` writes what is there when they start.
    fn start(default: &str, recidive: &str, before: impl FnOnce(&Place) -> usize) -> Self {
        let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
        for jail in JAILS {
            fs::write(log_of(&place, jail), "").expect("make a log");
        }
        let written = before(&place);
        let debian = Debian::start(&configuration(&place, "debian", default, recidive));
        let folder = configuration(&place, "ours", default, recidive);
        let words = ["--fail2ban-dir", folder.to_str().expect("a path in UTF-8")];
        let daemon = place.launch_with(&[], &words).ready();
        Self { _daemon: daemon, debian, place, written }
    }

    /// So many failures in the log of `jail`, now.
    fn fail(&mut self, jail: &str, address: &str, times: usize) {
        let at = now();
        let text: String = (0..times).map(|one| failure(jail, address, at, self.written + one)).collect();
        self.written += times;
        append(&log_of(&self.place, jail), &text);
    }

    fn ours(&self) -> PathBuf {
        self.place.path("ours")
    }

    /// What ours wrote into fail2ban's log.
    fn log(&self) -> String {
        fs::read_to_string(self.ours().join("run/fail2ban.log")).expect("read the log")
    }

    /// Waits until both have read all that was written to the log of each jail: until both have banned who comes last.
    fn settle(&mut self, round: usize) {
        let last = |at: usize| format!("203.0.113.{}", 10 * at + round);
        for (at, (jail, retry)) in LIMITS.into_iter().enumerate() {
            self.fail(jail, &last(at), retry);
        }
        let deadline = Deadline::start();
        loop {
            // A short ban may be over when it is looked for: the histories are asked.
            let knows = |bans: &[Ban]| {
                (0..LIMITS.len())
                    .all(|at| bans.iter().any(|ban| ban.address == last(at) && ban.jail == JAILS[at]))
            };
            let (theirs, ours) = (self.debian.history(), self.history());
            if knows(&theirs) && knows(&ours) {
                return;
            }
            assert!(!deadline.left().is_zero(), "round {round} is not read: {theirs:?} {ours:?}");
        }
    }

    /// Every ban that either ever made is one of the other's. Debian's notes its bans a little later than it makes them.
    fn compare(&self) {
        let deadline = Deadline::start();
        loop {
            let wrong = differences(&self.debian.history(), &self.history());
            if wrong.is_empty() {
                return;
            }
            let log = self.debian.log();
            assert!(!deadline.left().is_zero(), "{} differences:\n{}\n{log}", wrong.len(), wrong.join("\n"));
        }
    }

    /// Waits until nobody is banned by either.
    fn wait_until_all_are_free(&self) {
        for jail in JAILS {
            for folder in [self.place.path("debian"), self.ours()] {
                let deadline = Deadline::start();
                while !banned(&folder, jail).is_empty() {
                    assert!(!deadline.left().is_zero(), "{jail}: bans do not end in {}", folder.display());
                }
            }
        }
    }

    /// Every ban that Stockade ever made, by its own record.
    fn history(&self) -> Vec<Ban> {
        let mut archive = Archive::open(&self.place.state().join("stockade.db")).expect("open the record");
        let past = archive.history(None, 100_000).expect("read the record");
        let past = past.into_iter().map(|one| one.ban).map(|ban| Ban {
            jail: ban.jail.to_string(),
            address: ban.subject.to_string(),
            since: ban.since.millis().div_euclid(1000),
            seconds: i64::try_from(ban.until.since(ban.since).as_millis() / 1000).expect("seconds"),
        });
        past.chain(JAILS.iter().flat_map(|jail| banned(&self.ours(), jail))).collect()
    }
}

/// The log that `jail` reads.
fn log_of(place: &Place, jail: &str) -> PathBuf {
    place.path(&format!("{jail}.log"))
}

/// Debian's own configuration, with these jails.
fn configuration(place: &Place, name: &str, default: &str, recidive: &str) -> PathBuf {
    let folder = place.path(name);
    let copied = Command::new("cp").arg("-r").arg("/etc/fail2ban").arg(&folder).status();
    assert!(copied.is_ok_and(|status| status.success()), "Debian's fail2ban is needed: run tests/setup.sh");
    // Debian switches a jail on that reads the machine's own log.
    let _ = fs::remove_file(folder.join("jail.d/defaults-debian.conf"));
    let run = folder.join("run");
    fs::create_dir(&run).expect("make a directory");
    // recidive wants its log to be there before it is first written.
    fs::write(run.join("fail2ban.log"), "").expect("make a log");
    let run = run.display();
    let server = format!(
        "[Definition]\nsocket = {run}/fail2ban.sock\npidfile = {run}/fail2ban.pid\n\
         dbfile = {run}/fail2ban.sqlite3\nlogtarget = {run}/fail2ban.log\n"
    );
    fs::write(folder.join("fail2ban.local"), server).expect("write fail2ban.local");
    let mut jails = format!("[DEFAULT]\nbackend = polling\nignoreip = 198.18.9.0/24\n{default}");
    for (jail, retry) in LIMITS {
        let log = match jail {
            "recidive" if recidive == OWN_LOG => format!("{run}/fail2ban.log"),
            jail => log_of(place, jail).display().to_string(),
        };
        jails.push_str(&format!("\n[{jail}]\nenabled = true\nmaxretry = {retry}\nlogpath = {log}\n"));
    }
    jails.push_str(recidive);
    fs::write(
        folder.join("action.d/nothing.conf"),
        "[Definition]\nactionban = true || iptables -I INPUT -s <ip> -j DROP\n",
    )
    .expect("write an action");
    fs::write(folder.join("jail.local"), jails).expect("write jail.local");
    folder
}

/// What differs between theirs and ours, a line each. A ban is the n-th one of an address by a jail.
fn differences(theirs: &[Ban], ours: &[Ban]) -> Vec<String> {
    let (theirs, ours) = (numbered(theirs), numbered(ours));
    let mut lines = Vec::new();
    for (key, their) in &theirs {
        match ours.get(key) {
            None => lines.push(format!("only Debian's: {their:?}")),
            Some(our) => {
                let end = |ban: &Ban| ban.since + ban.seconds;
                if our.seconds != their.seconds || (end(our) - end(their)).abs() > SLACK_SECONDS {
                    lines.push(format!("Debian's {their:?}, ours {our:?}"));
                }
            }
        }
    }
    let only = ours.iter().filter(|(key, _)| !theirs.contains_key(*key));
    lines.extend(only.map(|(_, our)| format!("only ours: {our:?}")));
    lines
}

fn numbered(bans: &[Ban]) -> BTreeMap<(String, String, usize), Ban> {
    let mut bans = bans.to_vec();
    bans.sort_by_key(|ban| ban.since);
    let mut numbered = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for ban in bans {
        let who = (ban.jail.clone(), network(&ban.address));
        let count: &mut usize = counts.entry(who.clone()).or_default();
        numbered.insert((who.0, who.1, *count), ban);
        *count += 1;
    }
    numbered
}

/// An IPv6 address stands for its /64.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(std::net::IpAddr::V6(v6)) => {
            format!("{}/64", std::net::Ipv6Addr::from(u128::from(v6) >> 64 << 64))
        }
        _ => address.to_owned(),
    }
}

fn ago(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).expect("a time")
}

#[test]
fn from_history_the_same_addresses_are_banned_for_the_same_time() {
    let default = "banaction = nftables-multiport\nbanaction_allports = nftables-allports\n\
                   bantime = 1h\nfindtime = 10m\nbantime.increment = true\n";
    let mut attackers = 0;
    let mut contest = Contest::start(default, "findtime = 10m\n", |place| {
        let plan = Plan::of_history(&mut Chance::new(7), 320);
        attackers = plan.attackers;
        plan.write(|jail, text| append(&log_of(place, jail), text))
    });
    contest.settle(1);
    let deadline = Deadline::start();
    let wrong = loop {
        let all = |folder: &Path| JAILS.iter().flat_map(|jail| banned(folder, jail)).collect::<Vec<_>>();
        let (theirs, ours) = (all(&contest.place.path("debian")), all(&contest.ours()));
        let wrong = differences(&theirs, &ours);
        if wrong.is_empty() || deadline.left().is_zero() {
            eprintln!("{attackers} attackers, {} bans", theirs.len());
            assert!(theirs.len() > attackers / 4, "too little is compared");
            break wrong;
        }
    };
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let (their_kernel, our_kernel) = (contest.debian.kernel(), contest.place.kernel.table());
    for ban in banned(&contest.place.path("debian"), "sshd").iter().filter(|ban| !ban.address.contains(':')) {
        assert!(their_kernel.contains(&ban.address), "{ban:?} is not in the kernel of Debian's");
        assert!(our_kernel.contains(&ban.address), "{ban:?} is not in our kernel");
    }
    assert_eq!(contest.debian.client(&["ping"]), client(&contest.ours(), &["ping"]).1);
}

#[test]
fn repeats_grow_by_the_usual_formula() {
    repeats("bantime = 4\nfindtime = 1m\nbantime.increment = true\n");
}

#[test]
fn repeats_grow_by_multipliers_up_to_a_bound_over_all_jails() {
    repeats(
        "bantime = 4\nfindtime = 1m\nbantime.increment = true\nbantime.multipliers = 1 2 3 5\nbantime.maxtime = 18\n\
         bantime.overalljails = true\n",
    );
}

#[test]
fn recidive_reads_the_log_that_each_writes_itself() {
    let mut contest = Contest::start("action = nothing\nbantime = 3\nfindtime = 1m\n", OWN_LOG, |_| 0);
    let deadline = Deadline::start();
    let until = |contest: &Contest, jail: &str, times: usize| {
        let enough = |bans: &[Ban]| bans.iter().filter(|ban| ban.jail == jail).count() >= times;
        while !(enough(&contest.debian.history()) && enough(&contest.history())) {
            assert!(
                !deadline.left().is_zero(),
                "{jail} {times}: {:?} {}",
                contest.history(),
                contest.debian.log()
            );
        }
    };
    for round in 1..=3 {
        contest.fail("sshd", "198.18.1.1", 5);
        until(&contest, "sshd", round);
        if round < 3 {
            contest.wait_until_all_are_free();
        }
    }
    until(&contest, "recidive", 1);
    contest.compare();
}

#[test]
fn ignorecommand_spares_the_same_addresses() {
    // A network as a monitoring service has it; answers are kept by address.
    let default = "action = nothing\nbantime = 1h\nfindtime = 10m\nignorecommand = expr <ip> : 198[.]18[.]50[.]\n\
                   ignorecache = key=\"<ip>\", max-count=1000, max-time=1h\n";
    let mut contest = Contest::start(default, "", |_| 0);
    for (jail, retry) in LIMITS {
        for last in 1..=3 {
            contest.fail(jail, &format!("198.18.50.{last}"), 2 * retry);
            contest.fail(jail, &format!("198.18.51.{last}"), retry);
        }
        // Who is in ignoreip is no question for the command.
        contest.fail(jail, "198.18.9.1", retry);
    }
    contest.settle(1);
    contest.compare();
    let bans = contest.history();
    assert!(bans.iter().all(|ban| !ban.address.starts_with("198.18.50.")), "{bans:?}");
    let spared = |log: &str| {
        let said =
            log.lines().filter_map(|line| line.split_once(" INFO ").map(|(_, text)| text.trim().to_owned()));
        said.filter(|text| text.contains("Ignore")).collect::<BTreeSet<_>>()
    };
    let (theirs, ours) = (contest.debian.log(), contest.log());
    assert_eq!(spared(&theirs), spared(&ours));
    assert_eq!(spared(&ours).len(), 4 * LIMITS.len());
}

/// Three rounds of failures, each when all bans of the one before are over: whoever was banned before needs fewer failures and stays
/// banned for longer.
fn repeats(growth: &str) {
    // What the kernel is told takes fail2ban a process for each ban, and is compared elsewhere.
    let default = format!("action = nothing\n{growth}");
    let mut contest = Contest::start(&default, growth, |_| 0);
    // Each jail has its own attackers: which of two jails bans first is a matter of luck.
    let address =
        |jail: usize, kind: usize, number: usize| format!("198.18.{}.{number}", 10 * (jail + 2) + kind);
    let v6 = |jail: usize| format!("2001:db8:{jail}::1");
    for (at, (jail, retry)) in LIMITS.into_iter().enumerate() {
        for number in 1..=8 {
            contest.fail(jail, &address(at, 1, number), retry);
            contest.fail(jail, &address(at, 2, number), retry - 1);
        }
        contest.fail(jail, "198.18.9.1", retry);
        contest.fail(jail, &v6(at), retry);
    }
    contest.settle(1);
    contest.wait_until_all_are_free();
    contest.compare();
    // Known ones need half as many; those who were never banned go on counting. The seventh of each jail tries the next one.
    for (at, (jail, retry)) in LIMITS.into_iter().enumerate() {
        for number in 1..=4 {
            contest.fail(jail, &address(at, 1, number), retry.div_ceil(2));
        }
        contest.fail(jail, &address(at, 1, 5), retry.div_ceil(2) - 1);
        contest.fail(jail, &address(at, 2, 1), 1);
        contest.fail(jail, &v6(at), retry.div_ceil(2));
        contest.fail(jail, &address((at + 1) % 4, 1, 7), retry);
    }
    contest.settle(2);
    contest.wait_until_all_are_free();
    for (at, (jail, retry)) in LIMITS.into_iter().enumerate() {
        contest.fail(jail, &address(at, 1, 1), retry.div_ceil(3));
        contest.fail(jail, &address(at, 1, 6), retry);
        contest.fail(jail, &address(at, 1, 7), retry);
    }
    contest.settle(3);
    contest.compare();
    assert!(contest.debian.history().len() > 50, "too little is compared");
}
