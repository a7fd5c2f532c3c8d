//! A real OpenSSH server that reports through a real rsyslogd, as on any Debian host: the log lines are the true ones.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::deadline::PATIENCE;
use crate::process::{Process, run};
use crate::scene::write;
use crate::{Error, Host, Result};

const SCRIPT: &str = include_str!("openssh.sh");

/// How long a login may take; ssh itself would wait for minutes on a connection that went silent.
const LOGIN: Duration = Duration::from_secs(5);

/// The account that may log in.
pub const ACCOUNT: &str = "arena";
/// Its password.
pub const PASSWORD: &str = "quite-right";

/// The running server. Dropping it ends the server, its sessions and its rsyslogd.
#[derive(Debug)]
pub struct Openssh {
    /// `auth.log`, as rsyslogd writes it.
    pub log: PathBuf,
    _process: Process,
}

impl Openssh {
    /// Starts the server on port 22 of `host` and waits until it listens.
    pub fn start(host: &Host, directory: &Path) -> Result<Self> {
        let home = directory.join("openssh");
        let log = home.join("auth.log");
        write(&log, "")?;
        write(&home.join("rsyslog.conf"), &rsyslog_conf(&log))?;
        write(&home.join("sshd_config"), &sshd_config(&home))?;
        accounts(&home)?;
        run(Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(home.join("host_key")))?;
        let mut process = Process::start("sshd", &mut host.contained(SCRIPT, &[&home]))?;
        let mut lines = Process::follow(&log)?;
        for family in ["first", "second"] {
            let event = format!("'Server listening' for the {family} address family");
            lines.line(&event, PATIENCE, |line| line.contains("Server listening on")).map_err(|error| {
                // What sshd itself said on its way out explains more than the empty log.
                Error::Failed { what: "sshd".to_owned(), status: error.to_string(), said: process.said() }
            })?;
        }
        Ok(Self { log, _process: process })
    }
}

/// Tries to log in as the arena's account; tells whether that worked. Anything but a yes, silence included, is a no.
pub fn login(from: &Host, to: &Host, password: &str) -> Result<bool> {
    login_as(ACCOUNT, from, to, password)
}

/// The same under any name.
pub fn login_as(account: &str, from: &Host, to: &Host, password: &str) -> Result<bool> {
    let mut command = from.command("sshpass");
    command.args(["-p", password, "ssh", "-F", "none", "-o", "StrictHostKeyChecking=no"]);
    command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=3", "-o", "LogLevel=ERROR"]);
    command.args(["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]);
    command.args(["-l", account, &to.v4.to_string(), "echo", "welcome"]);
    match Process::start("ssh", &mut command)?.finish(LOGIN) {
        Ok((_, said)) => Ok(said.contains("welcome")),
        Err(Error::Late { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn rsyslog_conf(log: &Path) -> String {
    format!(
        "module(load=\"imuxsock\" SysSock.Name=\"/dev/log\" SysSock.RateLimit.Interval=\"0\")\n\
         auth,authpriv.* action(type=\"omfile\" file=\"{}\" template=\"RSYSLOG_FileFormat\")\n",
        log.display()
    )
}

fn sshd_config(home: &Path) -> String {
    format!(
        "ListenAddress 0.0.0.0\nListenAddress ::\nHostKey {}\nPidFile none\nUsePAM no\nUseDNS no\n\
         PasswordAuthentication yes\nPermitRootLogin yes\nPrintMotd no\nMaxStartups 100\n",
        home.join("host_key").display()
    )
}

/// The machine's accounts and one more, in files of our own.
fn accounts(home: &Path) -> Result<()> {
    let hash = run(Command::new("openssl").args(["passwd", "-6", PASSWORD]))?;
    let with = |path: &str, line: String| -> Result<String> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        Ok(format!("{}\n{line}\n", text.trim_end()))
    };
    write(&home.join("passwd"), &with("/etc/passwd", format!("{ACCOUNT}:x:64077:65534::/:/bin/sh"))?)?;
    write(&home.join("shadow"), &with("/etc/shadow", format!("{ACCOUNT}:{}:19000::::::", hash.trim()))?)
}
