//! The actions of fail2ban's jails that are no firewall's, while the jails run: those whose work is undone by others, and those that come later.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::SignedDuration;

use crate::honoured::server_in;
use crate::support::deadline::now;
use crate::support::{Daemon, Notices, Place, until};

const FILTER: &str = "[Definition]\nfailregex = ^ failed <HOST>$\n";

/// A block list that somebody may delete. `DIR` is where everything is.
const LISTED: &str = "[Definition]
actionstart = touch DIR/list; echo >>DIR/said start
actionstop = rm -f DIR/list
actioncheck = test -f DIR/list
actionban = echo <ip> >>DIR/list; echo >>DIR/said ban <ip>
actionunban = echo >>DIR/said unban <ip>
";

/// One that comes later.
const LATER: &str = "[Definition]
actionstart = echo >>DIR/said later start
actionban = echo >>DIR/said later ban <ip> <restored>
actionunban = echo >>DIR/said later unban <ip>
";

/// One that Stockade's own sets stand for.
const FIREWALL: &str = "[Definition]\nactionban = iptables -I INPUT -s <ip> -p tcp --dport 22 -j DROP\n";

struct Host {
    place: Place,
}

impl Host {
    fn new(action: &str) -> Self {
        let host = Self { place: Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n") };
        for name in ["filter.d", "action.d"] {
            fs::create_dir_all(host.folder().join(name)).expect("make a directory");
        }
        let own = |name: &str| host.path(name).display().to_string();
        fs::write(host.folder().join("fail2ban.conf"), server_in(&host.path("")))
            .expect("write fail2ban.conf");
        fs::write(host.folder().join("filter.d/gate.conf"), FILTER).expect("write the filter");
        for (name, text) in [("listed", LISTED), ("later", LATER), ("firewall", FIREWALL)] {
            let text = text.replace("DIR", &own(""));
            fs::write(host.folder().join(format!("action.d/{name}.conf")), text).expect("write an action");
        }
        fs::write(host.path("gate.log"), "").expect("make the log");
        host.configure(action);
        host
    }

    fn configure(&self, action: &str) {
        let jail = format!(
            "[gate]\nenabled = true\nfilter = gate\nbackend = polling\nmaxretry = 3\nbantime = 600\nlogpath = {}\naction = {action}\n",
            self.path("gate.log").display()
        );
        fs::write(self.folder().join("jail.conf"), jail).expect("write jail.conf");
    }

    fn folder(&self) -> PathBuf {
        self.path("fail2ban")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    fn start(&self) -> Daemon {
        let (folder, socket) = (self.folder(), self.path("f2b.sock"));
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let words = ["--fail2ban-dir", &text(&folder), "--fail2ban-socket", &text(&socket)];
        self.place.launch_with(&[], &words).ready()
    }

    /// So many failures, so much earlier than now by the log's time.
    fn fail(&self, address: &str, times: usize, earlier: SignedDuration) {
        let at = now() - earlier;
        let line = format!("{} failed {address}\n", at.strftime("%Y-%m-%dT%H:%M:%SZ"));
        crate::support::place::append(&self.path("gate.log"), &line.repeat(times));
    }

    fn said(&self) -> String {
        fs::read_to_string(self.path("said")).unwrap_or_default()
    }

    /// Waits until the actions have said this, in this order, and nothing else.
    fn says(&self, lines: &[&str]) {
        let wanted = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        until(&format!("{wanted:?}"), || {
            let said = self.said();
            assert!(wanted.starts_with(&said), "{said:?} is not {wanted:?}");
            said == wanted
        });
    }

    fn client(&self, words: &[&str]) -> String {
        let mut command = Command::new("/usr/bin/fail2ban-client");
        command.arg("-c").arg(self.folder()).arg("-s").arg(self.path("f2b.sock")).args(words);
        let output = command.output().expect("run Debian's fail2ban-client");
        String::from_utf8(output.stdout).expect("it prints text")
    }
}

#[test]
fn who_fails_on_is_already_banned_and_actions_look_why() {
    let host = Host::new("listed");
    // What a log tells of the time before the start is judged by its own time: these bans are half a minute old.
    let earlier = SignedDuration::from_secs(30);
    host.fail("192.0.2.1", 3, earlier);
    host.fail("192.0.2.2", 3, earlier);
    let _daemon = host.start();
    host.says(&["start", "ban 192.0.2.1", "ban 192.0.2.2"]);
    // Somebody deletes what the action has set up. Who fails on a little shows nothing, who is at the limit again does.
    fs::remove_file(host.path("list")).expect("delete the list");
    let now = SignedDuration::ZERO;
    host.fail("192.0.2.1", 2, now);
    host.fail("192.0.2.2", 3, now);
    host.says(&["start", "ban 192.0.2.1", "ban 192.0.2.2", "start", "ban 192.0.2.2"]);
    host.fail("192.0.2.1", 1, now);
    host.says(&["start", "ban 192.0.2.1", "ban 192.0.2.2", "start", "ban 192.0.2.2", "ban 192.0.2.1"]);
    let list = fs::read_to_string(host.path("list")).expect("the list stands again");
    assert_eq!(list, "192.0.2.2\n192.0.2.1\n");
    let log = || fs::read_to_string(host.path("fail2ban.log")).unwrap_or_default();
    until("fail2ban's log tells of it", || log().contains("NOTICE  [gate] 192.0.2.1 already banned\n"));
    let log = log();
    assert_eq!(log.matches("[gate] Found 192.0.2.1 - ").count(), 6, "{log}");
    assert_eq!(log.matches("already banned").count(), 2, "{log}");
    assert_eq!(log.matches("] Ban 192.0.2.1\n").count(), 1, "{log}");
}

#[test]
fn a_jail_without_an_action_of_a_firewall_keeps_nobody_out() {
    let host = Host::new("later");
    let _daemon = host.start();
    host.fail("192.0.2.1", 3, SignedDuration::ZERO);
    host.says(&["later start", "later ban 192.0.2.1 0"]);
    let scope = || host.place.ban_of("192.0.2.1").expect("it is banned")["scope"].clone();
    assert_eq!(scope(), "none");
    assert!(!host.place.kernel.holds("192.0.2.1"), "{}", host.place.kernel.table());
    assert!(host.client(&["status", "gate"]).contains("Banned IP list:\t192.0.2.1"));
    // With an action of a firewall the ban that stands closes, without it no more.
    let mut notices = Notices::listen();
    host.configure("later\n         firewall");
    assert_eq!(host.client(&["reload"]), "OK\n");
    notices.added("192.0.2.1");
    assert_eq!(scope(), "jail");
    host.configure("later");
    assert_eq!(host.client(&["reload"]), "OK\n");
    until("the ban closes nothing any more", || !host.place.kernel.holds("192.0.2.1"));
    assert_eq!(scope(), "none");
    assert_eq!(host.client(&["unban", "192.0.2.1"]), "1\n");
    host.says(&["later start", "later ban 192.0.2.1 0", "later unban 192.0.2.1"]);
}

#[test]
fn an_action_that_a_reload_brings_is_told_of_the_bans_that_stand() {
    // Nobody keeps the bans of a jail whose action is a firewall's.
    let host = Host::new("firewall");
    let mut notices = Notices::listen();
    let _daemon = host.start();
    host.fail("192.0.2.1", 3, SignedDuration::ZERO);
    notices.added("192.0.2.1");
    host.configure("firewall\n         later");
    assert_eq!(host.client(&["reload"]), "OK\n");
    host.says(&["later start", "later ban 192.0.2.1 1"]);
    // The third comes to one that is told already. The same again brings nothing new.
    host.configure("firewall\n         later\n         listed");
    assert_eq!(host.client(&["reload"]), "OK\n");
    assert_eq!(host.client(&["reload"]), "OK\n");
    host.says(&["later start", "later ban 192.0.2.1 1", "start", "ban 192.0.2.1"]);
    assert_eq!(host.client(&["unban", "192.0.2.1"]), "1\n");
    host.says(&[
        "later start",
        "later ban 192.0.2.1 1",
        "start",
        "ban 192.0.2.1",
        "later unban 192.0.2.1",
        "unban 192.0.2.1",
    ]);
}
