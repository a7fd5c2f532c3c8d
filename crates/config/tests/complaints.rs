//! File text in, exact complaints out: a table. What a person reads when a file is wrong is part of the program.

use config::check;

fn complaints(text: &str) -> Vec<String> {
    let (settings, complaints) = check("stockade.toml", text, |zone| zone == "Europe/Berlin");
    assert_eq!(settings.is_some(), complaints.is_empty(), "{text}");
    complaints.iter().map(ToString::to_string).collect()
}

#[test]
fn each_mistake_has_its_complaint() {
    for (text, expected) in [
        // Durations.
        (
            "[defaults]\n\nfind_time = '10 fortnights'",
            "stockade.toml:3: find_time '10 fortnights' is not a duration; write e.g. '10m' or '2h'",
        ),
        (
            "[defaults]\nfind_time = true",
            "stockade.toml:2: find_time true is not a duration; write e.g. '10m' or '2h'",
        ),
        (
            "[defaults]\nfind_time = -5",
            "stockade.toml:2: find_time -5 is not a duration; write e.g. '10m' or '2h'",
        ),
        (
            "[defaults]\nfind_time = 1.5",
            "stockade.toml:2: find_time 1.5 is not a duration; write e.g. '10m' or '2h'",
        ),
        (
            "[defaults]\nfind_time = 'forever'",
            "stockade.toml:2: find_time 'forever' is not a duration; write e.g. '10m' or '2h'",
        ),
        ("[defaults]\nfind_time = 0", "stockade.toml:2: find_time 0 is out of range; write '1s' to '8d'"),
        (
            "[defaults]\nfind_time = '9d'",
            "stockade.toml:2: find_time '9d' is out of range; write '1s' to '8d'",
        ),
        ("[defaults]\nban_time = '0s'", "stockade.toml:2: ban_time '0s' is too short; write at least '1s'"),
        (
            "[defaults]\nban_time = 'long'",
            "stockade.toml:2: ban_time 'long' is not a duration; write e.g. '10m', '2h' or 'forever'",
        ),
        (
            "[enforcement]\nreconcile_every = '2d'",
            "stockade.toml:2: reconcile_every '2d' is out of range; write '1s' to '1d'",
        ),
        (
            "[evidence]\nclaimed_ban_time = 'forever'",
            "stockade.toml:2: claimed_ban_time 'forever' is not a duration; write e.g. '10m' or '2h'",
        ),
        // Numbers and switches.
        (
            "[defaults]\nmax_retry = 0",
            "stockade.toml:2: max_retry 0 is out of range; write a number from 1 to 1000",
        ),
        (
            "[defaults]\nmax_retry = 99999999999",
            "stockade.toml:2: max_retry 99999999999 is out of range; write a number from 1 to 1000",
        ),
        (
            "[defaults]\nmax_retry = '10'",
            "stockade.toml:2: max_retry '10' is not a number; write a number from 1 to 1000, without quotes",
        ),
        (
            "[escalation]\nfactor = 0",
            "stockade.toml:2: factor 0 is out of range; write a number from 1 to 100",
        ),
        (
            "[escalation]\nfactor = 1.5",
            "stockade.toml:2: factor 1.5 is not a number; write a number from 1 to 100, without quotes",
        ),
        ("enabled = 'yes'", "stockade.toml:1: enabled 'yes' is not a switch; write true or false"),
        (
            "[whitelist]\nown_addresses = 1",
            "stockade.toml:2: own_addresses 1 is not a switch; write true or false",
        ),
        (
            "[jails.sshd]\nenabled = 'on'",
            "stockade.toml:2: enabled 'on' is not a switch; write true, false or 'auto'",
        ),
        // Words.
        (
            "[enforcement]\nmode = 'iptables'",
            "stockade.toml:2: mode 'iptables' is not known; write 'auto', 'nftables' or 'observe'",
        ),
        (
            "[log]\nlevel = 7",
            "stockade.toml:2: level 7 is not known; write 'error', 'warn', 'info', 'debug' or 'trace'",
        ),
        (
            "[log]\ntimezone = 'Middle/Earth'",
            "stockade.toml:2: timezone 'Middle/Earth' is not a time zone that this host knows; \
             write e.g. 'Europe/Berlin', or leave it out",
        ),
        ("[control]\ngroup = ''", "stockade.toml:2: group '' is not a group; write e.g. 'adm'"),
        ("[control]\ngroup = 'a b'", "stockade.toml:2: group 'a b' is not a group; write e.g. 'adm'"),
        (
            "[filters]\ndir = 'filters'",
            "stockade.toml:2: dir 'filters' is not an absolute path; write e.g. '/etc/stockade/filters'",
        ),
        // Addresses: the line of the element, in a list and in a text.
        (
            "[whitelist]\naddresses = [\n  '192.0.2.1',\n  '192.0.2',\n]",
            "stockade.toml:4: addresses '192.0.2' is not an address or a subnet; \
             write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
        ),
        (
            "[whitelist]\naddresses = '''\n192.0.2.1, 192.0.2.2\npbx.example'''",
            "stockade.toml:4: addresses 'pbx.example' is not an address or a subnet; \
             write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
        ),
        (
            "[whitelist]\naddresses = [42]",
            "stockade.toml:2: addresses 42 is not an address or a subnet; \
             write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
        ),
        (
            "[whitelist]\naddresses = true",
            "stockade.toml:2: addresses true is not an address or a subnet; \
             write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
        ),
        (
            "[whitelist]\naddresses = '0.0.0.0/0'",
            "stockade.toml:2: addresses '0.0.0.0/0' would let everyone in; \
             write narrower subnets, or 'enabled = false' to switch all off",
        ),
        // Jails.
        (
            "[jails.SSHD]",
            "stockade.toml:1: jail 'SSHD' is not a name; write 1 to 28 small letters, digits, '-' or '_', a letter first",
        ),
        ("[jails.manual]", "stockade.toml:1: jail 'manual' is for bans by hand; write another name"),
        (
            "jails.sshd = true",
            "stockade.toml:1: jails.sshd is not a section; write '[jails.sshd]' and its keys below",
        ),
        ("\njails = []", "stockade.toml:2: jails is not a section; write '[jails]' and its keys below"),
        (
            "[[jails.sshd]]",
            "stockade.toml:1: jails.sshd is not a section; write '[jails.sshd]' and its keys below",
        ),
        (
            "[jails.sshd]\nfilter = '../sshd'",
            "stockade.toml:2: filter '../sshd' is not the name of a filter; write e.g. 'sshd'",
        ),
        (
            "[jails.sshd]\nlogs = ['auth.log']",
            "stockade.toml:2: logs 'auth.log' is not an absolute path; write e.g. '/var/log/auth.log'",
        ),
        (
            "[jails.sshd]\njournal = 'SYSLOG_IDENTIFIER=sshd'",
            "stockade.toml:2: journal 'SYSLOG_IDENTIFIER=sshd' is not a trusted journal field; \
             write e.g. '_SYSTEMD_UNIT=ssh.service', or false",
        ),
        (
            "[jails.sshd]\nports = [22]",
            "stockade.toml:2: ports 22 is not a port; write e.g. 'tcp/22' or 'udp/10000-20000'",
        ),
        (
            "[jails.sshd]\nports = 'tcp/22 ssh'",
            "stockade.toml:2: ports 'ssh' is not a port; write e.g. 'tcp/22' or 'udp/10000-20000'",
        ),
        (
            "[jails.sshd]\nports = []",
            "stockade.toml:2: ports [] closes nothing; write e.g. ['tcp/22'], or leave it out to take the filter's ports",
        ),
        (
            "[jails.sshd]\nlogs = []\njournal = false",
            "stockade.toml:1: jail 'sshd' reads neither logs nor the journal; name one, or write 'enabled = false'",
        ),
        // Keys and sections that do not exist.
        (
            "[defaults]\nfind_tme = 1",
            "stockade.toml:2: unknown key 'find_tme' in [defaults]; did you mean 'find_time'",
        ),
        ("[jail.sshd]\nenabled = true", "stockade.toml:1: unknown section 'jail'; did you mean 'jails'"),
        (
            "[jails.sshd]\nlogpath = '/x'",
            "stockade.toml:2: unknown key 'logpath' in [jails.sshd]; here it is logs",
        ),
        (
            "[DEFAULT]\nignoreip = '192.0.2.1'",
            "stockade.toml:1: unknown section 'DEFAULT'; here it is defaults",
        ),
        (
            "[whitelist]\ncolour = 1",
            "stockade.toml:2: unknown key 'colour' in [whitelist]; known here: addresses, own_addresses",
        ),
        (
            "whitelist.adresses = []",
            "stockade.toml:1: unknown key 'adresses' in [whitelist]; did you mean 'addresses'",
        ),
        ("log = { levle = 'info' }", "stockade.toml:1: unknown key 'levle' in [log]; did you mean 'level'"),
        (
            "max_retry = 3",
            "stockade.toml:1: unknown key 'max_retry'; known here: enabled, defaults, whitelist, jails, escalation, \
             evidence, enforcement, control, filters, log, firewall, http, lapi, redis, asterisk, nginx, blocklist",
        ),
        (
            "[log]\n\"\\u001b[2J\" = 1",
            "stockade.toml:2: unknown key '\\u{1b}[2J' in [log]; known here: level, timezone",
        ),
    ] {
        assert_eq!(complaints(text), [expected], "{text}");
    }
}

#[test]
fn each_mistake_of_the_firewall_has_its_complaint() {
    for (text, expected) in [
        (
            "[firewall]\nsip_limit = 0",
            "stockade.toml:2: sip_limit 0 is out of range; write a number from 1 to 10000",
        ),
        (
            "[firewall]\nsip_limit = true",
            "stockade.toml:2: sip_limit true has no number; write 1 to 10000, or false for no limit",
        ),
        (
            "[firewall.ports]\nsip = ['udp/5060', '5061']",
            "stockade.toml:2: sip '5061' is not a port; write e.g. 'tcp/22' or 'udp/10000-20000'",
        ),
        (
            "[firewall.ports]\nicmp = []",
            "stockade.toml:2: unknown key 'icmp' in [firewall.ports]; \
             known here: sip, rtp, iax, web, ssh, ami, ajam, cti",
        ),
        (
            "[firewall.networks]\nsubnet = '192.0.2.0/24'",
            "stockade.toml:1: firewall.networks is not a list of sections; write '[[firewall.networks]]' and its keys \
             below, once for each",
        ),
        (
            "[firewall]\n\nnetworks = [{ subnet = '192.0.2.0/24' }, 7]",
            "stockade.toml:3: firewall.networks is not a list of sections; write '[[firewall.networks]]' and its keys \
             below, once for each",
        ),
        (
            "\n[[firewall.networks]]\nname = 'Office'",
            "stockade.toml:2: network 'Office' has no subnet; write e.g. subnet = '192.168.0.0/24'",
        ),
        (
            "[[firewall.networks]]",
            "stockade.toml:1: this network has no subnet; write e.g. subnet = '192.168.0.0/24'",
        ),
        (
            "[[firewall.networks]]\nsubnet = 'office.example'",
            "stockade.toml:2: subnet 'office.example' is not an address or a subnet; \
             write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
        ),
        (
            "[[firewall.networks]]\nsubnet = '192.0.2.0/24'\nname = ''",
            "stockade.toml:3: name '' is not a name; write 1 to 64 characters, without line ends",
        ),
        (
            "[[firewall.networks]]\nsubnet = '192.0.2.0/24'\nservices = ['sip', 'webb']",
            "stockade.toml:3: services 'webb' is not known; did you mean 'web'",
        ),
        (
            "[[firewall.networks]]\nsubnet = '192.0.2.0/24'\nservices = 'sip, telephony'",
            "stockade.toml:3: services 'telephony' is not known; \
             known here: sip, iax, web, ssh, ami, ajam, cti, icmp",
        ),
        (
            "[[firewall.networks]]\nsubnet = '192.0.2.0/24'\nneverblock = true",
            "stockade.toml:3: unknown key 'neverblock' in [firewall.networks]; did you mean 'never_block'",
        ),
        (
            "[[firewall.networks]]\nsubnet = '::/0'\nnever_block = true",
            "stockade.toml:3: never_block true for ::/0 would switch all protection off; \
             write it for narrower subnets, or 'enabled = false'",
        ),
        (
            "[[firewall.networks]]\nsubnet = '192.0.2.7/24'\n[[firewall.networks]]\nsubnet = '192.0.2.0/24'",
            "stockade.toml:4: subnet '192.0.2.0/24' is that of network '192.0.2.0/24' (stockade.toml:2) already; \
             leave one of the two out",
        ),
        (
            "[firewall]\nnetworks = [\n  { name = 'All', subnet = '0.0.0.0/0' },\n  { name = 'Wide', subnet = '10.0.0.0/8' },\n  \
             { subnet = '10.1.0.0/16' },\n]",
            "stockade.toml:5: subnet '10.1.0.0/16' is never reached: it lies inside '10.0.0.0/8' of network 'Wide' \
             (stockade.toml:4), which comes first; put the narrower one first",
        ),
    ] {
        assert_eq!(complaints(text), [expected], "{text}");
    }
}

#[test]
fn the_firewall_is_bounded() {
    let networks = |count: usize| {
        let network = |at: usize| format!("[[firewall.networks]]\nsubnet = '10.0.{at}.0/24'\n");
        (0..count).map(network).collect::<String>()
    };
    assert_eq!(complaints(&networks(256)), [""; 0]);
    assert_eq!(
        complaints(&(networks(256) + "[[firewall.networks]]\nsubnet = '10.1.0.0/24'")),
        ["stockade.toml:513: this is network 257 of at most 256; make wider subnets of several"]
    );
    let ports = |count: u16| {
        let ports: Vec<_> = (1..=count).map(|port| format!("tcp/{port}")).collect();
        format!("[firewall.ports]\nweb = '{}'", ports.join(" "))
    };
    assert_eq!(complaints(&ports(64)), [""; 0]);
    let complaints = complaints(&ports(65));
    assert_eq!(complaints.len(), 1);
    assert!(
        complaints[0].ends_with("has too many ports; write 64 at most, ranges count once"),
        "{complaints:?}"
    );
}

#[test]
fn each_mistake_of_the_page_has_its_complaint() {
    let listen =
        "is not an address with a port; write e.g. '127.0.0.1:8765', '[::]:8765', or false to serve nothing";
    for (text, expected) in [
        ("[http]\nlisten = '8765'", format!("stockade.toml:2: listen '8765' {listen}")),
        ("[http]\nlisten = 'localhost:8765'", format!("stockade.toml:2: listen 'localhost:8765' {listen}")),
        ("[http]\nlisten = true", format!("stockade.toml:2: listen true {listen}")),
        (
            "[http]\ntls = 'yes'",
            "stockade.toml:2: tls 'yes' is not a switch; write true, false or 'auto'".to_owned(),
        ),
        (
            "[http]\ncertificate = '/a'",
            "stockade.toml:2: certificate '/a' stands without key; name both, or leave both out".to_owned(),
        ),
        (
            "[http]\nkey = '/a'",
            "stockade.toml:2: key '/a' stands without certificate; name both, or leave both out".to_owned(),
        ),
        (
            "[http]\nkey = 'a'\ncertificate = '/a'",
            "stockade.toml:2: key 'a' is not an absolute path; write e.g. '/etc/stockade/page.key'"
                .to_owned(),
        ),
        (
            "[http]\ntrusted_proxies = ['192.0.2.1', '0.0.0.0/0']",
            "stockade.toml:2: trusted_proxies '0.0.0.0/0' would believe everyone; \
             name the addresses of your proxies"
                .to_owned(),
        ),
        (
            "[http]\ncountry_database = 'x.mmdb'",
            "stockade.toml:2: country_database 'x.mmdb' is not an absolute path; \
             write e.g. '/usr/share/GeoIP/GeoLite2-Country.mmdb'"
                .to_owned(),
        ),
        (
            "[lapi]\norigin = 'a b'",
            "stockade.toml:2: origin 'a b' is not a name of 1 to 64 letters, digits and '-_./:{}'; write e.g. 'stockade'"
                .to_owned(),
        ),
        (
            "[lapi]\nscenario = ''",
            "stockade.toml:2: scenario '' is not a name of 1 to 64 letters, digits and '-_./:{}'; \
             write e.g. 'stockade/{jail}'"
                .to_owned(),
        ),
        (
            "http.port = 80",
            "stockade.toml:1: unknown key 'port' in [http]; \
             known here: listen, tls, certificate, key, trusted_proxies, country_database"
                .to_owned(),
        ),
    ] {
        assert_eq!(complaints(text), [expected], "{text}");
    }
}

#[test]
fn every_complaint_is_told_at_once_in_the_order_of_the_lines() {
    let text = "enabled = 1\n[whitelist]\naddresses = ['a', '192.0.2.1', 'b']\n[defaults]\nfind_time = 'x'\n\
                maxretry = 3\n[jails.sshd]\nports = ['22', 'tcp/0']\n";
    let lines: Vec<_> =
        complaints(text).iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "stockade.toml:1: enabled",
            "stockade.toml:3: addresses",
            "stockade.toml:3: addresses",
            "stockade.toml:5: find_time",
            "stockade.toml:6: unknown",
            "stockade.toml:8: ports",
            "stockade.toml:8: ports",
        ]
    );
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    for (text, line) in [("[defaults]\nmax_retry = = 3", 2), ("[defaults\n", 1), ("a = 1\nb = 2\na = 3", 3)] {
        let complaints = complaints(text);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        let begin = format!("stockade.toml:{line}: this is not TOML: ");
        assert!(complaints[0].starts_with(&begin), "{complaints:?}");
        assert!(
            complaints[0].ends_with("; a line is e.g. 'max_retry = 10' or '[jails.sshd]'"),
            "{complaints:?}"
        );
    }
}

#[test]
fn a_hostile_file_is_refused_and_no_more() {
    for text in [
        "x = ".to_owned() + &"[".repeat(100_000),
        "[".repeat(100_000),
        "a.".repeat(50_000) + "a = 1",
        format!("{} = 1", "k".repeat(500_000)),
    ] {
        assert_eq!(complaints(&text).len(), 1);
    }
}

#[test]
fn a_complaint_is_one_line_whatever_toml_says() {
    for text in ["[defaults]\nmax_retry = = 3", "[defaults\n", "a = 'x", "a", "a = \"\u{7}\"", "\u{1}"] {
        for complaint in complaints(text) {
            assert!(!complaint.contains(char::is_control), "{complaint:?}");
        }
    }
}

#[test]
fn no_change_of_a_right_file_does_more_than_complain() {
    let file = include_str!("../../../packaging/stockade.toml").replace("\n#", "\n");
    for at in 0..file.len() {
        for insert in ["", "\"", "[", "'", "=", "\n", "\0", "é"] {
            let (before, rest) = file.split_at(at);
            let behind = rest.get(1..).unwrap_or_default();
            for complaint in complaints(&format!("{before}{insert}{behind}")) {
                assert!(!complaint.contains(char::is_control), "{complaint:?}");
            }
        }
    }
}
