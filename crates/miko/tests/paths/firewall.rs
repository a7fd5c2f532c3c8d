//! The networks as a collection, and the switch.

use control::Fault;
use serde_json::{Value, json};

use crate::client::Client;

fn office() -> Value {
    json!({
        "network": "192.168.100.0", "subnet": "24", "description": "Office", "local_network": true,
        "newer_block_ip": true, "currentRules": { "SIP": true, "WEB": true, "SSH": true, "AMI": false },
    })
}

async fn id(client: &Client, body: Value) -> String {
    let answer = client.json("POST", "firewall", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.data()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_network_is_created_read_changed_and_deleted() {
    let client = Client::new();
    let created = client.json("POST", "firewall", office()).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.data()["permit"], "192.168.100.0/24");
    assert_eq!(created.data()["newer_block_ip"], true);
    let rules = json!({
        "SIP": "allow", "IAX": "block", "WEB": "allow", "SSH": "allow", "AMI": "block", "AJAM": "block",
        "CTI": "block", "ICMP": "allow",
    });
    assert_eq!(created.data()["rules"], rules);

    let id = created.data()["id"].as_str().unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
    let path = format!("firewall/{id}");
    let read = client.get(&path).await;
    assert_eq!(read.data(), created.data());

    // MikoPBX's own test sends the answer's rules back.
    let put = json!({
        "id": id, "network": "192.168.100.0", "subnet": "24", "description": "Office (Updated)", "currentRules": rules,
    });
    let put = client.json("PUT", &path, put).await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(put.data()["description"], "Office (Updated)");
    assert_eq!(put.data()["rules"], rules);
    assert_eq!(put.data()["local_network"], true);

    let patched = client.form("PATCH", &path, "newer_block_ip=false&currentRules[SSH]=false").await;
    assert_eq!(patched.status, 200, "{patched:?}");
    assert_eq!(patched.data()["id"], *id);
    assert_eq!(patched.data()["newer_block_ip"], false);
    assert_eq!(patched.data()["currentRules"]["SSH"], false);
    assert_eq!(patched.data()["currentRules"]["WEB"], true);

    let deleted = client.json("DELETE", &path, json!({})).await;
    assert_eq!((deleted.status, deleted.data()), (200, &json!({ "id": id })));
    assert_eq!(client.get(&path).await.status, 404);
    assert!(client.desk.settings_now().firewall.networks.is_empty());
}

#[tokio::test]
async fn an_unknown_id_is_not_found_whatever_is_done_with_it() {
    let client = Client::new();
    for id in ["999999", "0", "office", "-1", "99999999999999999999999"] {
        let path = format!("firewall/{id}");
        assert_eq!(client.get(&path).await.status, 404, "{id}");
        for method in ["PUT", "PATCH", "DELETE"] {
            assert_eq!(client.json(method, &path, office()).await.status, 404, "{method} {id}");
            assert_eq!(
                client.json(method, &path, json!({ "subnet": 999 })).await.status,
                404,
                "{method} {id}"
            );
        }
    }
    assert_eq!(client.desk.lock().version, 0);
}

#[tokio::test]
async fn bad_input_is_refused_and_a_known_subnet_conflicts() {
    let client = Client::new();
    let cases = [
        json!({}),
        json!({ "subnet": "24" }),
        json!({ "network": "192.0.2.0" }),
        json!({ "network": "999.999.999.999", "subnet": "24" }),
        json!({ "network": "192.0.2.0", "subnet": "99" }),
        json!({ "network": "2001:db8::", "subnet": "129" }),
        json!({ "network": "192.0.2.0", "subnet": 24, "description": "x".repeat(256) }),
        json!({ "network": "192.0.2.0", "subnet": 24, "local_network": "perhaps" }),
        json!({ "network": "192.0.2.0", "subnet": 24, "currentRules": ["SIP"] }),
        json!({ "network": "192.0.2.0", "subnet": 24, "currentRules": { "SIP": "perhaps" } }),
    ];
    for body in cases {
        assert_eq!(client.json("POST", "firewall", body.clone()).await.status, 422, "{body}");
    }
    let first = id(&client, office()).await;
    assert_eq!(client.json("POST", "firewall", office()).await.status, 409);
    let second = id(&client, json!({ "network": "10.0.0.0", "subnet": 8 })).await;
    assert_ne!(first, second);
    assert_eq!(client.get("firewall").await.data()["total"], 2);
    let moved = json!({ "network": "192.168.100.7", "subnet": 24 });
    assert_eq!(client.json("PUT", &format!("firewall/{second}"), moved).await.status, 409);
}

#[tokio::test]
async fn a_narrower_network_comes_before_a_wider_one() {
    let client = Client::new();
    for (network, subnet) in [("0.0.0.0", 0), ("192.168.0.0", 16), ("192.168.100.0", 24)] {
        id(&client, json!({ "network": network, "subnet": subnet })).await;
    }
    let list = client.get("firewall").await;
    let permits: Vec<&Value> =
        list.data()["items"].as_array().unwrap().iter().map(|row| &row["permit"]).collect();
    assert_eq!(permits, ["192.168.100.0/24", "192.168.0.0/16", "0.0.0.0/0"]);
    assert_eq!(list.data()["items"][0]["description"], "");
}

#[tokio::test]
async fn another_subnet_gives_another_id() {
    let client = Client::new();
    let old = id(&client, office()).await;
    let moved =
        client.json("PUT", &format!("firewall/{old}"), json!({ "network": "10.0.0.0", "subnet": 8 })).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_ne!(moved.data()["id"], old);
    assert_eq!(moved.data()["description"], "Office");
    assert_eq!(client.get(&format!("firewall/{old}")).await.status, 404);
}

#[tokio::test]
async fn the_list_is_searched_ordered_and_paged() {
    let client = Client::new();
    for (network, subnet, name) in [
        ("192.0.2.0", 24, "Branch"),
        ("10.0.0.0", 8, "office"),
        ("2001:db8::", 32, "Office v6"),
        ("0.0.0.0", 0, "All"),
    ] {
        id(&client, json!({ "network": network, "subnet": subnet, "description": name })).await;
    }
    let cases = [
        ("", vec!["192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"], 4),
        ("?limit=2", vec!["192.0.2.0/24", "10.0.0.0/8"], 4),
        ("?limit=2&offset=3", vec!["0.0.0.0/0"], 4),
        ("?offset=9", vec![], 4),
        ("?search=OFFICE", vec!["10.0.0.0/8", "2001:db8::/32"], 2),
        ("?search=192.0&limit=20&offset=0", vec!["192.0.2.0/24"], 1),
        ("?search=nothing", vec![], 0),
        ("?order=permit", vec!["0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"], 4),
        ("?order=permit&orderWay=DESC&limit=1", vec!["2001:db8::/32"], 4),
        ("?order=description", vec!["0.0.0.0/0", "192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32"], 4),
    ];
    for (query, permits, total) in cases {
        let answer = client.get(&format!("firewall{query}")).await;
        let items = answer.data()["items"].as_array().unwrap();
        let found: Vec<&str> = items.iter().map(|item| item["permit"].as_str().unwrap()).collect();
        assert_eq!((found, &answer.data()["total"]), (permits, &json!(total)), "{query}");
    }
    for query in ["?limit=x", "?limit=-1", "?offset=-1", "?order=colour", "?orderWay=up"] {
        assert_eq!(client.get(&format!("firewall{query}")).await.status, 422, "{query}");
    }
    let row = &client.get("firewall").await.data()["items"][0].clone();
    assert_eq!(row["rules"]["SIP"]["name"], "SIP & RTP");
    assert_eq!(row["rules"]["SIP"]["action"], true);
    assert_eq!(row["rules"]["SIP"]["ports"][0], json!({ "port": "5060", "protocol": "UDP" }));
}

#[tokio::test]
async fn a_change_that_cuts_the_client_off_is_bad_input() {
    let client = Client::new();
    let why = "this would cut off 192.0.2.7, from where you ask".to_owned();
    client.desk.lock().refuses = Some(Fault::CutOff(why.clone()));
    let answer = client.json("POST", "firewall", office()).await;
    assert_eq!((answer.status, answer.errors()), (422, vec![why]));
}

#[tokio::test]
async fn changes_at_the_same_time_lose_nothing() {
    let client = Client::new();
    id(&client, office()).await;
    client.desk.lock().overtaken = 2;
    id(&client, json!({ "network": "10.0.0.0", "subnet": 8 })).await;
    assert_eq!(client.desk.settings_now().firewall.networks.len(), 2);
}

#[tokio::test]
async fn a_new_network_begins_with_what_the_default_says() {
    let client = Client::new();
    let default = client.get("firewall:getDefault").await;
    assert_eq!(default.data()["id"], "");
    assert_eq!(default.data()["permit"], "0.0.0.0/0");
    assert_eq!(default.data()["availableRules"]["SSH"]["rules"][0]["portfrom"], "22");
    let created = client.json("POST", "firewall", json!({ "network": "10.0.0.0", "subnet": 8 })).await;
    assert_eq!(created.data()["currentRules"], default.data()["currentRules"]);
}

#[tokio::test]
async fn the_one_switch_is_turned_off_and_on() {
    let client = Client::new();
    for (path, switch) in [("firewall:disable", "0"), ("firewall:disable", "0"), ("firewall:enable", "1")] {
        let answer = client.json("POST", path, json!({})).await;
        assert_eq!(*answer.data(), json!({ "firewallEnabled": switch, "fail2banEnabled": switch }));
        assert_eq!(client.desk.settings_now().enabled, switch == "1");
        assert_eq!(client.get("firewall").await.data()["firewallEnabled"], switch);
    }
}
