//! Who is let in, and the one shape of error.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::{Api, request};

#[test]
fn nobody_is_let_in_without_a_key_except_to_the_document_and_the_health() {
    let api = Api::new();
    let document = serde_json::to_value(::api::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let open = matches!(
                path.as_str(),
                "/api/v1/openapi.json" | "/api/v1/forward-auth" | "/healthz" | "/metrics"
            );
            let path = path.replace("{address}", "192.0.2.1").replace("{id}", "1").replace("{name}", "sshd");
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
            let reply = api.send(request.body(Body::empty()).unwrap());
            if open {
                assert!(reply.status.is_success(), "{method} {path}");
            } else {
                assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text);
                assert_eq!(reply.places(), ["authorization"]);
            }
        }
    }
}

#[test]
fn a_key_that_reads_changes_nothing_and_one_of_a_bouncer_reads_nothing_here() {
    let api = Api::new();
    let send = |method: &str, path: &str, key: &str| {
        api.send(request(method, path, key).body(Body::empty()).unwrap())
    };
    assert_eq!(send("GET", "/api/v1/status", "read").status, 200);
    assert_eq!(send("DELETE", "/api/v1/bans", "read").status, 403);
    assert_eq!(send("GET", "/api/v1/status", "bouncer").status, 403);
    assert_eq!(send("GET", "/api/v1/status", "unknown").status, 401);
    assert_eq!(api.memory.state().bans.len(), 3);
}

#[test]
fn a_method_or_a_path_that_is_not_there_is_an_error_of_the_same_shape() {
    let api = Api::new();
    let reply = api.ask("PUT", "/api/v1/bans");
    assert_eq!(reply.status, 405);
    let allowed: Vec<&str> = reply.header("allow").split(',').map(str::trim).collect();
    for method in ["GET", "POST", "DELETE"] {
        assert!(allowed.contains(&method), "{allowed:?}");
    }
    assert_eq!(reply.places(), ["method"]);
    assert_eq!(api.ask("GET", "/api/v1/bans/192.0.2.1").status, 405);
    assert_eq!(api.ask("DELETE", "/api/v1/bans/export.csv").status, 405);
    let reply = api.get("/api/v1/nothing");
    assert_eq!(reply.status, 404);
    assert_eq!(reply.places().len(), 1);
}

#[test]
fn a_body_that_is_no_json_or_has_other_fields_is_refused() {
    let api = Api::new();
    let post = |content_type: &str, body: &str| {
        let request = request("POST", "/api/v1/bans", "admin").header("content-type", content_type);
        api.send(request.body(Body::from(body.to_owned())).unwrap())
    };
    assert_eq!(post("text/plain", "{}").status, 415);
    assert_eq!(post("application/json", "{").status, 400);
    assert_eq!(post("application/json", "[]").status, 422);
    assert_eq!(post("application/json", r#"{"address":"192.0.2.1","colour":"red"}"#).status, 422);
    assert_eq!(post("application/json", r#"{"address":null}"#).status, 422);
    assert_eq!(post("application/json", r#"["192.0.2.9"]"#).status, 422);
    let nested = r#"{"bans":[["192.0.2.1"]]}"#.parse().unwrap();
    assert_eq!(api.tell("POST", "/api/v1/bans/unban", nested).status, 422);
    let reply = post("application/json", &format!("\"{}\"", "x".repeat(2 * 1024 * 1024)));
    assert_eq!(reply.status, 413);
    assert_eq!(reply.places(), ["body"]);
    assert_eq!(api.get("/api/v1/bans?colour=red").status, 400);
    assert_eq!(api.get("/api/v1/bans?limit=ten").status, 400);
}

#[test]
fn a_fault_of_ours_is_500_and_says_where() {
    let api = Api::new();
    api.memory.state().broken = true;
    let reply = api.get("/api/v1/status");
    assert_eq!(reply.status, 500);
    assert_eq!(reply.places(), ["stockade"]);
    let reply = api.tell("POST", "/api/v1/bans", json!({"address": "192.0.2.77"}));
    assert_eq!(reply.status, 201);
}
