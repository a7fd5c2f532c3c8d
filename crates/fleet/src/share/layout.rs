//! The names of the keys in Redis, and the fields of an entry. All keys have one hash tag, `{fleet}`, so that a cluster keeps them in one place
//! and one script can change several of them at once.

use config::Redis;

/// The keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// The stream of decisions.
    pub(crate) decisions: String,
    /// The stream of failures.
    pub(crate) failures: String,
    /// The snapshot: bans by `SUBJECT JAIL`.
    pub(crate) bans: String,
    /// The snapshot: lifts by `SUBJECT JAIL`, with `*` for all jails.
    pub(crate) lifts: String,
    /// The nodes' heartbeats by id.
    pub(crate) nodes: String,
    /// Up to which number each node's failures were written, by id.
    pub(crate) sent: String,
}

impl Keys {
    pub(crate) fn of(settings: &Redis) -> Self {
        let key = |name: &str| format!("{}stockade:{{fleet}}:{name}", settings.prefix);
        Self {
            decisions: key("stream"),
            failures: key("failures"),
            bans: key("bans"),
            lifts: key("lifts"),
            nodes: key("nodes"),
            sent: key("sent"),
        }
    }
}

/// The field of `lifts` that says up to when lifts are forgotten. No subject begins so.
pub(crate) const HORIZON: &str = "*";

/// An entry of the stream of decisions: what it is.
pub(crate) const KIND: &str = "kind";
/// The record, JSON.
pub(crate) const RECORD: &str = "record";
/// A ban.
pub(crate) const BAN: &str = "ban";
/// A lift.
pub(crate) const LIFT: &str = "lift";
