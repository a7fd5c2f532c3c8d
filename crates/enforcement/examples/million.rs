//! Measures enforcement with a million bans in a network namespace of its own: run as root, `cargo run --release -p
//! enforcement --example million [BANS]`. Compares with `nft -f` on the same machine. Prints figures, asserts nothing but sense.
#![allow(clippy::print_stdout, reason = "a measurement prints its figures")]
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use enforcement::{Change, Element, Enforcement, Guard, Layout, Nftables};
use event::{JailName, Moment, Scope, Subject};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const NAME: &str = "stockade-million";

fn main() {
    let count: u32 =
        std::env::args().nth(1).map_or(1_000_000, |count| count.parse().expect("a number of bans"));
    let home = File::open("/proc/thread-self/ns/net").expect("open the namespace");
    ip(&["netns", "add", NAME]);
    enter(&File::open(format!("/run/netns/{NAME}")).expect("open the namespace"));
    measure(count);
    enter(&home);
    ip(&["netns", "delete", NAME]);
}

fn measure(count: u32) {
    println!("{count} bans, one jail on tcp/22, IPv4");
    let nft = nft_file(count);
    println!("nft -f, empty kernel:               {:>9.3?}", timed(|| run_nft(&nft)).1);
    ip(&["netns", "exec", NAME, "nft", "flush", "ruleset"]);

    let layout = layout();
    let mut nftables = Nftables::open().expect("a netlink socket").with_clock(now);
    let (result, took) =
        timed(|| nftables.reconcile(&layout, &mut wanted(0..count), now()).expect("restore"));
    println!("restore, empty kernel:              {took:>9.3?}  {result:?}");
    drop(nftables);

    let mut nftables = Nftables::open().expect("a netlink socket").with_clock(now);
    let (result, took) =
        timed(|| nftables.reconcile(&layout, &mut wanted(0..count), now()).expect("reconcile"));
    println!("reconcile after a restart, no difference: {took:>9.3?}  {result:?}");
    let (held, took) = timed(|| nftables.held(now()).expect("read"));
    println!("read all bans from the kernel:      {took:>9.3?}  {} bans", held.len());
    drop(held);

    burst(&mut nftables, count, "20,000 new bans in lists of 1,000:  ");
    let watch = nftables.watch().expect("a watch");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| drain(watch, &stop));
        burst(&mut nftables, count + 20_000, "the same with a watch listening:    ");
        stop.store(true, Ordering::Relaxed);
    });
    let unbans: Vec<Change> = (count..count + 20_000).map(|n| removal(subject(n))).collect();
    println!(
        "20,000 unbans in one list:          {:>9.3?}",
        timed(|| nftables.apply(&unbans, now()).expect("unban")).1
    );
    let prolong: Vec<Change> = wanted(0..20_000).map(Change::Add).collect();
    println!(
        "20,000 bans prolonged in one list:  {:>9.3?}",
        timed(|| nftables.apply(&prolong, now()).expect("prolong")).1
    );
    let single: Vec<Duration> = (0..200)
        .map(|n| timed(|| nftables.apply(&[Change::Add(element(2 * count + n))], now()).expect("ban")).1)
        .collect();
    println!("one ban at a time, slowest of 200:  {:>9.3?}", single.iter().max().expect("some"));
    let mut changed = layout;
    changed.guards[0].ports.push("tcp/2222".parse().expect("a port"));
    let (result, took) = timed(|| nftables.reconcile(&changed, &mut wanted(0..count), now()).expect("relay"));
    println!("changed jail, table laid anew:      {took:>9.3?}  {result:?}");
    println!("largest memory of this process:     {}", peak_memory());
    println!(
        "remove everything:                  {:>9.3?}",
        timed(|| nftables.remove_all().expect("remove")).1
    );
}

fn burst(nftables: &mut Nftables, first: u32, title: &str) {
    let lists: Vec<Vec<Change>> = (0..20)
        .map(|list| wanted(first + list * 1000..first + (list + 1) * 1000).map(Change::Add).collect())
        .collect();
    let took =
        timed(|| lists.iter().map(|list| nftables.apply(list, now()).expect("ban").added).sum::<u64>()).1;
    println!("{title}{took:>9.3?}  {:.0} bans/s", 20_000.0 / took.as_secs_f64());
}

fn drain(mut watch: enforcement::Watch, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        assert!(!watch.changed().expect("the watch"), "our own changes were taken for another's");
        std::thread::yield_now();
    }
}

fn layout() -> Layout {
    let guard = Guard { jail: JailName::new("sshd"), ports: vec!["tcp/22".parse().expect("a port")] };
    Layout {
        guards: vec![guard],
        whitelist: vec!["127.0.0.0/8".parse().expect("a subnet")],
        ..Layout::default()
    }
}

/// Scattered, each number another: multiplying by an odd number permutes the addresses.
fn subject(n: u32) -> Subject {
    Subject::exactly(Ipv4Addr::from_bits(n.wrapping_mul(2_654_435_761)).into())
}

fn element(n: u32) -> Element {
    let until = Moment::from_seconds(1_800_086_400 + i64::from(n % 1000));
    Element { jail: JailName::new("sshd"), scope: Scope::Jail, subject: subject(n), until }
}

fn wanted(range: std::ops::Range<u32>) -> impl Iterator<Item = Element> {
    let jail = JailName::new("sshd");
    range.map(move |n| Element { jail: jail.clone(), ..element(n) })
}

fn removal(subject: Subject) -> Change {
    Change::Remove { jail: JailName::new("sshd"), scope: Scope::Jail, subject }
}

fn nft_file(count: u32) -> String {
    let mut text =
        String::from("table inet stockade {\n set sshd_v4 { type ipv4_addr; flags timeout; elements = {\n");
    for n in 0..count {
        writeln!(text, "{} timeout 1d,", subject(n)).expect("text");
    }
    text.push_str("}\n}\n}\n");
    text
}

fn run_nft(text: &str) {
    use std::io::Write as _;
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("the package nftables");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("write to nft");
    assert!(child.wait().expect("nft ends").success());
}

fn peak_memory() -> String {
    let mut status = String::new();
    File::open("/proc/self/status")
        .and_then(|mut file| file.read_to_string(&mut status))
        .expect("read the status");
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

#[allow(clippy::disallowed_methods, reason = "the kernel's timeouts run in real time")]
fn now() -> Moment {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    Moment::from_seconds(1_800_000_000).after(START.get_or_init(Instant::now).elapsed())
}

#[allow(clippy::disallowed_methods, reason = "a measurement needs the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn ip(arguments: &[&str]) {
    assert!(Command::new("ip").args(arguments).status().expect("the package iproute2").success());
}

fn enter(namespace: &File) {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).expect("run as root");
}
