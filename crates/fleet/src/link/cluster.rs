//! A cluster: which master holds which keys, and a connection to each. Commands are grouped by master; one whose keys have
//! moved goes on to the node that the answer names, and the map is read anew.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use event::limit;
use redis::cluster_routing::Slot;
use redis::{Arg, Cmd, Value, cmd, from_redis_value};

use crate::link::address::Access;
use crate::link::error::{LinkError, Trouble};
use crate::link::node::Node;

/// Connections to the masters of a cluster.
pub(crate) struct Cluster {
    access: Access,
    /// The nodes that the settings name.
    seeds: Vec<String>,
    /// Which of `masters` holds a slot.
    owners: HashMap<Slot, usize>,
    masters: Vec<Master>,
    /// The node that gave the map.
    server: String,
}

struct Master {
    host: String,
    port: u16,
    node: Option<Node>,
}

impl Cluster {
    pub(crate) fn connect(access: Access, seeds: &[String]) -> Result<Self, LinkError> {
        let mut cluster = Self {
            access,
            seeds: seeds.to_vec(),
            owners: HashMap::new(),
            masters: Vec::new(),
            server: String::new(),
        };
        cluster.learn()?;
        Ok(cluster)
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    pub(crate) fn masters(&self) -> usize {
        self.masters.len()
    }

    pub(crate) fn run_each(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let mut answers = vec![Value::Nil; commands.len()];
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, command) in commands.iter().enumerate() {
            groups.entry(self.master_of(command)?).or_default().push(place);
        }
        let mut moved = Vec::new();
        for (master, places) in groups {
            let part: Vec<Cmd> = places.iter().map(|place| commands[*place].clone()).collect();
            for (place, answer) in places.into_iter().zip(self.at(master)?.run_each(&part)?) {
                if redirection(&answer).is_some() {
                    moved.push(place);
                }
                answers[place] = answer;
            }
        }
        if moved.iter().any(|place| redirection(&answers[*place]).is_some_and(|to| !to.is_ask)) {
            self.learn()?;
        }
        for place in moved {
            answers[place] = self.follow(&commands[place], std::mem::take(&mut answers[place]))?;
        }
        Ok(answers)
    }

    /// Carries a command to where its keys are now.
    fn follow(&mut self, command: &Cmd, mut answer: Value) -> Result<Value, LinkError> {
        for _ in 0..limit::REDIS_REDIRECTIONS {
            let Some(to) = redirection(&answer) else { return Ok(answer) };
            // Without a host, the one that answered is meant.
            let host = if to.host.is_empty() { host_in(&self.server) } else { to.host };
            let master = self.place_of(&host, to.port);
            let node = self.at(master)?;
            let mut asked = Vec::new();
            if to.is_ask {
                asked.push(cmd("ASKING"));
            }
            asked.push(command.clone());
            answer = node.run_each(&asked)?.pop().unwrap_or(Value::Nil);
        }
        Ok(answer)
    }

    pub(crate) fn run_atomic(&mut self, commands: &[Cmd]) -> Result<Vec<Value>, LinkError> {
        let Some(first) = commands.first() else { return Ok(Vec::new()) };
        let master = self.master_of(first)?;
        match self.at(master)?.run_atomic(commands) {
            Err(error) if matches!(error.trouble, Trouble::IsCluster(_)) => {
                self.learn()?;
                let master = self.master_of(first)?;
                self.at(master)?.run_atomic(commands)
            }
            done => done,
        }
    }

    pub(crate) fn wait(&mut self, command: &Cmd, limit: Duration) -> Result<Value, LinkError> {
        let master = self.master_of(command)?;
        match self.at(master)?.wait(command, limit) {
            Err(error) if matches!(error.trouble, Trouble::IsCluster(_)) => {
                self.learn()?;
                let master = self.master_of(command)?;
                self.at(master)?.wait(command, limit)
            }
            done => done,
        }
    }

    /// The connection to a master, made when it is first needed.
    pub(crate) fn at(&mut self, master: usize) -> Result<&mut Node, LinkError> {
        let nobody = || LinkError::new(&self.server, Trouble::NoCluster("no master".to_owned()));
        let like = self.seeds.first().ok_or_else(nobody)?;
        let place = self.masters.get_mut(master).ok_or_else(nobody)?;
        if place.node.is_none() {
            place.node = Some(Node::connect(&self.access.named(&place.host, place.port, like)?)?);
        }
        place.node.as_mut().ok_or_else(|| {
            LinkError::new(&self.server, Trouble::NoCluster("no connection to a master".to_owned()))
        })
    }

    pub(crate) fn into_node(mut self) -> Result<Node, LinkError> {
        self.at(0)?;
        self.masters.swap_remove(0).node.ok_or_else(|| {
            LinkError::new(&self.server, Trouble::NoCluster("no connection to a master".to_owned()))
        })
    }

    /// Reads the map from the first node that answers, known masters first.
    fn learn(&mut self) -> Result<(), LinkError> {
        let mut last = None;
        let known: Vec<(String, u16)> = self.masters.iter().map(|one| (one.host.clone(), one.port)).collect();
        let like = self.seeds.first().cloned().unwrap_or_default();
        let servers = known
            .iter()
            .map(|(host, port)| self.access.named(host, *port, &like))
            .chain(self.seeds.iter().map(|url| self.access.server(url)))
            .collect::<Vec<_>>();
        for server in servers {
            match server.and_then(|server| map_at(&mut Node::connect(&server)?, &server.name)) {
                Ok((name, ranges)) => {
                    self.server = name;
                    return self.take(ranges);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| {
            LinkError::settings(Trouble::NoCluster("no node of the cluster is named".to_owned()))
        }))
    }

    fn take(&mut self, ranges: Vec<Range>) -> Result<(), LinkError> {
        let held: u32 = ranges.iter().map(|range| u32::from(range.last - range.first) + 1).sum();
        if held < 16_384 {
            let said = format!("{held} of 16384 slots are served");
            return Err(LinkError::new(&self.server, Trouble::NoCluster(said)));
        }
        let mut old = std::mem::take(&mut self.masters);
        self.owners.clear();
        for range in ranges {
            let (host, port) = (range.host, range.port);
            let place = match self.masters.iter().position(|one| one.host == host && one.port == port) {
                Some(place) => place,
                None => {
                    let known = old.iter().position(|one| one.host == host && one.port == port);
                    let node = known.and_then(|place| old.swap_remove(place).node);
                    self.masters.push(Master { host, port, node });
                    self.masters.len() - 1
                }
            };
            let slots = (range.first..=range.last).filter_map(Slot::new);
            self.owners.extend(slots.map(|slot| (slot, place)));
        }
        Ok(())
    }

    fn place_of(&mut self, host: &str, port: u16) -> usize {
        if let Some(place) = self.masters.iter().position(|one| one.host == host && one.port == port) {
            return place;
        }
        self.masters.push(Master { host: host.to_owned(), port, node: None });
        self.masters.len() - 1
    }

    fn master_of(&self, command: &Cmd) -> Result<usize, LinkError> {
        let Some(key) = key_of(command) else { return Ok(0) };
        self.owners.get(&Slot::for_key(key)).copied().ok_or_else(|| {
            LinkError::new(&self.server, Trouble::NoCluster("a slot is served by nobody".to_owned()))
        })
    }
}

struct Range {
    first: u16,
    last: u16,
    host: String,
    port: u16,
}

type SlotRow = (u16, u16, Vec<Value>);

fn map_at(node: &mut Node, seed: &str) -> Result<(String, Vec<Range>), LinkError> {
    let wrong = || LinkError::new(seed, Trouble::Unexpected("no answer to CLUSTER SLOTS".to_owned()));
    let answer = node.run(&[cmd("CLUSTER").arg("SLOTS").to_owned()])?.pop().unwrap_or(Value::Nil);
    let Value::Array(rows) = answer else { return Err(wrong()) };
    let mut ranges = Vec::new();
    for row in rows {
        let (first, last, master) = row_of(row).ok_or_else(wrong)?;
        let mut master = master.into_iter();
        let host: Option<String> = master.next().and_then(|host| from_redis_value(host).ok()).flatten();
        let port: u16 = master.next().and_then(|port| from_redis_value(port).ok()).ok_or_else(wrong)?;
        // A node that does not know its own address means the one under which it was reached.
        let host = host.filter(|host| !host.is_empty() && host != "?").unwrap_or_else(|| host_in(seed));
        if first > last {
            return Err(wrong());
        }
        ranges.push(Range { first, last, host, port });
    }
    Ok((seed.to_owned(), ranges))
}

fn row_of(row: Value) -> Option<SlotRow> {
    let Value::Array(row) = row else { return None };
    let mut row = row.into_iter();
    let first = from_redis_value(row.next()?).ok()?;
    let last = from_redis_value(row.next()?).ok()?;
    let Value::Array(master) = row.next()? else { return None };
    Some((first, last, master))
}

fn host_in(server: &str) -> String {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

struct Redirection {
    host: String,
    port: u16,
    is_ask: bool,
}

fn redirection(answer: &Value) -> Option<Redirection> {
    let Value::ServerError(error) = answer else { return None };
    let is_ask = match error.code() {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let (host, port) = error.details()?.split_ascii_whitespace().nth(1)?.rsplit_once(':')?;
    Some(Redirection { host: host.to_owned(), port: port.parse().ok()?, is_ask })
}

/// The first key of a command, by which it finds its way. `None`: it has none, and any master will do.
fn key_of(command: &Cmd) -> Option<&[u8]> {
    let argument = |place: usize| match command.args_iter().nth(place) {
        Some(Arg::Simple(bytes)) => Some(bytes),
        _ => None,
    };
    match argument(0)?.to_ascii_uppercase().as_slice() {
        b"PING" | b"TIME" | b"PUBLISH" | b"INFO" | b"SCAN" | b"SCRIPT" | b"ROLE" | b"CLUSTER" => None,
        b"EVAL" | b"EVALSHA" | b"FCALL" => argument(3),
        b"XREAD" | b"XREADGROUP" => {
            let streams = command
                .args_iter()
                .position(|one| matches!(one, Arg::Simple(word) if word.eq_ignore_ascii_case(b"STREAMS")))?;
            argument(streams + 1)
        }
        b"XINFO" | b"XGROUP" | b"OBJECT" | b"MEMORY" => argument(2),
        _ => argument(1),
    }
}
