//! Whom a jail of fail2ban's configuration ignores by a name or a file, held against Debian's fail2ban where it can do so. Names are looked up in
//! a hosts file of the test's own, which both see in the place of the machine's.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use crate::change_over::debian::{Debian, client};
use crate::honoured::{SETTINGS, SSHD, configuration_of, launch_by};
use crate::support::words::wrong;
use crate::support::{Deadline, Notices, Place, until};

/// Runs what follows with this file in the place of `/etc/hosts`.
fn with_hosts(hosts: &Path) -> [String; 5] {
    let script = format!("mount --bind {} /etc/hosts && exec \"$@\"", hosts.display());
    ["unshare".to_owned(), "-m".to_owned(), "sh".to_owned(), "-c".to_owned(), script]
}

#[test]
fn names_in_ignoreip_are_looked_up_as_fail2ban_does() {
    let place = Place::new(SETTINGS);
    let hosts = place.path("hosts");
    let write = |text: &str| fs::write(&hosts, text).expect("write the hosts");
    let first = "192.0.2.7 office.example.test\n192.0.2.9 laptop.example.test\n";
    write(first);
    let wrapper = with_hosts(&hosts);
    let mut wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    wrapper.push("sh");
    let jails = "[sshd]\nenabled = true\nlogpath = LOG\nignoreip = office.example.test nowhere.invalid\n\n\
                 [nobody]\nenabled = true\nfilter = sshd\nlogpath = LOG\nignoreip = 0.0.0.0/0\n";
    let ours = configuration_of("ours", &place, &[("sshd", SSHD)], jails);
    let theirs = configuration_of("theirs", &place, &[("sshd", SSHD)], jails);

    // What is read back of the log is judged with the names already.
    place.fail("192.0.2.7", 5);
    let mut notices = Notices::listen();
    let mut daemon = launch_by(&wrapper, &place, &ours).ready();
    let debian = Debian::start_by(&wrapper, &theirs);
    let said = daemon.said();
    assert!(said.contains("ignoreip 'office.example.test' means 192.0.2.7"), "{said}");
    assert_eq!(said.matches("ignoreip 'nowhere.invalid'").count(), 1, "{said}");

    for folder in [&ours, &theirs] {
        let told = client(folder, &["set", "sshd", "addignoreip", "laptop.example.test"]);
        assert_eq!(told.0, 0, "{told:?}");
    }
    for address in ["192.0.2.7", "192.0.2.9", "192.0.2.8"] {
        place.append(&wrong(address).repeat(3));
    }
    notices.added("192.0.2.8");
    place.settle(&mut daemon);
    let banned = |folder: &Path| {
        let (_, text) = client(folder, &["get", "sshd", "banip"]);
        let mut all: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        all.sort();
        all
    };
    until("Debian's ban", || banned(&theirs) == ["192.0.2.8"]);
    assert_eq!(banned(&ours), ["192.0.2.8"]);
    assert_eq!(client(&ours, &["get", "nobody", "banip"]), client(&theirs, &["get", "nobody", "banip"]));
    drop(debian);

    // A reload looks again: who had the name is ignored no more, who has it now is.
    write("192.0.2.17 office.example.test\n");
    assert_eq!(client(&ours, &["reload"]).0, 0);
    place.fail("192.0.2.17", 3);
    place.fail("192.0.2.7", 3);
    notices.added("192.0.2.7");
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.17"));

    // A name that cannot be looked up any more keeps its last addresses.
    write("");
    assert_eq!(client(&ours, &["reload"]).0, 0);
    daemon.says("whom it meant last is ignored");
    place.fail("192.0.2.17", 3);
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.17"));
}

#[test]
fn a_file_in_ignoreip_is_read_and_read_again_when_it_changes() {
    let place = Place::new(SETTINGS);
    let hosts = place.path("hosts");
    fs::write(&hosts, "192.0.2.9 laptop.example.test\n").expect("write the hosts");
    let wrapper = with_hosts(&hosts);
    let mut wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    wrapper.push("sh");
    let file = place.path("ignored.txt");
    fs::write(&file, "192.0.2.7 # the office\n; all of them:\n192.0.2.16/29, laptop.example.test\n")
        .expect("write");
    let jails = "[sshd]\nenabled = true\nlogpath = LOG\nignoreip = file:DIR/ignored.txt\n";
    let folder = configuration_of("ours", &place, &[("sshd", SSHD)], jails);
    let mut notices = Notices::listen();
    let mut daemon = launch_by(&wrapper, &place, &folder).ready();
    for address in ["192.0.2.7", "192.0.2.17", "192.0.2.9", "192.0.2.8"] {
        place.fail(address, 3);
    }
    notices.added("192.0.2.8");
    place.settle(&mut daemon);
    for ignored in ["192.0.2.7", "192.0.2.17", "192.0.2.9"] {
        assert!(!place.kernel.holds(ignored), "{ignored}");
    }
    let told = client(&folder, &["get", "sshd", "ignoreip"]).1;
    assert!(told.contains(&format!("file:{}", file.display())), "{told}");

    fs::write(&file, "192.0.2.18\n").expect("write");
    daemon.says("means 192.0.2.18");
    place.fail("192.0.2.18", 3);
    place.fail("192.0.2.7", 3);
    notices.added("192.0.2.7");
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.18"));

    // A file that is gone keeps whom it meant.
    fs::remove_file(&file).expect("remove the file");
    daemon.says("whom it meant last is ignored");
    place.fail("192.0.2.18", 3);
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.18"));
}

#[test]
fn a_name_server_that_does_not_answer_holds_nothing_up() {
    const PATIENCE: Duration = Duration::from_secs(10);
    let place = Place::new(SETTINGS);
    let server = UdpSocket::bind("127.0.0.1:53").expect("be a name server");
    server.set_read_timeout(Some(PATIENCE)).expect("set a deadline");
    let settings = place.path("resolv.conf");
    fs::write(&settings, "nameserver 127.0.0.1\noptions timeout:30 attempts:2\n").expect("write");
    let script = format!("mount --bind {} /etc/resolv.conf && exec \"$@\"", settings.display());
    let jails = "[sshd]\nenabled = true\nlogpath = LOG\nignoreip = slow.example.test\n";
    let folder = configuration_of("ours", &place, &[("sshd", SSHD)], jails);
    let mut notices = Notices::listen();
    let begun = Deadline::start();
    let _daemon = launch_by(&["unshare", "-m", "sh", "-c", &script, "sh"], &place, &folder).ready();
    assert!(begun.elapsed() < PATIENCE, "it starts all the same");
    server.recv(&mut [0; 512]).expect("the name server is asked");
    let begun = Deadline::start();
    assert_eq!(client(&folder, &["reload"]).0, 0);
    place.fail("192.0.2.8", 3);
    notices.added("192.0.2.8");
    assert!(begun.elapsed() < PATIENCE, "so does all else go on");
}
