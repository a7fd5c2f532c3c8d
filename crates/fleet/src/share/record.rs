//! Bans and lifts as they stand in Redis: JSON, every stamp in Redis' time. Whoever reads one believes nothing in it that cannot be:
//! no text without a bound, no decision in the future, no ban longer than `limit::FLEET_LONGEST`. What is wrong beyond that is `Wild`.
//!
//! A key that a later version adds is passed over, so that nodes of different versions can share.

use std::collections::HashSet;
use std::sync::Arc;

use event::{Ban, JailName, Proof, Scope, Subject, limit};
use serde::{Deserialize, Serialize};

use crate::share::register::{Key, LiftKey, Origin, Standing, Tombstone};
use crate::share::script::{AHEAD, SLACK};
use crate::share::stamp::{Offset, Stamp};

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BanRecord {
    pub(crate) subject: String,
    pub(crate) jail: String,
    pub(crate) scope: String,
    pub(crate) since: i64,
    /// Absent for a ban without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<i64>,
    pub(crate) stamp: i64,
    pub(crate) failures: u32,
    pub(crate) reason: String,
    pub(crate) node: String,
    pub(crate) name: String,
    /// Never written. Somebody else's record may say that the evidence is only claimed.
    #[serde(default, skip_serializing)]
    pub(crate) proof: Option<String>,
}

/// A lift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiftRecord {
    pub(crate) subject: String,
    /// Absent for all jails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jail: Option<String>,
    pub(crate) stamp: i64,
    pub(crate) by: String,
    pub(crate) node: String,
    pub(crate) name: String,
}

/// A ban that was read and can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedBan {
    pub(crate) key: Key,
    pub(crate) scope: Scope,
    pub(crate) since: Stamp,
    pub(crate) failures: u32,
    pub(crate) reason: String,
    pub(crate) standing: Standing,
}

/// A lift that was read and can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedLift {
    pub(crate) key: LiftKey,
    pub(crate) tombstone: Tombstone,
}

/// Why a record was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wild {
    /// Longer than the bound.
    TooLong,
    /// No JSON of that shape, or no subject, jail, scope or node in it.
    Shape,
    /// A subnet too wide to be meant.
    TooWide,
    /// On evidence that proves nothing.
    Claimed,
    /// From the future, in a place where nothing says when it was written.
    Future,
}

/// The latest moment at which a record can have been decided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ceiling {
    /// When it was written is known, since Redis says so: a stamp later than that and `AHEAD` is a lie and is cut to it, alike on every
    /// node.
    Cut(Stamp),
    /// Guessed, since a record in the snapshot does not say when it was written: one with a later stamp is not believed. Cutting it
    /// would give it another stamp each time it is read.
    Refuse(Stamp),
}

/// Nodes by id and name, each kept once however many records name it.
#[derive(Debug, Default)]
pub(crate) struct Origins(HashSet<Origin>);

impl Origins {
    /// The node with that id and name.
    pub(crate) fn origin(&mut self, id: &str, name: &str) -> Result<Origin, Wild> {
        if !is_node_id(id) {
            return Err(Wild::Shape);
        }
        let name = plain(name, limit::FLEET_NODE_BYTES);
        let origin = Origin { id: Arc::from(id), name: Arc::from(name.as_str()) };
        if let Some(known) = self.0.get(&origin) {
            return Ok(known.clone());
        }
        // The table saves memory only, so it may begin anew.
        if self.0.len() >= limit::FLEET_NODES {
            self.0.clear();
        }
        self.0.insert(origin.clone());
        Ok(origin)
    }
}

impl BanRecord {
    /// Of a ban that this node, or another from which it was heard, decided.
    pub(crate) fn of(ban: &Ban, standing: &Standing, offset: Offset) -> Self {
        Self {
            subject: ban.subject.to_string(),
            jail: ban.jail.to_string(),
            scope: ban.scope.to_string(),
            since: offset.stamp(ban.since).0.min(standing.stamp.0),
            until: (standing.until != Stamp::NEVER).then_some(standing.until.0),
            stamp: standing.stamp.0,
            failures: ban.failures,
            reason: plain(&ban.reason, limit::FLEET_TEXT_BYTES),
            node: standing.origin.id.to_string(),
            name: standing.origin.name.to_string(),
            proof: None,
        }
    }

    /// Reads one.
    pub(crate) fn read(text: &[u8], ceiling: Ceiling, origins: &mut Origins) -> Result<SharedBan, Wild> {
        let record: Self = parse(text)?;
        record.judged(ceiling, origins)
    }

    fn judged(self, ceiling: Ceiling, origins: &mut Origins) -> Result<SharedBan, Wild> {
        if self.proof.is_some_and(|proof| proof != Proof::Proven.to_string()) {
            return Err(Wild::Claimed);
        }
        let key = (subject(&self.subject)?, jail(&self.jail)?);
        let stamp = stamp(self.stamp, ceiling)?;
        // A ban by hand alone may have no end.
        let longest = stamp.plus(limit::FLEET_LONGEST);
        let until = match self.until {
            None if self.failures == 0 => Stamp::NEVER,
            None => longest,
            Some(until) => Stamp(until).min(longest),
        };
        let origin = origins.origin(&self.node, &self.name)?;
        let standing = Standing { stamp, until, told: until, origin, seen: 0 };
        Ok(SharedBan {
            key,
            scope: scope(&self.scope)?,
            since: Stamp(self.since.clamp(0, stamp.0)),
            failures: self.failures,
            reason: plain(&self.reason, limit::FLEET_TEXT_BYTES),
            standing,
        })
    }
}

impl SharedBan {
    /// By this host's clock.
    pub(crate) fn ban(&self, offset: Offset) -> Ban {
        Ban {
            subject: self.key.0,
            jail: self.key.1.clone(),
            scope: self.scope,
            since: offset.moment(self.since),
            until: offset.moment(self.standing.until),
            failures: self.failures,
            proof: Proof::Proven,
            reason: self.reason.clone(),
        }
    }
}

impl LiftRecord {
    /// Of a lift.
    pub(crate) fn of(key: &LiftKey, lift: &Tombstone) -> Self {
        Self {
            subject: key.0.to_string(),
            jail: key.1.as_ref().map(ToString::to_string),
            stamp: lift.stamp.0,
            by: plain(&lift.by, limit::FLEET_TEXT_BYTES),
            node: lift.origin.id.to_string(),
            name: lift.origin.name.to_string(),
        }
    }

    /// Reads one.
    pub(crate) fn read(text: &[u8], ceiling: Ceiling, origins: &mut Origins) -> Result<SharedLift, Wild> {
        let record: Self = parse(text)?;
        let key = (subject_lifted(&record.subject)?, record.jail.as_deref().map(jail).transpose()?);
        let tombstone = Tombstone {
            stamp: stamp(record.stamp, ceiling)?,
            by: plain(&record.by, limit::FLEET_TEXT_BYTES).into(),
            origin: origins.origin(&record.node, &record.name)?,
            seen: 0,
        };
        Ok(SharedLift { key, tombstone })
    }
}

/// The field of a ban in the snapshot.
pub(crate) fn ban_field(key: &Key) -> String {
    format!("{} {}", key.0, key.1)
}

/// The field of a lift in the snapshot.
pub(crate) fn lift_field(key: &LiftKey) -> String {
    format!("{} {}", key.0, key.1.as_ref().map_or("*", |jail| jail.as_str()))
}

/// Whether it can be a node's id: it stands in fields and arguments, so it is plain.
pub(crate) fn is_node_id(id: &str) -> bool {
    (1..=limit::FLEET_NODE_BYTES).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

/// A text without control characters, no longer than the bound.
pub(crate) fn plain(text: &str, bytes_max: usize) -> String {
    let mut cut = String::with_capacity(text.len().min(bytes_max));
    for character in text.chars() {
        let character = if character.is_control() { ' ' } else { character };
        if cut.len() + character.len_utf8() > bytes_max {
            break;
        }
        cut.push(character);
    }
    cut
}

pub(crate) fn subject(text: &str) -> Result<Subject, Wild> {
    let subject = subject_lifted(text)?;
    let widest = if subject.is_ipv4() { limit::FLEET_WIDEST_V4 } else { limit::FLEET_WIDEST_V6 };
    if subject.prefix_bits() < widest { Err(Wild::TooWide) } else { Ok(subject) }
}

pub(crate) fn jail(text: &str) -> Result<JailName, Wild> {
    if JailName::valid(text) { Ok(JailName::new(text)) } else { Err(Wild::Shape) }
}

/// A lift may be as wide as it likes, since it covers only bans of exactly its subject.
fn subject_lifted(text: &str) -> Result<Subject, Wild> {
    text.parse().map_err(|_| Wild::Shape)
}

fn scope(text: &str) -> Result<Scope, Wild> {
    let known = [Scope::Jail, Scope::AllPorts];
    known.into_iter().find(|scope| scope.to_string() == text).ok_or(Wild::Shape)
}

fn stamp(millis: i64, ceiling: Ceiling) -> Result<Stamp, Wild> {
    match (Stamp(millis), ceiling) {
        _ if millis < 0 => Err(Wild::Shape),
        (stamp, Ceiling::Cut(written)) if stamp > written.plus(AHEAD) => Ok(written),
        (stamp, Ceiling::Refuse(latest)) if stamp > latest => Err(Wild::Future),
        (stamp, _) => Ok(stamp),
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Wild> {
    if text.len() > limit::FLEET_RECORD_BYTES {
        return Err(Wild::TooLong);
    }
    serde_json::from_slice(text).map_err(|_| Wild::Shape)
}

/// What the stamp of an entry is held against: Redis itself says when it was written, unless its number was chosen by whoever wrote
/// it. `now` is Redis' time.
pub(crate) fn ceiling_of(entry_millis: u64, now: Stamp) -> Ceiling {
    let written = Stamp(i64::try_from(entry_millis).unwrap_or(i64::MAX));
    Ceiling::Cut(if written <= now.plus(SLACK) { written } else { now })
}

#[cfg(test)]
mod tests;
