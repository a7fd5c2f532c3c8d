//! The page of keys.

use axum::http::StatusCode;
use control::desk::KeyScope;

use crate::browser::Browser;
use crate::desk::key;

#[tokio::test]
async fn a_key_is_shown_once() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.get("/keys").await.shows("There is no key yet.");
    let fields = [("name", "router-2"), ("scope", "read"), ("networks", "192.168.10.0/24, 10.0.0.1")];
    let page = browser.submit("/keys", &fields).await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows("st_0123456789abcdef");
    browser.get("/keys").await.hides("st_0123456789abcdef");
    {
        let state = browser.desk.state();
        assert_eq!((state.keys[0].scope, state.keys[0].networks.len()), (KeyScope::Read, 2));
    }
    let again = browser.submit("/keys", &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again.shows("value=\"router-2\"");
}

#[tokio::test]
async fn wrong_orders_are_kept_and_said() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.submit("/keys", &[("name", "<b>"), ("scope", "root"), ("networks", "here")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("value=\"&#60;b&#62;\"");
    page.shows("Choose what the key may do.");
    page.shows("“here” is a name");
    assert!(browser.desk.state().keys.is_empty());
}

#[tokio::test]
async fn a_key_is_revoked_after_a_question() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.desk.state().keys = vec![key(7, "edge")];
    let page = browser.get("/keys").await;
    page.shows("Whoever uses “edge” is refused from then on.");
    page.shows("192.168.10.0/24");
    let answer = browser.submit("/keys/7/revoke", &[]).await;
    browser.follow(&answer).await.shows("The key is revoked.");
    assert!(browser.desk.state().keys.is_empty());
    let answer = browser.submit("/keys/7/revoke", &[]).await;
    browser.follow(&answer).await.shows("That is not there any more");
}
