//! Bouncers and keys.

use browser::{Look, Result, Stage};

#[test]
fn a_key_is_shown_once_works_and_is_worth_nothing_when_revoked() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/keys")?;
    browser.reads("There is no key yet.")?;
    browser.fill("Name", "a name with blanks")?;
    browser.press("Make a key")?;
    browser.find("//input[@id='name' and @aria-invalid='true']")?;
    browser.fill("Name", "backup-1")?;
    browser.press_at("//label[input[@name='scope' and @value='admin']]")?;
    browser.fill("From", &stage.stranger().v4.to_string())?;
    browser.press("Make a key")?;
    browser.reads("The key “backup-1” is made")?;
    let secret = browser.text("//*[@id='secret']")?;

    let client = stage.client(stage.stranger()).key(&secret);
    let ban = "{\"address\":\"203.0.113.7\"}";
    assert!(client.json("POST", "/api/v1/bans", ban)?.status / 100 == 2);
    // It was restricted to that host.
    assert_eq!(stage.client(stage.admin()).key(&secret).get("/api/v1/bans")?.status, 401);
    browser.visit("/keys")?;
    assert!(!browser.text("//main")?.contains(&secret), "shown once");
    let row = browser.text("//tr[.//b[.='backup-1']]")?;
    assert!(!row.contains("never"), "its use is noted: {row}");

    browser.press("Revoke backup-1")?;
    browser.press("Revoke it")?;
    crate::done(&browser, "The key is revoked.")?;
    assert_eq!(client.get("/api/v1/bans")?.status, 401);
    Ok(())
}
