//! A connection to Redis or Valkey: one server, the master that Sentinels name, or a cluster; all look alike from here. It waits
//! for answers, always with a time limit. It does not connect anew by itself: after an error that says `is_lost`, whoever
//! owns it makes a new one.

pub mod address;
pub mod error;
mod cluster;
mod node;
mod sentinel;

use std::fmt;
use std::time::Duration;

use config::redis::{Redis, Servers};
use event::{Moment, limit};
use redis::{Cmd, Value};

use crate::link::address::Access;
use crate::link::cluster::Cluster;

pub use error::{LinkError, Trouble};
pub(crate) use node::Node;

/// A connection. Every error that `is_lost` makes it useless.
pub struct Link {
    way: Way,
}

enum Way {
    Single(Node),
    Cluster(Cluster),
}

impl Link {
    /// Connects, signs in, and makes sure that a command is answered. The password's file is read anew each time.
    pub fn connect(settings: &Redis) -> Result<Self, LinkError> {
        let access = Access::of(settings)?;
        let way = match &settings.servers {
            Servers::Single(url) => Way::Single(Node::connect(&access.server(url)?)?),
            Servers::Sentinel { sentinels, master } => {
                Way::Single(sentinel::connect(&access, sentinels, master)?)
            }
            Servers::Cluster(nodes) => Way::Cluster(Cluster::connect(access, nodes)?),
        };
        let mut link = Self { way };
        link.run(&[redis::cmd("PING")])?;
        Ok(link)
    }

    /// Sends the commands in pipelines and returns the answers in their order; in a cluster each goes where its key is. The
    /// first command that Redis refuses is the error, the others were carried out.
    pub fn run(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let answers = self.run_each(commands)?;
        for (command, answer) in commands.iter().zip(&answers) {
            if let Value::ServerError(error) = answer {
                return Err(LinkError::refused(self.server(), command, error));
            }
        }
        Ok(answers)
    }

    /// As `run`, and what Redis refused stands among the answers as `Value::ServerError`.
    pub fn run_each(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let mut answers = Vec::with_capacity(commands.len());
        for part in commands.chunks(limit::REDIS_PIPELINE) {
            answers.extend(match &mut self.way {
                Way::Single(node) => node.run_each(part)?,
                Way::Cluster(cluster) => cluster.run_each(part)?,
            });
        }
        Ok(answers)
    }

    /// Sends the commands as one transaction: all are carried out or none. In a cluster, all their keys must have one hash
    /// tag (`{..}`).
    pub fn run_atomic(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        match &mut self.way {
            Way::Single(node) => node.run_atomic(commands),
            Way::Cluster(cluster) => cluster.run_atomic(commands),
        }
    }

    /// Sends one command that Redis answers late, `XREAD BLOCK` for instance. `limit` is how long Redis itself was told to wait;
    /// the usual time for an answer comes on top.
    pub fn wait(&mut self, command: &Cmd, limit: Duration) -> Result<Value, LinkError> {
        match &mut self.way {
            Way::Single(node) => node.wait(command, limit),
            Way::Cluster(cluster) => cluster.wait(command, limit),
        }
    }

    /// Redis's clock; in a cluster that of one node.
    pub fn server_time(&mut self) -> Result<Moment, LinkError> {
        let answers = self.run(&[redis::cmd("TIME")])?;
        let wrong = || LinkError::new(self.server(), Trouble::Unexpected("no answer to TIME".to_owned()));
        let answer = answers.into_iter().next().ok_or_else(wrong)?;
        let (seconds, micros): (i64, i64) = redis::from_redis_value(answer).map_err(|_| wrong())?;
        Ok(Moment::from_millis(seconds.saturating_mul(1000).saturating_add(micros / 1000)))
    }

    /// How many servers hold keys: 1, or the masters of a cluster.
    pub fn masters(&self) -> usize {
        match &self.way {
            Way::Single(_) => 1,
            Way::Cluster(cluster) => cluster.masters(),
        }
    }

    /// As `run`, on one of the `masters`, for commands without a key (`SCAN`, `INFO`).
    pub fn run_at(&mut self, master: usize, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        match &mut self.way {
            Way::Single(node) => node.run(commands),
            Way::Cluster(cluster) => cluster.at(master)?.run(commands),
        }
    }

    /// Where it leads, for people.
    pub fn server(&self) -> &str {
        match &self.way {
            Way::Single(node) => node.server(),
            Way::Cluster(cluster) => cluster.server(),
        }
    }

    /// One server's connection alone, for listening to a channel. In a cluster any node hears all channels.
    pub(crate) fn into_node(self) -> Result<Node, LinkError> {
        match self.way {
            Way::Single(node) => Ok(node),
            Way::Cluster(cluster) => cluster.into_node(),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("server", &self.server()).finish_non_exhaustive()
    }
}
