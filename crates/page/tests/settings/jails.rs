//! The page of jails and filters.

use axum::http::StatusCode;

use crate::browser::Browser;

#[tokio::test]
async fn jails_and_their_troubles_are_shown() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.get("/jails?filter=dropbear").await;
    page.shows("5 in 6 h, 7 days");
    page.shows("no such file; waiting for it");
    page.shows("1,061");
    assert!(page.between("<option value=\"dropbear\"", "</option>").contains(" selected"));
    page.shows("Dropbear, the small SSH server");
}

#[tokio::test]
async fn lines_are_judged_and_what_an_attacker_wrote_is_escaped() {
    let mut browser = Browser::at("192.0.2.9").await;
    let lines = "sshd: Failed password for <img src=x onerror=y> from 192.0.2.1\r\ncron: hello\r\nx";
    let page = browser.submit("/jails", &[("filter", "sshd"), ("lines", lines), ("act", "try")]).await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows("1 failed sign-in, 0 sign-ins, 0 ignored, 2 not matched");
    page.shows("&#60;img src=x onerror=y&#62;");
    page.hides("<img src=x");
    page.shows("proven: the sender really has this address");
    page.shows("The line is of “cron”; this filter reads those of sshd.");
    page.shows("in the program&#39;s own words");
}

#[tokio::test]
async fn an_example_is_tried_and_nothing_is_asked_for_something() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.submit("/jails", &[("filter", "sshd"), ("act", "example")]).await;
    page.shows("Nov 22 10:00:00 pbx sshd[7]");
    page.shows("1 failed sign-in");
    let page = browser.submit("/jails", &[("filter", "sshd"), ("lines", "  "), ("act", "try")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.submit("/jails", &[("filter", "nothing"), ("lines", "x"), ("act", "try")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.shows("x</textarea>");
}
