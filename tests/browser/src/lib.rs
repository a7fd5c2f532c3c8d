//! The pages and the API as people and programs use them: a real Chromium on a host of its own, the real `stockade` on
//! another, real packets between them.
//!
//! Built on the arena's hosts. Nothing is imitated and nothing sleeps: a wait is for what the page, the kernel or the settings
//! file shows, and has a deadline.

pub mod error;
pub mod log;
pub mod settings;
pub mod daemon;
pub mod crowd;
pub mod stage;
pub mod driver;
pub mod browser;
pub mod xpath;
pub mod axe;
pub mod picture;
pub mod client;
pub mod tools;

pub use browser::{Browser, Look};
pub use client::{Answer, Client};
pub use daemon::Daemon;
pub use error::{Error, Result};
pub use log::Log;
pub use settings::Settings;
pub use stage::Stage;
