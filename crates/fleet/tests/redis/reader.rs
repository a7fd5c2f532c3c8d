//! What a program on another host reads and hears.

use std::sync::Arc;
use std::time::Duration;

use event::{Categories, Category, Moment};
use fleet::{Change, Reader, Trouble, Wanted};

use crate::keys::{connected, start};
use crate::support::deadline::{clock, until};
use crate::support::host::{Program, in_seconds, now};
use crate::support::proxy::Proxy;
use crate::support::server::{Server, settings};
use crate::support::{banned, held, lifted, sip};

#[test]
fn the_whole_and_each_change() {
    let mut server = Server::start(&[]);
    let program = Arc::new(Program::default());
    *program.wanted.lock().unwrap() = Wanted {
        bans: vec![
            held("192.0.2.1", "repeat", Categories::ALL, in_seconds(600)),
            sip("2001:db8::/64", in_seconds(900)),
        ],
        whitelist: vec!["203.0.113.0/24".parse().unwrap()],
        ..Wanted::default()
    };
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    for (key, value) in [("sip:not-an-address", "1"), ("mail:192.0.2.9", "1"), ("http:192.0.2.10", "1")] {
        server.ask::<()>(&["SET", &format!("_PH_REDIS_CLIENT:firewall:{key}"), value]);
    }
    server.ask::<()>(&["SET", "other:firewall:sip:192.0.2.20", "1"]);

    let mut reader = Reader::new(&settings(&server.url()));
    assert!(reader.wait_change(Duration::from_millis(1)).is_err(), "the whole comes first");
    let standing = reader.whole(now()).unwrap();
    let rows: Vec<_> =
        standing.bans.iter().map(|(subject, categories, _)| (subject.to_string(), *categories)).collect();
    let row = |subject: &str, categories| (subject.to_owned(), categories);
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows.contains(&row("192.0.2.1", Categories::ALL)));
    assert!(rows.contains(&row("2001:db8::/64", Category::Sip.into())));
    assert!(standing.bans.contains(&("192.0.2.10".parse().unwrap(), Category::Http.into(), Moment::NEVER)));
    let until_when = standing.bans.iter().find(|one| one.1 == Categories::ALL).unwrap().2;
    assert!(in_seconds(600).since(until_when) < Duration::from_secs(5));
    assert_eq!((standing.unreadable, standing.left_out), (2, 0));
    assert_eq!(reader.whitelist().unwrap(), ["203.0.113.0/24".parse().unwrap()]);

    fleet.tell(banned(sip("192.0.2.2", in_seconds(600))));
    let begin = clock();
    let changes = reader.wait_change(Duration::from_secs(10)).unwrap();
    println!("a change was heard after {:?} (this build)", begin.elapsed());
    let subject = "192.0.2.2".parse().unwrap();
    assert!(
        matches!(changes[..], [Change::Ban { subject: who, category: Category::Sip, lasts }] if who == subject && lasts > Duration::from_secs(590)),
        "{changes:?}"
    );
    fleet.tell(lifted("192.0.2.2", None, now()));
    let changes = reader.wait_change(Duration::from_secs(10)).unwrap();
    assert_eq!(changes, [Change::Lift { subject, category: Category::Sip }]);
    assert!(reader.wait_change(Duration::from_millis(20)).unwrap().is_empty());
    assert!(reader.wait_change(Duration::from_millis(20)).unwrap().is_empty(), "silence is no error");

    server.kill();
    assert!(reader.wait_change(Duration::from_secs(5)).is_err());
    assert!(matches!(reader.whole(now()).unwrap_err().trouble, Trouble::Unreachable(_)));
    server.run();
    until("the whole again", 20, || reader.whole(now()).is_ok_and(|standing| standing.bans.len() == 2));
    fleet.stop();
}

#[test]
fn a_cut_line_is_noticed_on_the_channel() {
    let server = Server::start(&[]);
    let proxy = Proxy::to(server.port);
    let mut reader = Reader::new(&settings(&format!("redis://127.0.0.1:{}", proxy.port)));
    reader.whole(now()).unwrap();
    for _ in 0..5 {
        assert!(reader.wait_change(Duration::from_millis(50)).unwrap().is_empty());
    }
    proxy.cut();
    let lost = reader.wait_change(Duration::from_secs(20)).err();
    assert_eq!(lost.unwrap().trouble, Trouble::TimedOut);
}
