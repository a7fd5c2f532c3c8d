//! Jails and filters.

use std::time::Duration;

use browser::{Look, Result, Stage};

const FAILED: &str = "Nov  1 00:00:00 pbx sshd[42]: Failed password for root from 192.0.2.1 port 42752 ssh2";
const OTHER: &str = "Nov  1 00:00:00 pbx cron[42]: session opened <script>alert(1)</script>";

#[test]
fn a_jail_shows_what_it_reads_and_what_it_found() -> Result<()> {
    let stage = Stage::new()?;
    stage.ssh.ssh("203.0.113.7", "root", 5, Duration::ZERO)?;
    crate::wait_for("ban", || Ok(stage.daemon.banned()?.len() == 1))?;
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/jails")?;
    let row = browser.text("//section[@aria-labelledby='jails-on']//tr[.//b[.='sshd']]")?;
    assert!(row.contains("auth.log") && row.contains("tcp/22"), "{row}");
    assert!(row.contains('5'), "five failures: {row}");
    Ok(())
}

#[test]
fn lines_that_are_tried_say_why_they_match_or_not_and_count_for_nothing() -> Result<()> {
    let stage = Stage::new()?;
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/jails?filter=sshd")?;
    browser.fill("Lines of a log", &format!("{}\n{OTHER}", [FAILED; 9].join("\n")))?;
    browser.press("Try")?;
    browser.reads("9 failed sign-ins")?;
    let first = browser.text("//ol[@class='tried']/li[1]")?;
    assert!(
        first.contains("Failed sign-in") && first.contains("192.0.2.1") && first.contains("root"),
        "{first}"
    );
    let last = browser.text("//ol[@class='tried']/li[10]")?;
    assert!(last.contains("Not matched") && last.contains("cron"), "the program is another one: {last}");
    assert!(last.contains("<script>alert(1)</script>"), "as it was pasted: {last}");
    assert!(stage.daemon.banned()?.is_empty());
    browser.press("Take an example")?;
    assert!(browser.value("Lines of a log")?.contains("sshd"));
    Ok(())
}
