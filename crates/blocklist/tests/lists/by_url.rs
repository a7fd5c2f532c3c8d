//! Lists by URL, from a real web server.

use std::fs;

use config::{Blocklist, ListOrigin};

use crate::deadline::until;
use crate::host::{Site, list};
use crate::nginx::Nginx;

const FIRST: &str =
    "# a list\r\n192.0.2.1\r\n198.51.100.0/24 ; SBL1\r\n10.0.0.0/8\r\n2001:db8::1\r\nnobody\r\n";

fn by_url(nginx: &Nginx, name: &str) -> Blocklist {
    list(ListOrigin::Url(nginx.url(name)))
}

#[test]
fn a_list_is_asked_for_again_and_outlives_its_server() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let nginx = Nginx::start(home.path(), "");
    nginx.put("bad.txt", FIRST);
    let list = by_url(&nginx, "bad.txt");
    let site = Site::start(list.clone(), state.path());
    let first = ["192.0.2.1", "198.51.100.0/24", "2001:db8::1"];
    assert_eq!(site.next(), first);
    let health = site.well();
    assert_eq!((health.entries, health.left_out), (3, 2));
    // The second time it says what it has, and gets no list.
    until("a 304", || {
        let asked = nginx.asked();
        if asked.iter().any(|line| line.starts_with("304 - W/")) { Ok(()) } else { Err(format!("{asked:?}")) }
    });
    assert!(nginx.asked()[0].starts_with("200 gzip -"), "{:?}", nginx.asked());
    site.nothing_more();
    nginx.put("bad.txt", "192.0.2.2\n192.0.2.1\n192.0.2.2\n");
    assert_eq!(site.next(), ["192.0.2.1", "192.0.2.2"]);
    // What is no list any more is not taken for an empty one.
    for (text, why) in [
        ("", "there is no address in the answer"),
        ("# under repair\n", "there is no address in the answer"),
        ("\n<!DOCTYPE html>\n192.0.2.9\n", "is a page and no list"),
        (
            "nobody\n10.0.0.1\n",
            "no address that can be taken: 1 lines without an address, 1 subnets too wide",
        ),
    ] {
        nginx.put("bad.txt", text);
        assert_eq!(site.error(why).entries, 2);
    }
    fs::remove_file(home.path().join("www/bad.txt")).unwrap();
    assert_eq!(site.error("there is no list (404)").entries, 2);
    nginx.put("bad.txt", "192.0.2.3\n");
    assert_eq!(site.next(), ["192.0.2.3"]);
    assert_eq!(site.well().entries, 1);
    let address = nginx.address;
    drop(nginx);
    let health = site.error(&format!("http://{address}: connection refused"));
    assert_eq!(health.entries, 1);
    drop(site);
    // Another start, with nobody to ask.
    let site = Site::start(list, state.path());
    assert_eq!(site.next(), ["192.0.2.3"]);
    assert_eq!(site.error("connection refused").entries, 1);
    let asked_before = fs::read_to_string(home.path().join("asked.log")).unwrap().lines().count();
    let nginx = Nginx::start_at(address, home.path(), "");
    site.well();
    // nginx writes its log behind the answer. The version is known from before.
    let first = until("a line", || nginx.asked().get(asked_before).cloned().ok_or_else(String::new));
    assert!(first.starts_with("304"), "{first}");
    site.nothing_more();
}

#[test]
fn the_bound_holds_and_a_larger_one_fetches_anew() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let nginx = Nginx::start(home.path(), "");
    nginx.put("bad.txt", "192.0.2.9\n192.0.2.8\n192.0.2.7\n");
    let small = Blocklist { max_entries: 2, ..by_url(&nginx, "bad.txt") };
    let site = Site::start(small, state.path());
    assert_eq!(site.next(), ["192.0.2.8", "192.0.2.9"]);
    assert_eq!(site.well().left_out, 1);
    drop(site);
    let site = Site::start(by_url(&nginx, "bad.txt"), state.path());
    assert_eq!(site.next().len(), 2, "the kept one");
    assert_eq!(site.next().len(), 3);
    drop(site);
    // A list of the same name from elsewhere is another list.
    nginx.put("other.txt", "192.0.2.1\n");
    let site = Site::start(by_url(&nginx, "other.txt"), state.path());
    assert_eq!(site.next(), ["192.0.2.1"]);
}

#[test]
fn redirects_are_followed_up_to_a_bound() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let more = "location = /moved { return 302 /bad.txt; }\nlocation = /round { return 301 /round; }\n\
                location = /busy { return 429; }\nlocation = /away { return 302 ftp://x/; }";
    let nginx = Nginx::start(home.path(), more);
    nginx.put("bad.txt", "192.0.2.1\n");
    assert_eq!(Site::start(by_url(&nginx, "moved"), state.path()).next(), ["192.0.2.1"]);
    for (name, why) in
        [("round", "redirects"), ("busy", "asked too often (429)"), ("away", "an address that is none")]
    {
        let health = Site::start(by_url(&nginx, name), state.path()).error(why);
        assert_eq!(health.entries, 0);
        assert!(!health.error.unwrap().contains(name), "what is behind the host may be secret");
    }
}

#[test]
fn what_cannot_be_asked_says_so() {
    let state = tempfile::tempdir().unwrap();
    for (url, why) in [
        ("ftp://127.0.0.1/x", "the url is none"),
        ("http://nobody.invalid/list?key=hunter2", "http://nobody.invalid: "),
    ] {
        let health = Site::start(list(ListOrigin::Url(url.to_owned())), state.path()).error(why);
        assert!(!health.error.unwrap().contains("hunter2"));
    }
}
