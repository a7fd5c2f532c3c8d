//! What keeps people with a screen reader, a keyboard or weak eyes out: axe finds nothing serious.

use browser::{Browser, Look, Result, Settings, Stage, axe};

/// Every finding of the page that is open, in both schemes of colours.
fn look(browser: &Browser, page: &str, found: &mut Vec<String>) -> Result<()> {
    browser.find("//h1")?;
    for scheme in ["light", "dark"] {
        browser.prefer(scheme)?;
        found.extend(axe::findings(browser)?.iter().map(|one| format!("{page}, {scheme}: {one}")));
    }
    Ok(())
}

fn nothing(found: &[String]) {
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

#[test]
fn axe_finds_nothing_serious_on_any_page() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    stage.daemon.token("read", "watcher")?;
    let browser = stage.browser(&Look::default())?;
    let mut found = Vec::new();
    look(&browser, "sign-in", &mut found)?;
    browser.sign_in(browser::stage::PASSWORD)?;
    for (page, path) in crate::PAGES {
        browser.visit(path)?;
        look(&browser, page, &mut found)?;
    }
    nothing(&found);
    Ok(())
}

#[test]
fn axe_finds_nothing_serious_where_something_is_wrong_or_asked() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let browser = stage.browser(&Look::default())?;
    let mut found = Vec::new();
    browser.fill("Account", "admin")?;
    browser.fill("Password", "not this one")?;
    browser.press("Sign in")?;
    look(&browser, "sign-in, refused", &mut found)?;
    browser.sign_in(browser::stage::PASSWORD)?;
    browser.press_at("//button[@role='switch']")?;
    look(&browser, "switch", &mut found)?;
    browser.visit("/brute-force")?;
    browser.fill("Whitelist", "nonsense")?;
    browser.press("Save")?;
    look(&browser, "brute-force, refused", &mut found)?;
    browser.visit("/firewall")?;
    browser.press("Suggest first rules")?;
    look(&browser, "firewall, suggested", &mut found)?;
    browser.fill_at("(//ol[@id='rules']//textarea)[1]", "192.0.2.0/24")?;
    browser.fill_at("(//ol[@id='rules']//textarea)[2]", "198.51.100.0/24")?;
    browser.fill_at("(//ol[@id='rules']//textarea)[3]", "203.0.113.0/24")?;
    browser.press("Save")?;
    browser.find("//*[@id='cut-off']")?;
    look(&browser, "firewall, cut off", &mut found)?;
    browser.visit("/jails?filter=sshd")?;
    browser.press("Take an example")?;
    browser.press("Try")?;
    browser.find("//ol[@class='tried']")?;
    look(&browser, "jails, tried", &mut found)?;
    browser.visit("/keys")?;
    browser.fill("Name", "backup-1")?;
    browser.press("Make a key")?;
    browser.find("//*[@id='secret']")?;
    look(&browser, "keys, made", &mut found)?;
    browser.visit("/password")?;
    look(&browser, "password", &mut found)?;
    browser.visit("/blocked")?;
    browser.press("203.0.113.66")?;
    browser.find("//tr[@class='more']")?;
    look(&browser, "blocked, opened", &mut found)?;
    nothing(&found);
    Ok(())
}

#[test]
fn axe_finds_nothing_serious_on_a_telephone() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let browser = stage.signed_in(&Look { language: "ru", ..Look::phone() })?;
    let mut found = Vec::new();
    for (page, path) in crate::PAGES {
        browser.visit(path)?;
        look(&browser, page, &mut found)?;
    }
    nothing(&found);
    Ok(())
}
