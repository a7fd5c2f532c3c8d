//! What a right file means, the shipped example, and the file on the disk.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use config::{
    Asterisk, Enabled, FOREVER, Http, Jail, Lapi, LimitOverrides, Limits, LogLevel, Mode, Network, Nginx,
    Service, Settings, Tls, check, load,
};
use event::JailName;

const EXAMPLE: &str = include_str!("../../../packaging/stockade.toml");

fn settings(text: &str) -> Settings {
    let (settings, complaints) = check("stockade.toml", text, |_| true);
    settings.unwrap_or_else(|| panic!("{complaints:?}"))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_shipped_file_is_the_defaults() {
    assert_eq!(settings(EXAMPLE), Settings::default());
    assert_eq!(settings(""), Settings::default());
}

/// A commented key of the shipped file is `#key`, a comment is `# text`.
#[test]
fn the_shipped_files_comments_show_the_defaults() {
    let mut all = String::new();
    for line in EXAMPLE.lines() {
        let code = line
            .strip_prefix('#')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '['));
        all += code.unwrap_or(line);
        all += "\n";
    }
    let mut settings = settings(&all);
    let jail = settings.jails.remove(&JailName::new("sshd")).unwrap();
    assert_eq!(jail.limits.ban_time, Some(seconds(7 * 86_400)));
    assert_eq!(settings.control.group.take().as_deref(), Some("stockade"));
    let office = settings.firewall.networks.remove(0);
    assert_eq!((office.name.as_str(), office.local, office.never_block), ("Office", true, true));
    assert_eq!(settings.firewall.networks.remove(0).services.into_iter().collect::<Vec<_>>(), [Service::Sip]);
    assert!(settings.http.certificate.take().is_some());
    assert_eq!(settings.http.trusted_proxies.split_off(0).len(), 1);
    assert!(settings.http.country_database.take().is_some());
    assert_eq!(settings.log.timezone.take().as_deref(), Some("Europe/Berlin"));
    assert!(settings.redis.take().is_some_and(|redis| redis.fleet && redis.database == 1));
    assert_eq!(settings.asterisk.take(), Some(Asterisk::default()));
    assert_eq!(settings.nginx.take(), Some(Nginx::default()));
    assert_eq!(settings.blocklists.split_off(0)[0].name.as_str(), "own");
    assert_eq!(settings, Settings::default());
}

#[test]
fn every_key_takes_effect() {
    let settings = settings(
        r#"
        enabled = false
        [defaults]
        max_retry = 3
        find_time = 90
        ban_time = "forever"
        [whitelist]
        addresses = """
          192.0.2.0/24, 198.51.100.7
          2001:db8::1"""
        own_addresses = false
        [jails.office]
        enabled = true
        filter = "sshd"
        logs = "/srv/log with space/*.log"
        journal = ["_SYSTEMD_UNIT=ssh.service", "_COMM=sshd"]
        ports = "tcp/22, udp/10000-20000"
        max_retry = 1000
        find_time = "1h30m"
        ban_time = "1w"
        [jails.asterisk]
        enabled = false
        journal = false
        [escalation]
        factor = 1
        max = "forever"
        quiet = "1d"
        all_ports_after = 0
        [evidence]
        claimed_ban_time = "1m"
        friend_time = 0
        [enforcement]
        mode = "observe"
        reconcile_every = "1m"
        [control]
        group = "adm"
        [filters]
        dir = "/srv/filters"
        [log]
        level = "debug"
        timezone = "Europe/Berlin"
        [firewall]
        sip_limit = 300
        [firewall.ports]
        sip = "udp/5060, tcp/5060"
        rtp = ["udp/10000-10200"]
        iax = []
        web = "tcp/443"
        ssh = "tcp/2222"
        ami = "tcp/5038"
        ajam = "tcp/8089"
        cti = "tcp/4222"
        [[firewall.networks]]
        name = "Everybody"
        subnet = "0.0.0.0/0"
        services = "sip web"
        [[firewall.networks]]
        name = "Офис"
        subnet = "192.168.0.7/24"
        services = ["icmp", "ssh", "sip"]
        local = true
        never_block = true
        [[firewall.networks]]
        subnet = "2001:db8::/48"
        [http]
        listen = "[::]:443"
        tls = false
        certificate = "/srv/page.crt"
        key = "/srv/page.key"
        trusted_proxies = "192.0.2.1 2001:db8::/64"
        country_database = "/srv/country.mmdb"
        [lapi]
        origin = "mikopbx-fail2ban"
        scenario = "mikopbx/sip"
        "#,
    );
    assert!(!settings.enabled);
    let defaults = Limits { max_retry: 3, find_time: seconds(90), ban_time: FOREVER };
    assert_eq!(settings.defaults, defaults);
    let listed: Vec<_> =
        settings.whitelist.addresses.iter().map(|(who, origin)| format!("{who} {origin}")).collect();
    assert_eq!(
        listed,
        ["192.0.2.0/24 stockade.toml:9", "198.51.100.7 stockade.toml:9", "2001:db8::1 stockade.toml:10"]
    );
    assert!(!settings.whitelist.own_addresses);
    let office = &settings.jails[&JailName::new("office")];
    assert_eq!(
        *office,
        Jail {
            name: JailName::new("office"),
            enabled: Enabled::Yes,
            filter: "sshd".to_owned(),
            logs: Some(vec![PathBuf::from("/srv/log with space/*.log")]),
            journal: Some(vec!["_SYSTEMD_UNIT=ssh.service".to_owned(), "_COMM=sshd".to_owned()]),
            ports: Some(vec!["tcp/22".parse().unwrap(), "udp/10000-20000".parse().unwrap()]),
            limits: LimitOverrides {
                max_retry: Some(1000),
                find_time: Some(seconds(5400)),
                ban_time: Some(seconds(604_800)),
            },
            origin: Some("stockade.toml:12".to_owned()),
        }
    );
    let asterisk = &settings.jails[&JailName::new("asterisk")];
    assert_eq!(
        (asterisk.enabled, asterisk.journal.as_deref(), &asterisk.logs),
        (Enabled::No, Some(&[][..]), &None)
    );
    assert_eq!((settings.escalation.factor, settings.escalation.max), (1, FOREVER));
    assert_eq!((settings.escalation.quiet, settings.escalation.all_ports_after), (seconds(86_400), 0));
    assert_eq!(
        (settings.evidence.claimed_ban_time, settings.evidence.friend_time),
        (seconds(60), seconds(0))
    );
    assert_eq!(
        (settings.enforcement.mode, settings.enforcement.reconcile_every),
        (Mode::Observe, seconds(60))
    );
    assert_eq!(settings.control.group.as_deref(), Some("adm"));
    assert_eq!(settings.filters.dir, PathBuf::from("/srv/filters"));
    assert_eq!(
        (settings.log.level, settings.log.timezone.as_deref()),
        (LogLevel::Debug, Some("Europe/Berlin"))
    );
    assert_eq!(
        settings.lapi,
        Lapi { origin: "mikopbx-fail2ban".to_owned(), scenario: "mikopbx/sip".to_owned() }
    );
    firewall_and_page(&settings);
}

fn firewall_and_page(settings: &Settings) {
    assert_eq!(settings.firewall.sip_limit, Some(300));
    let ports: Vec<_> = Service::ALL
        .iter()
        .map(|service| {
            let ports = settings.firewall.ports.of(*service);
            ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let expected = [
        "udp/5060 tcp/5060 udp/10000-10200",
        "",
        "tcp/443",
        "tcp/2222",
        "tcp/5038",
        "tcp/8089",
        "tcp/4222",
        "",
    ];
    assert_eq!(ports, expected);
    let network = |name: &str, subnet: &str, services: &[Service], office: bool| Network {
        name: name.to_owned(),
        subnet: subnet.parse().unwrap(),
        services: services.iter().copied().collect(),
        local: office,
        never_block: office,
    };
    assert_eq!(
        settings.firewall.networks,
        [
            network("Офис", "192.168.0.0/24", &[Service::Sip, Service::Ssh, Service::Icmp], true),
            network("2001:db8::/48", "2001:db8::/48", &[], false),
            network("Everybody", "0.0.0.0/0", &[Service::Sip, Service::Web], false),
        ]
    );
    let whitelist: Vec<_> =
        settings.whitelist_entries().map(|(who, origin)| format!("{who} {origin}")).collect();
    assert_eq!(whitelist.len(), 4);
    assert_eq!(whitelist[3], "192.168.0.0/24 network \"Офис\"");
    assert_eq!(
        settings.http,
        Http {
            listen: Some("[::]:443".parse().unwrap()),
            tls: Tls::No,
            certificate: Some((PathBuf::from("/srv/page.crt"), PathBuf::from("/srv/page.key"))),
            trusted_proxies: vec!["192.0.2.1".parse().unwrap(), "2001:db8::/64".parse().unwrap()],
            country_database: Some(PathBuf::from("/srv/country.mmdb")),
        }
    );
}

#[test]
fn limits_and_the_page_can_be_switched_off() {
    let settings = settings("[firewall]\nsip_limit = false\n[http]\nlisten = false\ntls = 'auto'");
    assert_eq!(settings.firewall.sip_limit, None);
    assert_eq!(settings.http, Http { listen: None, ..Http::default() });
}

#[test]
fn limits_are_the_jails_then_the_filters_then_the_general_ones() {
    let settings = settings("[defaults]\nban_time = 7\n[jails.sshd]\nmax_retry = 5\n");
    let filter = LimitOverrides { max_retry: Some(3), find_time: Some(seconds(60)), ban_time: None };
    let sshd = settings.jail(&JailName::new("sshd"));
    assert_eq!(
        settings.limits(&sshd, &filter),
        Limits { max_retry: 5, find_time: seconds(60), ban_time: seconds(7) }
    );
    let other = settings.jail(&JailName::new("nginx"));
    assert_eq!(
        (other.enabled, other.filter.as_str(), other.origin.as_deref()),
        (Enabled::Auto, "nginx", None)
    );
    assert_eq!(settings.limits(&other, &filter).max_retry, 3);
}

#[test]
fn the_file_is_read_from_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.toml");
    assert_eq!(load(&path), (Some(Settings::default()), vec![]));
    fs::write(&path, "\u{feff}[log]\r\nlevel = 'warn'\r\ntimezone = 'UTC'\r\n").unwrap();
    assert_eq!(load(&path).0.unwrap().log.level, LogLevel::Warn);
    fs::write(&path, b"[log]\nlevel = 'in\xfffo'\n").unwrap();
    assert_eq!(
        load(&path).1[0].to_string(),
        format!("{}:2: this line is not UTF-8; save the file in that encoding", path.display())
    );
    fs::write(&path, "#".repeat(2_000_000)).unwrap();
    let text = load(&path).1[0].to_string();
    assert!(text.contains("cannot be read: it is larger than 1024 KiB"), "{text}");
    let text = load(dir.path()).1[0].to_string();
    assert!(text.starts_with(&format!("{}: cannot be read: ", dir.path().display())), "{text}");
}
