//! What a jail of fail2ban's configuration asks of the reading: where it begins, in which characters, and what is said of the rest.

use std::fs;
use std::path::PathBuf;

use crate::support::{Daemon, Notices, Place};

const SETTINGS: &str = "[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n";

const SSHD: &str = "[Definition]\nfailregex = Failed password for \\S+ from <HOST> port \\d+ ssh2$\n";

/// A configuration of these jails alone, which touches nothing of the machine's own fail2ban. `LOG` is the log.
fn configuration(place: &Place, filters: &[(&str, &str)], jails: &str) -> PathBuf {
    let folder = place.path("fail2ban");
    fs::create_dir_all(folder.join("filter.d")).expect("make the folder");
    let own = |name: &str| place.path(name).display().to_string();
    let server = format!(
        "[Definition]\nlogtarget = {}\ndbfile = {}\npidfile = {}\nsocket = {}\n",
        own("fail2ban.log"),
        own("fail2ban.sqlite3"),
        own("fail2ban.pid"),
        own("f2b.sock")
    );
    let jails = jails.replace("LOG", &own("auth.log"));
    let jails =
        format!("[DEFAULT]\nfilter = %(__name__)s\nbackend = auto\nbantime = 1h\nmaxretry = 3\n\n{jails}");
    fs::write(folder.join("fail2ban.conf"), server).expect("write fail2ban.conf");
    fs::write(folder.join("jail.conf"), jails).expect("write jail.conf");
    for (name, text) in filters {
        fs::write(folder.join("filter.d").join(format!("{name}.conf")), text).expect("write a filter");
    }
    folder
}

fn launch(place: &Place, folder: &std::path::Path) -> Daemon {
    let socket = place.path("f2b.sock");
    let words = ["--fail2ban-dir", folder.to_str().unwrap(), "--fail2ban-socket", socket.to_str().unwrap()];
    place.launch_with(&[], &words)
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
