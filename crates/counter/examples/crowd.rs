//! Measures the counter under a crowd of addresses: `crowd FAILURES SUBJECTS [PER_SUBJECT]` feeds FAILURES failures from
//! SUBJECTS random addresses and prints failures a second, memory, and how many heavy hitters among them were caught.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "measuring is what this program is for")]

use std::fs;
use std::time::{Duration, Instant};

use counter::{Bound, Counter, Limits, Observation};
use event::{Failure, JailName, Moment, Proof, Subject, Whitelist};

/// Each so many failures, one of the ten heavy hitters fails.
const HEAVY_EVERY: u64 = 1000;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [failures, subjects, ..] = numbers[..] else {
        return println!("usage: crowd FAILURES SUBJECTS");
    };
    let jails: Vec<_> = (0..20).map(|number| JailName::new(&format!("jail-{number}"))).collect();
    let mut counter = Counter::new(Bound::default());
    for jail in &jails {
        counter.set_limits(jail, Limits { max_retry: 5, find_time: Duration::from_secs(600) }).unwrap();
    }
    let whitelist = Whitelist::new(
        [("127.0.0.0/8", "loopback"), ("10.0.0.0/8", "office")]
            .map(|(subject, origin)| (subject.parse().unwrap(), origin.to_owned())),
    );
    let (before, start) = (resident_bytes(), Instant::now());
    let (mut random, mut offences, mut heavy) = (0x9e37_79b9_7f4a_7c15, 0, 0);
    let mut failure = first_failure(&jails[0]);
    for number in 0..failures {
        let is_heavy = number % HEAVY_EVERY == 0;
        let who = if is_heavy { number / HEAVY_EVERY % 10 } else { scramble(next(&mut random) % subjects) };
        failure.subject = subject(who, is_heavy);
        failure.jail.clone_from(&jails[(who % 20) as usize]);
        failure.at = Moment::from_millis(1_000_000_000 + number as i64 / 1000);
        if let Observation::Offence(_) = counter.observe(&failure, &whitelist, failure.at) {
            offences += 1;
            heavy += u64::from(is_heavy);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let bytes = resident_bytes().saturating_sub(before);
    let (windows, evicted) = (counter.len(), counter.evicted());
    println!(
        "{failures} failures of {subjects} subjects in {seconds:.2} s: {:.2} million/s",
        failures as f64 / seconds / 1e6
    );
    println!(
        "{windows} windows, {evicted} evicted, {:.1} MB, {} bytes a window",
        bytes as f64 / 1e6,
        bytes / windows.max(1) as u64
    );
    println!("{offences} offences, {heavy} of heavy hitters (of at most {})", failures / HEAVY_EVERY / 5);
}

fn first_failure(jail: &JailName) -> Failure {
    Failure {
        jail: jail.clone(),
        subject: subject(0, false),
        address: None,
        at: Moment::from_millis(0),
        account: Some("root".into()),
        count: 1,
        proof: Proof::Proven,
        echo: 0,
        pattern: "pattern".into(),
        line: "line".into(),
    }
}

/// IPv6 for the crowd, so that 10,000,000 of them differ; IPv4 for the heavy hitters.
fn subject(who: u64, is_heavy: bool) -> Subject {
    if is_heavy {
        return Subject::counted([192, 0, 2, who as u8].into());
    }
    Subject::counted((0x2001_0db8_u128 << 96 | u128::from(who) << 64).to_be_bytes().into())
}

/// xorshift: the same crowd in each run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Spreads small numbers over 32 bits without two of them meeting.
fn scramble(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b1) & 0xffff_ffff
}

/// Memory that the kernel has really given to this process; 0 where there is no `/proc`.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
        * 1024
}
