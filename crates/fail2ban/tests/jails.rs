//! The jails of Debian's fail2ban, every one enabled, and a folder of local files over them, must come out of our reader as out of fail2ban's.

use std::path::Path;
use std::process::Command;

use fail2ban::jail::{self, Jail, Which};
use serde_json::{Value, json};

const FOLDER: &str = "/etc/fail2ban";

fn asked(folder: &Path, which: &str) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jails.py");
    let output = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", script, folder.to_str().unwrap(), which])
        .output()
        .expect("python3 is there: tests/setup.sh installs fail2ban");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(jail: &Jail) -> Value {
    let mut made = json!({ "options": jail.options, "actions": [] });
    for action in &jail.actions {
        let mut all = action.parameters.clone();
        all.extend(action.commands.clone());
        let truths = ["actionstart_on_demand", "actionrepair_on_unban", "norestored"];
        for (name, value) in all.iter_mut().filter(|(name, _)| truths.contains(&name.as_str())) {
            let _ = name;
            *value = if ["1", "on", "true", "yes"].contains(&value.as_str()) { "True" } else { "False" }
                .to_owned();
        }
        made["actions"].as_array_mut().unwrap().push(json!([action.name, all]));
    }
    let filter = jail.filter.as_ref().unwrap();
    let lists = [
        ("failregex", json!(filter.failregex)),
        ("ignoreregex", json!(filter.ignoreregex)),
        ("journalmatch", json!(filter.journalmatch)),
        ("ignoreip", json!(jail.settings.ignoreip)),
    ];
    for (name, list) in lists {
        if !list.as_array().unwrap().is_empty() {
            made[name] = list;
        }
    }
    let singles =
        [("prefregex", &filter.prefregex), ("datepattern", &filter.datepattern), ("usedns", &filter.usedns)];
    for (name, value) in singles {
        if let Some(value) = value {
            made[name] = json!(value);
        }
    }
    if filter.options.contains_key("maxlines") {
        made["maxlines"] = json!(filter.maxlines);
    }
    made
}

/// What differs.
fn differences(folder: &Path, which: Which) -> Vec<String> {
    let theirs = asked(folder, if which == Which::All { "all" } else { "enabled" });
    let read = jail::read(folder, which);
    let mut found = Vec::new();
    let names: Vec<&str> = read.enabled.iter().map(|jail| jail.name.as_str()).collect();
    for (name, theirs) in theirs.as_object().unwrap() {
        if theirs.get("error").is_some() {
            if !read.broken.iter().any(|(broken, _)| broken == name) {
                found.push(format!("{name} should be broken"));
            }
        } else if !names.contains(&name.as_str()) {
            found.push(format!("{name} is missing; broken: {:?}", read.broken));
        }
    }
    for jail in &read.enabled {
        let (ours, theirs) = (ours(jail), &theirs[&jail.name]);
        let keys = ours
            .as_object()
            .unwrap()
            .keys()
            .chain(theirs.as_object().into_iter().flatten().map(|(key, _)| key));
        for key in keys.collect::<std::collections::BTreeSet<_>>() {
            if ours.get(key) != theirs.get(key) {
                found.push(format!(
                    "{}: {key}\n  ours   {:?}\n  theirs {:?}",
                    jail.name,
                    ours.get(key),
                    theirs.get(key)
                ));
            }
        }
    }
    found
}

#[test]
fn every_stock_jail_comes_out_as_fail2ban_reads_it() {
    assert_eq!(differences(Path::new(FOLDER), Which::All), Vec::<String>::new());
    assert_eq!(differences(Path::new(FOLDER), Which::Enabled), Vec::<String>::new());
    let read = jail::read(Path::new(FOLDER), Which::All);
    assert!(read.enabled.len() > 80 && read.broken.is_empty(), "{} {:?}", read.enabled.len(), read.broken);
    assert_eq!(read.complaints, []);
}

/// The stock folder with local files over it.
fn with_local_files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let made = tempfile::tempdir().unwrap();
    let copied =
        Command::new("cp").args(["-a", "/etc/fail2ban/.", made.path().to_str().unwrap()]).status().unwrap();
    assert!(copied.success());
    for (name, text) in files {
        std::fs::write(made.path().join(name), text).unwrap();
    }
    made
}

#[test]
fn local_files_count_in_fail2bans_order() {
    let folder = with_local_files(&[
        (
            "jail.local",
            "[DEFAULT]\nbantime = 1w2d ; inline\nbantime.increment = yes\nbantime.multipliers = 1 2 4\n\
             ignoreip = 127.0.0.1/8 ::1,\n  192.0.2.0/24\n  file:/tmp/x\nbanaction = nftables-multiport\n\
             [sshd]\nenabled = true\nfilter = sshd[mode=aggressive, publickey=\"invalid\"]\nmaxretry = %(known/maxretry)s\n\
             port = 22,2222\naction = %(action_mwl)s\n  nftables[type=allports, name=\"all-%(__name__)s\"]\n",
        ),
        (
            "jail.d/a.conf",
            "[sshd]\nmaxretry = 7\nfindtime = 1h 30m\n[mine]\nenabled = on\nlogpath = /tmp/a*.log tail\n  /tmp/b.log\n\
             filter = mine[who='x, y'][level=2]\nmode = extra\nignoreregex = %(known/ignoreregex)s\n  ^another$\n",
        ),
        (
            "jail.d/a.local",
            "[sshd]\nmaxmatches = 3\n[mine]\nfailregex = %(known/failregex)s\n  ^further <HOST>$\n",
        ),
        (
            "filter.d/mine.conf",
            "[INCLUDES]\nbefore = common.conf\n[DEFAULT]\nkind = base\n[Definition]\n_daemon = mine\n\
             failregex = ^%(__prefix_line)sbad <who> <<kind>-<level>> from <HOST>$\nignoreregex = ^fine %(kind)s\n\
             journalmatch = _COMM=mine + _UNIT=\"a b\"\n[Init]\nlevel = 1\nextra-2 = second\nmaxlines = 3\n",
        ),
        (
            "filter.d/mine.local",
            "[Definition]\nkind = extra\nfailregex = %(known/failregex)s\n            ^local %(common/nope)s\n",
        ),
        ("filter.d/common.local", "[DEFAULT]\n__bsd_syslog_verbose = (local)\n[common]\nnope = yes\n"),
        ("action.d/nftables.local", "[Init]\nblocktype = drop\n[Init?family=inet6]\nblocktype = reject\n"),
    ]);
    assert_eq!(differences(folder.path(), Which::Enabled), Vec::<String>::new());
    let read = jail::read(folder.path(), Which::Enabled);
    let sshd = read.enabled.iter().find(|jail| jail.name == "sshd").unwrap();
    assert_eq!(sshd.settings.maxretry, 7);
    assert_eq!(sshd.settings.bantime.unwrap().as_secs(), 777_600);
    assert_eq!(sshd.settings.findtime.as_secs(), 5400);
    assert_eq!(sshd.settings.increment.multipliers, [1, 2, 4]);
    assert_eq!(sshd.settings.ignoreip.len(), 4);
    let mine = read.enabled.iter().find(|jail| jail.name == "mine").unwrap();
    assert!(mine.settings.logpath[0].tail && !mine.settings.logpath[1].tail);
}

#[test]
fn a_broken_jail_leaves_the_others_alone() {
    let folder = with_local_files(&[(
        "jail.d/broken.conf",
        "[nofilter]\nenabled = true\nfilter = there-is-none\n[circle]\nenabled = true\nfilter = sshd\nlogpath = %(a)s\na = %(b)s\n\
             b = %(a)s\n[badtime]\nenabled = true\nfilter = sshd\nbantime = soon\n[noaction]\nenabled = true\nfilter = sshd\n\
             action = none[\n[odd]\nenabled = true\nfilter = sshd\nbantme = 5m\nmaxretry = many\n",
    )]);
    let read = jail::read(folder.path(), Which::Enabled);
    let broken: Vec<&str> = read.broken.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(broken, ["nofilter", "circle", "badtime", "noaction"]);
    let said: Vec<String> =
        read.broken.iter().flat_map(|(_, complaints)| complaints).map(ToString::to_string).collect();
    let line = |file: &str, line: u32| format!("{}:{line}: ", folder.path().join(file).display());
    for (said, line) in said.iter().zip([3, 7, 13, 17].map(|number| line("jail.d/broken.conf", number))) {
        assert!(said.starts_with(&line), "{said}");
    }
    let enabled: Vec<&str> = read.enabled.iter().map(|jail| jail.name.as_str()).collect();
    assert_eq!(enabled, ["sshd", "odd"]);
    assert_eq!(read.complaints.len(), 3, "{:?}", read.complaints);
    assert!(read.complaints[2].to_string().contains("'bantme' is no option"), "{:?}", read.complaints);
}
