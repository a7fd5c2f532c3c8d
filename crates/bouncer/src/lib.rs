//! Carries out on this host what a Stockade or a CrowdSec elsewhere decides: asks by LAPI or reads Redis's keys, and keeps the
//! kernel's table as wanted, by the same enforcement as the main job. It decides nothing, counts nothing, and lifts nothing
//! because its source is away.

pub mod bouncer;

pub use bouncer::{BouncerError, Options, Origin, run};
