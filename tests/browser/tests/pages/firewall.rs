//! The network firewall, with real packets before and after.

use std::time::Duration;

use arena::Host;
use arena::knock::{Door, knock};
use browser::daemon::PORT;
use browser::{Browser, Look, Result, Stage};

const SSH: u16 = 22;
const SIP: u16 = 5060;
const SHORT: Duration = Duration::from_secs(2);
/// The server takes an unconfirmed change back after 60 s; a SYN is repeated by the kernel 63 s after the first.
const ROLL_BACK: Duration = Duration::from_secs(80);

fn door(stage: &Stage, from: &Host, port: u16) -> Result<Door> {
    Ok(knock(from, stage.server().address(), port, SHORT)?)
}

fn opened(stage: &Stage) -> Result<Browser> {
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/firewall")?;
    Ok(browser)
}

/// Adds a row and fills it in. `number` is the row's, counted from 1.
fn add(browser: &Browser, number: usize, name: &str, subnet: &str, services: &[&str]) -> Result<()> {
    browser.press("Add a network")?;
    browser.fill_at(&format!("//input[@name='{number}.name']"), name)?;
    browser.fill_at(&format!("//textarea[@name='{number}.subnet']"), subnet)?;
    for service in services {
        browser.press_at(&format!("//label[input[@name='{number}.{service}']]"))?;
    }
    Ok(())
}

#[test]
fn saved_rules_hold_for_real_packets_and_end_with_their_rows() -> Result<()> {
    let stage = Stage::new()?;
    let (admin, stranger) = (stage.admin(), stage.stranger());
    let browser = opened(&stage)?;
    browser.reads("Without rows, everybody may reach every service")?;
    assert_eq!(door(&stage, stranger, SSH)?, Door::Refused, "nobody listens there, and the kernel says so");

    add(&browser, 1, "Administrators", &admin.v4.to_string(), &["web", "ssh"])?;
    add(&browser, 2, "Telephones", "10.77.0.0/24", &["sip"])?;
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    assert_eq!(door(&stage, admin, SSH)?, Door::Refused);
    assert_eq!(door(&stage, admin, PORT)?, Door::Open);
    assert_eq!(door(&stage, admin, SIP)?, Door::Silent, "the first row counts, and it has no SIP");
    assert_eq!(door(&stage, stranger, SIP)?, Door::Refused);
    assert_eq!(door(&stage, stranger, SSH)?, Door::Silent);
    assert_eq!(door(&stage, stranger, PORT)?, Door::Silent);
    let file = stage.daemon.settings()?;
    assert!(file.contains("[[firewall.networks]]") && file.contains("Telephones"), "{file}");

    // What was dropped is counted, and told on the page.
    browser.visit("/firewall")?;
    browser.find("//dt[.='Let in by no row']/following-sibling::dd[1][not(starts-with(., '0 '))]")?;
    // Order is what counts: with the telephones first, the administrators are telephones. That would cut off.
    browser.press("Move “Telephones” up")?;
    browser.press("Check first")?;
    browser.reads("which “Telephones” does not let reach WEB")?;
    browser.press("Discard")?;
    browser.press("Remove “Telephones”")?;
    browser.press("Remove “Administrators”")?;
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    assert_eq!(door(&stage, stranger, SSH)?, Door::Refused);
    assert_eq!(door(&stage, stranger, PORT)?, Door::Open);
    Ok(())
}

#[test]
fn a_rule_that_would_lock_out_is_asked_about_and_taken_back_by_the_server() -> Result<()> {
    let stage = Stage::new()?;
    let before = stage.daemon.settings()?;
    let browser = opened(&stage)?;
    add(&browser, 1, "Somewhere else", "192.0.2.0/24", &["web", "ssh"])?;
    browser.press("Save")?;
    browser.reads("This would cut you off")?;
    assert_eq!(stage.daemon.settings()?, before, "nothing is saved unasked");
    assert_eq!(door(&stage, stage.admin(), PORT)?, Door::Open);

    // The answer may never arrive: that is what the trial is about, so nothing waits for it here.
    let press = "setTimeout(() => document.querySelector('#cut-off button[value=try]').click(), 0)";
    browser.script("try the rules", press, Vec::new())?;
    crate::wait_for("silence for the administrator", || {
        Ok(door(&stage, stage.admin(), PORT)? == Door::Silent)
    })?;
    assert_ne!(stage.daemon.settings()?, before);
    // Nobody confirms. One long knock: it is answered as soon as the door is open again.
    let answer = knock(stage.admin(), stage.server().address(), PORT, ROLL_BACK)?;
    assert_eq!(answer, Door::Open, "the server took it back by itself");
    assert_eq!(stage.daemon.settings()?, before);
    browser.visit("/firewall")?;
    browser.reads("No network has rules")?;
    browser.visit("/journal")?;
    browser.find("//ol[@class='journal']//b[.='Took a change back']")
}

#[test]
fn a_change_on_trial_that_is_confirmed_stays() -> Result<()> {
    let stage = Stage::new()?;
    let key = stage.daemon.token("admin", "console")?;
    let browser = opened(&stage)?;
    // The stranger is the administrator's other host here: it may still reach the page.
    add(&browser, 1, "The other desk", &stage.stranger().v4.to_string(), &["web"])?;
    browser.press("Save")?;
    browser.reads("This would cut you off")?;
    let press = "setTimeout(() => document.querySelector('#cut-off button[value=try]').click(), 0)";
    browser.script("try the rules", press, Vec::new())?;
    crate::wait_for("silence for the administrator", || {
        Ok(door(&stage, stage.admin(), PORT)? == Door::Silent)
    })?;
    let client = stage.client(stage.stranger()).key(&key);
    let answer = client.with(&["-X", "POST"]).get("/api/v1/firewall/confirm")?;
    assert!(answer.status / 100 == 2, "{answer:?}");
    let kept = stage.daemon.settings()?;
    assert!(kept.contains("The other desk"), "{kept}");
    // Longer than the trial would have lasted.
    assert_eq!(knock(stage.admin(), stage.server().address(), PORT, ROLL_BACK)?, Door::Silent);
    assert_eq!(stage.daemon.settings()?, kept);
    Ok(())
}

#[test]
fn to_take_the_pages_own_port_away_is_to_be_locked_out_too() -> Result<()> {
    let stage = Stage::new()?;
    let before = stage.daemon.settings()?;
    let browser = opened(&stage)?;
    add(&browser, 1, "Everybody here", "10.77.0.0/24", &["web", "ssh"])?;
    browser.press("Ports of each service")?;
    browser.fill_at("//input[@name='ports.web']", "tcp/443")?;
    browser.press("Save")?;
    browser.reads("This would cut you off")?;
    assert_eq!(stage.daemon.settings()?, before);
    Ok(())
}

#[test]
fn first_rules_are_suggested_that_let_the_visitor_in() -> Result<()> {
    let stage = Stage::new()?;
    let browser = opened(&stage)?;
    browser.press("Suggest first rules")?;
    browser.find("//input[@value='My network']")?;
    browser.find("//textarea[contains(., '0.0.0.0/0')]")?;
    browser.press("Save")?;
    crate::done(&browser, "Saved. It is in force.")?;
    assert_eq!(door(&stage, stage.admin(), PORT)?, Door::Open);
    browser.visit("/firewall")?;
    assert_eq!(browser.count("//ol[@id='rules']/li")?, 3);
    Ok(())
}
