//! `/forward-auth` and `/arrival`: what is answered to whom.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use control::answer::Surroundings;
use serde_json::json;

use crate::{Api, Reply, request};

pub const PATH: &str = "/api/v1/forward-auth";

fn asked(api: &Api, peer: &str, method: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(PATH);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 9)));
    let reply = api.send(request);
    assert_eq!(reply.text, "");
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.status.as_u16()
}

#[test]
fn a_web_server_is_told_whether_its_client_may_pass() {
    let api = Api::with(|http| http.trusted_proxies = vec!["10.0.0.1".parse().unwrap()]);
    api.memory.state().denied.insert("203.0.113.7".parse().unwrap());
    for peer in ["127.0.0.1", "::1", "10.0.0.1"] {
        for header in ["x-real-ip", "x-forwarded-for"] {
            assert_eq!(asked(&api, peer, "GET", &[(header, "203.0.113.7")]), 403, "{peer} {header}");
            assert_eq!(asked(&api, peer, "GET", &[(header, "203.0.113.8")]), 204, "{peer} {header}");
        }
        assert_eq!(asked(&api, peer, "GET", &[]), 204, "{peer}");
    }
    // Whoever is no proxy is told about itself, whatever it says.
    assert_eq!(asked(&api, "198.51.100.1", "GET", &[("x-real-ip", "203.0.113.7")]), 204);
    assert_eq!(asked(&api, "203.0.113.7", "GET", &[("x-real-ip", "203.0.113.8")]), 403);
}

#[test]
fn neither_method_nor_cookie_nor_length_of_the_clients_own_request_matters() {
    let api = Api::new();
    api.memory.state().denied.insert("203.0.113.7".parse().unwrap());
    let of_another_site =
        [("cookie", "a=b"), ("origin", "https://shop.example"), ("content-length", "9999999999")];
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        for (address, status) in [("203.0.113.7", 403), ("203.0.113.8", 204)] {
            let headers = [&of_another_site[..], &[("x-real-ip", address)]].concat();
            assert_eq!(asked(&api, "127.0.0.1", method, &headers), status, "{method}");
        }
    }
}

#[test]
fn whether_the_address_arrives_is_told_with_what_to_do() {
    let api = Api::with(|http| http.trusted_proxies = vec!["10.0.0.1".parse().unwrap()]);
    let gateways = vec!["172.17.0.1".to_owned()];
    let container = Some("docker".to_owned());
    api.memory.state().surroundings = Surroundings { container, is_bridged: true, gateways };
    let arrival = |peer: &str, header: Option<&str>| -> Reply {
        let mut request = request("GET", "/api/v1/arrival", "read");
        if let Some(value) = header {
            request = request.header("x-forwarded-for", value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 9)));
        api.send(request)
    };
    let visible =
        json!({"status": "ip_visible", "address": "203.0.113.7", "peer": "10.0.0.1", "advice": null});
    assert_eq!(arrival("10.0.0.1", Some("203.0.113.7")).json(), visible);
    let hidden = arrival("172.17.0.1", None).json();
    assert_eq!((&hidden["status"], &hidden["address"]), (&json!("ip_not_visible"), &json!("172.17.0.1")));
    assert!(hidden["advice"].as_str().unwrap().contains("userland-proxy"), "{hidden}");
    let proxied = arrival("10.0.0.2", Some("203.0.113.7")).json();
    assert_eq!((&proxied["status"], &proxied["address"]), (&json!("proxy_detected"), &json!("10.0.0.2")));
    assert!(proxied["advice"].as_str().unwrap().contains("trusted_proxies = [\"10.0.0.2\"]"), "{proxied}");
}
