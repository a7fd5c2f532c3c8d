//! Addresses that others say are bad: from a file, by URL, from a CrowdSec LAPI. Each list is fetched by a thread of its own, from time
//! to time, and handed on as a whole; the last good one is kept on the disk and outlives its source. Nothing here decides:
//! the whitelist stands above every list, elsewhere.

pub mod entry;
pub mod lists;
mod wake;
mod kept;
mod origin;
mod plain;
pub mod lapi;
mod answer;
mod held;
mod duration;
mod fence;
mod web;

pub use entry::Entry;
pub use lapi::{Client, Delta, LapiError};
pub use lists::{Delivery, Health, Host, Lists, last_known};
