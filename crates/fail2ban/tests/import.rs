//! What `import` makes of fail2ban's configuration finds the same addresses in the peer's own sample logs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use event::{JailName, Moment};
use fail2ban::import::{Ask, Imported, import};
use fail2ban::judge::{Judge, Verdict};
use fail2ban::pattern::Names;
use fail2ban::{DateDetector, filter_file};
use filter::{Catalog, Filter, FilterSet, Kind, Scratch};
use jiff::tz::TimeZone;

const SAMPLES: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";

fn with_jails(text: &str) -> (tempfile::TempDir, Imported) {
    let made = tempfile::tempdir().unwrap();
    let here = made.path().to_str().unwrap();
    assert!(Command::new("cp").args(["-a", "/etc/fail2ban/.", here]).status().unwrap().success());
    std::fs::write(made.path().join("jail.d/defaults-debian.conf"), "").unwrap();
    std::fs::write(made.path().join("jail.local"), text).unwrap();
    let imported = imported(made.path());
    (made, imported)
}

fn imported(folder: &Path) -> Imported {
    let now = Moment::from_seconds(1_795_392_000);
    import(folder, &Ask { now, filter_dir: "/etc/stockade/filters".to_owned() })
}

/// The addresses that fail2ban's filter finds in its sample log, those that ours finds.
fn both(name: &str, ours: Arc<Filter>) -> [BTreeSet<String>; 2] {
    let bytes =
        std::fs::read(Path::new(SAMPLES).join(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"));
    let text = String::from_utf8_lossy(&bytes);
    let (filter, _) = filter_file::read(Path::new("/etc/fail2ban"), name).unwrap();
    let dates = DateDetector::new(filter.datepattern.as_deref(), None).unwrap();
    let (mut judge, _) = Judge::new(&filter, Names::Skip, dates, TimeZone::UTC);
    let set = FilterSet::new(vec![(JailName::new("x"), ours)], &[Kind::Ignore, Kind::Failure, Kind::Success]);
    let mut scratch = Scratch::default();
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Verdict::Failure(failure) = judge.line(line, Moment::from_seconds(1_124_013_600)) {
            found[0].insert(failure.who.to_string());
        }
        set.judge_line(line.as_bytes(), &mut scratch, &mut |one| {
            if one.rule.kind == Kind::Failure {
                found[1].extend(one.host.and_then(|host| host.address()).map(|address| address.to_string()));
            }
        });
    }
    found
}

#[test]
fn filters_that_are_made_find_what_fail2bans_find() {
    let mut jails = String::new();
    let conf = std::fs::read_to_string("/etc/fail2ban/jail.conf").unwrap();
    let names = conf.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    for name in names.filter(|name| !["DEFAULT", "INCLUDES"].contains(name)) {
        jails.push_str(&format!("[{name}]\nenabled = true\n"));
    }
    let (folder, made) = with_jails(&jails);
    assert!(made.filters.len() > 6, "{:?}", made.filters.iter().map(|(name, _)| name).collect::<Vec<_>>());
    let mut compared = 0;
    let mut faults = Vec::new();
    for (name, text) in &made.filters {
        let ours = Arc::new(Filter::parse(name, text).unwrap());
        if !Path::new(SAMPLES).join(name).is_file() {
            continue;
        }
        compared += 1;
        let [theirs, ours] = both(name, ours);
        if theirs != ours {
            faults.push(format!("{name}: fail2ban {theirs:?}, ours {ours:?}"));
        }
    }
    assert!(compared > 6 && faults.is_empty(), "{compared} compared, {}", faults.join("\n"));
    // Every jail became a section, or is named with its reason.
    let sections = made.text.matches("\nenabled = true\n").count();
    let read = fail2ban::jail::read(folder.path(), fail2ban::jail::Which::Enabled);
    assert_eq!(sections + made.left.len(), read.enabled.len(), "{:?}", made.left);
}

#[test]
fn jails_of_known_services_take_filters_of_ours() {
    let jails =
        ["sshd", "nginx-http-auth", "asterisk", "proftpd", "dovecot", "apache-auth", "vsftpd", "mysqld-auth"];
    let text: String = jails.iter().map(|name| format!("[{name}]\nenabled = true\n")).collect();
    let (_, made) = with_jails(&text);
    for name in jails {
        assert!(
            made.text.contains(&format!("[jails.{name}]\nenabled = true\nfilter = \"{name}\"\n")),
            "{}",
            made.text
        );
    }
    assert_eq!((made.left, made.filters), (Vec::new(), Vec::new()));
    // Where the two differ on purpose, our samples say why (crates/filter/tests/peer_samples.rs); here they do not.
    let [theirs, ours] = both("proftpd", Catalog::shipped().filter("proftpd").unwrap());
    assert_eq!(theirs, ours);
}

#[test]
fn limits_ports_whitelist_and_growth_are_carried_over() {
    let (folder, made) = with_jails(
        "[DEFAULT]\nignoreip = 127.0.0.1/8 192.0.2.0/24 office.example\nbantime = 1h\nfindtime = 10m\nmaxretry = 4\nbantime.increment = true\n\
         bantime.maxtime = 1w\nbanaction = nftables-multiport\n[sshd]\nenabled = true\nport = ssh,2222\nlogpath = /var/log/auth.log\n\
         [vsftpd]\nenabled = true\nbantime = -1\nignoreip = 127.0.0.1/8 192.0.2.0/24 198.51.100.7\nlogpath = /var/log/vsftpd.log\n\
         banaction = nftables-allports\naction = %(action_mw)s\n[bad_Name.x]\nenabled = true\nfilter = sshd\nlogpath = /var/log/x\n",
    );
    let has = |text: &str| assert!(made.text.contains(text), "{text}\n{}", made.text);
    has("addresses = [\"127.0.0.1/8\", \"192.0.2.0/24\"]\n");
    has("factor = 2\nmax = 604800\n");
    has("ports = [\"tcp/22\", \"tcp/2222\"]\nmax_retry = 4\nfind_time = 600\nban_time = 3600\n");
    has("ports = [\"tcp/1-65535\"]\nmax_retry = 4\nfind_time = 600\nban_time = \"forever\"\n");
    has("'198.51.100.7' is ignored by this jail and not by all");
    has("[jails.bad_name-x]\n");
    has("is no firewall's and is not run");
    let line = format!("{}:16: ignoreip is left out", folder.path().join("jail.local").display());
    has(&line);
}

#[test]
fn nothing_in_fail2bans_files_ends_a_string_or_a_comment() {
    let (_, made) = with_jails(
        "[sshd]\nenabled = true\nlogpath = /var/log/a\"]\\n.log\nignoreip = a\"b 192.0.2.1\n action = x\n[x]\nenabled = true\n\
         filter = sshd[mode=\"a\nb\"]\nlogpath = /tmp/x\n",
    );
    for line in made.text.lines().filter(|line| !line.is_empty()) {
        let known = line.starts_with(['#', '[']) || line.split_once(" = ").is_some();
        assert!(known, "{line}");
    }
}
