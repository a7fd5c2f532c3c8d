//! The blocked addresses.

use axum::http::StatusCode;
use event::limit;

use crate::browser::Browser;
use crate::desk::ban;

async fn with(bans: &[(&str, &str)]) -> Browser {
    let browser = Browser::at("192.0.2.9").await;
    let reason = "5 failures within 10 min (limit 5), ban no. 2";
    let mut bans: Vec<_> = bans.iter().map(|(address, jail)| ban(address, jail, reason)).collect();
    bans.sort_by_key(|ban| ban.subject);
    browser.desk.state().bans = bans;
    browser
}

#[tokio::test]
async fn an_address_that_two_jails_block_is_one_row_with_both_tags() {
    let mut browser =
        with(&[("203.0.113.7", "asterisk"), ("203.0.113.7", "sshd"), ("203.0.113.9", "sshd")]).await;
    let page = browser.get("/blocked").await;
    assert_eq!(page.html.matches("data-key=").count(), 2);
    let row = page.between("data-key=\"203.0.113.7\"", "</tr>");
    assert!(
        row.contains(">SIP<") && row.contains(">SSH<") && row.contains("aria-label=\"Unblock 203.0.113.7\""),
        "{row}"
    );
    page.shows("5 failures in 10 min, block no. 2");
    page.shows("in 41 min");
    page.shows("data-blocked>2</span>");
}

#[tokio::test]
async fn search_sort_and_pages() {
    let many: Vec<String> = (0..limit::PAGE_ROWS + 7).map(|n| format!("198.51.100.{n}")).collect();
    let mut bans: Vec<(&str, &str)> = many.iter().map(|address| (address.as_str(), "sshd")).collect();
    bans.push(("203.0.113.7", "asterisk"));
    let mut browser = with(&bans).await;
    let page = browser.get("/blocked?sort=address").await;
    assert_eq!(page.html.matches("data-key=").count(), limit::PAGE_ROWS);
    page.shows("aria-sort=\"ascending\"");
    page.shows("href=\"/blocked?sort=address&#38;page=2\"");
    let last = browser.get("/blocked?sort=address&page=2").await;
    assert_eq!(last.html.matches("data-key=").count(), 8);
    last.shows("data-key=\"203.0.113.7\"");
    let found = browser.get("/blocked?q=sip").await;
    found.shows("1 of 58");
    browser.get("/blocked?q=%3Cscript%3E&page=-1").await.hides("<script>");
    browser.get("/blocked?page=999999").await.shows("51–58 of 58");
}

#[tokio::test]
async fn one_is_unblocked_by_its_button_and_several_by_their_boxes() {
    let mut browser =
        with(&[("203.0.113.7", "asterisk"), ("203.0.113.8", "sshd"), ("2001:db8::/64", "sshd")]).await;
    let done =
        browser.submit("/blocked/unblock", &[("one", "203.0.113.7"), ("address", "203.0.113.8")]).await;
    assert_eq!(browser.desk.state().bans.len(), 2);
    browser.follow(&done).await.shows("203.0.113.7 is unblocked.");
    let both = [("address", "203.0.113.8"), ("address", "2001:db8::/64"), ("back", "/blocked?q=x")];
    let done = browser.submit("/blocked/unblock", &both).await;
    assert_eq!(done.location, "/blocked?q=x");
    browser.follow(&done).await.shows("2 addresses are unblocked.");
    let done = browser.submit("/blocked/unblock", &[]).await;
    browser.follow(&done).await.shows("Nothing was selected.");
}

#[tokio::test]
async fn blocking_oneself_is_refused_and_a_wide_subnet_is_asked_once_more() {
    let mut browser = with(&[]).await;
    let page = browser.submit("/blocked/new", &[("address", "192.0.2.9"), ("note", "<b>me")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.shows("192.0.2.9 is where you are");
    page.shows("value=\"&#60;b&#62;me\"");
    page.hides("name=\"force\"");
    let page = browser.submit("/blocked/new", &[("address", "10.0.0.0/8")]).await;
    page.shows("name=\"force\"");
    page.hides("--force");
    let done = browser.submit("/blocked/new", &[("address", "10.0.0.0/8"), ("force", "true")]).await;
    browser.follow(&done).await.shows("10.0.0.0/8 is blocked.");
    let page = browser.submit("/blocked/new", &[("address", "nonsense")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("aria-invalid=\"true\"");
}

#[tokio::test]
async fn an_address_has_a_page_with_the_lines_that_led_there() {
    let mut browser = with(&[("2001:db8:7::/64", "asterisk")]).await;
    let page = browser.get("/blocked/2001:db8:7::/64").await;
    page.shows("account &#60;script&#62; failed");
    page.shows("value=\"2001:db8:7::/64\"");
    browser.get("/blocked/192.0.2.77").await.shows("/blocked/new?address=192.0.2.77");
}
