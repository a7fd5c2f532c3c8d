//! The overview.

use axum::http::StatusCode;

use crate::browser::Browser;

#[tokio::test]
async fn switching_off_is_asked_once_more_and_switching_on_is_not() {
    let mut browser = Browser::at("192.0.2.9").await;
    let asked = browser.submit("/protection", &[("wanted", "off")]).await;
    asked.shows("Switch protection off?");
    assert!(browser.desk.state().settings.enabled);
    let done = browser.submit("/protection", &[("wanted", "off"), ("sure", "true")]).await;
    assert!(!browser.desk.state().settings.enabled);
    let page = browser.follow(&done).await;
    page.shows("aria-checked=\"false\"");
    page.shows("Protection is off");
    browser.get("/").await.hides("role=\"status\"><svg");
    let done = browser.submit("/protection", &[("wanted", "on")]).await;
    browser.follow(&done).await.shows("aria-checked=\"true\"");
}

#[tokio::test]
async fn what_cannot_be_written_is_said_and_the_switch_is_still() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.desk.state().read_only = Some("read-only file system".to_owned());
    let page = browser.get("/").await;
    page.shows("read-only file system");
    page.shows("aria-checked=\"true\" disabled");
    let refused = browser.submit("/protection", &[("wanted", "off"), ("sure", "true")]).await;
    browser.follow(&refused).await.shows("The settings cannot be written");
}

#[tokio::test]
async fn sources_that_are_not_read_come_first() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.get("/").await;
    let table = page.between("aria-labelledby=\"sources\"", "</table>");
    assert!(table.find("nginx/access.log").unwrap() < table.find("security_log").unwrap(), "{table}");
}

#[tokio::test]
async fn a_form_without_the_token_changes_nothing() {
    let mut browser = Browser::at("192.0.2.9").await;
    let refused = browser.post("/protection", &[("wanted", "off"), ("sure", "true")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.desk.state().settings.enabled);
}
