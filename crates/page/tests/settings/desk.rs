//! A desk in memory for the pages with settings, keys, filters and the journal: it keeps what it is given, refuses what the running
//! program would refuse, and notes what was done.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use config::{Edit, Network, Service, Settings};
use control::answer::{
    Blocklist, Enforcement, Evidence, FirewallDrops, Jail, Notice, Outlet, Remark, Source, Status,
    Surroundings, Why,
};
use control::desk::{
    Activity, BanOrder, Change, Changed, Deed, FilterOutline, JournalEntry, JournalPage, Key, KeyOrder,
    KeyScope, Lifted, NewKey, Rehearsal, Roster, Span, Targets, Trial, Tried, Verdict, Written,
};
use control::{Actor, Fault};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use quiet_desk::Answers;

/// The present moment of the tests.
pub const NOW: Moment = Moment::from_seconds(1_795_348_800);

/// The desk.
pub struct Memory {
    state: Mutex<State>,
}

/// What a test may look at and change.
pub struct State {
    pub settings: Settings,
    pub version: u64,
    pub read_only: Option<String>,
    pub trial: Option<Trial>,
    pub before_trial: Option<Settings>,
    pub keys: Vec<Key>,
    pub journal: Vec<JournalEntry>,
    pub password: String,
    pub rehearsed: Vec<Edit>,
    /// In the order of subjects.
    pub bans: Vec<Ban>,
    pub surroundings: Surroundings,
    pub outlets: Vec<Outlet>,
    pub blocklists: Vec<Blocklist>,
    pub attention: Vec<Notice>,
    pub remarks: Vec<Remark>,
}

/// A network of the firewall.
pub fn network(name: &str, subnet: &str, services: &[Service]) -> Network {
    let services = services.iter().copied().collect();
    Network { name: name.to_owned(), subnet: subject(subnet), services, local: false, never_block: false }
}

pub fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

/// A ban of the last ten minutes.
pub fn ban(address: &str, jail: &str, reason: &str) -> Ban {
    Ban {
        subject: subject(address),
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since: NOW.before(Duration::from_secs(600)),
        until: NOW.after(Duration::from_secs(41 * 60)),
        failures: 5,
        proof: Proof::Proven,
        reason: reason.to_owned(),
    }
}

impl Memory {
    /// With the password `gallery gallery`, and the hash that goes with it.
    pub fn new(password: String) -> Self {
        let mut settings = Settings::default();
        settings.whitelist.addresses = vec![(subject("93.188.40.10"), String::new())];
        let state = State {
            settings,
            version: 1,
            read_only: None,
            trial: None,
            before_trial: None,
            keys: Vec::new(),
            journal: Vec::new(),
            password,
            rehearsed: Vec::new(),
            bans: Vec::new(),
            surroundings: Surroundings::default(),
            outlets: Vec::new(),
            blocklists: Vec::new(),
            attention: Vec::new(),
            remarks: Vec::new(),
        };
        Self { state: Mutex::new(state) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn tag(&self) -> String {
        format!("v{}", self.version)
    }

    pub fn note(&mut self, deed: Deed, actor: &Actor, subject: &str, detail: &str) {
        let id = i64::try_from(self.journal.len()).unwrap() + 1;
        self.journal.push(JournalEntry {
            id,
            at: NOW.before(Duration::from_secs(u64::try_from(600 - id).unwrap_or_default())),
            deed,
            actor: actor.name.clone(),
            origin: actor.address.map_or_else(|| "this host".to_owned(), |address| address.to_string()),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        });
    }

    fn apply(&mut self, edits: &[Edit]) {
        for edit in edits.iter().cloned() {
            match edit {
                Edit::Enabled(enabled) => self.settings.enabled = enabled,
                Edit::Limits(limits) => self.settings.defaults = limits,
                Edit::Whitelist(list) => {
                    self.settings.whitelist.addresses =
                        list.into_iter().map(|who| (who, String::new())).collect();
                }
                Edit::SipLimit(limit) => self.settings.firewall.sip_limit = limit,
                Edit::Ports(ports) => self.settings.firewall.ports = ports,
                Edit::Networks(networks) => self.settings.firewall.networks = networks,
                Edit::Jail { .. } => {}
            }
        }
        self.version += 1;
    }
}

fn jail(name: &str, service: &str, source: &str, failures: u64) -> Jail {
    Jail {
        jail: name.to_owned(),
        filter: name.to_owned(),
        service: service.to_owned(),
        sources: vec![source.to_owned()],
        ports: vec!["udp/5060".to_owned(), "tcp/5060-5061".to_owned()],
        is_told_only: false,
        max_retry: 5,
        find_time: 21_600,
        ban_time: Some(604_800),
        failures,
        last_failure: Some("2026-11-22T11:58:00Z".to_owned()),
        counted: 3,
        banned: failures / 20,
        bans: failures / 12,
        dropped_packets: failures * 300,
        dropped_bytes: failures * 120_000,
    }
}

fn tried(number: u64, line: &str) -> Tried {
    let found = line.contains("Failed password");
    let of = |text: &str| found.then(|| text.to_owned());
    let why = match (found, line.contains("cron")) {
        (true, _) => Vec::new(),
        (false, true) => {
            vec![Notice::new("other-program", &[("program", "cron"), ("reads", "sshd")], String::new())]
        }
        _ => vec![Notice::new("no-such-code", &[], "in the program's own words".to_owned())],
    };
    Tried {
        number,
        line: line.to_owned(),
        verdict: if found { Verdict::Failure } else { Verdict::Missed },
        pattern: of("failed-password"),
        address: of("192.0.2.1"),
        account: line.split(" for ").nth(1).and_then(|rest| rest.split(" from ").next()).map(str::to_owned),
        time: of("2026-11-22T10:00:00Z"),
        proof: of("proven"),
        why,
    }
}

impl Answers for Memory {
    fn status(&self) -> Result<Status, Fault> {
        let (log, access) = ("/var/log/asterisk/security_log", "/var/log/nginx/access.log");
        let source = |name: &str, state: &str, reason: Option<&str>| Source {
            source: name.to_owned(),
            state: state.to_owned(),
            reason: reason.map(str::to_owned),
            ..Source::default()
        };
        let state = self.state();
        Ok(Status {
            enabled: state.settings.enabled,
            surroundings: state.surroundings.clone(),
            outlets: state.outlets.clone(),
            blocklists: state.blocklists.clone(),
            attention: state.attention.clone(),
            remarks: state.remarks.clone(),
            enforcement: Enforcement { mode: "nftables".to_owned(), ..Enforcement::default() },
            jails: vec![
                jail("asterisk", "SIP", log, 1061),
                jail("sshd", "SSH", "journal", 55),
                jail("nginx-errors", "NGINX", access, 3),
            ],
            sources: vec![
                source(log, "following", None),
                source("journal", "following", None),
                source(access, "missing", Some("no such file; waiting for it")),
            ],
            firewall: FirewallDrops {
                dropped_packets: 418_220,
                limited_packets: 1,
                ..FirewallDrops::default()
            },
            ..Status::default()
        })
    }

    fn activity(&self, _: Span) -> Result<Activity, Fault> {
        Ok(Activity::default())
    }

    fn targets(&self, _: Span) -> Result<Targets, Fault> {
        Ok(Targets::default())
    }

    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        let services =
            [(JailName::new("asterisk"), "SIP".to_owned()), (JailName::new("sshd"), "SSH".to_owned())];
        let (bans, services) = (self.state().bans.clone(), services.into_iter().collect());
        Ok(Arc::new(Roster { generation: 1, bans, services, ..Roster::default() }))
    }

    fn ban(&self, order: &BanOrder, actor: &Actor) -> Result<String, Fault> {
        if order.subject.is_ipv4() && order.subject.prefix_bits() < 16 && !order.force {
            return Err(Fault::Refused(format!(
                "{} is wider than /16; use --force if it is meant",
                order.subject
            )));
        }
        if actor.address.is_some_and(|address| order.subject.covers(&Subject::exactly(address))) {
            return Err(Fault::Refused(format!("{} is where you are", order.subject)));
        }
        self.state().bans.push(ban(&order.subject.to_string(), "manual", &order.note));
        Ok(String::new())
    }

    fn unban(&self, which: &[Lifted], _: &Actor) -> Result<u64, Fault> {
        let mut state = self.state();
        let before = state.bans.len();
        state.bans.retain(|ban| which.iter().all(|one| one.subject != ban.subject));
        Ok((before - state.bans.len()) as u64)
    }

    fn unban_all(&self, _: &Actor) -> Result<u64, Fault> {
        Ok(0)
    }

    fn why(&self, address: &str) -> Result<Why, Fault> {
        let line = Evidence {
            at: "2026-11-22T11:58:00Z".to_owned(),
            jail: "asterisk".to_owned(),
            pattern: "wrong-password".to_owned(),
            proof: "proven".to_owned(),
            line: "account <script> failed".to_owned(),
        };
        let banned = self.state().bans.iter().any(|ban| ban.subject.to_string() == address);
        Ok(Why {
            address: address.to_owned(),
            subject: address.to_owned(),
            banned,
            lines: vec![line],
            ..Why::default()
        })
    }

    fn settings(&self) -> Result<Written, Fault> {
        let state = self.state();
        let networks = state.settings.firewall.networks.iter().filter(|network| network.never_block);
        let mut also: Vec<(Subject, String)> =
            networks.map(|network| (network.subnet, format!("network \"{}\"", network.name))).collect();
        also.push((subject("203.0.113.2"), "address of eth0".to_owned()));
        also.push((subject("192.0.2.9"), "admin is signed in from there".to_owned()));
        Ok(Written {
            tag: state.tag(),
            settings: state.settings.clone(),
            path: "/etc/stockade/stockade.toml".to_owned(),
            read_only: state.read_only.clone(),
            also_whitelisted: also,
        })
    }

    fn change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault> {
        let mut state = self.state();
        if let Some(why) = &state.read_only {
            return Err(Fault::ReadOnly(why.clone()));
        }
        if change.expected_tag.as_ref().is_some_and(|tag| *tag != state.tag()) {
            return Err(Fault::Changed(state.tag()));
        }
        let before = state.settings.clone();
        state.apply(&change.edits);
        let address = actor.address.unwrap();
        let page = "tcp/8765".parse().unwrap();
        let cuts_off = !state.settings.firewall.allows(address, page);
        if cuts_off && !change.on_trial {
            state.settings = before;
            state.version -= 1;
            return Err(Fault::CutOff(format!("{address} would not reach the page any more")));
        }
        if cuts_off {
            state.trial = Some(Trial { until: NOW.after(Duration::from_secs(60)), by: actor.name.clone() });
            state.before_trial = Some(before);
        }
        let detail = "--- before\n+++ after\n@@ -1,2 +1,2 @@\n [defaults]\n-max_retry = 10\n+max_retry = 5\n";
        state.note(Deed::Settings, actor, "", detail);
        Ok(Changed { tag: state.tag(), trial: state.trial.clone() })
    }

    fn rehearse(&self, edits: &[Edit]) -> Result<Rehearsal, Fault> {
        self.state().rehearsed = edits.to_vec();
        Ok(Rehearsal {
            since: NOW.before(Duration::from_secs(7 * 86_400)),
            failures: 8_412,
            before: 96,
            after: 134,
            added: vec![subject("10.20.7.14"), subject("198.51.100.7"), subject("2001:db8:7::/64")],
            removed: vec![subject("192.0.2.50")],
            added_count: 41,
            removed_count: 3,
        })
    }

    fn trial(&self) -> Option<Trial> {
        self.state().trial.clone()
    }

    fn confirm(&self, _: &Actor) -> Result<(), Fault> {
        let mut state = self.state();
        state.before_trial = None;
        state.trial.take().map(drop).ok_or_else(|| Fault::Missing("change on trial".to_owned()))
    }

    fn roll_back(&self, _: &Actor) -> Result<(), Fault> {
        let mut state = self.state();
        if let Some(before) = state.before_trial.take() {
            state.settings = before;
            state.version += 1;
        }
        state.trial.take().map(drop).ok_or_else(|| Fault::Missing("change on trial".to_owned()))
    }

    fn filters(&self) -> Result<Vec<FilterOutline>, Fault> {
        let filter = |name: &str, service: &str, description: &str, example: &str| FilterOutline {
            name: name.to_owned(),
            service: service.to_owned(),
            description: description.to_owned(),
            example: example.to_owned(),
        };
        Ok(vec![
            filter(
                "sshd",
                "SSH",
                "OpenSSH: wrong passwords and unknown users",
                "Nov 22 10:00:00 pbx sshd[7]: Failed password for root from 192.0.2.1 port 22 ssh2",
            ),
            filter("asterisk", "SIP", "Asterisk's security log and its messages", "SecurityEvent=\"<x>\""),
            filter("dropbear", "SSH", "Dropbear, the small SSH server", "Bad password attempt"),
        ])
    }

    fn try_filter(&self, filter: &str, text: &str) -> Result<Vec<Tried>, Fault> {
        if filter != "sshd" {
            return Err(Fault::Missing(format!("filter '{filter}'")));
        }
        Ok(text.lines().zip(1..).map(|(line, number)| tried(number, line)).collect())
    }

    fn keys(&self) -> Result<Vec<Key>, Fault> {
        Ok(self.state().keys.clone())
    }

    fn create_key(&self, order: &KeyOrder, actor: &Actor) -> Result<NewKey, Fault> {
        let mut state = self.state();
        if state.keys.iter().any(|key| key.name == order.name) {
            return Err(Fault::Refused(format!("there is a key '{}' already", order.name)));
        }
        let KeyOrder { name, scope, networks } = order.clone();
        let id = i64::try_from(state.keys.len()).unwrap() + 1;
        let key = Key { id, name, scope, networks, created: NOW, last_used: None };
        state.keys.push(key.clone());
        state.note(Deed::KeyCreated, actor, &order.name, "");
        Ok(NewKey { key, secret: "st_0123456789abcdef".to_owned() })
    }

    fn revoke_key(&self, id: i64, actor: &Actor) -> Result<(), Fault> {
        let mut state = self.state();
        let at = state.keys.iter().position(|key| key.id == id);
        let at = at.ok_or_else(|| Fault::Missing(format!("key {id}")))?;
        let key = state.keys.remove(at);
        state.note(Deed::KeyRevoked, actor, &key.name, "");
        Ok(())
    }

    fn journal(&self, before: Option<i64>, limit: usize) -> Result<JournalPage, Fault> {
        let state = self.state();
        let older = state.journal.iter().rev().filter(|entry| before.is_none_or(|before| entry.id < before));
        let entries: Vec<JournalEntry> = older.take(limit).cloned().collect();
        let next = entries.last().filter(|entry| entry.id > 1).map(|entry| entry.id);
        Ok(JournalPage { entries, next })
    }

    fn password(&self) -> Result<Option<String>, Fault> {
        Ok(Some(self.state().password.clone()))
    }

    fn set_password(&self, hash: &str, _: &Actor) -> Result<(), Fault> {
        hash.clone_into(&mut self.state().password);
        Ok(())
    }

    fn surroundings(&self) -> Surroundings {
        self.state().surroundings.clone()
    }
}

/// A key for bouncers, used a minute ago.
pub fn key(id: i64, name: &str) -> Key {
    Key {
        id,
        name: name.to_owned(),
        scope: KeyScope::Bouncer,
        networks: vec![subject("192.168.10.0/24")],
        created: NOW.before(Duration::from_secs(900_000)),
        last_used: Some(NOW.before(Duration::from_secs(60))),
    }
}
