//! Jails and filters.

use std::time::Duration;

use browser::{Look, Result, Settings, Stage, axe};

use crate::phone::TOO_WIDE;

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

/// In fail2ban's place, with a jail that is not done as it is written: some of it without a blank for long.
fn in_fail2bans_place() -> Result<Stage> {
    let long = "x".repeat(180);
    let server = "[Definition]\nlogtarget = HOME/f2b.log\ndbfile = None\npidfile = HOME/f2b.pid\nsocket = HOME/f2b.sock\n";
    let jail = format!(
        "[one]\nenabled = true\nfilter = good\nlogpath = /var/log/auth.log\nlogencoding = cp437\naction = wall[port=\"22,{long}\"]\n"
    );
    let wall = "[Definition]\nactionban = iptables -I x -p tcp -m multiport --dports <port> -s <ip> -j DROP\n            curl -s <ip>\n";
    let settings = Settings::default()
        .fail2ban("fail2ban.conf", server)
        .fail2ban("jail.conf", &jail)
        .fail2ban("filter.d/good.conf", "[Definition]\nfailregex = ^a <HOST>$\n")
        .fail2ban("action.d/wall.conf", wall);
    Stage::with(&settings)
}

#[test]
fn what_fail2bans_configuration_says_and_is_done_otherwise_is_told_calmly() -> Result<()> {
    let stage = in_fail2bans_place()?;
    let browser = stage.signed_in(&Look::default())?;
    browser.visit("/jails")?;
    let told = browser.text("//section[@id='remarks']")?;
    for text in ["jail.conf:5", "logencoding = cp437", "action.d/wall.conf:2", "runs 'curl'", "jail: one"] {
        assert!(told.contains(text), "{text}: {told}");
    }
    browser.find("//section[@id='remarks']//p[@lang='en'][contains(., 'curl')]")?;
    let mut found = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme)?;
        found.extend(axe::findings(&browser)?);
    }
    assert!(found.is_empty(), "{found:?}");
    for language in ["en", "ru"] {
        let phone = stage.signed_in(&Look { language, ..Look::phone() })?;
        phone.visit("/jails")?;
        phone.find("//section[@id='remarks']//p[contains(., 'xxxxx')]")?;
        let wide = phone.script("measure the page", TOO_WIDE, Vec::new())?;
        assert_eq!(wide, serde_json::json!([]), "{language}");
    }
    Ok(())
}
