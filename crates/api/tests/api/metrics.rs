//! `/metrics` and `/healthz`. The text is read here as strictly as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use control::answer::Bound;
use control::desk::Part;
use serde_json::json;

use crate::{Api, Reply, request};

fn scrape(api: &Api, accept: &str) -> Reply {
    api.send(Request::builder().uri("/metrics").header("accept", accept).body(Body::empty()).unwrap())
}

/// The samples of a text in Prometheus' format: name with labels to value. Panics where a parser would refuse.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (mut kinds, mut helps) = (BTreeMap::new(), BTreeSet::new());
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(matches!(kind, "counter" | "gauge"), "{line}");
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}: twice");
            continue;
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && helps.insert(name.to_owned()), "{line}");
            continue;
        }
        assert!(!line.starts_with('#') && !line.is_empty(), "{line}");
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(name.starts_with("stockade_"), "{line}");
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
            "{line}"
        );
        let kind = kinds.get(name).unwrap_or_else(|| panic!("{line}: no TYPE"));
        assert!(helps.contains(name), "{line}: no HELP");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        assert!(series == name || series.ends_with('}'), "{line}");
        assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{line}: twice");
    }
    samples
}

#[test]
fn the_figures_are_those_of_the_status() {
    let api = Api::new();
    let bound = Bound { bound: "2000000 bans: new ones are refused".to_owned(), reached: 1 };
    api.memory.state().status.bounds.push(bound);
    let reply = scrape(&api, "*/*");
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let samples = samples(&reply.text);
    for (series, value) in [
        ("stockade_build_info{version=\"0.1.0\"}", 1.0),
        ("stockade_start_time_seconds", 1_795_341_600.0),
        ("stockade_enabled", 1.0),
        ("stockade_enforcing", 1.0),
        ("stockade_enforcement_failing", 0.0),
        ("stockade_bans", 2.0),
        ("stockade_jail_bans_live{jail=\"sshd\",service=\"SSH\"}", 2.0),
        ("stockade_jail_bans_total{jail=\"sshd\",service=\"SSH\"}", 4.0),
        ("stockade_jail_failures_total{jail=\"sshd\",service=\"SSH\"}", 12.0),
        ("stockade_jail_dropped_packets_total{jail=\"sshd\",service=\"SSH\"}", 77.0),
        ("stockade_jail_dropped_bytes_total{jail=\"sshd\",service=\"SSH\"}", 4096.0),
        ("stockade_source_up{source=\"/var/log/a \\\"b\\\"\\\\c.log\"}", 1.0),
        ("stockade_source_lines_total{source=\"/var/log/a \\\"b\\\"\\\\c.log\"}", 100.0),
        (
            "stockade_source_last_line_timestamp_seconds{source=\"/var/log/a \\\"b\\\"\\\\c.log\"}",
            1_795_348_800.0,
        ),
        ("stockade_bound_reached_total{bound=\"2000000 bans\"}", 1.0),
        ("stockade_firewall_dropped_packets_total", 9.0),
        ("stockade_sip_limited_packets_total", 0.0),
        ("stockade_attention", 0.0),
        ("stockade_outlet_current{outlet=\"redis\"}", 0.0),
        ("stockade_outlet_held{outlet=\"redis\"}", 40.0),
        ("stockade_outlet_waiting{outlet=\"redis\"}", 3.0),
        ("stockade_outlet_overrun_total{outlet=\"redis\"}", 0.0),
        ("stockade_outlet_passed_over_total{outlet=\"redis\"}", 2.0),
        ("stockade_outlet_nodes{outlet=\"redis\"}", 1.0),
        ("stockade_blocklist_entries{blocklist=\"drop\"}", 1500.0),
        ("stockade_blocklist_failing{blocklist=\"drop\"}", 0.0),
        ("stockade_blocklist_fetched_timestamp_seconds{blocklist=\"drop\"}", 1_795_348_800.0),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series} in\n{}", reply.text);
    }
}

#[test]
fn whoever_asks_for_openmetrics_gets_it() {
    let reply = scrape(&Api::new(), "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assert_eq!(reply.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(reply.text.ends_with("# EOF\n"));
    assert!(reply.text.contains("# TYPE stockade_build info\n"));
}

#[test]
fn from_elsewhere_or_through_a_proxy_a_key_is_needed() {
    let api = Api::new();
    let from = |address: &str, header: &str, key: Option<&str>| {
        let mut request = request("GET", "/metrics", key.unwrap_or("none"));
        if key.is_none() {
            request.headers_mut().unwrap().remove("authorization");
        }
        let mut request = request.header(header, "198.51.100.7").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(address.parse::<SocketAddr>().unwrap()));
        api.send(request).status.as_u16()
    };
    assert_eq!(from("127.0.0.1:9", "x-nothing", None), 200);
    assert_eq!(from("[::1]:9", "x-nothing", None), 200);
    assert_eq!(from("127.0.0.1:9", "x-forwarded-for", None), 401);
    assert_eq!(from("127.0.0.1:9", "forwarded", None), 401);
    assert_eq!(from("192.0.2.1:9", "x-nothing", None), 401);
    assert_eq!(from("192.0.2.1:9", "x-nothing", Some("read")), 200);
    assert_eq!(from("192.0.2.1:9", "x-nothing", Some("bouncer")), 403);
}

#[test]
fn the_health_names_what_is_broken_and_no_more() {
    let api = Api::new();
    let health = || {
        let reply = api.send(Request::builder().uri("/healthz").body(Body::empty()).unwrap());
        (reply.status.as_u16(), reply.json())
    };
    assert_eq!(health(), (200, json!({"status": "ok", "broken": []})));
    api.memory.state().parts = vec![Part::Enforcement, Part::Store];
    assert_eq!(health(), (503, json!({"status": "broken", "broken": ["enforcement", "store"]})));
    api.memory.state().parts = vec![Part::Engine];
    // An engine that is stuck keeps nobody waiting here.
    api.memory.state().broken = true;
    assert_eq!(health(), (503, json!({"status": "broken", "broken": ["engine"]})));
}
