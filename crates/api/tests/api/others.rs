//! Status, activity, jails, filters, keys, journal.

use serde_json::json;

use crate::Api;

#[test]
fn the_status_and_the_jails_are_told() {
    let api = Api::new();
    let status = api.get("/api/v1/status").json();
    assert_eq!(status["enforcement"]["mode"], "nftables");
    assert_eq!(status["sources"][0]["lines"], 100);
    assert_eq!(status["surroundings"], json!({"container": null, "is_bridged": false, "gateways": []}));
    assert_eq!(
        (&status["outlets"][0]["outlet"], &status["outlets"][0]["waiting"]),
        (&json!("redis"), &json!(3))
    );
    assert_eq!(status["blocklists"][0]["entries"], 1_500);
    let remark = json!({
        "place": "/etc/fail2ban/jail.conf:160",
        "jails": ["sshd", "dovecot"],
        "action": null,
        "option": "usedns",
        "text": "'usedns = <warn>' is not heeded"
    });
    assert_eq!(status["remarks"], json!([remark]));
    assert_eq!(api.get("/api/v1/jails").json()["items"], status["jails"]);
}

#[test]
fn activity_has_a_step_for_each_hour_of_a_day_or_six_of_a_week() {
    let api = Api::new();
    let steps = |query: &str| {
        let activity = api.get(&format!("/api/v1/activity{query}")).json();
        (activity["step_seconds"].clone(), activity["services"][0]["failures"].as_array().unwrap().len())
    };
    assert_eq!(steps(""), (json!(3600), 24));
    assert_eq!(steps("?span=day"), (json!(3600), 24));
    assert_eq!(steps("?span=week"), (json!(21600), 28));
    assert_eq!(api.get("/api/v1/activity?span=year").status, 400);
    let targets = api.get("/api/v1/targets?span=week").json();
    assert_eq!(targets["accounts"][0]["account"], "root\u{0}<b>");
    assert_eq!(targets["networks"][0]["subnet"], "192.0.2.0/24");
}

#[test]
fn lines_are_tried_against_a_filter() {
    let api = Api::new();
    assert_eq!(api.get("/api/v1/filters").json()["items"][0]["name"], "sshd");
    let judged =
        api.tell("POST", "/api/v1/filters/sshd/try", json!({"text": "one\ntwo \u{0}\u{202e}"})).json();
    assert_eq!(judged["items"][1]["number"], 2);
    assert_eq!(judged["items"][1]["verdict"], "missed");
    assert_eq!(judged["items"][1]["why"][0]["code"], "no-literal");
    assert_eq!(api.tell("POST", "/api/v1/filters/ftpd/try", json!({"text": ""})).status, 404);
    let long = json!({"text": "x".repeat(200_001)});
    assert_eq!(api.tell("POST", "/api/v1/filters/sshd/try", long).places(), ["text"]);
}

#[test]
fn a_key_is_made_used_and_taken_back() {
    let api = Api::new();
    let order = json!({"name": "backup", "scope": "read", "networks": ["192.0.2.0/24"]});
    let made = api.tell("POST", "/api/v1/keys", order.clone());
    assert_eq!(made.status, 201);
    assert_eq!(made.header("location"), "/api/v1/keys/4");
    assert_eq!(made.json()["secret"], "secret");
    assert_eq!(api.tell("POST", "/api/v1/keys", order).status, 409);
    let keys = api.get("/api/v1/keys").json();
    assert_eq!(keys["items"][3]["networks"], json!(["192.0.2.0/24"]));
    assert_eq!(keys["items"][3]["secret"], json!(null));
    assert_eq!(api.ask("DELETE", "/api/v1/keys/4").status, 204);
    assert_eq!(api.ask("DELETE", "/api/v1/keys/4").status, 404);
    assert_eq!(api.ask("DELETE", "/api/v1/keys/four").status, 404);
    let wrong = json!({"name": "a b", "scope": "read", "networks": ["x"]});
    assert_eq!(api.tell("POST", "/api/v1/keys", wrong).places(), ["name", "networks[0]"]);
    assert_eq!(api.tell("POST", "/api/v1/keys", json!({"name": "a", "scope": "root"})).status, 422);
}

#[test]
fn the_journal_is_read_page_by_page() {
    let api = Api::new();
    for _ in 0..5 {
        api.ask("DELETE", "/api/v1/bans");
    }
    let first = api.get("/api/v1/journal?limit=3").json();
    assert_eq!(first["items"][0]["id"], 5);
    assert_eq!(first["items"][0]["deed"], "unban-all");
    assert_eq!(first["items"][0]["actor"], "key admin");
    let second =
        api.get(&format!("/api/v1/journal?limit=3&cursor={}", first["next"].as_str().unwrap())).json();
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (2, &json!(null)));
    assert_eq!(api.get("/api/v1/journal?cursor=x").status, 422);
    assert_eq!(api.get("/api/v1/journal?limit=0").status, 422);
}
