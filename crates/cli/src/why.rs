//! Prints why an address is banned, or why not.

use control::answer::Why;

use crate::table::{harmless, span};
use crate::{banned, out, say};

/// As JSON or as a short story: the answer first, then what led to it.
pub fn print(why: &Why, json: bool) {
    if json {
        return out::json(why);
    }
    say!("{}: {}", why.address, why.because);
    if why.subject != why.address {
        say!("its failures count against {}", why.subject);
    }
    if !why.bans.is_empty() {
        say!("\n{}", banned::render(&why.bans).trim_end());
    }
    for standing in &why.standings {
        let window = span(Some(standing.find_time));
        say!("{}: {} failures of {} within {window}", standing.jail, standing.failures, standing.max_retry);
    }
    if why.earlier_bans > 0 {
        say!("earlier bans that are remembered: {}", why.earlier_bans);
    }
    for refusal in &why.refusals {
        say!("{}  not banned in {}: {}", refusal.at, refusal.jail, refusal.reason);
    }
    if !why.lines.is_empty() {
        say!("\nlines, newest first:");
        for line in &why.lines {
            say!("{}  {} ({}, {})  {}", line.at, line.jail, line.pattern, line.proof, harmless(&line.line));
        }
    }
    if !why.history.is_empty() {
        say!("\nhistory, newest first:");
        for row in &why.history {
            say!("{}  {} in {}: {}", row.at, row.what, row.jail, row.reason);
        }
    }
}
