//! A picture of each page. `UPDATE_SCREENSHOTS=1` keeps them under `docs/pages`; a run without it only looks whether they
//! could be taken.

use browser::picture::take;
use browser::{Look, Result, Settings, Stage};

fn stage() -> Result<Stage> {
    let networks = "\n[firewall]\nsip_limit = 300\n\n\
        [[firewall.networks]]\nname = \"Administrators\"\nsubnet = \"10.77.0.0/24\"\n\
        services = [\"sip\", \"web\", \"ssh\", \"ami\", \"icmp\"]\nlocal = true\nnever_block = true\n\n\
        [[firewall.networks]]\nname = \"Telephones\"\nsubnet = \"192.168.88.0/24\"\nservices = [\"sip\", \"iax\", \"icmp\"]\nlocal = true\n\n\
        [[firewall.networks]]\nname = \"Everyone else\"\nsubnet = \"0.0.0.0/0\"\nservices = [\"sip\"]\n\n\
        [[firewall.networks]]\nname = \"Everyone else, IPv6\"\nsubnet = \"::/0\"\nservices = [\"sip\"]\n";
    let settings = Settings::default().whitelist("192.0.2.10").whitelist("2001:db8:a::/48").more(networks);
    let stage = Stage::with_history(&settings)?;
    stage.daemon.command(&["ban", "203.0.113.0/27", "--for", "1d"])?;
    stage.daemon.token("bouncer", "router-2")?;
    stage.daemon.token("read", "monitoring")?;
    Ok(stage)
}

fn all(look: &Look, suffix: &str) -> Result<()> {
    let stage = stage()?;
    let (width, is_phone) = (u64::from(look.width), look.width <= 500);
    let browser = stage.browser(look)?;
    let keep = |name: &str| -> Result<()> {
        browser.find("//h1")?;
        let picture = take(&browser, &format!("{name}{suffix}"), width, is_phone)?;
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000, "{name}");
        Ok(())
    };
    keep("sign-in")?;
    browser.sign_in(browser::stage::PASSWORD)?;
    for (name, path) in crate::PAGES {
        browser.visit(path)?;
        keep(name)?;
    }
    Ok(())
}

#[test]
fn each_page_has_its_picture_in_a_wide_window() -> Result<()> {
    all(&Look::default(), "")
}

#[test]
fn each_page_has_its_picture_on_a_telephone() -> Result<()> {
    all(&Look::phone(), "-phone")
}

#[test]
fn each_page_has_its_picture_in_the_dark_and_in_russian() -> Result<()> {
    all(&Look { language: "ru", is_dark: true, ..Look::default() }, "-dark")
}
