//! tmp
#![allow(clippy::all, missing_docs, dead_code)]
#[path = "../tests/settings/desk.rs"]
mod desk;
use config::Service;
use control::{Actor, desk::Deed};
use std::sync::Arc;
#[tokio::main]
async fn main() {
    let d = Arc::new(desk::Memory::new(gate::password::hash("gallery gallery").unwrap()));
    {
        let mut s = d.state();
        let all = Service::ALL;
        let mut office = desk::network("Office", "192.168.10.0/24", &all);
        office.never_block = true;
        office.local = true;
        s.settings.firewall.networks = vec![
            office,
            desk::network("Branch, VPN", "10.20.0.0/16", &[Service::Sip, Service::Web, Service::Icmp]),
            desk::network("Everyone else", "0.0.0.0/0", &[Service::Sip]),
            desk::network("Everyone else", "::/0", &[Service::Sip]),
        ];
        s.settings.firewall.sip_limit = Some(300);
        s.keys = vec![desk::key(1, "edge-router"), desk::key(2, "prometheus.office")];
        let a = Actor { name: "admin".into(), address: "198.51.100.4".parse().ok() };
        s.note(Deed::SignIn, &a, "", "");
        s.note(Deed::Settings, &a, "", "--- a\n+++ b\n@@ -1,5 +1,6 @@\n # Limits for every jail\n [defaults]\n-max_retry = 10\n+max_retry = 5\n find_time = \"1h\"\n@@ -20,2 +21,3 @@\n [whitelist]\n-addresses = [\"93.188.40.10\"]\n+addresses = [\"93.188.40.10\", \"10.20.0.0/16\"]\n");
        s.note(Deed::Ban, &a, "203.0.113.7", "probing");
        s.note(Deed::KeyCreated, &Actor { name: "root".into(), address: None }, "edge-router", "");
        if std::env::args().nth(2).is_some() {
            s.settings.firewall.networks.clear();
        }
    }
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let parts = gate::Parts {
        desk: d,
        events: tokio::sync::broadcast::channel(16).0,
        clock: || desk::NOW,
        http: config::Http::default(),
    };
    let router = gate::layers(page::router(), gate::Gate::new(parts));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, router.into_make_service_with_connect_info::<std::net::SocketAddr>())
        .await
        .unwrap();
}
