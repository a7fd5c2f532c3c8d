//! Changes of the file by a program: what comes out, to the byte, and that any changes of any right file do what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use config::{
    Edit, EditError, Enabled, FOREVER, Jail, LimitOverrides, Limits, Network, Service, ServicePorts,
    Settings, check, edit,
};
use event::{JailName, Subject};
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../../../packaging/stockade.toml");

/// Shapes that people write. Comments with "keep" stand where no change may lose them.
const HANDWRITTEN: [&str; 6] = [
    "",
    "# keep: all of it\n\n# keep: defaults\n[defaults]\nmax_retry=7 # keep\nfind_time   = 600\n\n[whitelist]\naddresses = [\n  \
     # keep: the group\n  \"192.0.2.1\", # office\n  '198.51.100.0/24',\n  # keep: the end\n]\n# keep: below\n[jails.sshd]\n\
     enabled = true # keep\nmax_retry = 3\nlogs = '/var/log/a.log' # keep\n\n[log]\nlevel = \"warn\" # keep",
    "\u{feff}enabled = false # keep\r\ndefaults.max_retry = 5\r\ndefaults . ban_time = \"forever\" # keep\r\nwhitelist = { \
     addresses = \"192.0.2.1 192.0.2.9\", own_addresses = false }\r\nfirewall = { sip_limit = 100 } # keep\r\n\r\n[jails]\r\n\
     sshd = { max_retry = 3, ban_time = '1h', find_time = 60 } # keep\r\n",
    "[[firewall.networks]] # keep?\nname = 'All'\nsubnet = '0.0.0.0/0'\nservices = 'sip web'\n\n# about A\n\
     [[firewall.networks]]\nsubnet = '10.0.1.0/24'\nlocal = true # local\n[[firewall.networks]]\nsubnet = '10.0.2.0/24'\n\
     [firewall.ports] # keep\nsip = ['udp/5060'] # keep\n[log]\n# keep\nlevel = 'info'\n# keep\n",
    "[firewall]\nnetworks = [\n  { subnet = '10.0.3.0/24', local = true }, # three\n  # keep\n  { subnet = '10.0.1.0/24' }\n]\n\
     [whitelist]\naddresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] # keep\n",
    "firewall.ports.sip = 'udp/5062' # keep\njails.sshd.enabled = 'auto'\nwhitelist.addresses = '''\n192.0.2.1\n192.0.2.2'''\n",
];

fn settings(text: &str) -> Settings {
    let (settings, complaints) = check("stockade.toml", text.trim_start_matches('\u{feff}'), |_| true);
    settings.unwrap_or_else(|| panic!("{complaints:?}\n{text}"))
}

fn subjects(texts: &[&str]) -> Vec<Subject> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn network(subnet: &str) -> Network {
    Network {
        name: subnet.to_owned(),
        subnet: subnet.parse().unwrap(),
        services: BTreeSet::new(),
        local: false,
        never_block: false,
    }
}

fn limits(max_retry: u32, find_seconds: u64, ban_seconds: u64) -> Limits {
    Limits {
        max_retry,
        find_time: Duration::from_secs(find_seconds),
        ban_time: Duration::from_secs(ban_seconds),
    }
}

/// The lines that differ: `-old` and `+new`.
fn changed(before: &str, after: &str) -> Vec<String> {
    let difference = similar::TextDiff::from_lines(before, after);
    let lines = difference.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    lines.map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches('\n'))).collect()
}

#[test]
fn keys_go_below_their_commented_twins() {
    let edits =
        [Edit::Enabled(false), Edit::Limits(limits(5, 6 * 3600, 7 * 86_400)), Edit::SipLimit(Some(150))];
    let after = edit(EXAMPLE, &edits).unwrap();
    assert_eq!(
        changed(EXAMPLE, &after),
        [
            "+enabled = false",
            "+max_retry = 5",
            "+find_time = \"6h\"",
            "+ban_time = \"7d\"",
            "+sip_limit = 150"
        ]
    );
    assert!(after.contains("#ban_time = \"1d\"                       # or \"forever\"\nban_time = \"7d\"\n"));
    let back =
        edit(&after, &[Edit::Enabled(true), Edit::Limits(Limits::default()), Edit::SipLimit(None)]).unwrap();
    assert_eq!(settings(&back), Settings::default());
}

#[test]
fn sections_are_made_where_they_belong() {
    let jail = Edit::Jail {
        name: JailName::new("sshd"),
        enabled: Enabled::No,
        limits: LimitOverrides { max_retry: Some(3), ..LimitOverrides::default() },
    };
    let office = Network { name: "Office".to_owned(), local: true, ..network("192.168.0.0/24") };
    let edits = [jail, Edit::Networks(vec![office, network("0.0.0.0/0")])];
    let after = edit(EXAMPLE, &edits).unwrap();
    let added = changed(EXAMPLE, &after)
        .iter()
        .map(|line| line.strip_prefix('+').unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(added.iter().filter(|line| !line.is_empty()).count(), 9, "{added:?}");
    assert!(after.contains(
        "#services = [\"sip\"]\n\n[[firewall.networks]]\nname = \"Office\"\nsubnet = \"192.168.0.0/24\"\nlocal = true\n\n\
         [[firewall.networks]]\nsubnet = \"0.0.0.0/0\"\n\n# Where the page and the API are served.\n[http]\n"
    ));
    assert!(after.ends_with("#ban_time = \"1w\"\n\n[jails.sshd]\nenabled = false\nmax_retry = 3\n"));
    assert_eq!(
        edit("", &[Edit::Limits(limits(5, 90, 5400)), Edit::Enabled(false)]).unwrap(),
        "enabled = false\n\n[defaults]\nmax_retry = 5\nfind_time = \"1m30s\"\nban_time = \"1h30m\"\n"
    );
}

#[test]
fn a_whitelist_keeps_the_comments_of_who_stays() {
    let before = "[whitelist]\naddresses = [ # all\n    \"192.0.2.1\", # office\n    # friends\n    '192.0.2.2', # Ann\n    \
                  '192.0.2.3' # Bob\n]\n";
    let edits = [Edit::Whitelist(subjects(&["192.0.2.3", "192.0.2.1", "2001:db8::/48"]))];
    assert_eq!(
        edit(before, &edits).unwrap(),
        "[whitelist]\naddresses = [ # all\n    \"192.0.2.1\", # office\n    # friends\n    '192.0.2.3', # Bob\n    \
         \"2001:db8::/48\",\n]\n"
    );
    let same = [Edit::Whitelist(subjects(&["192.0.2.3", "192.0.2.2", "192.0.2.1"]))];
    assert_eq!(edit(before, &same).unwrap(), before);
    assert_eq!(
        edit("", &[Edit::Whitelist(subjects(&["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]))])
            .unwrap(),
        "[whitelist]\naddresses = [\n  \"192.0.2.1\",\n  \"192.0.2.2\",\n  \"192.0.2.3\",\n  \"192.0.2.4\",\n]\n"
    );
    assert_eq!(
        edit(
            "whitelist.addresses = '192.0.2.7/24 192.0.2.2' # x",
            &[Edit::Whitelist(subjects(&["192.0.2.0/24"]))]
        )
        .unwrap(),
        "whitelist.addresses = [\"192.0.2.7/24\"] # x"
    );
}

#[test]
fn networks_move_with_their_comments() {
    let before = "# All of it.\n\n# The office.\n[[firewall.networks]]\nsubnet = '10.0.1.0/24' # one\n\n# The shop.\n\
                  [[firewall.networks]]\nsubnet = '10.0.2.0/24' # two\nlocal = true\n\n[log]\nlevel = 'info'\n";
    let shop = Network { local: true, ..network("10.0.2.0/24") };
    let swapped = edit(before, &[Edit::Networks(vec![shop.clone(), network("10.0.1.0/24")])]).unwrap();
    assert_eq!(
        swapped,
        "# All of it.\n\n# The shop.\n[[firewall.networks]]\nsubnet = '10.0.2.0/24' # two\nlocal = true\n\n# The office.\n\
         [[firewall.networks]]\nsubnet = '10.0.1.0/24' # one\n\n[log]\nlevel = 'info'\n"
    );
    let named = Network { name: "Shop \"2\"".to_owned(), ..shop };
    assert_eq!(
        edit(before, &[Edit::Networks(vec![network("10.0.9.0/24"), named])]).unwrap(),
        "# All of it.\n\n[[firewall.networks]]\nsubnet = \"10.0.9.0/24\"\n\n# The shop.\n[[firewall.networks]]\n\
         subnet = '10.0.2.0/24' # two\nlocal = true\nname = 'Shop \"2\"'\n\n[log]\nlevel = 'info'\n"
    );
    assert_eq!(edit(before, &[Edit::Networks(vec![])]).unwrap(), "# All of it.\n\n[log]\nlevel = 'info'\n");
}

#[test]
fn line_ends_and_other_shapes_stay() {
    let after = edit(HANDWRITTEN[2], &[Edit::Limits(limits(5, 60, 86_400)), Edit::SipLimit(None)]).unwrap();
    assert_eq!(
        changed(HANDWRITTEN[2], &after),
        [
            "-defaults . ban_time = \"forever\" # keep\r",
            "+defaults . ban_time = \"1d\" # keep\r",
            "+defaults.find_time = \"1m\"\r",
            "-firewall = { sip_limit = 100 } # keep\r",
            "+firewall = { sip_limit = false } # keep\r",
        ]
    );
}

#[test]
fn what_cannot_be_changed_is_told() {
    assert_eq!(
        edit("enabled = = 1", &[]).unwrap_err().to_string().split(": ").next().unwrap(),
        "the settings file is not TOML (line 1"
    );
    let shape = |key: &str| Err(EditError::Shape(key.to_owned()));
    assert_eq!(edit("defaults = 3", &[Edit::Limits(limits(5, 60, 60))]), shape("defaults"));
    assert_eq!(edit("[[jails]]", &[Edit::Enabled(false)]).unwrap(), "enabled = false\n\n[[jails]]");
    assert_eq!(edit("[enabled]", &[Edit::Enabled(false)]), shape("enabled"));
    assert_eq!(
        edit("whitelist.addresses.x = 1", &[Edit::Whitelist(Vec::new())]),
        shape("whitelist.addresses")
    );
    assert_eq!(edit("firewall.networks = 1", &[Edit::Networks(Vec::new())]), shape("firewall.networks"));
}

/// What the settings are after an edit, made without any text.
fn model(settings: &mut Settings, edit: &Edit) {
    match edit {
        Edit::Enabled(on) => settings.enabled = *on,
        Edit::Limits(limits) => settings.defaults = *limits,
        Edit::Whitelist(list) => {
            settings.whitelist.addresses = list.iter().map(|subject| (*subject, String::new())).collect();
        }
        Edit::SipLimit(limit) => settings.firewall.sip_limit = *limit,
        Edit::Ports(ports) => settings.firewall.ports = ports.clone(),
        Edit::Networks(networks) => settings.firewall.networks = networks.clone(),
        Edit::Jail { name, enabled, limits } => {
            let silent = *enabled == Enabled::Auto && *limits == LimitOverrides::default();
            if !silent || settings.jails.contains_key(name) {
                let jail = settings.jails.entry(name.clone()).or_insert_with(|| Jail::implicit(name));
                jail.enabled = *enabled;
                jail.limits = *limits;
            }
        }
    }
}

/// What counts: lines and the order of the whitelist do not.
fn canonical(mut settings: Settings) -> Settings {
    let addresses: BTreeMap<_, _> =
        settings.whitelist.addresses.into_iter().map(|(subject, _)| (subject, String::new())).collect();
    settings.whitelist.addresses = addresses.into_iter().collect();
    settings.firewall.networks.sort_by_key(|network| network.subnet.prefix_bits() == 0);
    for jail in settings.jails.values_mut() {
        jail.origin = None;
    }
    settings
}

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1_u64..600_000),
        (1_u64..190).prop_map(|hours| hours * 3600),
        (1_u64..8).prop_map(|days| days * 86_400)
    ]
    .prop_map(Duration::from_secs)
}

fn any_network() -> impl Strategy<Value = Network> {
    let subnet = prop::sample::select(vec![
        "10.0.1.0/24",
        "10.0.2.0/24",
        "10.0.3.0/24",
        "10.0.4.7",
        "2001:db8:1::/48",
        "2001:db8:2::/48",
        "0.0.0.0/0",
        "::/0",
    ]);
    let name = prop_oneof![Just(String::new()), "[a-zA-Zа-я\"'\\\\#=\\]]{1,8}"];
    let services = prop::collection::btree_set(prop::sample::select(Service::ALL.to_vec()), 0..5);
    (subnet, name, services, any::<bool>(), any::<bool>()).prop_map(
        |(subnet, name, services, local, never)| {
            let plain = network(subnet);
            let name = if name.is_empty() { plain.name } else { name };
            Network { name, services, local, never_block: never && !subnet.ends_with("/0"), ..plain }
        },
    )
}

fn any_networks() -> impl Strategy<Value = Vec<Network>> {
    prop::collection::vec(any_network(), 0..6).prop_map(|networks| {
        let mut seen = BTreeSet::new();
        networks.into_iter().filter(|network| seen.insert(network.subnet)).collect()
    })
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let ban = prop_oneof![any_duration(), Just(FOREVER)];
    let limits = (1_u32..=1000, any_duration(), ban.clone())
        .prop_map(|(max_retry, find_time, ban_time)| Edit::Limits(Limits { max_retry, find_time, ban_time }));
    let address = prop_oneof![
        (1_u8..12).prop_map(|last| Subject::exactly([192, 0, 2, last].into())),
        Just("198.51.100.0/24".parse().unwrap()),
        Just("2001:db8::/64".parse().unwrap()),
    ];
    let overrides = (prop::option::of(1_u32..=1000), prop::option::of(any_duration()), prop::option::of(ban))
        .prop_map(|(max_retry, find_time, ban_time)| LimitOverrides { max_retry, find_time, ban_time });
    let enabled = prop::sample::select(vec![Enabled::Yes, Enabled::No, Enabled::Auto]);
    let name = prop::sample::select(vec!["sshd", "asterisk"]).prop_map(JailName::new);
    let ports =
        prop::sample::subsequence(vec!["udp/5060", "tcp/5060-5061", "tcp/22", "udp/4569", "tcp/8088"], 0..=5);
    prop_oneof![
        any::<bool>().prop_map(Edit::Enabled),
        limits,
        prop::collection::vec(address, 0..7).prop_map(Edit::Whitelist),
        prop::option::of(1_u32..10_000).prop_map(Edit::SipLimit),
        ports.prop_map(|ports| {
            let sip = ports.iter().map(|port| port.parse().unwrap()).collect();
            Edit::Ports(ServicePorts { sip, ..ServicePorts::default() })
        }),
        any_networks().prop_map(Edit::Networks),
        (name, enabled, overrides).prop_map(|(name, enabled, limits)| Edit::Jail { name, enabled, limits }),
    ]
}

fn any_file() -> impl Strategy<Value = String> {
    let files: Vec<&str> = HANDWRITTEN.into_iter().chain([EXAMPLE]).collect();
    (prop::sample::select(files), any::<bool>()).prop_map(|(file, windows)| {
        if windows && !file.contains('\r') { file.replace('\n', "\r\n") } else { file.to_owned() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_do_what_they_say_and_no_more(file in any_file(), edits in prop::collection::vec(any_edit(), 1..6)) {
        let mut text = file.clone();
        let mut wanted = settings(&file);
        for one in &edits {
            let next = edit(&text, std::slice::from_ref(one)).unwrap();
            model(&mut wanted, one);
            prop_assert_eq!(canonical(settings(&next)), canonical(wanted.clone()), "{:?}\n{}\n-----\n{}", one, text, next);
            prop_assert_eq!(edit(&next, std::slice::from_ref(one)).unwrap(), next.clone(), "twice");
            if file.contains("\r\n") {
                prop_assert_eq!(next.matches('\n').count(), next.matches("\r\n").count(), "{}", next);
            }
            text = next;
        }
        prop_assert_eq!(edit(&file, &edits).unwrap(), text.clone());
        for line in file.lines() {
            let comment = line.split_once('#').map(|(_, comment)| comment).unwrap_or_default();
            let kept = line.starts_with('#') && !line.contains("about") || comment.contains("keep") && !comment.contains('?');
            if kept && !(line.contains("max_retry=7")) {
                prop_assert!(text.contains(&format!("#{comment}")), "{line}\n-----\n{text}");
            }
        }
    }
}

/// Whatever shape a file has that is right: the edits do what they say, or say that they cannot.
#[test]
fn files_of_any_shape_are_changed_rightly_or_not_at_all() {
    let jail =
        Edit::Jail { name: JailName::new("sshd"), enabled: Enabled::No, limits: LimitOverrides::default() };
    let edits = [
        Edit::Enabled(false),
        Edit::Limits(limits(9, 90, 90)),
        Edit::Whitelist(subjects(&["192.0.2.1", "192.0.2.77"])),
        Edit::SipLimit(Some(77)),
        Edit::Ports(ServicePorts { cti: Vec::new(), ..ServicePorts::default() }),
        Edit::Networks(vec![network("10.0.2.0/24"), network("10.0.7.0/24"), network("10.0.1.0/24")]),
        jail,
    ];
    let mut right = 0;
    for file in HANDWRITTEN {
        for (at, _) in file.char_indices() {
            for insert in ["", "#", "\n", "[", ",", " ", "''"] {
                let (before, rest) = file.split_at(at);
                let behind = if insert.is_empty() { rest.get(1..).unwrap_or_default() } else { rest };
                let mutated = format!("{before}{insert}{behind}");
                let (Some(settings), _) =
                    check("stockade.toml", mutated.trim_start_matches('\u{feff}'), |_| true)
                else {
                    let _ = edit(&mutated, &edits);
                    continue;
                };
                for one in &edits {
                    let Ok(after) = edit(&mutated, std::slice::from_ref(one)) else { continue };
                    let mut wanted = settings.clone();
                    model(&mut wanted, one);
                    let (after_settings, complaints) =
                        check("stockade.toml", after.trim_start_matches('\u{feff}'), |_| true);
                    let after_settings = after_settings
                        .unwrap_or_else(|| panic!("{complaints:?}\n{one:?}\n{mutated}\n-----\n{after}"));
                    assert_eq!(
                        canonical(after_settings),
                        canonical(wanted),
                        "{one:?}\n{mutated}\n-----\n{after}"
                    );
                    right += 1;
                }
            }
        }
    }
    assert!(right > 10_000, "{right}");
}
