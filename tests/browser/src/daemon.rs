//! The real `stockade` on the server, by its command line, its settings file and its page's address only.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use arena::deadline::PATIENCE;
use arena::process::run;
use arena::{Host, Process};
use serde_json::Value;

use crate::{Error, Result};

/// The port of the page.
pub const PORT: u16 = 8765;

/// The folder beside the settings file in which fail2ban's configuration is, for a daemon that runs in its place.
pub const FAIL2BAN: &str = "fail2ban";

/// The running daemon.
#[derive(Debug)]
pub struct Daemon {
    host: Host,
    config: PathBuf,
    state: PathBuf,
    logs: PathBuf,
    process: Process,
}

impl Daemon {
    /// Starts it on `host` with these settings and these logs, and waits until it says `ready`.
    pub fn start(host: &Host, home: &Path, logs: &Path, settings: &str) -> Result<Self> {
        let (config, state) = (home.join("stockade.toml"), home.join("state"));
        arena::scene::write(&config, settings)?;
        fs::create_dir_all(&state).map_err(arena::Error::io("create", state.display()))?;
        let process = launch(host, &config, &state, logs)?;
        Ok(Self { host: host.clone(), config, state, logs: logs.to_owned(), process })
    }

    /// Stops it as an init system does, and starts it again with the same settings and the same state, after `meanwhile` has had
    /// the directory of the state for itself.
    pub fn again(self, meanwhile: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let Self { host, config, state, logs, process } = self;
        process.stop(PATIENCE)?;
        meanwhile(&state)?;
        let process = launch(&host, &config, &state, &logs)?;
        Ok(Self { host, config, state, logs, process })
    }

    /// The link with which the first password is set.
    pub fn link(&mut self) -> Result<String> {
        let is_told = |line: &str| line.contains("/setup?token=");
        let said = self.process.said();
        let line = match said.lines().find(|line| is_told(line)) {
            Some(line) => line.to_owned(),
            None => self.process.line("the link", PATIENCE, is_told)?,
        };
        Ok(line[line.find("https://").unwrap_or(0)..].trim().to_owned())
    }

    /// Sets the administrator's password as on the server's own command line.
    pub fn set_password(&self, password: &str) -> Result<()> {
        let mut command = self.host.command(arena::stockade::binary()?);
        command.arg("passwd").arg("--state-dir").arg(&self.state);
        let failed = arena::Error::io("run", "stockade passwd");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let output = child.and_then(|mut child| {
            child.stdin.take().expect("piped").write_all(format!("{password}\n").as_bytes())?;
            child.wait_with_output()
        });
        let output = output.map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let what = "stockade passwd".to_owned();
        Err(arena::Error::Failed { what, status: output.status.to_string(), said }.into())
    }

    /// A new API key.
    pub fn token(&self, scope: &str, name: &str) -> Result<String> {
        Ok(self.command(&["token", "create", "--scope", scope, name])?.trim().to_owned())
    }

    /// Who is banned now, one word each: `203.0.113.7@sshd`.
    pub fn banned(&self) -> Result<Vec<String>> {
        let said = self.command(&["banned", "--json"])?;
        let rows: Vec<Value> = serde_json::from_str(&said)
            .map_err(|_| Error::Answer { what: "banned".to_owned(), said: said.clone() })?;
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| format!("{}@{}", text(row, "address"), text(row, "jail"))).collect())
    }

    /// What a command of the command line says.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        let mut command = self.host.command(arena::stockade::binary()?);
        Ok(run(command.args(words).arg("--state-dir").arg(&self.state))?)
    }

    /// The settings file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What the settings file holds now.
    pub fn settings(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.config).map_err(arena::Error::io("read", self.config.display()))?)
    }

    /// Everything that it has said.
    pub fn said(&mut self) -> String {
        self.process.said()
    }
}

/// The server has a name and a /var/log of its own, as the pages show both.
const SCRIPT: &str = "hostname pbx; mount --bind \"$1\" /var/log; shift; exec \"$@\"";

fn launch(host: &Host, config: &Path, state: &Path, logs: &Path) -> Result<Process> {
    let mut command = host.command("unshare");
    command.args(["--mount", "--uts", "--propagation", "private", "sh", "-euc", SCRIPT, "sh"]).arg(logs);
    command.arg(arena::stockade::binary()?);
    command.arg("run").arg("--config").arg(config).arg("--state-dir").arg(state);
    let fail2ban = config.with_file_name(FAIL2BAN);
    if fail2ban.is_dir() {
        command.arg("--fail2ban-dir").arg(fail2ban);
    }
    let mut process = Process::start("stockade run", &mut command)?;
    process.line("a line 'ready'", PATIENCE, |line| line == "ready")?;
    Ok(process)
}
