//! What a jail of fail2ban's configuration asks of the reading: where it begins, in which characters, and what is said of the rest.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::place::append_bytes;
use crate::support::words::wrong;
use crate::support::{Daemon, Notices, Place};

pub const SETTINGS: &str = "[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n";

pub const SSHD: &str = "[Definition]\nfailregex = Failed password for \\S+ from <HOST> port \\d+ ssh2$\n";

/// A configuration of these jails alone, which touches nothing of the machine's own fail2ban. `LOG` is the log.
fn configuration(place: &Place, filters: &[(&str, &str)], jails: &str) -> PathBuf {
    configuration_of("fail2ban", place, filters, jails)
}

/// An action of a firewall, as which Stockade's own sets do its work; fail2ban that runs it does nothing.
pub const WALL: &str = "[Definition]\nactionban = true || iptables -I INPUT -s <ip> -j DROP\n";

/// A `fail2ban.conf` whose log, database and socket are in `folder`.
pub fn server_in(folder: &Path) -> String {
    let own = |name: &str| folder.join(name).display().to_string();
    format!(
        "[Definition]\nlogtarget = {}\ndbfile = {}\npidfile = {}\nsocket = {}\n",
        own("fail2ban.log"),
        own("fail2ban.sqlite3"),
        own("fail2ban.pid"),
        own("f2b.sock")
    )
}

/// The same in a folder of this name, with all that belongs to it. `DIR` is where the log is.
pub fn configuration_of(name: &str, place: &Place, filters: &[(&str, &str)], jails: &str) -> PathBuf {
    let folder = place.path(name);
    fs::create_dir_all(folder.join("filter.d")).expect("make the folder");
    fs::create_dir_all(folder.join("run")).expect("make the folder");
    fs::create_dir_all(folder.join("action.d")).expect("make the folder");
    fs::write(folder.join("action.d/wall.conf"), WALL).expect("write an action");
    let log = place.log().display().to_string();
    let jails = jails.replace("LOG", &log).replace("DIR", log.trim_end_matches("/auth.log"));
    let head =
        "[DEFAULT]\nfilter = %(__name__)s\nbackend = auto\nbantime = 1h\nmaxretry = 3\naction = wall\n";
    let jails = format!("{head}\n{jails}");
    fs::write(folder.join("fail2ban.conf"), server_in(&folder.join("run"))).expect("write fail2ban.conf");
    fs::write(folder.join("jail.conf"), jails).expect("write jail.conf");
    for (name, text) in filters {
        fs::write(folder.join("filter.d").join(format!("{name}.conf")), text).expect("write a filter");
    }
    folder
}

fn launch(place: &Place, folder: &Path) -> Daemon {
    launch_by(&[], place, folder)
}

/// Our daemon on this configuration, by way of `wrapper`.
pub fn launch_by(wrapper: &[&str], place: &Place, folder: &Path) -> Daemon {
    place.launch_with(wrapper, &["--fail2ban-dir", folder.to_str().unwrap()])
}

#[test]
fn what_is_not_heeded_is_said_once_for_each_jail() {
    let place = Place::new(SETTINGS);
    let jails = "[one]\nenabled = true\nfilter = sshd\nlogpath = LOG\nignoreself = false\nlogencoding = cp437\n\n\
                 [two]\nenabled = true\nfilter = sshd\nlogpath = LOG\nlogencoding = latin1\n";
    let folder = configuration(&place, &[("sshd", SSHD)], jails);
    let daemon = launch(&place, &folder).ready();
    let said = daemon.said();
    assert_eq!(said.matches("jail one: 'ignoreself = false'").count(), 1, "{said}");
    assert_eq!(said.matches("jail one: 'logencoding = cp437'").count(), 1, "{said}");
    assert!(!said.contains("jail two: '"), "{said}");
}

#[test]
fn a_log_with_tail_is_read_from_its_end_on_at_first_sight_only() {
    let place = Place::new(SETTINGS);
    let jails = "[sshd]\nenabled = true\nlogpath = LOG tail\n";
    let folder = configuration(&place, &[("sshd", SSHD)], jails);
    let mut notices = Notices::listen();
    place.fail("192.0.2.7", 5);
    let mut daemon = launch(&place, &folder).ready();
    place.fail("192.0.2.8", 3);
    notices.added("192.0.2.8");
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.7"), "what stood there before does not count");
    daemon.stop();

    place.fail("192.0.2.9", 3);
    let mut daemon = launch(&place, &folder).ready();
    notices.added("192.0.2.9");
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.7"));
}

#[test]
fn a_log_that_another_jail_reads_back_is_read_back() {
    let place = Place::new(SETTINGS);
    let jails =
        "[sshd]\nenabled = true\nlogpath = LOG tail\n\n[too]\nenabled = true\nfilter = sshd\nlogpath = LOG\n";
    let folder = configuration(&place, &[("sshd", SSHD)], jails);
    let mut notices = Notices::listen();
    place.fail("192.0.2.7", 3);
    let mut daemon = launch(&place, &folder);
    daemon.says("in spite of 'tail', since jail too");
    let _daemon = daemon.ready();
    notices.added("192.0.2.7");
}

#[test]
fn a_log_in_another_character_set_is_read_in_it() {
    let place = Place::new(SETTINGS);
    let filter = "[Definition]\nfailregex = falsches Paßwort für <F-USER>\\S+</F-USER> von <HOST>$\n";
    let jails = "[pforte]\nenabled = true\nlogpath = LOG\nlogencoding = iso-8859-15\n";
    let folder = configuration(&place, &[("pforte", filter)], jails);
    let mut notices = Notices::listen();
    let mut daemon = launch(&place, &folder).ready();
    let stamp = wrong("192.0.2.1");
    let stamp = stamp.split(' ').next().unwrap();
    for _ in 0..3 {
        // Of another character set, the same line is none of this filter.
        place.append(&format!("{stamp} falsches Paßwort für müller von 192.0.2.6\n"));
        let line = [stamp.as_bytes(), b" falsches Pa\xdfwort f\xfcr m\xfcller\xa4 von 192.0.2.5\n"].concat();
        append_bytes(&place.log(), &line);
    }
    notices.added("192.0.2.5");
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.6"));
    let why = place.json(&["why", "192.0.2.5"]).to_string();
    assert!(why.contains("müller€"), "{why}");
}
