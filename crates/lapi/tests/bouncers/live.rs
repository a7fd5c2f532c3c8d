//! Bouncers that ask for one address at a time.

use serde_json::Value;

use crate::client::{STREAM, Site};

#[tokio::test]
async fn a_question_finds_what_hits_the_address() {
    let site = Site::new();
    assert_eq!(site.get("/v1/decisions").await, Value::Null);
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    site.desk.ban("198.51.100.0/24", "manual", site.until(60));
    site.desk.ban("198.51.100.7", "asterisk", site.until(60));
    site.desk.ban("2001:db8:1:2::/64", "sshd", site.until(60));
    let all = ["192.0.2.1", "198.51.100.0/24", "198.51.100.7", "2001:db8:1:2::/64"];
    for (query, expected) in [
        ("", &all[..]),
        ("?ip=192.0.2.1", &all[..1]),
        ("?ip=192.0.2.2", &[]),
        ("?ip=198.51.100.7", &all[1..3]),
        ("?ip=198.51.100.8", &all[1..2]),
        ("?ip=2001:db8:1:2::77", &all[3..]),
        ("?ip=::ffff:192.0.2.1", &all[..1]),
        ("?range=198.51.100.0/25", &all[1..2]),
        ("?range=198.51.0.0/16", &[]),
        ("?range=198.51.0.0/16&contains=false", &all[1..3]),
        ("?scope=ip", &["192.0.2.1", "198.51.100.7"]),
        ("?scope=Ip&value=192.0.2.1", &all[..1]),
        ("?scope=Range&value=192.0.2.1", &[]),
        ("?value=198.51.100.0/24", &all[1..2]),
        ("?value=somebody", &[]),
        ("?type=ban", &all),
        ("?type=captcha", &[]),
        ("?ip=192.0.2.1&type=captcha", &[]),
        ("?origins=CAPI", &[]),
    ] {
        let answer = site.get(&format!("/v1/decisions{query}")).await;
        let values: Vec<&str> = match &answer {
            Value::Null => Vec::new(),
            list => list.as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect(),
        };
        assert_eq!((values.as_slice(), answer.is_null()), (expected, expected.is_empty()), "{query}");
    }
    let (status, _, body) = site.send("GET", "/v1/decisions?ip=bogus", "bouncer-key").await;
    assert_eq!(status, 400);
    assert!(body.starts_with(r#"{"message":"ip: 'bogus' is not an address"#), "{body}");
}

#[tokio::test]
async fn questions_take_nothing_from_the_stream() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", site.until(60));
    let live = site.get("/v1/decisions?ip=192.0.2.1").await[0].clone();
    let new = site.get(&format!("{STREAM}?startup=true")).await["new"][0].clone();
    assert_eq!(live, new);
    site.wait(60);
    assert_eq!(site.get("/v1/decisions?ip=192.0.2.1").await, Value::Null);
    assert_eq!(site.pull("").await, ["-192.0.2.1"]);
}
