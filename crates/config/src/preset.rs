//! The four presets of the page's slider: limits and the SIP limit, from lenient to strict.

use std::time::Duration;

use crate::Limits;

/// A preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The word for it: `weak`, `normal`, `enhanced`, `paranoid`.
    pub name: &'static str,
    /// The three numbers.
    pub limits: Limits,
    /// SIP requests a second from one address.
    pub sip_limit: u32,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// All, from lenient to strict.
pub const PRESETS: [Preset; 4] = [
    preset("weak", 20, 10 * MINUTE, 10 * MINUTE, 500),
    preset("normal", 10, HOUR, DAY, 300),
    preset("enhanced", 5, 6 * HOUR, 7 * DAY, 150),
    preset("paranoid", 3, 24 * HOUR, 30 * DAY, 100),
];

const fn preset(name: &'static str, max_retry: u32, within: u64, block_for: u64, sip_limit: u32) -> Preset {
    let limits = Limits {
        max_retry,
        find_time: Duration::from_secs(within),
        ban_time: Duration::from_secs(block_for),
    };
    Preset { name, limits, sip_limit }
}
