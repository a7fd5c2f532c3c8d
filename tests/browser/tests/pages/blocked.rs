//! The list of blocked addresses.

use std::time::Duration;

use browser::xpath::{control, field, row, without};
use browser::{Browser, Look, Result, Stage};

const NOW: Duration = Duration::ZERO;

fn listed(stage: &Stage) -> Result<Browser> {
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/blocked")?;
    Ok(browser)
}

#[test]
fn a_new_ban_appears_without_reloading_with_its_reason_and_its_lines() -> Result<()> {
    let stage = Stage::new()?;
    let browser = listed(&stage)?;
    browser.reads("Nobody is blocked.")?;
    browser.script("mark the page", "window.sameDocument = true", Vec::new())?;
    stage.ssh.ssh("203.0.113.7", "root", 5, NOW)?;
    browser.find(&row("203.0.113.7"))?;
    let shown = browser.text(&row("203.0.113.7"))?;
    assert!(shown.contains("SSH") && shown.contains("5 failures"), "{shown}");
    // The lines that led to it, below the row, without leaving the list.
    browser.press("203.0.113.7")?;
    browser.find("//tr[@class='more']//code[contains(., 'Failed password for invalid user root')]")?;
    let same = browser.script("look for the mark", "return window.sameDocument === true", Vec::new())?;
    assert_eq!(same, serde_json::Value::Bool(true), "it was not loaded anew");
    // A second one comes beside the open row, and a ban that ends goes.
    stage.sip.sip("198.51.100.9", "1001", 5, NOW)?;
    browser.find(&row("198.51.100.9"))?;
    browser.find("//tr[@class='more']")?;
    stage.daemon.command(&["unban", "203.0.113.7"])?;
    browser.lacks(&row("203.0.113.7"))
}

#[test]
fn the_icon_in_a_row_unblocks_that_address_and_no_other() -> Result<()> {
    let stage = Stage::new()?;
    stage.ssh.ssh("203.0.113.7", "root", 5, NOW)?;
    stage.ssh.ssh("203.0.113.8", "root", 5, NOW)?;
    let browser = listed(&stage)?;
    browser.find(&row("203.0.113.7"))?;
    browser.find(&row("203.0.113.8"))?;
    browser.press("Unblock 203.0.113.7")?;
    browser.reads("203.0.113.7 is unblocked.")?;
    browser.find(&without(&row("203.0.113.7")))?;
    assert_eq!(stage.daemon.banned()?, ["203.0.113.8@sshd"]);
    // It is let in for good: one more failure blocks nobody.
    stage.ssh.ssh("203.0.113.7", "root", 1, NOW)?;
    stage.ssh.ssh("203.0.113.9", "root", 5, NOW)?;
    browser.find(&row("203.0.113.9"))?;
    assert!(!browser.has(&row("203.0.113.7"))?);
    Ok(())
}

#[test]
fn the_rows_that_are_ticked_are_unblocked_together() -> Result<()> {
    let stage = Stage::new()?;
    for last in 1..=4 {
        stage.daemon.command(&["ban", &format!("203.0.113.{last}")])?;
    }
    let browser = listed(&stage)?;
    browser.press("Unblock selected")?;
    browser.reads("Nothing was selected.")?;
    browser.press_at(&field("Select 203.0.113.2"))?;
    browser.press_at(&field("Select 203.0.113.3"))?;
    browser.press("Unblock selected")?;
    browser.reads("2 addresses are unblocked.")?;
    assert_eq!(browser.count("//tr[@data-key]")?, 2);
    browser.press_at(&field("Select all on this page"))?;
    browser.press("Unblock selected")?;
    browser.reads("Nobody is blocked.")?;
    assert!(stage.daemon.banned()?.is_empty());
    Ok(())
}

#[test]
fn blocking_by_hand_refuses_oneself_and_asks_twice_for_a_wide_subnet() -> Result<()> {
    let stage = Stage::new()?;
    let browser = listed(&stage)?;
    let block = |address: &str| {
        browser.visit("/blocked/new")?;
        browser.fill("Address or subnet", address)?;
        browser.press("Block")
    };
    block("nonsense")?;
    browser.reads("This is not an address or a subnet")?;
    let own = stage.admin().v4.to_string();
    block(&own)?;
    browser.reads("lock yourself out")?;
    block("10.77.0.0/24")?;
    browser.reads("lock yourself out")?;
    assert!(!browser.has("//input[@name='force']")?, "force does not help here");
    assert!(stage.daemon.banned()?.is_empty(), "the administrator is not locked out");
    block("198.0.0.0/7")?;
    browser.reads("This subnet is very wide")?;
    assert!(stage.daemon.banned()?.is_empty(), "a wide subnet is asked for twice");
    browser.press_at(&field("I mean it: block the whole subnet"))?;
    browser.press("Block")?;
    browser.reads("198.0.0.0/7 is blocked.")?;
    browser.visit("/blocked/new")?;
    browser.fill("Address or subnet", "203.0.113.7")?;
    browser.fill("Why", "rang at <b>three</b> in the night")?;
    browser.press("Block")?;
    browser.reads("203.0.113.7 is blocked.")?;
    let shown = browser.text(&row("203.0.113.7"))?;
    assert!(shown.contains("<b>three</b>") && shown.contains("admin"), "as it was typed: {shown}");
    assert_eq!(stage.daemon.banned()?.len(), 2);
    Ok(())
}

#[test]
fn the_list_is_searched_sorted_and_leafed_through() -> Result<()> {
    let stage = Stage::new()?;
    let key = stage.daemon.token("admin", "filler")?;
    let client = stage.client(stage.admin()).key(&key);
    for last in 1..=60 {
        let body = format!("{{\"address\":\"203.0.113.{last}\",\"ban_time\":{}}}", 1000 + last);
        let answer = client.json("POST", "/api/v1/bans", &body)?;
        assert!(answer.status / 100 == 2, "{answer:?}");
    }
    stage.ssh.ssh("198.51.100.9", "root", 5, NOW)?;
    let browser = listed(&stage)?;
    browser.find("//nav[@aria-label='Pages of the list']")?;
    browser.press("Next")?;
    browser.find(&without("//a[@rel='next']"))?;
    browser.press("First")?;
    browser.press("Address")?;
    browser.find("//th[@aria-sort='ascending']/a[starts-with(normalize-space(.), 'Address')]")?;
    assert_eq!(browser.attribute("//tbody/tr[1]", "data-key")?, "198.51.100.9");
    browser.press("Address")?;
    browser.find("//th[@aria-sort='descending']/a[starts-with(normalize-space(.), 'Address')]")?;
    assert_eq!(browser.attribute("//tbody/tr[1]", "data-key")?, "203.0.113.60");
    for (wanted, found) in [("198.51", 1), ("ssh", 1), ("203.0.113.16/28", 16), ("203.0.113.7", 1)] {
        browser.fill("Search", wanted)?;
        browser.press("Search")?;
        browser.find(&format!("//*[@data-part='found' and contains(., '{found} of 61')]"))?;
        assert_eq!(browser.count("//tr[@data-key]")?, found, "{wanted}");
    }
    browser.fill("Search", "nowhere at all")?;
    browser.press("Search")?;
    browser.reads("Nothing fits the search.")?;
    browser.press("Show all")?;
    browser.find(&control("Next"))
}

#[test]
fn the_list_can_be_taken_along_as_csv_and_json() -> Result<()> {
    let stage = Stage::new()?;
    stage.daemon.command(&["ban", "203.0.113.7"])?;
    let browser = listed(&stage)?;
    browser.find(&control("CSV"))?;
    browser.find(&control("JSON"))?;
    // A download leaves the page; so the links are followed from within it, with its session.
    let fetched = "return fetch(arguments[0]).then(answer => answer.text())";
    let links = ["/api/v1/bans/export.csv", "/api/v1/bans/export.json"];
    for link in links {
        assert!(browser.has(&format!("//a[@download and @href='{link}']"))?, "{link}");
        let text = browser.script("fetch the list", fetched, vec![link.into()])?;
        assert!(text.as_str().is_some_and(|text| text.contains("203.0.113.7")), "{link}: {text}");
    }
    Ok(())
}
