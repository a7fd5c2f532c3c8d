//! Logs that come while we run, that are not there yet, and that are written in other character sets: the same lines lead to the same bans as with
//! Debian's fail2ban.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::change_over::debian::{Debian, client};
use crate::honoured::{SETTINGS, SSHD, configuration_of, launch_by};
use crate::support::place::{STOCKADE, append, append_bytes};
use crate::support::words::wrong;
use crate::support::{Daemon, Notices, Place, until};

/// Ours and Debian's on the same logs.
struct Both {
    place: Place,
    daemon: Daemon,
    folders: [PathBuf; 2],
    _debian: Debian,
}

impl Both {
    fn start(place: Place, filters: &[(&str, &str)], jails: &str) -> Self {
        let folders = ["ours", "theirs"].map(|name| configuration_of(name, &place, filters, jails));
        let daemon = launch_by(&[], &place, &folders[0]).ready();
        let debian = Debian::start(&folders[1]);
        Self { place, daemon, folders, _debian: debian }
    }

    fn tell(&self, words: &[&str]) {
        for folder in &self.folders {
            let told = client(folder, words);
            assert_eq!(told.0, 0, "{}: {told:?}", folder.display());
        }
    }

    /// Waits until both have banned these, and nobody else.
    fn ban(&self, jail: &str, expected: &[&str]) {
        for folder in &self.folders {
            let banned = || {
                let (_, text) = client(folder, &["get", jail, "banip"]);
                let mut all: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                all.sort();
                all
            };
            until(&format!("{} of {jail} in {}", expected.join(" "), folder.display()), || {
                banned() == expected
            });
        }
    }
}

#[test]
fn a_log_with_tail_that_comes_by_a_command_is_read_from_its_end_on() {
    let place = Place::new(SETTINGS);
    for name in ["b.log", "c.log", "d.log"] {
        append(&place.path(name), &wrong("192.0.2.7").repeat(5));
    }
    let jails = "[sshd]\nenabled = true\nlogpath = LOG\n";
    let mut both = Both::start(place, &[("sshd", SSHD)], jails);
    let path = |name: &str| both.place.path(name).display().to_string();
    both.tell(&["set", "sshd", "addlogpath", &path("b.log"), "tail"]);
    append(&both.place.path("b.log"), &wrong("192.0.2.8").repeat(3));
    both.ban("sshd", &["192.0.2.8"]);

    // By a reload.
    for folder in &both.folders {
        let file = folder.join("jail.conf");
        let text = fs::read_to_string(&file).expect("read the jails");
        let text = text.replace("logpath = ", &format!("logpath = {} tail\n  ", path("c.log")));
        fs::write(file, text).expect("write the jails");
    }
    both.tell(&["reload"]);
    append(&both.place.path("c.log"), &wrong("192.0.2.9").repeat(3));
    both.ban("sshd", &["192.0.2.8", "192.0.2.9"]);

    // What is followed is read on where it is, and a log without `tail` is read back.
    append(&both.place.path("c.log"), &wrong("192.0.2.10").repeat(2));
    both.tell(&["set", "sshd", "addlogpath", &path("d.log")]);
    append(&both.place.path("c.log"), &wrong("192.0.2.10"));
    both.ban("sshd", &["192.0.2.10", "192.0.2.7", "192.0.2.8", "192.0.2.9"]);
    both.place.settle(&mut both.daemon);
}

#[test]
fn logs_in_other_character_sets_are_read_as_fail2ban_reads_them() {
    let place = Place::new(SETTINGS);
    let filter = "[Definition]\nfailregex = неверный пароль для \\S+ с <HOST>$\n";
    let sets = ["koi8-r", "cp1251", "utf-16", "utf-16-be", "gb18030", "iso8859-5", "utf-8"];
    let mut jails = String::new();
    for set in sets {
        fs::write(place.path(&format!("{set}.log")), "").expect("make the log");
        jails.push_str(&format!(
            "[{set}]\nenabled = true\nfilter = door\nlogpath = DIR/{set}.log\nlogencoding = {set}\n"
        ));
    }
    let both = Both::start(place, &[("door", filter)], &jails);
    let stamp = wrong("192.0.2.1");
    let stamp = stamp.split(' ').next().unwrap();
    let write = |at: usize, set: &str, times: usize| {
        let text = format!("{stamp} неверный пароль для ёжик с 192.0.2.{}\n", at + 1).repeat(times);
        let codec = if set == "utf-16" { "utf-16-le" } else { set };
        let script = "import sys; sys.stdout.buffer.write(sys.argv[2].encode(sys.argv[1]))";
        let output = Command::new("python3").args(["-c", script, codec, &text]).output().expect("run Python");
        assert!(output.status.success());
        append_bytes(&both.place.path(&format!("{set}.log")), &output.stdout);
    };
    // What was read before must not shift the bytes of what follows.
    sets.iter().enumerate().for_each(|(at, set)| write(at, set, 1));
    for (set, folder) in sets.iter().flat_map(|set| both.folders.iter().map(move |folder| (set, folder))) {
        until(&format!("a line of {set} in {}", folder.display()), || {
            client(folder, &["status", set]).1.contains("Total failed:\t1\n")
        });
    }
    sets.iter().enumerate().for_each(|(at, set)| write(at, set, 2));
    for (at, set) in sets.iter().enumerate() {
        both.ban(set, &[&format!("192.0.2.{}", at + 1)]);
    }
}

#[test]
fn a_reload_by_our_client_lets_a_jail_wait_for_its_log() {
    let place = Place::new(SETTINGS);
    let late = "[late]\nenabled = true\nfilter = sshd\nlogpath = DIR/late.log\n";
    let jails = "[sshd]\nenabled = true\nlogpath = LOG\n\n".to_owned() + late;
    let folder = configuration_of("ours", &place, &[("sshd", SSHD)], &jails);
    let mut daemon = launch_by(&[], &place, &folder).ready();
    assert_eq!(client(&folder, &["reload"]).0, 255, "Debian's client does not send it");
    let ours = place.path("fail2ban-client");
    std::os::unix::fs::symlink(STOCKADE, &ours).expect("make a link");
    let call = |words: &[&str]| {
        let output = Command::new(&ours).arg("-c").arg(&folder).args(words).output().expect("run our client");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // A jail that is new waits too.
    let file = folder.join("jail.conf");
    let text = fs::read_to_string(&file).expect("read the jails");
    let more = late.replace("late", "later").replace("DIR", &place.path("").display().to_string());
    fs::write(file, text + "\n" + &more).expect("write the jails");
    assert_eq!(call(&["reload"]), (Some(0), "OK\n".to_owned()));
    assert!(client(&folder, &["status"]).1.contains("late, later"));
    // Whoever types the name of a log that is not there is told, as by fail2ban.
    let missing = place.path("missing.log").display().to_string();
    assert_eq!(client(&folder, &["set", "sshd", "addlogpath", &missing]).0, 255);
    for jail in ["late", "later"] {
        append(&place.path(&format!("{jail}.log")), &wrong("192.0.2.8").repeat(3));
        until("the ban", || client(&folder, &["get", jail, "banip"]).1.trim() == "192.0.2.8");
    }
    place.settle(&mut daemon);
}

#[test]
fn a_log_that_cannot_be_followed_keeps_no_other_from_it() {
    let place = Place::new(SETTINGS);
    let jails = "[odd]\nenabled = true\nfilter = sshd\nlogpath = DIR/[.log\n  relative.log\n\n[sshd]\nenabled = true\nlogpath = LOG\n";
    let folder = configuration_of("ours", &place, &[("sshd", SSHD)], jails);
    let mut notices = Notices::listen();
    let daemon = launch_by(&[], &place, &folder).ready();
    let said = daemon.said();
    assert_eq!(said.matches("it is not read").count(), 2, "{said}");
    place.fail("192.0.2.8", 3);
    notices.added("192.0.2.8");
}
