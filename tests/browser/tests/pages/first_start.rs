//! The first start, signing in and out.

use browser::{Look, Result, Settings, Stage};

const LONG: &str = "a long phrase, not a riddle";

#[test]
fn the_link_of_the_first_start_sets_the_password_once() -> Result<()> {
    let mut stage = Stage::fresh(&Settings::default(), |_, _| Ok(()))?;
    let browser = stage.browser(&Look::default())?;
    // Nobody can sign in yet; the page says where the link is.
    browser.reads("one-time link")?;
    let link = stage.daemon.link()?;
    browser.visit(&link)?;
    browser.fill("New password", "short")?;
    browser.fill("Once more", "short")?;
    browser.press("Set password and sign in")?;
    browser.reads("At least 8 characters")?;
    browser.fill("New password", LONG)?;
    browser.fill("Once more", "something else")?;
    browser.press("Set password and sign in")?;
    browser.reads("The two passwords differ")?;
    browser.fill("New password", LONG)?;
    browser.fill("Once more", LONG)?;
    browser.press("Set password and sign in")?;
    browser.find("//button[@role='switch']")?;
    browser.press("Sign out")?;
    browser.find("//form[@action='/sign-in']")?;
    // The link is worth nothing any more.
    browser.visit(&link)?;
    assert_eq!(browser.path()?, "/sign-in");
    browser.sign_in(LONG)
}

#[test]
fn whoever_signs_in_lands_on_the_page_asked_for_and_signing_out_ends_it() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.browser(&Look::default())?;
    browser.visit("/blocked?q=192.0.2.1")?;
    browser.fill("Account", "admin")?;
    browser.fill("Password", "not this one")?;
    browser.press("Sign in")?;
    browser.reads("The account or the password is wrong")?;
    browser.fill("Password", browser::stage::PASSWORD)?;
    browser.press("Sign in")?;
    browser.find("//h1[.='Blocked addresses']")?;
    assert_eq!(browser.path()?, "/blocked?q=192.0.2.1");
    let cookies = browser.cookies()?;
    let session = cookies.iter().find(|cookie| cookie.name == "__Host-stockade").expect("a session");
    assert_eq!(session.secure, Some(true));
    browser.press("Sign out")?;
    browser.find("//form[@action='/sign-in']")?;
    browser.visit("/blocked")?;
    browser.find("//form[@action='/sign-in']")
}
