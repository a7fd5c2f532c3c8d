//! As if the gallery ran in a container: behind a bridge, as one of a fleet whose Redis is away, with lists of others.

use control::answer::{Blocklist, Notice, Outlet, Status, Surroundings};

use crate::desk::written;

/// The visitor comes from this host, so its address is the gateway's.
pub fn surroundings() -> Surroundings {
    let gateways = vec!["127.0.0.1".to_owned(), "172.17.0.1".to_owned()];
    Surroundings { container: Some("docker".to_owned()), is_bridged: true, gateways }
}

/// Adds what a container's status has beside the rest.
pub fn add(status: &mut Status) {
    status.surroundings = surroundings();
    let away = "redis://redis:6379: connection refused; see [redis] servers";
    let gateway = "172.17.0.1";
    let notice = |code: &str, values: &[(&str, &str)]| Notice::new(code, values, code.to_owned());
    status.attention.extend([
        notice("container-bridge", &[("container", "docker"), ("gateways", gateway)]),
        notice("redis-away", &[("error", away)]),
        notice("address-hidden", &[("jail", "nginx"), ("address", gateway)]),
        notice("blocklist-cut", &[("blocklist", "voip"), ("left_out", "2113")]),
    ]);
    let outlet = |name: &str, held, seconds_ago| Outlet {
        outlet: name.to_owned(),
        is_current: true,
        since: Some(written(seconds_ago)),
        held,
        ..Outlet::default()
    };
    status.outlets = vec![
        Outlet {
            is_current: false,
            error: Some(away.to_owned()),
            waiting: 31,
            nodes: vec!["pbx-2".to_owned(), "pbx-3".to_owned()],
            ..outlet("redis", 1_402, 300)
        },
        outlet("asterisk", 97, 4),
        outlet("nginx", 9, 800),
    ];
    let list = |name: &str, entries, left_out| Blocklist {
        blocklist: name.to_owned(),
        entries,
        left_out,
        fetched: Some(written(2_700)),
        dropped_packets: entries * 3,
        ..Blocklist::default()
    };
    status.blocklists = vec![
        list("voip", 100_000, 2_113),
        Blocklist {
            error: Some("https://lists.example/bad.txt: 404 Not Found".to_owned()),
            ..list("office", 41, 0)
        },
    ];
}
