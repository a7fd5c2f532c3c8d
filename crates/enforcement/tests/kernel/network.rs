//! Two network namespaces joined by a cable: `host`, which is protected, and `peer`, which attacks. The test's thread
//! stands in `host`; sockets stay where they were made. Nothing outside of the two is touched.

use std::fs::File;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::net;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

static COUNT: AtomicU32 = AtomicU32::new(0);
/// How long a packet that must not arrive is waited for.
const PATIENCE: Duration = Duration::from_millis(400);

/// The address of the protected host.
pub(crate) const HOST: &str = "192.0.2.1";
/// The same in IPv6.
pub(crate) const HOST6: &str = "2001:db8::1";

pub(crate) struct Network {
    home: File,
    host: File,
    peer: File,
    names: [String; 2],
}

impl Network {
    /// Makes the namespaces and moves the thread into `host`. The peer has 192.0.2.2 to .5, 198.51.100.2 and .130,
    /// and IPv6 addresses in two networks.
    pub(crate) fn new() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "these tests change a kernel's firewall in namespaces of their own: run them as root"
        );
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let names = ["host", "peer"].map(|side| format!("stockade-{}-{number}-{side}", std::process::id()));
        let home = File::open("/proc/thread-self/ns/net").expect("open the thread's namespace");
        for name in &names {
            run("ip", &["netns", "add", name]);
        }
        let [host, peer] =
            [0, 1].map(|side| File::open(format!("/run/netns/{}", names[side])).expect("open a namespace"));
        let network = Self { home, host, peer, names };
        for side in [&network.host, &network.peer] {
            enter(side);
            // Else an address may not be used for the first second or two.
            std::fs::write("/proc/sys/net/ipv6/conf/default/accept_dad", "0")
                .expect("turn duplicate detection off");
        }
        network.cable();
        enter(&network.host);
        network.introduce();
        network
    }

    fn cable(&self) {
        let [host, peer] = &self.names;
        run(
            "ip",
            &["-n", host, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", peer],
        );
        let addresses = [
            (host, vec!["192.0.2.1/24", "2001:db8::1/64"]),
            (
                peer,
                vec![
                    "192.0.2.2/24",
                    "192.0.2.3/24",
                    "192.0.2.4/24",
                    "192.0.2.5/24",
                    "198.51.100.2/24",
                    "198.51.100.130/24",
                    "2001:db8::2/64",
                    "2001:db8:0:1::2/64",
                    "2001:db8:0:1::3/64",
                    "2001:db8:0:2::2/64",
                ],
            ),
        ];
        for (side, addresses) in addresses {
            for address in addresses {
                let mut arguments = vec!["-n", side, "address", "add", address, "dev", "veth0"];
                if address.contains(':') {
                    arguments.push("nodad");
                }
                run("ip", &arguments);
            }
            run("ip", &["-n", side, "link", "set", "lo", "up"]);
            run("ip", &["-n", side, "link", "set", "veth0", "up"]);
        }
        run("ip", &["-n", host, "route", "add", "198.51.100.0/24", "via", "192.0.2.2"]);
        run("ip", &["-n", host, "-6", "route", "add", "2001:db8::/48", "via", "2001:db8::2"]);
    }

    /// Lets the two learn each other's hardware addresses, which may take longer than a packet is waited for.
    fn introduce(&self) {
        for (host, peer) in [(HOST, "192.0.2.2"), (HOST6, "2001:db8::2")] {
            let to = SocketAddr::new(host.parse().expect("an address"), 9);
            let from = SocketAddr::new(peer.parse().expect("an address"), 9);
            let receiver = bound(|| UdpSocket::bind(to));
            let sender = self.in_peer(|| bound(|| UdpSocket::bind(from)));
            for (sender, receiver, to) in [(&sender, &receiver, to), (&receiver, &sender, from)] {
                receiver.set_read_timeout(Some(Duration::from_secs(1))).expect("set a deadline");
                // A datagram that waits for the neighbour's address may be lost on a busy machine.
                let mut tries =
                    (0..30).map(|_| sender.send_to(b"hello", to).and_then(|_| receiver.recv(&mut [0; 8])));
                assert!(tries.any(|reached| reached.is_ok()), "the namespaces do not reach each other");
            }
        }
    }

    /// Does something in the peer's namespace.
    pub(crate) fn in_peer<T>(&self, work: impl FnOnce() -> T) -> T {
        enter(&self.peer);
        let done = work();
        enter(&self.host);
        done
    }

    /// Whether a TCP connection from the peer to a listener on this port comes about.
    pub(crate) fn tcp(&self, port: u16) -> bool {
        let listener = bound(|| TcpListener::bind((HOST, port)));
        let address = listener.local_addr().expect("address");
        self.in_peer(|| TcpStream::connect_timeout(&address, PATIENCE)).is_ok()
    }

    /// Whether a TCP connection from this address of the peer to a listener on this port comes about.
    pub(crate) fn tcp_from(&self, from: &str, port: u16) -> bool {
        let from: IpAddr = from.parse().expect("an address");
        let to = SocketAddr::new(host_of(from), port);
        let _listener = bound(|| TcpListener::bind(to));
        self.connect(from, to).is_some()
    }

    /// A TCP connection from this address of the peer, if it comes about in time.
    pub(crate) fn connect(&self, from: IpAddr, to: SocketAddr) -> Option<TcpStream> {
        let family = if from.is_ipv4() { net::AddressFamily::INET } else { net::AddressFamily::INET6 };
        let socket = self.in_peer(|| net::socket(family, net::SocketType::STREAM, None)).expect("a socket");
        // Linux ends a connect, too, when the time for sending is over.
        net::sockopt::set_socket_timeout(&socket, net::sockopt::Timeout::Send, Some(PATIENCE))
            .expect("set a deadline");
        net::bind(&socket, &SocketAddr::new(from, 0)).expect("bind the caller");
        net::connect(&socket, &to).is_ok().then(|| TcpStream::from(socket))
    }

    /// Whether a ping from this address of the peer is answered.
    pub(crate) fn ping(&self, from: &str) -> bool {
        let to = host_of(from.parse().expect("an address")).to_string();
        let mut ping = Command::new("ping");
        ping.args(["-q", "-n", "-c", "1", "-W", "0.4", "-I", from, &to]).stdout(Stdio::null());
        self.in_peer(|| ping.status()).expect("the package iputils-ping").success()
    }

    /// Whether a datagram from this address of the peer reaches a socket on this port.
    pub(crate) fn udp(&self, from: &str, port: u16) -> bool {
        let from: IpAddr = from.parse().expect("an address");
        let to = SocketAddr::new(host_of(from), port);
        let receiver = bound(|| UdpSocket::bind(to));
        let sender = self.in_peer(|| UdpSocket::bind((from, 0))).expect("bind the sender");
        arrives(&sender, &receiver, to)
    }
}

/// The host's address of the family.
fn host_of(peer: IpAddr) -> IpAddr {
    if peer.is_ipv4() { HOST } else { HOST6 }.parse().expect("an address")
}

/// Binds, and tries again while the address is taken: a program that another test is just starting holds a copy of a
/// socket that was closed here, until it begins to run.
pub(crate) fn bound<T>(bind: impl Fn() -> std::io::Result<T>) -> T {
    for _ in 0..100_000 {
        match bind() {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => std::thread::yield_now(),
            outcome => return outcome.expect("bind a socket"),
        }
    }
    panic!("the address stays taken");
}

/// Whether a datagram goes through.
pub(crate) fn arrives(sender: &UdpSocket, receiver: &UdpSocket, to: SocketAddr) -> bool {
    receiver.set_read_timeout(Some(PATIENCE)).expect("set a deadline");
    sender.send_to(b"REGISTER", to).expect("send");
    receiver.recv(&mut [0; 64]).is_ok()
}

impl Drop for Network {
    fn drop(&mut self) {
        enter(&self.home);
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
    }
}

fn enter(namespace: &File) {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .expect("enter a network namespace");
}

/// Runs a Debian tool in the thread's namespace and returns what it printed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!(
            "{program}: {error}; these tests need the packages nftables, conntrack, iproute2 and iputils-ping"
        )
    });
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What `nft` says about our table.
pub(crate) fn table() -> String {
    run("nft", &["list", "table", "inet", "stockade"])
}
