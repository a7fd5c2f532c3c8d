//! Lists that others keep: in the kernel, below the whitelist, taken up and given up without a restart.

use crate::support::{Notices, Place, until};

fn settings(place: &Place, list: &str) -> String {
    let file = place.path("blocked.txt");
    format!("[whitelist]\naddresses = ['198.51.100.9']\n{}", list.replace("FILE", &format!("{file:?}")))
}

const LIST: &str = "[[blocklist]]\nname = 'own'\nfile = FILE\nrefresh = '1s'\n";

#[test]
fn whoever_is_on_a_list_is_kept_out_and_why_says_by_which() {
    let place = Place::new("");
    std::fs::write(place.path("blocked.txt"), "198.51.100.0/24 ; test\n2001:db8::/48\n# nobody\n").unwrap();
    place.configure(&settings(&place, LIST));
    let mut notices = Notices::listen();
    let mut daemon = place.start();
    daemon.says("2 entries, 0 before");
    notices.added("198.51.100.0");
    until("the subnet in the kernel", || place.kernel.holds("198.51.100.0/24"));

    let why = place.json(&["why", "198.51.100.7"]);
    assert_eq!(why["banned"], true);
    assert_eq!(why["because"], "kept out by the blocklist own, which names 198.51.100.0/24");
    let why = place.json(&["why", "198.51.100.9"]);
    assert_eq!(why["banned"], false, "the whitelist stands above every list: {why}");
    let list = &place.json(&["status"])["blocklists"][0];
    assert_eq!((&list["blocklist"], &list["entries"]), (&"own".into(), &2.into()));

    // A line goes, another comes.
    std::fs::write(place.path("blocked.txt"), "2001:db8::/48\n203.0.113.77\n").unwrap();
    notices.added("203.0.113.77");
    daemon.says("2 entries, 2 before");
    until("the subnet's end in the kernel", || !place.kernel.holds("198.51.100.0/24"));
}

#[test]
fn a_list_that_the_settings_drop_is_dropped_and_one_that_is_gone_stays() {
    let place = Place::new("");
    std::fs::write(place.path("blocked.txt"), "203.0.113.5\n").unwrap();
    place.configure(&settings(&place, LIST));
    let mut daemon = place.start();
    daemon.says("1 entries, 0 before");
    place.settle(&mut daemon);
    std::fs::remove_file(place.path("blocked.txt")).unwrap();
    daemon.stop();

    // Its source is gone; the last good list holds, and status says what is wrong.
    let mut notices = Notices::listen();
    let mut daemon = place.start();
    assert!(
        place.kernel.holds("203.0.113.5"),
        "in force when it is ready, and never out of the kernel meanwhile"
    );
    place.configure(&settings(&place, ""));
    daemon.says("new settings");
    notices.removed("203.0.113.5");
    assert_eq!(place.json(&["status"])["blocklists"], serde_json::json!([]));
}
