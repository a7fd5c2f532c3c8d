//! From the file as written to settings that can be used: every value judged, every complaint collected. Reads nothing
//! from the disk: which time zones there are is handed in.

mod firewall;
mod http;
mod redis;
mod outlet;
mod blocklist;

use std::collections::BTreeMap;
use std::time::Duration;

use event::{JailName, limit};

use crate::complaint::{Complaint, Complaints};
use crate::duration::FOREVER;
use crate::judge::{Forever, Judge};
use crate::raw::{self, Field, Raw, RawJail, RawLimits};
use crate::settings::{
    Control, Enabled, Enforcement, Escalation, Evidence, Filters, Jail, Lapi, LimitOverrides, Limits, Log,
    LogLevel, Mode, Settings, Whitelisted,
};
use crate::written::{Value, quoted};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// No factor above this is meant: the tenth ban would last for centuries.
const LARGEST_FACTOR: u32 = 100;

/// Judges the text of a file. There are settings if and only if there is no complaint. `file` is how complaints name it;
/// `zone_exists` says whether the host knows a time zone.
pub fn check(
    file: &str,
    text: &str,
    zone_exists: impl Fn(&str) -> bool,
) -> (Option<Settings>, Vec<Complaint>) {
    let mut complaints = Complaints::about(file);
    let settings = raw::read(text, &mut complaints).map(|raw| settings(&raw, &mut complaints, &zone_exists));
    let settings = if complaints.is_empty() { settings } else { None };
    (settings, complaints.into_sorted())
}

fn settings(raw: &Raw, complaints: &mut Complaints, zone_exists: &dyn Fn(&str) -> bool) -> Settings {
    let mut judge = Judge { complaints };
    let default = Settings::default();
    Settings {
        enabled: judge.switch("enabled", &raw.enabled).unwrap_or(default.enabled),
        defaults: defaults(&mut judge, &raw.defaults, &default.defaults),
        whitelist: whitelist(&mut judge, raw, &default.whitelist),
        escalation: escalation(&mut judge, raw, &default.escalation),
        evidence: evidence(&mut judge, raw, &default.evidence),
        enforcement: enforcement(&mut judge, raw, &default.enforcement),
        control: Control {
            group: judge.text("group", &raw.group, is_group, "is not a group; write e.g. 'adm'"),
        },
        filters: Filters {
            dir: judge.path("dir", &raw.filter_dir, "/etc/stockade/filters").unwrap_or(default.filters.dir),
        },
        log: log(&mut judge, raw, zone_exists),
        jails: jails(&mut judge, &raw.jails),
        firewall: firewall::firewall(&mut judge, &raw.firewall, &default.firewall),
        http: http::http(&mut judge, &raw.http, &default.http),
        lapi: lapi(&mut judge, raw, default.lapi),
        redis: redis::redis(&mut judge, &raw.redis),
        asterisk: outlet::asterisk(&mut judge, &raw.asterisk),
        nginx: outlet::nginx(&mut judge, &raw.nginx),
        blocklists: blocklist::blocklists(&mut judge, &raw.blocklists),
    }
}

fn defaults(judge: &mut Judge<'_>, raw: &RawLimits, default: &Limits) -> Limits {
    let written = limits(judge, raw);
    Limits {
        max_retry: written.max_retry.unwrap_or(default.max_retry),
        find_time: written.find_time.unwrap_or(default.find_time),
        ban_time: written.ban_time.unwrap_or(default.ban_time),
    }
}

fn limits(judge: &mut Judge<'_>, raw: &RawLimits) -> LimitOverrides {
    // A longer window could not be rebuilt after a restart: the failures in it are not kept longer.
    let longest_window = DAY * limit::RECORDED_FAILURE_DAYS;
    LimitOverrides {
        max_retry: judge.number("max_retry", &raw.max_retry, 1..=limit::MAX_RETRY),
        find_time: judge.duration("find_time", &raw.find_time, Forever::Refused, SECOND..=longest_window),
        ban_time: judge.duration("ban_time", &raw.ban_time, Forever::Allowed, SECOND..=FOREVER),
    }
}

fn whitelist(judge: &mut Judge<'_>, raw: &Raw, default: &Whitelisted) -> Whitelisted {
    let all = "would let everyone in; write narrower subnets, or 'enabled = false' to switch all off";
    let addresses = judge.addresses("addresses", &raw.whitelist.addresses, all);
    Whitelisted {
        addresses: addresses.into_iter().map(|(who, line)| (who, judge.complaints.place(line))).collect(),
        own_addresses: judge
            .switch("own_addresses", &raw.whitelist.own_addresses)
            .unwrap_or(default.own_addresses),
    }
}

fn escalation(judge: &mut Judge<'_>, raw: &Raw, default: &Escalation) -> Escalation {
    let raw = &raw.escalation;
    Escalation {
        factor: judge.number("factor", &raw.factor, 1..=LARGEST_FACTOR).unwrap_or(default.factor),
        max: judge.duration("max", &raw.max, Forever::Allowed, SECOND..=FOREVER).unwrap_or(default.max),
        quiet: judge
            .duration("quiet", &raw.quiet, Forever::Refused, SECOND..=FOREVER)
            .unwrap_or(default.quiet),
        all_ports_after: judge
            .number("all_ports_after", &raw.all_ports_after, 0..=limit::MAX_RETRY)
            .unwrap_or(default.all_ports_after),
    }
}

fn evidence(judge: &mut Judge<'_>, raw: &Raw, default: &Evidence) -> Evidence {
    let raw = &raw.evidence;
    Evidence {
        claimed_ban_time: judge
            .duration("claimed_ban_time", &raw.claimed_ban_time, Forever::Refused, SECOND..=FOREVER)
            .unwrap_or(default.claimed_ban_time),
        friend_time: judge
            .duration("friend_time", &raw.friend_time, Forever::Refused, Duration::ZERO..=FOREVER)
            .unwrap_or(default.friend_time),
    }
}

fn enforcement(judge: &mut Judge<'_>, raw: &Raw, default: &Enforcement) -> Enforcement {
    let raw = &raw.enforcement;
    let modes = [("auto", Mode::Auto), ("nftables", Mode::Nftables), ("observe", Mode::Observe)];
    Enforcement {
        mode: judge.word("mode", &raw.mode, &modes).unwrap_or(default.mode),
        reconcile_every: judge
            .duration("reconcile_every", &raw.reconcile_every, Forever::Refused, SECOND..=DAY)
            .unwrap_or(default.reconcile_every),
    }
}

fn lapi(judge: &mut Judge<'_>, raw: &Raw, default: Lapi) -> Lapi {
    let raw = &raw.lapi;
    let expected = |example: &str| {
        format!(
            "is not a name of 1 to {} letters, digits and '-_./:{{}}'; write e.g. '{example}'",
            limit::LAPI_WORD_BYTES
        )
    };
    Lapi {
        origin: judge
            .text("origin", &raw.origin, is_lapi_word, &expected("stockade"))
            .unwrap_or(default.origin),
        scenario: judge
            .text("scenario", &raw.scenario, is_lapi_word, &expected("stockade/{jail}"))
            .unwrap_or(default.scenario),
    }
}

/// Bouncers make names of firewall sets and labels of metrics of it, so it is plain.
fn is_lapi_word(text: &str) -> bool {
    (1..=limit::LAPI_WORD_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:{}".contains(&byte))
}

fn log(judge: &mut Judge<'_>, raw: &Raw, zone_exists: &dyn Fn(&str) -> bool) -> Log {
    let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
    let expected = "is not a time zone that this host knows; write e.g. 'Europe/Berlin', or leave it out";
    Log {
        level: judge
            .word("level", &raw.log.level, &levels.map(|level| (level.as_str(), level)))
            .unwrap_or_default(),
        timezone: judge.text("timezone", &raw.log.timezone, zone_exists, expected),
    }
}

fn jails(judge: &mut Judge<'_>, raw: &[RawJail]) -> BTreeMap<JailName, Jail> {
    let mut jails = BTreeMap::new();
    for raw in raw {
        let jail = jail(judge, raw);
        jails.insert(jail.name.clone(), jail);
    }
    jails
}

fn jail(judge: &mut Judge<'_>, raw: &RawJail) -> Jail {
    let name = JailName::new(&raw.name);
    let shown = quoted(&raw.name);
    if raw.name == JailName::MANUAL {
        judge.complaints.add(raw.line, format!("jail {shown} is for bans by hand; write another name"));
    } else if raw.name == JailName::FLEET {
        judge
            .complaints
            .add(raw.line, format!("jail {shown} is for bans of other nodes; write another name"));
    } else if !JailName::valid(&raw.name) {
        let longest = limit::JAIL_NAME_BYTES;
        let expected = format!("write 1 to {longest} small letters, digits, '-' or '_', a letter first");
        judge.complaints.add(raw.line, format!("jail {shown} is not a name; {expected}"));
    }
    let expected = "is not the name of a filter; write e.g. 'sshd'";
    let jail = Jail {
        enabled: enabled(judge, &raw.enabled),
        filter: judge
            .text("filter", &raw.filter, JailName::valid, expected)
            .unwrap_or_else(|| raw.name.clone()),
        logs: judge.logs("logs", &raw.logs),
        journal: judge.journal("journal", &raw.journal),
        ports: judge.ports("ports", &raw.ports),
        limits: limits(judge, &raw.limits),
        origin: Some(judge.complaints.place(raw.line)),
        name,
    };
    let empty = |list: Option<usize>| list == Some(0);
    if empty(jail.logs.as_ref().map(Vec::len)) && empty(jail.journal.as_ref().map(Vec::len)) {
        let text =
            format!("jail {shown} reads neither logs nor the journal; name one, or write 'enabled = false'");
        judge.complaints.add(raw.line, text);
    }
    jail
}

fn enabled(judge: &mut Judge<'_>, field: &Field) -> Enabled {
    let Some(written) = field else { return Enabled::Auto };
    match &written.value {
        Value::Switch(true) => Enabled::Yes,
        Value::Switch(false) => Enabled::No,
        Value::Text(text) if text == "auto" => Enabled::Auto,
        _ => judge
            .complain("enabled", written, "is not a switch; write true, false or 'auto'")
            .unwrap_or_default(),
    }
}

/// Whether a text can name a group, as `groupadd` has it.
fn is_group(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}
