//! The same in a cluster, and on a server that refuses.

use config::redis::{Redis, Servers};

use crate::node::{SOON, TestNode, settings, until};
use crate::server::Server;

#[test]
fn a_cluster_keeps_all_of_it_in_one_place() {
    let server = Server::start_with(&["--cluster-enabled", "yes"]);
    let _: String =
        redis::cmd("CLUSTER").arg(&["ADDSLOTSRANGE", "0", "16383"]).query(&mut server.connection()).unwrap();
    until("the cluster serves all keys", SOON, || {
        let info: String = redis::cmd("CLUSTER").arg("INFO").query(&mut server.connection()).unwrap();
        info.contains("cluster_state:ok")
    });
    let cluster = Servers::Cluster(vec![format!("redis://127.0.0.1:{}", server.port())]);
    let in_cluster = Redis { servers: cluster, ..settings(server.port()) };
    let alpha = TestNode::with("alpha", in_cluster.clone(), 0);
    let beta = TestNode::with("beta", in_cluster, 0);
    until("both are connected", SOON, || alpha.is_up() && beta.is_up());
    alpha.ban("192.0.2.1", 600);
    until("beta holds it", SOON, || beta.holds("192.0.2.1"));
    beta.unban("192.0.2.1", None);
    until("alpha holds it no more", SOON, || !alpha.holds("192.0.2.1"));
}

#[test]
fn a_server_that_refuses_is_named_and_nothing_is_lost() {
    let server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), 0);
    until("both are connected", SOON, || alpha.is_up() && beta.is_up());
    let full = |bytes: &str| {
        let _: String = redis::cmd("CONFIG")
            .arg("SET")
            .arg("maxmemory")
            .arg(bytes)
            .query(&mut server.connection())
            .unwrap();
    };
    full("1");
    alpha.ban("192.0.2.1", 600);
    until("alpha says why", SOON, || {
        alpha.share().health().error.is_some_and(|error| error.contains("memory"))
    });
    assert!(alpha.share().health().waiting >= 1);
    full("0");
    until("beta holds it", SOON, || beta.holds("192.0.2.1"));
    until("alpha is well", SOON, || alpha.is_up());
    // Another type where the stream should be: named too, and over when it is gone.
    let _: usize = server.command("DEL", "stream", &[]);
    let _: String = server.command("SET", "stream", &["x"]);
    alpha.ban("192.0.2.2", 600);
    until("alpha says why", SOON, || alpha.share().health().error.is_some());
    let _: usize = server.command("DEL", "stream", &[]);
    until("beta holds the other one", SOON, || beta.holds("192.0.2.2"));
}
