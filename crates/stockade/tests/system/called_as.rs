//! The binary called as fail2ban's programs: what they print, how they end, and the daemon that they start and stop, held against Debian's.

mod report;
mod journal;

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::place::{STOCKADE, finish};
use crate::support::{Answer, Deadline, Place};

const JAILS: &str = "[DEFAULT]
backend = polling
usedns = no
bantime = 600
findtime = 600
maxretry = 3
ignoreip = 127.0.0.1/8 192.168.0.0/16
banaction = idle
action = idle

[sshd]
enabled = true
port = ssh
logpath = LOG
";

const NAMES: [&str; 3] = ["fail2ban-client", "fail2ban-server", "fail2ban-regex"];

/// A place with the three names, and with Debian's configuration and the jails above, sockets and files beside it.
struct Host {
    place: Place,
}

impl Host {
    fn new() -> Self {
        let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
        fs::create_dir(place.path("bin")).expect("make a directory");
        for name in NAMES {
            symlink(STOCKADE, place.path("bin").join(name)).expect("make a name");
        }
        let host = Self { place };
        let copied = Command::new("cp").arg("-r").arg("/etc/fail2ban").arg(host.conf()).status();
        assert!(
            copied.is_ok_and(|status| status.success()),
            "Debian's fail2ban is needed: run tests/setup.sh"
        );
        // Debian switches a jail on that reads the machine's own log.
        let _ = fs::remove_file(host.conf().join("jail.d/defaults-debian.conf"));
        host.jails(JAILS);
        let folder = host.place.path("");
        let own = format!(
            "[Definition]\nsocket = {0}f.sock\npidfile = {0}f.pid\nlogtarget = {0}f.log\ndbfile = None\nallowipv6 = auto\n",
            folder.display()
        );
        fs::write(host.conf().join("fail2ban.local"), own).expect("write fail2ban.local");
        let idle = "[Definition]\nactionstart =\nactionstop =\nactioncheck =\nactionban = true || iptables -I INPUT -s <ip> -j DROP\n\
             actionunban = :\n";
        fs::write(host.conf().join("action.d/idle.conf"), idle).expect("write an action");
        host
    }

    fn conf(&self) -> PathBuf {
        self.place.path("fail2ban")
    }

    fn jails(&self, jails: &str) {
        let jails = jails.replace("LOG", &self.place.log().display().to_string());
        fs::write(self.conf().join("jail.local"), jails).expect("write jail.local");
    }

    fn socket(&self) -> PathBuf {
        self.place.path("f.sock")
    }

    /// The number in the pid file.
    fn pid(&self) -> Option<Pid> {
        fs::read_to_string(self.place.path("f.pid")).ok()?.trim().parse().ok().and_then(Pid::from_raw)
    }

    /// Our binary by one of the names.
    fn ours(&self, name: &str, words: &[&str]) -> Answer {
        self.call(&self.place.path("bin").join(name), words)
    }

    /// Debian's program.
    fn theirs(&self, name: &str, words: &[&str]) -> Answer {
        self.call(&Path::new("/usr/bin").join(name), words)
    }

    fn call(&self, program: &Path, words: &[&str]) -> Answer {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.conf()).args(words);
        command.env("STOCKADE_STATE_DIR", self.place.state()).env("STOCKADE_CONFIG", self.place.settings());
        command.env("LC_ALL", "C.UTF-8").env("PYTHONWARNINGS", "ignore");
        finish(command, "")
    }

    fn client(&self, words: &[&str]) -> Answer {
        self.ours("fail2ban-client", words)
    }

    /// Waits until the daemon is gone, and its socket and its pid file with it.
    fn is_left_clean(&self, pid: Pid) {
        let deadline = Deadline::start();
        while runs(pid) {
            assert!(!deadline.left().is_zero(), "the daemon does not end");
        }
        assert!(!self.socket().exists(), "its socket is left");
        assert!(!self.place.path("f.pid").exists(), "its pid file is left");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A daemon in the background does not end with the test by itself.
        let Some(pid) = self.pid() else { return };
        let program = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero()));
        if program.is_ok_and(|program| program == Path::new(STOCKADE)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Whether it is more than a number that nobody has asked for yet.
fn runs(pid: Pid) -> bool {
    fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).is_ok()
}

/// What a client complained of: without times, process numbers, and what Debian's says of its own configuration files.
fn complaints(answer: &Answer) -> Vec<String> {
    let lines = answer.err.lines().filter(|line| !line.contains(" fail2ban.config"));
    lines.map(|line| line.split_once("]: ").map_or(line, |(_, text)| text).to_owned()).collect()
}

/// Commands, and what comes before each client's turn.
const COMMANDS: [(&str, &str); 55] = [
    ("ping", ""),
    ("ping 3", ""),
    ("ping soon", ""),
    ("version", ""),
    ("echo a b", ""),
    ("server-status", ""),
    ("status", ""),
    ("status sshd", ""),
    ("status nosuch", ""),
    ("bogus", ""),
    ("get", ""),
    ("set sshd", ""),
    ("get loglevel", ""),
    ("get logtarget", ""),
    ("get syslogsocket", ""),
    ("get dbfile", ""),
    ("get dbpurgeage", ""),
    ("set loglevel NOTICE", ""),
    ("set loglevel LOUD", ""),
    ("flushlogs", ""),
    ("get sshd bantime", ""),
    ("get sshd findtime", ""),
    ("get sshd maxretry", ""),
    ("get sshd ignoreip", ""),
    ("get sshd logpath", ""),
    ("get sshd failregex", ""),
    ("get sshd ignoreregex", ""),
    ("get sshd actions", ""),
    ("get sshd datepattern", ""),
    ("get sshd journalmatch", ""),
    ("get sshd usedns", ""),
    ("get sshd banip", ""),
    ("set sshd banip 192.0.2.1", "unban 192.0.2.1"),
    ("set sshd banip 192.0.2.1 192.0.2.2 2001:db8::1", "unban --all"),
    ("set sshd banip 192.0.2.9", "unban 192.0.2.9"),
    ("banned", ""),
    ("banned 192.0.2.9", ""),
    ("banned 192.0.2.9 192.0.2.10", ""),
    ("get sshd banned 192.0.2.9", ""),
    ("set sshd unbanip 192.0.2.9", "set sshd banip 192.0.2.9"),
    ("set sshd unbanip --report-absent 192.0.2.77", ""),
    ("unban 192.0.2.77", ""),
    ("set nosuch unbanip 192.0.2.9", "unban --all"),
    ("unban --all", "set sshd banip 192.0.2.9 192.0.2.10"),
    ("set sshd bantime 10m", ""),
    ("set sshd bantime soon", ""),
    ("set nosuch bantime 5", ""),
    ("set sshd addignoreip 198.51.100.0/24", "set sshd delignoreip 198.51.100.0/24"),
    ("set sshd addfailregex ^(<HOST>", ""),
    ("set sshd delfailregex 999", ""),
    ("reload", ""),
    ("reload sshd", ""),
    ("restart --unban sshd", ""),
    ("reload a b", ""),
    ("get sshd bantime", ""),
];

/// Both clients are told the same, one after the other.
fn clients_find_no_difference(host: &Host) {
    for (command, before) in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        let prepare = || {
            if !before.is_empty() {
                host.theirs("fail2ban-client", &before.split(' ').collect::<Vec<_>>());
            }
        };
        prepare();
        let theirs = host.theirs("fail2ban-client", &words);
        prepare();
        let ours = host.client(&words);
        assert_eq!((ours.code, &ours.out), (theirs.code, &theirs.out), "{command}: {ours:?}");
        assert_eq!(complaints(&ours), complaints(&theirs), "{command}");
        // As the server too, what has words is the client's.
        if command.starts_with("get ") || command == "status" {
            assert_eq!(host.ours("fail2ban-server", &words).out, theirs.out, "{command}");
        }
    }
}

#[test]
fn against_our_daemon_our_client_is_debians() {
    let host = Host::new();
    let started = host.client(&["start"]);
    assert_eq!((started.code, started.out.as_str()), (0, "Server ready\n"), "{started:?}");
    clients_find_no_difference(&host);
    let pid = host.pid().expect("a pid file");
    assert_eq!(host.theirs("fail2ban-client", &["stop"]).out, "Shutdown successful\n");
    host.is_left_clean(pid);
}

/// Debian's server, in the foreground. It ends with the test.
struct Debians(Child);

impl Debians {
    fn start(host: &Host) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "/usr/bin/fail2ban-server", "-c"]).arg(host.conf());
        command.args(["-f", "start"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let debians = Self(command.spawn().expect("start Debian's fail2ban-server"));
        let deadline = Deadline::start();
        while host.client(&["status", "sshd"]).code != 0 {
            assert!(!deadline.left().is_zero(), "Debian's fail2ban-server does not answer");
        }
        debians
    }
}

impl Drop for Debians {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn against_debians_server_our_client_is_debians() {
    let host = Host::new();
    let mut debians = Debians::start(&host);
    clients_find_no_difference(&host);
    let again = host.client(&["start"]);
    assert_eq!((again.code, again.out.as_str()), (255, ""));
    assert_eq!(complaints(&again), ["ERROR   Server already running"]);
    let stopped = host.client(&["stop"]);
    assert_eq!((stopped.code, stopped.out.as_str()), (0, "Shutdown successful\n"), "{stopped:?}");
    assert!(debians.0.try_wait().expect("ask for it").is_some(), "the client waits for its end");
}

#[test]
fn without_a_server_both_clients_say_the_same() {
    let host = Host::new();
    let silent: [&[&str]; 16] = [
        &["ping"],
        &["ping", "1"],
        &["status"],
        &["stop"],
        &["-x", "stop"],
        &["reload"],
        &["reload", "sshd"],
        &["-V"],
        &["--version"],
        &["--str2sec", "1d12h"],
        &["-t"],
        &["-d"],
        &["-s", "/nowhere/f.sock", "status"],
        &["-c", "/nowhere", "status"],
        &["-c", "/nowhere", "-t"],
        &["--loglevel", "LOUD", "status"],
    ];
    for words in silent {
        let (ours, theirs) = (host.client(words), host.theirs("fail2ban-client", words));
        assert_eq!((ours.code, &ours.out), (theirs.code, &theirs.out), "{words:?} {ours:?}");
        assert_eq!(complaints(&ours), complaints(&theirs), "{words:?}");
    }
    for words in [&["--nonsense"][..], &[]] {
        let (ours, theirs) = (host.client(words), host.theirs("fail2ban-client", words));
        assert!(ours.out.starts_with("Usage: fail2ban-client") && ours.code == theirs.code, "{ours:?}");
    }
    // A jail whose filter is not there is found by a test, and stops nothing else.
    host.jails(&format!("{JAILS}[broken]\nenabled = true\nfilter = nosuch\nlogpath = LOG\n"));
    let (ours, theirs) = (host.client(&["-t"]), host.theirs("fail2ban-client", &["-t"]));
    assert_eq!((ours.code, &ours.out), (theirs.code, &theirs.out));
    assert!(ours.err.contains("jail broken is left out: ") && ours.err.contains("test configuration failed"));
    for (jails, code) in [("", 255), (JAILS, 0)] {
        host.jails(&format!("{jails}[broken]\nenabled = true\nfilter = nosuch\nlogpath = LOG\n"));
        let (ours, theirs) = (host.client(&["-d"]), host.theirs("fail2ban-client", &["-d"]));
        assert_eq!((ours.code, theirs.code), (code, code), "{ours:?}");
        let last = |answer: &Answer| complaints(answer).last().cloned();
        assert!(code == 0 || last(&ours) == last(&theirs), "{ours:?} {theirs:?}");
        if code == 255 {
            let (ours, theirs) = (host.client(&["start"]), host.theirs("fail2ban-client", &["start"]));
            assert_eq!((ours.code, &ours.out), (theirs.code, &theirs.out), "{ours:?} {theirs:?}");
        }
    }
    // A socket that nobody listens on.
    drop(UnixListener::bind(host.socket()).expect("bind a socket"));
    for words in [&["ping"][..], &["status"], &["start"]] {
        let (ours, theirs) = (host.client(words), host.theirs("fail2ban-client", words));
        assert_eq!((ours.code, &ours.out), (theirs.code, &theirs.out), "{words:?} {ours:?}");
        let (ours, theirs) = (complaints(&ours), complaints(&theirs));
        assert_eq!(ours.last(), theirs.last(), "{words:?}");
    }
}

#[test]
fn a_daemon_lives_and_ends_by_fail2bans_names() {
    let host = Host::new();
    let said = |words: &[&str]| {
        let answer = host.client(words);
        (answer.code, answer.out)
    };
    let well = |text: &str| (0, text.to_owned());
    // As MikoPBX does it.
    assert_eq!(said(&["-x", "start"]), well("Server ready\n"));
    let pid = host.pid().expect("a pid file");
    let comm = fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero())).expect("it runs");
    assert_eq!(comm, "fail2ban-server\n");
    let words = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).expect("it runs");
    let name = words.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
    assert_eq!(
        String::from_utf8(name).unwrap(),
        host.place.path("bin/fail2ban-server").display().to_string()
    );
    let session = rustix::process::getsid(Some(pid)).expect("it has a session");
    assert_eq!(session, pid, "it has left the session of whoever started it");
    assert_eq!(said(&["ping"]), well("Server replied: pong\n"));

    // Nobody else puts the time before what it says.
    let said_aside = fs::read_to_string(host.place.state().join("stockade.log")).expect("its log");
    let is_timed =
        |line: &str| line.get(..11).is_some_and(|date| date.starts_with("20") && date.ends_with('T'));
    assert!(!said_aside.is_empty() && said_aside.lines().all(is_timed), "{said_aside}");

    // Started twice, by each of the names.
    let again = host.client(&["-x", "start"]);
    assert_eq!((again.code, complaints(&again)), (255, vec!["ERROR   Server already running".to_owned()]));
    assert_eq!(host.ours("fail2ban-server", &["-b"]).code, 255);
    assert_eq!(host.pid(), Some(pid));

    // It bans, a reload changes that, and a restart is another process.
    assert_eq!(said(&["set", "sshd", "banip", "192.0.2.7"]), well("1\n"));
    assert!(host.place.kernel.holds("192.0.2.7"));
    host.jails(&JAILS.replace("bantime = 600", "bantime = 700"));
    assert_eq!(said(&["reload"]), well("OK\n"));
    assert_eq!(said(&["get", "sshd", "bantime"]), well("700\n"));
    assert_eq!(said(&["unban", "192.0.2.7"]), well("1\n"));
    assert_eq!(said(&["restart"]), well("Shutdown successful\nServer ready\n"));
    let other = host.pid().expect("a pid file");
    assert!(other != pid && !runs(pid));
    assert_eq!(said(&["-x", "stop"]), well("Shutdown successful\n"));
    // The client has waited for the end.
    assert!(!runs(other));
    host.is_left_clean(other);
    assert_eq!(host.client(&["stop"]).code, 255);

    // One that was killed leaves a socket, and -x takes its place.
    assert_eq!(host.ours("fail2ban-server", &["start"]).out, "Server ready\n");
    let pid = host.pid().expect("a pid file");
    kill_process(pid, Signal::KILL).expect("kill the daemon");
    let deadline = Deadline::start();
    while runs(pid) && host.client(&["ping"]).code == 0 {
        assert!(!deadline.left().is_zero());
    }
    assert!(host.socket().exists());
    assert_eq!(host.client(&["start"]).code, 255);
    assert_eq!(said(&["-x", "start"]), well("Server ready\n"));
    let pid = host.pid().expect("a pid file");
    kill_process(pid, Signal::TERM).expect("end the daemon");
    host.is_left_clean(pid);
}

#[test]
fn a_daemon_that_cannot_start_says_why() {
    let host = Host::new();
    fs::write(host.place.settings(), "[nonsense]\n").expect("write wrong settings");
    let answer = host.client(&["start"]);
    assert_eq!((answer.code, answer.out.as_str()), (255, ""));
    assert!(answer.err.contains("nonsense") && answer.err.contains("Failed to start server"), "{answer:?}");
    assert!(!host.socket().exists() && host.pid().is_none());

    let answer = host.client(&["-c", "/nowhere", "start"]);
    assert_eq!(answer.out, "ERROR: Base configuration directory /nowhere does not exist \n");
}

#[test]
fn the_server_runs_in_the_foreground() {
    let host = Host::new();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(host.place.path("bin/fail2ban-server")).arg("-c");
    command.arg(host.conf()).args(["-xf", "start"]).stdin(Stdio::null()).stdout(Stdio::piped());
    command.env("STOCKADE_STATE_DIR", host.place.state()).env("STOCKADE_CONFIG", host.place.settings());
    let child = command.stderr(Stdio::null()).spawn().expect("start the server");
    let pid = Pid::from_child(&child);
    let deadline = Deadline::start();
    while host.client(&["ping"]).code != 0 {
        assert!(!deadline.left().is_zero(), "it does not answer");
    }
    assert_eq!(host.pid(), Some(pid));
    assert_eq!(host.client(&["stop"]).out, "Shutdown successful\n");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Server ready\n");
    host.is_left_clean(pid);
}

#[test]
fn commands_are_taken_from_a_terminal() {
    let host = Host::new();
    assert_eq!(host.client(&["start"]).code, 0);
    let mut command = Command::new(host.place.path("bin/fail2ban-client"));
    command.arg("-c").arg(host.conf()).arg("-i");
    let answer = finish(command, "ping\nget sshd 'maxretry'\nexit\n");
    assert!(
        answer.out.contains("Server replied: pong\n") && answer.out.contains("fail2ban> 3\n"),
        "{answer:?}"
    );
    assert_eq!(host.client(&["stop"]).code, 0);
}
