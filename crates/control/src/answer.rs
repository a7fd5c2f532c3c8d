//! What comes back. These types are what `--json` prints; times are RFC 3339 in UTC, spans are whole seconds.

use std::fmt;

use event::limit;
use serde::{Deserialize, Serialize};

/// One answer, as it stands on the wire: `{"answer":"done","message":"…"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "data", rename_all = "kebab-case")]
pub enum Answer {
    /// To `Status`.
    Status(Box<Status>),
    /// To `Banned`.
    Banned(Vec<Banned>),
    /// To `Why`.
    Why(Box<Why>),
    /// It was done; what was done, for people.
    Done(String),
    /// The answer is no; why, for people.
    No(String),
    /// It could not be done; why, for people.
    Fault(String),
}

/// Who is banned: one row of `banned`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banned {
    /// Address or subnet; an IPv6 ban is of a /64.
    pub address: String,
    /// The jail.
    pub jail: String,
    /// RFC 3339.
    pub since: String,
    /// RFC 3339; null for a ban without end.
    pub until: Option<String>,
    /// Failures that led to it; 0 for a ban by hand.
    pub failures: u32,
    /// Why.
    pub reason: String,
    /// What it closes: `jail` (its jail's ports), `all-ports`, or `none` if its jail's bans are told only.
    pub scope: String,
    /// `proven` or `claimed`.
    pub proof: String,
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of the running program.
    pub version: String,
    /// Since when it runs.
    pub since: String,
    /// The one switch.
    pub enabled: bool,
    /// How bans are carried out.
    pub enforcement: Enforcement,
    /// Each jail that is on.
    pub jails: Vec<Jail>,
    /// Each source that is read.
    pub sources: Vec<Source>,
    /// Each bound that was reached, and how often.
    pub bounds: Vec<Bound>,
    /// The latest bans that were refused, newest first.
    pub refusals: Vec<Refused>,
    /// What needs attention, each with what to do.
    pub attention: Vec<Notice>,
    /// Who is never blocked, and where it says so.
    pub whitelist: Vec<Protected>,
    /// What the network firewall and the SIP limit dropped.
    pub firewall: FirewallDrops,
    /// Where the program runs.
    pub surroundings: Surroundings,
    /// Where bans are told beside the kernel: Redis, Asterisk, nginx.
    pub outlets: Vec<Outlet>,
    /// Lists of bad addresses that others keep.
    pub blocklists: Vec<Blocklist>,
    /// Actions of fail2ban's jails that are no firewall's.
    pub actions: Vec<ActionHealth>,
    /// What of fail2ban's configuration is not done as it is written.
    pub remarks: Vec<Remark>,
}

/// Something of fail2ban's configuration that is not done as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// File and line; null for what came over the socket.
    pub place: Option<String>,
    /// The jails; none for the server as a whole.
    pub jails: Vec<String>,
    /// Their action.
    pub action: Option<String>,
    /// The option.
    pub option: Option<String>,
    /// What is not done, and what happens instead.
    pub text: String,
}

impl Remark {
    /// The jails that are named where it is told, and how many more there are.
    pub fn named_jails(&self) -> (&[String], usize) {
        let (named, more) = self.jails.split_at(self.jails.len().min(limit::FAIL2BAN_REMARK_JAILS));
        (named, more.len())
    }
}

/// On one line, as it stands in the log.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        match self.named_jails() {
            ([], _) => {}
            ([jail], 0) => write!(f, "jail {jail}: ")?,
            (jails, 0) => write!(f, "jails {}: ", jails.join(", "))?,
            (jails, more) => write!(f, "jails {} and {more} more: ", jails.join(", "))?,
        }
        if let Some(action) = &self.action {
            write!(f, "action '{action}': ")?;
        }
        f.write_str(&self.text)
    }
}

/// How an action of one of fail2ban's jails did since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionHealth {
    /// The jail, as fail2ban's configuration names it.
    pub jail: String,
    /// The action.
    pub action: String,
    /// Commands that were run.
    pub runs: u64,
    /// Commands that failed, were refused or took too long.
    pub failures: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The end of what its last command printed. An attacker may have written it.
    pub last_output: String,
    /// What waits for the actions of this jail.
    pub waiting: u64,
    /// Bans that this jail's actions were not told of, because too much waited.
    pub missed: u64,
}

/// Where the program runs, as far as it matters for who can be kept out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// `docker`, `podman`, `kubernetes`, `lxc` or `container`; null outside of one.
    pub container: Option<String>,
    /// Whether the container has a network of its own behind a bridge: the host's firewall is then out of reach.
    pub is_bridged: bool,
    /// The gateways of a container behind a bridge. Whoever comes from there may be anybody: they are never banned.
    pub gateways: Vec<String>,
}

/// A place beside the kernel that is told of bans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlet {
    /// `redis`, `asterisk` or `nginx`.
    pub outlet: String,
    /// Whether it holds what it should, as far as is known.
    pub is_current: bool,
    /// Why it does not: what, where, what to do.
    pub error: Option<String>,
    /// RFC 3339: since when it is as it is, or when it was last told.
    pub since: Option<String>,
    /// Keys or addresses that it holds.
    pub held: u64,
    /// Changes that wait to be told.
    pub waiting: u64,
    /// How often more changed than could wait, so that the whole was compared instead.
    pub overrun: u64,
    /// Records of other nodes that cannot be, or are past the bound, none of which was taken.
    pub passed_over: u64,
    /// The other nodes of the fleet that were heard of lately.
    pub nodes: Vec<String>,
}

/// A list of bad addresses that somebody else keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocklist {
    /// Its name.
    pub blocklist: String,
    /// Addresses and subnets in force.
    pub entries: u64,
    /// Entries that were left out: no address, too wide, past the bound.
    pub left_out: u64,
    /// RFC 3339: when it was last fetched, or found unchanged.
    pub fetched: Option<String>,
    /// Why the last attempt failed; the last good list stays in force.
    pub error: Option<String>,
    /// Packets dropped, as the kernel counts them.
    pub dropped_packets: u64,
}

/// What the network firewall dropped since its rules were laid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallDrops {
    /// Packets that no network's row lets in.
    pub dropped_packets: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
    /// SIP requests above the limit.
    pub limited_packets: u64,
    /// Their bytes.
    pub limited_bytes: u64,
}

/// How bans are carried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Enforcement {
    /// `nftables` or `observe`.
    pub mode: String,
    /// Why it only observes, if it does.
    pub reason: Option<String>,
    /// Bans that should be in the kernel.
    pub bans: u64,
    /// How often another program's change was undone.
    pub mended: u64,
    /// When the kernel was last compared with what it should hold.
    pub reconciled: Option<String>,
    /// The latest error, if the last attempt failed.
    pub error: Option<String>,
}

/// A jail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Jail {
    /// Its name.
    pub jail: String,
    /// Its filter.
    pub filter: String,
    /// What kind of service.
    pub service: String,
    /// Its sources.
    pub sources: Vec<String>,
    /// Ports that a ban closes; none means all.
    pub ports: Vec<String>,
    /// Its bans close nothing, and are told only: a jail of fail2ban's configuration without an action of a firewall.
    pub is_told_only: bool,
    /// Failures that lead to a ban.
    pub max_retry: u32,
    /// Seconds within which they count.
    pub find_time: u64,
    /// Seconds that a first ban lasts; null for ever.
    pub ban_time: Option<u64>,
    /// Failures found since the start.
    pub failures: u64,
    /// When the last one was found.
    pub last_failure: Option<String>,
    /// Subjects that have failed and are not banned yet.
    pub counted: u64,
    /// Bans now.
    pub banned: u64,
    /// Bans since the start.
    pub bans: u64,
    /// Packets dropped, as the kernel counts them.
    pub dropped_packets: u64,
    /// Bytes dropped.
    pub dropped_bytes: u64,
}

/// A source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// A path, or `journal`.
    pub source: String,
    /// `following`, `missing`, `unreadable`, or what else it is.
    pub state: String,
    /// Why, if it is not followed.
    pub reason: Option<String>,
    /// Jails that listen.
    pub jails: Vec<String>,
    /// Lines read since the start.
    pub lines: u64,
    /// Lines that were longer than the bound and were skipped.
    pub cut_lines: u64,
    /// When the last line was read.
    pub last_line: Option<String>,
    /// When the last failure was found in it.
    pub last_match: Option<String>,
    /// Seconds that the lines' own time is behind ours, of the last live match; negative: ahead.
    pub skew: Option<f64>,
    /// Lines in the last full minute.
    pub lines_per_minute: u64,
    /// Set if it has been silent for far longer than it ever is.
    pub silent: Option<Silence>,
}

/// A silence that is not usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// RFC 3339: when the last line was read.
    pub since: String,
    /// Lines an hour until then.
    pub usual_per_hour: u64,
}

/// What needs attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about, one word: a page in another language has its own sentence for it. `observing`, `source-silent`.
    pub code: String,
    /// What is in that sentence: `{"source": "/var/log/auth.log"}`.
    pub values: std::collections::BTreeMap<String, String>,
    /// In English, with what to do.
    pub text: String,
}

impl Notice {
    /// From its code, what is in its sentence, and that sentence in English.
    pub fn new(code: &str, values: &[(&str, &str)], text: String) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { code: code.to_owned(), values: values.collect(), text }
    }
}

/// A bound that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// What is bounded, and what happens there.
    pub bound: String,
    /// How often it was reached since the start.
    pub reached: u64,
}

/// A ban that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Who.
    pub address: String,
    /// By which jail.
    pub jail: String,
    /// When.
    pub at: String,
    /// Why not.
    pub reason: String,
}

/// An entry of the whitelist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protected {
    /// Address or subnet.
    pub address: String,
    /// Where it says so.
    pub origin: String,
}

/// Why someone is banned, or why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// As asked.
    pub address: String,
    /// Whom its failures count against: itself, or its /64.
    pub subject: String,
    /// Whether it is kept out now.
    pub banned: bool,
    /// In one sentence.
    pub because: String,
    /// Its bans, those of subnets that contain it included.
    pub bans: Vec<Banned>,
    /// The whitelist entry that protects it.
    pub whitelist: Option<Protected>,
    /// Where it stands in each jail in which it failed of late.
    pub standings: Vec<Standing>,
    /// Earlier bans that are remembered for escalation.
    pub earlier_bans: u32,
    /// Bans that were refused.
    pub refusals: Vec<Refused>,
    /// The lines that led there, newest first.
    pub lines: Vec<Evidence>,
    /// What was done to it, newest first.
    pub history: Vec<HistoryRow>,
}

/// Failures in a jail's window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The jail.
    pub jail: String,
    /// Failures in the window now.
    pub failures: u32,
    /// The limit.
    pub max_retry: u32,
    /// The window in seconds.
    pub find_time: u64,
}

/// A line that counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When.
    pub at: String,
    /// In which jail.
    pub jail: String,
    /// By which pattern.
    pub pattern: String,
    /// `proven` or `claimed`.
    pub proof: String,
    /// The line. An attacker may have written much of it.
    pub line: String,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// When.
    pub at: String,
    /// What: `ban`, `unban`, `expired`, `refused`.
    pub what: String,
    /// In which jail.
    pub jail: String,
    /// By whom and why.
    pub reason: String,
}
