//! What answers look like, and who gets one.

use event::Moment;
use serde_json::json;

use crate::client::{STREAM, Site};
use crate::desk::KEYS;

const BASES: [&str; 2] = ["", "/pbxcore/api/v3/firewall-bouncer"];

#[tokio::test]
async fn a_decision_has_crowdsecs_fields() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "sshd", Moment::from_millis(site.until(14_400).millis() - 1877));
    site.desk.ban("2001:db8:1:2::/64", "asterisk", site.until(60));
    site.desk.ban("198.51.100.0/24", "manual", site.until(59));
    for base in BASES {
        let answer = site.get(&format!("{base}{STREAM}?startup=true")).await;
        assert_eq!(answer["deleted"], json!([]));
        let new = answer["new"].as_array().unwrap();
        // A bouncer lets in no sooner than we do: ends are rounded up to the second.
        let expected = [
            ("3h59m59s", "stockade/sshd", "Ip", "192.0.2.1"),
            ("59s", "stockade/manual", "Range", "198.51.100.0/24"),
            ("1m0s", "stockade/asterisk", "Range", "2001:db8:1:2::/64"),
        ];
        assert_eq!(new.len(), 3);
        for (decision, (duration, scenario, scope, value)) in new.iter().zip(expected) {
            let id = decision["id"].as_i64().unwrap();
            assert!((1..=i64::from(i32::MAX)).contains(&id));
            assert_eq!(decision["uuid"].as_str().unwrap().len(), 36);
            let rest = json!({
                "duration": duration, "id": id, "origin": "stockade", "scenario": scenario, "scope": scope,
                "type": "ban", "uuid": decision["uuid"], "value": value,
            });
            assert_eq!(*decision, rest);
        }
    }
}

#[tokio::test]
async fn origin_and_scenario_are_settings() {
    let site = Site::new();
    site.desk.ban("192.0.2.1", "asterisk", site.until(60));
    site.desk.settings.lock().unwrap().lapi =
        config::Lapi { origin: "mikopbx-fail2ban".to_owned(), scenario: "mikopbx/sip".to_owned() };
    let new = site.get(&format!("{STREAM}?startup=true")).await["new"][0].clone();
    assert_eq!((&new["origin"], &new["scenario"]), (&json!("mikopbx-fail2ban"), &json!("mikopbx/sip")));
}

#[tokio::test]
async fn whoever_has_no_key_is_refused_as_crowdsec_does() {
    let site = Site::new();
    for base in BASES {
        for (method, path) in [
            ("GET", "/v1/decisions"),
            ("GET", STREAM),
            ("HEAD", "/v1/decisions"),
            ("POST", "/v1/usage-metrics"),
        ] {
            let path = format!("{base}{path}");
            for (name, _) in KEYS {
                let (status, _, body) = site.send(method, &path, name).await;
                assert_eq!(status, if method == "POST" { 201 } else { 200 }, "{method} {path}: {body}");
            }
            let bearer = site.request(method, &path, ("Authorization", "Bearer read-key")).await;
            assert!(bearer.status().is_success());
            let (status, headers, body) = site.send(method, &path, "wrong").await;
            assert_eq!((status, headers["content-type"].as_bytes()), (403, &b"application/json"[..]));
            assert_eq!(body, if method == "HEAD" { "" } else { r#"{"message":"access forbidden"}"# });
            assert_eq!(site.request(method, &path, ("Cookie", "stockade=none")).await.status(), 403);
        }
        assert_eq!(site.send("GET", &format!("{base}/v1/nothing"), "bouncer-key").await.0, 404);
        assert_eq!(site.send("DELETE", &format!("{base}/v1/decisions"), "bouncer-key").await.0, 405);
    }
}

#[tokio::test]
async fn the_whitelist_is_a_flat_array() {
    let site = Site::new();
    site.desk.settings.lock().unwrap().whitelist.addresses = vec![
        ("192.0.2.0/24".parse().unwrap(), "stockade.toml:1".to_owned()),
        ("10.0.0.7".parse().unwrap(), "stockade.toml:1".to_owned()),
    ];
    let path = "/pbxcore/api/v3/firewall-bouncer/v1/whitelist";
    let (status, _, body) = site.send("GET", path, "bouncer-key").await;
    assert_eq!((status, body.as_str()), (200, r#"["10.0.0.7","192.0.2.0/24"]"#));
    assert_eq!(site.send("GET", path, "wrong").await.0, 403);
}
