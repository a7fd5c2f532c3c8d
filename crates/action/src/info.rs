//! What the tags of a ban come to, and which of them are text of a log.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use event::Moment;
use fail2ban::{Value, repr};

use crate::captures::Captures;
use crate::past::{Merged, Past, Question};
use crate::ticket::Ticket;

/// What a tag comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Our own words: an address, a number. They may stand in a command.
    Plain(String),
    /// Text of a log, or of somebody else. It may not.
    Foreign(String),
}

/// Where tags are looked up.
pub trait Info {
    /// What a tag comes to; `None` if it is no tag of a ban.
    fn get(&self, tag: &str) -> Option<Told>;
}

/// A jail as tags tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JailNumbers {
    /// Who is banned just now.
    pub banned: u64,
    /// Bans since the jail began.
    pub banned_total: u64,
    /// Addresses with failures that count just now.
    pub found: u64,
    /// Failures since the jail began.
    pub found_total: u64,
}

/// A ban, or a jail alone where its actions begin or end.
pub struct BanInfo<'a> {
    /// The ban.
    pub ticket: Option<&'a Ticket>,
    /// For which family, where there is no ban.
    pub family: &'a str,
    /// When, where there is no ban.
    pub now: Moment,
    /// The jail's name.
    pub jail: &'a str,
    /// The jail's ban time in seconds.
    pub ban_time: i64,
    /// Whether `<ip>` is the one address that failed, where a network of its client is banned. It is for what keeps nothing to take away
    /// again.
    pub tells_address: bool,
    /// What was before.
    pub past: &'a Mutex<Past>,
    /// The jail's expressions.
    pub captures: &'a RefCell<Captures>,
    /// The jail's numbers.
    pub numbers: &'a dyn Fn() -> JailNumbers,
}

impl BanInfo<'_> {
    fn ip(&self) -> String {
        let Some(ticket) = self.ticket else { return String::new() };
        match ticket.address.filter(|_| self.tells_address) {
            Some(address) => address.to_canonical().to_string(),
            None => ticket.subject.to_string(),
        }
    }

    /// The lines and failures of all bans of this address; those of this one where nothing is known.
    fn merged(&self, jail: Option<&str>) -> Merged {
        let Some(ticket) = self.ticket else { return Merged::default() };
        let past = || self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let history = past().history.clone();
        let question = Question {
            subject: &ticket.subject,
            jail: self.jail,
            is_over_all_jails: jail.is_none(),
            since: ticket.since,
            failures: ticket.failures,
            lines: &ticket.lines,
        };
        let known = history.and_then(|history| history(&question));
        known
            .or_else(|| past().merged(&ticket.subject, jail))
            .unwrap_or_else(|| Merged { failures: ticket.failures.into(), lines: ticket.lines.clone() })
    }

    fn ban_seconds(&self) -> i64 {
        let Some(ticket) = self.ticket else { return self.ban_time };
        if ticket.until == Moment::NEVER {
            return -1;
        }
        i64::try_from(ticket.until.since(ticket.since).as_secs()).unwrap_or(i64::MAX)
    }

    fn time(&self) -> String {
        seconds(self.ticket.map_or(self.now, |ticket| ticket.since))
    }

    fn raw(&self) -> String {
        let lines = self.ticket.map(|ticket| ticket.lines.clone()).unwrap_or_default();
        format!(
            "BanTicket: ip={} time={} bantime={} bancount={} #attempts={} matches={}",
            repr::repr(&Value::text(self.ip())),
            self.time(),
            self.ticket.map_or_else(|| "None".to_owned(), |_| self.ban_seconds().to_string()),
            self.ticket.map_or(0, |ticket| ticket.count),
            self.ticket.map_or(0, |ticket| ticket.failures),
            repr::repr(&Value::texts(lines)),
        )
    }

    /// What the filter took from the first of the lines, as far as they are kept.
    fn captured(&self, name: &str) -> Told {
        let Some(ticket) = self.ticket else { return Told::Plain(String::new()) };
        if name == "FAILURES" {
            return Told::Plain(ticket.failures.to_string());
        }
        let name = group(name);
        let line = ticket.lines.first();
        let taken = line.and_then(|line| self.captures.borrow_mut().of(line, ticket.since).remove(&name));
        let known = || match name.as_str() {
            "user" => ticket.account.as_deref().map(str::to_owned),
            "ip4" => ticket.address.filter(IpAddr::is_ipv4).map(|ip| ip.to_string()),
            "ip6" => ticket.address.filter(IpAddr::is_ipv6).map(|ip| ip.to_string()),
            _ => None,
        };
        match taken.or_else(known) {
            None => Told::Plain(String::new()),
            Some(text) if text.parse::<IpAddr>().is_ok() => Told::Plain(text),
            Some(text) => Told::Foreign(text),
        }
    }
}

/// The name that fail2ban keeps a group by.
pub fn group(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "id" => "fid".to_owned(),
        "port" => "fport".to_owned(),
        _ => name,
    }
}

impl Info for BanInfo<'_> {
    fn get(&self, tag: &str) -> Option<Told> {
        // Where there is no ban, there is no text of a log.
        self.told(tag).map(|told| match told {
            Told::Foreign(text) if self.ticket.is_none() => {
                Told::Plain(if tag == "raw-ticket" { text } else { String::new() })
            }
            told => told,
        })
    }
}

impl BanInfo<'_> {
    fn told(&self, tag: &str) -> Option<Told> {
        let plain = match tag {
            "ip" => self.ip(),
            "fid" => self.ticket.map(|ticket| ticket.subject.to_string()).unwrap_or_default(),
            "family" => self.ticket.map_or(self.family, |ticket| ticket.family()).to_owned(),
            "ip-rev" => self.ticket.map(|ticket| reverse(&self.ip(), ticket)).unwrap_or_default(),
            // Names are never looked up; so it says where fail2ban finds none.
            "ip-host" => "None".to_owned(),
            "failures" => self.ticket.map_or(0, |ticket| ticket.failures).to_string(),
            "time" => self.time(),
            "bantime" => self.ban_seconds().to_string(),
            "bancount" => self.ticket.map_or(0, |ticket| ticket.count).to_string(),
            "restored" => u8::from(self.ticket.is_some_and(|ticket| ticket.is_restored)).to_string(),
            "ipfailures" => self.merged(None).failures.to_string(),
            "ipjailfailures" => self.merged(Some(self.jail)).failures.to_string(),
            "jail.banned" => (self.numbers)().banned.to_string(),
            "jail.banned_total" => (self.numbers)().banned_total.to_string(),
            "jail.found" => (self.numbers)().found.to_string(),
            "jail.found_total" => (self.numbers)().found_total.to_string(),
            "matches" => {
                let lines = self.ticket.map(|ticket| ticket.lines.join("\n"));
                return Some(Told::Foreign(lines.unwrap_or_default()));
            }
            "ipmatches" => return Some(Told::Foreign(self.merged(None).lines.join("\n"))),
            "ipjailmatches" => return Some(Told::Foreign(self.merged(Some(self.jail)).lines.join("\n"))),
            "raw-ticket" => return Some(Told::Foreign(self.raw())),
            _ => return captured(tag).map(|name| self.captured(name)),
        };
        Some(Told::Plain(plain))
    }
}

/// What somebody told by hand, name by name. Only what is an address or a number is our own word.
pub struct GivenInfo(pub HashMap<String, String>);

impl Info for GivenInfo {
    fn get(&self, tag: &str) -> Option<Told> {
        let Some(value) = self.0.get(tag) else { return captured(tag).map(|_| Told::Plain(String::new())) };
        let is_plain = value.parse::<event::Subject>().is_ok()
            || value.is_empty()
            || value.bytes().all(|one| one.is_ascii_digit())
            || ["inet4", "inet6"].contains(&value.as_str());
        Some(if is_plain { Told::Plain(value.clone()) } else { Told::Foreign(value.clone()) })
    }
}

/// The name in `F-NAME`.
fn captured(tag: &str) -> Option<&str> {
    let name = tag.strip_prefix("F-")?;
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || one == b'_' || one == b'-');
    is_name.then_some(name)
}

/// Seconds as Python writes a number with a fraction.
fn seconds(moment: Moment) -> String {
    let (whole, millis) = (moment.millis().div_euclid(1000), moment.millis().rem_euclid(1000));
    let text = format!("{whole}.{millis:03}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

/// The address the other way round, as names of addresses are looked up.
fn reverse(ip: &str, ticket: &Ticket) -> String {
    let parts: Vec<String> = match ip.parse::<IpAddr>().unwrap_or(ticket.subject.address()) {
        IpAddr::V4(_) => ip.split('.').map(str::to_owned).collect(),
        IpAddr::V6(ip) => format!("{:032x}", ip.to_bits()).chars().map(String::from).collect(),
    };
    let mut reversed: Vec<&str> = parts.iter().map(String::as_str).collect();
    reversed.reverse();
    format!("{}.", reversed.join("."))
}
