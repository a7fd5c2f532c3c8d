//! The page of the anti brute force.

use axum::http::StatusCode;
use config::{Edit, Limits};

use crate::browser::Browser;
use crate::desk::{network, subject};

const NORMAL: [(&str, &str); 6] = [
    ("max_retry", "10"),
    ("find_time", "3600"),
    ("ban_time", "86400"),
    ("sip_limit", ""),
    ("whitelist", "93.188.40.10"),
    ("tag", "v1"),
];

fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let named = |name: &str| fields.iter().any(|(field, _)| *field == name);
    fields.iter().copied().chain(NORMAL.iter().copied().filter(|(name, _)| !named(name))).collect()
}

#[tokio::test]
async fn it_shows_numbers_preset_and_whoever_is_never_blocked() {
    let mut browser = Browser::at("192.0.2.9").await;
    let mut office = network("Office <1>", "192.168.10.0/24", &[]);
    office.never_block = true;
    browser.desk.state().settings.firewall.networks = vec![office];
    browser.desk.state().settings.firewall.sip_limit = Some(300);
    let page = browser.get("/brute-force").await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows("name=\"max_retry\" value=\"10\"");
    page.shows("value=\"preset:normal\" aria-pressed=\"true\"");
    page.shows("network “Office &#60;1&#62;” is marked");
    page.shows("93.188.40.10</textarea>");
    page.shows("Blocking does not make a simple password safe");
    assert_eq!(page.hidden("tag"), "v1");
    browser.speak("ru");
    let page = browser.get("/brute-force").await;
    page.shows("Количество попыток для блокировки");
    page.shows("Заблокировать на (секунд)");
    page.shows("собственный адрес этого компьютера (eth0)");
    page.shows("оттуда вошёл admin");
}

#[tokio::test]
async fn a_preset_sets_the_numbers_and_saves_nothing() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.submit("/brute-force", &with(&[("act", "preset:enhanced")])).await;
    page.shows("name=\"find_time\" value=\"21600\"");
    page.shows("name=\"sip_limit\" value=\"150\"");
    page.shows("value=\"preset:enhanced\" aria-pressed=\"true\"");
    page.shows("would have blocked 41 more addresses and 3 fewer");
    assert_eq!(browser.desk.state().version, 1);
}

#[tokio::test]
async fn checking_tells_what_would_have_been_and_saving_saves_what_differs() {
    let mut browser = Browser::at("192.0.2.9").await;
    let fields = with(&[("max_retry", "5"), ("whitelist", "93.188.40.10, 10.20.0.0/16\r\n2001:db8::/48")]);
    let checked = [fields.clone(), vec![("act", "check")]].concat();
    let page = browser.submit("/brute-force", &checked).await;
    page.shows("Over the last 7 days this would have blocked 41 more addresses and 3 fewer");
    page.shows("10.20.7.14");
    page.shows("and 38 more");
    assert_eq!(browser.desk.state().rehearsed.len(), 2);
    let saved = [fields, vec![("act", "save")]].concat();
    let answer = browser.submit("/brute-force", &saved).await;
    assert_eq!(answer.location, "/brute-force");
    browser.follow(&answer).await.shows("Saved. It is in force.");
    let state = browser.desk.state();
    assert_eq!(state.settings.defaults, Limits { max_retry: 5, ..Limits::default() });
    assert_eq!(state.settings.whitelist.addresses.len(), 3);
    assert!(matches!(&state.rehearsed[..], [Edit::Limits(_), Edit::Whitelist(_)]));
}

#[tokio::test]
async fn wrong_entries_are_shown_at_their_place_and_kept() {
    let mut browser = Browser::at("192.0.2.9").await;
    let fields = with(&[
        ("max_retry", "0"),
        ("whitelist", "192.0.2.1 office\n\"><script>x</script>"),
        ("act", "save"),
    ]);
    let page = browser.submit("/brute-force", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Line 1, column 11: “office” is a name");
    page.shows("Line 2, column 1: “&#34;&#62;&#60;script&#62;x&#60;/script&#62;”");
    assert!(page.between("<textarea id=\"whitelist\"", ">").contains("aria-invalid=\"true\""));
    assert!(page.between("name=\"max_retry\"", ">").contains("aria-invalid=\"true\""));
    page.shows("192.0.2.1 office\n");
    assert_eq!(browser.desk.state().version, 1);
}

#[tokio::test]
async fn somebody_elses_change_is_shown_beside_and_not_overwritten() {
    let mut browser = Browser::at("192.0.2.9").await;
    {
        let mut state = browser.desk.state();
        state.settings.defaults.max_retry = 7;
        state.version = 2;
    }
    let fields = with(&[("max_retry", "5"), ("act", "save")]);
    let page = browser.submit("/brute-force", &fields).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    page.shows("name=\"max_retry\" value=\"5\"");
    assert!(page.between("What the settings say now", "</dl>").contains(">7</dd>"));
    assert_eq!(browser.desk.state().settings.defaults.max_retry, 7);
    assert_eq!(page.hidden("tag"), "v2", "saving again is meant");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_makes_the_page_read_only() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.desk.state().read_only = Some("the file system is read-only".to_owned());
    let page = browser.get("/brute-force").await;
    page.shows("the file system is read-only");
    page.shows("<fieldset disabled>");
    page.hides("value=\"check\"");
    let answer = browser.submit("/brute-force", &with(&[("max_retry", "5"), ("act", "save")])).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_without_the_token_is_refused() {
    let mut browser = Browser::at("192.0.2.9").await;
    let answer = browser.post("/brute-force", &with(&[("max_retry", "1"), ("act", "save")])).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.desk.state().version, 1);
    assert_eq!(browser.desk.state().settings.whitelist.addresses[0].0, subject("93.188.40.10"));
}

#[tokio::test]
async fn rules_that_would_cut_off_are_tried_from_here_too() {
    let mut browser = Browser::at("198.51.100.4").await;
    browser.desk.state().settings.firewall.networks = vec![network("Ten", "10.0.0.0/8", &[])];
    let page = browser.submit("/brute-force", &with(&[("max_retry", "5"), ("act", "save")])).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.shows("Save and confirm within 60 seconds");
    page.shows("name=\"max_retry\" value=\"5\"");
    let answer = browser.submit("/brute-force", &with(&[("max_retry", "5"), ("act", "try")])).await;
    browser.follow(&answer).await.shows("formaction=\"/trial/confirm\"");
}
