//! The page and the API at the real daemon, as far as no browser is needed: the first start's link, keys, the jail of its own
//! sign-ins, changes on trial that a crash must not make permanent, the journal.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::namespace::tool;
use crate::support::{Daemon, Deadline, Place};

/// A neighbour that is not on the whitelist, and where it finds us.
const NEIGHBOUR: &str = "198.51.100.7";
const HERE: &str = "http://127.0.0.1:8765";

const SETTINGS: &str = "# ours\n[whitelist]\nown_addresses = false\n[jails.stockade]\nmax_retry = 3\n";

/// Asks over HTTP from the neighbour's address: status and body.
fn ask(method: &str, path: &str, more: &[&str]) -> (u16, String) {
    let mut command = Command::new("curl");
    command.args(["-s", "--interface", NEIGHBOUR, "-X", method, "-w", "\n%{http_code}"]).args(more);
    let out = command.arg(format!("{HERE}{path}")).output().expect("run curl");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
    (status.parse().unwrap_or(0), body.to_owned())
}

/// The same with an admin key and a body of JSON.
fn api(key: &str, method: &str, path: &str, body: &Value, more: &[&str]) -> (u16, Value) {
    let (bearer, body) = (format!("Authorization: Bearer {key}"), body.to_string());
    let given = ["-H", &bearer, "-H", "Content-Type: application/json", "-d", &body];
    let given: Vec<&str> = if method == "GET" { given[..2].to_vec() } else { given.to_vec() };
    let (status, text) = ask(method, &format!("/api/v1{path}"), &[&given, more].concat());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn start(place: &Place) -> Daemon {
    tool("ip", &["address", "replace", &format!("{NEIGHBOUR}/32"), "dev", "lo"]);
    place.start()
}

fn key(place: &Place, scope: &str, name: &str) -> String {
    let made = place.run(&["token", "create", "--scope", scope, name]);
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.out.lines().count(), 1, "the token alone: {made:?}");
    made.out.trim().to_owned()
}

#[test]
fn the_first_starts_link_sets_the_password_once() {
    let place = Place::new(SETTINGS);
    let mut daemon = start(&place);
    let said = daemon.says("set it with this link");
    let token = said.rsplit_once("token=").expect("a token").1.to_owned();
    let form = [format!("token={token}"), "password=a long phrase".into(), "again=a long phrase".into()];
    let form: Vec<&str> = form.iter().flat_map(|field| ["--data-urlencode", field]).collect();
    assert_eq!(ask("GET", &format!("/setup?token={token}"), &[]).0, 200);
    assert_eq!(ask("POST", "/setup", &form).0, 303);
    assert_ne!(ask("POST", "/setup", &form).0, 303, "the link works once");
    daemon.stop();
    let daemon = start(&place);
    let entered = ["--data-urlencode", "account=admin", "--data-urlencode", "password=a long phrase"];
    assert_eq!(ask("POST", "/sign-in", &entered).0, 303);
    assert!(!daemon.stop().contains("set it with this link"));
}

#[test]
fn keys_are_made_with_and_without_a_running_stockade() {
    let place = Place::new(SETTINGS);
    let early = key(&place, "read", "early");
    let daemon = start(&place);
    let late = key(&place, "admin", "late");
    assert_eq!(api(&early, "GET", "/bans", &json!({}), &[]).0, 200);
    assert_eq!(api(&early, "POST", "/bans", &json!({ "address": "192.0.2.1" }), &[]).0, 403);
    assert_eq!(api("stk_none", "GET", "/bans", &json!({}), &[]).0, 401);
    assert_eq!(api(&late, "POST", "/bans", &json!({ "address": "192.0.2.1" }), &[]).0, 201);
    assert!(place.kernel.holds("192.0.2.1"));
    let taken = place.run(&["token", "create", "late"]);
    assert!(taken.code != 0 && taken.err.contains("late"), "{taken:?}");
    daemon.stop();
    let daemon = start(&place);
    let keys = api(&late, "GET", "/keys", &json!({}), &[]).1;
    let id = keys["items"][0]["id"].as_i64().expect("a number");
    assert_eq!(keys["items"][0]["name"], "early");
    assert_eq!(api(&late, "DELETE", &format!("/keys/{id}"), &json!({}), &[]).0, 204);
    assert_eq!(api(&early, "GET", "/bans", &json!({}), &[]).0, 401);
    daemon.stop();
}

#[test]
fn wrong_passwords_ban_from_the_page_itself() {
    let place = Place::new(SETTINGS);
    assert_eq!(place.run_with(&["passwd"], "a long phrase\n").code, 0);
    let mut daemon = start(&place);
    for _ in 0..3 {
        let entered = ["-d", "account=admin&password=wrong"];
        assert_eq!(ask("POST", "/sign-in", &entered).0, 401);
    }
    daemon.says("ban 198.51.100.7");
    let right = ["-d", "account=admin", "--data-urlencode", "password=a long phrase"];
    assert_eq!(ask("POST", "/sign-in", &right).0, 403, "the right password does not help who is banned");
    let ban = place.ban_of(NEIGHBOUR).expect("it is banned");
    assert_eq!((ban["jail"].as_str(), ban["failures"].as_u64()), (Some("stockade"), Some(3)));
    assert!(place.kernel.sets_of(NEIGHBOUR).any(|set| set == "stockade_v4"));
    daemon.stop();
}

#[test]
fn whoever_is_signed_in_is_not_banned() {
    let place = Place::new(SETTINGS);
    assert_eq!(place.run_with(&["passwd"], "a long phrase\n").code, 0);
    let mut daemon = start(&place);
    let jar = place.path("cookies").display().to_string();
    let right = ["-c", jar.as_str(), "-d", "account=admin", "--data-urlencode", "password=a long phrase"];
    assert_eq!(ask("POST", "/sign-in", &right).0, 303);
    place.fail(NEIGHBOUR, 20);
    place.settle(&mut daemon);
    assert_eq!(place.ban_of(NEIGHBOUR), None);
    let why = place.run(&["why", NEIGHBOUR]);
    assert!(why.out.contains("signed in"), "{why:?}");
    let refused = place.run(&["ban", "198.51.100.0/24"]);
    assert!(refused.code == 1 && refused.out.contains("signed in"), "{refused:?}");
    daemon.stop();
}

#[test]
fn a_change_on_trial_does_not_outlive_a_crash() {
    let place = Place::new(SETTINGS);
    let key = key(&place, "admin", "ops");
    let daemon = start(&place);
    let before = std::fs::read_to_string(place.settings()).unwrap();
    let firewall = api(&key, "GET", "/firewall", &json!({}), &[]).1;
    let rules = json!({
        "networks": [{ "name": "Elsewhere", "subnet": "203.0.113.0/24", "services": ["web"], "local": false, "never_block": false }],
        "ports": firewall["ports"],
    });
    let any = ["-H", "If-Match: *"];
    let (status, said) = api(&key, "PUT", "/firewall", &rules, &any);
    assert!(status == 409 && said.to_string().contains(NEIGHBOUR), "{status} {said}");
    assert_eq!(std::fs::read_to_string(place.settings()).unwrap(), before, "refused is not written");
    let (status, said) = api(&key, "PUT", "/firewall?on_trial=true", &rules, &any);
    assert!(status == 200 && said["trial"]["until"].is_string(), "{status} {said}");
    assert!(std::fs::read_to_string(place.settings()).unwrap().contains("203.0.113.0/24"));
    assert!(place.kernel.table().contains("203.0.113.0/24"));
    daemon.kill();

    let mut daemon = place.launch(&[]);
    daemon.says("was not confirmed and is undone");
    let daemon = daemon.ready();
    assert_eq!(std::fs::read_to_string(place.settings()).unwrap(), before);
    assert!(!place.kernel.table().contains("203.0.113.0/24"));
    let journal = api(&key, "GET", "/journal", &json!({}), &[]).1.to_string();
    assert!(journal.contains("roll-back") && journal.contains("+subnet = "), "{journal}");
    daemon.stop();
}

#[test]
fn a_change_on_trial_is_kept_once_it_is_confirmed() {
    let place = Place::new(SETTINGS);
    let key = key(&place, "admin", "ops");
    let daemon = start(&place);
    let ports = api(&key, "GET", "/firewall", &json!({}), &[]).1["ports"].clone();
    let rules = json!({
        "networks": [{ "name": "Elsewhere", "subnet": "203.0.113.0/24", "services": ["web"], "local": false, "never_block": true }],
        "ports": ports,
    });
    assert_eq!(api(&key, "PUT", "/firewall?on_trial=true", &rules, &["-H", "If-Match: *"]).0, 200);
    let (status, said) = api(&key, "POST", "/firewall/confirm", &json!({}), &[]);
    assert!((200..300).contains(&status), "{status} {said}");
    daemon.stop();
    let daemon = start(&place);
    let text = std::fs::read_to_string(place.settings()).unwrap();
    assert!(text.starts_with("# ours\n") && text.contains("203.0.113.0/24"), "{text}");
    let refused = place.run(&["ban", "203.0.113.9"]);
    assert!(refused.code == 1 && refused.out.contains("Elsewhere"), "{refused:?}");
    daemon.stop();
}

#[test]
fn the_journal_tells_of_an_editors_change_too() {
    let place = Place::new(SETTINGS);
    let key = key(&place, "read", "auditor");
    let mut daemon = start(&place);
    place.configure(&format!("{SETTINGS}ban_time = '2h'\n"));
    daemon.says("stockade.toml changed");
    assert_eq!(place.run(&["ban", "192.0.2.1"]).code, 0);
    let journal = api(&key, "GET", "/journal", &json!({}), &[]).1;
    let entries = journal["items"].as_array().expect("entries");
    assert_eq!(
        (entries[0]["deed"].as_str(), entries[0]["subject"].as_str()),
        (Some("ban"), Some("192.0.2.1"))
    );
    assert_eq!(
        (entries[1]["deed"].as_str(), entries[1]["actor"].as_str()),
        (Some("settings"), Some("the settings file"))
    );
    assert!(entries[1]["detail"].as_str().expect("a text").contains("+ban_time = '2h'"), "{journal}");
    daemon.stop();
}

#[test]
fn a_password_from_the_command_line_ends_the_sessions() {
    let place = Place::new(SETTINGS);
    assert_eq!(place.run_with(&["passwd"], "a long phrase\n").code, 0);
    let daemon = start(&place);
    let jar = place.path("cookies").display().to_string();
    let right = ["-c", jar.as_str(), "-d", "account=admin", "--data-urlencode", "password=a long phrase"];
    assert_eq!(ask("POST", "/sign-in", &right).0, 303);
    assert_eq!(ask("GET", "/", &["-b", &jar]).0, 200);
    assert_eq!(place.run_with(&["passwd"], "another long phrase\n").code, 0);
    let deadline = Deadline::start();
    // Each look is a request to the daemon: the loop waits for it, not for time.
    while ask("GET", "/", &["-b", &jar]).0 != 303 {
        assert!(!deadline.left().is_zero(), "the session goes on");
    }
    daemon.stop();
}
