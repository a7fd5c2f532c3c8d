//! Whether the client's address arrives, in MikoPBX's words.

use control::answer::Surroundings;
use serde_json::json;

use crate::client::Client;

const PATH: &str = "system:checkClientIpVisibility";

#[tokio::test]
async fn the_verdict_is_told_in_mikopbxs_fields() {
    let mut client = Client::new();
    client.peer = "203.0.113.7:9".parse().unwrap();
    let answer = client.get(PATH).await;
    let expected = json!({
        "remote_addr": "203.0.113.7", "x_forwarded_for": null, "x_real_ip": null,
        "container_mode": "native", "is_docker": false, "verdict": "ip_visible",
    });
    assert_eq!((answer.status, answer.data()), (200, &expected));
    assert_eq!(answer.body["function"], "checkClientIpVisibility");
    let gateways = vec!["172.17.0.1".to_owned()];
    client.desk.lock().surroundings =
        Surroundings { container: Some("docker".to_owned()), is_bridged: true, gateways };
    client.peer = "172.17.0.1:9".parse().unwrap();
    let answer = client.json("POST", PATH, json!({})).await;
    assert_eq!(answer.data()["verdict"], "ip_not_visible");
    assert_eq!(
        (&answer.data()["container_mode"], &answer.data()["is_docker"]),
        (&json!("bridge"), &json!(true))
    );
    assert!(answer.body["messages"]["info"][0].as_str().unwrap().contains("userland-proxy"), "{answer:?}");
    client.peer = "10.0.0.9:9".parse().unwrap();
    client.forwarded_for = Some("203.0.113.7, 10.0.0.8");
    let answer = client.get(PATH).await;
    assert_eq!(answer.data()["verdict"], "proxy_detected");
    assert_eq!(answer.data()["x_forwarded_for"], "203.0.113.7");
}
