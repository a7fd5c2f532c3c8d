//! Bans by hand where bans grow: the same commands to both, and the same bans, counts and answers.

use std::path::Path;
use std::process::Command;

use super::debian::{banned, client};
use super::{Contest, JAILS};
use crate::support::until;

impl Contest {
    /// The same command to both, with the same answer.
    fn both(&self, words: &[&str]) -> String {
        let (theirs, ours) = (self.debian.client(words), client(&self.ours(), words).1);
        assert_eq!(theirs, ours, "{words:?}");
        ours.trim().to_owned()
    }

    /// What each of them knows of repeats, once both have noted it.
    fn counts(&self, expected: &str) {
        for folder in [self.place.path("debian"), self.ours()] {
            until(expected, || counts(&folder) == expected);
        }
    }
}

/// Jail, address, length and count of each latest ban.
fn counts(folder: &Path) -> String {
    let mut command = Command::new("sqlite3");
    command.args(["-cmd", ".timeout 5000"]).arg(folder.join("run/fail2ban.sqlite3"));
    let output = command
        .arg("SELECT jail || ' ' || ip || ' ' || bantime || ' ' || bancount FROM bips ORDER BY jail, ip")
        .output();
    String::from_utf8(output.expect("run sqlite3").stdout).expect("it prints text").trim().replace('\n', ", ")
}

const ADDRESS: &str = "198.51.100.1";

/// How long `jail` bans the address, by ours.
fn seconds(contest: &Contest, jail: &str) -> Vec<i64> {
    let of = banned(&contest.ours(), jail).into_iter().filter(|ban| ban.address == ADDRESS);
    of.map(|ban| ban.seconds).collect()
}

#[test]
fn bans_by_hand_grow_as_debians_do() {
    let default = "action = nothing\nbantime = 3\nfindtime = 1m\nbantime.increment = true\n";
    let mut contest = Contest::start(default, "", |_| 0);
    assert_eq!(contest.both(&["set", "sshd", "banip", ADDRESS, "198.51.100.2"]), "2");
    contest.counts("sshd 198.51.100.1 3 1, sshd 198.51.100.2 3 1");
    // Whoever is banned is so already, and that is no further ban.
    assert_eq!(contest.both(&["set", "sshd", "banip", ADDRESS]), "0");
    contest.wait_until_all_are_free();
    assert_eq!(contest.both(&["set", "sshd", "banip", ADDRESS]), "1");
    contest.counts("sshd 198.51.100.1 6 2, sshd 198.51.100.2 3 1");
    assert_eq!(contest.both(&["set", "sshd", "banip", ADDRESS]), "0");
    assert_eq!(seconds(&contest, "sshd"), [6], "a longer ban is not made shorter");
    contest.wait_until_all_are_free();
    // Whoever was banned by hand is known: two failures of five are enough.
    contest.fail("sshd", ADDRESS, 2);
    contest.counts("sshd 198.51.100.1 12 3, sshd 198.51.100.2 3 1");
    assert_eq!(contest.both(&["set", "sshd", "unbanip", ADDRESS]), "1");
    assert_eq!(contest.both(&["set", "sshd", "banip", ADDRESS]), "1");
    contest.counts("sshd 198.51.100.1 3 1, sshd 198.51.100.2 3 1");
    contest.wait_until_all_are_free();

    // Changed while it runs: Debian's looks once in an hour, ours goes by it at once.
    let ours = |words: &[&str]| client(&contest.ours(), words).1;
    ours(&["set", "dbpurgeage", "-1d"]);
    assert_eq!(ours(&["set", "sshd", "banip", ADDRESS]), "1\n");
    assert_eq!(seconds(&contest, "sshd"), [3], "what was before is forgotten");
}

#[test]
fn bans_by_hand_grow_over_all_jails_as_debians_do() {
    let default = "action = nothing\nbantime = 3\nfindtime = 1m\nbantime.increment = true\n\
                   bantime.overalljails = true\nbantime.maxtime = 9\n";
    let contest = Contest::start(default, "", |_| 0);
    for jail in [JAILS[0], JAILS[1], JAILS[2], JAILS[1]] {
        if jail == JAILS[1] {
            contest.wait_until_all_are_free();
        }
        assert_eq!(contest.both(&["set", jail, "banip", ADDRESS]), "1");
        let of =
            |folder: &Path| counts(folder).split(", ").find(|one| one.starts_with(jail)).map(str::to_owned);
        until("both have noted it", || {
            let theirs = of(&contest.place.path("debian"));
            theirs.is_some() && theirs == of(&contest.ours())
        });
    }
    contest.compare();
}
