//! Carries out on this host what a Stockade or a CrowdSec elsewhere decides: asks by LAPI or reads Redis's keys, and keeps the
//! kernel's table as wanted, by the same enforcement as the main job. It decides nothing, counts nothing, and lifts nothing
//! because its source is away.
//!
//! Two threads: one asks the origin and may have to wait for it (`asker`), the other keeps the kernel (`bouncer`, `keeper`) and waits for
//! nobody, so that what another program takes out of the table is back at once, whatever the origin does.

pub mod bouncer;
mod error;
mod asker;
mod redis_keys;
mod news;
mod wanted;
mod keeper;
mod never;
mod gateway;
mod memory;
mod pause;

pub use bouncer::{Options, Origin, run};
pub use error::BouncerError;
