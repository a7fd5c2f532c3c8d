//! Signing in and out, languages, and what is not there.

use axum::http::StatusCode;

use crate::browser::Browser;

#[tokio::test]
async fn signing_out_ends_it_and_signing_in_leads_back() {
    let mut browser = Browser::at("192.0.2.9").await;
    assert_eq!(browser.get("/blocked").await.status, StatusCode::OK);
    let out = browser.submit("/sign-out", &[]).await;
    assert_eq!((out.status, out.location.as_str()), (StatusCode::SEE_OTHER, "/sign-in"));
    let sent = browser.get("/blocked?q=sip").await;
    assert_eq!(sent.location, "/sign-in?then=/blocked%3Fq%3Dsip".replace("%3F", "%3f").replace("%3D", "%3d"));
    let fields = [("account", "admin"), ("password", "gallery gallery"), ("then", "/blocked?q=sip")];
    assert_eq!(browser.post("/sign-in", &fields).await.location, "/blocked?q=sip");
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let mut browser = Browser::at("192.0.2.9").await;
    for then in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let fields = [("account", "admin"), ("password", "gallery gallery"), ("then", then)];
        assert_eq!(browser.post("/sign-in", &fields).await.location, "/", "{then}");
    }
    assert_eq!(browser.get("/language/ru?back=//evil.example").await.location, "/");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_account_kept() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.submit("/sign-out", &[]).await;
    let page = browser.post("/sign-in", &[("account", "<script>"), ("password", "wrong")]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    page.shows("value=\"&#60;script&#62;\"");
    page.shows("The account or the password is wrong");
}

#[tokio::test]
async fn the_browser_chooses_the_language_and_the_switch_overrules_it() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.speak("ru");
    browser.get("/").await.shows("<html lang=\"ru\">");
    let back = browser.get("/language/en?back=/blocked").await;
    browser.follow(&back).await.shows("<html lang=\"en\">");
}

#[tokio::test]
async fn what_is_not_there_is_a_calm_page() {
    let mut browser = Browser::at("192.0.2.9").await;
    for path in ["/nonsense", "/blocked/nonsense", "/assets/style.0.css", "/assets/..%2f..%2fetc%2fpasswd"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    browser.get("/nonsense").await.shows("There is no such page");
}

#[tokio::test]
async fn style_and_script_are_kept_by_their_hash() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.get("/").await;
    for start in ["href=\"/assets/style.", "src=\"/assets/page."] {
        let name = page.between(start, "\"");
        let path = format!("{}{name}", &start[start.find('/').unwrap()..]);
        assert_eq!(browser.get(&path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_password_is_changed_by_whoever_knows_it() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.get("/").await.shows("href=\"/password\"");
    let new = |old, again| [("old", old), ("password", "a new long phrase"), ("again", again)];
    let wrong = browser.submit("/password", &new("not it", "a new long phrase")).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    wrong.shows("The present password is wrong");
    browser.submit("/password", &new("gallery gallery", "another")).await.shows("The two passwords differ");
    let short = [("old", "gallery gallery"), ("password", "short"), ("again", "short")];
    browser.submit("/password", &short).await.shows("At least 8 characters");
    browser
        .submit("/password", &new("gallery gallery", "a new long phrase"))
        .await
        .shows("The password is changed");
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "this session goes on");
    browser.submit("/sign-out", &[]).await;
    let entered = [("account", "admin"), ("password", "gallery gallery")];
    assert_eq!(browser.post("/sign-in", &entered).await.status, StatusCode::UNAUTHORIZED);
    let entered = [("account", "admin"), ("password", "a new long phrase")];
    assert_eq!(browser.post("/sign-in", &entered).await.status, StatusCode::SEE_OTHER);
}
