//! Signing in as MikoPBX's clients do.

use axum::http::header::SET_COOKIE;
use serde_json::json;

use crate::client::{Answer, Client};
use crate::desk::PASSWORD;

fn cookie(answer: &Answer) -> String {
    let text = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(text.contains("HttpOnly") && text.contains("SameSite=Strict"), "{text}");
    text.split(';').next().unwrap().to_owned()
}

fn stranger() -> Client {
    let mut client = Client::new();
    client.secret.clear();
    client
}

#[tokio::test]
async fn a_token_lets_in_is_renewed_and_ends() {
    let mut client = stranger();
    let body = format!("login=admin&password={}&rememberMe=true", PASSWORD.replace(' ', "+"));
    let login = client.form("POST", "auth:login", &body).await;
    assert_eq!(login.status, 200, "{login:?}");
    assert_eq!(login.data()["tokenType"], "Bearer");
    assert_eq!(login.data()["login"], "admin");
    assert!((1..=900).contains(&login.data()["expiresIn"].as_u64().unwrap()));
    client.secret = login.data()["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(client.get("fail2ban").await.status, 200);
    assert_eq!(client.json("PATCH", "fail2ban", json!({ "maxretry": 7 })).await.status, 200);

    client.cookie = Some(cookie(&login));
    let renewed = client.form("POST", "auth:refresh", "").await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_ne!(renewed.data()["accessToken"], login.data()["accessToken"]);
    client.secret = renewed.data()["accessToken"].as_str().unwrap().to_owned();
    client.cookie = Some(cookie(&renewed));
    assert_eq!(client.get("firewall").await.status, 200);

    let logout = client.json("POST", "auth:logout", json!({})).await;
    assert_eq!(logout.status, 200, "{logout:?}");
    assert!(cookie(&logout).ends_with('='), "the cookie is taken back");
    assert_eq!(client.get("firewall").await.status, 401);
    assert_eq!(client.json("POST", "auth:refresh", json!({})).await.status, 401);
}

#[tokio::test]
async fn json_is_taken_as_well() {
    let client = stranger();
    let body = json!({ "login": "admin", "password": PASSWORD, "rememberMe": false });
    assert_eq!(client.json("POST", "auth:login", body).await.status, 200);
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_then_nobody_looks() {
    let client = stranger();
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let answer = client.json("POST", "auth:login", json!({ "login": "admin", "password": "no" })).await;
        statuses.push(answer.status);
        if answer.status == 429 {
            assert!(answer.headers.contains_key("retry-after"));
            break;
        }
    }
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(client.desk.lock().failed_sign_ins[0], "admin");
}

#[tokio::test]
async fn who_is_banned_or_sends_half_is_refused() {
    let client = stranger();
    for body in [
        json!({}),
        json!({ "login": "admin" }),
        json!({ "password": PASSWORD }),
        json!({ "login": "", "password": "" }),
    ] {
        assert_eq!(client.json("POST", "auth:login", body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(
        client.json("POST", "auth:login", json!({ "login": ["a"], "password": PASSWORD })).await.status,
        422
    );
    assert_eq!(client.json("POST", "auth:refresh", json!({})).await.status, 401);
    assert_eq!(client.json("POST", "auth:logout", json!({})).await.status, 401);
    client.desk.lock().banned_visitor = true;
    let body = json!({ "login": "admin", "password": PASSWORD });
    assert_eq!(client.json("POST", "auth:login", body).await.status, 403);
    assert!(client.desk.lock().failed_sign_ins.is_empty());
}
