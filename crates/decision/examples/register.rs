//! Measures the register of bans: `register BANS` makes so many bans of random addresses and prints their memory, how long
//! each took, and how long it takes to let them all run out.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "measuring is what this program is for")]

use std::fs;
use std::time::{Duration, Instant};

use decision::{BanTime, Bounds, Decider, Settings};
use event::{JailName, Moment, Offence, Proof, Subject, Whitelist};

fn main() {
    let Some(bans) = std::env::args().nth(1).and_then(|text| text.parse::<u64>().ok()) else {
        return println!("usage: register BANS [claimed]");
    };
    // Claimed evidence leaves no memory: what is measured then is the bans alone.
    let proof = if std::env::args().nth(2).is_some() { Proof::Claimed } else { Proof::Proven };
    let jail = JailName::new("ssh");
    let mut decider = Decider::new(Settings::default(), Bounds::default());
    decider.set_jail(&jail, BanTime::For(Duration::from_secs(3600)));
    let nobody = Whitelist::default();
    let (before, start) = (resident_bytes(), Instant::now());
    for number in 0..bans {
        // An odd factor spreads the numbers over all addresses without two of them meeting.
        let address = (number as u32).wrapping_mul(0x9e37_79b1).to_be_bytes();
        let (at, subject) =
            (Moment::from_millis(1_000_000_000 + number as i64 / 100), Subject::counted(address.into()));
        let find_time = Duration::from_secs(600);
        let failures = 5 + number as u32 % 3;
        let offence = Offence { jail: jail.clone(), subject, at, failures, proof, max_retry: 5, find_time };
        decider.judge(&offence, &nobody, at);
    }
    let (seconds, bytes) = (start.elapsed().as_secs_f64(), resident_bytes() - before);
    let live = decider.live() as u64;
    println!("{live} bans in {seconds:.2} s: {:.2} million/s", live as f64 / seconds / 1e6);
    println!(
        "{:.1} MB, {} bytes a ban, {} remembered",
        bytes as f64 / 1e6,
        bytes / live.max(1),
        decider.remembers().0
    );
    let start = Instant::now();
    let ended = decider.expire(Moment::from_millis(i64::MAX - 1)).len();
    println!("{ended} ran out in {:.2} s", start.elapsed().as_secs_f64());
}

/// Memory that the kernel has really given to this process; 0 where there is no `/proc`.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
        * 1024
}
