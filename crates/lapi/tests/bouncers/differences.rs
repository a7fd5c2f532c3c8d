//! What the stream tells a bouncer the second time and later.

use std::sync::Arc;

use event::Moment;
use event::limit::LAPI_AGAIN;

use crate::client::{STREAM, Site, told};

const NOTHING: [&str; 0] = [];
const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn each_bouncer_is_told_what_changed_since_it_asked() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    assert_eq!(site.pull("?startup=true").await, ["+192.0.2.1 1m0s"]);
    assert_eq!(site.pull("").await, NOTHING);
    site.desk.ban("192.0.2.2", "sshd", site.until(60));
    let other = site.get_as("other-key", &format!("{STREAM}?startup=true")).await;
    assert_eq!(told(&other), ["+192.0.2.1 1m0s", "+192.0.2.2 1m0s"]);
    assert_eq!(site.pull("?startup=false").await, ["+192.0.2.2 1m0s"]);
    site.desk.lift("192.0.2.1", "sshd");
    site.desk.ban("192.0.2.3", "sshd", site.until(60));
    site.desk.lift("192.0.2.3", "sshd");
    assert_eq!(site.pull("").await, ["-192.0.2.1"], "who came and went is not told");
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    assert_eq!(site.pull("").await, ["+192.0.2.1 1m0s"]);
    let other = site.get_as("other-key", STREAM).await;
    assert_eq!(told(&other), NOTHING, "who went and came back the same is still held");
    site.wait(60);
    assert_eq!(site.pull("").await, ["-192.0.2.1", "-192.0.2.2"], "what is over is told too");
}

#[tokio::test]
async fn a_prolonged_decision_is_told_as_deleted_and_new() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    let first = site.get(&format!("{STREAM}?startup=true")).await["new"][0]["id"].clone();
    site.wait(30);
    site.desk.ban("192.0.2.1", "sshd", site.until(120));
    let answer = site.get(STREAM).await;
    assert_eq!(told(&answer), ["-192.0.2.1", "+192.0.2.1 2m0s"]);
    assert_eq!((&answer["deleted"][0]["id"], &answer["new"][0]["id"]), (&first, &first));
    site.desk.ban("192.0.2.1", "sshd", site.until(20));
    assert_eq!(site.pull("").await, ["-192.0.2.1", "+192.0.2.1 20s"], "shortened as well");
    assert_eq!(site.pull("").await, NOTHING);
}

#[tokio::test]
async fn an_address_goes_only_when_its_last_ban_ends() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    site.desk.ban("192.0.2.1", "asterisk", site.until(90));
    assert_eq!(site.pull("?startup=true").await, ["+192.0.2.1 1m30s"]);
    site.desk.lift("192.0.2.1", "sshd");
    assert_eq!(site.pull("").await, NOTHING);
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    site.desk.lift("192.0.2.1", "asterisk");
    assert_eq!(site.pull("").await, ["-192.0.2.1", "+192.0.2.1 1m0s"]);
    site.desk.lift("192.0.2.1", "sshd");
    assert_eq!(site.pull("").await, ["-192.0.2.1"]);
}

#[tokio::test]
async fn a_ban_for_ever_is_renewed_long_before_its_end() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "manual", Moment::NEVER);
    site.desk.ban("192.0.2.2", "manual", site.until(25 * DAY));
    assert_eq!(site.pull("?startup=true").await, ["+192.0.2.1 480h0m0s", "+192.0.2.2 480h0m0s"]);
    site.wait(9 * DAY);
    site.desk.ban("192.0.2.2", "manual", site.until(30 * DAY));
    assert_eq!(site.pull("").await, NOTHING, "there is time");
    site.wait(DAY);
    let renewed = ["-192.0.2.1", "-192.0.2.2", "+192.0.2.1 480h0m0s", "+192.0.2.2 480h0m0s"];
    assert_eq!(site.pull("").await, renewed);
    site.wait(10 * DAY);
    assert_eq!(
        site.pull("").await,
        ["-192.0.2.1", "-192.0.2.2", "+192.0.2.1 480h0m0s", "+192.0.2.2 456h0m0s"]
    );
    site.wait(11 * DAY);
    assert_eq!(site.pull("").await, ["-192.0.2.1", "+192.0.2.1 480h0m0s"], "its own end is no change");
}

#[tokio::test]
async fn filters_select() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    site.desk.ban("192.0.2.1", "asterisk", site.until(90));
    site.desk.ban("2001:db8::/64", "asterisk", site.until(60));
    let (ssh, sip, six) = ("+192.0.2.1 1m0s", "+192.0.2.1 1m30s", "+2001:db8::/64 1m0s");
    for (query, expected) in [
        ("", &[sip, six][..]),
        ("&scopes=ip,range", &[sip, six]),
        ("&scopes=Ip", &[sip]),
        ("&scopes=Range", &[six]),
        ("&scopes=country", &[]),
        ("&scopes=", &[]),
        ("&origins=stockade", &[sip, six]),
        ("&origins=CAPI,lists", &[]),
        ("&scenarios_containing=SSH", &[ssh]),
        ("&scenarios_containing=ssh,aster", &[sip, six]),
        ("&scenarios_not_containing=aster", &[ssh]),
        ("&scenarios_not_containing=aster,ssh", &[]),
        ("&community_pull=true&additional_pull=false&unheard=of", &[sip, six]),
    ] {
        assert_eq!(site.pull(&format!("?startup=true{query}")).await, expected, "{query}");
    }
    site.desk.lift("192.0.2.1", "asterisk");
    assert_eq!(site.pull("?scopes=Ip").await, ["-192.0.2.1", "+192.0.2.1 1m0s"]);
    assert_eq!(site.pull("?scenarios_containing=SSH").await, NOTHING);
    assert_eq!(site.pull("?scopes=Range").await, NOTHING);
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_given_again() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    assert_eq!(site.pull("?startup=true").await.len(), 1);
    site.desk.ban("192.0.2.2", "sshd", site.until(60));
    drop(site.request("GET", STREAM, ("X-Api-Key", "bouncer-key")).await);
    assert_eq!(site.send("HEAD", STREAM, "bouncer-key").await.0, 200);
    assert_eq!(site.pull("").await, ["+192.0.2.2 1m0s"]);
    assert_eq!(site.pull("").await, NOTHING);
}

#[tokio::test]
async fn after_a_restart_nothing_is_left_behind_and_nothing_runs_out() {
    let site = Site::new();
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::/64"] {
        site.desk.ban(address, "sshd", site.until(60));
    }
    assert_eq!(site.pull("?startup=true").await.len(), 3);
    // While nobody could ask: one was prolonged, one let in.
    site.desk.ban("192.0.2.1", "sshd", site.until(120));
    site.desk.lift("192.0.2.2", "sshd");
    site.desk.lift("2001:db8::/64", "sshd");
    *site.desk.unbans.lock().unwrap() =
        ["2001:db8::/64", "192.0.2.2", "192.0.2.1"].map(str::to_owned).to_vec();
    let again = Site::around(Arc::clone(&site.desk));
    let told = again.pull("").await;
    assert_eq!(told, ["-192.0.2.1", "-192.0.2.2", "-2001:db8::/64", "+192.0.2.1 2m0s"]);
    assert_eq!(again.pull("").await, NOTHING);
}

#[tokio::test]
async fn what_is_unsure_after_a_restart_is_told_again_portion_by_portion() {
    let site = Site::new();
    let until = site.until(DAY);
    let count = 2 * LAPI_AGAIN + 10;
    site.desk.change(|bans| {
        for number in 0..count {
            bans.push(crate::desk::ban(&format!("10.1.{}.{}", number / 256, number % 256), "sshd", until));
        }
    });
    let counts = |told: Vec<String>| {
        let deleted = told.iter().filter(|one| one.starts_with('-')).count();
        (deleted, told.len() - deleted)
    };
    assert_eq!(counts(site.pull("").await), (LAPI_AGAIN, count));
    site.desk.ban("10.1.4.1", "sshd", site.until(2 * DAY));
    assert_eq!(counts(site.pull("").await), (LAPI_AGAIN, LAPI_AGAIN));
    assert_eq!(counts(site.pull("").await), (10, 10));
    assert_eq!(site.pull("").await, NOTHING);
}
