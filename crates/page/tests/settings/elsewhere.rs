//! In a container, behind a proxy, in a fleet: what the pages say of it.

use control::answer::{Blocklist, Notice, Outlet, Surroundings};

use crate::browser::Browser;

const PAGES: [&str; 7] = ["/", "/blocked", "/brute-force", "/firewall", "/jails", "/keys", "/journal"];

fn behind_bridge() -> Surroundings {
    let gateways = vec!["172.17.0.1".to_owned()];
    Surroundings { container: Some("docker".to_owned()), is_bridged: true, gateways }
}

#[tokio::test]
async fn every_page_says_that_the_address_does_not_arrive_and_none_if_it_does() {
    let mut browser = Browser::at("172.17.0.1").await;
    browser.desk.state().surroundings = behind_bridge();
    for page in PAGES {
        let page = browser.get(page).await;
        page.shows("everybody seems to come from 172.17.0.1");
        page.shows("userland-proxy");
    }
    // Also a form that is shown again.
    browser
        .submit("/protection", &[("wanted", "off")])
        .await
        .shows("everybody seems to come from 172.17.0.1");
    browser.speak("ru");
    browser.get("/keys").await.shows("Ваш адрес сюда не доходит");
    let mut browser = Browser::at("192.0.2.9").await;
    browser.desk.state().surroundings = behind_bridge();
    for page in PAGES {
        browser.get(page).await.hides("172.17.0.1, the gateway");
        browser.get(page).await.hides("everybody seems to come from");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_told_with_what_to_write() {
    let mut browser = Browser::at("127.0.0.1").await;
    browser.get("/").await.hides("trusted_proxies");
    browser.header = Some(("x-forwarded-for", "203.0.113.7"));
    for page in PAGES {
        browser.get(page).await.shows("trusted_proxies = [&#34;127.0.0.1&#34;]");
    }
}

#[tokio::test]
async fn the_overview_says_where_bans_hold_only_if_there_is_more_than_this_kernel() {
    let mut browser = Browser::at("192.0.2.9").await;
    let page = browser.get("/").await;
    page.hides("Where bans are carried out");
    page.hides("Blocklists");
    browser.desk.state().surroundings = behind_bridge();
    let page = browser.get("/").await;
    page.shows("in a container (Docker) behind a bridge: bans hold inside this container only");
    page.shows("<a href=\"/keys\">Make a key for a bouncer</a>");
    page.hides("<td><b>Redis");
    browser.desk.state().surroundings =
        Surroundings { container: Some("container".to_owned()), ..Surroundings::default() };
    browser.get("/").await.shows("runs in a container, in the host&#39;s network");
}

#[tokio::test]
async fn outlets_and_blocklists_are_shown_those_that_fail_first() {
    let mut browser = Browser::at("192.0.2.9").await;
    browser.desk.state().outlets = vec![
        Outlet { outlet: "nginx".to_owned(), is_current: true, held: 12, ..Outlet::default() },
        Outlet {
            outlet: "redis".to_owned(),
            error: Some("no answer from <b>".to_owned()),
            held: 1_400,
            waiting: 31,
            since: Some("2026-11-22T11:58:00Z".to_owned()),
            nodes: vec!["pbx-2".to_owned(), "pbx-3".to_owned()],
            ..Outlet::default()
        },
    ];
    browser.desk.state().blocklists = vec![
        Blocklist { blocklist: "good".to_owned(), entries: 2_000, left_out: 1, ..Blocklist::default() },
        Blocklist { blocklist: "gone".to_owned(), error: Some("404".to_owned()), ..Blocklist::default() },
    ];
    let page = browser.get("/").await;
    let outlets = page.between("id=\"elsewhere\"", "</section>");
    assert!(outlets.find("Redis").unwrap() < outlets.find("nginx").unwrap(), "{outlets}");
    for text in ["not up to date", "no answer from &#60;b&#62;", "1,400", "Fleet: pbx-2, pbx-3", "up to date"]
    {
        assert!(outlets.contains(text), "{text} in {outlets}");
    }
    let lists = page.between("id=\"blocklists\"", "</section>");
    assert!(lists.find("gone").unwrap() < lists.find("good").unwrap(), "{lists}");
    assert!(
        lists.contains("2,000") && lists.contains("1 entry left out") && lists.contains("404"),
        "{lists}"
    );
    browser.speak("ru");
    let page = browser.get("/").await;
    page.shows("передано не всё");
    page.shows("1 запись пропущена");
}

#[tokio::test]
async fn each_notice_has_its_sentence_in_both_languages() {
    let mut browser = Browser::at("192.0.2.9").await;
    for (code, values, link) in [
        ("container-bridge", &[("container", "docker"), ("gateways", "172.17.0.1")][..], "/keys"),
        ("address-hidden", &[("jail", "nginx"), ("address", "172.17.0.1")], ""),
        ("redis-away", &[("error", "connection refused")], "/#elsewhere"),
        ("redis-overrun", &[("count", "2")], "/#elsewhere"),
        ("outlet-error", &[("outlet", "asterisk"), ("error", "no such file")], "/#elsewhere"),
        ("blocklist-error", &[("blocklist", "drop"), ("error", "no such host")], "/#blocklists"),
        ("blocklist-cut", &[("blocklist", "drop"), ("left_out", "21")], "/#blocklists"),
    ] {
        browser.desk.state().attention =
            vec![Notice::new(code, values, "in the program's own words".to_owned())];
        let mut seen = Vec::new();
        for language in ["en", "ru"] {
            browser.speak(language);
            let page = browser.get("/").await;
            page.hides("own words");
            let notice = page.between("data-part=\"attention\"", "data-part=\"numbers\"");
            for (name, value) in values {
                assert!(
                    *name == "container" || notice.to_lowercase().contains(value),
                    "{code}: {name} in {notice}"
                );
            }
            assert!(notice.contains(&format!("href=\"{link}")) || link.is_empty(), "{code}: {notice}");
            seen.push(notice.to_owned());
        }
        assert_ne!(seen[0], seen[1], "{code}");
    }
}
