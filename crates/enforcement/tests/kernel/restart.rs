//! A restart keeps the bans: the next process finds them, writes only the difference, and lays a changed table anew without
//! letting a packet through.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use enforcement::{Element, Enforcement, Guard, Nftables};
use event::{JailName, Moment, Scope, limit};

use crate::network::{HOST, Network, run, table};
use crate::stopwatch::timed;
use crate::{ban, held, laid, layout, now};

#[test]
fn a_restart_writes_only_the_difference() {
    let network = Network::new();
    let mut wanted = [
        ban("sshd", Scope::Jail, "192.0.2.2", 3600),
        ban("sshd", Scope::Jail, "192.0.2.3", 3600),
        ban("web", Scope::AllPorts, "2001:db8::/64", 3600),
        ban("web", Scope::AllPorts, "198.51.100.0/24", 3600),
        Element { until: Moment::NEVER, ..ban("recidive", Scope::Jail, "192.0.2.4", 0) },
    ];
    let mut first = Nftables::open().unwrap();
    assert_eq!(first.reconcile(&layout(), &mut wanted.iter().cloned(), now()).unwrap().added, 5);
    drop(first);
    assert!(!network.tcp(22));
    let mut second = Nftables::open().unwrap();
    let same = second.reconcile(&layout(), &mut wanted.iter().cloned(), now()).unwrap();
    assert_eq!((same.added, same.removed, same.rebuilt), (0, 0, false), "{}", table());
    wanted[1].until = now().after(std::time::Duration::from_secs(7200));
    wanted[0] = ban("asterisk", Scope::Jail, "192.0.2.2", 3600);
    wanted[3] = ban("web", Scope::AllPorts, "198.51.0.0/16", 3600);
    let differs = second.reconcile(&layout(), &mut wanted.iter().cloned(), now()).unwrap();
    assert_eq!((differs.added, differs.removed, differs.rebuilt), (3, 2, false), "{}", table());
    assert_eq!(held(&mut second).len(), 5);
    // The store is lost: what the kernel holds is the truth.
    let rebuilt = Nftables::open().unwrap().held(now()).unwrap();
    let again = second.reconcile(&layout(), &mut rebuilt.into_iter(), now()).unwrap();
    assert_eq!((again.added, again.removed), (0, 0));
}

#[test]
fn changed_jails_keep_bans_and_counts() {
    let network = Network::new();
    let mut nftables = laid();
    let wanted =
        [ban("sshd", Scope::Jail, "192.0.2.2", 3600), ban("web", Scope::AllPorts, "192.0.2.4", 3600)];
    nftables.reconcile(&layout(), &mut wanted.iter().cloned(), now()).unwrap();
    assert!(!network.tcp(22));
    let mut layout = layout();
    layout.guards[0].ports.push("tcp/2222".parse().unwrap());
    layout.guards.remove(2);
    layout.guards.push(Guard { jail: JailName::new("dovecot"), ports: vec!["tcp/143".parse().unwrap()] });
    let changed = nftables.reconcile(&layout, &mut wanted.iter().cloned(), now()).unwrap();
    assert_eq!((changed.added, changed.removed, changed.rebuilt), (0, 0, true));
    assert!(!network.tcp(22) && !network.tcp(2222) && !network.udp("192.0.2.4", 9999));
    assert!(!table().contains("web_v4") && table().contains("dovecot_v4"));
    let counted = nftables.counters().unwrap();
    assert!(counted.iter().any(|c| c.jail.as_str() == "sshd" && c.packets >= 2), "{counted:?}");
}

#[test]
fn no_packet_passes_while_the_table_is_laid_anew() {
    let network = Network::new();
    let to: SocketAddr = format!("{HOST}:5060").parse().unwrap();
    let receiver = UdpSocket::bind(to).unwrap();
    let sender = network.in_peer(|| UdpSocket::bind("192.0.2.2:0")).unwrap();
    // Enough bans that a table with an empty set would be open for a while.
    let crowd = |count: u32| {
        (0..count).map(|n| {
            ban("asterisk", Scope::Jail, &std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).to_string(), 3600)
        })
    };
    let wanted = |count| std::iter::once(ban("asterisk", Scope::Jail, "192.0.2.2", 3600)).chain(crowd(count));
    let mut nftables = Nftables::open().unwrap();
    nftables.reconcile(&layout(), &mut wanted(5_000), now()).unwrap();
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                sender.send_to(b"REGISTER", to).unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
        let large = limit::ELEMENTS_PER_SET as u32 + 1;
        for round in 0..12 {
            let before = sent.load(Ordering::Relaxed);
            let mut layout = layout();
            layout.guards[0].ports.push(format!("tcp/{}", 2000 + round).parse().unwrap());
            if round % 3 == 1 {
                layout.guards.reverse();
            }
            // The set is spread over many and gathered again, another program inserts a rule, a restart happens.
            if round % 4 == 2 {
                run("nft", &["insert rule inet stockade jail_asterisk ip saddr 203.0.113.1 drop"]);
                nftables = Nftables::open().unwrap();
            }
            let count = if round % 2 == 0 { large } else { 5_000 };
            assert!(nftables.reconcile(&layout, &mut wanted(count), now()).unwrap().rebuilt);
            while sent.load(Ordering::Relaxed) < before + 1000 {
                std::thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    receiver.set_nonblocking(true).unwrap();
    eprintln!("{} datagrams sent while the table was laid anew 12 times", sent.load(Ordering::Relaxed));
    assert!(receiver.recv(&mut [0; 64]).is_err(), "a datagram of a banned address came through");
    let dropped: u64 = nftables.counters().unwrap().iter().map(|c| c.packets).sum();
    assert_eq!(dropped, sent.load(Ordering::Relaxed));
}

#[test]
fn a_hundred_thousand_bans_are_restored_and_compared() {
    let network = Network::new();
    let subject = |n: u32| -> String {
        match n % 10 {
            0 => format!("2001:db8:{:x}:{:x}::/64", 1 + (n >> 16), n & 0xffff),
            1 if n < 10_000 => format!("172.{}.{}.0/25", 16 + n / 2560, n / 10 % 256),
            _ => std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).to_string(),
        }
    };
    let wanted = || {
        (0..100_000u32)
            .map(|n| ban("sshd", if n % 3 == 0 { Scope::AllPorts } else { Scope::Jail }, &subject(n), 3600))
    };
    let mut wanted: Vec<Element> = wanted().collect();
    wanted.push(ban("sshd", Scope::Jail, "192.0.2.2", 3600));
    let mut nftables = Nftables::open().unwrap();
    let (restored, took) =
        timed(|| nftables.reconcile(&layout(), &mut wanted.iter().cloned(), now()).unwrap());
    eprintln!("100,001 bans restored in {took:?}");
    assert_eq!(restored.added, 100_001);
    assert!(!network.tcp(22));
    let mut nftables = Nftables::open().unwrap();
    let (same, took) = timed(|| nftables.reconcile(&layout(), &mut wanted.iter().cloned(), now()).unwrap());
    eprintln!("100,001 bans compared in {took:?}");
    assert_eq!((same.added, same.removed, same.rebuilt), (0, 0, false));
    let (held, took) = timed(|| nftables.held(now()).unwrap());
    eprintln!("100,001 bans read in {took:?}");
    assert_eq!(held.len(), 100_001);
}
