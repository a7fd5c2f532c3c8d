//! Everything that matters, in a browser that runs no scripts.

use browser::xpath::{control, field, row};
use browser::{Look, Result, Settings, Stage};

#[test]
fn scripts_are_really_off_and_nothing_that_needs_them_is_shown() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.signed_in(&Look::scriptless())?;
    browser.visit("/brute-force")?;
    // The script would show the slider.
    assert!(browser.has("//input[@type='range' and @hidden]")?);
    browser.visit("/blocked")?;
    assert!(!browser.has("//input[@data-all and not(@hidden)]")?);
    Ok(())
}

#[test]
fn the_numbers_the_presets_and_the_whitelist_are_set_without_scripts() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let browser = stage.signed_in(&Look::scriptless())?;
    browser.visit("/brute-force")?;
    browser.press_at("//button[@value='preset:enhanced']")?;
    browser.find("//button[@value='preset:enhanced' and @aria-pressed='true']")?;
    assert_eq!(browser.value("Block for (seconds)")?, "604800");
    browser.find("//*[@id='outcome' and contains(., 'would have blocked')]")?;
    browser.fill("Whitelist", "192.0.2.1 nonsense")?;
    browser.press("Save")?;
    browser.find("//textarea[@id='whitelist' and @aria-invalid='true']")?;
    browser.fill("Whitelist", "192.0.2.1 192.0.2.2")?;
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    assert!(stage.daemon.settings()?.contains("192.0.2.2"));
    Ok(())
}

#[test]
fn addresses_are_blocked_found_looked_into_and_unblocked_without_scripts() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let browser = stage.signed_in(&Look::scriptless())?;
    browser.visit("/blocked/new")?;
    browser.fill("Address or subnet", "203.0.113.7")?;
    browser.press("Block")?;
    crate::done(&browser, "203.0.113.7 is blocked.")?;
    browser.fill("Search", "203.0.113.66")?;
    browser.press("Search")?;
    browser.press("203.0.113.66")?;
    browser.find("//h1")?;
    browser.find("//ol[@class='evidence']//code[contains(., 'Failed password')]")?;
    browser.visit("/blocked")?;
    browser.press("Unblock 203.0.113.7")?;
    crate::done(&browser, "203.0.113.7 is unblocked.")?;
    browser.press_at(&field("Select 203.0.113.66"))?;
    browser.press("Unblock selected")?;
    crate::done(&browser, "203.0.113.66 is unblocked.")?;
    assert!(!browser.has(&row("203.0.113.66"))?);
    Ok(())
}

#[test]
fn rules_are_made_moved_and_saved_without_scripts() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.signed_in(&Look::scriptless())?;
    browser.visit("/firewall")?;
    browser.press("Suggest first rules")?;
    browser.find("//input[@value='My network']")?;
    let rows = browser.count("//ol[@id='rules']/li")?;
    browser.press("Add a network")?;
    browser.find(&format!("//ol[@id='rules'][count(li)={}]", rows + 1))?;
    let last = format!("//ol[@id='rules']/li[{}]", rows + 1);
    browser.fill_at(&format!("{last}//input[@maxlength='64']"), "Office")?;
    browser.fill_at(&format!("{last}//textarea"), "192.0.2.0/24")?;
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    browser.press("Remove “Office”")?;
    browser.find(&format!("//ol[@id='rules'][count(li)={rows}]"))?;
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    assert!(!stage.daemon.settings()?.contains("Office"));
    Ok(())
}

#[test]
fn the_switch_the_keys_and_the_filters_work_without_scripts() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.signed_in(&Look::scriptless())?;
    browser.press_at("//button[@role='switch']")?;
    browser.press("Switch off")?;
    browser.reads("Protection is off")?;
    browser.press_at("//button[@role='switch']")?;
    browser.reads("Protection is on.")?;
    browser.visit("/jails?filter=sshd")?;
    browser.press("Take an example")?;
    browser.press("Try")?;
    browser.reads("1 failed sign-in")?;
    browser.visit("/keys")?;
    browser.fill("Name", "backup-1")?;
    browser.press("Make a key")?;
    browser.find("//*[@id='secret']")?;
    browser.press("Revoke backup-1")?;
    browser.press("Revoke it")?;
    crate::done(&browser, "The key is revoked.")?;
    browser.visit("/journal")?;
    browser.find("//b[.='Revoked a key']")?;
    browser.press("Sign out")?;
    browser.find(&control("Sign in"))
}
