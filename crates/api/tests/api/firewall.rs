//! `/firewall` and its trial.

use serde_json::json;

use crate::Api;

#[test]
fn networks_are_put_in_order_and_come_back_as_they_were_put() {
    let api = Api::new();
    let networks = json!([
        {"name": "Office", "subnet": "192.168.0.0/24", "services": ["sip", "web"], "local": true, "never_block": true},
        {"name": "Everybody", "subnet": "0.0.0.0/0", "services": ["sip"], "local": false, "never_block": false}
    ]);
    let reply = api.tell_if("PUT", "/api/v1/firewall", Some("\"v1\""), json!({"networks": networks}));
    assert_eq!(reply.status, 200, "{}", reply.text);
    let read = api.get("/api/v1/firewall");
    assert_eq!(read.header("etag"), "\"v2\"");
    assert_eq!(read.json()["networks"], networks);
    let mut ports = read.json()["ports"].clone();
    assert_eq!(ports["sip"], json!(["udp/5060", "tcp/5060-5061"]));
    ports["ssh"] = json!(["tcp/2222"]);
    let body = json!({"networks": networks, "ports": ports});
    assert_eq!(api.tell_if("PUT", "/api/v1/firewall", Some("\"v2\""), body).status, 200);
    assert_eq!(api.get("/api/v1/firewall").json()["ports"]["ssh"], json!(["tcp/2222"]));
}

#[test]
fn a_change_that_cuts_off_is_made_on_trial_only() {
    let api = Api::new();
    api.memory.state().cuts_off = true;
    let put = |path: &str| api.tell_if("PUT", path, Some("*"), json!({"networks": []}));
    let refused = put("/api/v1/firewall");
    assert_eq!(refused.status, 409);
    assert!(
        refused.json()["problems"][0]["expected"].as_str().unwrap().contains("on trial"),
        "{}",
        refused.text
    );
    let made = put("/api/v1/firewall?on_trial=true");
    let trial = json!({"until": "2026-11-22T12:01:00Z", "by": "key admin"});
    assert_eq!(made.json()["trial"], trial);
    assert_eq!(api.get("/api/v1/firewall/trial").json(), json!({"trial": trial}));
    assert_eq!(api.ask("POST", "/api/v1/firewall/confirm").status, 204);
    assert_eq!(api.get("/api/v1/firewall/trial").json(), json!({"trial": null}));
    assert_eq!(api.ask("POST", "/api/v1/firewall/confirm").status, 404);
    assert_eq!(put("/api/v1/firewall?on_trial=true").status, 200);
    assert_eq!(api.ask("POST", "/api/v1/firewall/roll-back").status, 204);
    assert_eq!(api.ask("POST", "/api/v1/firewall/roll-back").status, 404);
}

#[test]
fn every_wrong_row_is_named() {
    let api = Api::new();
    let row = |name: &str, subnet: &str| json!({"name": name, "subnet": subnet, "services": []});
    let ports = |sip: &str| json!({"sip": [sip], "rtp": [], "iax": [], "web": [], "ssh": [], "ami": [], "ajam": [], "cti": []});
    let body = json!({"networks": [row("", "10.0.0.0/8"), row("B", "10.0.0.0/33")], "ports": ports("5060")});
    let reply = api.tell_if("PUT", "/api/v1/firewall", Some("*"), body);
    assert_eq!(reply.status, 422);
    assert_eq!(reply.places(), ["networks[0].name", "networks[1].subnet", "ports.sip[0]"]);
    let unknown = json!({"networks": [{"name": "A", "subnet": "10.0.0.0/8", "services": ["ftp"]}]});
    assert_eq!(api.tell_if("PUT", "/api/v1/firewall", Some("*"), unknown).status, 422);
    assert_eq!(api.tell("PUT", "/api/v1/firewall", json!({"networks": []})).status, 428);
}
