//! The one switch, and the overview around it.

use std::time::Duration;

use arena::knock::{Door, knock};
use browser::daemon::PORT;
use browser::xpath::control;
use browser::{Look, Result, Settings, Stage};

const SHORT: Duration = Duration::from_secs(2);

#[test]
fn the_switch_asks_before_it_turns_protection_off_and_bans_end_with_it() -> Result<()> {
    let stage = Stage::new()?;
    stage.daemon.command(&["ban", &stage.stranger().v4.to_string()])?;
    let door = || knock(stage.stranger(), stage.server().address(), PORT, SHORT);
    crate::wait_for("silence for the stranger", || Ok(door()? == Door::Silent))?;
    let browser = stage.signed_in(&Look::default())?;
    assert_eq!(browser.attribute("//button[@role='switch']", "aria-checked")?, "true");

    browser.press_at("//button[@role='switch']")?;
    browser.reads("Switch protection off?")?;
    browser.press("Leave it on")?;
    assert_eq!(browser.attribute("//button[@role='switch']", "aria-checked")?, "true");
    assert!(stage.daemon.settings()?.contains("enabled = true\nlogs"), "nothing was written");

    browser.press_at("//button[@role='switch']")?;
    browser.press("Switch off")?;
    browser.reads("Protection is off")?;
    assert_eq!(browser.attribute("//button[@role='switch']", "aria-checked")?, "false");
    assert!(stage.daemon.settings()?.contains("\nenabled = false\n"));
    crate::wait_for("the stranger's way in", || Ok(door()? == Door::Open))?;

    browser.press_at("//button[@role='switch']")?;
    browser.reads("Protection is on.")?;
    assert!(!stage.daemon.settings()?.starts_with("enabled = false"));
    crate::wait_for("silence for the stranger", || Ok(door()? == Door::Silent))
}

#[test]
fn the_overview_shows_who_attacks_what_and_whether_the_logs_are_read() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let browser = stage.signed_in(&Look::default())?;
    // The accounts that were tried, the services, the networks.
    browser.find("//section[@aria-labelledby='accounts']//*[contains(., '1001')]")?;
    browser.find("//section[@aria-labelledby='networks']//*[contains(., '198.51.100.0/24')]")?;
    browser.find("//section[@aria-labelledby='offenders']//*[contains(., '198.51.100.22')]")?;
    browser.find("//section[@aria-labelledby='sources']//*[contains(., 'auth.log')]")?;
    browser.find("//section[@aria-labelledby='sources']//*[contains(., 'being read')]")?;
    // The chart is a picture of the server's, and its numbers can be read without it.
    browser.find("//*[local-name()='svg' and @role='img']")?;
    browser.press("As a table")?;
    browser.find("//details[@open]//table//*[contains(., 'SIP')]")?;
    browser.press("7 days")?;
    browser.find("//*[local-name()='svg' and @role='img']")?;
    assert_eq!(browser.path()?, "/?span=week");
    browser.find(&control("24 hours"))
}
