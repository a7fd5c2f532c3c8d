//! MikoPBX on Stockade: the files that its PHP writes into `/etc/fail2ban`, its services' logs, and the commands that it gives to
//! fail2ban's client, which is Debian's own here. What it reads from fail2ban's database is tested with the database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::deadline::now;
use crate::support::place::append;
use crate::support::{Deadline, Notices, Place};

/// A save in its page writes all files anew and asks for a reload: so many saves.
const RELOADS: u32 = 8;

/// It derives its action from fail2ban's iptables.conf: two rules for each ban, one for each protocol, named in the commands.
const ACTION: &str = "[INCLUDES]
before = iptables.conf
[Definition]
actionstart = <iptables> -N f2b-<name>
              <iptables> -A f2b-<name> -j <returntype>
              <iptables> -I <chain> -p tcp -m multiport --dports <port> -j f2b-<name>
              <iptables> -I <chain> -p udp -m multiport --dports <port> -j f2b-<name>
actionstop = <iptables> -D <chain> -p tcp -m multiport --dports <port> -j f2b-<name>
             <iptables> -D <chain> -p udp -m multiport --dports <port> -j f2b-<name>
             <actionflush>
             <iptables> -X f2b-<name>
actioncheck = <iptables> -n -L <chain> | grep -q 'f2b-<name>[ \\t]'
actionban = <iptables> -I f2b-<name> 1 -s <ip> -p tcp -m multiport --dports <port> -j <blocktype>
            <iptables> -I f2b-<name> 1 -s <ip> -p udp -m multiport --dports <port> -j <blocktype>
actionunban = <iptables> -D f2b-<name> -s <ip> -p tcp -m multiport --dports <port> -j <blocktype>
              <iptables> -D f2b-<name> -s <ip> -p udp -m multiport --dports <port> -j <blocktype>
[Init]

";

/// Its filters: the shapes that it uses, each with one of its kinds of pattern.
const FILTERS: [(&str, &str); 3] = [
    (
        "dropbear",
        "[INCLUDES]\nbefore = common.conf\n[Definition]\n_daemon = (authpriv.warn )?dropbear\n\
         prefregex = ^%(__prefix_line)s<F-CONTENT>(?:[Ll]ogin|[Bb]ad|[Ee]xit).+</F-CONTENT>$\n\
         failregex = ^[Bb]ad (PAM )?password attempt for .+ from <HOST>(:\\d+)?$\nignoreregex =\n",
    ),
    (
        "mikopbx-www",
        "[INCLUDES]\nbefore = common.conf\n[Definition]\n_daemon = [\\S\\W\\s]+web_auth\n\
         failregex = \\sFrom:\\s<HOST>\\sUserAgent:(\\S|\\s)*Wrong password$\nignoreregex =\n",
    ),
    (
        "asterisk-main",
        "[INCLUDES]\nbefore = common.conf\n[Definition]\n_daemon = asterisk\n\n__pid_re = (?:\\[\\d+\\])\n\
         log_prefix= (?:NOTICE|SECURITY)%(__pid_re)s:? \\S+:\\d*( in \\w+:)?\n\n\
         failregex = ^(%(__prefix_line)s|\\[\\]\\s*)%(log_prefix)s SecurityEvent=\"(?:InvalidAccountID|InvalidPassword)\"\
         (?:(?:,(?!RemoteAddress=)\\w+=\"[^\"]*\")*|.*?),RemoteAddress=\"IPV[46]/[^/\"]+/<HOST>/\\d+\"\
         (?:,(?!RemoteAddress=)\\w+=\"[^\"]*\")*$\n\
         \x20           ^(%(__prefix_line)s|\\[\\]\\s*)%(log_prefix)s Host <HOST> failed to authenticate as '[^']*'$\n\n\
         ignoreregex = Service=\"AMI\"\n",
    ),
];

/// jail, log, name of the chain, ports.
const JAILS: [(&str, &str, &str, &str); 6] = [
    ("dropbear", "messages", "SSH", "22"),
    ("mikopbx-www", "messages", "HTTP", "80,443"),
    ("asterisk_security_log", "security_log", "ASTERISK", "5060,5061,4569,10000:10200,8089"),
    ("asterisk_error", "error", "ASTERISK_ERROR", "5060,5061,4569,10000:10200,8089"),
    ("asterisk_public", "full", "ASTERISK_PUBLIC", "5060,5061,4569,10000:10200,8089"),
    ("asterisk_ami", "full", "ASTERISK_AMI", "5038,8088"),
];

/// Writes what the PHP writes at every save.
fn write(place: &Place, folder: &Path, max_retry: u32) {
    fs::write(folder.join("action.d/miko-iptables-multiport-all.conf"), ACTION).expect("write the action");
    for (name, text) in FILTERS {
        fs::write(folder.join(format!("filter.d/{name}.conf")), text).expect("write a filter");
    }
    let common = format!(
        "enabled = true\nmaxretry = {max_retry}\nfindtime = 1800\nbantime = 43200\nlogencoding = utf-8\n"
    );
    let mut jails = "[DEFAULT]\nignoreip = 127.0.0.1 203.0.113.0/24\n\n".to_owned();
    for (jail, log, name, ports) in JAILS {
        let filter = if jail.starts_with("asterisk") { "filter = asterisk-main\n" } else { "" };
        let log = place.path(log).display().to_string();
        jails.push_str(&format!(
            "[{jail}]\n{common}{filter}logpath = {log}\n\
             action = miko-iptables-multiport-all[name={name}, port=\"{ports}\"]\n\n"
        ));
    }
    fs::write(folder.join("jail.local"), jails).expect("write jail.local");
    // A module brings a jail and a filter of its own.
    let log = place.path("messages").display().to_string();
    let module = format!(
        "[module_example]\n{common}logpath = {log}\naction = iptables-allports[name=ModuleExample, protocol=all]\n\n"
    );
    fs::write(folder.join("jail.d/pbx_module_example.conf"), module).expect("write a module's jail");
    let filter = "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^.* example refused <HOST>$\nignoreregex =\n";
    fs::write(folder.join("filter.d/module_example.conf"), filter).expect("write a module's filter");
}

fn configuration(place: &Place) -> PathBuf {
    let folder = place.path("fail2ban");
    let copied = Command::new("cp").arg("-r").arg("/etc/fail2ban").arg(&folder).status();
    assert!(copied.is_ok_and(|status| status.success()), "Debian's fail2ban is needed: run tests/setup.sh");
    let _ = fs::remove_file(folder.join("jail.d/defaults-debian.conf"));
    for (_, log, _, _) in JAILS {
        fs::write(place.path(log), "").expect("make a log");
    }
    let run = place.path("run");
    fs::create_dir(&run).expect("make a directory");
    let run = run.display();
    let server = format!(
        "[Definition]\nsocket = {run}/fail2ban.sock\npidfile = {run}/fail2ban.pid\n\
         dbfile = {run}/fail2ban.sqlite3\nlogtarget = {run}/fail2ban.log\n"
    );
    fs::write(folder.join("fail2ban.local"), server).expect("write fail2ban.local");
    write(place, &folder, 3);
    folder
}

fn client(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = Command::new("fail2ban-client").arg("-c").arg(folder).args(words).output();
    let output = output.expect("run fail2ban-client");
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).expect("it prints text"))
}

fn dropbear(address: &str) -> String {
    let at = now().strftime("%Y-%m-%dT%H:%M:%SZ");
    format!("{at} pbx dropbear[812]: Bad password attempt for 'root' from {address}:50000\n")
}

fn security(address: &str, service: &str) -> String {
    let at = now().to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    format!(
        "[{at}] SECURITY[733] res_security_log.c: SecurityEvent=\"InvalidPassword\",Severity=\"Error\",Service=\"{service}\",\
         AccountID=\"201\",LocalAddress=\"IPV4/UDP/192.0.2.1/5060\",RemoteAddress=\"IPV4/UDP/{address}/5060\",Challenge=\"1\"\n"
    )
}

/// The ports of one protocol that the kernel guards.
fn guarded(place: &Place, protocol: &str) -> String {
    let table = place.kernel.table();
    let (_, map) = table.split_once(&format!("map ports_{protocol} {{")).expect("a map of ports");
    map.split_once("\n\t}").expect("its end").0.to_owned()
}

#[test]
fn its_jails_its_action_and_its_commands() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let mut notices = Notices::listen();
    let mut daemon = place.launch_with(&[], &["--fail2ban-dir", folder.to_str().expect("UTF-8")]).ready();
    assert_eq!(client(&folder, &["ping"]), (0, "Server replied: pong\n".to_owned()));
    let jails = JAILS.iter().map(|jail| jail.0).chain(["module_example"]);
    let mut jails: Vec<_> = jails.collect();
    jails.sort_unstable();
    let (_, status) = client(&folder, &["status"]);
    assert!(status.contains(&format!("Number of jail:\t{}", jails.len())), "{status}");
    assert!(status.ends_with(&format!("Jail list:\t{}\n", jails.join(", "))), "{status}");

    append(&place.path("messages"), &dropbear("198.51.100.7").repeat(3));
    let ssh = notices.added("198.51.100.7");
    append(&place.path("security_log"), &security("203.0.113.9", "PJSIP").repeat(5));
    append(&place.path("security_log"), &security("198.51.100.9", "AMI").repeat(5));
    append(&place.path("security_log"), &security("198.51.100.8", "PJSIP").repeat(3));
    let sip = notices.added("198.51.100.8");
    append(
        &place.path("messages"),
        "2026-11-23T00:00:00Z pbx example refused 198.51.100.6\n".repeat(3).as_str(),
    );
    notices.added("198.51.100.6");
    assert_ne!(ssh, sip, "each jail closes its own ports");
    assert!(!place.kernel.holds("203.0.113.9"), "ignoreip is heeded");
    assert!(!place.kernel.holds("198.51.100.9"), "ignoreregex is heeded");
    // Both protocols, whatever the action's `protocol` says: its commands name them.
    for protocol in ["tcp", "udp"] {
        let closed = guarded(&place, protocol);
        for port in ["22", "443", "5060-5061", "4569", "10000-10200", "8089", "5038"] {
            assert!(closed.split_whitespace().any(|word| word == port), "{protocol} {port}: {closed}");
        }
    }

    let (code, unbanned) = client(&folder, &["unban", "198.51.100.7"]);
    assert_eq!((code, unbanned.as_str()), (0, "1\n"));
    assert!(!place.kernel.holds("198.51.100.7"));
    let log = place.path("moved.log").display().to_string();
    let (code, target) = client(&folder, &["set", "logtarget", &log]);
    assert_eq!(code, 0, "{target}");
    assert!(target.contains(&log), "{target}");

    reload_often(&place, &folder);
    append(&place.path("messages"), &dropbear("198.51.100.10").repeat(4));
    notices.added("198.51.100.10");
    assert!(place.kernel.holds("198.51.100.8"), "what stood before the reloads stands");
    assert_eq!(notices.of("198.51.100.8").len(), 1, "and was never gone");
    place.settle(&mut daemon);
}

/// Many saves, one after the other. What Debian's client takes by itself to start and to read the files is measured beside it: `-t` reads
/// and sends nothing.
fn reload_often(place: &Place, folder: &Path) {
    let ping = Deadline::start();
    for _ in 0..RELOADS {
        assert_eq!(client(folder, &["-t"]).0, 0);
    }
    let alone = ping.elapsed() / RELOADS;
    let reload = Deadline::start();
    for save in 0..RELOADS {
        write(place, folder, 3 + save % 2);
        let (code, said) = client(folder, &["reload"]);
        assert_eq!((code, said.as_str()), (0, "OK\n"));
    }
    let whole = reload.elapsed() / RELOADS;
    let ours = whole.saturating_sub(alone);
    eprintln!("a reload of 7 jails: {ours:?} beside the {alone:?} that Debian's client takes by itself");
    assert!(ours.as_millis() < 1000, "a save in the page is felt");
    assert_eq!(client(folder, &["get", "dropbear", "maxretry"]).1, "4\n");
}
