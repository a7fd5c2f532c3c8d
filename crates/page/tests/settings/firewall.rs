//! The page of the network firewall.

use axum::http::StatusCode;
use config::Service;
use control::Actor;
use control::desk::Deed;

use crate::browser::{Answer, Browser};
use crate::desk::network;

const PORTS: [(&str, &str); 8] = [
    ("ports.sip", "udp/5060 tcp/5060-5061"),
    ("ports.rtp", "udp/10000-20000"),
    ("ports.iax", "udp/4569"),
    ("ports.web", "tcp/80 tcp/443 tcp/8765"),
    ("ports.ssh", "tcp/22"),
    ("ports.ami", "tcp/5038-5039"),
    ("ports.ajam", "tcp/8088-8089"),
    ("ports.cti", "tcp/4222, tcp/8000, tcp/8222"),
];

/// An office that reaches all, and everyone else who reaches SIP.
const TWO: [(&str, &str); 10] = [
    ("tag", "v1"),
    ("row", "1"),
    ("1.name", "Office"),
    ("1.subnet", "192.168.10.0/24"),
    ("1.web", "on"),
    ("1.never_block", "on"),
    ("row", "2"),
    ("2.name", "Everyone <else>"),
    ("2.subnet", "0.0.0.0/0\r\n::/0"),
    ("2.sip", "on"),
];

async fn send(browser: &mut Browser, fields: &[(&str, &str)], act: &str) -> Answer {
    browser.submit("/firewall", &[fields, &PORTS, &[("sip_limit", ""), ("act", act)]].concat()).await
}

#[tokio::test]
async fn without_rows_first_ones_are_suggested_and_nothing_is_saved() {
    let mut browser = Browser::at("192.168.10.7").await;
    browser.get("/firewall").await.shows("Suggest first rules");
    let page = send(&mut browser, &[("tag", "v1")], "suggest").await;
    page.shows("192.168.10.0/24</textarea>");
    page.shows("10.0.0.0/8\n172.16.0.0/12\n192.168.0.0/16\nfc00::/7</textarea>");
    page.shows("0.0.0.0/0\n::/0</textarea>");
    page.shows("Not saved yet.");
    assert!(browser.desk.state().settings.firewall.networks.is_empty());
}

#[tokio::test]
async fn rows_are_saved_all_at_once_and_come_back() {
    let mut browser = Browser::at("192.168.10.7").await;
    let answer = send(&mut browser, &TWO, "save").await;
    let page = browser.follow(&answer).await;
    page.shows("Saved. It is in force.");
    let networks = browser.desk.state().settings.firewall.networks.clone();
    assert_eq!(networks.len(), 3);
    assert!(networks[0].never_block && networks[1].services.contains(&Service::Sip));
    // The two subnets of equal rights are one row again, and hostile names stay texts.
    assert_eq!(page.html.matches("name=\"row\"").count(), 3, "two rows and the blank one of the script");
    page.shows("value=\"Everyone &#60;else&#62;\"");
    page.hides("<else>");
    page.hides("Not saved yet.</span>");
    page.shows("418,220 packets");
    page.shows("1 packet</dd>");
}

#[tokio::test]
async fn buttons_of_rows_work_without_script() {
    let mut browser = Browser::at("192.168.10.7").await;
    let page = send(&mut browser, &TWO, "down:1").await;
    let (second, first) =
        (page.html.find("id=\"1.name\"").unwrap(), page.html.find("id=\"2.name\"").unwrap());
    assert!(first < second);
    let page = send(&mut browser, &TWO, "remove:1").await;
    page.hides("id=\"1.name\"");
    let page = send(&mut browser, &TWO, "add").await;
    page.shows("id=\"3.name\"");
    page.shows("Not saved yet.");
    assert!(browser.desk.state().settings.firewall.networks.is_empty());
}

#[tokio::test]
async fn whoever_would_be_cut_off_is_told_and_may_try() {
    let mut browser = Browser::at("198.51.100.4").await;
    let page = send(&mut browser, &TWO, "save").await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.shows(
        "You are connected from 198.51.100.4, which “Everyone &#60;else&#62;” does not let reach WEB.",
    );
    assert_eq!(page.html.matches("You are connected from").count(), 1, "said once");
    page.shows("Save and confirm within 60 seconds");
    page.shows("value=\"Office\"");
    assert!(browser.desk.state().settings.firewall.networks.is_empty(), "nothing holds yet");

    let answer = send(&mut browser, &TWO, "try").await;
    let page = browser.follow(&answer).await;
    page.shows("The new rules hold for now");
    page.shows("formaction=\"/trial/confirm\"");
    page.hides("value=\"save\">");
    assert_eq!(browser.desk.state().settings.firewall.networks.len(), 3);

    let answer = browser.submit_trial("take-back").await;
    let page = browser.follow(&answer).await;
    page.shows("The change is taken back.");
    assert!(browser.desk.state().settings.firewall.networks.is_empty());
    let answer = browser.submit_trial("confirm").await;
    browser.follow(&answer).await.shows("That is not there any more");
}

#[tokio::test]
async fn back_leads_to_the_form_as_it_was() {
    let mut browser = Browser::at("198.51.100.4").await;
    let page = send(&mut browser, &TWO, "check").await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows("value=\"Office\"");
    page.hides("id=\"cut-off\"");
}

#[tokio::test]
async fn mistakes_are_said_at_their_fields_and_nothing_is_lost() {
    let mut browser = Browser::at("192.168.10.7").await;
    let fields = [
        ("tag", "v1"),
        ("row", "1"),
        ("1.name", "A"),
        ("1.subnet", "10.0.0.0/40"),
        ("1.ssh", "on"),
        ("row", "2"),
    ];
    let page = send(&mut browser, &fields, "save").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.between("id=\"1.subnet-wrong\"", "</span>")
            .contains("“10.0.0.0/40” has a prefix that does not exist")
    );
    assert!(page.between("id=\"2.subnet-wrong\"", "</span>").contains("Write at least one subnet"));
    assert!(page.between("name=\"1.ssh\"", ">").contains("checked"));
}

#[tokio::test]
async fn somebody_elses_rules_are_shown() {
    let mut browser = Browser::at("192.168.10.7").await;
    {
        let mut state = browser.desk.state();
        state.settings.firewall.networks = vec![network("Theirs", "10.0.0.0/8", &[Service::Web])];
        state.version = 2;
    }
    let page = send(&mut browser, &TWO, "save").await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    assert!(page.between("What the settings say now", "</ol>").contains("Theirs"));
    page.shows("value=\"Office\"");
    assert_eq!(page.hidden("tag"), "v2");
}

#[tokio::test]
async fn rules_without_a_row_for_everyone_else_are_worth_a_word() {
    let mut browser = Browser::at("10.1.2.3").await;
    browser.desk.state().settings.firewall.networks = vec![network("Ten", "10.0.0.0/8", &[Service::Web])];
    browser.get("/firewall").await.shows("There is no row for everyone else");
    browser.speak("ru");
    browser.get("/firewall").await.shows("Нет строки для всех остальных");
}

#[tokio::test]
async fn whoever_could_not_confirm_learns_that_the_old_rules_are_back() {
    let mut browser = Browser::at("192.168.10.7").await;
    let by = |name: &str| Actor { name: name.to_owned(), address: None };
    browser.desk.state().note(Deed::RollBack, &by("admin"), "", "");
    browser.get("/firewall").await.hides("the old rules are back");
    for _ in 0..500 {
        browser.desk.state().note(Deed::SignIn, &by("admin"), "", "");
    }
    browser.desk.state().note(Deed::RollBack, &by("stockade"), "", "");
    browser.get("/firewall").await.shows("The change was not confirmed: the old rules are back");
    browser.desk.state().note(Deed::Settings, &by("admin"), "", "");
    browser.get("/firewall").await.hides("the old rules are back");
}
