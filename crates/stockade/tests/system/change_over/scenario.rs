//! Attackers by chance, the same ones in every run: who fails how often, and when.

use jiff::{SignedDuration, Timestamp};

use super::words::{JAILS, failure};
use super::{LIMITS, ago};

/// Numbers that look like chance and are the same in every run.
pub struct Chance(u64);

impl Chance {
    /// From this seed on.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Less than `bound`.
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % bound
    }
}

/// Who fails when.
pub struct Plan {
    pub attackers: usize,
    lines: Vec<(Timestamp, &'static str, String)>,
}

impl Plan {
    /// The last ten minutes and the time before them. Lines keep half a minute away from what is too old by a hair: that depends on how fast a
    /// daemon starts.
    pub fn of_history(chance: &mut Chance, attackers: usize) -> Self {
        let start = ago(0);
        let mut lines = Vec::new();
        for attacker in 0..attackers {
            let address = match attacker % 10 {
                9 => format!("2001:db8:{attacker:x}::{:x}", 1 + chance.below(60000)),
                8 if attacker % 20 == 8 => format!("198.18.9.{}", 1 + attacker % 250),
                _ => format!("198.18.{}.{}", 20 + attacker / 250, 1 + attacker % 250),
            };
            let first = chance.below(4) as usize;
            for more in 0..=chance.below(2) as usize {
                let (jail, retry) = LIMITS[(first + more) % 4];
                let retry = retry as i64;
                let (recent, old) = match chance.below(6) {
                    0 | 1 => (retry - 1, 0),
                    2 | 3 => (retry, 0),
                    4 => (retry + chance.below(2), 0),
                    _ => (retry - 1, 3),
                };
                let recent = (0..recent).map(|_| 15 + chance.below(555)).collect::<Vec<_>>();
                let old = (0..old).map(|_| 640 + chance.below(3000)).collect::<Vec<_>>();
                for back in recent.into_iter().chain(old) {
                    let at = start.checked_sub(SignedDuration::from_secs(back)).expect("a time");
                    lines.push((at, jail, address.clone()));
                }
            }
        }
        lines.sort();
        Self { attackers, lines }
    }

    /// Tells the text of each log; says how many lines there are.
    pub fn write(&self, mut tell: impl FnMut(&str, &str)) -> usize {
        for jail in JAILS {
            let of_jail = self.lines.iter().enumerate().filter(|(_, (_, one, _))| *one == jail);
            let text: String =
                of_jail.map(|(number, (at, jail, address))| failure(jail, address, *at, number)).collect();
            tell(jail, &text);
        }
        self.lines.len()
    }
}
