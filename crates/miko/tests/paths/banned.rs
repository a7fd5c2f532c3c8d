//! Who is blocked, and letting somebody in.

use serde_json::json;

use crate::client::Client;
use crate::desk::ban;

fn client() -> Client {
    let client = Client::new();
    client.desk.lock().bans = vec![
        ban("192.0.2.1", "asterisk"),
        ban("192.0.2.1", "sshd"),
        ban("198.51.100.0/24", "manual"),
        ban("2001:db8:0:1::/64", "asterisk"),
    ];
    client
}

#[tokio::test]
async fn the_blocked_are_listed_by_address() {
    let client = client();
    let answer = client.get("firewall:getBannedIps").await;
    assert_eq!(answer.data().as_object().unwrap().len(), 3);
    assert_eq!(
        answer.data()["192.0.2.1"],
        json!({ "country": "", "countryName": "", "bans": [
            { "jail": "asterisk", "timeofban": 1_700_000_000, "timeunban": 1_700_003_600, "v": "2" },
            { "jail": "sshd", "timeofban": 1_700_000_000, "timeunban": 1_700_003_600, "v": "2" },
        ] })
    );
    assert_eq!(*Client::new().get("firewall:getBannedIps").await.data(), json!({}));
}

#[tokio::test]
async fn an_address_is_let_in_whatever_it_is_written_as() {
    let client = client();
    for (ip, unbanned, left) in [
        ("192.0.2.1", 2, 2),
        ("192.0.2.1", 0, 2),
        ("198.51.100.7", 0, 2),
        ("198.51.100.0/24", 1, 1),
        ("2001:db8:0:1::5", 1, 0),
    ] {
        let answer = client.form("POST", "firewall:unbanIp", &format!("ip={ip}")).await;
        assert_eq!(answer.status, 200, "{ip}");
        assert_eq!(answer.data()["unbanned"], unbanned, "{ip}");
        assert_eq!(client.desk.lock().bans.len(), left, "{ip}");
    }
}

#[tokio::test]
async fn what_is_no_address_is_bad_input() {
    let client = client();
    for body in [
        json!({}),
        json!({ "ip": "" }),
        json!({ "ip": "not-an-ip-address" }),
        json!({ "ip": "192.0.2.1; reboot" }),
        json!({ "ip": ["192.0.2.1"] }),
        json!({ "ip": "1".repeat(300) }),
    ] {
        let answer = client.json("POST", "firewall:unbanIp", body.clone()).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.errors().iter().all(|error| error.starts_with("ip")), "{answer:?}");
    }
    assert_eq!(client.desk.lock().bans.len(), 4);
}
