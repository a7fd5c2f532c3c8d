//! `stockade.toml` as written becomes checked settings, or a list of complaints: all of them at once, each with its line.
//!
//! Two steps. `raw` mirrors the file, key by key, each value with the line where it stands, and refuses what it does not
//! know. `checked` makes plain values of it and judges them. Only `load` and `write` touch the disk. This crate knows
//! no filter: what a filter brings along is merged by `Settings::limits`.

pub mod settings;
pub mod firewall;
pub mod http;
pub mod redis;
pub mod outlet;
pub mod blocklist;
pub mod preset;
pub mod edit;
pub mod typed;
pub mod write;
pub mod difference;
pub mod load;
pub mod complaint;
pub mod checked;
pub mod duration;
mod judge;
mod raw;
mod written;
mod nearest;

pub use blocklist::{Blocklist, ListOrigin};
pub use checked::check;
pub use complaint::Complaint;
pub use difference::difference;
pub use duration::{FOREVER, parse_duration};
pub use edit::{Edit, EditError, edit};
pub use firewall::{Firewall, Network, Service, ServicePorts};
pub use http::{Http, Tls};
pub use load::load;
pub use outlet::{Asterisk, Nginx, Reload};
pub use preset::{PRESETS, Preset};
pub use redis::{Redis, Servers};
pub use settings::{
    Control, Enabled, Enforcement, Escalation, Evidence, Filters, Jail, Lapi, LimitOverrides, Limits, Log,
    LogLevel, Mode, Settings, Whitelisted,
};
pub use typed::{Mistake, WrongEntry, parse_addresses};
pub use write::{read_text, tag, why_read_only, write_text};
