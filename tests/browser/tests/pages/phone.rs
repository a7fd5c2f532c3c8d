//! The pages on a telephone, 390 pixels wide.

use browser::xpath::control;
use browser::{Browser, Look, Result, Settings, Stage};

/// What makes the page wider than the window: elements, or where none is, those whose text goes past them.
pub const TOO_WIDE: &str = "
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const all = [...document.querySelectorAll('body *')];
    const wide = all.filter((element) => element.getBoundingClientRect().right > width + 1);
    const spilt = all.filter((element) => element.scrollWidth > element.clientWidth + 1);
    const found = wide.length ? wide : spilt.length ? spilt : [document.body];
    return found.map((element) => element.outerHTML.slice(0, 120));";

#[test]
fn no_page_scrolls_sideways() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    for language in ["en", "ru"] {
        let browser = stage.signed_in(&Look { language, ..Look::phone() })?;
        let width = browser.script("measure the window", "return innerWidth", Vec::new())?;
        assert_eq!(width, 390);
        for (page, path) in crate::PAGES {
            browser.visit(path)?;
            browser.find("//h1")?;
            let wide = browser.script("measure the page", TOO_WIDE, Vec::new())?;
            assert_eq!(wide, serde_json::json!([]), "{page} ({language})");
        }
    }
    Ok(())
}

#[test]
fn everything_that_matters_is_within_a_thumbs_reach() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    stage.daemon.command(&["ban", "203.0.113.7"])?;
    let browser = stage.signed_in(&Look::phone())?;
    is_reachable(&browser, "//button[@role='switch']")?;
    browser.press_at("//summary[contains(., 'Menu')]")?;
    is_reachable(&browser, &control("Sign out"))?;
    browser.press("Anti brute force")?;
    browser.find("//h1[.='Anti brute force']")?;
    is_reachable(&browser, "//button[@value='preset:normal']")?;
    is_reachable(&browser, &control("Save"))?;
    browser.visit("/firewall")?;
    is_reachable(&browser, &control("Suggest first rules"))?;
    is_reachable(&browser, &control("Add a network"))?;
    browser.visit("/blocked")?;
    is_reachable(&browser, &control("Block an address"))?;
    is_reachable(&browser, &control("Unblock 203.0.113.7"))?;
    browser.press("Unblock 203.0.113.7")?;
    crate::done(&browser, "203.0.113.7 is unblocked.")
}

/// Whether a finger finds it: inside the window's width, and 24 pixels large at least.
fn is_reachable(browser: &Browser, xpath: &str) -> Result<()> {
    let script = "
        const found = document.evaluate(arguments[0], document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
        const all = [...Array(found.snapshotLength).keys()].map((at) => found.snapshotItem(at).getBoundingClientRect());
        return all.some((box) => box.left >= 0 && box.right <= innerWidth && box.width >= 24 && box.height >= 24);";
    browser.find(xpath)?;
    let is_so = browser.script("measure a control", script, vec![xpath.into()])?;
    assert_eq!(is_so, true, "{xpath}");
    Ok(())
}
