//! The limits, the whitelist and the SIP limit.

use std::time::Duration;

use control::Fault;
use control::desk::{Deed, fault::Complaint};
use serde_json::json;

use crate::client::Client;

#[tokio::test]
async fn the_settings_are_shown_as_mikopbx_shows_them() {
    let answer = Client::new().get("fail2ban").await;
    assert_eq!(
        *answer.data(),
        json!({
            "maxretry": 10, "bantime": 86400, "findtime": 3600, "whitelist": "", "PBXFirewallMaxReqSec": "0",
            "extensionsCount": 0,
        })
    );
}

#[tokio::test]
async fn put_takes_all_fields_and_patch_some() {
    let client = Client::new();
    let all = json!({
        "maxretry": "5", "bantime": 604_800, "findtime": "21600", "whitelist": "192.0.2.1, 198.51.100.0/24",
        "PBXFirewallMaxReqSec": "150",
    });
    let answer = client.json("PUT", "fail2ban", all).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.data()["whitelist"], "192.0.2.1 198.51.100.0/24");
    let settings = client.desk.settings_now();
    assert_eq!(settings.defaults.max_retry, 5);
    assert_eq!(settings.defaults.ban_time, Duration::from_secs(604_800));
    assert_eq!(settings.defaults.find_time, Duration::from_secs(21_600));
    assert_eq!(settings.whitelist.addresses.len(), 2);
    assert_eq!(settings.firewall.sip_limit, Some(150));
    assert_eq!(client.desk.lock().deeds, [(Deed::Settings, "key module".to_owned())]);

    let answer = client.form("PATCH", "fail2ban", "maxretry=7&PBXFirewallMaxReqSec=0&unknown_field=1").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.data()["maxretry"], 7);
    assert_eq!(answer.data()["findtime"], 21_600);
    assert_eq!(answer.data()["whitelist"], "192.0.2.1 198.51.100.0/24");
    assert_eq!(answer.data()["PBXFirewallMaxReqSec"], "0");
    assert_eq!(client.desk.settings_now().firewall.sip_limit, None);
}

#[tokio::test]
async fn what_was_read_can_be_written_back() {
    let client = Client::new();
    let settings = client.get("fail2ban").await;
    assert_eq!(client.json("PUT", "fail2ban", settings.data().clone()).await.status, 200);
    assert_eq!(client.desk.lock().version, 0, "nothing changed, so nothing was written");
}

#[tokio::test]
async fn bad_input_is_refused_field_by_field() {
    let client = Client::new();
    let cases = [
        ("maxretry", json!(0)),
        ("maxretry", json!(101)),
        ("maxretry", json!("many")),
        ("maxretry", json!(2.5)),
        ("bantime", json!(59)),
        ("bantime", json!(-1)),
        ("findtime", json!(59)),
        ("findtime", json!("")),
        ("findtime", json!(8 * 86_400 + 1)),
        ("whitelist", json!("192.0.2.300")),
        ("whitelist", json!("192.0.2.0/33")),
        ("whitelist", json!(["192.0.2.1"])),
        ("whitelist", json!("192.0.2.1 ".repeat(51) + "192.0.2.2")),
        ("PBXFirewallMaxReqSec", json!("fast")),
        ("PBXFirewallMaxReqSec", json!(-5)),
        ("PBXFirewallMaxReqSec", json!("10001")),
    ];
    for (field, value) in cases {
        for method in ["PUT", "PATCH"] {
            let answer = client.json(method, "fail2ban", json!({ field: value })).await;
            assert_eq!(answer.status, 422, "{field}: {value}");
            let errors = answer.errors();
            assert!(errors.iter().all(|error| error.starts_with(field)), "{field}: {errors:?}");
        }
    }
    let answer = client.json("PUT", "fail2ban", json!({ "maxretry": 0, "bantime": 1, "findtime": 1 })).await;
    assert_eq!(answer.errors().len(), 3);
    assert_eq!(client.desk.lock().version, 0);
}

#[tokio::test]
async fn a_change_that_was_overtaken_is_made_anew_but_not_for_ever() {
    let client = Client::new();
    client.desk.lock().overtaken = 3;
    assert_eq!(client.json("PATCH", "fail2ban", json!({ "maxretry": 7 })).await.status, 200);
    client.desk.lock().overtaken = u32::MAX;
    assert_eq!(client.json("PATCH", "fail2ban", json!({ "maxretry": 8 })).await.status, 409);
    assert_eq!(client.desk.settings_now().defaults.max_retry, 7);
}

#[tokio::test]
async fn what_the_desk_says_reaches_the_client() {
    let client = Client::new();
    let complaint = Complaint { place: "defaults.find_time".to_owned(), text: "it is too long".to_owned() };
    let cases = [
        (Fault::Wrong(vec![complaint]), 422, "defaults.find_time: it is too long"),
        (Fault::ReadOnly("stockade.toml is read-only".to_owned()), 403, "stockade.toml is read-only"),
        (Fault::Broken("the engine is gone".to_owned()), 500, "the engine is gone"),
    ];
    for (fault, status, text) in cases {
        client.desk.lock().refuses = Some(fault);
        let answer = client.json("PATCH", "fail2ban", json!({ "maxretry": 7 })).await;
        assert_eq!((answer.status, answer.errors()), (status, vec![text.to_owned()]));
    }
}
