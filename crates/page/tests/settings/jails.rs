//! The page of jails and filters.

use axum::http::StatusCode;
use control::answer::Remark;
use event::limit::{FAIL2BAN_REMARK_JAILS, FAIL2BAN_REMARKS_SHOWN};

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

fn remark(place: Option<&str>, jails: &[&str], action: Option<&str>, text: &str) -> Remark {
    Remark {
        place: place.map(str::to_owned),
        jails: jails.iter().map(|jail| (*jail).to_owned()).collect(),
        action: action.map(str::to_owned),
        option: None,
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn what_is_done_otherwise_than_fail2bans_files_say_is_told_only_if_there_is_any() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.get("/jails").await.hides("id=\"remarks\"");
    browser.desk.state().remarks = vec![
        remark(
            Some("/etc/fail2ban/jail.conf:160"),
            &["sshd", "dovecot"],
            None,
            "'usedns = warn' is not heeded",
        ),
        remark(None, &["a<b>"], Some("<i>wall</i>"), "port '<script>alert(1)</script>' is unknown"),
        remark(Some("/etc/fail2ban/fail2ban.conf:6"), &[], None, "'allowipv6 = no' is not heeded"),
    ];
    let page = browser.get("/jails").await;
    let section = page.between("id=\"remarks\"", "</section>");
    for shown in [
        "fail2ban&#39;s configuration: what is done otherwise",
        "<p class=\"mono small\">/etc/fail2ban/jail.conf:160</p>",
        "jails: sshd, dovecot</p>",
        "<p lang=\"en\">&#39;usedns = warn&#39; is not heeded</p>",
        "not from a file",
        "jail: a&#60;b&#62; · action: &#60;i&#62;wall&#60;/i&#62;</p>",
        "port &#39;&#60;script&#62;alert(1)&#60;/script&#62;&#39; is unknown",
        "/etc/fail2ban/fail2ban.conf:6</p>\n<p lang=\"en\">",
    ] {
        assert!(section.contains(shown), "{shown} in {section}");
    }
    assert!(!section.contains("notice") && !section.contains("more are not shown"), "{section}");
    // Nothing that would stay for ever asks for attention.
    browser.get("/").await.hides("usedns");
    browser.speak("ru");
    let page = browser.get("/jails").await;
    page.shows("Настройки fail2ban: что делается иначе");
    page.shows("ловушки: sshd, dovecot");
    page.shows("<p lang=\"en\">&#39;usedns = warn&#39; is not heeded</p>");
}

#[tokio::test]
async fn of_many_remarks_and_jails_the_first_are_shown_and_the_others_counted() {
    let mut browser = Browser::at("192.0.2.9").await;
    let jails: Vec<String> = (0..FAIL2BAN_REMARK_JAILS + 13).map(|number| format!("j{number}x")).collect();
    let jails: Vec<&str> = jails.iter().map(String::as_str).collect();
    browser.desk.state().remarks = vec![remark(None, &jails, None, "is so"); FAIL2BAN_REMARKS_SHOWN + 2];
    let page = browser.get("/jails").await;
    let section = page.between("id=\"remarks\"", "</section>");
    assert_eq!(section.matches("<p lang=\"en\">").count(), FAIL2BAN_REMARKS_SHOWN);
    assert!(section.contains(&format!("j{}x and 13 more</p>", FAIL2BAN_REMARK_JAILS - 1)), "{section}");
    assert!(section.contains("2 more are not shown here"), "{section}");
}
