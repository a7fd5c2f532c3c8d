//! A real Asterisk 16: Debian bullseye's, in an installation of its own that is made once and kept under the build
//! directory, since the distributions of today have none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::deadline::PATIENCE;
use crate::process::{Process, run};
use crate::scene::write;
use crate::{Error, Host, Result};

const SCRIPT: &str = include_str!("asterisk.sh");
const SUITE: &str = "bullseye";
/// Fetching and unpacking some 200 packages.
const INSTALLING: Duration = Duration::from_secs(900);

const ETC: [(&str, &str); 6] = [
    ("asterisk.conf", include_str!("asterisk_etc/asterisk.conf")),
    ("modules.conf", include_str!("asterisk_etc/modules.conf")),
    ("logger.conf", include_str!("asterisk_etc/logger.conf")),
    ("manager.conf", include_str!("asterisk_etc/manager.conf")),
    ("pjsip.conf", include_str!("asterisk_etc/pjsip.conf")),
    ("extensions.conf", "[none]\n"),
];

/// The manager interface's account and password.
pub const OPERATOR: (&str, &str) = ("operator", "quite-right");

/// The password of the SIP account `name` ("100" or "101").
pub fn password(name: &str) -> String {
    format!("quite-right-{name}")
}

/// The running PBX: SIP on 5060 (UDP and TCP), the manager interface on 5038. Dropping it ends it.
#[derive(Debug)]
pub struct Asterisk {
    /// The security events.
    pub security_log: PathBuf,
    /// Notices, warnings and errors.
    pub messages: PathBuf,
    _process: Process,
}

impl Asterisk {
    /// Starts the PBX on `host` and waits until it says that it is ready.
    pub fn start(host: &Host, directory: &Path) -> Result<Self> {
        Self::start_with(host, directory, &[])
    }

    /// The same with more text at the end of some of its files, or with files that it has only here.
    pub fn start_with(host: &Host, directory: &Path, more: &[(&str, &str)]) -> Result<Self> {
        let installation = installation()?;
        let home = prepare(directory, more)?;
        let log = home.join("log");
        let (security_log, messages) = (log.join("security_log"), log.join("messages"));
        let mut process = Process::start("asterisk", &mut host.contained(SCRIPT, &[&installation, &home]))?;
        let mut lines = Process::follow(&log.join("full"))?;
        lines.line("'Asterisk Ready.'", PATIENCE, |line| line.contains("Asterisk Ready.")).map_err(
            |error| Error::Failed {
                what: "asterisk".to_owned(),
                status: error.to_string(),
                said: process.said(),
            },
        )?;
        Ok(Self { security_log, messages, _process: process })
    }
}

/// Writes Asterisk's files, with more text at the end of some; the directory is what it knows as `/arena`.
pub fn prepare(directory: &Path, more: &[(&str, &str)]) -> Result<PathBuf> {
    let home = directory.join("asterisk");
    for (name, text) in ETC {
        write(&home.join("etc").join(name), text)?;
    }
    for (name, text) in more {
        let usual = ETC.iter().find(|(usual, _)| usual == name).map_or("", |(_, text)| text);
        write(&home.join("etc").join(name), &format!("{usual}{text}"))?;
    }
    for name in ["lib", "run", "spool"] {
        let path = home.join(name);
        fs::create_dir_all(&path).map_err(Error::io("create", path.display()))?;
    }
    // Log lines carry local time, and local is what it is outside the installation.
    if Path::new("/etc/localtime").exists() {
        fs::copy("/etc/localtime", home.join("localtime")).map_err(Error::io("copy", "/etc/localtime"))?;
    }
    for log in ["security_log", "messages", "full"] {
        write(&home.join("log").join(log), "")?;
    }
    Ok(home)
}

/// The installed Debian with Asterisk in it: made at the first call, by one process at a time.
pub fn installation() -> Result<PathBuf> {
    let cache = cache()?;
    fs::create_dir_all(&cache).map_err(Error::io("create", cache.display()))?;
    let guard = cache.join("asterisk.lock");
    let lock = File::create(&guard).map_err(Error::io("create", guard.display()))?;
    flock(&lock, FlockOperation::LockExclusive)
        .map_err(|errno| Error::io("lock", guard.display())(errno.into()))?;
    let (whole, partial) = (cache.join("asterisk"), cache.join("asterisk.partial"));
    if !whole.join("usr/sbin/asterisk").exists() {
        install(&partial)?;
        fs::rename(&partial, &whole).map_err(Error::io("rename", partial.display()))?;
    }
    let mount_point = whole.join("arena");
    fs::create_dir_all(&mount_point).map_err(Error::io("create", mount_point.display()))?;
    Ok(whole)
}

/// Whether the installation is already there, so that using it costs nothing.
pub fn is_installed() -> bool {
    cache().is_ok_and(|cache| cache.join("asterisk/usr/sbin/asterisk").exists())
}

fn cache() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("STOCKADE_ARENA_CACHE") {
        return Ok(PathBuf::from(path));
    }
    Ok(crate::stockade::build_directory()?.join("arena"))
}

fn install(root: &Path) -> Result<()> {
    if root.exists() {
        // What an interrupted run left: debootstrap does not go on from the middle.
        fs::remove_dir_all(root).map_err(Error::io("remove", root.display()))?;
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "debootstrap", "--variant=minbase"]);
    command.args(["--include=asterisk,asterisk-modules", SUITE]).arg(root).arg(archive()?);
    let (status, said) = Process::start("debootstrap", &mut command)?.finish(INSTALLING)?;
    if status.success() {
        // The packages are unpacked; their archives would only take room.
        let archives = root.join("var/cache/apt/archives");
        return fs::remove_dir_all(&archives).map_err(Error::io("remove", archives.display()));
    }
    Err(Error::Failed { what: "debootstrap".to_owned(), status: status.to_string(), said })
}

/// The address of the archive that this machine itself installs from, as apt knows it.
fn archive() -> Result<String> {
    if let Some(address) = known_archive()? {
        return Ok(address);
    }
    // apt names an archive only once it has fetched its index; a new machine has not.
    run(Command::new("apt-get").args(["-qq", "update"]))?;
    known_archive()?.ok_or(Error::NoArchive)
}

fn known_archive() -> Result<Option<String>> {
    let format = "$(REPO_URI) $(LABEL)";
    let said =
        run(Command::new("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]))?;
    Ok(said.lines().find_map(|line| line.strip_suffix(" Debian")).map(str::to_owned))
}
