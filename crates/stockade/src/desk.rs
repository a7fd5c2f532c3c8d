//! Answers the control socket: asks the engine, and adds what only the readers and the kernel know.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, channel};
use std::time::Duration;

use control::answer::{Notice, Source};
use control::{Answer, Peer, Request};
use source::{FileSpec, JournalSpec};

use crate::enforcer::Enforcer;
use crate::message::{Message, Reply};
use crate::obey::banned;
use crate::plan::Plan;
use crate::reader::Reader;

/// An engine that does not answer within this is stuck, and whoever asked is told so.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where requests are answered; one serves all clients.
#[derive(Debug)]
pub struct Desk {
    /// The engine.
    pub engine: SyncSender<Message>,
    /// The kernel's side.
    pub enforcer: Enforcer,
    /// The reader of files.
    pub files: Reader<FileSpec>,
    /// The reader of the journal.
    pub journal: Reader<JournalSpec>,
    /// The settings file, for `reload`.
    pub config: Option<PathBuf>,
}

impl Desk {
    /// Answers one request.
    pub fn answer(&self, request: Request, peer: Peer) -> Answer {
        if request == Request::Reload {
            return self.reload(&peer);
        }
        let changes_kernel =
            matches!(request, Request::Ban { .. } | Request::Unban { .. } | Request::UnbanAll);
        let (reply, answer) = channel();
        if self.engine.send(Message::Asked { request, peer, reply }).is_err() {
            return Answer::Fault("stockade is stopping".to_owned());
        }
        match answer.recv_timeout(PATIENCE) {
            Ok(Reply::Bans(bans)) => Answer::Banned(bans.iter().map(banned).collect()),
            Ok(Reply::Answer(Answer::Status(mut status))) => {
                self.complete(&mut status);
                Answer::Status(status)
            }
            Ok(Reply::Answer(answer)) => {
                if changes_kernel {
                    // Whoever is told that it is done may rely on it at once.
                    self.enforcer.finish();
                }
                answer
            }
            Err(_) => Answer::Fault(format!("the engine did not answer within {} s", PATIENCE.as_secs())),
        }
    }

    fn complete(&self, status: &mut control::answer::Status) {
        for counter in self.enforcer.counters() {
            if let Some(jail) = status.jails.iter_mut().find(|jail| jail.jail == counter.jail.as_str()) {
                jail.dropped_packets += counter.packets;
                jail.dropped_bytes += counter.bytes;
            }
        }
        status.sources = self.files.health();
        status.sources.extend(self.journal.health());
        let followed: HashSet<&String> =
            status.sources.iter().filter(|source| is_followed(source)).flat_map(|one| &one.jails).collect();
        for source in status.sources.iter().filter(|source| !is_followed(source)) {
            // One of several logs that is not there is no trouble while another one is.
            let is_deaf = source.jails.iter().any(|jail| !followed.contains(jail));
            if source.state != "missing" || is_deaf {
                let (name, state, jails) = (&source.source, &source.state, source.jails.join(" "));
                let reason = source.reason.as_deref().unwrap_or_default();
                let text = format!("{name} is {state} ({jails}): {reason}");
                let values =
                    [("source", name.as_str()), ("state", state), ("jails", &jails), ("reason", reason)];
                status.attention.push(Notice::new("source-not-read", &values, text));
            }
        }
    }

    /// Reads the settings here, beside the engine; it only hears of them when they are right.
    fn reload(&self, peer: &Peer) -> Answer {
        let made = Plan::make(self.config.as_deref());
        let answer = match &made {
            Ok(plan) => {
                Answer::Done(format!("the settings were read again; {} jails are on", plan.jails.len()))
            }
            Err(complaints) => {
                Answer::No(format!("{}\nthe old settings stay in force", complaints.join("\n")))
            }
        };
        let is_good = made.is_ok();
        let sent = self.engine.send(Message::read_again(made, &format!("asked by {}", peer.name)));
        if is_good && sent.is_err() { Answer::Fault("stockade is stopping".to_owned()) } else { answer }
    }
}

fn is_followed(source: &Source) -> bool {
    matches!(source.state.as_str(), "following" | "idle")
}
