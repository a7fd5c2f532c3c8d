//! What of fail2ban's configuration is not done as it is written: said at start by file and line, wherever the option stands, and told by
//! `stockade status` after it.

use std::fs;
use std::process::Command;

use crate::support::place::finish;
use crate::support::{Daemon, Place};

const SETTINGS: &str = "[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n";

const FILES: [(&str, &str); 6] = [
    (
        "jail.conf",
        "[DEFAULT]\nbackend = auto\nmaxretry = 3\nlogencoding = cp437\nport = 22\nusedns = warn\n\
         block = wall[port=\"%(port)s\"]\naction = %(block)s\n  tell\nlogpath = DIR/auth.log\n",
    ),
    (
        "jail.local",
        "[one]\nenabled = true\nfilter = good\nignoreself = false\nport = 22,odd\n\n\
         [two]\nenabled = true\nfilter = bad\nfindtime = 10m\nmaxretry = many\n",
    ),
    ("filter.d/good.conf", "[Definition]\nfailregex = ^a <HOST>$\n"),
    ("filter.d/bad.conf", "[Definition]\n\nfailregex = ^(b <HOST>$\n"),
    (
        "action.d/wall.conf",
        "[Definition]\nactionban = iptables -A f2b -p tcp -m multiport --dports <port> -s <ip> -j DROP\n            curl -s https://hook.example/<ip>\n",
    ),
    ("action.d/tell.conf", "[Definition]\nactionunban =\n\nactionban = echo '<matches>'\n"),
];

/// Our daemon on these files.
fn start(place: &Place) -> Daemon {
    let folder = place.path("fail2ban");
    let own = |name: &str| place.path(name).display().to_string();
    let server = format!(
        "[Definition]\nlogtarget = {}\ndbfile = None\npidfile = {}\nsocket = {}\nallowipv6 = no\n[Thread]\nstacksize = 64\n",
        own("fail2ban.log"),
        own("fail2ban.pid"),
        own("f2b.sock")
    );
    for (name, text) in FILES.into_iter().chain([("fail2ban.conf", server.as_str())]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
        fs::write(path, text.replace("DIR", &own(""))).expect("write a file");
    }
    place.launch_with(&[], &["--fail2ban-dir", folder.to_str().unwrap()]).ready()
}

#[test]
fn what_is_not_done_is_said_by_file_and_line() {
    let place = Place::new(SETTINGS);
    let daemon = start(&place);
    let expected = [
        // The jail's own; one that all jails have from `[DEFAULT]`, said once; one that the reader cannot take.
        ("jail.local:4", "jail one: 'ignoreself = false'"),
        ("jail.conf:4", "jails one, two: 'logencoding = cp437'"),
        ("jail.local:11", "'maxretry = many' is not a number"),
        // An action's command, and what its jail passes to it.
        ("action.d/tell.conf:4", "jails one, two: action 'tell': actionban: <matches> stands where"),
        ("jail.local:5", "jail one: action 'wall': port 'odd'"),
        // What an action of a firewall does beside the firewall.
        (
            "action.d/wall.conf:2",
            "jails one, two: action 'wall': actionban also runs 'curl', which is not done",
        ),
        // What changes nothing here, of the jails and of the server.
        ("jail.conf:6", "jails one, two: 'usedns = warn' is not heeded"),
        ("fail2ban.conf:6", "'allowipv6 = no' is not heeded"),
        ("fail2ban.conf:8", "'stacksize = 64' is not heeded"),
        // A filter's.
        ("filter.d/bad.conf:3", "jail two: ['set', 'two', 'addfailregex', '^(b <HOST>$'] is refused"),
    ];
    let folder = place.path("fail2ban").display().to_string();
    let (said, told) = (daemon.said(), place.run(&["status"]).out);
    for (at, text) in expected {
        let line = format!("{folder}/{at}: {text}");
        assert_eq!(said.matches(&line).count(), 1, "{line}\n{said}");
        assert!(told.contains(&line), "{line}\n{told}");
    }
    let remarks = place.json(&["status"])["remarks"].clone();
    let remark = remarks.as_array().expect("a list").iter().find(|one| one["option"] == "logencoding");
    let remark = remark.expect("it is told");
    assert_eq!(remark["place"], format!("{folder}/jail.conf:4"));
    assert_eq!(remark["jails"], serde_json::json!(["one", "two"]));
}

#[test]
fn what_comes_over_the_socket_is_said_by_its_jail_and_only_once() {
    let place = Place::new(SETTINGS);
    let mut daemon = start(&place);
    let set = |value: &str| {
        let mut client = Command::new("/usr/bin/fail2ban-client");
        client.arg("-c").arg(place.path("fail2ban")).arg("-s").arg(place.path("f2b.sock"));
        client.args(["set", "one", "logencoding", value]);
        assert_eq!(finish(client, "").code, 0);
    };
    set("cp850");
    let said = daemon.says("cp850");
    assert!(said.contains("jail one: 'logencoding = cp850'") && !said.contains("jail.conf"), "{said}");
    set("cp852");
    daemon.says("cp852");
    // What was said of the other jail, and of this one's other options, was not said again.
    let said = daemon.said();
    assert_eq!(said.matches("'ignoreself = false'").count(), 1, "{said}");
    assert_eq!(said.matches("'logencoding = cp437'").count(), 1, "{said}");
    let told = place.run(&["status"]).out;
    assert!(told.contains("\njail one: 'logencoding = cp852'") && !told.contains("cp850"), "{told}");
}

#[test]
fn after_a_reload_the_files_are_said_as_they_are_now() {
    let place = Place::new(SETTINGS);
    let mut daemon = start(&place);
    let jails =
        "# a line more\n[one]\nenabled = true\nfilter = good\nignoreself = false\nlogencoding = cp850\n";
    fs::write(place.path("fail2ban").join("jail.local"), jails).expect("write the jails");
    let mut client = Command::new("/usr/bin/fail2ban-client");
    client.arg("-c").arg(place.path("fail2ban")).arg("-s").arg(place.path("f2b.sock")).arg("reload");
    assert_eq!(finish(client, "").code, 0);
    let said = daemon.says("cp850");
    assert!(said.contains("/jail.local:6: jail one: 'logencoding = cp850'"), "{said}");
    // What went before is not said again, and told where it stands now; what is gone is not told.
    assert_eq!(daemon.said().matches("'ignoreself = false'").count(), 1);
    let told = place.run(&["status"]).out;
    assert!(told.contains("/jail.local:5: jail one: 'ignoreself = false'"), "{told}");
    assert!(!told.contains("maxretry = many") && !told.contains("jail two"), "{told}");
}
