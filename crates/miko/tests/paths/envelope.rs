//! The envelope stands around everything: also around what is not there, not allowed and not readable.

use serde_json::json;

use crate::client::Client;
use crate::desk::{BOUNCER_KEY, READ_KEY};

#[tokio::test]
async fn names_are_those_of_mikopbx() {
    let answer = Client::new().get("firewall:getBannedIps").await;
    assert_eq!(answer.body["function"], "getBannedIps");
    assert_eq!(answer.body["processor"], r"MikoPBX\PBXCoreREST\Lib\Firewall\GetBannedIpsAction::main");
    assert_eq!(answer.body["messages"], json!({}));
}

#[tokio::test]
async fn what_is_not_there_is_answered_in_the_envelope() {
    let client = Client::new();
    for path in ["extensions", "firewall/", "firewall/1/2", "firewall:nothing", "fail2ban/1", "auth"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    for (method, path) in [
        ("DELETE", "fail2ban"),
        ("POST", "fail2ban"),
        ("DELETE", "firewall"),
        ("POST", "firewall/1"),
        ("GET", "firewall:enable"),
        ("GET", "firewall:unbanIp"),
        ("POST", "firewall:getBannedIps"),
        ("GET", "auth:login"),
    ] {
        let answer = client.json(method, path, json!({})).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(answer.headers.contains_key("allow"), "{method} {path}");
    }
}

/// Every path with each method that it takes, and whether it changes something.
const ASKED: [(&str, &str, bool); 16] = [
    ("GET", "fail2ban", false),
    ("PUT", "fail2ban", true),
    ("PATCH", "fail2ban", true),
    ("GET", "firewall", false),
    ("POST", "firewall", true),
    ("GET", "firewall/1", false),
    ("PUT", "firewall/1", true),
    ("PATCH", "firewall/1", true),
    ("DELETE", "firewall/1", true),
    ("GET", "firewall:getDefault", false),
    ("GET", "firewall:getBannedIps", false),
    ("POST", "firewall:unbanIp", true),
    ("POST", "firewall:enable", true),
    ("POST", "firewall:disable", true),
    ("GET", "system:checkClientIpVisibility", false),
    ("POST", "system:checkClientIpVisibility", false),
];

#[tokio::test]
async fn nobody_comes_in_without_a_key_or_with_too_small_a_one() {
    let mut client = Client::new();
    for (secret, looks, changes) in
        [("", 401, 401), ("wrong", 401, 401), (BOUNCER_KEY, 403, 403), (READ_KEY, 0, 403)]
    {
        client.secret = secret.to_owned();
        for (method, path, is_change) in ASKED {
            let expected = if is_change { changes } else { looks };
            let answer = client.send(method, path, "", String::new()).await;
            if expected == 0 {
                assert!([200, 404].contains(&answer.status), "{secret}: {method} {path}: {answer:?}");
            } else {
                assert_eq!(answer.status, expected, "{secret}: {method} {path}");
                assert_eq!(answer.headers.contains_key("www-authenticate"), expected == 401);
                assert_ne!(answer.body["function"], "", "{method} {path}");
            }
        }
    }
    assert_eq!(client.desk.lock().version, 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_bad_input() {
    let client = Client::new();
    for body in ["{", "[1,2]", "\"text\"", "null", "{\"maxretry\":}"] {
        let answer = client.send("PATCH", "fail2ban", "application/json", body.to_owned()).await;
        assert_eq!(answer.status, 422, "{body}");
    }
    let large = format!("{{\"whitelist\":\"{}\"}}", "1".repeat(70_000));
    assert_eq!(client.send("PATCH", "fail2ban", "application/json", large).await.status, 413);
    let larger = format!("{{\"whitelist\":\"{}\"}}", "1".repeat(20_000_000));
    assert_eq!(client.send("PATCH", "fail2ban", "application/json", larger).await.status, 413);
    assert_eq!(client.desk.lock().version, 0);
}
