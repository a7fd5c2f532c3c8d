//! Debian's server and ours, side by side, each on a socket of its own in one temporary directory, with one configuration. Another edition of
//! Debian's is asked where `FAIL2BAN_PACKAGE` names the folder that its package was unpacked into.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use dropin::{Edition, Model, Socket};

use super::memory::Memory;

/// Names the folder of another edition.
const PACKAGE: &str = "FAIL2BAN_PACKAGE";

pub struct Servers {
    dir: tempfile::TempDir,
    theirs: Child,
    ours: Option<JoinHandle<std::io::Result<()>>>,
}

/// What a client left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub code: Option<i32>,
    pub output: String,
    /// What it complained of, without the time and the process.
    pub complaints: String,
}

impl Servers {
    /// Both started, neither told anything.
    pub fn start(configure: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        configure(dir.path());
        let path = dir.path().to_owned();
        // In a network of its own: whatever an action might do, it does it to nobody.
        let theirs = program("/usr/bin/unshare")
            .arg("--net")
            .args(of_package("fail2ban-server"))
            .args(["--async", "-f", "-c"])
            .arg(path.join("conf"))
            .arg("-s")
            .arg(path.join("theirs.sock"))
            .arg("-p")
            .arg(path.join("theirs.pid"))
            .arg("--logtarget")
            .arg(path.join("theirs.log"))
            .args(["--syslogsocket", "auto", "--loglevel", "INFO"])
            .current_dir(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("unshare and fail2ban are there: tests/setup.sh installs them");
        let socket = Socket::bind(&path.join("ours.sock")).unwrap();
        let ours = std::thread::spawn(move || {
            let stop = socket.stopper();
            let held = Mutex::new((Model::new(edition()), Memory::new(stop)));
            socket.serve(move |command| {
                let (model, host) = &mut *held.lock().unwrap();
                model.obey(command, host)
            })
        });
        let servers = Self { dir, theirs, ours: Some(ours) };
        for _ in 0..200 {
            if servers.client("theirs", &["ping"]).code == Some(0) {
                return servers;
            }
        }
        panic!("Debian's fail2ban-server does not answer");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Debian's client, at work on one of the two.
    pub fn client(&self, whose: &str, words: &[&str]) -> Said {
        let client = of_package("fail2ban-client");
        let output = program(&client[0])
            .args(&client[1..])
            .arg("-c")
            .arg(self.path("conf"))
            .arg("-s")
            .arg(self.path(&format!("{whose}.sock")))
            .arg("-p")
            .arg(self.path(&format!("{whose}.pid")))
            .args(words.iter().map(|word| word.replace("OWN", whose)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        let complaints: Vec<&str> =
            complaints.lines().map(|line| line.split_once("]: ").map_or(line, |(_, text)| text)).collect();
        Said {
            code: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            complaints: complaints.join("\n"),
        }
    }

    /// Debian's own modules, asked by a script: both sockets are its last arguments.
    pub fn script(&self, script: &str, words: &[&str]) -> String {
        let output = program("/usr/bin/python3")
            .args(["-W", "ignore", script])
            .arg(self.path("conf"))
            .args(words)
            .arg(self.path("theirs.sock"))
            .arg(self.path("ours.sock"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        told
    }

    /// Waits for both to have ended by themselves.
    pub fn have_ended(&mut self) -> bool {
        for _ in 0..200 {
            if let Some(status) = self.theirs.try_wait().unwrap() {
                return status.success() && self.ours.take().unwrap().join().unwrap().is_ok();
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        false
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.theirs.kill();
        let _ = self.theirs.wait();
        if let Some(ours) = self.ours.take() {
            self.client("ours", &["stop"]);
            let _ = ours.join();
        }
    }
}

/// The edition that is compared with.
pub fn edition() -> Edition {
    let folder = package();
    let told = fs::read_to_string(folder.join("usr/lib/python3/dist-packages/fail2ban/version.py"));
    let told = told.unwrap_or_default();
    let version = told.lines().find_map(|line| line.strip_prefix("version = ")).unwrap_or_default();
    Edition::of(version.trim_matches('"'))
}

/// The folder of the package; the system's own is at the root.
fn package() -> PathBuf {
    env::var_os(PACKAGE).map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// One of fail2ban's programs: of an unpacked package, Python must be told, since its first line may name another.
fn of_package(name: &str) -> Vec<String> {
    let path = package().join("usr/bin").join(name).display().to_string();
    match env::var_os(PACKAGE) {
        Some(_) => ["/usr/bin/python3", "-W", "ignore", &path].map(str::to_owned).into(),
        None => vec![path],
    }
}

fn program(path: &str) -> Command {
    let mut program = Command::new(path);
    if env::var_os(PACKAGE).is_some() {
        program.env("PYTHONPATH", package().join("usr/lib/python3/dist-packages"));
    }
    program
}

/// A configuration with the jails of `jails`, an action that does nothing, and a log for each.
pub fn configure(dir: &Path, jails: &str) {
    let conf = dir.join("conf");
    for part in ["action.d", "filter.d"] {
        fs::create_dir_all(conf.join(part)).unwrap();
    }
    let log = dir.join("a.log");
    fs::write(&log, "").unwrap();
    fs::write(dir.join("b.log"), "").unwrap();
    fs::write(
        conf.join("fail2ban.conf"),
        format!(
            "[Definition]\nloglevel = INFO\nlogtarget = {0}/said.log\nsyslogsocket = auto\nsocket = {0}/x.sock\n\
             pidfile = {0}/x.pid\ndbfile = None\ndbpurgeage = 1d\ndbmaxmatches = 10\n",
            dir.display()
        ),
    )
    .unwrap();
    fs::write(conf.join("jail.conf"), jails.replace("DIR", &dir.display().to_string())).unwrap();
    let idle = "[Definition]\nactionstart =\nactionstop =\nactioncheck =\nactionban = :\nactionunban = :\n\
                [Init]\nport = 22\n";
    fs::write(conf.join("action.d/idle.conf"), idle).unwrap();
    fs::write(conf.join("action.d/other.conf"), idle).unwrap();
    let filter = "[Definition]\nfailregex = ^ login failed from <HOST>$\n            ^ also from <ADDR> <F-USER>\\S+</F-USER>$\n\
                  ignoreregex =\n";
    fs::write(conf.join("filter.d/service.conf"), filter).unwrap();
}

/// Debian's configuration with every jail enabled.
pub fn stock(dir: &Path) {
    copy(&package().join("etc/fail2ban"), &dir.join("conf"));
    fs::write(dir.join("conf/jail.local"), "[DEFAULT]\nenabled = true\n").unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
