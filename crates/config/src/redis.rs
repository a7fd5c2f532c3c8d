//! `[redis]`: the Redis or Valkey to which bans are written, and which the nodes of a fleet share.

use std::path::PathBuf;

/// `[redis]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redis {
    /// Where it is.
    pub servers: Servers,
    /// The number of the database; a cluster has only 0.
    pub database: u32,
    /// What every key begins with: `_PH_REDIS_CLIENT:` for MikoPBX.
    pub prefix: String,
    /// The account, if it is not the default one.
    pub user: Option<String>,
    /// A file with the password alone in it.
    pub password_file: Option<PathBuf>,
    /// A certificate authority, PEM, for `rediss://`; without it, those of the host.
    pub ca_file: Option<PathBuf>,
    /// Whether bans and whitelist are written as keys that other programs read.
    pub keys: bool,
    /// Whether decisions are shared with the other nodes that have this on.
    pub fleet: bool,
    /// Whether failures are counted together with the other nodes' too.
    pub fleet_counts: bool,
}

/// Where Redis is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Servers {
    /// One server: `redis://host:6379`, `rediss://host:6380`.
    Single(String),
    /// Sentinels, which know where the master of that name is.
    Sentinel {
        /// The sentinels.
        sentinels: Vec<String>,
        /// The name of the master.
        master: String,
    },
    /// A cluster, of which these nodes are known.
    Cluster(Vec<String>),
}
