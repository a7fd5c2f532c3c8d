//! What happens once, at start: the log, the state directory, the store, what the kernel allows, and what was known before.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use config::{LogLevel, Mode};
use control::answer::Surroundings;
use control::server::ServerError;
use enforcement::{
    ClaimError, Enforcement, EnforcementError, Nftables, Observe, Support, Watch, claim, probe,
    probe_firewall,
};
use event::{Ban, Position, Proof};
use fleet::fleet::Identity;
use rustix::fs::{FileType, FlockOperation, flock, fstat};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use source::{JournalPlace, SourceError};
use store::{MemoryRow, Opened, Sqlite, Store, StoreError};

use crate::clock;
use crate::keepers;
use crate::others::FLEET;
use crate::plan::Plan;

/// At the end, who has asked has so long to take the answer.
pub const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Why it does not start.
#[derive(Debug)]
pub enum StartError {
    /// The settings are wrong; every complaint.
    Settings(Vec<String>),
    /// The state directory cannot be made.
    StateDir(PathBuf, io::Error),
    /// Another process holds the state directory.
    InUse(PathBuf),
    /// The store cannot be opened.
    Store(StoreError),
    /// The control socket cannot be made.
    Control(ServerError),
    /// Another process keeps the kernel's table.
    Claim(ClaimError),
    /// The settings demand nftables, and it is not to be had.
    Enforcement(String),
    /// The sources cannot be opened.
    Source(SourceError),
    /// fail2ban's socket cannot be had.
    Fail2ban(String),
    /// A thread's means cannot be made.
    Io(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(complaints) => f.write_str(&complaints.join("\n")),
            Self::StateDir(path, cause) => write!(
                f,
                "{}: the state directory cannot be made ({cause}); be root, or name another with --state-dir",
                path.display()
            ),
            Self::InUse(path) => write!(
                f,
                "{}: another stockade works in this state directory; stop it, or give this one its own --state-dir",
                path.display()
            ),
            Self::Store(cause) => cause.fmt(f),
            Self::Control(cause) => cause.fmt(f),
            Self::Claim(cause) => write!(
                f,
                "enforcement: {cause}; stop that one: a running stockade carries out a LAPI's decisions too, by a [[blocklist]] with lapi"
            ),
            Self::Enforcement(why) => write!(
                f,
                "enforcement: mode is \"nftables\", but {why}; give the program CAP_NET_ADMIN, or write mode = \"auto\""
            ),
            Self::Fail2ban(why) => f.write_str(why),
            Self::Source(cause) => cause.fmt(f),
            Self::Io(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl From<ServerError> for StartError {
    fn from(cause: ServerError) -> Self {
        Self::Control(cause)
    }
}

impl From<SourceError> for StartError {
    fn from(cause: SourceError) -> Self {
        Self::Source(cause)
    }
}

impl From<io::Error> for StartError {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// Says on stderr what happens, from now on.
pub fn log(level: LogLevel) {
    let level = match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let on_terminal = io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(level)
        .with_ansi(on_terminal)
        .with_target(false);
    let in_file = fstat(io::stderr()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file());
    // Under systemd the journal brings the time; a second start in one process keeps the first log.
    let _ = if on_terminal || in_file { log.try_init() } else { log.without_time().try_init() };
}

/// Each file that is followed takes up to three descriptors; the usual soft limit is made for programs that open few.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(cause) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(
            "the limit of open files cannot be raised ({cause}); with many logs some will not be read"
        );
    }
}

/// The line that supervisors and tests wait for.
#[allow(clippy::print_stderr, reason = "a contract: 'ready' on a line of its own on stderr")]
pub fn say_ready() {
    eprintln!("ready");
}

/// Makes the directory: for us alone, and passable for the group that may use the socket in it.
pub fn state_dir(path: &Path, group: Option<&str>) -> Result<(), StartError> {
    let wrong = |cause| StartError::StateDir(path.to_owned(), cause);
    fs::create_dir_all(path).map_err(wrong)?;
    let mode = if group.is_some() { 0o711 } else { 0o700 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(wrong)
}

/// Holds the directory for this process alone, until it ends in whatever way: two engines on one store would undo each
/// other's work, even if each had a socket of its own.
pub fn lock(path: &Path) -> Result<File, StartError> {
    let wrong = |cause| StartError::StateDir(path.to_owned(), cause);
    let dir = File::open(path).map_err(wrong)?;
    match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(dir),
        Err(Errno::WOULDBLOCK) => Err(StartError::InUse(path.to_owned())),
        Err(cause) => Err(wrong(cause.into())),
    }
}

/// Opens the store.
pub fn store(state_dir: &Path) -> Result<Opened, StartError> {
    Ok(Sqlite::open(&state_dir.join("stockade.db"), clock::now())?)
}

/// Behind a container's bridge the host's firewall is out of reach, and that is said at once.
pub fn say_where(here: &Surroundings) {
    if let Some(container) = here.container.as_deref().filter(|_| here.is_bridged) {
        tracing::warn!(
            "this is a container ({container}) behind the bridge {}: bans hold inside it alone, unless a bouncer on the host \
             carries them out",
            here.gateways.join(" ")
        );
    }
}

/// How bans will be carried out.
pub struct Kernel {
    /// The means.
    pub enforcement: Box<dyn Enforcement>,
    /// The watch over changes by others, if there is something to watch.
    pub watch: Option<Watch>,
    /// `nftables` or `observe`.
    pub mode: &'static str,
    /// Why it only observes.
    pub reason: Option<String>,
    /// Why bans can be carried out, but the network firewall and the SIP limit cannot.
    pub no_firewall: Option<String>,
}

/// Asks the kernel what it can do. It takes its time, so it is asked while the settings are read.
pub fn probe_kernel() -> JoinHandle<Found> {
    std::thread::spawn(|| Found { bans: probe(), firewall: probe_firewall() })
}

/// What the kernel can do.
pub struct Found {
    bans: Support,
    firewall: Support,
}

/// nftables where it is wanted and to be had, else observing, which is said.
pub fn enforcement(mode: Mode, probe: JoinHandle<Found>) -> Result<Kernel, StartError> {
    if mode == Mode::Observe {
        return Ok(observing("the settings say so".to_owned()));
    }
    // A probe that panicked found nothing out.
    let unknown = || Support::Unknown { errno: 0 };
    let found = probe.join().unwrap_or_else(|_| Found { bans: unknown(), firewall: unknown() });
    let why = match lacking(found.bans) {
        None => {
            if !claim().map_err(StartError::Claim)? {
                tracing::warn!(
                    "a process without rights sits on the name @stockade-table; a second stockade would not be noticed"
                );
            }
            match open_nftables(lacking(found.firewall)) {
                Ok(kernel) => return Ok(kernel),
                Err(cause) => cause.to_string(),
            }
        }
        Some(why) => why,
    };
    if mode == Mode::Nftables { Err(StartError::Enforcement(why)) } else { Ok(observing(why)) }
}

/// What is missing, if anything is.
fn lacking(support: Support) -> Option<String> {
    match support {
        Support::Supported => None,
        Support::NoPermission => {
            Some("this process may not change the firewall (no CAP_NET_ADMIN)".to_owned())
        }
        Support::Unsupported { why } => Some(format!("the kernel has no nftables: {why}")),
        Support::Unknown { errno } => {
            Some(format!("whether the kernel has nftables could not be found out: {errno}"))
        }
    }
}

fn open_nftables(no_firewall: Option<String>) -> Result<Kernel, EnforcementError> {
    let nftables = Nftables::open()?.with_clock(clock::now);
    let watch = nftables.watch()?;
    Ok(Kernel {
        enforcement: Box::new(nftables),
        watch: Some(watch),
        mode: "nftables",
        reason: None,
        no_firewall,
    })
}

fn observing(why: String) -> Kernel {
    tracing::warn!("only observing, nobody is kept out: {why}");
    Kernel {
        enforcement: Box::new(Observe),
        watch: None,
        mode: "observe",
        reason: Some(why),
        no_firewall: None,
    }
}

/// What was known before.
pub struct Restored {
    /// The store.
    pub store: Sqlite,
    /// Live bans.
    pub bans: Vec<Ban>,
    /// Escalation memory.
    pub memory: Vec<MemoryRow>,
    /// Where each file goes on.
    pub files: HashMap<String, Position>,
    /// Where each journal goes on.
    pub journals: HashMap<String, Position>,
    /// Where the fleet's stream goes on.
    pub fleet: Option<String>,
    /// What fail2ban's database bears, if it was kept to the end of the last run. It is taken out of the store: a run without that database
    /// makes it outdated.
    pub seal: Option<i32>,
    /// What needs attention.
    pub notes: Vec<String>,
}

/// From the store; and if that was lost, from the kernel.
pub fn restored(mut opened: Opened, kernel: &mut Kernel) -> Result<Restored, StoreError> {
    let mut notes = Vec::new();
    let mut bans = opened.loaded.bans;
    if let Some(aside) = &opened.set_aside {
        bans = from_kernel(kernel);
        let count = bans.len();
        notes.push(format!(
            "the store was damaged and is kept as {}; {count} bans were taken over from the kernel; history, the journal of \
             actions, API keys and the administrator's password are lost: set it with 'stockade passwd', then make \
             new keys",
            aside.display()
        ));
        notes.iter().for_each(|note| tracing::error!("{note}"));
    }
    let mut files: HashMap<_, _> = opened.loaded.positions.into_iter().collect();
    let journals = files.extract_if(|name, _| JournalPlace::is_named(name)).collect();
    let fleet = match files.remove(FLEET) {
        Some(Position::Cursor { cursor }) => Some(cursor),
        _ => None,
    };
    let seal = keepers::take_seal(&mut opened.store)?;
    Ok(Restored {
        store: opened.store,
        bans,
        memory: opened.loaded.memory,
        files,
        journals,
        fleet,
        seal,
        notes,
    })
}

fn from_kernel(kernel: &mut Kernel) -> Vec<Ban> {
    let now = clock::now();
    let held = kernel.enforcement.held(now).unwrap_or_else(|cause| {
        tracing::error!("the kernel's bans cannot be read: {cause}");
        Vec::new()
    });
    let ban = |element: enforcement::Element| Ban {
        subject: element.subject,
        jail: element.jail,
        scope: element.scope,
        since: now,
        until: element.until,
        failures: 0,
        proof: Proof::Proven,
        reason: "taken over from the kernel after the store was damaged".to_owned(),
    };
    held.into_iter().map(ban).collect()
}

/// Who this node is among others: its number is made once and kept with the bans, so that a new name makes no new node.
pub fn identity(store: &mut Sqlite) -> Result<Identity, StartError> {
    const NODE: &str = "node_id";
    let id = match store.secret(NODE)? {
        Some(id) => id,
        None => {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(|cause| StartError::Io(io::Error::other(cause)))?;
            let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            store.set_secret(NODE, Some(&id))?;
            id
        }
    };
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    Ok(Identity { name: if name.is_empty() { id[..8].to_owned() } else { name.to_owned() }, id })
}

/// How far back windows reach: the longest `find_time`.
pub fn lookback(plan: &Plan) -> Duration {
    plan.jails.iter().map(|jail| jail.limits.find_time).max().unwrap_or_default()
}
