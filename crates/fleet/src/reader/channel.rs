//! Listens to the channel of changes on a thread of its own: a message that comes in two pieces, or behind a time limit, is not
//! lost by it. What is heard waits in a queue; where it is full, the server ends the connection in the end, and that is an error.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::Builder;
use std::time::Duration;

use config::Redis;
use event::limit;
use redis::{Connection, Value, cmd};

use crate::keys::Change;
use crate::link::Link;
use crate::link::error::{LinkError, Trouble};

/// What comes on the channel.
#[derive(Debug)]
pub(crate) struct Channel {
    heard: Receiver<Result<Vec<Change>, LinkError>>,
    /// An error behind changes that were handed out first.
    lost: Option<LinkError>,
    server: String,
    /// Gone with the value; the thread ends when it notices.
    _owner: Arc<()>,
}

/// Messages that wait, each with up to `limit::REDIS_CHANGES_PER_MESSAGE` changes.
const MESSAGES: usize = limit::REDIS_CHANGES / limit::REDIS_CHANGES_PER_MESSAGE;

impl Channel {
    /// Listens from now on.
    pub(crate) fn open(settings: &Redis, name: &str) -> Result<Self, LinkError> {
        let mut node = Link::connect(settings)?.into_node()?;
        node.run(&[cmd("SUBSCRIBE").arg(name).to_owned()])?;
        let (server, connection) = node.into_connection();
        let (sender, heard) = sync_channel(MESSAGES);
        let owner = Arc::new(());
        let (at, present) = (server.clone(), Arc::downgrade(&owner));
        let started: io::Result<_> = Builder::new()
            .name("redis-channel".to_owned())
            .spawn(move || listen(connection, &at, &sender, &present));
        started.map_err(|error| LinkError::new(&server, Trouble::Lost(format!("no thread: {error}"))))?;
        Ok(Self { heard, lost: None, server, _owner: owner })
    }

    /// Waits for changes, at most that long, and hands out all that came.
    pub(crate) fn wait(&mut self, timeout: Duration) -> Result<Vec<Change>, LinkError> {
        if let Some(error) = self.lost.take() {
            return Err(error);
        }
        let mut changes = match self.heard.recv_timeout(timeout) {
            Ok(heard) => heard?,
            Err(RecvTimeoutError::Timeout) => return Ok(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(LinkError::new(
                    &self.server,
                    Trouble::Lost("nobody listens any more".to_owned()),
                ));
            }
        };
        while changes.len() < limit::REDIS_CHANGES
            && let Ok(heard) = self.heard.try_recv()
        {
            match heard {
                Ok(more) => changes.extend(more),
                Err(error) => {
                    self.lost = Some(error);
                    break;
                }
            }
        }
        Ok(changes)
    }
}

fn listen(
    mut connection: Connection,
    server: &str,
    sender: &SyncSender<Result<Vec<Change>, LinkError>>,
    owner: &Weak<()>,
) {
    let mut channel = connection.as_pubsub();
    while owner.strong_count() > 0 {
        let heard = match channel.get_message() {
            Ok(message) => Ok(changes_in(message.get_payload_bytes())),
            // Silence, or a path that swallows everything: whoever answers is there.
            Err(error) if error.is_timeout() => match channel.ping::<Value>() {
                Ok(_) => continue,
                Err(error) => Err(LinkError::of(server, &error)),
            },
            Err(error) => Err(LinkError::of(server, &error)),
        };
        let is_over = heard.is_err();
        if sender.send(heard).is_err() || is_over {
            return;
        }
    }
}

fn changes_in(message: &[u8]) -> Vec<Change> {
    let text = std::str::from_utf8(message).unwrap_or_default();
    text.lines().filter_map(Change::read).collect()
}
