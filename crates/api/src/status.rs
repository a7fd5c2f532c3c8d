//! `/status` and `/jails`: how things stand. What the program says of itself becomes the API's own shape here, so that the
//! one may change without the other.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use control::answer;
use gate::{Gate, Reader, Wrong};
use serde::Serialize;
use utoipa::ToSchema;

use crate::elsewhere::{Blocklist, Outlet, Surroundings};
use crate::remark::Remark;

/// How things stand.
#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    /// Of the running program.
    #[schema(example = "0.1.0")]
    version: String,
    /// Since when it runs.
    #[schema(format = DateTime)]
    since: String,
    /// The one switch.
    enabled: bool,
    /// How bans are carried out.
    enforcement: Enforcement,
    /// Each jail that is on.
    jails: Vec<Jail>,
    /// Each source that is read.
    sources: Vec<Source>,
    /// Each bound of the program that was reached.
    bounds: Vec<Bound>,
    /// The latest bans that were refused, newest first.
    refusals: Vec<Refused>,
    /// What needs attention, each with what to do.
    attention: Vec<Notice>,
    /// Who is never blocked, and where it says so.
    whitelist: Vec<Protected>,
    /// What the network firewall and the SIP limit dropped since the rules were laid.
    firewall: FirewallDrops,
    /// Where the program runs.
    surroundings: Surroundings,
    /// Where bans are told beside the kernel: Redis, Asterisk, nginx.
    outlets: Vec<Outlet>,
    /// Lists of bad addresses that others keep.
    blocklists: Vec<Blocklist>,
    /// What of fail2ban's configuration is not done as it is written.
    remarks: Vec<Remark>,
}

/// How bans are carried out.
#[derive(Serialize, ToSchema)]
struct Enforcement {
    /// `nftables`, or `observe` where nobody is kept out.
    #[schema(example = "nftables")]
    mode: String,
    /// Why it only observes, if it does.
    reason: Option<String>,
    /// Bans that should be in the kernel.
    bans: u64,
    /// How often another program's change was undone.
    mended: u64,
    /// When the kernel was last compared with what it should hold.
    #[schema(format = DateTime)]
    reconciled: Option<String>,
    /// The latest error, if the last attempt failed.
    error: Option<String>,
}

/// A jail that is on.
#[derive(Serialize, ToSchema)]
struct Jail {
    /// Its name.
    #[schema(example = "sshd")]
    jail: String,
    /// Its filter.
    filter: String,
    /// What kind of service.
    #[schema(example = "SSH")]
    service: String,
    /// Its sources: paths, or `journal`.
    sources: Vec<String>,
    /// Ports that a ban closes; none means all.
    #[schema(example = json!(["tcp/22"]))]
    ports: Vec<String>,
    /// Failures that lead to a ban.
    max_retry: u32,
    /// Seconds within which they count.
    find_time: u64,
    /// Seconds that a first ban lasts; null for ever.
    ban_time: Option<u64>,
    /// Failures found since the start.
    failures: u64,
    /// When the last one was found.
    #[schema(format = DateTime)]
    last_failure: Option<String>,
    /// Addresses that have failed and are not blocked yet.
    counted: u64,
    /// Bans now.
    banned: u64,
    /// Bans since the start.
    bans: u64,
    /// Packets dropped, as the kernel counts them.
    dropped_packets: u64,
    /// Bytes dropped.
    dropped_bytes: u64,
}

/// A source that is read.
#[derive(Serialize, ToSchema)]
struct Source {
    /// A path, or `journal`.
    #[schema(example = "/var/log/auth.log")]
    source: String,
    /// `following`, `idle`, `missing`, `unreadable`, or what else it is.
    #[schema(example = "following")]
    state: String,
    /// Why, if it is not followed.
    reason: Option<String>,
    /// Jails that listen.
    jails: Vec<String>,
    /// Lines read since the start.
    lines: u64,
    /// Lines that were longer than the bound and were skipped.
    cut_lines: u64,
    /// When the last line was read.
    #[schema(format = DateTime)]
    last_line: Option<String>,
    /// When the last failure was found in it.
    #[schema(format = DateTime)]
    last_match: Option<String>,
    /// Seconds that the lines' own time is behind ours; negative: ahead.
    skew: Option<f64>,
    /// Lines in the last full minute.
    lines_per_minute: u64,
}

/// A bound of the program that was reached.
#[derive(Serialize, ToSchema)]
struct Bound {
    /// What is bounded, and what happens there.
    bound: String,
    /// How often it was reached since the start.
    reached: u64,
}

/// A ban that was not made.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refused {
    /// Who.
    address: String,
    /// By which jail.
    jail: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Why not.
    reason: String,
}

/// A sentence: what needs attention, or why a line does not match.
#[derive(Serialize, ToSchema)]
pub(crate) struct Notice {
    /// What it is about, for programs.
    #[schema(example = "observing")]
    code: String,
    /// What is in the sentence.
    values: BTreeMap<String, String>,
    /// In English, with what to do.
    text: String,
}

/// An entry of the whitelist.
#[derive(Serialize, ToSchema)]
pub(crate) struct Protected {
    /// Address or subnet.
    #[schema(example = "192.0.2.0/24")]
    pub(crate) address: String,
    /// Where it says so.
    #[schema(example = "stockade.toml:7")]
    pub(crate) origin: String,
}

/// What the network firewall dropped since its rules were laid.
#[derive(Serialize, ToSchema)]
struct FirewallDrops {
    /// Packets that no network's row lets in.
    dropped_packets: u64,
    /// Their bytes.
    dropped_bytes: u64,
    /// SIP requests above the limit.
    limited_packets: u64,
    /// Their bytes.
    limited_bytes: u64,
}

/// The jails that are on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jails {
    /// By name.
    items: Vec<Jail>,
}

/// How things stand
///
/// The switch, the jails, the sources with their last line, what the kernel dropped, who else is told of bans, what of fail2ban's
/// configuration is not done as it is written, and everything that needs attention.
#[utoipa::path(get, path = "/status", tag = "status",
    responses((status = 200, description = "How things stand.", body = Status)))]
pub(crate) async fn status(_: Reader, State(gate): State<Gate>) -> Result<Json<Status>, Wrong> {
    Ok(Json(gate.ask(|desk| desk.status()).await?.into()))
}

/// The jails that are on
#[utoipa::path(get, path = "/jails", tag = "filters",
    responses((status = 200, description = "Each jail that is on, with its source and counts.", body = Jails)))]
pub(crate) async fn jails(_: Reader, State(gate): State<Gate>) -> Result<Json<Jails>, Wrong> {
    let status = gate.ask(|desk| desk.status()).await?;
    Ok(Json(Jails { items: status.jails.into_iter().map(Jail::from).collect() }))
}

impl From<answer::Status> for Status {
    fn from(status: answer::Status) -> Self {
        Self {
            version: status.version,
            since: status.since,
            enabled: status.enabled,
            enforcement: status.enforcement.into(),
            jails: status.jails.into_iter().map(Jail::from).collect(),
            sources: status.sources.into_iter().map(Source::from).collect(),
            bounds: status
                .bounds
                .into_iter()
                .map(|answer::Bound { bound, reached }| Bound { bound, reached })
                .collect(),
            refusals: status.refusals.into_iter().map(Refused::from).collect(),
            attention: status.attention.into_iter().map(Notice::from).collect(),
            whitelist: status.whitelist.into_iter().map(Protected::from).collect(),
            firewall: status.firewall.into(),
            surroundings: status.surroundings.into(),
            outlets: status.outlets.into_iter().map(Outlet::from).collect(),
            blocklists: status.blocklists.into_iter().map(Blocklist::from).collect(),
            remarks: status.remarks.into_iter().map(Remark::from).collect(),
        }
    }
}

impl From<answer::Enforcement> for Enforcement {
    fn from(it: answer::Enforcement) -> Self {
        let answer::Enforcement { mode, reason, bans, mended, reconciled, error, .. } = it;
        Self { mode, reason, bans, mended, reconciled, error }
    }
}

impl From<answer::Jail> for Jail {
    fn from(it: answer::Jail) -> Self {
        Self {
            jail: it.jail,
            filter: it.filter,
            service: it.service,
            sources: it.sources,
            ports: it.ports,
            max_retry: it.max_retry,
            find_time: it.find_time,
            ban_time: it.ban_time,
            failures: it.failures,
            last_failure: it.last_failure,
            counted: it.counted,
            banned: it.banned,
            bans: it.bans,
            dropped_packets: it.dropped_packets,
            dropped_bytes: it.dropped_bytes,
        }
    }
}

impl From<answer::Source> for Source {
    fn from(it: answer::Source) -> Self {
        Self {
            source: it.source,
            state: it.state,
            reason: it.reason,
            jails: it.jails,
            lines: it.lines,
            cut_lines: it.cut_lines,
            last_line: it.last_line,
            last_match: it.last_match,
            skew: it.skew,
            lines_per_minute: it.lines_per_minute,
        }
    }
}

impl From<answer::Refused> for Refused {
    fn from(it: answer::Refused) -> Self {
        let answer::Refused { address, jail, at, reason } = it;
        Self { address, jail, at, reason }
    }
}

impl From<answer::Notice> for Notice {
    fn from(it: answer::Notice) -> Self {
        let answer::Notice { code, values, text } = it;
        Self { code, values, text }
    }
}

impl From<answer::Protected> for Protected {
    fn from(it: answer::Protected) -> Self {
        let answer::Protected { address, origin } = it;
        Self { address, origin }
    }
}

impl From<answer::FirewallDrops> for FirewallDrops {
    fn from(it: answer::FirewallDrops) -> Self {
        let answer::FirewallDrops { dropped_packets, dropped_bytes, limited_packets, limited_bytes } = it;
        Self { dropped_packets, dropped_bytes, limited_packets, limited_bytes }
    }
}
