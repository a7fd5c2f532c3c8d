//! The settings as the program uses them: plain values, already checked. The defaults stand here and nowhere else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use event::{JailName, Port, Subject};

use crate::blocklist::Blocklist;
use crate::firewall::Firewall;
use crate::http::Http;
use crate::outlet::{Asterisk, Nginx};
use crate::redis::Redis;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Everything that `stockade.toml` says. `Settings::default()` is what an empty file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The one switch: off means that nothing is watched and no ban is enforced.
    pub enabled: bool,
    /// The limits of every jail that does not say otherwise.
    pub defaults: Limits,
    /// Who is never blocked.
    pub whitelist: Whitelisted,
    /// The jails that the file names. `Settings::jail` answers for the others.
    pub jails: BTreeMap<JailName, Jail>,
    /// How bans grow for those who come back.
    pub escalation: Escalation,
    /// How far evidence is believed.
    pub evidence: Evidence,
    /// How bans are carried out.
    pub enforcement: Enforcement,
    /// Who may use the control socket.
    pub control: Control,
    /// Where filters beside the shipped ones are.
    pub filters: Filters,
    /// What the program says about itself, and in which time zone logs are read.
    pub log: Log,
    /// Which networks may reach which services.
    pub firewall: Firewall,
    /// Where the page and the API are served.
    pub http: Http,
    /// What bouncers are told.
    pub lapi: Lapi,
    /// Where bans are written to and shared; `None` if nowhere.
    pub redis: Option<Redis>,
    /// Asterisk's own lists; `None` if they are not kept.
    pub asterisk: Option<Asterisk>,
    /// nginx's list; `None` if it is not kept.
    pub nginx: Option<Nginx>,
    /// What others say is bad.
    pub blocklists: Vec<Blocklist>,
}

impl Settings {
    /// The jail of that name: as the file has it, or as every filter that the file does not mention gets one.
    pub fn jail(&self, name: &JailName) -> Jail {
        self.jails.get(name).cloned().unwrap_or_else(|| Jail::implicit(name))
    }

    /// Who is never blocked because the file says so, each with where that comes from: the addresses of `[whitelist]`, and
    /// the networks marked `never_block`. The host's own addresses are for others to add.
    pub fn whitelist_entries(&self) -> impl Iterator<Item = (Subject, String)> + '_ {
        let networks = self.firewall.networks.iter().filter(|network| network.never_block);
        let networks = networks.map(|network| (network.subnet, format!("network \"{}\"", network.name)));
        self.whitelist.addresses.iter().cloned().chain(networks)
    }

    /// The limits of a jail: its own, else its filter's, else the general ones, each for itself.
    pub fn limits(&self, jail: &Jail, filter: &LimitOverrides) -> Limits {
        let own = &jail.limits;
        Limits {
            max_retry: own.max_retry.or(filter.max_retry).unwrap_or(self.defaults.max_retry),
            find_time: own.find_time.or(filter.find_time).unwrap_or(self.defaults.find_time),
            ban_time: own.ban_time.or(filter.ban_time).unwrap_or(self.defaults.ban_time),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            defaults: Limits::default(),
            whitelist: Whitelisted::default(),
            jails: BTreeMap::new(),
            escalation: Escalation::default(),
            evidence: Evidence::default(),
            enforcement: Enforcement::default(),
            control: Control::default(),
            filters: Filters::default(),
            log: Log::default(),
            firewall: Firewall::default(),
            http: Http::default(),
            lapi: Lapi::default(),
            redis: None,
            asterisk: None,
            nginx: None,
            blocklists: Vec::new(),
        }
    }
}

/// `max_retry` failures within `find_time` block for `ban_time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many failures lead to a ban.
    pub max_retry: u32,
    /// Within how long.
    pub find_time: Duration,
    /// For how long; `FOREVER` for a ban without end.
    pub ban_time: Duration,
}

impl Default for Limits {
    /// The preset "Normal".
    fn default() -> Self {
        Self { max_retry: 10, find_time: Duration::from_secs(HOUR), ban_time: Duration::from_secs(DAY) }
    }
}

/// Limits of which each may be left to someone else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitOverrides {
    /// How many failures lead to a ban.
    pub max_retry: Option<u32>,
    /// Within how long.
    pub find_time: Option<Duration>,
    /// For how long; `FOREVER` for a ban without end.
    pub ban_time: Option<Duration>,
}

/// `[whitelist]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whitelisted {
    /// Addresses and subnets that are never blocked, each with where it stands ("stockade.toml:7").
    pub addresses: Vec<(Subject, String)>,
    /// Whether the host's own addresses are never blocked either. Loopback never is, whatever this says.
    pub own_addresses: bool,
}

impl Default for Whitelisted {
    fn default() -> Self {
        Self { addresses: Vec::new(), own_addresses: true }
    }
}

/// Whether a jail is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enabled {
    /// On.
    Yes,
    /// Off.
    No,
    /// On if the service is present on this host.
    #[default]
    Auto,
}

/// `[jails.NAME]`. Where a value is `None`, the filter's is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jail {
    /// The name.
    pub name: JailName,
    /// Whether it is on.
    pub enabled: Enabled,
    /// The filter that finds its failures.
    pub filter: String,
    /// The files that it reads, absolute, with globs; an empty list means none.
    pub logs: Option<Vec<PathBuf>>,
    /// The journal fields that it reads, any one of which is enough; an empty list means never the journal.
    pub journal: Option<Vec<String>>,
    /// The ports that a ban closes.
    pub ports: Option<Vec<Port>>,
    /// Its own limits.
    pub limits: LimitOverrides,
    /// Where it stands in the file ("stockade.toml:7"), for complaints about it that only others can make; `None` if the
    /// file does not name it.
    pub origin: Option<String>,
}

impl Jail {
    /// The jail that a filter gets if the file says nothing about it.
    pub fn implicit(name: &JailName) -> Self {
        Self {
            name: name.clone(),
            enabled: Enabled::Auto,
            filter: name.as_str().to_owned(),
            logs: None,
            journal: None,
            ports: None,
            limits: LimitOverrides::default(),
            origin: None,
        }
    }
}

/// `[escalation]`: each ban is `factor` times as long as the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// By how much a ban grows with each repeat; 1 means not at all.
    pub factor: u32,
    /// No ban grows beyond this.
    pub max: Duration,
    /// After so long without cause, a subject is forgotten.
    pub quiet: Duration,
    /// From this ban on, all ports are closed and not the jail's alone; 0 means never.
    pub all_ports_after: u32,
}

impl Default for Escalation {
    fn default() -> Self {
        let month = Duration::from_secs(30 * DAY);
        Self { factor: 2, max: month, quiet: month, all_ports_after: 3 }
    }
}

/// `[evidence]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The longest ban on evidence whose source could be forged.
    pub claimed_ban_time: Duration,
    /// For how long after a proven success such evidence bans nobody.
    pub friend_time: Duration,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { claimed_ban_time: Duration::from_secs(10 * MINUTE), friend_time: Duration::from_secs(DAY) }
    }
}

/// Who carries out the bans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// nftables where that is allowed, else observe.
    #[default]
    Auto,
    /// nftables; not being allowed to is an error.
    Nftables,
    /// Nobody: bans are decided, shown and recorded only.
    Observe,
}

/// `[enforcement]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Who carries out the bans.
    pub mode: Mode,
    /// How often the kernel's bans are compared with the wanted ones, beside what it reports by itself.
    pub reconcile_every: Duration,
}

impl Default for Enforcement {
    fn default() -> Self {
        Self { mode: Mode::Auto, reconcile_every: Duration::from_secs(5 * MINUTE) }
    }
}

/// `[control]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// The group whose members may use the control socket; `None` means root only.
    pub group: Option<String>,
}

/// `[filters]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// Filters in this directory replace shipped ones of the same name and add new ones. It need not exist.
    pub dir: PathBuf,
}

impl Default for Filters {
    fn default() -> Self {
        Self { dir: PathBuf::from("/etc/stockade/filters") }
    }
}

/// `[lapi]`: what decisions are called where CrowdSec's bouncers ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapi {
    /// Who decided.
    pub origin: String,
    /// Why; `{jail}` in it is the jail's name.
    pub scenario: String,
}

impl Default for Lapi {
    fn default() -> Self {
        Self { origin: "stockade".to_owned(), scenario: "stockade/{jail}".to_owned() }
    }
}

/// How much the program says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Only what needs someone to act.
    Error,
    /// Also what may need it soon.
    Warn,
    /// Also bans, starts and stops.
    #[default]
    Info,
    /// Also what helps to find a mistake in the settings.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// How much the program says.
    pub level: LogLevel,
    /// IANA name of the zone of timestamps that have none; `None` means the host's.
    pub timezone: Option<String>,
}
