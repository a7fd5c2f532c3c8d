//! Lists from files, taken as soon as they change.

use std::fs;
use std::time::Duration;

use config::{Blocklist, ListOrigin};

use crate::host::{Site, list};
use crate::nginx::put;

#[test]
fn a_file_is_taken_when_it_changes() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = home.path().join("bad.txt");
    // It is not looked at again for an hour, unless something happens to it.
    let list = Blocklist { refresh: Duration::from_secs(3600), ..list(ListOrigin::File(path.clone())) };
    let site = Site::start(list.clone(), state.path());
    site.error("bad.txt: No such file");
    fs::write(&path, "192.0.2.1\n").unwrap();
    assert_eq!(site.next(), ["192.0.2.1"]);
    site.well();
    fs::write(home.path().join("beside.txt"), "192.0.2.9\n").unwrap();
    put(&path, "192.0.2.2\n1.2.3.0-1.2.3.255\n");
    assert_eq!(site.next(), ["1.2.3.0/24", "192.0.2.2"]);
    // Somebody who writes in place empties the file first.
    fs::write(&path, "").unwrap();
    assert_eq!(site.error("the file is empty").entries, 2);
    fs::remove_file(&path).unwrap();
    assert_eq!(site.error("No such file").entries, 2);
    drop(site);
    let site = Site::start(list, state.path());
    assert_eq!(site.next(), ["1.2.3.0/24", "192.0.2.2"], "kept");
    site.error("No such file");
    put(&path, "# nobody, for now\n");
    assert_eq!(site.next(), [""; 0], "meant so");
    assert_eq!(site.well().entries, 0);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    site.nothing_more();
}

#[test]
fn a_file_is_looked_at_from_time_to_time_where_it_cannot_be_watched() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The directory is not there yet, so there is nothing to watch.
    let path = home.path().join("later/bad.txt");
    let site = Site::start(list(ListOrigin::File(path.clone())), state.path());
    site.error("No such file");
    fs::create_dir(home.path().join("later")).unwrap();
    put(&path, "192.0.2.1\n");
    assert_eq!(site.next(), ["192.0.2.1"]);
    put(&path, "192.0.2.2\n");
    assert_eq!(site.next(), ["192.0.2.2"]);
    site.nothing_more();
}

#[test]
fn what_is_no_file_keeps_nobody_waiting() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pipe = home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe, home.path().to_owned()] {
        Site::start(list(ListOrigin::File(path)), state.path()).error("this is no file");
    }
}

#[test]
fn a_list_is_in_force_even_if_it_cannot_be_kept() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bad.txt");
    fs::write(&path, "192.0.2.1\n").unwrap();
    let nowhere = home.path().join("bad.txt/below");
    let slow = Blocklist { refresh: Duration::from_secs(3600), ..list(ListOrigin::File(path)) };
    let site = Site::start(slow, &nowhere);
    assert_eq!(site.next(), ["192.0.2.1"]);
    assert_eq!(site.error("not kept").entries, 1);
}
