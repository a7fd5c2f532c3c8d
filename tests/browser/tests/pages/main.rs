//! The pages, in a real Chromium on a host of its own.
//!
//! Each test has its own server, so they run at the same time and in any order. They need root and what `tests/setup.sh`
//! installs; `make browser` sees to both, and builds the binary first.

mod first_start;
mod switch;
mod blocked;
mod brute_force;
mod firewall;
mod jails;
mod keys;
mod journal;
mod languages;
mod phone;
mod scriptless;
mod access;
mod pictures;

use arena::deadline::{Deadline, PATIENCE};
use browser::{Browser, Result};

/// Every page of the navigation, and the pages behind them.
const PAGES: [(&str, &str); 9] = [
    ("overview", "/"),
    ("blocked", "/blocked"),
    ("why", "/blocked/203.0.113.66"),
    ("block", "/blocked/new"),
    ("brute-force", "/brute-force"),
    ("firewall", "/firewall"),
    ("jails", "/jails"),
    ("keys", "/keys"),
    ("journal", "/journal"),
];

/// Waits until the page that is open shows that a form was done.
fn done(browser: &Browser, said: &str) -> Result<()> {
    browser.find(&format!("//*[contains(@class, 'notice') and contains(normalize-space(.), '{said}')]"))
}

/// Looks until `is_there` says so; `what` names in a message what never came.
#[track_caller]
fn wait_for(what: &str, mut is_there: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Deadline::after(PATIENCE);
    while !is_there()? {
        assert!(deadline.left().is_some(), "no {what} within {} s", PATIENCE.as_secs());
    }
    Ok(())
}
