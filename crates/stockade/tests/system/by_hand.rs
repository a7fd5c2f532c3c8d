//! Bans and unbans that an operator types.

use crate::support::place::seconds_between;
use crate::support::{Notices, Place};

#[test]
fn an_operator_bans_for_a_time_and_lets_everyone_in_again() {
    let place = Place::new("[defaults]\nban_time = '2h'\n[whitelist]\naddresses = '198.51.100.7'\n");
    let _daemon = place.start();
    let mut notices = Notices::listen();
    let span = |address: &str| {
        let ban = place.ban_of(address).unwrap_or_else(|| panic!("{address} is banned"));
        (ban["jail"].clone(), ban["until"].is_string().then(|| seconds_between(&ban["since"], &ban["until"])))
    };
    for (words, subject, set, wanted) in [
        (&["ban", "192.0.2.1", "--for", "1h30m"][..], "192.0.2.1", "all_v4", ("manual".into(), Some(5400))),
        (&["ban", "192.0.2.2"], "192.0.2.2", "all_v4", ("manual".into(), Some(7200))),
        (&["ban", "192.0.2.3", "--jail", "sshd"], "192.0.2.3", "sshd_v4", ("sshd".into(), Some(7200))),
        (&["ban", "192.0.2.4", "--for", "forever"], "192.0.2.4", "all_v4", ("manual".into(), None)),
        (&["ban", "203.0.113.9/24"], "203.0.113.0/24", "all_net4", ("manual".into(), Some(7200))),
        (&["ban", "2001:db8::5"], "2001:db8::/64", "all_v6", ("manual".into(), Some(7200))),
        (&["ban", "2001:db9::/48"], "2001:db9::/48", "all_net6", ("manual".into(), Some(7200))),
    ] {
        let answer = place.run(words);
        assert_eq!(answer.code, 0, "{answer:?}");
        let first = subject.split('/').next().expect("an address");
        assert_eq!((notices.added(first).as_str(), span(subject)), (set, wanted), "{subject}");
    }
    assert!(place.kernel.holds("203.0.113.0/24") && place.kernel.holds("2001:db9::/48"));

    let inside = place.run(&["unban", "203.0.113.5"]);
    assert!(inside.code == 1 && inside.out.contains("covered by 203.0.113.0/24"), "{inside:?}");
    let why = place.run(&["why", "203.0.113.5"]);
    assert!(why.code == 0 && why.out.contains("203.0.113.0/24"), "{why:?}");
    assert_eq!(place.run(&["unban", "203.0.113.0/24"]).code, 0);
    notices.removed("203.0.113.0");
    let all = place.run(&["unban", "--all"]);
    assert_eq!((all.code, all.out.lines().count()), (0, 6), "{all:?}");
    for first in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::", "2001:db9::"] {
        assert!(notices.of(first).iter().any(|notice| !notice.came) || !notices.removed(first).is_empty());
    }
    assert_eq!(place.json(&["banned"]), serde_json::json!([]));
    assert_eq!(place.run(&["unban", "--all"]).code, 1);
}

#[test]
fn a_ban_that_must_not_be_is_refused_with_its_reason() {
    let place = Place::new("[whitelist]\naddresses = '198.51.100.7'\n");
    let _daemon = place.start();
    for (words, code, reason) in [
        (&["ban", "198.51.100.7"][..], 1, "is on the whitelist"),
        (&["ban", "198.51.100.0/24"], 1, "contains 198.51.100.7"),
        (&["ban", "127.0.0.1"], 1, "loopback"),
        (&["ban", "0.0.0.0/0"], 1, ""),
        (&["ban", "192.0.2.1", "--jail", "nosuch"], 1, "there is no jail 'nosuch'"),
        (&["ban", "192.0.2.1", "--for", "10 fortnights"], 2, "is not a duration"),
        (&["ban", "host.example"], 2, "'host.example' is not an address or a subnet"),
        (&["unban", "host.example"], 2, "is not an address or a subnet"),
        (&["why", "host.example"], 2, "is not an address or a subnet"),
        (&["unban"], 2, "required"),
        (&["unban", "192.0.2.1"], 1, "192.0.2.1 is not banned"),
    ] {
        let answer = place.run(words);
        let said = format!("{}{}", answer.out, answer.err);
        assert!(answer.code == code && said.contains(reason), "{words:?}: {answer:?}");
    }
    assert_eq!(place.json(&["banned"]), serde_json::json!([]));
    let status = place.json(&["status"]);
    assert!(status["refusals"].as_array().is_some_and(|refusals| refusals.len() >= 3), "{status}");
}
