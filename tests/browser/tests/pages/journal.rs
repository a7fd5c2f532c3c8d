//! The journal of actions.

use browser::xpath::control;
use browser::{Look, Result, Stage};

#[test]
fn it_tells_who_did_what_from_where_with_the_differences_of_the_settings() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/brute-force")?;
    browser.fill("Number of attempts for blocking", "8")?;
    browser.press("Save")?;
    crate::done(&browser, "Saved.")?;
    browser.visit("/blocked/new")?;
    browser.fill("Address or subnet", "203.0.113.7")?;
    browser.press("Block")?;
    crate::done(&browser, "is blocked.")?;
    browser.press("Unblock 203.0.113.7")?;
    crate::done(&browser, "is unblocked.")?;
    stage.daemon.token("read", "watcher")?;
    stage.daemon.command(&["ban", "203.0.113.8"])?;

    browser.visit("/journal")?;
    let entries = "//ol[@class='journal']/li";
    for deed in
        ["Signed in", "Changed the settings", "Blocked", "Unblocked", "Made a key", "Set the password"]
    {
        browser.find(&format!("{entries}[.//b[.='{deed}']]"))?;
    }
    let change = browser.text(&format!("{entries}[.//b[.='Changed the settings']]"))?;
    assert!(change.contains("admin") && change.contains(&stage.admin().v4.to_string()), "{change}");
    browser.find(&format!("{entries}//del[contains(., 'max_retry = 5')]"))?;
    browser.find(&format!("{entries}//ins[contains(., 'max_retry = 8')]"))?;
    let by_root = browser.text(&format!("{entries}[.//*[.='203.0.113.8']]"))?;
    assert!(by_root.contains("root"), "{by_root}");
    // Only one kind.
    browser.visit("/journal?deed=unban")?;
    browser.find(&control("Show"))?;
    assert_eq!(browser.count(entries)?, 1);
    Ok(())
}
