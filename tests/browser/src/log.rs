//! A service's log on the server, written to as the service would: lines of OpenSSH and Asterisk, with the present time or
//! an earlier one.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Result;

/// A log file.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
    name: &'static str,
}

impl Log {
    /// An empty log called `name` in `directory`, which is the server's /var/log.
    pub fn new(directory: &Path, name: &'static str) -> Result<Self> {
        let path = directory.join(name);
        arena::scene::write(&path, "")?;
        Ok(Self { path, name })
    }

    /// Where it is for the server.
    pub fn place(&self) -> String {
        format!("/var/log/{}", self.name)
    }

    /// `times` wrong passwords for `account` from `address`, as OpenSSH tells them, `ago` before now.
    pub fn ssh(&self, address: &str, account: &str, times: usize, ago: Duration) -> Result<()> {
        let at = before(ago).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00").to_string();
        let line = format!(
            "{at} pbx sshd-session[4242]: Failed password for invalid user {account} from {address} port 40022 ssh2\n"
        );
        self.append(&line.repeat(times))
    }

    /// `times` wrong passwords for `account` from `address`, as Asterisk's PJSIP tells them, `ago` before now.
    pub fn sip(&self, address: &str, account: &str, times: usize, ago: Duration) -> Result<()> {
        let at = before(ago).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let line = format!(
            "[{at}] SECURITY[1234] res_security_log.c: SecurityEvent=\"InvalidPassword\",EventTV=\"{stamp}\",\
             Severity=\"Error\",Service=\"PJSIP\",EventVersion=\"1\",AccountID=\"{account}\",SessionID=\"0x7f5c8c0421f8\",\
             LocalAddress=\"IPV4/UDP/10.77.0.1/5060\",RemoteAddress=\"IPV4/UDP/{address}/5060\"\n",
            stamp = at.replace(' ', "T") + ".000+0000",
        );
        self.append(&line.repeat(times))
    }

    fn append(&self, text: &str) -> Result<()> {
        let file = OpenOptions::new().append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        Ok(written.map_err(arena::Error::io("append to", self.path.display()))?)
    }
}

#[expect(clippy::disallowed_methods, reason = "a service stamps its lines with the real clock")]
fn before(ago: Duration) -> Timestamp {
    let now = Timestamp::try_from(std::time::SystemTime::now()).expect("a clock in this century");
    now - SignedDuration::try_from(ago).expect("a few days at most")
}
