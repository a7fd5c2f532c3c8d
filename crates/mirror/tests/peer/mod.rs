//! What the tests hold the mirror against: Debian's fail2ban-server on files of its own, with an action that does nothing, and programs
//! that read or write the database as panels do.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dropin::Happening;
use event::{Ban, JailName, Moment, Proof, Scope};
use mirror::{Database, Deleted, Host, Lifted, Seal, Standing};

#[allow(
    clippy::disallowed_methods,
    reason = "the tests stand where the daemon stands, which reads the clock"
)]
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// Debian's server, running or not, in a folder of its own.
pub struct Peer {
    dir: tempfile::TempDir,
    server: Option<Child>,
}

impl Peer {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().display().to_string();
        let conf = dir.path().join("conf");
        fs::create_dir_all(conf.join("action.d")).unwrap();
        fs::create_dir_all(conf.join("filter.d")).unwrap();
        let write = |name: &str, text: &str| fs::write(conf.join(name), text.replace("ROOT", &root)).unwrap();
        write(
            "fail2ban.conf",
            "[DEFAULT]\nloglevel = INFO\nlogtarget = ROOT/theirs.log\nsyslogsocket = auto\nsocket = ROOT/f2b.sock\n\
             pidfile = ROOT/f2b.pid\ndbfile = ROOT/fail2ban.sqlite3\ndbmaxmatches = 10\ndbpurgeage = 1d\nallowipv6 = yes\n[Definition]\n[Thread]\n",
        );
        write(
            "jail.conf",
            "[DEFAULT]\nbantime = 10m\nfindtime = 10m\nmaxretry = 3\nbackend = polling\naction = nothing\nlogpath = ROOT/auth.log\n\
             filter = sshd\n[sshd]\nenabled = true\nbantime.increment = true\n[forever]\nenabled = true\nbantime = -1\n\
             [plain]\nenabled = true\n",
        );
        write("action.d/nothing.conf", "[Definition]\nactionban = true\nactionunban = true\n");
        for name in ["sshd.conf", "common.conf"] {
            fs::copy(Path::new("/etc/fail2ban/filter.d").join(name), conf.join("filter.d").join(name))
                .unwrap();
        }
        fs::write(dir.path().join("auth.log"), "").unwrap();
        Self { dir, server: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("fail2ban.sqlite3")
    }

    /// Until it is ready.
    pub fn start(&mut self) {
        let server = Command::new("/usr/bin/fail2ban-server")
            .args(["-xf", "-c"])
            .arg(self.path("conf"))
            .arg("-s")
            .arg(self.path("f2b.sock"))
            .arg("-p")
            .arg(self.path("f2b.pid"))
            .arg("start")
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("fail2ban is there: tests/setup.sh installs it");
        self.server = Some(server);
        let ready = |peer: &Self| peer.client(&["status", "plain"]).contains("Banned IP list");
        assert!(
            (0..200).any(|_| ready(self)),
            "{}",
            fs::read_to_string(self.path("theirs.log")).unwrap_or_default()
        );
    }

    pub fn client(&self, words: &[&str]) -> String {
        let output = Command::new("/usr/bin/fail2ban-client")
            .arg("-c")
            .arg(self.path("conf"))
            .arg("-s")
            .arg(self.path("f2b.sock"))
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Asks until the answer is as hoped for.
    pub fn wait_for(&self, words: &[&str], hoped: impl Fn(&str) -> bool) -> String {
        let mut answer = String::new();
        for _ in 0..300 {
            answer = self.client(words);
            if hoped(&answer) {
                return answer;
            }
        }
        panic!("{words:?}: {answer}")
    }

    pub fn stop(&mut self) {
        self.client(&["stop"]);
        if let Some(mut server) = self.server.take() {
            server.wait().unwrap();
        }
    }

    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
        let _ = fs::remove_file(self.path("f2b.sock"));
        let _ = fs::remove_file(self.path("f2b.pid"));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Whoever enforces, in a test.
pub struct Enforcer {
    lifted: Sender<(Vec<Lifted>, Deleted)>,
    standing: Arc<Mutex<Option<Vec<Standing>>>>,
}

impl Host for Enforcer {
    fn now(&self) -> Moment {
        now()
    }

    fn lifted(&mut self, bans: Vec<Lifted>, deleted: Deleted) {
        let _ = self.lifted.send((bans, deleted));
    }

    fn standing(&mut self) -> Option<Vec<Standing>> {
        self.standing.lock().unwrap().clone()
    }
}

impl Enforcer {
    pub fn new(lifted: Sender<(Vec<Lifted>, Deleted)>) -> Self {
        Self { lifted, standing: Arc::new(Mutex::new(None)) }
    }
}

/// A database of ours, and what is heard of it.
pub struct Ours {
    pub database: Database,
    pub lifted: Receiver<(Vec<Lifted>, Deleted)>,
    pub standing: Arc<Mutex<Option<Vec<Standing>>>>,
}

pub fn ours(path: &Path) -> Ours {
    opened(path, Seal::default())
}

/// A file that is known again by its seal.
pub fn opened(path: &Path, seal: Seal) -> Ours {
    let (sender, lifted) = mpsc::channel();
    let standing = Arc::new(Mutex::new(None));
    let host = Enforcer { lifted: sender, standing: Arc::clone(&standing) };
    let database = Database::open(Some(path), seal, Box::new(host)).unwrap();
    Ours { database, lifted, standing }
}

impl Ours {
    pub fn settle(&self) {
        assert!(self.database.settle(Duration::from_secs(60)));
    }

    /// What was lifted next, by address.
    pub fn next_lifted(&self) -> Vec<String> {
        let (lifted, deleted) =
            self.lifted.recv_timeout(Duration::from_secs(10)).expect("deleted rows are lifted bans");
        assert_eq!(deleted, Deleted::Now);
        told(lifted)
    }

    /// What was deleted while the file was not open. Everything is told by then.
    pub fn lifted_before(&self) -> Vec<String> {
        self.settle();
        let heard = self.lifted.try_iter().inspect(|(_, deleted)| assert_eq!(*deleted, Deleted::Before));
        told(heard.flat_map(|(lifted, _)| lifted))
    }

    /// So far, without waiting for more.
    pub fn nothing_lifted(&self) -> bool {
        self.settle();
        self.lifted.try_recv().is_err()
    }
}

fn told(lifted: impl IntoIterator<Item = Lifted>) -> Vec<String> {
    let mut all: Vec<String> = lifted.into_iter().map(|one| format!("{} {}", one.jail, one.ip)).collect();
    all.sort();
    all
}

pub fn started(jail: &str) -> Happening {
    Happening::Started { jail: jail.to_owned() }
}

/// Banned just now for so many seconds, -1 for ever.
pub fn banned(jail: &str, ip: &str, since: Moment, seconds: i64, earlier: u32) -> Happening {
    let until =
        u64::try_from(seconds).map_or(Moment::NEVER, |seconds| since.after(Duration::from_secs(seconds)));
    Happening::Banned {
        jail: jail.to_owned(),
        ban: Ban {
            subject: ip.parse().unwrap(),
            jail: JailName::new(jail),
            scope: Scope::Jail,
            since,
            until,
            failures: 3,
            proof: Proof::Proven,
            reason: "3 failures".to_owned(),
        },
        earlier,
        lines: vec![format!("sshd: caf\u{e9} \"root\" failed from {ip}"); 3],
        prolonged: false,
        restored: false,
    }
}

/// Somebody who was banned so many seconds ago fails on.
pub fn already_banned(jail: &str, ip: &str, seconds: u64) -> Happening {
    let (jail, subject, since) = (jail.to_owned(), ip.parse().unwrap(), now());
    Happening::AlreadyBanned { jail, subject, since, at: since.after(Duration::from_secs(seconds)) }
}

pub fn unbanned(jail: &str, ip: &str, expired: bool) -> Happening {
    Happening::Unbanned { jail: jail.to_owned(), subject: ip.parse().unwrap(), at: now(), expired }
}

/// A panel's statement, by Python's module for SQLite, which waits for locks as it does by default.
pub fn panel(database: &Path, statements: &[&str]) -> String {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                  for s in sys.argv[2:]:\n for row in c.execute(s): print(*row)\n";
    let output = Command::new("/usr/bin/python3")
        .args(["-c", script])
        .arg(database)
        .args(statements)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
