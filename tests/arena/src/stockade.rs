//! The real `stockade` binary, run on the victim, and its commands as an administrator types them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::deadline::PATIENCE;
use crate::process::{Process, run};
use crate::scene::write;
use crate::{Error, Host, Result};

/// What a scenario configures; the words are those of `stockade.toml`.
#[derive(Clone, Debug)]
pub struct Settings {
    max_retry: u32,
    ban_time: &'static str,
    claimed_ban_time: &'static str,
    jails: Vec<(&'static str, Vec<PathBuf>)>,
    whitelist: Vec<String>,
    sections: String,
}

impl Settings {
    /// So many failures within ten minutes, and so long a ban.
    pub fn new(max_retry: u32, ban_time: &'static str) -> Self {
        Self {
            max_retry,
            ban_time,
            claimed_ban_time: "10m",
            jails: Vec::new(),
            whitelist: Vec::new(),
            sections: String::new(),
        }
    }

    /// One more jail, reading these logs.
    pub fn jail(mut self, name: &'static str, logs: &[&Path]) -> Self {
        self.jails.push((name, logs.iter().map(|log| log.to_path_buf()).collect()));
        self
    }

    /// How long a ban lasts for which there is only claimed evidence.
    pub fn claimed_ban_time(mut self, span: &'static str) -> Self {
        self.claimed_ban_time = span;
        self
    }

    /// Someone who is never banned.
    pub fn whitelist(mut self, address: impl ToString + Copy) -> Self {
        self.whitelist.push(address.to_string());
        self
    }

    /// More of the settings file, as it is written there.
    pub fn section(mut self, text: &str) -> Self {
        self.sections.push_str(text);
        self.sections.push('\n');
        self
    }

    /// The file's text. Every jail that the scenario does not name is off: else the daemon would read the machine's own logs as well.
    pub fn toml(&self) -> Result<String> {
        let Self { max_retry, ban_time, claimed_ban_time, whitelist, .. } = self;
        let mut text = format!(
            "[defaults]\nmax_retry = {max_retry}\nfind_time = \"10m\"\nban_time = \"{ban_time}\"\n\n\
             [evidence]\nclaimed_ban_time = \"{claimed_ban_time}\"\n\n[whitelist]\naddresses = {whitelist:?}\n"
        );
        for name in shipped_filters()? {
            let jail = match self.jails.iter().find(|(jail, _)| *jail == name) {
                Some((_, logs)) => {
                    format!("enabled = true\nlogs = {logs:?}\njournal = []\nmax_retry = {max_retry}\n")
                }
                None => "enabled = false\n".to_owned(),
            };
            write!(text, "\n[jails.{name}]\n{jail}").expect("a string takes everything");
        }
        write!(text, "\n{}", self.sections).expect("a string takes everything");
        Ok(text)
    }
}

/// A ban as `banned --json` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who: an address or a network.
    pub address: String,
    /// By which jail.
    pub jail: String,
    /// From when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// After how many failures.
    pub failures: u32,
    /// Why, for people.
    pub reason: String,
}

impl Ban {
    /// How long it lasts from beginning to end.
    pub fn span(&self) -> Duration {
        self.until.duration_since(self.since).unsigned_abs()
    }
}

/// The running daemon.
#[derive(Debug)]
pub struct Stockade {
    host: Host,
    config: PathBuf,
    state: PathBuf,
    process: Process,
}

impl Stockade {
    /// Starts the daemon on `host` and waits until it says `ready`.
    pub fn start(host: &Host, directory: &Path, settings: &Settings) -> Result<Self> {
        let home = directory.join("stockade");
        let config = home.join("stockade.toml");
        write(&config, &settings.toml()?)?;
        let state = home.join("state");
        std::fs::create_dir_all(&state).map_err(Error::io("create", state.display()))?;
        let process = launch(host, &config, &state)?;
        Ok(Self { host: host.clone(), config, state, process })
    }

    /// Who is banned now.
    pub fn banned(&self) -> Result<Vec<Ban>> {
        let said = self.command(&["banned", "--json"])?;
        let value: Value = serde_json::from_str(&said).map_err(|error| unreadable(&said, &error))?;
        let rows = value.as_array().ok_or_else(|| unreadable(&said, &"not an array"))?;
        rows.iter()
            .map(|row| ban(row).ok_or_else(|| unreadable(&said, &format!("this is no ban: {row}"))))
            .collect()
    }

    /// The same as an administrator reads it.
    pub fn banned_for_people(&self) -> Result<String> {
        self.command(&["banned"])
    }

    /// The ban of `address` in any jail, if there is one.
    pub fn ban_of(&self, address: impl ToString + Copy) -> Result<Option<Ban>> {
        let address = address.to_string();
        Ok(self.banned()?.into_iter().find(|ban| ban.address == address))
    }

    /// Bans somebody by hand, on all ports.
    pub fn ban(&self, address: impl ToString + Copy) -> Result<String> {
        self.command(&["ban", &address.to_string()])
    }

    /// Lets someone in again.
    pub fn unban(&self, address: impl ToString + Copy) -> Result<String> {
        self.command(&["unban", &address.to_string()])
    }

    /// Why someone is, or is not, banned.
    pub fn why(&self, address: impl ToString + Copy) -> Result<String> {
        self.command(&["why", &address.to_string()])
    }

    /// The daemon's state of health.
    pub fn status(&self) -> Result<Value> {
        let said = self.command(&["status", "--json"])?;
        serde_json::from_str(&said).map_err(|error| unreadable(&said, &error))
    }

    /// Stops the daemon as an init system does (SIGTERM).
    pub fn stop(self) -> Result<Stopped> {
        let Self { host, config, state, process } = self;
        let (status, said) = process.stop(PATIENCE)?;
        if !status.success() {
            return Err(Error::Failed { what: "stockade run".to_owned(), status: status.to_string(), said });
        }
        Ok(Stopped { host, config, state })
    }

    /// How many packets the bans of a jail have dropped.
    pub fn dropped(&self, jail: &str) -> Result<u64> {
        let status = self.status()?;
        let jails = status["jails"].as_array().map_or(&[][..], Vec::as_slice);
        let row = jails.iter().find(|row| row["jail"] == jail);
        row.and_then(|row| row["dropped_packets"].as_u64())
            .ok_or_else(|| unreadable(&status.to_string(), &format!("no dropped packets for {jail}")))
    }

    /// Everything that the daemon has said.
    pub fn said(&mut self) -> String {
        self.process.said()
    }

    fn command(&self, words: &[&str]) -> Result<String> {
        run(self.host.command(binary()?).args(words).arg("--state-dir").arg(&self.state))
    }
}

/// A daemon that was stopped and can go on where it was.
#[derive(Debug)]
pub struct Stopped {
    host: Host,
    config: PathBuf,
    state: PathBuf,
}

impl Stopped {
    /// Starts it again, with the same settings and state.
    pub fn start(self) -> Result<Stockade> {
        let process = launch(&self.host, &self.config, &self.state)?;
        Ok(Stockade { host: self.host, config: self.config, state: self.state, process })
    }
}

/// The names of the filters that come with Stockade; each has a jail of its own name.
pub fn shipped_filters() -> Result<Vec<String>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../filters");
    let entries = std::fs::read_dir(&directory).map_err(Error::io("list", directory.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let toml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    Ok(toml.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect())
}

/// Where cargo builds: `target` unless someone set it elsewhere.
pub fn build_directory() -> Result<PathBuf> {
    let profile = profile_directory()?;
    Ok(profile.parent().unwrap_or(&profile).to_owned())
}

fn launch(host: &Host, config: &Path, state: &Path) -> Result<Process> {
    let mut command = host.command(binary()?);
    command.arg("run").arg("--config").arg(config).arg("--state-dir").arg(state);
    let mut process = Process::start("stockade run", &mut command)?;
    process.line("a line 'ready'", PATIENCE, |line| line == "ready")?;
    Ok(process)
}

/// The binary that was built with this program, or the one that `STOCKADE_BIN` names.
pub fn binary() -> Result<PathBuf> {
    let built = std::env::var_os("STOCKADE_BIN").map(PathBuf::from);
    let path = match built {
        Some(path) => path,
        None => profile_directory()?.join("stockade"),
    };
    if path.exists() {
        return Ok(path);
    }
    Err(Error::Missing { path, remedy: "run 'cargo build -p stockade' first, or set STOCKADE_BIN" })
}

/// `target/debug` or the like: where this program itself is, without the `deps` in which tests live.
fn profile_directory() -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(Error::io("find", "this program's own file"))?;
    let directory = own.parent().unwrap_or(&own);
    let profile = if directory.ends_with("deps") { directory.parent() } else { Some(directory) };
    Ok(profile.unwrap_or(directory).to_owned())
}

fn ban(row: &Value) -> Option<Ban> {
    let text = |key: &str| row.get(key)?.as_str().map(str::to_owned);
    Some(Ban {
        address: text("address")?,
        jail: text("jail")?,
        since: text("since")?.parse().ok()?,
        until: text("until")?.parse().ok()?,
        failures: u32::try_from(row.get("failures")?.as_u64()?).ok()?,
        reason: text("reason")?,
    })
}

fn unreadable(said: &str, reason: &dyn ToString) -> Error {
    Error::Unreadable { what: "stockade".to_owned(), said: said.to_owned(), reason: reason.to_string() }
}
