//! `/settings`, `/presets`.

use serde_json::json;

use crate::Api;

#[test]
fn a_change_names_the_tag_that_it_is_made_for() {
    let api = Api::new();
    let read = api.get("/api/v1/settings");
    assert_eq!(read.header("etag"), "\"v1\"");
    let settings = read.json();
    assert_eq!(settings["ban_time"], 86400);
    assert_eq!(settings["preset"], "normal");
    assert_eq!(settings["also_whitelisted"], json!([{"address": "127.0.0.0/8", "origin": "this host"}]));

    let change = json!({"max_retry": 3, "ban_time": "forever", "sip_limit": 100, "whitelist": ["192.0.2.0/24", "::1"]});
    let without = api.tell("PATCH", "/api/v1/settings", change.clone());
    assert_eq!((without.status.as_u16(), without.places()), (428, vec!["if-match".to_owned()]));
    let changed = api.tell_if("PATCH", "/api/v1/settings", Some("\"v1\""), change.clone());
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.header("etag"), "\"v2\"");
    assert_eq!(changed.json(), json!({"tag": "v2", "trial": null}));
    let stale = api.tell_if("PATCH", "/api/v1/settings", Some("\"v1\""), change.clone());
    assert_eq!((stale.status.as_u16(), stale.places()), (412, vec!["if-match".to_owned()]));
    assert_eq!(api.tell_if("PATCH", "/api/v1/settings", Some("*"), change.clone()).status, 200);
    for tag in ["v2", "\"\"", "W/\"v2\"", "\"a\", \"b\""] {
        assert_eq!(api.tell_if("PATCH", "/api/v1/settings", Some(tag), change.clone()).status, 400, "{tag}");
    }

    let settings = api.get("/api/v1/settings").json();
    assert_eq!(settings["ban_time"], "forever");
    assert_eq!((&settings["max_retry"], &settings["find_time"]), (&json!(3), &json!(3600)));
    assert_eq!(settings["whitelist"], json!(["192.0.2.0/24", "::1"]));
    assert_eq!(settings["preset"], json!(null));
    let change = json!({"sip_limit": null, "max_retry": null});
    assert_eq!(api.tell_if("PATCH", "/api/v1/settings", Some("\"v3\""), change).status, 200);
    let settings = api.get("/api/v1/settings").json();
    assert_eq!((&settings["sip_limit"], &settings["max_retry"]), (&json!(null), &json!(3)));
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let api = Api::new();
    let change = json!({
        "max_retry": 0, "find_time": 691_201, "ban_time": 0, "sip_limit": 0, "whitelist": ["192.0.2.1", "10.0.0.300", ""]
    });
    let reply = api.tell_if("PATCH", "/api/v1/settings", Some("*"), change.clone());
    assert_eq!(reply.status, 422);
    let places = ["max_retry", "find_time", "ban_time", "sip_limit", "whitelist[1]", "whitelist[2]"];
    assert_eq!(reply.places(), places);
    assert_eq!(api.tell("POST", "/api/v1/settings/rehearse", change).places(), places);
    assert_eq!(api.memory.state().version, 1);
}

#[test]
fn a_file_that_cannot_be_written_is_403_and_says_so_beforehand() {
    let api = Api::new();
    api.memory.state().read_only = Some("read-only file system".to_owned());
    assert_eq!(api.get("/api/v1/settings").json()["read_only"], "read-only file system");
    let reply = api.tell_if("PATCH", "/api/v1/settings", Some("*"), json!({"enabled": false}));
    assert_eq!((reply.status.as_u16(), reply.places()), (403, vec!["settings".to_owned()]));
}

#[test]
fn a_rehearsal_needs_no_tag_and_changes_nothing() {
    let api = Api::new();
    let reply = api.tell("POST", "/api/v1/settings/rehearse", json!({"max_retry": 3}));
    assert_eq!(reply.status, 200);
    assert_eq!((&reply.json()["after"], &reply.json()["added"]), (&json!(1), &json!(["192.0.2.7"])));
    assert_eq!(api.memory.state().version, 1);
}

#[test]
fn there_are_four_presets() {
    let presets = Api::new().get("/api/v1/presets").json();
    let names: Vec<_> = presets["items"].as_array().unwrap().iter().map(|preset| &preset["name"]).collect();
    assert_eq!(names, ["weak", "normal", "enhanced", "paranoid"]);
    assert_eq!(presets["items"][3]["ban_time"], 30 * 86400);
}
