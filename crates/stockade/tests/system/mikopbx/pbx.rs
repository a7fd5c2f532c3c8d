//! A MikoPBX as far as fail2ban is concerned: what its PHP writes into `/etc/fail2ban`, the database behind a symbolic link, its services' logs and
//! how each of them tells of an attacker. The paths are its own, in a mount namespace that only its commands see.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::deadline::now;
use crate::support::place::{STOCKADE, append, finish};
use crate::support::{Answer, Place};

/// jail, its filter, its log, the name of the chain, ports.
pub const JAILS: [(&str, &str, &str, &str, &str); 9] = [
    ("dropbear", "dropbear", "messages", "SSH", "22"),
    ("mikopbx-www", "mikopbx-www", "messages", "HTTP", "80,443"),
    ("mikopbx-exploit-scanner", "mikopbx-exploit-scanner", "nginx_error", "EXPLOIT", "80,443"),
    ("mikopbx-nginx-errors", "mikopbx-nginx-errors", "nginx_error", "NGINX", "80,443"),
    ("asterisk_security_log", "asterisk-main", "security_log", "ASTERISK", SIP),
    ("asterisk_error", "asterisk-main", "error", "ASTERISK_ERROR", SIP),
    ("asterisk_public", "asterisk-main", "full", "ASTERISK_PUBLIC", SIP),
    ("asterisk_ami", "asterisk-ami", "full", "ASTERISK_AMI", "5038,8088"),
    ("asterisk_iax", "asterisk-iax", "full", "ASTERISK_IAX", "4569"),
];

const SIP: &str = "5060,5061,4569,10000:10200,8089";

/// A module brings a jail and a filter of its own.
pub const MODULE: &str = "module_example";

/// Its paths, and where they lie here.
const PATHS: [(&str, &str); 3] =
    [("/etc/fail2ban", "fail2ban"), ("/var/run/fail2ban", "run"), ("/var/lib/fail2ban", "lib")];

/// One. What it started ends with it.
pub struct Pbx {
    pub place: Place,
    /// Keeps the namespace of its paths.
    paths: Child,
}

impl Pbx {
    /// Before fail2ban's first start.
    pub fn new() -> Self {
        let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
        let copied = Command::new("cp").arg("-r").arg("/etc/fail2ban").arg(place.path("fail2ban")).status();
        assert!(
            copied.is_ok_and(|status| status.success()),
            "Debian's fail2ban is needed: run tests/setup.sh"
        );
        let _ = fs::remove_file(place.path("fail2ban/jail.d/defaults-debian.conf"));
        for name in ["run", "lib", "bin", "storage", "log"] {
            fs::create_dir(place.path(name)).expect("make a directory");
        }
        for name in ["fail2ban-client", "fail2ban-server"] {
            symlink(STOCKADE, place.path("bin").join(name)).expect("make a name");
        }
        symlink(place.path("storage/fail2ban.sqlite3"), place.path("lib/fail2ban.sqlite3"))
            .expect("make a link");
        for (_, _, log, _, _) in JAILS {
            append(&place.path("log").join(log), "");
        }
        let paths = paths(&place);
        let pbx = Self { place, paths };
        pbx.write(3);
        pbx
    }

    /// Writes what the PHP writes at every save.
    pub fn write(&self, max_retry: u32) {
        let folder = self.place.path("fail2ban");
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/mikopbx/etc/.");
        let copied = Command::new("cp").arg("-r").arg(files).arg(&folder).status();
        assert!(copied.is_ok_and(|status| status.success()), "copy its filters and its action");
        let log = |name: &str| self.log(name).display().to_string();
        let server = format!("[Definition]\nlogtarget = {}\nallowipv6 = auto\n", log("fail2ban.log"));
        fs::write(folder.join("fail2ban.local"), server).expect("write fail2ban.local");
        let limits = format!(
            "enabled = true\nmaxretry = {max_retry}\nfindtime = 1800\nbantime = 43200\nlogencoding = utf-8\n"
        );
        let mut jails = "[DEFAULT]\nignoreip = 127.0.0.1 203.0.113.0/24\n\n".to_owned();
        for (jail, filter, name, chain, ports) in JAILS {
            jails.push_str(&format!(
                "[{jail}]\n{limits}filter = {filter}\nlogpath = {}\n\
                 action = miko-iptables-multiport-all[name={chain}, port=\"{ports}\"]\n\n",
                log(name)
            ));
        }
        fs::write(folder.join("jail.local"), jails).expect("write jail.local");
        let module = format!(
            "[{MODULE}]\n{limits}logpath = {}\naction = iptables-allports[name=ModuleExample]\n\n",
            log("messages")
        );
        fs::write(folder.join("jail.d/pbx_module_example.conf"), module).expect("write a module's jail");
    }

    /// A log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.place.path("log").join(name)
    }

    /// So many failures of an address, as the service whose log a jail reads tells of them.
    pub fn attack(&self, jail: &str, address: &str, times: usize) {
        let (log, line) = told(jail, address);
        append(&self.log(log), &format!("{line}\n").repeat(times));
    }

    /// A command as its PHP gives it to the shell, with its paths in place.
    pub fn shell(&self, command: &str) -> Answer {
        self.run(&["sh", "-c", command])
    }

    /// Debian's own client.
    pub fn debians(&self, words: &[&str]) -> Answer {
        self.run(&[&["/usr/bin/fail2ban-client"], words].concat())
    }

    /// What its PHP makes of the database.
    pub fn php(&self, code: &str) -> String {
        let whole = format!(
            "$db = new SQLite3('/var/lib/fail2ban/fail2ban.sqlite3'); $db->busyTimeout(5000); $db->enableExceptions(true); {code}"
        );
        let answer = self.run(&["php", "-r", &whole]);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{code}: {answer:?}");
        answer.out
    }

    /// What its page lists: jail and address of each ban that holds, sorted, with the time that it lasts. Times are rounded, as fail2ban does.
    pub fn listed(&self) -> Vec<String> {
        let rows = self.php(
            "$now = time(); $rows = $db->query(\"SELECT jail, ip, timeofban, timeofban+bantime AS until FROM bans WHERE timeofban+bantime > $now\");
             while ($row = $rows->fetchArray(SQLITE3_ASSOC)) {
                 if ($row['timeofban'] > time() + 1 || $row['timeofban'] < $now - 60) exit(1);
                 echo $row['jail'], ' ', $row['ip'], ' ', $row['until'] - $row['timeofban'], \"\\n\";
             }",
        );
        let mut rows: Vec<String> = rows.lines().map(str::to_owned).collect();
        rows.sort();
        rows
    }

    /// The number in the pid file.
    pub fn pid(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.place.path("run/fail2ban.pid")).ok()?;
        text.trim().parse().ok().and_then(Pid::from_raw)
    }

    /// The ports of one protocol that the kernel guards.
    pub fn guarded(&self, protocol: &str) -> String {
        let table = self.place.kernel.table();
        let (_, map) = table.split_once(&format!("map ports_{protocol} {{")).expect("a map of ports");
        map.split_once("\n\t}").expect("its end").0.to_owned()
    }

    fn run(&self, words: &[&str]) -> Answer {
        let mut command = Command::new("nsenter");
        command.arg(format!("--mount=/proc/{}/ns/mnt", self.paths.id())).args(words);
        let path = std::env::var("PATH").expect("a PATH");
        command.env("PATH", format!("{}:{path}", self.place.path("bin").display()));
        command.env("STOCKADE_STATE_DIR", self.place.state()).env("STOCKADE_CONFIG", self.place.settings());
        command.env("LC_ALL", "C.UTF-8").env("PYTHONWARNINGS", "ignore");
        finish(command, "")
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        // A daemon in the background does not end with the test by itself.
        if let Some(pid) = self.pid() {
            let program = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero()));
            if program.is_ok_and(|program| program == Path::new(STOCKADE)) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        let _ = self.paths.kill();
        let _ = self.paths.wait();
    }
}

/// A process in whose mount namespace the paths are this place's. It ends when its input does.
fn paths(place: &Place) -> Child {
    let mut script = "mkdir -p /var/run/fail2ban /var/lib/fail2ban".to_owned();
    for (path, name) in PATHS {
        script.push_str(&format!(" && mount --bind {} {path}", place.path(name).display()));
    }
    script.push_str(" && echo there && exec cat");
    let mut command = Command::new("setpriv");
    command.args([
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        &script,
    ]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("run unshare");
    let mut line = String::new();
    let _ = BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line);
    assert_eq!(line, "there\n", "its paths cannot be put in place");
    child
}

/// The log that a jail reads, and the line there by which its service tells of an attacker.
fn told(jail: &str, address: &str) -> (&'static str, String) {
    let time = now().to_zoned(jiff::tz::TimeZone::system());
    let asterisk = time.strftime("[%Y-%m-%d %H:%M:%S]");
    let (nginx, syslog) = (time.strftime("%Y/%m/%d %H:%M:%S"), time.strftime("%b %e %H:%M:%S"));
    let request = "request: \"GET /.env HTTP/1.1\", host: \"192.0.2.1\"";
    match jail {
        "dropbear" => (
            "messages",
            format!(
                "{syslog} mikopbx authpriv.warn dropbear[812]: Bad password attempt for 'root' from {address}:50000"
            ),
        ),
        "mikopbx-www" => (
            "messages",
            format!(
                "{syslog} mikopbx auth.warn php: web_auth: From: {address} UserAgent: Mozilla/5.0 (X11) Cause: Wrong password"
            ),
        ),
        "mikopbx-exploit-scanner" => (
            "nginx_error",
            format!(
                "{nginx} [error] 12#12: *5 open() \"/usr/www/sites/.env\" failed (2: No such file or directory), client: {address}, server: _, {request}"
            ),
        ),
        "mikopbx-nginx-errors" => (
            "nginx_error",
            format!(
                "{nginx} [error] 12#12: *7 access forbidden by rule, client: {address}, server: _, {request}"
            ),
        ),
        "asterisk_security_log" => {
            ("security_log", format!("{asterisk} {}", event("InvalidPassword", "PJSIP", address)))
        }
        "asterisk_error" => (
            "error",
            format!(
                "{asterisk} NOTICE[733]: res_pjsip/pjsip_distributor.c:676 in log_failed_request: Request 'REGISTER' from '<sip:201@192.0.2.1>' failed \
                 for '{address}:5060' (callid: 4f2b) - No matching endpoint found"
            ),
        ),
        "asterisk_public" => (
            "full",
            format!(
                "{asterisk} WARNING[733][C-0000001f]: Ext. s: \"Rejecting unknown SIP connection from {address}\""
            ),
        ),
        "asterisk_ami" => (
            "full",
            format!(
                "{asterisk} NOTICE[812]: manager.c:3500 in authenticate: {address} failed to authenticate as 'admin'"
            ),
        ),
        "asterisk_iax" => (
            "full",
            format!(
                "{asterisk} NOTICE[733]: chan_iax2.c:10816 in socket_process: Host {address} failed MD5 authentication for '201' (a1b2 != c3d4)"
            ),
        ),
        MODULE => ("messages", format!("{syslog} mikopbx example[7]: refused {address}")),
        _ => panic!("no line of {jail}"),
    }
}

/// A line of Asterisk's security log behind its time.
pub fn event(what: &str, service: &str, address: &str) -> String {
    format!(
        "SECURITY[733] res_security_log.c: SecurityEvent=\"{what}\",Severity=\"Error\",Service=\"{service}\",EventVersion=\"2\",AccountID=\"201\",\
         LocalAddress=\"IPV4/UDP/192.0.2.1/5060\",RemoteAddress=\"IPV4/UDP/{address}/5060\",Challenge=\"1\""
    )
}
