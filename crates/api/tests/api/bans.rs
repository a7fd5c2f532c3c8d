//! `/bans` and `/addresses`.

use event::{Ban, JailName};
use serde_json::json;

use crate::Api;
use crate::desk::ban;

#[test]
fn pages_follow_each_other_while_bans_come_and_go() {
    let api = Api::new();
    api.memory.state().bans = (0..25).map(|at| ban(&format!("198.51.100.{at}"), at / 2)).collect();
    let mut seen = Vec::new();
    let mut path = "/api/v1/bans?limit=10&sort=since&order=asc".to_owned();
    loop {
        let page = api.get(&path).json();
        for item in page["items"].as_array().unwrap() {
            seen.push(item["address"].as_str().unwrap().to_owned());
        }
        // The last row shown goes, and another comes before it.
        let gone = seen.last().unwrap().parse().unwrap();
        let mut state = api.memory.state();
        state.bans.retain(|ban| ban.subject != gone);
        state.bans.push(ban("198.51.100.200", -1));
        state.bans.dedup_by(|a, b| a.subject == b.subject);
        drop(state);
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/bans?limit=10&sort=since&order=asc&cursor={next}");
    }
    let expected: Vec<String> = (0..25).map(|at| format!("198.51.100.{at}")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_page_says_all_about_a_ban() {
    let api = Api::new();
    let endless =
        Ban { until: event::Moment::NEVER, jail: JailName::new("manual"), ..ban("192.0.2.0/24", 50) };
    api.memory.state().bans = vec![ban("192.0.2.1", 1_795_348_800), endless];
    let page = api.get("/api/v1/bans?sort=address&order=asc").json();
    assert_eq!(page["total"], 2);
    assert_eq!(page["next"], json!(null));
    assert_eq!(
        page["items"][1],
        json!({
            "address": "192.0.2.1", "country": null, "jail": "sshd", "service": "SSH",
            "since": "2026-11-22T12:00:00Z", "until": "2026-11-22T12:10:00Z", "failures": 5,
            "reason": "5 failures within 10 min (limit 5)", "scope": "jail", "proof": "proven"
        })
    );
    assert_eq!(page["items"][0]["until"], json!(null));
    assert_eq!(page["items"][0]["service"], json!(null));
    let count = |query: &str| api.get(&format!("/api/v1/bans?{query}")).json()["total"].clone();
    assert_eq!(count("search=192.0.2.77"), 1);
    assert_eq!(count("service=ssh"), 1);
    assert_eq!(count("service="), 2);
    assert_eq!(count("jail=manual"), 1);
    assert_eq!(count("search=%00%F0%9F%92%A9"), 0);
}

#[test]
fn what_is_out_of_range_in_a_query_is_named() {
    let api = Api::new();
    let long = format!("search={}", "x".repeat(201));
    for (query, place) in
        [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=x", "cursor"), (&long, "search")]
    {
        let reply = api.get(&format!("/api/v1/bans?{query}"));
        assert_eq!((reply.status.as_u16(), reply.places()), (422, vec![place.to_owned()]), "{query}");
    }
    for query in ["sort=colour", "order=up", "limit=-1", "limit=1&limit=2", "search=%FF%FE"] {
        let status = api.get(&format!("/api/v1/bans?{query}")).status;
        assert!(status == 400 || query.starts_with("search") && status == 200, "{query}: {status}");
    }
}

#[test]
fn somebody_is_blocked_by_hand() {
    let api = Api::new();
    let body = json!({"address": "203.0.113.0/24", "jail": "sshd", "ban_time": 3600, "note": "probes"});
    let reply = api.tell("POST", "/api/v1/bans", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.header("location"), "/api/v1/addresses/203.0.113.0%2F24");
    assert_eq!(reply.json()["address"], "203.0.113.0/24");
    let order = api.memory.state().last_order.clone().unwrap();
    assert_eq!((order.seconds, order.note.as_str(), order.force), (Some(3600), "probes", false));
    assert_eq!(api.get(reply.header("location")).json()["address"], "203.0.113.0/24");

    let forever = json!({"address": "203.0.113.7", "ban_time": "forever", "jail": null, "note": null});
    assert_eq!(api.tell("POST", "/api/v1/bans", forever).status, 201);
    assert_eq!(api.memory.state().last_order.clone().unwrap().seconds, Some(u64::MAX));

    let wide = api.tell("POST", "/api/v1/bans", json!({"address": "0.0.0.0/1"}));
    assert_eq!((wide.status.as_u16(), wide.places()), (409, vec!["request".to_owned()]));
    assert_eq!(api.tell("POST", "/api/v1/bans", json!({"address": "0.0.0.0/1", "force": true})).status, 201);
}

#[test]
fn a_wrong_field_of_a_ban_is_named() {
    let api = Api::new();
    for (body, place) in [
        (json!({"address": "pbx.example"}), "address"),
        (json!({"address": "192.0.2.1", "jail": "../x"}), "jail"),
        (json!({"address": "192.0.2.1", "ban_time": 0}), "ban_time"),
        (json!({"address": "192.0.2.1", "note": "a\u{0}b"}), "note"),
        (json!({"address": "192.0.2.1", "note": "x".repeat(201)}), "note"),
        (json!({"address": "192.0.2.1", "ban_time": "soon"}), "body"),
    ] {
        let reply = api.tell("POST", "/api/v1/bans", body.clone());
        assert_eq!((reply.status.as_u16(), reply.places()), (422, vec![place.to_owned()]), "{body}");
    }
}

#[test]
fn bans_are_lifted_one_by_one_in_lists_and_altogether() {
    let api = Api::new();
    assert_eq!(api.ask("DELETE", "/api/v1/bans/2001:db8::%2F64").json(), json!({"lifted": 1}));
    assert_eq!(api.ask("DELETE", "/api/v1/bans/2001:db8::%2F64").status, 404);
    assert_eq!(api.ask("DELETE", "/api/v1/bans/192.0.2.1?jail=postfix").status, 404);
    assert_eq!(api.ask("DELETE", "/api/v1/bans/nonsense").status, 422);
    let list = json!({"bans": [{"address": "192.0.2.1", "jail": "sshd"}, {"address": "192.0.2.99"}]});
    assert_eq!(api.tell("POST", "/api/v1/bans/unban", list).json(), json!({"lifted": 1}));
    let wrong = json!({"bans": [{"address": "192.0.2.1"}, {"address": "x"}]});
    assert_eq!(api.tell("POST", "/api/v1/bans/unban", wrong).places(), ["bans[1].address"]);
    assert_eq!(api.tell("POST", "/api/v1/bans/unban", json!({"bans": []})).status, 422);
    assert_eq!(api.ask("DELETE", "/api/v1/bans").json(), json!({"lifted": 1}));
}

#[test]
fn exports_have_every_ban_that_fits() {
    let api = Api::new();
    let odd = Ban { reason: "by admin: =1+1, \"quoted\"\r\nand more".to_owned(), ..ban("192.0.2.3", 5) };
    api.memory.state().bans = (0..1200u32)
        .map(|at| ban(&format!("198.18.{}.{}", at / 250, at % 250), i64::from(at)))
        .chain([odd])
        .collect();
    let csv = api.get("/api/v1/bans/export.csv?sort=address&order=asc");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"blocked.csv\"");
    assert!(
        csv.text.starts_with(
            "address,country,jail,service,since,until,failures,reason,scope,proof\r\n192.0.2.3,"
        )
    );
    assert!(csv.text.contains("\"by admin: =1+1, \"\"quoted\"\"\r\nand more\""), "{}", &csv.text[..300]);
    assert_eq!(csv.text.matches("198.18.").count(), 1200);
    let rows = api.get("/api/v1/bans/export.json").json();
    assert_eq!(rows.as_array().unwrap().len(), 1201);
    let none = api.get("/api/v1/bans/export.json?search=nobody");
    assert_eq!((none.status.as_u16(), none.json()), (200, json!([])));
}
