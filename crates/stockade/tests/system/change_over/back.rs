//! A host that goes back to Debian's fail2ban for a while and comes to us again, with one database: whatever the one of them held, the other goes
//! on with.

use std::fs;

use super::debian::{Debian, banned, client};
use super::{Ban, JAILS, configuration, log_of, words::failure};
use crate::support::deadline::now;
use crate::support::place::append;
use crate::support::{Place, until};

const FIVE: usize = 5;

/// Failures of one address, each of a connection of its own.
struct Attacks<'p> {
    place: &'p Place,
    written: usize,
}

impl Attacks<'_> {
    fn fail(&mut self, address: &str, times: usize) {
        let text: String =
            (0..times).map(|one| failure("sshd", address, now(), self.written + one)).collect();
        self.written += times;
        append(&log_of(self.place, "sshd"), &text);
    }
}

fn addresses(bans: &[Ban]) -> Vec<&str> {
    let mut addresses: Vec<_> = bans.iter().map(|ban| ban.address.as_str()).collect();
    addresses.sort_unstable();
    addresses
}

#[test]
fn whoever_runs_goes_on_with_what_the_other_held() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    for jail in JAILS {
        fs::write(log_of(&place, jail), "").expect("make a log");
    }
    let default = "banaction = nftables-multiport\nbanaction_allports = nftables-allports\n\
                   bantime = 1h\nfindtime = 10m\nbantime.increment = true\n";
    let folder = configuration(&place, "one", default, "");
    let words = ["--fail2ban-dir", folder.to_str().expect("a path in UTF-8")];
    let mut attacks = Attacks { place: &place, written: 0 };
    let held = || banned(&folder, "sshd");

    let mut daemon = place.launch_with(&[], &words).ready();
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8:0:3::3"] {
        attacks.fail(address, FIVE);
        daemon.says(" ban ");
    }
    daemon.stop();

    for round in 1..=2 {
        let debian = Debian::start(&folder);
        let (theirs, lifted, few) =
            (format!("198.51.100.{round}"), format!("192.0.2.{round}"), format!("203.0.113.{round}"));
        until("what was held", || addresses(&held()).contains(&lifted.as_str()));
        assert_eq!(client(&folder, &["set", "sshd", "unbanip", &lifted]).1.trim(), "1");
        let single = format!("2001:db8:{round}:9::9");
        client(&folder, &["set", "sshd", "banip", &single]);
        attacks.fail(&few, FIVE - 1);
        attacks.fail(&theirs, FIVE);
        until("their bans", || {
            let bans = debian.history();
            [&theirs, &single].iter().all(|one| bans.iter().any(|ban| ban.address == **one))
        });
        let of_theirs = held().into_iter().find(|ban| ban.address == theirs).expect("a ban");
        debian.stop();

        let mut daemon = place.launch_with(&[], &words).ready();
        let network = format!("2001:db8:{round}:9::/64");
        // Rows that are gone are looked for once it runs.
        until("the lift", || !addresses(&held()).contains(&lifted.as_str()) && !place.kernel.holds(&lifted));
        let bans = held();
        assert_eq!(bans.iter().find(|ban| ban.address == theirs), Some(&of_theirs));
        assert!(addresses(&bans).contains(&network.as_str()), "{bans:?}");
        assert!(place.kernel.holds(&theirs));
        assert_eq!(bans.len(), 3 + round, "{bans:?}");
        // What fail2ban has read is not read again.
        attacks.fail(&few, 1);
        place.settle(&mut daemon);
        assert_eq!(place.counted(&few, "sshd"), 1);
        // The last round ends in a kill.
        if round == 1 {
            daemon.stop();
        } else {
            daemon.kill();
        }
    }
    let daemon = place.launch_with(&[], &words).ready();
    let bans = held();
    let all = ["198.51.100.1", "198.51.100.2", "2001:db8:0:3::/64", "2001:db8:1:9::/64", "2001:db8:2:9::/64"];
    assert_eq!(addresses(&bans), all);
    daemon.stop();
}
