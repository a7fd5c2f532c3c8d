//! What every test stands on: a server with the daemon and its logs, the administrator's host, a stranger's, one wire.

use arena::{Host, Scene};
use std::time::Duration;

use crate::crowd;
use crate::daemon::{FAIL2BAN, PORT};
use crate::{Browser, Client, Daemon, Log, Look, Result, Settings};

/// The password of every test.
pub const PASSWORD: &str = "four stout posts & a gate";

/// Hosts, daemon and logs. Fields are dropped in order: the daemon before the hosts.
#[derive(Debug)]
pub struct Stage {
    /// The daemon.
    pub daemon: Daemon,
    /// What OpenSSH writes.
    pub ssh: Log,
    /// What Asterisk writes.
    pub sip: Log,
    scene: Scene,
}

impl Stage {
    /// With a password set, and with these settings.
    pub fn with(settings: &Settings) -> Result<Self> {
        let stage = Self::fresh(settings, |_, _| Ok(()))?;
        stage.daemon.set_password(PASSWORD)?;
        Ok(stage)
    }

    /// With a password set, and settings that no test minds.
    pub fn new() -> Result<Self> {
        Self::with(&Settings::default())
    }

    /// With a day of attacks in the logs before the daemon starts, and a password set.
    pub fn with_history(settings: &Settings) -> Result<Self> {
        let stage = Self::fresh(settings, history)?;
        stage.daemon.set_password(PASSWORD)?;
        Ok(stage)
    }

    /// Without a password: a first start. `before` writes what stands in the logs of SSH and SIP already.
    pub fn fresh(settings: &Settings, before: impl FnOnce(&Log, &Log) -> Result<()>) -> Result<Self> {
        let scene = Scene::new()?;
        let logs = scene.directory().join("log");
        let (ssh, sip) = (Log::new(&logs, "auth.log")?, Log::new(&logs, "asterisk/security")?);
        before(&ssh, &sip)?;
        let home = scene.directory().join("stockade");
        settings.write_fail2ban(&home.join(FAIL2BAN))?;
        let daemon = Daemon::start(&scene.victim, &home, &logs, &settings.toml(&ssh, &sip)?)?;
        Ok(Self { daemon, ssh, sip, scene })
    }

    /// After a restart, with `count` bans more.
    pub fn with_bans(self, count: usize) -> Result<Self> {
        let Self { daemon, ssh, sip, scene } = self;
        daemon.command(&["ban", crowd::PATTERN, "--jail", "sshd", "--for", "1d"])?;
        let daemon = daemon.again(|state| crowd::fill(state, count))?;
        Ok(Self { daemon, ssh, sip, scene })
    }

    /// The server.
    pub fn server(&self) -> &Host {
        &self.scene.victim
    }

    /// A host without business here.
    pub fn stranger(&self) -> &Host {
        &self.scene.attacker
    }

    /// The administrator's host.
    pub fn admin(&self) -> &Host {
        &self.scene.peer
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("https://{}:{PORT}", self.server().v4)
    }

    /// A browser on the administrator's host, at the page that asks for the password.
    pub fn browser(&self, look: &Look) -> Result<Browser> {
        let browser = Browser::open(self.admin(), self.scene.directory(), look, self.url())?;
        browser.visit("/sign-in")?;
        Ok(browser)
    }

    /// A browser on the administrator's host, signed in.
    pub fn signed_in(&self, look: &Look) -> Result<Browser> {
        let browser = self.browser(look)?;
        browser.sign_in(PASSWORD)?;
        Ok(browser)
    }

    /// A plain HTTP client on `host`.
    pub fn client(&self, host: &Host) -> Client {
        Client::new(host, self.url())
    }
}

/// A day as a PBX on the open Internet has it.
fn history(ssh: &Log, sip: &Log) -> Result<()> {
    let accounts = ["100", "1001", "201", "6000", "admin"];
    for hour in (1..23u64).rev() {
        let ago = Duration::from_secs(hour * 3600 + 200);
        let wave = (hour * 7 % 11) as usize;
        for step in 0..3 + wave / 3 {
            let address = format!("198.51.100.{}", 7 + (hour as usize * 5 + step * 13) % 60);
            sip.sip(&address, accounts[(step + wave) % accounts.len()], 2 + wave, ago)?;
        }
        if hour % 3 == 1 {
            let address = format!("203.0.113.{}", 20 + hour);
            ssh.ssh(&address, if hour % 2 == 0 { "root" } else { "ubuntu" }, 1 + wave, ago)?;
        }
    }
    let lately = Duration::from_secs(240);
    ssh.ssh("203.0.113.66", "root", 7, lately)?;
    sip.sip("198.51.100.9", "1001", 12, lately)?;
    sip.sip("2001:db8:66::5", "100", 9, lately)?;
    sip.sip("198.51.100.40", "6000", 3, lately)
}
