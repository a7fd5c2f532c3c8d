//! What `lint` finds: in Debian's configuration little, in one as MikoPBX writes it every known defect, each with its line; and nothing that
//! is made to do harm keeps it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use event::Moment;
use fail2ban::lint::{Ask, Finding, lint};
use jiff::tz::TimeZone;

const NOW: i64 = 1_795_392_000;

fn ask(all: bool) -> Ask {
    Ask { all, now: Moment::from_seconds(NOW), zone: TimeZone::UTC }
}

/// The stock folder with files over it; `HERE` in them is the folder itself.
fn with_files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let made = tempfile::tempdir().unwrap();
    let here = made.path().to_str().unwrap();
    assert!(Command::new("cp").args(["-a", "/etc/fail2ban/.", here]).status().unwrap().success());
    for (name, text) in files {
        let path = made.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("HERE", here)).unwrap();
    }
    made
}

/// Each finding as one line: severity, kind, the file within `folder` with its line, what it is about.
fn told(folder: &Path, found: &[Finding]) -> Vec<String> {
    let here = format!("{}/", folder.display());
    let line = |one: &Finding| {
        let place = one.place.to_string().replace(&here, "");
        format!("{} {} {place} {}", one.fault.severity().word(), one.fault.kind(), one.about)
    };
    found.iter().map(line).collect()
}

/// What logs there are is this host's own matter.
fn is_of_logs(told: &str) -> bool {
    ["no-log", "empty-log", "stale-log", "matches-nothing"].iter().any(|kind| told.contains(kind))
}

fn miko() -> tempfile::TempDir {
    with_files(&[
        ("filter.d/mikopbx-www.conf", include_str!("mikopbx/filter.d/mikopbx-www.conf")),
        ("filter.d/dropbear.conf", include_str!("mikopbx/filter.d/dropbear.conf")),
        ("filter.d/asterisk-main.conf", include_str!("mikopbx/filter.d/asterisk-main.conf")),
        ("filter.d/asterisk-iax.conf", include_str!("mikopbx/filter.d/asterisk-iax.conf")),
        (
            "action.d/miko-iptables-multiport-all.conf",
            include_str!("mikopbx/action.d/miko-iptables-multiport-all.conf"),
        ),
        ("jail.d/defaults-debian.conf", ""),
        ("jail.local", include_str!("mikopbx/jail.local")),
        ("messages", "x\n"),
        ("asterisk/security_log", "x\n"),
        ("asterisk/error", "x\n"),
    ])
}

#[test]
fn debians_configuration_gives_little_and_what_it_gives_is_so() {
    let folder = Path::new("/etc/fail2ban");
    let found = told(folder, &lint(folder, &ask(false)));
    let found: Vec<&str> = found.iter().map(String::as_str).filter(|one| !is_of_logs(one)).collect();
    assert_eq!(found, ["note names-looked-up jail.conf:143 jail sshd"]);
}

/// All 91 jails and their filters. The two exponential ones were tried in Python: each further character doubles the time.
/// dovecot and domino-smtp are those of GHSA-33wh-ccjc-p397.
#[test]
fn debians_filters_give_these_and_no_others() {
    let folder = Path::new("/etc/fail2ban");
    let found = told(folder, &lint(folder, &ask(true)));
    let found: Vec<&str> = found.iter().map(String::as_str).filter(|one| !is_of_logs(one)).collect();
    let wanted = [
        "danger unanchored filter.d/ejabberd-auth.conf:20 filter ejabberd-auth",
        "danger unanchored filter.d/mongodb-auth.conf:14 filter mongodb-auth",
        "danger injectable filter.d/murmur.conf:21 filter murmur",
        "danger injectable filter.d/pam-generic.conf:21 filter pam-generic",
        "danger injectable filter.d/pure-ftpd.conf:20 filter pure-ftpd",
        "dead impossible-start filter.d/sogo-auth.conf:9 filter sogo-auth",
        "slow many-runs filter.d/apache-badbots.conf:13 filter apache-badbots",
        "slow many-runs filter.d/assp.conf:18 filter assp",
        "slow many-runs filter.d/assp.conf:19 filter assp",
        "slow exponential filter.d/domino-smtp.conf:41 filter domino-smtp",
        "slow many-runs filter.d/dovecot.conf:19 filter dovecot",
        "slow many-runs filter.d/dropbear.conf:30 filter dropbear",
        "slow many-runs filter.d/exim-spam.conf:30 filter exim-spam",
        "slow exponential filter.d/exim.conf:24 filter exim",
        "slow many-runs filter.d/lighttpd-auth.conf:6 filter lighttpd-auth",
        "slow many-runs filter.d/mysqld-auth.conf:20 filter mysqld-auth",
        "slow many-runs filter.d/php-url-fopen.conf:9 filter php-url-fopen",
        "slow many-runs filter.d/pure-ftpd.conf:20 filter pure-ftpd",
        "slow many-runs filter.d/slapd.conf:16 filter slapd",
        "slow many-runs filter.d/uwimap-auth.conf:13 filter uwimap-auth",
        "note alternative-twice filter.d/asterisk.conf:23 filter asterisk",
        "note said filter.d/selinux-common.conf:17 filter selinux-common",
        "note names-looked-up jail.conf:143 the jails",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn every_known_defect_of_mikopbx_is_found_at_its_line() {
    let folder = miko();
    let found = told(folder.path(), &lint(folder.path(), &ask(false)));
    let wanted = [
        "danger address-from-header filter.d/asterisk-main.conf:14 filter asterisk-main",
        "danger address-from-header filter.d/asterisk-main.conf:15 filter asterisk-main",
        "danger unanchored filter.d/mikopbx-www.conf:5 filter mikopbx-www",
        "danger injectable filter.d/mikopbx-www.conf:6 filter mikopbx-www",
        "dead impossible-end filter.d/asterisk-iax.conf:12 filter asterisk-iax",
        "dead impossible-start filter.d/asterisk-main.conf:19 filter asterisk-main",
        "slow many-runs filter.d/asterisk-iax.conf:12 filter asterisk-iax",
        "slow many-runs filter.d/dropbear.conf:8 filter dropbear",
        "slow character-by-character filter.d/mikopbx-www.conf:5 filter mikopbx-www",
        "slow many-runs filter.d/mikopbx-www.conf:6 filter mikopbx-www",
        "note alternative-twice filter.d/asterisk-main.conf:11 filter asterisk-main",
        "note names-looked-up jail.conf:143 the jails",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn each_finding_says_what_to_write_instead() {
    let folder = miko();
    for one in lint(folder.path(), &ask(false)) {
        assert!(
            !one.fault.instead().is_empty() && !one.fault.why().is_empty() && one.place.line > 0,
            "{one:?}"
        );
    }
}

#[test]
fn jails_that_see_nothing_or_too_much_are_found() {
    let attempt = "Nov 22 00:00:00 pbx sshd[1]: Something else altogether\n".repeat(200);
    let folder = with_files(&[
        ("jail.d/defaults-debian.conf", ""),
        ("auth.log", &attempt),
        ("empty.log", ""),
        ("old.log", "x\n"),
        (
            "jail.local",
            "[DEFAULT]\nusedns = no\nignoreip = 127.0.0.1/8 office.example\n[sshd]\nenabled = true\nlogpath = HERE/auth.log\nbantme = 5m\n\
             bantime = 1m\nfindtime = 1h\n[twin]\nenabled = true\nfilter = sshd\nlogpath = HERE/auth.log\n HERE/empty.log\n\
             [gone]\nenabled = true\nfilter = sshd\nlogpath = HERE/*.nolog\n[old]\nenabled = true\nfilter = vsftpd\nlogpath = HERE/old.log\n\
             [broken]\nenabled = true\nfilter = there-is-none\n",
        ),
    ]);
    let old = std::fs::File::options().write(true).open(folder.path().join("old.log")).unwrap();
    let before = Moment::from_seconds(NOW).before(Duration::from_secs(40 * 86_400));
    old.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(before.seconds() as u64)).unwrap();
    for name in ["auth.log", "empty.log"] {
        let log = std::fs::File::options().write(true).open(folder.path().join(name)).unwrap();
        log.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(NOW as u64)).unwrap();
    }
    let found = told(folder.path(), &lint(folder.path(), &ask(false)));
    let wanted = [
        "dead no-log jail.local:18 jail gone",
        "dead broken jail.local:25 jail broken",
        "note name-ignored jail.local:3 the jails",
        "note matches-nothing jail.local:6 jail sshd",
        "note unknown-option jail.local:7 the jails",
        "note short-ban jail.local:8 jail sshd",
        "note empty-log jail.local:13 jail twin",
        "note jail-twice jail.local:13 jail twin",
        "note matches-nothing jail.local:13 jail twin",
        "note stale-log jail.local:22 jail old",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_prefix_that_lets_nothing_through_and_patterns_without_an_address_are_found() {
    let folder = with_files(&[
        ("jail.d/defaults-debian.conf", ""),
        ("x.log", "x\n"),
        (
            "filter.d/mine.conf",
            "[Definition]\nprefregex = ^<F-CONTENT>(?:[Ll]ogin|Bad).+</F-CONTENT>$\nfailregex = ^Login .* from <HOST>$\n\
             \x20           ^Failed login from <HOST>$\n            ^Bad client$\n            ^Bad <HOST>$ now\n            ^Login .* from <HOST>$\n\
             \x20           ^Bad (<HOST>$\n",
        ),
        ("jail.local", "[mine]\nenabled = true\nusedns = no\nlogpath = HERE/x.log\n"),
    ]);
    let found = told(folder.path(), &lint(folder.path(), &ask(false)));
    let wanted = [
        "dead excluded-by-prefix filter.d/mine.conf:4 filter mine",
        "dead unusable-pattern filter.d/mine.conf:5 filter mine",
        "dead impossible-end filter.d/mine.conf:6 filter mine",
        "dead unusable-pattern filter.d/mine.conf:8 filter mine",
        "note pattern-twice filter.d/mine.conf:7 filter mine",
    ];
    assert_eq!(found.iter().filter(|one| !is_of_logs(one)).collect::<Vec<_>>(), wanted);
}

#[test]
fn what_is_made_to_do_harm_ends_soon() {
    let deep = format!("{}a{}", "(?:".repeat(95), "+)*".repeat(95));
    let many = "a*".repeat(60_000);
    let wide = format!("(?:{})*<HOST>", "a|".repeat(60_000));
    let text = format!(
        "[Definition]\nfailregex = ^{deep} <HOST>$\n            ^{many} <HOST>$\n            ^{wide}\n            ^{}<HOST>\n",
        ".*x".repeat(20_000)
    );
    let long = "a".repeat(100_000) + "\n";
    let folder = with_files(&[
        ("jail.d/defaults-debian.conf", ""),
        ("filter.d/mine.conf", &text),
        ("x.log", &long.repeat(20)),
        ("jail.local", "[mine]\nenabled = true\nlogpath = HERE/x.log\n"),
    ]);
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let found = lint(folder.path(), &ask(true)).len();
        let _ = done.send(found);
    });
    let found = finished.recv_timeout(Duration::from_secs(120)).expect("it ends within its time");
    assert!(found > 0);
}
