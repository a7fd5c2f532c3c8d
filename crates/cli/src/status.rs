//! Prints how things stand: what needs attention first.

use control::answer::{Blocklist, Enforcement, Jail, Outlet, Source, Status};

use crate::table::{span, table};
use crate::{out, say};

/// As JSON or as text.
pub fn print(status: &Status, json: bool) {
    if json {
        return out::json(status);
    }
    for notice in &status.attention {
        say!("! {}", notice.text);
    }
    say!("{}", headline(status));
    if !status.jails.is_empty() {
        say!("\n{}", jails(&status.jails).trim_end());
    }
    if !status.sources.is_empty() {
        say!("\n{}", sources(&status.sources).trim_end());
    }
    if !status.outlets.is_empty() {
        say!("\n{}", outlets(&status.outlets).trim_end());
    }
    if !status.blocklists.is_empty() {
        say!("\n{}", blocklists(&status.blocklists).trim_end());
    }
    for bound in &status.bounds {
        say!("bound reached {} times: {}", bound.reached, bound.bound);
    }
    if !status.refusals.is_empty() {
        say!("\nlatest refused bans:");
        for refusal in &status.refusals {
            say!("{}  {} in {}: {}", refusal.at, refusal.address, refusal.jail, refusal.reason);
        }
    }
    if !status.remarks.is_empty() {
        say!("\nof fail2ban's configuration, not done as it is written:");
        status.remarks.iter().for_each(|remark| say!("{remark}"));
    }
}

fn headline(status: &Status) -> String {
    let Enforcement { mode, reason, bans, mended, error, .. } = &status.enforcement;
    let mut text = format!("stockade {} since {}: {mode}", status.version, status.since);
    if let Some(reason) = reason {
        text.push_str(&format!(" ({reason})"));
    }
    text.push_str(&format!(", {bans} bans"));
    if *mended > 0 {
        text.push_str(&format!(", {mended} changes by others mended"));
    }
    if let Some(error) = error {
        text.push_str(&format!("; last error: {error}"));
    }
    if !status.enabled {
        text.push_str("; switched off");
    }
    text
}

/// The jails as a table.
pub fn jails(jails: &[Jail]) -> String {
    let rows = jails.iter().map(|jail| {
        vec![
            jail.jail.clone(),
            format!("{} in {}, {}", jail.max_retry, span(Some(jail.find_time)), span(jail.ban_time)),
            jail.failures.to_string(),
            jail.last_failure.clone().unwrap_or_else(|| "-".to_owned()),
            jail.counted.to_string(),
            jail.banned.to_string(),
            jail.dropped_packets.to_string(),
            match (jail.is_told_only, jail.ports.is_empty()) {
                (true, _) => "none".to_owned(),
                (false, true) => "all".to_owned(),
                (false, false) => jail.ports.join(" "),
            },
        ]
    });
    let heading = ["JAIL", "LIMIT, BAN", "FAILURES", "LAST", "COUNTED", "BANNED", "DROPPED", "PORTS"];
    table(&heading, &rows.collect::<Vec<_>>())
}

fn outlets(outlets: &[Outlet]) -> String {
    let rows = outlets.iter().map(|outlet| {
        vec![
            outlet.outlet.clone(),
            match (&outlet.error, outlet.is_current) {
                (Some(error), _) => error.clone(),
                (None, true) => "current".to_owned(),
                (None, false) => "catching up".to_owned(),
            },
            outlet.since.clone().unwrap_or_else(|| "-".to_owned()),
            outlet.held.to_string(),
            outlet.waiting.to_string(),
            outlet.nodes.join(" "),
        ]
    });
    table(&["TOLD", "STATE", "SINCE", "HELD", "WAITING", "OTHER NODES"], &rows.collect::<Vec<_>>())
}

fn blocklists(lists: &[Blocklist]) -> String {
    let rows = lists.iter().map(|list| {
        vec![
            list.blocklist.clone(),
            list.entries.to_string(),
            list.left_out.to_string(),
            list.fetched.clone().unwrap_or_else(|| "-".to_owned()),
            list.dropped_packets.to_string(),
            list.error.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    });
    let heading = ["BLOCKLIST", "ENTRIES", "LEFT OUT", "FETCHED", "DROPPED", "LAST ERROR"];
    table(&heading, &rows.collect::<Vec<_>>())
}

fn sources(sources: &[Source]) -> String {
    let rows = sources.iter().map(|source| {
        vec![
            source.source.clone(),
            match &source.reason {
                Some(reason) => format!("{}: {reason}", source.state),
                None => source.state.clone(),
            },
            source.lines.to_string(),
            source.last_line.clone().unwrap_or_else(|| "-".to_owned()),
            source.last_match.clone().unwrap_or_else(|| "-".to_owned()),
            source.skew.map_or_else(|| "-".to_owned(), |skew| format!("{skew:+.1}s")),
            source.jails.join(" "),
        ]
    });
    let heading = ["SOURCE", "STATE", "LINES", "LAST LINE", "LAST MATCH", "SKEW", "JAILS"];
    table(&heading, &rows.collect::<Vec<_>>())
}
