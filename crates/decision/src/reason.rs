//! Why somebody is banned or not, in words for people. Nothing of what an attacker wrote gets in here.

use std::time::Duration;

use event::{JailName, Offence, Proof, Subject};

use crate::span::{roughly, spoken};

/// `5 failures within 10 min (limit 5), ban no. 3`.
pub(crate) fn offence(offence: &Offence, times: u32) -> String {
    let Offence { failures, max_retry, find_time, proof, .. } = offence;
    let noun = if *failures == 1 { "failure" } else { "failures" };
    let within = spoken(*find_time);
    let mut text = format!("{failures} {noun} within {within} (limit {max_retry})");
    if *proof == Proof::Claimed {
        text.push_str(", by senders that may be forged");
    } else if times > 1 {
        text.push_str(&format!(", ban no. {times}"));
    }
    text
}

/// `by root on the command line`.
pub(crate) fn by_hand(actor: &str) -> String {
    format!("by {actor}")
}

/// `192.0.2.7 is on the whitelist (stockade.toml:7)`.
pub(crate) fn whitelisted(subject: &Subject, entry: &Subject, origin: &str) -> String {
    if entry == subject {
        format!("{subject} is on the whitelist ({origin})")
    } else if entry.covers(subject) {
        format!("{subject} lies in {entry}, which is on the whitelist ({origin})")
    } else {
        format!("{subject} contains {entry}, which is on the whitelist ({origin})")
    }
}

/// Claimed evidence against somebody who was here lately.
pub(crate) fn friend(ago: Duration) -> String {
    format!("only claimed evidence, and it logged in {} ago", roughly(ago))
}

/// A jail that nobody has set up.
pub(crate) fn unknown_jail(jail: &JailName) -> String {
    format!("there is no jail '{jail}'; see `stockade status` for those there are")
}

/// The table of bans is full.
pub(crate) fn full(bans: usize) -> String {
    format!("all {bans} places for bans are taken; unban some, or make bans shorter")
}

/// A subnet too wide to be meant.
pub(crate) fn too_wide(subject: &Subject, widest: u8) -> String {
    format!("{subject} is wider than /{widest}, the widest subnet that is banned; use --force if it is meant")
}

/// A whole family of addresses.
pub(crate) fn everybody(subject: &Subject) -> String {
    format!("{subject} is everybody; name a smaller subnet")
}

/// A ban without length.
pub(crate) fn no_time(subject: &Subject) -> String {
    format!("a ban of {subject} for no time at all does nothing; give a length such as 1h")
}
