//! `[redis]`, `[asterisk]`, `[nginx]` and `[[blocklist]]`: what they mean, and what is said about mistakes in them.

use std::path::PathBuf;
use std::time::Duration;

use config::{Asterisk, ListOrigin, Nginx, Redis, Reload, Servers, Settings, check};

fn settings(text: &str) -> Settings {
    let (settings, complaints) = check("stockade.toml", text, |_| true);
    settings.unwrap_or_else(|| panic!("{complaints:?}"))
}

fn complaints(text: &str) -> Vec<String> {
    check("stockade.toml", text, |_| true).1.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_told_to_anybody_by_default() {
    let settings = settings("");
    assert_eq!((settings.redis, settings.asterisk, settings.nginx), (None, None, None));
    assert!(settings.blocklists.is_empty());
}

#[test]
fn redis_is_one_server_sentinels_or_a_cluster() {
    let redis = |text: &str| settings(&format!("[redis]\n{text}")).redis.unwrap();
    let mikopbx = redis("url = 'redis://127.0.0.1:6379'\ndatabase = 1\nprefix = '_PH_REDIS_CLIENT:'");
    let expected = Redis {
        servers: Servers::Single("redis://127.0.0.1:6379".to_owned()),
        database: 1,
        prefix: "_PH_REDIS_CLIENT:".to_owned(),
        user: None,
        password_file: None,
        ca_file: None,
        keys: true,
        fleet: false,
        fleet_counts: false,
    };
    assert_eq!(mikopbx, expected);
    let fleet = redis(
        "sentinels = ['redis://a', 'redis://b']\nmaster = 'pbx'\nfleet = true\nfleet_counts = true\nkeys = false\n\
         user = 'stockade'\npassword_file = '/etc/p'\nca_file = '/etc/ca'",
    );
    let sentinels = vec!["redis://a".to_owned(), "redis://b".to_owned()];
    assert_eq!(fleet.servers, Servers::Sentinel { sentinels, master: "pbx".to_owned() });
    assert!(fleet.fleet && fleet.fleet_counts && !fleet.keys);
    assert_eq!(fleet.password_file, Some(PathBuf::from("/etc/p")));
    assert_eq!(redis("cluster = 'rediss://a'").servers, Servers::Cluster(vec!["rediss://a".to_owned()]));
}

#[test]
fn sections_that_stand_alone_have_their_usual_values() {
    let both = settings("[asterisk]\n[nginx]\n");
    assert_eq!((both.asterisk, both.nginx), (Some(Asterisk::default()), Some(Nginx::default())));
    let ami = settings("[asterisk]\nami = '127.0.0.1:5038'\nuser = 'stockade'\nsecret_file = '/etc/s'");
    let reload = Reload::Ami {
        address: "127.0.0.1:5038".to_owned(),
        user: "stockade".to_owned(),
        secret_file: PathBuf::from("/etc/s"),
    };
    assert_eq!(ami.asterisk.unwrap().reload, reload);
}

#[test]
fn blocklists_come_from_one_place_each() {
    let lists = settings(
        "[[blocklist]]\nname = 'drop'\nurl = 'https://example.org/drop.txt'\nrefresh = '6h'\nmax_entries = 9\n\
         [[blocklist]]\nname = 'own'\nfile = '/etc/stockade/blocked.txt'\n\
         [[blocklist]]\nname = 'crowd'\nlapi = 'http://127.0.0.1:8080/'\nkey_file = '/etc/stockade/key'\n",
    )
    .blocklists;
    assert_eq!(lists[0].origin, ListOrigin::Url("https://example.org/drop.txt".to_owned()));
    assert_eq!((lists[0].refresh, lists[0].max_entries), (Duration::from_secs(6 * 3600), 9));
    assert_eq!(lists[1].origin, ListOrigin::File(PathBuf::from("/etc/stockade/blocked.txt")));
    assert!(matches!(&lists[2].origin, ListOrigin::Lapi { url, .. } if url == "http://127.0.0.1:8080/"));
    assert_eq!((lists[1].refresh, lists[2].refresh), (Duration::from_secs(3600), Duration::from_secs(60)));
}

#[test]
fn each_mistake_has_its_complaint() {
    for (text, expected) in [
        ("[redis]\nfleet = true", "1: [redis] does not say where Redis is; write one of url"),
        (
            "[redis]\nurl = 'redis://:secret@a'",
            "2: url 'redis://:secret@a' is not the URL of a Redis; write e.g.",
        ),
        ("[redis]\nurl = 'redis://a'\ncluster = []", "3: cluster [] stands beside another place"),
        ("[redis]\nsentinels = ['redis://a']", "2: sentinels ['redis://a'] does not say which master"),
        ("[redis]\ncluster = ['redis://a']\ndatabase = 1", "3: database 1 is not in a cluster"),
        ("[redis]\nurl = 'redis://a'\nfleet_counts = true", "3: fleet_counts true needs the fleet"),
        (
            "[redis]\nurl = 'redis://a'\nprefx = ''",
            "3: unknown key 'prefx' in [redis]; did you mean 'prefix'",
        ),
        ("[asterisk]\nami = '127.0.0.1:5038'", "1: [asterisk] ami needs an account"),
        ("[asterisk]\nuser = 'x'", "2: user 'x' stands without ami"),
        (
            "[asterisk]\nami = 'here'\nuser='x'\nsecret_file='/s'",
            "2: ami 'here' is not an address with a port",
        ),
        ("[nginx]\ndeny_file = 'deny.conf'", "2: deny_file 'deny.conf' is not an absolute path"),
        ("[[blocklist]]\nname = 'x'", "1: a blocklist comes from one place"),
        ("[[blocklist]]\nurl = 'https://a/b'", "1: a blocklist needs a name"),
        ("[[blocklist]]\nname = 'fleet'\nurl = 'https://a/b'", "2: name 'fleet' is not a name"),
        ("[[blocklist]]\nname = 'x'\nlapi = 'http://a/'", "3: lapi 'http://a/' needs the bouncer's key"),
        ("[[blocklist]]\nname = 'x'\nurl = 'ftp://a/'", "3: url 'ftp://a/' is not a URL"),
        ("[jails.fleet]\nenabled = true", "1: jail 'fleet' is for bans of other nodes"),
    ] {
        let told = complaints(text);
        assert!(
            told.iter().any(|one| one.starts_with(&format!("stockade.toml:{expected}"))),
            "{text}: {told:?}"
        );
    }
    let twice = "[[blocklist]]\nname = 'x'\nurl = 'http://a/'\n".repeat(2);
    assert!(complaints(&twice)[0].contains("there is a blocklist 'x' already"));
}
