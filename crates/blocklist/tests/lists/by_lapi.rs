//! A client of CrowdSec's real LAPI: the client itself, and a list that follows it.

use std::fs;
use std::time::Duration;

use blocklist::{Client, Entry};
use config::{Blocklist, ListOrigin};
use event::Subject;

use crate::crowdsec::Crowdsec;
use crate::deadline::{now, until};
use crate::host::{Site, list};

const MOST: usize = 1000;

/// Subjects and the minutes that are left of them, rounded.
fn short(entries: &[Entry]) -> Vec<String> {
    let minutes = |entry: &Entry| (entry.until.since(now()).as_secs() + 30) / 60;
    entries.iter().map(|entry| format!("{} {}m", entry.subject, minutes(entry))).collect()
}

fn pulled(client: &mut Client) -> (Vec<String>, Vec<String>) {
    let delta = client.pull(false, MOST, now()).unwrap();
    (delta.deleted.iter().map(Subject::to_string).collect(), short(&delta.new))
}

/// CrowdSec counts in whole seconds, so what was just done may be told with the next answer only.
fn until_pulled(client: &mut Client, deleted: &[&str], new: &[&str]) {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    until(&format!("-{deleted:?} +{new:?}"), || {
        let (deleted, new) = pulled(client);
        gone.extend(deleted);
        come.extend(new);
        if gone.is_empty() && come.is_empty() { Err("nothing".to_owned()) } else { Ok(()) }
    });
    assert_eq!(
        (gone, come),
        (deleted.iter().map(ToString::to_string).collect(), new.iter().map(ToString::to_string).collect())
    );
}

fn add(crowdsec: &Crowdsec, words: &[&str]) {
    crowdsec.cscli(&[&["decisions", "add"], words].concat());
}

#[test]
fn the_client_follows_crowdsecs_own_lapi() {
    let home = tempfile::tempdir().unwrap();
    let mut crowdsec = Crowdsec::start(home.path());
    let key = crowdsec.key("stockade");
    add(&crowdsec, &["--ip", "192.0.2.1", "-d", "4h"]);
    add(&crowdsec, &["--ip", "192.0.2.1", "-d", "1h"]);
    add(&crowdsec, &["--range", "198.51.100.0/24", "-d", "2h"]);
    add(&crowdsec, &["--ip", "2001:db8::1", "-d", "30m"]);
    add(&crowdsec, &["--ip", "192.0.2.2", "-d", "1h", "-t", "captcha"]);
    add(&crowdsec, &["--scope", "country", "--value", "AQ", "-d", "1h"]);
    let mut client = Client::new(&crowdsec.url(), &key, None).unwrap();
    let all = client.pull(true, MOST, now()).unwrap();
    let everybody = ["192.0.2.1 240m", "198.51.100.0/24 120m", "2001:db8::1 30m"];
    assert_eq!(short(&all.new), everybody);
    assert_eq!((all.deleted.len(), all.left_out), (0, 1), "the captcha");
    assert_eq!(client.whitelist(), Ok(None));
    add(&crowdsec, &["--ip", "203.0.113.7", "-d", "1h"]);
    until_pulled(&mut client, &[], &["203.0.113.7 60m"]);
    // Prolonged: CrowdSec has two decisions then.
    add(&crowdsec, &["--ip", "203.0.113.7", "-d", "3h"]);
    until_pulled(&mut client, &[], &["203.0.113.7 180m"]);
    crowdsec.cscli(&["decisions", "delete", "--ip", "203.0.113.7"]);
    until_pulled(&mut client, &["203.0.113.7"], &[]);
    add(&crowdsec, &["--ip", "203.0.113.7", "-d", "1h"]);
    until_pulled(&mut client, &[], &["203.0.113.7 60m"]);
    // By its own time.
    add(&crowdsec, &["--ip", "203.0.113.8", "-d", "2s"]);
    until_pulled(&mut client, &[], &["203.0.113.8 0m"]);
    until_pulled(&mut client, &["203.0.113.8"], &[]);
    crowdsec.cscli(&["decisions", "delete", "--range", "198.51.100.0/24"]);
    until_pulled(&mut client, &["198.51.100.0/24"], &[]);
    // What was told is held, and all of it is what a new question for everything tells.
    let held = short(&client.entries());
    assert_eq!(held, ["192.0.2.1 240m", "203.0.113.7 60m", "2001:db8::1 30m"]);
    assert_eq!(short(&client.pull(true, MOST, now()).unwrap().new), held);
    crowdsec.kill();
    let error = client.pull(false, MOST, now()).unwrap_err();
    assert_eq!(
        (error.text, error.is_refused),
        (format!("http://{}: connection refused; is it running?", crowdsec.address), false)
    );
    crowdsec.restart();
    assert_eq!(short(&client.pull(true, MOST, now()).unwrap().new), held);
    let with_version =
        Client::new(&format!("{}v1/", crowdsec.url()), &key, None).unwrap().pull(true, 1, now()).unwrap();
    assert_eq!((with_version.new.len(), with_version.left_out), (1, 3));
    let error = Client::new(&crowdsec.url(), "wrong", None).unwrap().pull(true, MOST, now()).unwrap_err();
    assert!(
        error.is_refused && error.text.contains("the key is refused") && !error.text.contains("wrong"),
        "{error}"
    );
    let error =
        Client::new(&format!("{}nowhere", crowdsec.url()), &key, None).unwrap().pull(true, MOST, now());
    assert!(error.unwrap_err().text.contains("there is no LAPI (404)"));
}

#[test]
fn a_list_follows_a_lapi_and_outlives_it() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut crowdsec = Crowdsec::start(home.path());
    let key_file = home.path().join("key");
    add(&crowdsec, &["--ip", "192.0.2.1", "-d", "4h"]);
    let list = list(ListOrigin::Lapi { url: crowdsec.url(), key_file: key_file.clone() });
    let site = Site::start(list.clone(), state.path());
    site.error("key: No such file");
    fs::write(&key_file, "wrong\n").unwrap();
    site.error("the key is refused");
    fs::write(&key_file, format!("{}\n", crowdsec.key("stockade"))).unwrap();
    assert_eq!(short(&site.entries()), ["192.0.2.1 240m"]);
    add(&crowdsec, &["--range", "10.1.0.0/16", "-d", "1h"]);
    assert_eq!(short(&site.entries()), ["10.1.0.0/16 60m", "192.0.2.1 240m"], "decided on purpose, so taken");
    crowdsec.cscli(&["decisions", "delete", "--ip", "192.0.2.1"]);
    assert_eq!(short(&site.entries()), ["10.1.0.0/16 60m"]);
    crowdsec.kill();
    assert_eq!(site.error("connection refused").entries, 1);
    crowdsec.restart();
    site.well();
    add(&crowdsec, &["--ip", "192.0.2.3", "-d", "1h"]);
    assert_eq!(short(&site.entries()), ["10.1.0.0/16 60m", "192.0.2.3 60m"]);
    drop(site);
    crowdsec.kill();
    // With nobody to ask, what was known last holds until its time is over.
    let quiet = Blocklist { refresh: Duration::from_secs(3600), ..list };
    let site = Site::start(quiet, state.path());
    assert_eq!(short(&site.entries()), ["10.1.0.0/16 60m", "192.0.2.3 60m"]);
    site.error("connection refused");
}
