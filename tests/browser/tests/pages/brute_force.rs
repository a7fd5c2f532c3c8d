//! The three numbers, the presets, the whitelist.

use std::time::Duration;

use arena::knock::{Door, knock};
use browser::settings::{COMMENT_ABOVE, COMMENT_BESIDE};
use browser::xpath::{field, quoted};
use browser::{Browser, Look, Result, Settings, Stage};

const SSH: u16 = 22;
const SHORT: Duration = Duration::from_secs(2);

fn opened(stage: &Stage) -> Result<Browser> {
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/brute-force")?;
    Ok(browser)
}

fn numbers(browser: &Browser) -> Result<[String; 4]> {
    Ok([
        browser.value("Number of attempts for blocking")?,
        browser.value("Within (seconds)")?,
        browser.value("Block for (seconds)")?,
        browser.value("SIP requests a second from one address")?,
    ])
}

#[test]
fn a_preset_sets_the_numbers_and_the_sip_limit_and_the_file_keeps_its_comments() -> Result<()> {
    let stage = Stage::new()?;
    let browser = opened(&stage)?;
    browser.reads("Blocking does not make a simple password safe.")?;
    assert_eq!(numbers(&browser)?, ["5", "600", "3600", ""]);
    let presets = [
        ("weak", ["20", "600", "600", "500"]),
        ("normal", ["10", "3600", "86400", "300"]),
        ("enhanced", ["5", "21600", "604800", "150"]),
        ("paranoid", ["3", "86400", "2592000", "100"]),
    ];
    for (name, expected) in presets {
        browser.press_at(&format!("//button[@value='preset:{name}']"))?;
        assert_eq!(numbers(&browser)?, expected, "{name}");
    }
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    assert_eq!(numbers(&browser)?, ["3", "86400", "2592000", "100"]);
    let file = stage.daemon.settings()?;
    assert!(file.starts_with(COMMENT_ABOVE), "{file}");
    assert!(file.contains(&format!("max_retry = 3 {COMMENT_BESIDE}\n")), "{file}");
    assert!(file.contains("sip_limit = 100"), "{file}");
    // In force: the third failure blocks, and not the fifth.
    stage.ssh.ssh("203.0.113.7", "root", 3, Duration::ZERO)?;
    crate::wait_for("ban", || Ok(stage.daemon.banned()? == ["203.0.113.7@sshd"]))
}

#[test]
fn the_slider_goes_with_the_keyboard_too() -> Result<()> {
    let stage = Stage::new()?;
    let browser = opened(&stage)?;
    let slider = field("Strictness, from lenient to strict");
    browser.find(&slider)?;
    // Own numbers first; End is the strictest.
    browser.keys_at(&slider, "\u{E010}")?;
    assert_eq!(numbers(&browser)?, ["3", "86400", "2592000", "100"]);
    browser.keys_at(&slider, "\u{E012}")?;
    assert_eq!(numbers(&browser)?, ["5", "21600", "604800", "150"]);
    browser.find("//button[@value='preset:enhanced' and @aria-pressed='true']")
}

#[test]
fn a_wrong_entry_of_the_whitelist_is_shown_at_its_place_and_nothing_is_saved() -> Result<()> {
    let stage = Stage::new()?;
    let before = stage.daemon.settings()?;
    let browser = opened(&stage)?;
    let typed = "192.0.2.1, 203.0.113.0/24\n198.51.100.7 10.0.0.300";
    browser.fill("Whitelist", typed)?;
    browser.press("Save")?;
    browser.find("//textarea[@id='whitelist' and @aria-invalid='true']")?;
    let said = browser.text("//*[@id='whitelist-wrong']")?;
    assert!(said.contains("Line 2, column 14") && said.contains("10.0.0.300"), "{said}");
    assert_eq!(said.matches("Line ").count(), 1, "only the wrong one: {said}");
    assert_eq!(browser.value("Whitelist")?, typed, "what was typed is kept");
    // And the numbers, each at its own field.
    browser.fill("Number of attempts for blocking", "none")?;
    browser.press("Save")?;
    let said = browser.text("//*[@id='max_retry-wrong']")?;
    assert!(said.contains("Write a whole number"), "{said}");
    assert_eq!(stage.daemon.settings()?, before);
    Ok(())
}

#[test]
fn whoever_comes_onto_the_whitelist_is_let_in_at_once() -> Result<()> {
    let stage = Stage::new()?;
    let stranger = stage.stranger().v4.to_string();
    let door = || knock(stage.stranger(), stage.server().address(), SSH, SHORT);
    assert_eq!(door()?, Door::Refused, "nobody listens there, and the kernel says so");
    stage.ssh.ssh(&stranger, "root", 5, Duration::ZERO)?;
    crate::wait_for("silence for the stranger", || Ok(door()? == Door::Silent))?;
    let browser = opened(&stage)?;
    browser.fill("Whitelist", &format!("192.0.2.1,{stranger}"))?;
    browser.press("Save")?;
    crate::done(&browser, "Saved.")?;
    crate::wait_for("the stranger's way in", || Ok(door()? == Door::Refused))?;
    assert!(stage.daemon.banned()?.is_empty());
    stage.ssh.ssh(&stranger, "root", 50, Duration::ZERO)?;
    stage.ssh.ssh("203.0.113.7", "root", 5, Duration::ZERO)?;
    crate::wait_for("ban", || Ok(stage.daemon.banned()? == ["203.0.113.7@sshd"]))
}

#[test]
fn before_saving_the_page_says_what_the_change_would_have_done() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let before = stage.daemon.settings()?;
    let browser = opened(&stage)?;
    // While somebody types.
    browser.press_at("//button[@value='preset:paranoid']")?;
    browser
        .find("//*[@id='outcome' and contains(., 'would have blocked') and contains(., 'more addresses')]")?;
    browser.fill("Whitelist", "203.0.113.66")?;
    browser.press("Check first")?;
    let removed = "//*[@id='outcome' and contains(., 'Would not have been blocked')]";
    browser.find(removed)?;
    assert!(browser.text("//*[@id='outcome']")?.contains("203.0.113.66"));
    assert_eq!(stage.daemon.settings()?, before, "nothing is saved yet");
    browser.press("Discard")?;
    assert_eq!(browser.value("Whitelist")?, "");
    Ok(())
}

#[test]
fn two_administrators_do_not_overwrite_each_other() -> Result<()> {
    let stage = Stage::new()?;
    let browser = opened(&stage)?;
    let file = stage.daemon.settings()?.replace("max_retry = 5 ", "max_retry = 7 ");
    std::fs::write(stage.daemon.config(), file).map_err(arena::Error::io("write", "the settings"))?;
    browser.fill("Within (seconds)", "900")?;
    browser.press("Save")?;
    browser.reads("The settings were changed meanwhile")?;
    assert!(stage.daemon.settings()?.contains("max_retry = 7 "));
    assert_eq!(browser.value("Within (seconds)")?, "900", "what was typed is kept");
    browser.press("Save")?;
    crate::done(&browser, "Saved.")?;
    assert!(!stage.daemon.settings()?.contains("find_time = \"10m\""));
    Ok(())
}

#[test]
fn settings_that_cannot_be_written_make_the_page_read_only() -> Result<()> {
    let stage = Stage::new()?;
    let _locked = Locked::new(stage.daemon.config().parent().expect("a directory"))?;
    let browser = opened(&stage)?;
    browser.reads("The settings cannot be changed here")?;
    assert!(!browser.has("//main//button[normalize-space(.)='Save' and not(@disabled)]")?);
    browser.visit("/firewall")?;
    browser.reads("The settings cannot be changed here")?;
    browser.visit("/")?;
    browser.find("//button[@role='switch' and @disabled]")?;
    // Addresses can be blocked all the same.
    browser.visit("/blocked/new")?;
    browser.fill("Address or subnet", "203.0.113.7")?;
    browser.press("Block")?;
    browser.find(&format!("//*[contains(., {})]", quoted("203.0.113.7 is blocked.")))
}

/// A directory whose files even root cannot change, until it is dropped.
struct Locked<'a>(&'a std::path::Path);

impl<'a> Locked<'a> {
    fn new(path: &'a std::path::Path) -> Result<Self> {
        arena::process::run(std::process::Command::new("chattr").arg("+i").arg(path))?;
        Ok(Self(path))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // One that stays locked would only stay in the directory for temporary files.
        let _ = arena::process::run(std::process::Command::new("chattr").arg("-i").arg(self.0));
    }
}
