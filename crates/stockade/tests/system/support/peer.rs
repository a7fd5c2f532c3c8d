//! Another host on a cable: a second network namespace, from whose addresses datagrams are sent to the first.

use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::Deadline;
use super::namespace::tool;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The address of the namespace in which the test stands.
pub const HERE: &str = "192.0.2.1";
/// How long a datagram that must not arrive is waited for.
const SILENCE: Duration = Duration::from_millis(300);
/// How often a stream sends.
const BEAT: Duration = Duration::from_millis(3);

/// The other host: 192.0.2.2 to .5. Dropping it removes it.
pub struct Peer {
    name: String,
    port: u16,
    receiver: UdpSocket,
}

impl Peer {
    /// Plugs it into the thread's namespace, which becomes 192.0.2.1.
    pub fn plug() -> Self {
        let name = format!("stockade-peer-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        tool("ip", &["netns", "add", &name]);
        tool("ip", &["link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", &name]);
        tool("ip", &["address", "add", "192.0.2.1/24", "dev", "cable"]);
        tool("ip", &["link", "set", "cable", "up"]);
        for host in 2..6 {
            tool("ip", &["-n", &name, "address", "add", &format!("192.0.2.{host}/24"), "dev", "cable"]);
        }
        tool("ip", &["-n", &name, "link", "set", "lo", "up"]);
        tool("ip", &["-n", &name, "link", "set", "cable", "up"]);
        let receiver = UdpSocket::bind((HERE, 0)).expect("bind the receiver");
        let port = receiver.local_addr().expect("an address").port();
        let peer = Self { name, port, receiver };
        // The first datagram may be lost while the two learn each other's hardware addresses.
        let deadline = Deadline::start();
        while !peer.reaches("192.0.2.5") {
            assert!(!deadline.left().is_zero(), "the namespaces do not reach each other");
        }
        peer
    }

    /// Whether a datagram from this address of the peer arrives.
    pub fn reaches(&self, from: &str) -> bool {
        let sender = self.socket(from);
        // What came late from before is no answer.
        self.receiver.set_nonblocking(true).expect("do not wait");
        while self.receiver.recv(&mut [0; 64]).is_ok() {}
        self.receiver.set_nonblocking(false).expect("wait");
        self.receiver.set_read_timeout(Some(SILENCE)).expect("set a deadline");
        sender.send_to(b"OPTIONS", (HERE, self.port)).expect("send");
        self.receiver.recv(&mut [0; 64]).is_ok()
    }

    /// Waits until datagrams from this address arrive, or arrive no more.
    pub fn waits_until(&self, from: &str, reaches: bool) {
        let deadline = Deadline::start();
        while self.reaches(from) != reaches {
            assert!(!deadline.left().is_zero(), "{from}: it did not come about that it reaches: {reaches}");
        }
    }

    /// Begins to send from this address every few milliseconds, to a socket of its own.
    pub fn stream(&self, from: &str) -> Stream {
        let receiver = UdpSocket::bind((HERE, 0)).expect("bind the receiver");
        let to = receiver.local_addr().expect("an address");
        let sender = self.socket(from);
        let (end, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (its_end, its_sent) = (Arc::clone(&end), Arc::clone(&sent));
        let thread = std::thread::spawn(move || send_until(&sender, to, &its_end, &its_sent));
        Stream { receiver, end, sent, thread: Some(thread) }
    }

    /// A socket of the peer's.
    fn socket(&self, from: &str) -> UdpSocket {
        let path = format!("/run/netns/{}", self.name);
        std::thread::scope(|scope| {
            let visitor = scope.spawn(|| {
                let namespace = File::open(path).expect("open the peer's namespace");
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("enter the peer's namespace");
                UdpSocket::bind((from, 0)).expect("bind the sender")
            });
            visitor.join().expect("the visitor comes back")
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

fn send_until(sender: &UdpSocket, to: SocketAddr, end: &AtomicBool, sent: &AtomicU64) {
    // Nobody answers: waiting for it is the beat.
    sender.set_read_timeout(Some(BEAT)).expect("set a beat");
    while !end.load(Ordering::Relaxed) {
        // A full queue of a neighbour that does not answer is no concern of ours.
        let _ = sender.send_to(b"OPTIONS", to);
        sent.fetch_add(1, Ordering::Relaxed);
        let _ = sender.recv(&mut [0; 8]);
    }
}

/// Datagrams on their way.
pub struct Stream {
    receiver: UdpSocket,
    end: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    /// Ends it; how many were sent, and how many arrived.
    pub fn end(mut self) -> (u64, u64) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the sender ends");
        }
        self.receiver.set_nonblocking(true).expect("do not wait");
        let mut arrived = 0;
        while self.receiver.recv(&mut [0; 64]).is_ok() {
            arrived += 1;
        }
        (self.sent.load(Ordering::Relaxed), arrived)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}
