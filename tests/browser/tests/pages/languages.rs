//! Both languages, chosen by the browser or by the visitor.

use browser::{Look, Result, Settings, Stage};

#[test]
fn the_browsers_language_is_spoken_on_every_page() -> Result<()> {
    let stage = Stage::with_history(&Settings::default())?;
    let titles = [
        ("en", ["Overview", "Blocked addresses", "Anti brute force", "Network firewall"]),
        ("ru", ["Обзор", "Заблокированные адреса", "Защита от взлома", "Сетевой экран"]),
    ];
    for (language, titles) in titles {
        let browser = stage.signed_in(&Look { language, ..Look::default() })?;
        for (path, title) in ["/", "/blocked", "/brute-force", "/firewall"].into_iter().zip(titles) {
            browser.visit(path)?;
            browser.find(&format!("//h1[.='{title}']"))?;
        }
        for (page, path) in crate::PAGES {
            browser.visit(path)?;
            browser.find(&format!("//html[@lang='{language}']//h1"))?;
            let text = browser.text("//body")?;
            let cyrillic = text.chars().filter(|letter| ('а'..='я').contains(letter)).count();
            // The other language's own name is on every page.
            assert_eq!(cyrillic > 100, language == "ru", "{page}: {text}");
            // A sentence that a catalogue lacks is shown by its id.
            let ids =
                ["nav-", "firewall-", "brute-force-", "jails-", "keys-", "journal-", "overview-", "slip-"];
            let bare = text.split_whitespace().find(|word| ids.iter().any(|id| word.starts_with(id)));
            assert_eq!(bare, None, "{page}");
        }
    }
    Ok(())
}

#[test]
fn the_visitors_own_choice_counts_more_than_the_browsers_language() -> Result<()> {
    let stage = Stage::new()?;
    // A language that there is not: English.
    let browser = stage.signed_in(&Look { language: "fr", ..Look::default() })?;
    browser.find("//html[@lang='en']")?;
    browser.visit("/brute-force")?;
    browser.press("Русский")?;
    browser.find("//html[@lang='ru']")?;
    assert_eq!(browser.path()?, "/brute-force", "it stays where it was");
    browser.visit("/blocked")?;
    browser.find("//html[@lang='ru']")?;
    browser.press("English")?;
    browser.find("//html[@lang='en']")
}
