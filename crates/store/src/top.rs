//! Who stands out among the recorded failures: one pass over the index by time, two sorts, and no table that grows with
//! what attackers send beyond the bound of recorded failures.
//!
//! A second telling of an attempt (an echo) does not count twice: of a subject's failures in a jail, summed up for each echo, the
//! largest sum counts, as in the counter's windows.

use std::cmp::Reverse;
use std::collections::HashMap;

use event::{JailName, Moment, Subject};
use rusqlite::Connection;

use crate::names::Names;
use crate::row::{self, damaged};

/// Who stands out since a moment, each list in descending order of failures and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// By subject.
    pub subjects: Vec<TopSubject>,
    /// By network, where more than one subject of it failed.
    pub networks: Vec<TopNetwork>,
    /// By account and jail.
    pub accounts: Vec<TopAccount>,
}

/// A subject that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopSubject {
    /// Who.
    pub subject: Subject,
    /// How often.
    pub failures: u64,
    /// When last.
    pub last: Moment,
    /// In which jails.
    pub jails: Vec<JailName>,
}

/// A network out of which several subjects failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopNetwork {
    /// A /24 or a /48.
    pub subnet: Subject,
    /// Subjects in it that failed, 2 or more.
    pub addresses: u64,
    /// How often.
    pub failures: u64,
}

/// An account that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopAccount {
    /// Its name, as the attacker gave it.
    pub account: String,
    /// Where.
    pub jail: JailName,
    /// How often.
    pub failures: u64,
    /// By how many subjects.
    pub addresses: u64,
}

/// What of a failure matters here.
struct Mark {
    subject: Subject,
    jail: u32,
    echo: u8,
    /// Place of the account's name, `NO_ACCOUNT` for none.
    account: u32,
    count: u32,
    at: Moment,
}

/// Answered by the index by time alone.
pub(crate) const QUERY: &str = "SELECT at, subject, jail, echo, count, account FROM failures WHERE at >= ?1";

const NO_ACCOUNT: u32 = u32::MAX;

/// The first `limit` of each kind, among the failures at or after `from`.
pub(crate) fn top(conn: &Connection, names: &Names, from: Moment, limit: usize) -> rusqlite::Result<Top> {
    let (mut marks, accounts) = read(conn, from)?;
    let jail =
        |number: u32| names.get(i64::from(number)).cloned().ok_or_else(|| damaged(2, "the number of a name"));
    marks.sort_unstable_by_key(place);
    let ranked: Vec<Ranked<'_>> = marks.chunk_by(|one, next| one.subject == next.subject).map(rank).collect();
    let networks = networks(&ranked, limit);
    let subject = |one: Ranked<'_>| {
        let jails = one.marks.chunk_by(|one, next| one.jail == next.jail).map(|marks| jail(marks[0].jail));
        let jails = jails.collect::<rusqlite::Result<_>>()?;
        Ok(TopSubject { subject: one.marks[0].subject, failures: one.failures, last: one.last(), jails })
    };
    let foremost = first(ranked, limit, |one| (one.failures, one.marks[0].subject));
    let subjects = foremost.into_iter().map(subject).collect::<rusqlite::Result<_>>()?;

    marks.retain(|mark| mark.account != NO_ACCOUNT);
    // A stable sort: within an account and jail the order by subject and echo remains.
    marks.sort_by_key(|mark| (u64::from(mark.account) << 32) | u64::from(mark.jail));
    let ranked = marks.chunk_by(|one, next| (one.account, one.jail) == (next.account, next.jail)).map(rank);
    let foremost = first(ranked.collect(), limit, |one| (one.failures, one.marks[0].account));
    let account = |one: Ranked<'_>| {
        let tried = &one.marks[0];
        let addresses = one.marks.chunk_by(|one, next| one.subject == next.subject).count() as u64;
        let account = accounts[tried.account as usize].to_string();
        Ok(TopAccount { account, jail: jail(tried.jail)?, failures: one.failures, addresses })
    };
    let accounts = foremost.into_iter().map(account).collect::<rusqlite::Result<_>>()?;
    Ok(Top { subjects, networks, accounts })
}

/// Reads the marks, and the names of the accounts by their place.
fn read(conn: &Connection, from: Moment) -> rusqlite::Result<(Vec<Mark>, Vec<Box<str>>)> {
    let mut statement = conn.prepare_cached(QUERY)?;
    let mut rows = statement.query([from.millis()])?;
    let mut marks = Vec::new();
    let mut places: HashMap<Box<str>, u32> = HashMap::new();
    while let Some(row) = rows.next()? {
        let account = match row.get_ref(5)?.as_str_or_null()? {
            None => NO_ACCOUNT,
            Some(name) => match places.get(name) {
                Some(place) => *place,
                None => {
                    let place = u32::try_from(places.len()).unwrap_or(NO_ACCOUNT);
                    places.insert(name.into(), place);
                    place
                }
            },
        };
        marks.push(Mark {
            at: Moment::from_millis(row.get(0)?),
            subject: row::subject(row, 1)?,
            jail: row.get(2)?,
            echo: row.get(3)?,
            count: row.get(4)?,
            account,
        });
    }
    let mut accounts = vec![Box::from(""); places.len()];
    for (name, place) in places {
        accounts[place as usize] = name;
    }
    Ok((marks, accounts))
}

/// Order by subject, jail and echo, as few numbers: half a million are sorted in half the time that the fields take.
fn place(mark: &Mark) -> (u128, u64) {
    let (octets, prefix) = mark.subject.to_raw();
    let tail = (u64::from(prefix) << 40) | (u64::from(mark.jail) << 8) | u64::from(mark.echo);
    (u128::from_be_bytes(octets), tail)
}

/// Marks that belong together, and what they weigh.
struct Ranked<'marks> {
    marks: &'marks [Mark],
    failures: u64,
}

impl Ranked<'_> {
    fn last(&self) -> Moment {
        self.marks.iter().map(|mark| mark.at).max().unwrap_or_default()
    }
}

/// Weighs marks that are in the order of subject, jail and echo.
fn rank(marks: &[Mark]) -> Ranked<'_> {
    let told = |marks: &[Mark]| marks.iter().map(|mark| u64::from(mark.count)).sum::<u64>();
    let weight = |marks: &[Mark]| {
        marks.chunk_by(|one, next| one.echo == next.echo).map(told).max().unwrap_or_default()
    };
    let attempts = marks.chunk_by(|one, next| (one.subject, one.jail) == (next.subject, next.jail));
    Ranked { marks, failures: attempts.map(weight).sum() }
}

/// Networks with several subjects. Subjects are in order, so those of a network follow each other.
fn networks(ranked: &[Ranked<'_>], limit: usize) -> Vec<TopNetwork> {
    let mut found: Vec<TopNetwork> = Vec::new();
    let mut seen: Option<TopNetwork> = None;
    for one in ranked {
        let Some(subnet) = network_of(one.marks[0].subject) else { continue };
        match &mut seen {
            Some(network) if network.subnet == subnet => {
                network.addresses += 1;
                network.failures += one.failures;
            }
            _ => {
                let next = TopNetwork { subnet, addresses: 1, failures: one.failures };
                found.extend(seen.replace(next).filter(|network| network.addresses > 1));
            }
        }
    }
    found.extend(seen.filter(|network| network.addresses > 1));
    first(found, limit, |network| (network.failures, network.subnet))
}

/// The network by which a subject is grouped; none if it is as wide itself.
fn network_of(subject: Subject) -> Option<Subject> {
    let bits = if subject.is_ipv4() { 24 } else { 48 };
    (subject.prefix_bits() > bits).then(|| Subject::network(subject.address(), bits))
}

/// The `limit` greatest, the greatest first.
fn first<T, K: Ord>(mut all: Vec<T>, limit: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    if all.len() > limit && limit > 0 {
        all.select_nth_unstable_by_key(limit - 1, |one| Reverse(key(one)));
    }
    all.truncate(limit);
    all.sort_unstable_by_key(|one| Reverse(key(one)));
    all
}
