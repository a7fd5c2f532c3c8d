//! The document is the one under `docs/`: `UPDATE_GOLDEN=1 cargo test -p api` writes it anew. What it says about bounds is what
//! the program does.

use std::path::Path;

use event::limit;
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(api::document()).unwrap()
}

#[test]
fn the_document_is_the_one_that_is_kept() {
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/openapi.json is another; UPDATE_GOLDEN=1 cargo test -p api writes it anew");
}

#[test]
fn the_bounds_in_the_document_are_those_of_the_program() {
    let document = document();
    let schema = |path: &str| document["components"]["schemas"].pointer(path).cloned().unwrap_or_default();
    let of = |path: &str| schema(path).as_u64().unwrap_or_else(|| panic!("{path} has no bound"));
    let change = "/SettingsChange/properties";
    assert_eq!(of(&format!("{change}/max_retry/maximum")), u64::from(limit::MAX_RETRY));
    assert_eq!(of(&format!("{change}/sip_limit/maximum")), u64::from(limit::SIP_LIMIT));
    let days = u64::from(limit::RECORDED_FAILURE_DAYS);
    assert_eq!(of(&format!("{change}/find_time/maximum")), days * 24 * 60 * 60);
    for (path, bound) in [
        ("/SettingsChange/properties/whitelist/maxItems", limit::API_WHITELIST),
        ("/Unban/properties/bans/maxItems", limit::API_UNBANS),
        ("/NewKey/properties/networks/maxItems", limit::API_KEY_NETWORKS),
        ("/NewBan/properties/note/maxLength", limit::API_NOTE_CHARACTERS),
        ("/Lines/properties/text/maxLength", limit::API_TRIED_CHARACTERS),
        ("/FirewallChange/properties/networks/maxItems", limit::FIREWALL_NETWORKS),
        ("/NetworkRow/properties/name/maxLength", limit::NETWORK_NAME_CHARACTERS),
    ] {
        assert_eq!(of(path), bound as u64, "{path}");
    }
}

#[test]
fn every_operation_says_what_it_takes_and_answers() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{name}");
            assert!(!operation["tags"].as_array().unwrap().is_empty(), "{name}");
            for response in operation["responses"].as_object().unwrap().keys() {
                assert!(response.parse::<u16>().is_ok(), "{name}: {response}");
            }
        }
    }
    // Whatever is referred to is there.
    for part in text.split("\"$ref\":\"#").skip(1) {
        let target = part.split('"').next().unwrap();
        assert!(document.pointer(target).is_some(), "{target} is not there");
    }
}
